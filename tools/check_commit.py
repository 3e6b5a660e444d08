#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Form of commit messages: `area: what it now does`, at most 72 characters, no full stop.

The area is a layer, a plugin, or abi, tests, docs, build and the like, in lower case; what follows
starts in lower case too, unless it is a name (`PPH_MORE`, `README`).  A body starts after a blank
line.  Looks at the commits of HEAD that are younger than OLDER.  Exit code 77: there is no
history to look at.
Usage: check_commit.py ROOT [RANGE]
"""
import pathlib
import re
import subprocess
import sys

SUBJECT_MAX = 72
SUBJECT = re.compile(r"^[a-z][a-z0-9_+./-]*(?:, [a-z][a-z0-9_+./-]*)*: \S")
NAME = re.compile(r"^(?:[A-Z][A-Z0-9]*_\w*|[A-Z0-9][A-Z0-9+.]+s?\b|[A-Z]\w*[A-Z]\w*|\S*\.\w+\b)")
FIRST_LETTER = re.compile(r"^[^A-Z]")
SKIPPED = 77
OLDER = "999385170520"  # history is not rewritten: the rule is enforced from here on


def message_fault(message):
    """What is wrong with a commit message, or None."""
    subject, _, rest = message.partition("\n")
    if not SUBJECT.match(subject):
        return "is not of the form `area: what it now does`"
    said = subject.split(": ", 1)[1]
    if not FIRST_LETTER.match(said) and not NAME.match(said):
        return "goes on in upper case after the area"
    if len(subject) > SUBJECT_MAX:
        return f"has {len(subject)} characters; at most {SUBJECT_MAX}"
    if subject.endswith("."):
        return "ends with a full stop"
    if rest.strip() and not rest.startswith("\n"):
        return "needs a blank line between subject and body"
    return None


def git(root, *arguments):
    # The tree may belong to another user, as it often does in a container.
    command = ["git", "-c", "safe.directory=*", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def younger(root):
    """The range to look at; all of HEAD in a history that does not hold OLDER."""
    known = git(root, "merge-base", "--is-ancestor", OLDER, "HEAD").returncode == 0
    return f"{OLDER}..HEAD" if known else "HEAD"


def main(root, commits):
    if not (root / ".git").exists():
        print("not a git checkout: nothing to check")
        return SKIPPED
    try:
        log = git(root, "log", "--no-merges", "--format=%h%x00%B%x01", commits or younger(root))
    except FileNotFoundError:
        print("git is not installed: nothing to check")
        return SKIPPED
    if log.returncode != 0:
        print(log.stderr.strip())
        return 1
    bad = 0
    for entry in filter(None, (part.strip("\n") for part in log.stdout.split("\x01"))):
        commit, message = entry.split("\x00", 1)
        fault = message_fault(message)
        if fault:
            print(f"{commit}: {fault}: {message.splitlines()[0] if message else ''}")
            bad = 1
    return bad


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2] if len(sys.argv) == 3 else ""))
