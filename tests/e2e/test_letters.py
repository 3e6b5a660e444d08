#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Dead letters as lines of JSON: who gave an item up and why, where it came from, and its bytes."""
import base64
import json
import os
import resource
import sys

from host import check, run_all

DEAD = "  - {name: box, use: jsonl, from: .dead, with: {path: dead.jsonl}}\n"


def pipeline(host, *stages, top="", dead=DEAD):
    host.write("p.yaml", f"{top}stages:\n  - {{use: lines, with: {{path: in.txt}}}}\n"
               + "".join(f"  - {s}\n" for s in stages)
               + "  - {use: write, with: {path: out.txt}}\n" + dead)


def letters(host, name="dead.jsonl"):
    return [json.loads(line) for line in (host.folder / name).read_bytes().splitlines()]


def test_all_is_known_of_a_letter(host):
    host.write("in.txt", "good\nxbad\nfine\nxworse\n")
    pipeline(host, "{name: m, use: 'moody:picky', on_error: {retry: {times: 2, backoff: 1us}, then: dead}}")
    for flags in ([], ["--inline"]):
        done = host.run("run", "p.yaml", *flags)
        check(done.code == 3 and "dead 2" in done.err, done)
        got = letters(host)
        path = str(host.folder / "in.txt")
        origins = [letter.pop("origin") for letter in got]
        check(all(os.path.realpath(o) == path or o == "in.txt" for o in origins), origins)
        workers = [letter.pop("worker") for letter in got]
        check(all(w >= 0 for w in workers), workers)
        check(got == [{"stage": "m", "error": "it starts with a bad letter", "attempt": 3, "pos": pos,
                       "unit": "line", "data": data} for pos, data in ((2, "xbad"), (4, "xworse"))], got)


def test_bytes_of_any_kind_come_back(host):
    items = [b"x\xff\x00\xfe", b"x\"\\\t", "xgr\u00fc\u00df".encode(), b"x", b"x" * 300000, b"x\xc3"]
    host.write("in.txt", b"\n".join(items) + b"\n")
    pipeline(host, "{use: 'moody:picky', on_error: dead}")
    check(host.run("run", "p.yaml", "--ok-rejects=6").code == 0, "all are letters")
    got = [base64.b64decode(x["base64"]) if "base64" in x else x["data"].encode() for x in letters(host)]
    check(got == items, [g[:10] for g in got])
    check(["base64" in x for x in letters(host)] == [True, False, False, False, False, True], "text is text")


def test_dead_of_all_stages_says_which(host):
    host.write("in.txt", "".join(f"{c}{k}\n" for k in range(500) for c in "axby"))
    pipeline(host, "{name: first, use: 'moody:picky', workers: 2, on_error: dead, with: x}",
             "{name: second, use: 'moody:grumpy', workers: 2, on_error: dead, with: y}")
    done = host.run("run", "p.yaml")
    check(done.code == 3 and "dead 1,000" in done.err, done)
    got = letters(host)
    for stage, letter in (("first", "x"), ("second", "y")):
        data = [g["data"] for g in got if g["stage"] == stage]
        check(data == [f"{letter}{k}" for k in range(500)], (stage, data[:5]))


def test_two_readers_and_lanes_know_the_same(host):
    host.write("in.txt", "".join(f"x{k}\n" for k in range(3000)))
    pipeline(host, "{name: m, use: 'moody:picky', workers: 3, on_error: dead}",
             dead=DEAD + "  - {name: box2, use: jsonl, from: m.dead, with: {path: two.jsonl}}\n")
    done = host.run("run", "p.yaml")
    check(done.code == 3, done)
    for name in ("dead.jsonl", "two.jsonl"):
        got = letters(host, name)
        check([g["pos"] for g in got] == list(range(1, 3001)), name)
        check({(g["stage"], g["error"], g["attempt"]) for g in got}
              == {("m", "it starts with a bad letter", 1)}, name)


