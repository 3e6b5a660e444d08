# SPDX-License-Identifier: MIT
"""What the checkers share: which files there are, and a text with comments and strings blanked."""
import pathlib
import re
import sys

TOKEN = re.compile(
    r"//[^\n]*"                    # line comment
    r"|/\*.*?(?:\*/|\Z)"           # block comment
    r'|"(?:\\.|[^"\\\n])*"'        # string
    r"|'(?:\\.|[^'\\\n])*'",       # character
    re.S)


def files(root, folders, endings):
    """Every file below root/FOLDER with one of the endings, sorted; build folders are left out."""
    found = []
    for folder in folders:
        top = root / folder
        for path in sorted(top.rglob("*")) if top.is_dir() else []:
            inside = path.relative_to(root).parts
            if path.suffix in endings and path.is_file() and "build" not in inside:
                found.append(path)
    return found


def blank(text):
    """`text` with comments and the inside of strings turned to blanks; lines keep their numbers."""
    def replace(match):
        token = match.group()
        quote = "" if token[0] == "/" else token[0]
        inner = re.sub(r"[^\n]", " ", token[len(quote):len(token) - len(quote)])
        return quote + inner + quote
    return TOKEN.sub(replace, text)


def comments(text):
    """`text` with all but its comments turned to blanks; lines keep their numbers."""
    kept, last = [], 0
    for match in TOKEN.finditer(text):
        if match.group()[0] == "/":
            kept += [re.sub(r"[^\n]", " ", text[last:match.start()]), match.group()]
            last = match.end()
    return "".join(kept) + re.sub(r"[^\n]", " ", text[last:])


def read(path):
    return path.read_text(encoding="utf-8")


def root_argument(doc):
    """The one argument of a checker: the root of the source tree."""
    if len(sys.argv) != 2 or not pathlib.Path(sys.argv[1]).is_dir():
        sys.exit(doc)
    return pathlib.Path(sys.argv[1])


def report(faults):
    """Prints the faults, one per line; the exit code says whether there were any."""
    for fault in faults:
        print(fault)
    return 1 if faults else 0
