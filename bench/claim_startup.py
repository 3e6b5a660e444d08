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
    if bench.program("tok_tbb"):
        commands.append(bench.peer("tbb", "tok_tbb", "scalar", source=bench.empty))
    rounds = 3 if bench.quick else bench.rounds * ROUNDS_FACTOR
    series = bench.side_by_side(commands, rounds)
    claim.table("an empty file to /dev/null", series, series["pphost"])
    claim.below("exec to exit", series["pphost"].figures()["median"] * 1000, MOST_MS, " ms")
    claim.times_at_most("an empty file, times oneTBB's time", series, "pphost", "tbb", MOST_TIMES,
                        row=11)
    return claim
