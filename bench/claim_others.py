# SPDX-License-Identifier: MIT
"""What else people use for such work, for orientation: no target.  What is not installed is left out,
and said so.
"""
import texts
from report import Claim

TEXT, TEXT_QUICK = 64 << 20, 64 << 10
HOPS, HOPS_QUICK, BATCH = 20_000_000, 100_000, 256
SLOW = 20          # times fewer items for those that take so much longer
AWK = '{ for (i = 1; i <= NF; i++) print $i }'

# name, program, its words after the text: all write one word per line to /dev/null
SHELLS = [
    ("tr", "tr", "tr -s '[:space:]' '\\n' < TEXT"),
    ("mawk", "mawk", f"mawk '{AWK}' TEXT"),
    ("gawk", "gawk", f"gawk '{AWK}' TEXT"),
    ("parallel tr", "parallel",
     "parallel --will-cite -j 2 -k --pipepart --block 4M -a TEXT \"tr -s '[:space:]' '\\n'\""),
    ("parallel mawk", "parallel",
     f"parallel --will-cite -j 2 -k --pipepart --block 4M -a TEXT -q mawk '{AWK}'"),
]
SCRIPTS = [("Python", "plain"), ("Python, 1 MiB at a time", "fast"), ("Python Pool", "pool1000")]
# name, program, words before the count, batches, times fewer items
HOPPERS = [("tbb flow graph", "hop_tbb", ["flow"], 1, SLOW), ("Taskflow", "hop_taskflow", [], 1, SLOW),
           ("Go channels", "hop_go", [], 1, SLOW), ("GStreamer queues", "hop_gst", [], 1, 10 * SLOW),
           ("Python queues", "hop_py.py", ["mpq"], 1, 100 * SLOW),
           ("tbb flow graph, 256", "hop_tbb", ["flow"], BATCH, 1),
           ("Taskflow, 256", "hop_taskflow", [], BATCH, 1),
           ("Go channels, 256", "hop_go", [], BATCH, 1)]


def leave_out(claim, name, program):
    claim.note(f"{name}: left out, {program} is not there.")


def tokens(bench, claim):
    size = min(bench.bytes, TEXT_QUICK if bench.quick else TEXT)
    text = texts.cut(bench.corpus, size, bench.scratch)
    commands = [bench.pphost("pphost", "lines", source=text)]
    for name, program, line in SHELLS:
        if bench.program(program):
            commands.append(bench.command(
                name, ["sh", "-c", line.replace("TEXT", str(text)) + " > /dev/null"], None, {"LC_ALL": "C"}))
        else:
            leave_out(claim, name, program)
    commands += [bench.peer(name, "tok_py.py", mode, source=text) for name, mode in SCRIPTS]
    series = bench.side_by_side(commands, min(3, bench.rounds))
    claim.table(f"lines to tokens, {size:,} bytes to /dev/null", series, series["pphost"], size)


def hops(bench, claim):
    whole = HOPS_QUICK if bench.quick else HOPS
    commands = [
        bench.job(name, job, env=bench.plugin_env(), unit="ns", count=whole // fewer)
        for name, job, fewer in (("pphost", "hop_single", SLOW), ("pphost, 256", "hop_batch", 1))]
    for name, program, words, batch, fewer in HOPPERS:
        if bench.program(program):
            commands.append(bench.printing(name, program, *words, whole // fewer, batch, unit="ns"))
        else:
            leave_out(claim, name, program)
    series = bench.side_by_side(commands, min(3, bench.rounds))
    claim.table("ns per 64-bit item over two hops, one at a time and in batches of 256", series)


def run(bench):
    claim = Claim(bench, "others", "What else people use for such work, for orientation")
    tokens(bench, claim)
    hops(bench, claim)
    return claim
