# SPDX-License-Identifier: MIT
"""Runs pphost with calls that fail on purpose (inject.h), point after point, and judges each run.

A point is a rule such as `alloc:n=17`.  A scenario says what is run and what must be there in the end.
Options of every script here, behind the three that host.py wants:

    --inject=FILE  the shared object that lets calls fail; plugins of these tests lie beside it
    --all          every point; without it, some are left out where there are many (see strided())
    --seed=N       which ones those are; another number, other points
    --only=RULES   this point alone, of the tests named: how to look into a failure
"""
import os
import random
import re
import struct
import subprocess
import sys
import time

from host import TIME_LIMIT_S, Result, check

KINDS = ("alloc", "thread", "read", "write", "stderr", "open", "close", "sync", "room", "rename",
         "unlink", "event", "futex", "cond", "poll")
BUG = 70
SHOWN = int(os.environ.get("FAULTS_SHOWN", "5"))  # failures of a test that are printed
CLEAN_RUNS = 6  # threads share work anew in each run: one that asks for less proves nothing
NO_MEMORY = re.compile(r"out of memory|cannot allocate memory|no memory|memory ran out|memory that there was not|resource temporarily unavailable", re.IGNORECASE)
BROKEN = re.compile(r"Sanitizer|assertion|bug:|core dumped|inject:", re.IGNORECASE)


class Options:
    """What the command line says beside what host.py takes from it."""

    inject, folder, every, seed, only = None, None, False, 1, None

    @classmethod
    def take(cls):
        left = []
        for word in sys.argv:
            if word.startswith("--inject="):
                cls.inject = os.path.realpath(word.split("=", 1)[1])
                cls.folder = os.path.dirname(cls.inject)
            elif word.startswith("--seed="):
                cls.seed = int(word.split("=", 1)[1])
            elif word.startswith("--only="):
                cls.only = word.split("=", 1)[1]
            elif word == "--all":
                cls.every = True
            else:
                left.append(word)
        sys.argv[:] = left


class Counts:
    """What the interposer saw: calls, faults, and calls before the first thread, by kind."""

    def __init__(self, raw):
        numbers = struct.unpack(f"{3 * len(KINDS)}Q", raw)
        n = len(KINDS)
        self.calls = dict(zip(KINDS, numbers[:n]))
        self.hits = dict(zip(KINDS, numbers[n:2 * n]))
        self.before_threads = dict(zip(KINDS, numbers[2 * n:]))


class Scenario:
    """A command, the exit code it has when nothing fails, and the files that it then leaves.

    `files` maps a name to its bytes; each of them may be there only if it is complete.
    `outcomes` are the exit codes of a run that failed.
    """

    def __init__(self, *args, code=0, files=None, out=None, outcomes=(1, 71), env=None,
                 stdin=b"",
                 in_order=True):
        self.args, self.code, self.files = args, code, files or {}
        self.out, self.outcomes, self.env = out, outcomes, env or {}
        self.stdin, self.in_order = stdin, in_order
        self.may_leave = re.compile("x^")  # what a run that failed may not be able to remove
        self.keep = set()  # what was in the folder before


def run(host, scenario, rules, seed=1):
    """Runs it once; returns how it ended and what was counted."""
    for name in scenario.files:
        (host.folder / name).unlink(missing_ok=True)
    scenario.keep = {p.name for p in host.folder.iterdir()}
    counts = host.folder.parent / (host.folder.name + ".counts")
    counts.write_bytes(bytes(24 * len(KINDS)))
    asan = host.env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    env = {"LD_PRELOAD": Options.inject, "INJECT": rules, "INJECT_SEED": str(seed),
           "INJECT_COUNTS": str(counts), "ASAN_OPTIONS": asan, **scenario.env}
    began = time.monotonic()
    process = host.start(*scenario.args, env=env, stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = process.communicate(scenario.stdin, timeout=TIME_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        err += b"\nassertion: it hangs\n"
    try:
        done = Result(process.returncode, out.decode(), err.decode())
        done.seconds = time.monotonic() - began
        return done, Counts(counts.read_bytes())
    finally:
        counts.unlink()


def same(got, wanted, in_order):
    if not in_order:
        got, wanted = sorted(got.splitlines()), sorted(wanted.splitlines())
    return got == wanted


def fault_of(host, scenario, done):
    """What is wrong however the run ended; None: nothing."""
    for name, data in scenario.files.items():
        path = host.folder / name
        if path.exists() and not same(path.read_bytes(), data, scenario.in_order):
            return f"{name} has its final name, and is not complete"
    left = {p.name for p in host.folder.iterdir()} - scenario.keep - set(scenario.files)
    left = {name for name in left if not scenario.may_leave.fullmatch(name)}
    if left:
        return f"files are left over: {sorted(left)}"
    if BROKEN.search(done.err) or done.code == BUG or done.code < 0:
        return "it crashed, hung, or blames itself"
    if done.code == scenario.code:
        gone = [name for name in scenario.files if not (host.folder / name).exists()]
        if gone:
            return f"the exit code says that all is well, and there is no {gone[0]}"
        if scenario.out is not None and done.out != scenario.out:
            return "the exit code says that all is well, and standard output is not"
        return None
    if done.code not in scenario.outcomes:
        return f"exit code {done.code} is not one of {scenario.outcomes}"
    return None


def judge(host, scenario, rules, done, counts, words):
    """What makes the run a dishonest one; None: nothing.  `words`: what stderr says when it failed."""
    wrong = fault_of(host, scenario, done)
    if not wrong and sum(counts.hits.values()) == 0 and done.code != scenario.code:
        wrong = "nothing was injected, and it failed"
    if not wrong and done.code != scenario.code and not words.search(done.err):
        wrong = "it does not say what failed"
    if not wrong:
        return None
    return (f"{wrong}\n  point: INJECT='{rules}' INJECT_SEED={Options.seed} "
            f"pphost {' '.join(scenario.args)}\n{done}")


def strided(first, last, stride):
    """Every so manieth of first..last: which ones says the seed."""
    if Options.every or stride <= 1:
        return range(first, last + 1)
    return range(first + random.Random(Options.seed).randrange(stride), last + 1, stride)


def sweep(host, scenario, points, words, clean=CLEAN_RUNS):
    """Runs the points; returns how many there were, how many had an effect, and the counts of the
    last.  An endless iterator is left when `clean` in a row had no effect."""
    ran, effects, in_a_row, wrong = 0, 0, 0, []
    endless = not hasattr(points, "__len__")
    for rules in [Options.only] if Options.only else points:
        done, counts = run(host, scenario, rules, Options.seed)
        wrong += filter(None, [judge(host, scenario, rules, done, counts, words)])
        if os.environ.get("FAULTS_TRACE"):
            print(f"{rules}: exit {done.code}, {counts.hits} in {done.seconds:.2f} s: {done.err[:150]!r}")
        hit = sum(counts.hits.values()) > 0
        ran, effects, in_a_row = ran + 1, effects + hit, 0 if hit else in_a_row + 1
        if Options.only:
            print(f"{done}\n-- files\n" + "\n".join(sorted(os.listdir(host.folder))))
        if endless and in_a_row == clean:
            break
    shown = "\n".join(wrong[:SHOWN])
    check(not wrong, f"{len(wrong)} of {ran} points are wrong\n{shown}")
    return ran, effects, counts


def learn(host, scenario):
    """Runs it without faults, which must go well; returns the counts."""
    done, counts = run(host, scenario, "")
    check(done.code == scenario.code, f"without faults: {done}")
    wrong = fault_of(host, scenario, done)
    check(not wrong, f"without faults: {wrong}\n{done}")
    return counts
