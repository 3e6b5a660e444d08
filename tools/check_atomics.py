#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each order that an atomic operation asks for names its partner.

Operations are of the `_explicit` form.  One that is not relaxed carries a label in a comment on its
lines or just above: R1 for what is released, A1 for where it is acquired, or `see x-note` for a longer
reason.  Labels belong to a layer, and each has its partner there.
Usage: check_atomics.py ROOT
"""
import re
import sys

import source

IMPLICIT = re.compile(r"\batomic_(?:load|store|exchange|fetch_\w+?|compare_exchange_\w+?)\s*\(")
ORDER = re.compile(r"\bmemory_order_(?:acquire|release|acq_rel|seq_cst|consume)\b")
LABEL = re.compile(r"\b([RA])(\d{1,2})\b")
NOTE = re.compile(r"\b\w+-note\b")
ABOVE = 3  # lines of a comment above the operation


def named_partner(code, said, index):
    """Whether a comment on the statement of line `index`, or just above it, has a label or a note."""
    first = last = index
    while first > 0 and code[first - 1].strip() and not re.search(r"[;{}]\s*$", code[first - 1]):
        first -= 1
    while last + 1 < len(code) and not re.search(r"[;{}]\s*$", code[last]):
        last += 1
    above = first
    while above > 0 and first - above < ABOVE and not code[above - 1].strip():
        above -= 1
    words = " ".join(said[above:last + 1])
    return LABEL.search(words) or NOTE.search(words)


def faults(root):
    found, used = [], {}
    for path in source.files(root, ["runtime"], {".c", ".h"}):
        text = source.read(path)
        code, said = source.blank(text).splitlines(), source.comments(text).splitlines()
        layer = path.relative_to(root / "runtime").parts[0]
        for index, line in enumerate(code):
            for match in IMPLICIT.finditer(line):
                if not match.group().rstrip("( ").endswith("_explicit"):
                    found.append(f"{path}:{index + 1}: say the order: {match.group()[:-1]}_explicit")
            if ORDER.search(line) and not named_partner(code, said, index):
                found.append(f"{path}:{index + 1}: this order names no partner (R1, A1)")
        used.setdefault(layer, set()).update(LABEL.findall(" ".join(said)))
    for layer, labels in sorted(used.items()):
        for kind, number in sorted(labels):
            other = "A" if kind == "R" else "R"
            if (other, number) not in labels:
                found.append(f"runtime/{layer}: {kind}{number} has no {other}{number}")
    return found


if __name__ == "__main__":
    sys.exit(source.report(faults(source.root_argument(__doc__))))
