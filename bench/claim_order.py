# SPDX-License-Identifier: MIT
"""Keeping the order through a parallel stage is nearly free, which is why it is the default."""
from report import Claim

MOST_PERCENT = 5.0
ROUNDS_FACTOR = 3   # a small difference needs more rounds


def run(bench):
    claim = Claim(bench, "order", "`order: keep` costs at most 5 % of `order: any`")
    rounds = 1 if bench.quick else bench.rounds * ROUNDS_FACTOR
    for job in ("lines", "blocks"):
        series = bench.side_by_side(
            [bench.pphost("keep", job), bench.pphost("any", job, ("--set", "split.order=any"))],
            rounds)
        claim.table(f"{job}, to /dev/null", series, series["keep"], bench.bytes)
        ratio = 1 / series["keep"].times_faster_than(series["any"])["median"]
        claim.at_most(f"{job}: what keeping the order costs", (ratio - 1) * 100, MOST_PERCENT, " %",
                      row=10)
    return claim