def test_letters_stay_when_the_run_fails(host):
    host.write("in.txt", "".join(f"x{k}\n" for k in range(5000)))
    pipeline(host, "{use: 'moody:picky', on_error: dead}", top="max_rejects: 2000\n")
    done = host.run("run", "p.yaml")
    check(done.code == 1 and "R603" in done.err, done)
    check(not (host.folder / "out.txt").exists(), "nothing looks complete")
    got = letters(host)
    check([g["pos"] for g in got] == list(range(1, len(got) + 1)), "those that were written are whole")


def test_a_full_disk_is_named(host):
    host.write("in.txt", "".join(f"x{k}\n" for k in range(20000)))

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))

    pipeline(host, "{use: 'moody:picky', on_error: dead}")
    for flags in ([], ["--inline"]):
        done = host.run("run", "p.yaml", *flags, preexec_fn=small_files)
        check(done.code == 1 and "dead.jsonl" in done.err and "too large" in done.err, done)
    pipeline(host, "{use: 'moody:picky', on_error: dead}", dead=DEAD.replace("dead.jsonl", "/dev/full"))
    done = host.run("run", "p.yaml")
    check(done.code == 1 and "stage 'box'" in done.err and "No space left" in done.err, done)


def test_the_summary_says_where_letters_are(host):
    host.write("in.txt", "x1\ny\n")
    pipeline(host, "{name: m, use: 'moody:picky', on_error: dead}")
    where = "  dead letters: dead.jsonl   (pphost help replay)\n"
    check(where in host.run("run", "p.yaml").err, "here")
    check("dead letters:" not in host.run("run", "-q", "p.yaml").err, "quiet")
    check("dead letters:" not in host.run("run", "p.yaml", "--set", "m.with=z").err, "there are none")
    (host.folder / "d").mkdir()
    check(f"dead letters: {host.folder}/dead.jsonl " in
          host.run("run", "../p.yaml", "--set", f"lines.with.path={host.folder}/in.txt",
                   "--set", f"box.with.path={host.folder}/dead.jsonl", cwd=host.folder / "d").err, "elsewhere")
    for other in ("  - {use: write, from: .dead, with: dead.txt}\n", "  - {use: jsonl, from: .dead, with: '-'}\n",
                  "  - {use: jsonl, from: [lines, m.dead], with: all.jsonl}\n"):
        pipeline(host, "{name: m, use: 'moody:picky', on_error: dead}", dead=other)
        done = host.run("run", "p.yaml")
        check(done.code == 3 and "dead letters:" not in done.err, done)


def test_items_that_are_no_letters(host):
    host.write("in.txt", "one\ntwo\n")
    host.write("p.yaml", "stages: [{use: lines, with: in.txt}, {use: jsonl, with: '-'}]\n")
    done = host.run("run", "p.yaml")
    check(done.code == 0 and done.out == '{"pos":1,"data":"one"}\n{"pos":2,"data":"two"}\n', done)
    host.write("p.yaml", "stages: [{use: lines, with: in.txt}, {use: jsonl, with: {path: a.jsonl, append: true}}]\n")
    for lines in (2, 4):
        check(host.run("run", "p.yaml").code == 0 and len(letters(host, "a.jsonl")) == lines, lines)


def test_what_a_stage_makes_of_letters_is_none(host):
    """A stage between the port and `jsonl` makes items of its own."""
    host.write("in.txt", "x1\nx2\n")
    pipeline(host, "{name: m, use: 'moody:picky', on_error: dead}",
             dead="  - {use: head, from: m.dead, with: 5}\n  - {use: jsonl, with: dead.jsonl}\n")
    done = host.run("run", "p.yaml")
    check(done.code == 3, done)
    check(letters(host) == [{"pos": 1, "data": "x1"}, {"pos": 2, "data": "x2"}], letters(host))


sys.exit(run_all(sys.modules[__name__]))
