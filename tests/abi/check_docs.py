#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the documents say of plugins is true.

Codes: each that the plugin layer can give is in docs/plugin-abi.md, each there can be given, and
each has a test.  Guide: its C programs compile without a warning and export one symbol.
Usage: check_docs.py ROOT CC NM
"""
import pathlib
import re
import subprocess
import sys
import tempfile

import check_exports

CODE = re.compile(r"\b[EW][12]\d\d\b")
UNTESTED = {"E119", "E220"}  # memory ran out
STRICT = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]


def codes(*paths):
    """All codes in string constants of C files, or anywhere in others."""
    found = set()
    for path in paths:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".c":
            text = " ".join(re.findall(r'"(?:[^"\\\n]|\\.)*"', text))
        found |= set(CODE.findall(text))
    return found


def check_codes(root):
    """Sentences about codes that are not in all of code, document and tests."""
    given = codes(*(root / "runtime/plugin").glob("*.c"))
    told = codes(root / "docs/plugin-abi.md")
    tested = codes(*(root / "tests/abi").glob("*.c"), *(root / "tests/unit/plugin").glob("*.c"))
    for code in sorted(given - told):
        yield f"docs/plugin-abi.md does not tell of {code}"
    for code in sorted(told - given):
        yield f"docs/plugin-abi.md tells of {code}, which runtime/plugin never gives"
    for code in sorted(given - tested - UNTESTED):
        yield f"no test expects {code}"


def check_guide(root, cc, nm):
    """Sentences about programs of the guide that do not build."""
    guide = (root / "docs/plugin-guide.md").read_text(encoding="utf-8")
    programs = re.findall(r"^```c\n(.*?)^```", guide, re.M | re.S)
    if len(programs) < 3:
        yield "docs/plugin-guide.md has fewer programs than expected"
    with tempfile.TemporaryDirectory() as folder:
        for number, program in enumerate(programs, 1):
            source = pathlib.Path(folder, f"program{number}.c")
            plugin = source.with_suffix(".so")
            source.write_text(program, encoding="utf-8")
            built = subprocess.run([cc, *STRICT, "-shared", "-fPIC", "-I", root / "include",
                                    "-o", plugin, source], capture_output=True, text=True,
                                   check=False)
            if built.returncode:
                yield f"docs/plugin-guide.md, program {number}: {built.stderr}"
            elif check_exports.exports(nm, plugin) != check_exports.EXPECTED:
                yield f"docs/plugin-guide.md, program {number} exports something else"


def main(root, cc, nm):
    root = pathlib.Path(root)
    faults = [*check_codes(root), *check_guide(root, cc, nm)]
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
