#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Files have at most 500 lines and functions at most 60; there is no list of exceptions.

A C function is what stands between a brace in the first column, under a line with a parameter
list, and the brace in the first column that closes it.
Usage: check_size.py ROOT
"""
import ast
import re
import sys

import source

FILE_MAX, FUNCTION_MAX = 500, 60
FOLDERS = ["runtime", "plugins", "include", "tests", "tools", "configs"]
NO_FUNCTION = re.compile(r"^\s*(class|struct|union|enum|namespace|extern)\b")


def c_functions(text):
    """(line, name, number of lines) of each function body."""
    lines = source.blank(text).splitlines()
    head, start = "", None
    for number, line in enumerate(lines, 1):
        if start is None:
            if line.startswith("{") and "(" in head and not NO_FUNCTION.match(head):
                start = number
            elif line.startswith("}") or line.rstrip().endswith(";") or line.startswith("#"):
                head = ""
            elif line.strip():
                head = (head + " " + line.strip()).strip()
        elif line.startswith("}"):
            name = re.findall(r"(\w+)\s*\(", head)
            yield start, name[0] if name else head, number - start - 1
            head, start = "", None


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.name, node.end_lineno - node.lineno


def faults(root):
    found = []
    for path in source.files(root, FOLDERS, {".c", ".h", ".cpp", ".py"}):
        text = source.read(path)
        lines = text.count("\n")
        if lines > FILE_MAX:
            found.append(f"{path}: {lines} lines; at most {FILE_MAX}")
        functions = python_functions if path.suffix == ".py" else c_functions
        for line, name, size in functions(text):
            if size > FUNCTION_MAX:
                found.append(f"{path}:{line}: {name} has {size} lines; at most {FUNCTION_MAX}")
    return found


if __name__ == "__main__":
    sys.exit(source.report(faults(source.root_argument(__doc__))))
