#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Brings all C and C++ sources into the house form, or with --check says which ones are not.

Exit code 77: clang-format is not installed.
Usage: format.py [--check] ROOT
"""
import pathlib
import shutil
import subprocess
import sys

import source

FOLDERS = ["runtime", "plugins", "include", "tests", "bench", "configs"]
SKIPPED = 77


def main(root, check):
    # 14 is what Debian 12 has; other versions lay some lines out otherwise.
    tool = shutil.which("clang-format-14") or shutil.which("clang-format")
    if not tool:
        print("clang-format is not installed: nothing to check")
        return SKIPPED
    paths = source.files(root, FOLDERS, {".c", ".h", ".cpp"})
    if not paths:
        return 0
    mode = ["--dry-run", "-Werror"] if check else ["-i"]
    return subprocess.run([tool, "--style=file", *mode, *map(str, paths)], check=False).returncode


if __name__ == "__main__":
    arguments = [word for word in sys.argv[1:] if word != "--check"]
    if len(arguments) != 1 or not pathlib.Path(arguments[0]).is_dir():
        sys.exit(__doc__)
    sys.exit(main(pathlib.Path(arguments[0]), "--check" in sys.argv[1:]))
