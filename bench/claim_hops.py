# SPDX-License-Identifier: MIT
"""What it costs to hand an item on, twice: 64-bit numbers from a generator through a processor that
does nothing to a consumer that adds them up, in nanoseconds per item over both hops.  Every program
takes the time itself, from before its first thread starts until all are done.

pphost's items are 32 bytes with 8 bytes of payload, those of the peers 8 bytes; a batch is 256 of
them, one allocation.  `key` carries the number inside the item, without payload.  The peers'
processors flip a bit of each number; `flip` does so too, the other rows touch no item.
"""
from report import Claim

UNIT = "ns"
COUNT, COUNT_SINGLE = 100_000_000, 5_000_000
QUICK_FACTOR = 1000   # how much less a quick run does
BATCH = 256


def ours(bench, name, job, count, **variables):
    return bench.job(name, job, env=bench.plugin_env(), unit=UNIT, count=count, **variables)


def theirs(bench, name, program, mode, count, batch):
    """The peer, in a list; an empty one if it is not built."""
    if not bench.program(program):
        return []
    return [bench.printing(name, program, mode, count, batch, unit=UNIT)]


def batches(bench, claim, count):
    series = bench.side_by_side([
        ours(bench, "batch", "hop_batch", count), ours(bench, "each", "hop_each", count),
        ours(bench, "batch, flip", "hop_batch", count, **{"pass": "hop:pass_flip"}),
        ours(bench, "batch, key", "hop_batch", count, carry="key"),
        *theirs(bench, "tbbp", "hop_tbb", "tbbp", count, BATCH),
        *theirs(bench, "fusedb", "hop_c", "fusedb", count, BATCH),
        *theirs(bench, "pool2", "hop_c", "pool2", count, BATCH)])
    claim.table(f"batches of {BATCH}, ns per item over two hops", series, series["batch"])
    claim.times_at_most("`batch`, times oneTBB's time (tbbp)", series, "batch", "tbbp", 0.6,
                        row=7)
    claim.times_at_most("`each` with PPH_FORWARD, times the time of one loop (fusedb)", series,
                        "each", "fusedb", 4.0, row=8)


def single(bench, claim, count):
    series = bench.side_by_side([
        ours(bench, "single", "hop_single", count),
        *theirs(bench, "tbb", "hop_tbb", "tbb", count, 1),
        *theirs(bench, "pool2", "hop_c", "pool2", count, 1)])
    claim.table("batches of one item, ns per item over two hops", series, series["single"])
    claim.times_at_most("batches of one item, times oneTBB's time (tbb)", series, "single", "tbb",
                        0.3, row=9)


def run(bench):
    claim = Claim(bench, "hops", "Handing items on costs less than with oneTBB, batched or not")
    factor = QUICK_FACTOR if bench.quick else 1
    batches(bench, claim, COUNT // factor)
    single(bench, claim, COUNT_SINGLE // factor)
    return claim
