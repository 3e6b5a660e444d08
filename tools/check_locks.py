#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The table of locks in docs/concurrency.md and the locks of the code are the same.

Each `struct mutex` of a struct in runtime/ has a row STRUCT.FIELD in the table, and each row has its lock.
lock_order_set() or MUTEX_STATIC() gives each lock that name, for the chaos build, which watches the order; and the chain
it gives is that of the table: LOCKS_ALONE where nothing may be held with it, else the chain it shares with
the locks that its row names.
Usage: check_locks.py ROOT
"""
import re
import sys

import source

DOCUMENT = "docs/concurrency.md"
STRUCT = re.compile(r"^struct\b[^;{}]*?\b(\w+) \{\n(.*?)^\}", re.M | re.S)
FIELD = re.compile(r"^\s+struct mutex\s+(\w+)", re.M)
STATIC = re.compile(r'MUTEX_STATIC\("([\w.]+)"\)')
SET = re.compile(r'lock_order_set\(\s*[^,]+,\s*"([\w.]+)"\s*,\s*(\w+)')
ROW = re.compile(r"^(\w+\.\w+)(?:\(\w+\))?\s+->\s+(nothing\b|\w+\.\w+(?:, \w+\.\w+)*)", re.M)


def table(root):
    """lock -> locks that may be taken with it held."""
    section = source.read(root / DOCUMENT).partition("## Lock order")[2].partition("\n## ")[0]
    return {lock: [] if then == "nothing" else then.split(", ") for lock, then in ROW.findall(section)}


def code(root):
    """(lock -> place of its field, lock -> its chain in lock_order_set())."""
    fields, chains = {}, {}
    for path in source.files(root, ["runtime"], {".c", ".h"}):
        text = source.read(path)
        for struct in STRUCT.finditer(source.blank(text)):
            for field in FIELD.findall(struct.group(2)):
                fields[f"{struct.group(1)}.{field}"] = path
        chains.update(SET.findall(text))
        chains.update((lock, "LOCKS_ALONE") for lock in STATIC.findall(text))
    return fields, chains


def faults(root):
    rows, (fields, chains) = table(root), code(root)
    for lock, path in sorted(fields.items()):
        if lock not in rows:
            yield f"{path}: {lock} is not in the table of {DOCUMENT}"
        if lock not in chains:
            yield f"{path}: {lock} has no lock_order_set() that names it"
    followers = {lock for then in rows.values() for lock in then}
    for lock, then in rows.items():
        if lock not in fields:
            yield f"{DOCUMENT}: there is no {lock}"
        alone = not then and lock not in followers
        chain = chains.get(lock)
        if chain and alone != (chain == "LOCKS_ALONE"):
            yield f"{DOCUMENT}: {lock} is of {chain}, but its row says otherwise"
        for other in then:
            if chains.get(other) != chain:
                yield f"{DOCUMENT}: {lock} and {other} are not of one chain"


if __name__ == "__main__":
    sys.exit(source.report(list(faults(source.root_argument(__doc__)))))
