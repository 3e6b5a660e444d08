#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""System calls that are interrupted, that do a part of what they were asked for, that wake up for nothing:
the output is right to the byte.  And those that fail: the run says so, and leaves nothing half-written.
"""
import itertools
import re
import sys

import points
from host import check, run_all
from points import Options, Scenario

LINES = 2000
EINTR, EIO, EACCES, EMFILE, ENOSPC = 4, 5, 13, 24, 28
REASON = {EIO: "Input/output error", EACCES: "Permission denied", EMFILE: "Too many open files",
          ENOSPC: "No space left"}
RETRIED = ("read", "write", "stderr", "open", "close", "sync", "futex", "poll")


def text():
    return "".join(f"line {k} has some words\n" for k in range(1, LINES + 1)).encode()


def words():
    return text().replace(b" ", b"\n")


def to_file(host, *stages, out=None, flags=(), fsync="none"):
    """Lines of a file, through stages, to a file."""
    host.write("n.txt", text())
    host.write("name.txt", "out.txt")
    host.write("p.yaml", "stages:\n  - {use: lines, with: {path: n.txt}}\n" +
               "".join(f"  - {s}\n" for s in stages) +
               f'  - {{use: write, with: {{path: "${{file:name.txt}}", fsync: {fsync}}}}}\n')
    return Scenario("run", "p.yaml", *flags, files={"out.txt": out or words()},
                    outcomes=(1, 66, 71, 78))


def through_pipes(host):
    host.write("p.yaml", "stages: [{use: lines, with: '-'}, {use: split}, {use: write, with: '-'}]\n")
    return Scenario("run", "p.yaml", out=words().decode(), stdin=text(), outcomes=(1, 66, 71, 78))


def with_waiting(host):
    greedy, loner, lender = (f"'{Options.folder}/awkward.so:{kind}'"
                             for kind in ("greedy", "loner", "lender"))
    return to_file(host, f"{{use: {greedy}, workers: 2, queue: 10, with: 3}}",
                   f"{{use: {loner}, workers: 2, queue: 20}}", f"{{use: {lender}, workers: 2}}",
                   out=b"".join(3 * (line + b"\n") for line in text().splitlines()),
                   flags=("--threads", "2"))


def unharmed(host, scenario, kinds, ways):
    """Runs with something happening to many calls, which must change nothing."""
    points.learn(host, scenario)
    seen = dict.fromkeys(kinds, 0)
    rules = [f"{kind}:{way}" for kind in kinds for way in ways]
    rules += [" ".join(f"{kind}:{way}" for kind in kinds) for way in ways]
    scenario.outcomes = ()
    for rule in [Options.only] if Options.only else rules:
        counts = points.sweep(host, scenario, [rule], re.compile("x^"))[2]
        seen = {kind: n + counts.hits[kind] for kind, n in seen.items()}
    return seen


def test_interrupted(host):
    """EINTR, from every call that may be interrupted."""
    often = [f"every={n}:{EINTR}" for n in (2, 3, 7)] + [f"n={n}:{EINTR}" for n in (1, 2, 3)]
    seen = unharmed(host, to_file(host, "{use: split, workers: 2}", fsync="close"), RETRIED, often)
    also = unharmed(host, through_pipes(host), RETRIED, often)
    for kind in RETRIED:
        check(Options.only or seen[kind] + also[kind] > 0, f"{kind} was never interrupted")


def test_in_parts(host):
    """Reads and writes that do less than they were asked for."""
    ways = [f"every={n}:short" for n in (1, 2, 5)]
    kinds = ("read", "write", "stderr")
    seen = unharmed(host, to_file(host, "{use: split, workers: 2}"), kinds, ways)
    also = unharmed(host, through_pipes(host), kinds, ways)
    for kind in kinds:
        check(Options.only or min(seen[kind], also[kind]) > 0, f"no {kind} was short")


def test_woken_for_nothing(host):
    """Conditions and futexes that wake up although nobody has called them."""
    ways = [f"every={n}:spurious" for n in (2, 3, 10)]
    seen = unharmed(host, with_waiting(host), ("futex", "cond"), ways)
    for kind, n in seen.items():
        check(Options.only or n > 0, f"no {kind} woke up")


def test_room_ahead(host):
    """What write reserves and gives back is a favour to the file system."""
    lines = b"".join(b"%09d\n" % k for k in range(300000))
    host.write("many.txt", lines)
    host.write("p.yaml", "stages: [{use: lines, with: many.txt}, {use: write, with: out.txt}]\n")
    unharmed(host, Scenario("run", "p.yaml", files={"out.txt": lines}), ("room",),
             [f"every={n}:{error}" for n in (1, 2) for error in (EINTR, ENOSPC)])


def test_verbs_say_that_they_cannot_write(host):
    to_file(host, "{use: split}")
    for verb in (["check", "p.yaml"], ["check", "p.yaml", "--json"], ["show", "p.yaml"],
                 ["graph", "p.yaml"], ["plugins"], ["plugins", "write"], ["help"], ["version"]):
        scenario = Scenario(*verb, outcomes=(1,))
        points.sweep(host, scenario, [f"write:n=1:{ENOSPC}"],
                     re.compile("cannot write to standard output: No space left"))


def failing(host, scenario, kind, errors, total):
    """Fails each call of a kind in turn: the run must fail for that reason, or not need the call."""
    if Options.only:
        points.sweep(host, scenario, [], re.compile(""))
        return
    for error in errors[:1] if host.sanitized() else errors:
        words_of_it = re.compile(REASON[error])
        for when in ("n", "from"):
            rules = (f"{kind}:{when}={n}:{error}" for n in itertools.count(1))
            ran, effects, _ = points.sweep(host, scenario, rules, words_of_it, clean=2)
            print(f"{kind}, {REASON[error]}: {ran} points, {effects} hit", flush=True)
            check(effects >= total, f"{kind} did not fail {total} times")


def test_write_fails(host):
    failing(host, to_file(host, "{use: split, workers: 2}"), "write", (ENOSPC, EIO), 1)


def test_write_to_a_pipe_fails(host):
    failing(host, through_pipes(host), "write", (EIO,), 1)


def test_read_fails(host):
    failing(host, to_file(host, "{use: split, workers: 2}"), "read", (EIO,), 10)


def test_read_of_dead_letters_fails(host):
    host.write("d.jsonl", '{"stage":"split","data":"some words"}\n' * LINES)
    failing(host, Scenario("replay", "d.jsonl", "--pipeline", "lines n.txt ! split ! write out.txt",
                           files={"out.txt": b"some\nwords\n" * LINES}, outcomes=(1, 66, 71, 78)), "read", (EIO,), 4)


def test_read_from_a_pipe_fails(host):
    failing(host, through_pipes(host), "read", (EIO,), 10)


def test_open_fails(host):
    failing(host, to_file(host, "{use: split, workers: 2}"), "open", (EMFILE, EACCES), 5)


def test_sync_fails(host):
    failing(host, to_file(host, "{use: split, workers: 2}", fsync="close"), "sync", (EIO,), 2)


def test_rename_fails(host):
    failing(host, to_file(host, "{use: split, workers: 2}"), "rename", (EACCES,), 1)


def test_event_fails(host):
    failing(host, to_file(host, "{use: split, workers: 2}"), "event", (EMFILE,), 2)


def test_close_of_the_output_fails(host):
    failing(host, to_file(host, "{use: split, workers: 2}"), "close", (EIO,), 1)


def test_what_is_left_over_is_named(host):
    """The part of a file that can neither be finished nor removed."""
    scenario = to_file(host, "{use: split}")
    scenario.may_leave = re.compile(r"\.out\.txt\..*\.part")
    rule = f"write:n=1:{ENOSPC} unlink:n=1:{EIO}"
    points.sweep(host, scenario, [rule], re.compile("(?s)No space left.*cannot remove .*\\.part: Input"))


def test_standard_error_fails(host):
    """Then there is no way to say so; the exit code remains."""
    scenario = to_file(host, "{use: split}", flags=("--verbose",))
    points.sweep(host, scenario, ["stderr:from=1", "stderr:n=1"], re.compile("^"))


Options.take()
sys.exit(run_all(sys.modules[__name__]))
