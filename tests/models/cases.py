# SPDX-License-Identifier: MIT
"""The cases of run.py: which model, with which parameters, ends how."""
import typing

OK = "ok"        # searched completely, no error
STUCK = "stuck"  # somebody waits for ever: a lost wake-up, a deadlock
WRONG = "wrong"  # an assertion fails: a bound, an order, a count


class Case(typing.NamedTuple):
    name: str
    model: str
    defines: list
    expect: str


def _case(name, text, expect=OK):
    return Case(name, name.split("_")[0], ["-D" + word for word in text.split()], expect)


# Run by CTest: every case in a second or two.
QUICK = [
    _case("sched_chain", "HARD=1"),
    _case("sched_chain_held", "P=2 W=2 RUDE=0 LIM=2"),
    _case("sched_chain_two_slots", "P=2 W=3 RUDE=1 HARD=1 N=1 LIM=2"),
    _case("sched_diamond", "TOPO=1 HARD=1"),
    _case("sched_fanin", "TOPO=2 HARD=1"),
    _case("sched_low_water", "P=2 W=2 RUDE=0 CAP=3 K=3"),
    _case("sched_flush", "FLUSH LIM=2 HARD=1 N=1"),
    _case("sched_rounds", "ROUNDS P=2 W=2 RUDE=0"),
    _case("sched_rounds_parked", "ROUNDS HARD=1"),
    _case("sched_bug1", "BUG1 P=2 W=2", STUCK),
    _case("sched_bug2", "BUG2 P=2 W=2", STUCK),
    _case("sched_bug3", "BUG3 HARD=1", STUCK),
    _case("sched_bug4", "BUG4 P=2 W=2 RUDE=0 CAP=3 K=3", STUCK),
    _case("sched_bug5", "BUG5 P=2 W=2 RUDE=0 LIM=2", STUCK),
    _case("sched_bug6", "BUG6", WRONG),
    _case("sched_bug7", "BUG7 HARD=1", STUCK),
    _case("sched_bug8", "BUG8 HARD=1", STUCK),
    _case("sched_bug9", "BUG9", STUCK),
    _case("sched_bug10", "BUG10 P=2 W=2", WRONG),
    _case("sched_bug11", "BUG11", WRONG),
    _case("sched_bug12", "BUG12 ROUNDS P=2 W=2 RUDE=0", STUCK),
    _case("ordered_held", "P=2 W=2"),
    _case("ordered_budget", "P=2 W=2 SOFT=2 HARD=2"),
    _case("ordered_wait", "P=2 W=4 RUDE N=2"),
    _case("ordered_one_slot", "P=1 W=3 RUDE"),
    _case("ordered_plan", "P=2 W=2 PLAN"),
    _case("ordered_big", "ANY P=1 W=3 RUDE BIG N=4 WIN=4 HARD=2 OUT=3 CAP=2"),
    _case("ordered_own_held", "OWN W=1"),
    _case("ordered_own_wait", "OWN W=1 RUDE PLAN"),
    _case("ordered_own_big", "OWN W=1 RUDE BIG N=4 WIN=4 HARD=2 OUT=3 CAP=2"),
    _case("ordered_bug1", "BUG1 P=2 W=2", STUCK),
    _case("ordered_bug2", "BUG2 P=2 W=2 SOFT=2 HARD=2", WRONG),
    _case("ordered_bug3", "BUG3 P=2 W=2", STUCK),
    _case("ordered_bug4", "BUG4 P=2 W=2", STUCK),
    _case("ordered_bug5", "BUG5 P=2 W=4 RUDE", STUCK),
    _case("ordered_bug6", "BUG6 P=2 W=2", STUCK),
    _case("ordered_bug7", "BUG7 P=2 W=2", STUCK),
    _case("ordered_bug8", "BUG8 P=2 W=2 PLAN", WRONG),
    _case("ordered_bug9", "BUG9 OWN W=1 RUDE BIG N=4 WIN=4 HARD=2 OUT=3 CAP=2", STUCK),
    _case("ordered_bug10", "BUG10 ANY P=1 W=3 RUDE BIG N=4 WIN=4 HARD=2 OUT=3 CAP=2", STUCK),
    _case("ordered_bug11", "BUG11 P=2 W=4 RUDE", STUCK),
    _case("ordered_bug12", "BUG12 P=2 W=2", WRONG),
    _case("ordered_bug13", "BUG13 OWN W=1", STUCK),
    _case("inbox_two", "EMITTERS=2 MADE=2"),
    _case("inbox_three", "EMITTERS=3 MADE=1"),
    _case("inbox_ahead", "AHEAD=1 CAP_ITEMS=4 CAP_BYTES=4"),
    _case("inbox_bug1", "BUG1", WRONG),
    _case("inbox_bug2", "BUG2", WRONG),
    _case("inbox_bug3", "BUG3", WRONG),
    _case("inbox_bug4", "BUG4", STUCK),
    _case("inbox_bug5", "BUG5", STUCK),
    _case("inbox_bug6", "BUG6 EMITTERS=3", WRONG),
    _case("inbox_bug7", "BUG7", STUCK),
    _case("inbox_bug8", "BUG8", WRONG),
    _case("sleep_one_by_one", "ALONE=0"),
    _case("sleep_short", "JOBS=2"),
    _case("sleep_burst", "BURST JOBS=2"),
    # One wake-up for several batches: nothing is lost, but the second thread sleeps on until ...
    _case("sleep_burst_together", "BURST ALONE=0", STUCK),
    # ... who claims work and leaves more wakes another.
    _case("sleep_burst_chain", "BURST ALONE=0 CHAIN"),
    _case("sleep_search", "SEARCH"),
    _case("sleep_search_one_by_one", "SEARCH ALONE=0"),
    _case("sleep_search_burst", "SEARCH BURST ALONE=0"),
    _case("sleep_bug1", "BUG1 BURST", STUCK),
    _case("sleep_bug2", "BUG2", STUCK),
    _case("sleep_bug3", "BUG3 ALONE=0", STUCK),
    _case("sleep_bug4", "BUG4 JOBS=3 ALONE=1", STUCK),
    _case("sleep_bug5", "SEARCH BUG5", STUCK),
    _case("sleep_bug6", "SEARCH BUG6 BURST ALONE=0", STUCK),
    _case("sleep_bug7", "SEARCH BUG7", STUCK),
    _case("sleep_bug8", "SEARCH BUG8 JOBS=3 ALONE=1", STUCK),
    _case("enough_chain", "MADE=1 K=2"),
    _case("enough_broadcast", "TOPO=1 MADE=1"),
    _case("enough_bug1", "BUG1 MADE=1", STUCK),
    _case("enough_bug2", "BUG2 MADE=1 K=3", STUCK),
    _case("enough_bug3", "BUG3 TOPO=1", WRONG),
    _case("enough_bug4", "BUG4 MADE=1 K=3", WRONG),
    _case("enough_bug5", "BUG5 MADE=1 K=3", WRONG),
    _case("enough_bug6", "BUG6 MADE=1", STUCK),
    _case("enough_bug7", "BUG7 MADE=1", STUCK),
    _case("help_one", "P=1"),
    _case("help_two", "P=2"),
    _case("help_bug1", "BUG1 P=2", STUCK),
    _case("help_bug2", "BUG2 P=2", STUCK),
]

