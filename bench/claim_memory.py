# SPDX-License-Identifier: MIT
"""The figure that `pphost check` prints is a bound: a consumer at least 100 times slower than its
generator fills every queue, and still the process stays below it, with three stages and with ten.  The
bound does not count the program itself, so comparing it with all of the process is the stricter test.
"""
import json
import os
import subprocess

from harness import JOBS, MIB, BenchError
from report import Claim

SLOWER, AIM = 100, 130
LEAST_MS, LEAST_QUICK_MS, MOST_MS = 20, 4, 50
ROUNDS = 3
SLOW = {"slow": "three", "slow10": "ten"}   # jobs, and how many stages they have


def bound(bench, job, env):
    """The worst case that `pphost check` prints, in bytes."""
    argv = [bench.build / "bin" / "pphost", "check", "--json", JOBS / f"{job}.yaml",
            f"in={bench.corpus}"]
    done = subprocess.run(list(map(str, argv)), env={**os.environ, **env}, capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"exit {done.returncode}: pphost check\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)[0]["memory_bytes"]


def pause_ms(bench, block_s):
    """How long the consumer takes for a block: slow enough, but not for ever."""
    least = LEAST_QUICK_MS if bench.quick else LEAST_MS
    return min(MOST_MS, max(least, round(block_s * AIM * 1000)))


def run(bench):
    claim = Claim(bench, "memory",
                  "A consumer 100 times slower than its generator: memory stays below the worst case"
                  " that `pphost check` prints")
    plugins = bench.build / "tests" / "plugins"
    env = {"PPHOST_PLUGIN_PATH": f"{plugins}:{bench.plugin_env()['PPHOST_PLUGIN_PATH']}"}
    rounds = min(bench.rounds, ROUNDS)
    read = bench.side_by_side([bench.pphost("read", "read")], rounds)["read"]
    blocks = -(-bench.bytes // MIB)
    block_s = read.figures()["median"] / blocks
    pause = pause_ms(bench, block_s)
    slow = {job: bench.pphost(job, job, env=env, **{"for": f"{pause}ms"}) for job in SLOW}
    runs = bench.side_by_side(list(slow.values()), rounds)
    claim.table("generator alone, and in front of a slow consumer", {"read": read, **runs}, read,
                bench.bytes)
    claim.note(f"A block takes the generator {block_s * 1e3:.3f} ms, the consumer {pause} ms.")
    claim.at_least("consumer slower than the generator", pause / 1000 / block_s, SLOWER, " x")
    for job, stages in SLOW.items():
        claim.below(f"{stages} stages, peak RSS, and the bound that `check` prints",
                    runs[job].peak_bytes() / MIB, bound(bench, job, slow[job].env) / MIB, " MiB")
    return claim
