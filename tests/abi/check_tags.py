#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every slot of the ABI says which thread it belongs to.

Each function pointer in struct pph_host and struct pph_plugin must have a comment right before it
that starts with a tag: [control], [worker], [worker, ...] or [any].  The checker first shows itself
that it would notice a missing one.  Usage: check_tags.py HEADER
"""
import re
import sys

STRUCT = re.compile(r"^struct (pph_host|pph_plugin) \{\n(.*?)^\};", re.M | re.S)
SLOT = re.compile(r"^    \w[^;/]*?\(\*(\w+)\)\(", re.M)
TAG = re.compile(r"/\* \[(?:control|worker|worker, [^\]]*|any)\](?:[^*]|\*(?!/))*\*/\n\Z")


def untagged(text):
    """Names of the slots without a tag; and how many slots there are."""
    names, total = [], 0
    for struct, body in STRUCT.findall(text):
        for slot in SLOT.finditer(body):
            total += 1
            if not TAG.search(body[: slot.start()]):
                names.append(f"{struct}.{slot.group(1)}")
    return names, total


def main(path):
    sample = "struct pph_host {\n    /* [any] Does. */\n    int (*a)(int);\n    int (*b)(int);\n};\n"
    if untagged(sample) != (["pph_host.b"], 2):
        print("this checker is broken: it did not find the planted slot")
        return 1
    with open(path, encoding="utf-8") as header:
        names, total = untagged(header.read())
    for name in names:
        print(f"{path}: {name} has no thread tag")
    if total != 19 + 12:
        print(f"{path}: {total} slots found; when slots were added, say so here")
        return 1
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