# Run by hand: `run.py --full`.
FULL = [
    _case("sched_full_chain", "P=2 W=3 HARD=1 LIM=2"),
    _case("sched_full_chain_long", "P=2 W=3 HARD=1 N=3 K=3 HARD=2"),
    _case("sched_full_diamond", "TOPO=1 P=2 W=3 HARD=1"),
    _case("sched_full_fanin", "TOPO=2 P=2 W=3 HARD=1"),
    _case("sched_full_low_water", "P=2 W=3 CAP=3 K=3 N=3 HARD=1"),
    _case("sched_full_flush", "P=2 W=3 FLUSH LIM=2 HARD=1 N=1"),
    _case("sched_full_rounds", "P=2 W=3 ROUNDS HARD=1 LIM=2"),
    _case("ordered_full_wait", "P=2 W=4 RUDE LIM=3 WIN=3 N=4"),
    _case("ordered_full_held", "P=3 W=3 LIM=3 WIN=6 N=6 SOFT=2 HARD=2 OUT=3"),
    _case("ordered_full_plan", "P=2 W=4 RUDE PLAN LIM=3 WIN=4 N=4"),
    _case("ordered_full_own", "OWN W=1 RUDE LIM=3 WIN=4 N=5 OUT=3 CAP=2"),
    _case("ordered_full_own_held", "OWN W=1 LIM=3 WIN=4 N=4 OUT=2"),
    _case("inbox_full_two", "EMITTERS=2 MADE=4 AHEAD=3 CAP_ITEMS=5 CAP_BYTES=5 TARGET=2"),
    _case("inbox_full_three", "EMITTERS=3 MADE=2"),
    _case("sleep_full_together", "W=4 JOBS=4 ALONE=0"),
    _case("sleep_full_short", "W=3 JOBS=3"),
    _case("sleep_full_search", "SEARCH W=3 JOBS=3"),
    _case("sleep_full_search_together", "SEARCH W=3 JOBS=4 ALONE=1"),
    _case("enough_full_chain", "MADE=3 WANTS=2 K=3"),
    _case("enough_full_three", "MADE=2 W=3"),
    _case("enough_full_broadcast", "TOPO=1 MADE=4 WANTS=2"),
    _case("help_full", "P=3 N=3"),
]
