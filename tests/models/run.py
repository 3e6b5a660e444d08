#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the Spin models of the scheduler against what is expected of each case.

Usage: run.py CASE...      these cases; 77 when spin or gcc is not installed
       run.py --all        every case that CTest runs
       run.py --full       the large parameters, and a table of states and seconds
       run.py --list       the names of the cases that CTest runs
       run.py --try MODEL [-DNAME=VALUE...]   any parameters, and the way to the error, if any

A case is a model with parameters and either `ok`, a complete search without an error, or the kind
of error that the seeded bug must lead to.  Anything else fails, a search that was cut short too.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import cases

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77
DEPTH = {False: 100_000, True: 5_000_000}
MEGABYTES = {False: 2_000, True: 6_000}
HASH_BITS = {False: 22, True: 26}
SECONDS = {False: 110, True: 1_800}


class Failed(Exception):
    """The case did not end as it has to."""


def command(args, folder, seconds):
    try:
        return subprocess.run(args, cwd=folder, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as expired:
        raise Failed(f"{args[0]}: not done after {seconds} s") from expired


def build(case, folder, large):
    """Translates the model and compiles its verifier."""
    for model in HERE.glob("*.pml"):
        shutil.copy(model, folder)
    done = command(["spin", "-a", *case.defines, case.model + ".pml"], folder, 60)
    if not (folder / "pan.c").exists() or "Error" in done.stdout:
        raise Failed(f"spin: {done.stdout[-2000:]}")
    # In the small ones the compiler would take longer than the search.
    flags = ["-O2", "-DCOLLAPSE"] if large else ["-O0"]
    done = command(["gcc", *flags, "-w", "-DSAFETY", f"-DMEMLIM={MEGABYTES[large]}",
                    "-o", "pan", "pan.c"], folder, 120)
    if done.returncode != 0:
        raise Failed(f"gcc: {done.stdout[-2000:]}")


def verdict(said):
    """(the error that was found or "", whether the search was complete, states)."""
    errors = re.search(r"errors: (\d+)", said)
    states = re.search(r"(\d+) states, stored", said)
    if not errors or not states:
        raise Failed(f"pan: {said[-2000:]}")
    kind = ""
    if errors.group(1) != "0":
        found = re.search(r"pan:\d+: (invalid end state|assertion violated)", said)
        kind = {"invalid end state": cases.STUCK, "assertion violated": cases.WRONG}[
            found.group(1)] if found else said[-2000:]
    whole = not re.search(r"Search not completed|depth too small|out of memory|truncated", said)
    return kind, whole, int(states.group(1))


def check(case, large=False, trail=0):
    """Runs a case; returns (states, seconds).  Raises Failed."""
    with tempfile.TemporaryDirectory(prefix="pphost-model-") as name:
        folder = pathlib.Path(name)
        build(case, folder, large)
        begin = time.monotonic()
        done = command(["./pan", f"-m{DEPTH[large]}", f"-w{HASH_BITS[large]}"], folder, SECONDS[large])
        seconds = time.monotonic() - begin
        kind, whole, states = verdict(done.stdout)
        if kind and trail:
            way = command(["spin", "-t", "-p", "-g", "-l", *case.defines,
                           case.model + ".pml"], folder, 60)
            print("\n".join(way.stdout.splitlines()[-trail:]))
    if case.expect == cases.OK and kind:
        raise Failed(f"an error was found: {kind}")
    if case.expect == cases.OK and not whole:
        raise Failed(f"the search was cut short after {states} states")
    if case.expect != cases.OK and kind != case.expect:
        raise Failed(f"the seeded bug was not found as '{case.expect}', but as '{kind}', "
                     f"in {states} states")
    return states, seconds


def run(chosen, large):
    failed = []
    print("| case | model and parameters | verdict | states | seconds |\n|---|---|---|---|---|")
    for case in chosen:
        try:
            states, seconds = check(case, large)
            result = f"{case.expect} | {states:,} | {seconds:.1f}"
        except Failed as error:
            failed.append(case.name)
            result = f"FAILED: {error} | |"
        print(f"| {case.name} | {case.model} {' '.join(case.defines)} | {result} |", flush=True)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def named(names):
    known = {case.name: case for case in cases.QUICK + cases.FULL}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"run.py: no such case: {', '.join(unknown)}")
    return [known[name] for name in names]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", nargs="*")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--try", dest="model")
    args, defines = parser.parse_known_args()
    if args.list:
        print("\n".join(case.name for case in cases.QUICK))
        return 0
    missing = [tool for tool in ("spin", "gcc") if not shutil.which(tool)]
    if missing:
        print(f"skipped: {' and '.join(missing)} not installed")
        return SKIPPED
    if args.model:
        case = cases.Case("try", args.model.removesuffix(".pml"), defines, cases.OK)
        try:
            print("{:,} states, {:.1f} s, no error".format(*check(case, large=True, trail=200)))
        except Failed as error:
            print(error)
            return 1
        return 0
    if defines:
        parser.error(f"unknown: {' '.join(defines)}")
    if args.full:
        return run(cases.FULL, large=True)
    return run(cases.QUICK if args.all else named(args.case), large=False)


if __name__ == "__main__":
    sys.exit(main())
