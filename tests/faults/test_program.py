#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Memory that runs out at the n-th call in a program that has pphost as a library: each answer says so, no item
is missing in the account, nothing is lost that was taken, and nothing hangs or leaks.
"""
import itertools
import sys

import points
from host import check, run_all
from points import NO_MEMORY, Options, Scenario


def test_alloc(host):
    """Every call of the run, and some of those that load and open."""
    slow = host.sanitized() and not Options.every
    scenario = Scenario(outcomes=(1,))
    if Options.only:
        points.sweep(host, scenario, [], NO_MEMORY)
        return
    counts = points.learn(host, scenario)
    before = counts.before_threads["alloc"]
    rules = [f"alloc:every={k}" for k in (2, 5, 20, 80)]
    rules += [f"alloc:{kind}={n}" for n in points.strided(1, before - 1, 60 if slow else 15)
              for kind in ("n", "from")]
    ran, effects, _ = points.sweep(host, scenario, rules, NO_MEMORY)
    for kind in ("n", "from"):
        late = (f"alloc:{kind}={n}" for n in itertools.count(before, 3 if slow else 1))
        more = points.sweep(host, scenario, late, NO_MEMORY)
        ran, effects = ran + more[0], effects + more[1]
    print(f"{counts.calls['alloc']} calls, {ran} points, {effects} of them hit", flush=True)
    check(effects >= len(rules), "hardly a point had an effect")


def test_threads(host):
    """Every new thread in turn: of the library, and the program's own."""
    words = points.NO_MEMORY
    for kind in ("n", "from"):
        points.sweep(host, Scenario(outcomes=(1,)),
                     (f"thread:{kind}={n}" for n in itertools.count(1)), words)


Options.take()
sys.exit(run_all(sys.modules[__name__]))
