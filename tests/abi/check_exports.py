#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A plugin exports one symbol, its descriptor, and nothing else.

Usage: check_exports.py NM FILE_OR_DIRECTORY...   (a directory stands for its *.so)
"""
import pathlib
import subprocess
import sys

EXPECTED = ["pphost_plugin_v1"]


def exports(nm, path):
    """Names of the symbols that the dynamic loader would find."""
    listing = subprocess.run([nm, "-D", "--defined-only", str(path)], check=True,
                             capture_output=True, text=True).stdout
    return sorted(line.split()[-1] for line in listing.splitlines() if line.strip())


def main(nm, *places):
    paths = []
    for place in map(pathlib.Path, places):
        paths += sorted(place.glob("*.so")) if place.is_dir() else [place]
    bad = 0
    for path in paths:
        found = exports(nm, path)
        if found != EXPECTED:
            print(f"{path} exports {', '.join(found) or 'nothing'}")
            bad = 1
    if not paths:
        print("no plugin was built")
        bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
