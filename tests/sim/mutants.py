#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows that the simulator finds bugs: puts one at a time into a copy of the scheduler and counts the
schedules until it is found.

Usage: mutants.py BUILD_DIR [-j JOBS] [--runs N] [--from SEED] [NAME...]

BUILD_DIR is one in which sim_run has been built; nothing in it or in the sources is changed.  Exit code 1 when
a bug was not found within N schedules (100,000), or does not fit the sources any more.
"""
import argparse
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

from mutants_list import MUTANTS

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Misfit(Exception):
    """The text that a mutant replaces is not there."""


def commands(build):
    out = subprocess.run(["ninja", "-C", build, "-t", "commands", "sim_run"], check=True,
                         text=True, capture_output=True).stdout
    return [line for line in out.splitlines() if not line.startswith("ninja:")]


def mutate(mutant, folder):
    """The changed copy of the mutant's file."""
    text = (ROOT / "runtime" / mutant.file).read_text(encoding="utf-8")
    for old, new in mutant.changes:
        if text.count(old) != 1:
            raise Misfit(f"{mutant.file} has {text.count(old)} of: {old!r}")
        text = text.replace(old, new)
    copy = folder / pathlib.Path(mutant.file).name
    copy.write_text(text, encoding="utf-8")
    return copy


def compile_copy(mutant, copy, build, lines):
    source = f"/runtime/{mutant.file}"
    line = next(l for l in lines if "sim_scheduler.dir" in l and l.endswith(source))
    words = [w for w in shlex.split(line) if w != "ccache"]
    words[words.index("-c") + 1] = str(copy)
    words[words.index("-o") + 1] = str(copy) + ".o"
    words[words.index("-MF") + 1] = str(copy) + ".d"
    subprocess.run(words + ["-w"], check=True, cwd=build)


def link(copy, build, lines):
    """sim_run with the copy's object, which is found before the archive's."""
    line = next(l for l in reversed(lines) if "-o tests/sim/sim_run" in l)
    words = shlex.split(re.sub(r"^: && | && :$", "", line))
    program = copy.parent / "sim_run"
    words[words.index("-o") + 1] = str(program)
    first = next(k for k, w in enumerate(words) if w.endswith("libsim_scheduler.a"))
    subprocess.run(words[:first] + [str(copy) + ".o"] + words[first:], check=True, cwd=build)
    return program


def hunt(program, options):
    """(schedules until it was found or None, what was said)."""
    run = subprocess.run([program, "--from", str(options.first), "--runs", str(options.runs),
                          "-j", str(options.jobs)],
                         text=True, capture_output=True, check=False)
    seeds = [(int(seed), said) for seed, said in
             re.findall(r"^sim_run: seed (\d+): (.*)", run.stderr, re.M)]
    if run.returncode == 0 or not seeds:
        return (None, "not found" if run.returncode == 0 else run.stderr[-300:])
    seed, said = min(seeds)
    return seed - options.first + 1, said


def try_mutant(mutant, build, lines, options):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        copy = mutate(mutant, folder)
        compile_copy(mutant, copy, build, lines)
        return hunt(link(copy, build, lines), options)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("-j", dest="jobs", type=int, default=1)
    parser.add_argument("--runs", type=int, default=100000)
    parser.add_argument("--from", dest="first", type=int, default=1)
    parser.add_argument("names", nargs="*")
    options = parser.parse_intermixed_args()
    lines = commands(options.build)
    good = True
    for mutant in MUTANTS:
        if options.names and mutant.name not in options.names:
            continue
        try:
            count, said = try_mutant(mutant, options.build, lines, options)
        except Misfit as misfit:
            count, said = None, f"does not fit: {misfit}"
        good = good and count is not None
        print(f"| {mutant.name} | {mutant.what} | {count if count else '-'} | {said} |", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
