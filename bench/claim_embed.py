# SPDX-License-Identifier: MIT
"""A program's threads push batches of 64-bit items into a pipeline and pull them out of it: four push and four
pull, in nanoseconds per item, against one oneTBB queue between the same threads.

A batch is allocated and filled by its pusher and added up by its puller, and freed; in oneTBB it is a vector that is
moved in and out.  In pphost an item is an item: the pipeline counts each, and its stages could look at each.
`array` hands the batch over as it lies in memory, `items` with a `struct pph_item` of 32 bytes for each number.
On both sides as many items may wait, in one queue there and in three here; and what was pulled must be what was pushed.
"""
from report import Claim

COUNT, QUICK_FACTOR = 40_000_000, 1000
THREADS, WAITING = 4, 48 * 1024
BATCHES = (64, 256, 1024)
MOST = 2.0


def ours(bench, mode, count, batch):
    env = {"LD_LIBRARY_PATH": str(bench.library())}
    return bench.printing(mode, "embed", mode, count, batch, THREADS, WAITING, unit="ns", env=env)


def run(bench):
    claim = Claim(bench, "embed", f"Pushing and pulling from {THREADS} threads each takes at most"
                                  f" {MOST:g} times what a oneTBB queue does")
    count = COUNT // (QUICK_FACTOR if bench.quick else 1)
    for batch in BATCHES:
        commands = [ours(bench, "array", count, batch), ours(bench, "items", count, batch)]
        if bench.program("embed_tbb"):
            commands.append(bench.printing("tbb", "embed_tbb", count, batch, THREADS, WAITING,
                                           unit="ns"))
        series = bench.side_by_side(commands)
        claim.table(f"batches of {batch} items, ns per item from 4 threads to 4", series,
                    series["array"])
        claim.times_at_most(f"batches of {batch}, times oneTBB's time", series, "array", "tbb", MOST)
    return claim
