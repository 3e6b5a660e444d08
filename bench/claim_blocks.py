# SPDX-License-Identifier: MIT
"""With big blocks there is nothing for a scheduler to win; what wins is a source that reads in
parallel and a sink that writes in parallel.  The peers are oneTBB with the same kernel, the best
this processor has, and the limit written by hand (tok2p: two threads, ordered; to a file it
preallocates and writes in parallel).  With a plain C plugin of a third party the kernel is scalar
on both sides.
"""
from harness import best_kernel
from report import Claim

TBB = {"tbb-1024K": 1024, "tbb-256K": 256}
BY_HAND = "by hand"
LEAST_TBB = {"/dev/null": 1.0, "a file": 1.3}   # row 4
LEAST_BY_HAND = 0.85                            # row 5
LEAST_PLAIN = 1.0                               # row 6


def tbb(bench, name, kernel, out):
    return bench.peer(name, "tok_tbb", kernel, out, more=("8", TBB[name]))


def peers(bench, kernel, out):
    found = []
    if bench.program("tok_tbb"):
        found += [tbb(bench, name, kernel, out(name)) for name in TBB]
    if bench.program("tok2p"):
        found.append(bench.peer(BY_HAND, "tok2p", kernel, out("by-hand"), more=("2",),
                                env={"FALLOC": "1"}))
    return found


def compare(bench, claim, where, out):
    kernel = best_kernel()
    series = bench.side_by_side([bench.pphost("pphost", "blocks", out=out("pphost")),
                                 *peers(bench, kernel, out)])
    claim.table(f"blocks, {kernel}, to {where}", series, series["pphost"], bench.bytes)
    claim.times_at_least(f"blocks to {where}, times the better oneTBB", series, "pphost", list(TBB),
                         LEAST_TBB[where], row=4)
    claim.times_at_least(f"blocks to {where}, times by hand", series, "pphost", BY_HAND,
                         LEAST_BY_HAND, row=5)
    return series


def compare_memory(claim, series):
    what = "blocks to /dev/null, peak RSS, times oneTBB's with blocks as large"
    if "tbb-1024K" in series:
        ours, theirs = series["pphost"].peak_bytes(), series["tbb-1024K"].peak_bytes()
        claim.at_most(what, ours / theirs, 1.0, " x", row=12)
    else:
        claim.skip(what, "tok_tbb is not there", row=12)


def plain(bench, claim):
    commands = [bench.pphost("plain C", "plain", env=bench.plugin_env())]
    if bench.program("tok_tbb"):
        commands += [tbb(bench, name, "scalar", "/dev/null") for name in TBB]
    series = bench.side_by_side(commands)
    claim.table("blocks, scalar, a plugin in plain C, to /dev/null", series, series["plain C"],
                bench.bytes)
    claim.times_at_least("blocks, a plain C plugin, times oneTBB scalar", series, "plain C",
                         "tbb-1024K", LEAST_PLAIN, row=6)


def run(bench):
    claim = Claim(bench, "blocks", "Blocks of 1 MiB: faster than oneTBB with the same kernel, and"
                  " nearly as fast as written by hand")
    compare_memory(claim, compare(bench, claim, "/dev/null", lambda name: "/dev/null"))
    compare(bench, claim, "a file", bench.out)
    plain(bench, claim)
    if bench.program("tok_tbb"):
        theirs = bench.peer("tbb", "tok_tbb", best_kernel(), bench.out("tbb"))
        for job in ("blocks", "plain"):
            ours = bench.pphost(job, job, out=bench.out("pphost"), env=bench.plugin_env())
            claim.must(f"{job}: the same tokens as oneTBB's, byte for byte",
                       bench.same_output(ours, theirs))
    return claim
