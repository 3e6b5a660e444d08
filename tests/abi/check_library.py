#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What can be seen of libpphost from outside is what its header declares: no less, and nothing else.

Usage: check_library.py NM HEADER SHARED STATIC
"""
import pathlib
import re
import subprocess
import sys

DECLARED = re.compile(r"^PPH_API\b[^;(]*?\b(pph_\w+)\(", re.M)
SANITIZER = re.compile(r"^_*(?:odr_)?(?:asan|ubsan|tsan|gcov|sancov)\b|^__(?:asan|ubsan|tsan|gcov|odr_asan)")


def declared(text):
    return set(DECLARED.findall(text))


def symbols(nm, *flags):
    listing = subprocess.run([nm, "--defined-only", *flags], check=True, capture_output=True, text=True).stdout
    names = {line.split()[-1].split("@")[0] for line in listing.splitlines() if len(line.split()) >= 3}
    return {name for name in names if not SANITIZER.match(name) and name != "PPHOST_0"}


def main(nm, header, shared, static):
    if declared("PPH_API int *pph_a(int);\nint pph_b(void);\nPPH_API const char *\npph_c(\n") != {"pph_a", "pph_c"}:
        print("this checker is broken: it does not know a declaration")
        return 1
    wanted = declared(pathlib.Path(header).read_text(encoding="utf-8"))
    bad = len(wanted) < 20
    if bad:
        print(f"{header}: only {len(wanted)} functions found")
    for path, found in ((shared, symbols(nm, "-D", shared)), (static, symbols(nm, "-g", static))):
        for name in sorted(wanted - found):
            print(f"{path} lacks {name}")
        for name in sorted(found - wanted):
            print(f"{path} shows {name}")
        bad = bad or found != wanted
    return int(bad)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
