#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Stages that never come back, from whatever call: a second signal ends the run within the grace time, a
third at once, and the stage is named.  All cases of a test run side by side, for they only wait.
"""
import pathlib
import re
import signal
import subprocess
import sys

from host import check, run_all
from points import Options

GRACE_LIMIT_S = 60  # only ends a hang
APART_S = 0.3       # two signals at nearly the same moment count as one
CALLS = ("open", "start", "plan", "item", "flush", "stop", "close")
BEFORE = """\
stages:
  - {use: lines, with: {path: n.txt}}
  - {use: write, with: {path: out.txt}}
"""


class Case:
    """One pphost that is about to be stuck, in a folder of its own."""

    started = []

    def __init__(self, host, kind, where, *flags, more=""):
        self.name = f"{kind} in {where} {' '.join(flags)}"
        self.kind, self.where = kind, where
        self.folder = pathlib.Path(host.folder / re.sub(r"\W+", "-", self.name))
        self.folder.mkdir()
        (self.folder / "n.txt").write_text("1\n2\n3\n")
        use = f"use: '{Options.folder}/awkward.so:{kind}', with: {where}"
        (self.folder / "p.yaml").write_text(
            f"stages:\n  - {{{use}}}\n  - {{use: write, with: {{path: out.txt}}}}\n"
            if kind == "sits" else f"{BEFORE}{more}  - {{{use}, from: lines}}\n")
        self.process = host.start("run", "p.yaml", *flags, cwd=self.folder, text=True,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.err = ""
        Case.started.append(self.process)

    def wait_until(self, words):
        while words not in self.err:
            line = self.process.stderr.readline()
            check(line, f"{self.name}: it never says {words!r}\n{self.err}")
            self.err += line

    def signal(self):
        self.process.send_signal(signal.SIGINT)

    def goes_on(self):
        """Lets some time pass, in which it does not end."""
        try:
            self.process.wait(timeout=APART_S)
        except subprocess.TimeoutExpired:
            return
        check(False, f"{self.name}: ended too early\n{self.err}{self.process.stderr.read()}")

    def ends(self, code):
        """Waits for the end; returns what was written since it was stuck."""
        try:
            self.process.wait(timeout=GRACE_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            check(False, f"{self.name}: does not end\n{self.err}{self.process.stderr.read()}")
        err = self.process.stderr.read()
        check(self.process.returncode == code,
              f"{self.name}: exit {self.process.returncode}, not {code}\n{self.err}{err}")
        out = self.folder / "out.txt"
        check(not out.exists() or out.read_text() == "1\n2\n3\n",
              f"{self.name}: out.txt has its final name, and is not complete")
        return err


def cases(host, kind, wheres, *flags):
    return [Case(host, kind, where, *flags) for where in wheres]


def named(case, err):
    """What is said names the stage, and the call if it is one of its own."""
    call = case.where if case.where in ("open", "start", "stop", "close", "cancel") else "call"
    lines = [line for line in err.splitlines() if case.kind in line and "did not return" in line]
    check(lines and call in lines[0], f"{case.name}: the stage and the call are not named\n{err}")
    check("giving up" in err, f"{case.name}: does not say what becomes of it\n{err}")


def signal_all(stuck):
    for case in stuck:
        case.signal()
    stuck[0].goes_on()


def failed_before(host):
    """One stage has failed, another does not come back from what follows."""
    faulty = pathlib.Path(host.plugins).parents[1] / "plugins" / "faulty.so"
    return Case(host, "stuck", "close", "--threads", "1",
                more=f"  - {{use: '{faulty}:fault', from: lines, with: {{where: item}}}}\n"
                     "  - {use: drop}\n")


def test_second_signal_ends_the_run(host):
    generator = [call for call in CALLS if call != "flush"]
    failed = failed_before(host)
    stuck = (cases(host, "stuck", CALLS) + cases(host, "stuck", CALLS, "--inline") +
             cases(host, "stuck", CALLS, "--quiet") + cases(host, "stuck-alone", CALLS) +
             cases(host, "sits", generator) + cases(host, "sits", generator, "--inline") + [failed])
    # The first signal cancels sources, on the thread that would look at the time.
    in_cancel = cases(host, "sits", ["cancel"]) + cases(host, "sits", ["cancel"], "--inline")
    for case in stuck:
        case.wait_until("here I stay")
    for case in in_cancel:
        case.wait_until("generating")
    signal_all(stuck + in_cancel)
    for case in in_cancel:
        case.wait_until("here I stay")
    signal_all(stuck + in_cancel)
    for case in stuck + in_cancel:
        named(case, case.ends(1 if case is failed else 5))


def test_third_signal_ends_it_at_once(host):
    stuck = cases(host, "stuck", CALLS) + cases(host, "stuck-alone", CALLS)
    for case in stuck:
        case.wait_until("here I stay")
    signal_all(stuck)
    signal_all(stuck)
    for case in stuck:
        case.signal()
    for case in stuck:
        err = case.ends(5)
        check("did not return" not in err, f"{case.name}: it waited for the call\n{err}")


Options.take()
try:
    sys.exit(run_all(sys.modules[__name__]))
finally:
    for process in Case.started:
        process.kill()
