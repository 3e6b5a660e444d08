#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The same seed gives the same schedule: in two processes, and with and without a trace.

Usage: test_replay.py SIM_RUN
"""
import subprocess
import sys
import unittest

SIM_RUN = sys.argv[1]
SEEDS = range(1, 21)


def run(*words):
    return subprocess.run([SIM_RUN, *map(str, words)], check=True, text=True,
                          capture_output=True, timeout=60).stdout


class Replay(unittest.TestCase):
    def test_two_processes_agree(self):
        for seed in SEEDS:
            self.assertEqual(run("--seed", seed), run("--seed", seed))

    def test_seeds_differ(self):
        hashes = {run("--seed", seed).split()[-1] for seed in SEEDS}
        self.assertEqual(len(hashes), len(SEEDS))

    def test_a_trace_changes_nothing(self):
        run("--twice", "--runs", 200)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
