#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The random graphs of stress_run under all conditions that this machine allows.

- on 1, 2, 4 ... 64 threads, whatever the graph asks for,
- on all CPUs, on the first one alone, and with a tenth of a CPU (cpu.max of a cgroup of its own),
- in each build given: dev, asan, tsan, chaos ... as far as they are built.

A condition that cannot be had here is named, not passed over in silence.  Prints a line per combination and
ends with 1 after the first that fails; the line before it says how to run that one again.

Usage: sweep.py [--seconds S] [--seed N] [--quick] BUILD...
S seconds (5) for each combination; BUILD is a build folder.  --quick: 1 and 64 threads, all CPUs and one,
a second each.
"""
import argparse
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

THREADS = [1, 2, 4, 8, 16, 32, 64]
PERIOD_US = 100000
TENTH = PERIOD_US // 10
HANG_S = 300  # a tenth of a CPU and a sanitizer together are slow
CGROUPS = pathlib.Path("/sys/fs/cgroup")


class Everything:
    name = "all CPUs"
    missing = None

    def command(self, command):
        return command

    def close(self):
        pass


class OneCpu(Everything):
    name = "one CPU"

    def __init__(self):
        self.cpu = min(os.sched_getaffinity(0))
        if not shutil.which("taskset"):
            self.missing = "there is no taskset"
        elif subprocess.run(["taskset", "-c", str(self.cpu), "true"], check=False,
                            capture_output=True).returncode != 0:
            self.missing = "taskset is not allowed"

    def command(self, command):
        return ["taskset", "-c", str(self.cpu), *command]


class TenthOfACpu(Everything):
    """A cgroup with a quota: of version 2, or of version 1's `cpu` controller."""

    name = "a tenth of a CPU"

    def __init__(self):
        self.folder = None
        tries = [(CGROUPS, "cpu.max", f"{TENTH} {PERIOD_US}"),
                 (CGROUPS / "unified", "cpu.max", f"{TENTH} {PERIOD_US}"),
                 (CGROUPS / "cpu", "cpu.cfs_quota_us", str(TENTH))]
        self.missing = "no cgroup with a quota can be made: " + "; ".join(
            filter(None, (self.make(*words) for words in tries)))
        if self.folder:
            self.missing = None

    def make(self, parent, file, quota):
        """Why not, or None."""
        if self.folder:
            return None
        folder = parent / f"pphost-sweep-{os.getpid()}"
        try:
            folder.mkdir()
        except OSError as error:
            return f"{folder}: {error.strerror}"
        try:
            if not (folder / file).exists():
                raise OSError(0, "no such controller")
            (folder / file).write_text(quota)
            self.folder = folder
            return None
        except OSError as error:
            folder.rmdir()
            return f"{folder / file}: {error.strerror}"

    def command(self, command):
        return ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', str(self.folder), *command]

    def close(self):
        if self.folder:
            for _ in range(100):
                with contextlib.suppress(OSError):
                    self.folder.rmdir()
                    return
                time.sleep(0.05)


def prefix(program):
    """The thread sanitizer needs its addresses where the kernel may not shuffle them to."""
    bits = pathlib.Path("/proc/sys/vm/mmap_rnd_bits")
    tsan = b"__tsan_init" in program.read_bytes()
    if tsan and bits.exists() and int(bits.read_text()) > 28:
        return ["setarch", "-R"]
    return []


def run(build, condition, threads, seconds, seed):
    program = build / "tests" / "stress" / "stress_run"
    command = condition.command([*prefix(program), str(program), "--threads", str(threads),
                                 "--hang", str(HANG_S), str(seconds), str(seed)])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    ends = re.search(r"^done .*$", done.stdout, re.M)
    print(f"{build.name:8} {threads:2} threads, {condition.name}: "
          f"{ends.group() if ends else 'exit ' + str(done.returncode)}", flush=True)
    if done.returncode != 0:
        print(f"{done.stdout}{done.stderr}\nagain: {' '.join(command)}", flush=True)
    return done.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("builds", nargs="+", type=pathlib.Path, metavar="BUILD")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    conditions = [Everything(), OneCpu()] + ([] if options.quick else [TenthOfACpu()])
    good = True
    try:
        for condition in conditions:
            if condition.missing:
                print(f"not on {condition.name}: {condition.missing}", flush=True)
        for build in options.builds:
            for condition in conditions:
                for threads in [1, 64] if options.quick else THREADS:
                    seconds = 1 if options.quick else options.seconds
                    good = good and (condition.missing is not None or
                                     run(build.resolve(), condition, threads, seconds, options.seed))
    finally:
        for condition in conditions:
            condition.close()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
