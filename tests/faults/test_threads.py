#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Threads that cannot be made: those of the pool, those of stages that have their own, and those that
stand in for one that waits.  The run does with fewer, or fails and says why; it never hangs.
"""
import itertools
import re
import sys

import points
from host import check, run_all
from points import Options, Scenario

LINES = 500
WORDS = re.compile(r"the run failed in threads: cannot start thread \d of \d|"
                   r"stage 'greedy' .* failed in threads: no thread can be started")


def numbers(times=1):
    return "".join(f"{k}\n" * times for k in range(1, LINES + 1)).encode()


def scenario_of(host, *stages, times=1, flags=()):
    host.write("n.txt", numbers())
    host.write("p.yaml", "stages:\n  - {use: lines, with: {path: n.txt}}\n" +
               "".join(f"  - {s}\n" for s in stages) + "  - {use: write, with: {path: out.txt}}\n")
    return Scenario("run", "p.yaml", *flags, files={"out.txt": numbers(times)})


def awkward(kind):
    return f"{Options.folder}/awkward.so:{kind}"


def without_threads(host, scenario):
    """Fails the n-th, all from the n-th on, and some by chance, as far as there are threads."""
    asked = points.learn(host, scenario).calls["thread"]
    some = [f"thread:every={k}" for k in (1, 2, 3, 5)]
    ran, effects, _ = points.sweep(host, scenario, some, WORDS)
    for kind in ("n", "from"):
        rules = (f"thread:{kind}={n}" for n in itertools.count(1))
        more = points.sweep(host, scenario, rules, WORDS)
        ran, effects = ran + more[0], effects + more[1]
    print(f"{asked} threads, {ran} points, {effects} of them hit", flush=True)
    check(Options.only or effects >= asked, "hardly a point had an effect")


def test_pool(host):
    without_threads(host, scenario_of(host, "{use: split, workers: 4}", flags=("--threads", "4")))


def test_own_threads(host):
    without_threads(host, scenario_of(host, f"{{use: '{awkward('loner')}', workers: 3}}",
                                      flags=("--threads", "2")))


def test_spare_threads_for_parked_emitters(host):
    greedy = f"{{use: '{awkward('greedy')}', workers: 2, queue: 10, with: 20}}"
    without_threads(host, scenario_of(host, greedy, "{use: split, queue: 10}", times=20,
                                      flags=("--threads", "2")))


def test_spare_threads_for_lent_places(host):
    without_threads(host, scenario_of(host, f"{{use: '{awkward('lender')}', workers: 4}}",
                                      flags=("--threads", "2")))


Options.take()
sys.exit(run_all(sys.modules[__name__]))
