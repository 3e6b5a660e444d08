# SPDX-License-Identifier: MIT
"""A runtime that sleeps when there is nothing to do wakes up as fast as the machine can, and asks the
kernel for nothing while it works: 1,000 items a second from a generator through a processor to a
consumer, against what waking a thread on another core costs (`micro futex`).
"""
import json
import os
import shutil
import subprocess

import prepare
from harness import Command, spread
from report import Claim

ROW = 13
RATE, SECONDS, SECONDS_QUICK = 1000, 20, 0.2
WAKES, WAKES_QUICK = 100_000, 1_000
IDLE_S, IDLE_QUICK_S = 10, 0.3
MOST_TIMES = {"p50": 2.0, "p99": 5.0}
MOST_IDLE_PERCENT = 1.0
HOPS, HOPS_QUICK, BATCH = 50_000_000, 500_000, 256
MOST_FUTEX_PERCENT = 1.0
NS_PER_US = 1e3


def latency(bench, name, count, **variables):
    return bench.job(name, "latency", env=bench.plugin_env(), count=count, **variables)


def on_the_way(bench, claim):
    """How long items are on their way, round by round beside what a wake costs."""
    count = round(RATE * (SECONDS_QUICK if bench.quick else SECONDS))
    commands = [latency(bench, "pphost", count)]
    if bench.program("micro"):
        rounds = WAKES_QUICK if bench.quick else WAKES
        commands.append(bench.printing("wake", "micro", "futex", unit="ns",
                                       env={"ROUNDS": str(rounds)}))
    series = bench.side_by_side(commands)
    said = series["pphost"].said()
    claim.table(f"{RATE:,} items a second, {count:,} items through 3 stages", series)
    for name in ("p50", "p99", "p999", "max"):
        us = spread([one[f"{name}_ns"] / NS_PER_US for one in said])
        claim.note(f"{name.replace('p999', 'p99.9')}: {us['median']:.1f} us"
                   f" ({us['min']:.1f} - {us['max']:.1f}).")
    for name, most in MOST_TIMES.items():
        what = f"{name} at {RATE:,} items a second, times a wake"
        if "wake" in series:
            times = spread([one[f"{name}_ns"] / wake.figure
                            for one, wake in zip(said, series["wake"].runs)])
            claim.at_most(what, times["median"], most, " x", ROW)
        else:
            claim.skip(what, "micro is not there", ROW)


def idle(bench, claim):
    """An item at the beginning of the wait and one at its end."""
    seconds = IDLE_QUICK_S if bench.quick else IDLE_S
    series = bench.side_by_side(
        [latency(bench, wait, 2, rate=2 / seconds, wait=wait) for wait in ("sleep", "idle")],
        rounds=min(3, bench.rounds))
    claim.table(f"two items in {seconds} s", series)
    for wait, one in series.items():
        percent = 100 * one.cpu_s() / one.figures()["median"]
        claim.below(f"CPU while waiting ({wait}), of a core", percent, MOST_IDLE_PERCENT, " %", ROW)


def steady(bench, claim):
    """What a process takes from the heap in the middle half of its life."""
    jobs = {"hops at full speed": hops(bench), "lines": bench.pphost("lines", "lines"),
            "1,000 items a second": latency(bench, "latency", round(
                RATE * (SECONDS_QUICK if bench.quick else SECONDS / 4)))}
    file = bench.scratch / "allocations.json"
    for name, job in jobs.items():
        what = f"heap allocations in the middle half of a run, {name}"
        if prepare.sanitised(bench.build):
            claim.skip(what, "this build has a sanitizer", ROW)
            continue
        file.unlink(missing_ok=True)
        preloaded = [f"LD_PRELOAD={bench.peers / 'count.so'}", f"COUNT_FILE={file}"]
        bench.alone(Command(name, ["env", *preloaded, *job.argv], None, job.env))
        claim.at_most(what, json.loads(file.read_text())["middle"], 0, "", ROW)


def hops(bench):
    count = HOPS_QUICK if bench.quick else HOPS
    return bench.job("hops", "hop_batch", env=bench.plugin_env(), count=count)


# How to have the kernel's futex calls counted: a name, the words in front of the command, and where in
# the report the count stands.  perf disturbs nothing but may not be allowed.
COUNTERS = [
    ("perf", ["perf", "stat", "-x,", "-e", "syscalls:sys_enter_futex", "-o", "{report}"],
     lambda text: int(next(line for line in text.splitlines() if "futex" in line).split(",")[0])),
    ("strace", ["strace", "-f", "--seccomp-bpf", "-e", "trace=futex", "-c", "-o", "{report}"],
     lambda text: sum(int(line.split()[3]) for line in text.splitlines()
                      if line.endswith(" futex"))),
]


def futex_calls(bench, job):
    """How many there are, and who counted; None: nobody could."""
    report = bench.scratch / "futex.txt"
    for name, words, count in COUNTERS:
        if not shutil.which(name):
            continue
        report.unlink(missing_ok=True)
        argv = [word.format(report=report) for word in words] + job.argv
        done = subprocess.run(argv, env={**os.environ, **job.env}, capture_output=True, check=False)
        try:
            if done.returncode == 0:
                return count(report.read_text()), name
        except (OSError, StopIteration, ValueError, IndexError):
            pass   # not allowed here: the next one
    return None, None


def futexes(bench, claim):
    what = f"futex calls, of batches of {BATCH} at full speed"
    if prepare.sanitised(bench.build):
        claim.skip(what, "this build has a sanitizer", ROW)
        return
    calls, who = futex_calls(bench, hops(bench))
    if calls is None:
        claim.skip(what, "neither perf nor strace can count them", ROW)
        return
    batches = (HOPS_QUICK if bench.quick else HOPS) / BATCH
    claim.at_most(f"{what} (counted by {who})", 100 * calls / batches, MOST_FUTEX_PERCENT, " %", ROW)


def run(bench):
    claim = Claim(bench, "latency", "1,000 items a second through three stages: awake as fast as the"
                  " machine wakes, asleep in between, and no help from the kernel at full speed")
    on_the_way(bench, claim)
    idle(bench, claim)
    steady(bench, claim)
    futexes(bench, claim)
    return claim
