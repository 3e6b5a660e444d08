# SPDX-License-Identifier: MIT
"""Items as small as lines and words cost little: pphost moves them in batches, whatever a plugin
sees, where oneTBB and Go hand over one at a time.  `go-batch` is Go with 256 lines batched by hand.
"""
from harness import MIB, best_kernel
from report import Claim

PEERS = [("tbb-lines", "tok_tbb", "lines"), ("go-line", "tok_go", "line"),
         ("go-batch", "tok_go", "batch")]
# peer: at least so many times faster, and the bar's row
TO_NULL = {"tbb-lines": (7.0, 1), "go-line": (5.0, None), "go-batch": (5.0, 2)}
TO_FILE = {"tbb-lines": (5.0, None), "go-line": (5.0, None)}
PEAK_MIB, PEAK_ROW = 16, 12


def compare(bench, claim, where, targets, out):
    """pphost and the peers there are; `out` says where the one of that name writes."""
    series = bench.side_by_side(
        [bench.pphost("pphost", "lines", out=out("pphost"))] +
        [bench.peer(name, program, kind, out(name))
         for name, program, kind in PEERS if bench.program(program)])
    claim.table(f"lines to tokens, to {where}", series, series["pphost"], bench.bytes)
    for name, (least, row) in targets.items():
        claim.times_at_least(f"lines to {where}, times {name}", series, "pphost", name, least, row)
    return series["pphost"].peak_bytes() / MIB


def run(bench):
    claim = Claim(bench, "line_items",
                  "A line per item and a token per item: at least 7 times oneTBB and 5 times Go, in"
                  " bounded memory")
    peak = compare(bench, claim, "/dev/null", TO_NULL, lambda name: "/dev/null")
    claim.at_most("lines to /dev/null, peak RSS", peak, PEAK_MIB, " MiB", PEAK_ROW)
    peak = compare(bench, claim, "a file", TO_FILE, bench.out)
    claim.at_most("lines to a file, peak RSS", peak, PEAK_MIB, " MiB")
    if bench.program("tok_tbb"):
        ours = bench.pphost("pphost", "lines", out=bench.out("pphost"))
        theirs = bench.peer("tbb", "tok_tbb", best_kernel(), bench.out("tbb"))
        claim.must("the same tokens as oneTBB's, byte for byte", bench.same_output(ours, theirs))
    if bench.program("tok_go"):
        claim.note("Go's channels keep no order; pphost and oneTBB do.")
    return claim
