# SPDX-License-Identifier: MIT
"""Starting costs next to nothing: three stages, loaded from shared objects, over an empty file,
from exec to exit.
"""
from report import Claim

MOST_MS = 10.0
MOST_TIMES = 1.5
ROUNDS_FACTOR = 5   # a run takes milliseconds, so there can be many


def run(bench):
    claim = Claim(bench, "startup",
                  "An empty pipeline of three stages: less than 10 ms from exec to exit")
    commands = [bench.pphost("pphost", "lines", source=bench.empty)]
    if bench.has_peer("tok_tbb"):
        commands.append(bench.peer("tbb", "tok_tbb", "scalar", source=bench.empty))
    rounds = 3 if bench.quick else bench.rounds * ROUNDS_FACTOR
    series = bench.side_by_side(commands, rounds)
    ours = series["pphost"]
    claim.table("an empty file to /dev/null", series, ours)
    claim.below("exec to exit", ours.figures()["median"] * 1000, MOST_MS, " ms")
    if "tbb" in series:
        times = 1 / ours.times_faster_than(series["tbb"])["median"]
        claim.at_most("times as long as tbb", times, MOST_TIMES, " x")
    else:
        claim.skip("times as long as tbb", "tok_tbb is not built")
    return claim
