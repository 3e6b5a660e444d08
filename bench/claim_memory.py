# SPDX-License-Identifier: MIT
"""The figure that `pphost check` prints is a bound: a consumer at least 100 times slower than its
generator fills every queue, and still the process stays below it.  The bound does not count the
program itself, so comparing it with all of the process is the stricter test.
"""
import json
import os
import subprocess

from harness import JOBS, MIB, BenchError
from report import Claim, mib

SLOWER, AIM = 100, 130
LEAST_MS, LEAST_QUICK_MS, MOST_MS = 20, 4, 50
ROUNDS = 3


def bound(bench, env):
    """The worst case that `pphost check` prints, in bytes."""
    argv = [bench.build / "bin" / "pphost", "check", "--json", JOBS / "slow.yaml",
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
    env = {"PPHOST_PLUGIN_PATH": str(bench.build / "tests" / "plugins")}
    rounds = min(bench.rounds, ROUNDS)
    read = bench.side_by_side([bench.pphost("read", "read")], rounds)["read"]
    blocks = -(-bench.bytes // MIB)
    block_s = read.figures()["median"] / blocks
    pause = pause_ms(bench, block_s)
    slow = bench.pphost("slow", "slow", env=env, **{"for": f"{pause}ms"})
    limit = bound(bench, slow.env)
    runs = bench.side_by_side([slow], rounds)["slow"]
    claim.table("generator alone, and in front of a slow consumer",
                {"read": read, "slow": runs}, read, bench.bytes)
    claim.note(f"The bound is {mib(limit)}; a block takes the generator {block_s * 1e3:.3f} ms,"
               f" the consumer {pause} ms.")
    claim.at_least("consumer slower than the generator", pause / 1000 / block_s, SLOWER, " x")
    claim.below("peak RSS", runs.peak_bytes() / MIB, limit / MIB, " MiB")
    return claim
