#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What docs/scheduler.md names exists, so that its tables cannot rot.

Anywhere in it: a word with the ending of a source is a file of the project (`inbox.c`, `tests/models/cases.py`), a word
before `()` a function of the runtime.  In backquotes:
  model.CASE     a case of tests/models/cases.py        mutant.NAME  one of tests/sim/mutants_list.py
  FOLDER.TEST    a test of CTest that tests/FOLDER/CMakeLists.txt makes, or tools/ for style
  FILE:TEST      a test in that file of tests/, or a text in it
  any identifier a word of runtime/, include/ or tests/, the last one of STRUCT.FIELD
Each invariant (### P1 ...) has a paragraph "Guarded by:" with tests of at least two kinds.
Usage: check_names.py ROOT
"""
import re
import sys

import source

DOCUMENT = "docs/scheduler.md"
ENDINGS = {".c", ".h", ".py", ".pml", ".md"}
FILE = re.compile(r"(?<![\w./])((?:\.\./)?(?:\w+/)*\w+\.(?:c|h|py|pml|md))\b")
FUNCTION = re.compile(r"\b([a-z_]\w+)\(\)")
SPAN = re.compile(r"`([^`\n]+)`")
TEST = re.compile(r"(model|mutant|sim|litmus|stress|faults|signals|e2e|style)\.([\w-]+)$")
INSIDE = re.compile(r"(\w+\.(?:c|py)):(.+)$")
IDENTIFIER = re.compile(r"(?:[A-Za-z_]\w*\.)?([A-Za-z_]\w*)$")
FOLDERS = ["runtime", "include", "plugins", "tests", "tools", "docs", "bench"]


class Project:
    """The texts of the project, read once."""

    def __init__(self, root):
        self.root = root
        self.names = {}  # name of a file -> its paths
        for path in source.files(root, FOLDERS, ENDINGS):
            self.names.setdefault(path.name, []).append(path)
        code = [source.blank(source.read(path)) for path in
                source.files(root, ["runtime", "include", "tests"], {".c", ".h"})]
        self.words = set(re.findall(r"\w+", "\n".join(code)))
        runtime = [source.blank(source.read(path)) for path in source.files(root, ["runtime"], {".c", ".h"})]
        self.functions = set(re.findall(r"\b(\w+)\(", "\n".join(runtime)))

    def text(self, name):
        path = self.root / name
        return source.read(path) if path.is_file() else ""

    def has_file(self, name):
        tail = "/" + name.removeprefix("../")
        return any(f"/{path.relative_to(self.root).as_posix()}".endswith(tail)
                   for path in self.names.get(name.split("/")[-1], []))

    def has_test(self, kind, name):
        """Whether the CTest test, model case or mutant is there."""
        if kind == "model":
            return f'_case("{name}"' in self.text("tests/models/cases.py")
        if kind == "mutant":
            return f'Mutant("{name}"' in self.text("tests/sim/mutants_list.py")
        folder = "tools" if kind == "style" else f"tests/{kind}"
        made = re.sub(r"_\d+$", "_${part}", name)  # sim.schedules_1
        words = re.findall(r"[\w${}.-]+", self.text(f"{folder}/CMakeLists.txt"))
        return made in words or f"{kind}.{made}" in words

    def has_inside(self, name, what):
        """Whether a file of tests/ of that name has the test `what`, or the text."""
        for path in self.names.get(name, []):
            if path.relative_to(self.root).parts[0] != "tests":
                continue
            text = source.read(path)
            if name.startswith("test_"):
                found = f"START_TEST({what})" in text or f"def {what}(" in text
            else:
                found = what in text
            if found:
                return True
        return False


def fault_of_span(project, span):
    """What is wrong with what stands in backquotes, or None."""
    test, inside, word = TEST.match(span), INSIDE.match(span), IDENTIFIER.match(span)
    if test:
        return None if project.has_test(*test.groups()) else "there is no such test"
    if inside:
        return None if project.has_inside(*inside.groups()) else "no file of tests/ has that"
    if word and not FILE.fullmatch(span):
        return None if word.group(1) in project.words else "no source has this word"
    return None


def faults_of_guards(lines):
    """Invariants that nothing guards, or tests of one kind only."""
    sections = re.split(r"^### (?=P\d)", "\n".join(lines), flags=re.M)[1:]
    if not sections:
        yield f"{DOCUMENT}: it has no invariants"
    for section in sections:
        title = section.partition("\n")[0]
        guards = re.split(r"\n\n|\n##", section.partition("\nGuarded by:")[2])[0]
        kinds = set()
        for span in SPAN.findall(guards):
            test, inside = TEST.match(span), INSIDE.match(span)
            kinds |= {test.group(1)} if test else {inside.group(1)} if inside else set()
        if len(kinds) < 2:
            yield f"{DOCUMENT}: {title}: guarded by tests of {len(kinds)} kinds, expected 2 or more"


def faults(root):
    project = Project(root)
    lines = project.text(DOCUMENT).splitlines()
    for number, line in enumerate(lines, 1):
        wrong = [(name, "there is no such file") for name in FILE.findall(line) if not project.has_file(name)]
        wrong += [(f"{name}()", "the runtime has no such function") for name in FUNCTION.findall(line)
                  if name not in project.functions]
        wrong += [(span, fault) for span in SPAN.findall(line) if (fault := fault_of_span(project, span))]
        for name, why in wrong:
            yield f"{DOCUMENT}:{number}: {name}: {why}"
    yield from faults_of_guards(lines)


if __name__ == "__main__":
    sys.exit(source.report(list(faults(source.root_argument(__doc__)))))
