#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`on_error:` in its long form: what is tried again, what is said of it, and batches that fail as a whole."""
import json
import sys

from host import check, run_all

WORDS = [f"{letter}{k}" for k in range(1, 41) for letter in "abcdefghxy"]


def words(host, use, on_error, more="", more_keys=""):
    host.write("in.txt", "".join(w + "\n" for w in WORDS))
    host.write("p.yaml", "stages:\n  - {use: lines, with: {path: in.txt}}\n"
               f"  - {{name: m, use: 'moody:{use}', on_error: {on_error}{more_keys}}}\n"
               f"  - {{use: write, with: {{path: out.txt}}}}\n{more}")


def test_a_retry_that_never_succeeds_stops_the_run(host):
    for use in ("picky", "grumpy"):
        words(host, use, "{retry: {times: 2, backoff: 1ms}}")
        for flags in ([], ["--inline"]):
            done = host.run("run", "p.yaml", *flags)
            check(done.code == 1 and "(attempt 3 of 3)" in done.err, done)
            check(not (host.folder / "out.txt").exists(), "nothing is left")
        check(("it may be any of" in done.err) == (use == "grumpy"), done)


def test_what_is_given_up_after_it_is_skipped(host):
    for use in ("picky", "grumpy"):
        words(host, use, "{retry: {times: 1, backoff: 10us..1ms}, then: skip}")
        done = host.run("run", "p.yaml", "--ok-rejects", "40")
        check(done.code == 0 and "skipped 40" in done.err, done)
        check("(attempt 2 of 2)" in done.err and "m tried again" in done.err, done)
        got = (host.folder / "out.txt").read_text().split()
        check(got == [w for w in WORDS if w[0] != "x"], "the others are there, in order")


def test_a_batch_is_halved_down_to_the_culprit(host):
    words(host, "grumpy", "dead",
          more="  - {name: bad, use: write, from: .dead, with: {path: dead.txt}}\n")
    done = host.run("run", "p.yaml", "--verbose")
    check(done.code == 3 and "dead 40" in done.err, done)
    check("found by running its batch of " in done.err, done)
    check("and none was named: it is run in halves" in done.err, done)
    check((host.folder / "dead.txt").read_text().split() == [w for w in WORDS if w[0] == "x"], done)
    check((host.folder / "out.txt").read_text().split() == [w for w in WORDS if w[0] != "x"], done)


def test_attempts_are_told(host):
    words(host, "picky", "{retry: {times: 2, backoff: 1us..1us}, then: skip}")
    done = host.run("run", "p.yaml", "--verbose")
    for text in ("item 9 failed (attempt 1 of 3), and again in 1 us", "item 9 failed (attempt 2 of 3)"):
        check(text in done.err, done)
    check("(attempt 3 of 3), and" not in done.err, done)
    done = host.run("run", "p.yaml", "--log", "json")
    told = [json.loads(line) for line in done.err.splitlines()]
    failure = [t for t in told if t.get("code") == "R602"][0]
    check((failure["attempt"], failure["attempts"]) == (3, 3), failure)
    summary = [t for t in told if "account" in t][0]
    check([s["retried"] for s in summary["stages"] if s["name"] == "m"] == [80], summary)


def test_a_full_dead_letter_box_stops_the_run(host):
    """The disk is full, as /dev/full says: named, nothing hangs, the account adds up."""
    words(host, "picky", "{retry: {times: 1, backoff: 1ms}, then: dead}",
          more="  - {name: bad, use: write, from: .dead, with: {path: /dev/full}}\n")
    for flags in ([], ["--inline"]):
        done = host.run("run", "p.yaml", *flags)
        check(done.code == 1 and "stage 'bad'" in done.err and "No space left" in done.err, done)
        check(not (host.folder / "out.txt").exists(), "nothing looks complete")


def test_an_error_of_the_reader_of_dead_letters_stops_the_run(host):
    words(host, "picky", "dead",
          more="  - {name: r, use: 'moody:picky', from: .dead, on_error: {retry: {times: 3, backoff: 1ms}, then: skip}}\n"
               "  - {use: drop}\n")
    done = host.run("run", "p.yaml")
    check(done.code == 1 and "stage 'r'" in done.err and "(attempt 4 of 4)" in done.err, done)


def test_it_is_shown(host):
    words(host, "picky", "{retry: 2, then: skip}")
    shown = host.run("show", "p.yaml").out
    check("    on_error: {retry: {times: 2, backoff: 100ms..5s}, then: skip}\n" in shown, shown)
    host.write("again.yaml", shown)
    check(host.run("show", "again.yaml").out == shown, "again")
    facts = json.loads(host.run("check", "--json", "p.yaml").out)[0]["stages"][1]
    check(facts["retry"] == {"times": 2, "backoff_ns": 10 ** 8, "backoff_max_ns": 5 * 10 ** 9}, facts)
    check(host.run("run", "p.yaml", "--set", "m.on_error.retry=0", "--set", "m.on_error.then=stop").code == 1,
          "--set reaches into the long form")


sys.exit(run_all(sys.modules[__name__]))
