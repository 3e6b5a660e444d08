#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The benchmarks run, on little text and with whatever peers can be built here; no figure is judged.

Usage: test_quick.py BUILD
"""
import json
import pathlib
import subprocess
import sys

from results import RESULTS
from run import CLAIMS

SIZE = "1MiB"


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
    for claim in claims:
        assert claim["tables"], f"{claim['name']}: no table"
        assert claim["targets"] or claim["name"] == "others", f"{claim['name']}: no target"
    rows = {target["row"] for claim in claims for target in claim["targets"]}
    assert rows - {None} == set(range(1, 14)), f"rows of the bar: {rows}"
    assert content(RESULTS) == before, "a quick run has written results"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]).resolve())
