#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The benchmarks run, on little text and with whatever peers can be built here; no figure is judged.

Usage: test_quick.py BUILD
"""
import json
import pathlib
import subprocess
import sys

from run import CLAIMS, RESULTS

SIZE = "8MiB"


def content(path):
    return path.read_bytes() if path.exists() else None


def main(build):
    peers = build / "bench"
    figures = peers / "quick.json"
    peers.mkdir(parents=True, exist_ok=True)
    before = content(RESULTS)
    done = subprocess.run([sys.executable, pathlib.Path(__file__).with_name("run.py"), "--quick",
                           "--bytes", SIZE, "--build", build, "--peers", peers,
                           "--json", figures], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    print(done.stdout)
    assert done.returncode == 0, f"exit {done.returncode}"
    for name in CLAIMS:
        assert f"\n== {name}: " in done.stdout, f"nothing about {name}"
    claims = json.loads(figures.read_text())["claims"]
    assert [claim["name"] for claim in claims] == CLAIMS, claims
    assert all(claim["tables"] and claim["targets"] for claim in claims), claims
    assert content(RESULTS) == before, "a quick run has written results"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]).resolve())
