# SPDX-License-Identifier: MIT
"""Tasks cost little: 10,000 of them, each of which leaves a result, from exec to exit, with all results in a
file.
"""
import json

from report import Claim

TASKS = 10_000
MOST_S = 2.0


def run(bench):
    claim = Claim(bench, "tasks", "10,000 tasks start and end in less than 2 s")
    out = bench.out("tasks")
    command = bench.job("tasks", "tasks", ("--results", out), env=bench.plugin_env())
    series = bench.side_by_side([command])
    claim.table("10,000 tasks on two threads, from exec to exit", series)
    claim.below("10,000 tasks", series["tasks"].figures()["median"], MOST_S, " s")
    bench.once(command)
    found = json.loads(out.read_text(encoding="ascii"))
    out.unlink()
    claim.must("each has left its result", len(found) == TASKS and
               all(one["status"] == "ok" and one["result"] == one["worker"] for one in found))
    return claim
