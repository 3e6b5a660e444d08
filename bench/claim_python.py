# SPDX-License-Identifier: MIT
"""What pphost is for people who would write it in Python: a line per item through
PyProcessParallel, as its README shows it, with two processes.  It is slow, so the text is short.
"""
import os

import texts
from report import Claim

TEXT, TEXT_QUICK = 8 << 20, 32 << 10
LEAST, ROW = 300.0, 3


def run(bench):
    claim = Claim(bench, "python", "A line per item: at least 300 times PyProcessParallel")
    size = min(bench.bytes, TEXT_QUICK if bench.quick else TEXT)
    text = texts.cut(bench.corpus, size, bench.scratch)
    series = bench.side_by_side([bench.pphost("pphost", "lines", source=text),
                                 bench.peer("ppp", "tok_py.py", "ppp", source=text),
                                 bench.peer("ppp256", "tok_py.py", "ppp256", source=text)])
    claim.table(f"lines to tokens, {size:,} bytes to /dev/null", series, series["pphost"], size)
    claim.times_at_least("lines to /dev/null, times PyProcessParallel", series, "pphost", "ppp",
                         LEAST, ROW)
    if "PPP_DIR" in os.environ:
        claim.note("PyProcessParallel is the checkout that PPP_DIR names.")
    else:
        claim.note("PyProcessParallel is written anew in peers/tok_py.py: its processes, queues and"
                   " thread, an item per message. PPP_DIR=FOLDER measures a checkout of it instead.")
    claim.note("Both figures include starting the program; ppp256 packs 256 lines into each item.")
    return claim
