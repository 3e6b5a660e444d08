#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Calls that belong to one place only, and calls that belong nowhere.

Usage: check_words.py ROOT
"""
import re
import sys

import source

# (what, where it is looked for, files that may, why)
RULES = [
    (r"\bpthread_(?!t\b)\w+", ["runtime"], {"runtime/base/sync.c", "runtime/base/sync.h", "runtime/base/chaos."},
     "threads, locks and conditions come from base/sync.h"),
    (r"\b(?:v?f?printf|vprintf|puts|fputs|putchar|fputc|perror|fwrite)\s*\(", ["runtime"],
     {"runtime/base/assert.c", "runtime/base/log.c", "runtime/base/lock_order.c", "runtime/cli/"},
     "only cli/, base/log.c and a failed assertion print"),
    (r"\b(?:exit|_exit|_Exit|quick_exit)\s*\(", ["runtime"],
     {"runtime/cli/", "runtime/exec/"}, "only cli/ ends the process"),
    (r"\babort\s*\(", ["runtime", "plugins"], {"runtime/base/assert.c"},
     "PPH_ASSERT aborts; nothing else does"),
    (r"\b(?:usleep|nanosleep|clock_nanosleep|sleep)\s*\(", ["runtime", "plugins", "tests"],
     {"runtime/base/chaos."}, "wait for a condition, never for a time"),
    (r"\b(?:strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca)\s*\(",
     ["runtime", "plugins", "include"], set(), "it has a bounded or re-entrant sibling"),
    (r"\b(?:dlclose)\s*\(", ["runtime"], set(), "a loaded plugin stays loaded"),
    (r"#\s*pragma\s+once", ["runtime", "plugins", "include", "tests"], set(),
     "guards are LAYER_FILE_H"),
]
TODO = re.compile(r"\b(?:TODO|FIXME|XXX)\b(?!.*#\d)")


def allowed(name, may):
    return name in may or any(prefix.endswith(("/", ".")) and name.startswith(prefix) for prefix in may)


def faults(root):
    found = []
    for path in source.files(root, ["runtime", "plugins", "include", "tests"],
                             {".c", ".h", ".cpp"}):
        name = path.relative_to(root).as_posix()
        text = source.read(path)
        code = source.blank(text).splitlines()
        for pattern, where, may, why in RULES:
            if name.split("/")[0] not in where or allowed(name, may):
                continue
            for number, line in enumerate(code, 1):
                match = re.search(pattern, line)
                if match:
                    found.append(f"{path}:{number}: {match.group().strip('( ')}: {why}")
        for number, line in enumerate(text.splitlines(), 1):
            if TODO.search(line):
                found.append(f"{path}:{number}: a TODO needs the number of its issue (#12)")
    return found


if __name__ == "__main__":
    sys.exit(source.report(faults(source.root_argument(__doc__))))
