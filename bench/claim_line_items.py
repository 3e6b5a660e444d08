# SPDX-License-Identifier: MIT
"""Items as small as lines and words cost little: pphost moves them in batches, whatever a plugin
sees, where oneTBB and Go hand over one at a time.  `go-batch` is Go with 256 lines batched by hand.
"""
from harness import best_kernel
from report import Claim

PEERS = [("tbb-lines", "tok_tbb", "lines"), ("go-line", "tok_go", "line"),
         ("go-batch", "tok_go", "batch")]
TARGETS = {"tbb-lines": 5.0, "go-line": 5.0}
PEAK_MIB = 64


def commands(bench, to_file):
    """pphost and the peers there are, all to /dev/null or each to a file of its own."""
    def out(name):
        return bench.out(name) if to_file else "/dev/null"
    found = [bench.pphost("pphost", "lines", out=out("pphost"))]
    return found + [bench.peer(name, program, kind, out(name))
                    for name, program, kind in PEERS if bench.has_peer(program)]


def compare(bench, claim, where, to_file):
    series = bench.side_by_side(commands(bench, to_file))
    ours = series["pphost"]
    claim.table(f"lines to tokens, to {where}", series, ours, bench.bytes)
    for name, program, _ in PEERS:
        what = f"to {where}, times {name}"
        if name in series and name in TARGETS:
            faster = ours.times_faster_than(series[name])["median"]
            claim.at_least(what, faster, TARGETS[name], " x")
        elif name not in series:
            claim.skip(what, f"{program} is not built")
    claim.below(f"to {where}, peak RSS", ours.peak_bytes() / (1 << 20), PEAK_MIB, " MiB")


def run(bench):
    claim = Claim(bench, "line_items",
                  "A line per item and a token per item: at least 5 times oneTBB and Go, in bounded"
                  " memory")
    compare(bench, claim, "/dev/null", False)
    compare(bench, claim, "a file", True)
    if bench.has_peer("tok_tbb"):
        ours = bench.pphost("pphost", "lines", out=bench.out("pphost"))
        theirs = bench.peer("tbb", "tok_tbb", best_kernel(), bench.out("tbb"))
        claim.must("the same tokens as oneTBB's, byte for byte", bench.same_output(ours, theirs))
    if bench.has_peer("tok_go"):
        claim.note("Go's channels keep no order; pphost and oneTBB do.")
    return claim
