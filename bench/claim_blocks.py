# SPDX-License-Identifier: MIT
"""With big blocks there is nothing for a scheduler to win, and pphost loses nothing there either:
the peer is oneTBB with the same blocks and the best kernel this processor has, written by hand.
"""
from harness import best_kernel
from report import Claim

LEAST = 0.9


def compare(bench, claim, where, to_file):
    def out(name):
        return bench.out(name) if to_file else "/dev/null"
    kernel = best_kernel()
    commands = [bench.pphost("pphost", "blocks", out=out("pphost"))]
    if bench.has_peer("tok_tbb"):
        for kib in (1024, 256):
            commands.append(bench.peer(f"tbb-{kib}K", "tok_tbb", kernel, out(f"tbb-{kib}K"),
                                       more=("8", kib)))
    series = bench.side_by_side(commands)
    ours = series["pphost"]
    claim.table(f"blocks, {kernel}, to {where}", series, ours, bench.bytes)
    what = f"to {where}, times tbb-1024K"
    if "tbb-1024K" in series:
        faster = ours.times_faster_than(series["tbb-1024K"])["median"]
        claim.at_least(what, faster, LEAST, " x")
    else:
        claim.skip(what, "tok_tbb is not built")


def run(bench):
    claim = Claim(bench, "blocks",
                  "Blocks of 1 MiB: at least 0.9 times oneTBB with the same kernel")
    compare(bench, claim, "/dev/null", False)
    compare(bench, claim, "a file", True)
    if bench.has_peer("tok_tbb"):
        ours = bench.pphost("pphost", "blocks", out=bench.out("pphost"))
        theirs = bench.peer("tbb", "tok_tbb", best_kernel(), bench.out("tbb"))
        claim.must("the same tokens as oneTBB's, byte for byte", bench.same_output(ours, theirs))
    return claim
