#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How many items a run may give up: `max_rejects:` and `--ok-rejects`."""
import json
import pathlib
import sys

from host import check, run_all


def fault(host, nth, on_error="skip"):
    so = pathlib.Path(host.plugins).parents[1] / "plugins" / "faulty.so"
    return f"{{use: '{so}:fault', on_error: {on_error}, with: {{where: item, nth: {nth}}}}}"


def numbers(host, n=1000, nth=10, top="", on_error="skip", more=""):
    """n lines, of which every nth is given up."""
    host.write("n.txt", "".join(f"{k}\n" for k in range(1, n + 1)))
    host.write("p.yaml", f"{top}stages:\n  - {{use: lines, with: {{path: n.txt}}}}\n"
               f"  - {fault(host, nth, on_error)}\n"
               f"  - {{use: write, with: {{path: out.txt}}}}\n{more}")


def test_as_many_as_are_allowed_end_with_0(host):
    for limit in ("100", "10%", "100%", "101"):
        numbers(host, top=f"max_rejects: {limit}\n")
        for flags in ([], ["--inline"]):
            done = host.run("run", "p.yaml", *flags)
            check(done.code == 0 and "skipped 100" in done.err, (limit, done))
            check((host.folder / "out.txt").read_text().count("\n") == 900, limit)


def test_more_fail_the_run_and_keep_nothing(host):
    for limit, words in (("99", "100 items, and max_rejects is 99"), ("0", "1 item, and max_rejects is 0"),
                         ("9.9%", "100 of 1,000 items, and max_rejects is 9.9%")):
        numbers(host, top=f"max_rejects: {limit}\n")
        for flags in ([], ["--inline"]):
            done = host.run("run", "p.yaml", *flags)
            check(done.code == 1, (limit, done))
            check(f"error[R603]: too much was given up: {words}\n" in done.err, (limit, done))
            check("gave up on" in done.err and "this one is rotten" in done.err, done)
            check(not (host.folder / "out.txt").exists(), limit)


def test_dead_letters_count_too(host):
    reader = "  - {name: bad, use: write, from: .dead, with: {path: dead.txt}}\n"
    numbers(host, on_error="dead", more=reader)
    check(host.run("run", "p.yaml", "--ok-rejects", "100").code == 0, "100 are allowed")
    check((host.folder / "dead.txt").read_text().count("\n") == 100, "and all are there")
    check(host.run("run", "p.yaml", "--ok-rejects", "5%").code == 1, "5% are not enough")
    check(host.run("run", "p.yaml").code == 3, "nobody allowed any")


def test_the_flag_is_over_the_file(host):
    numbers(host, top="max_rejects: 5\n")
    check(host.run("run", "p.yaml", "--ok-rejects=100").code == 0, "the flag allows more")
    check(host.run("run", "p.yaml", "--set", "max_rejects=100").code == 0, "so does --set")
    for wrong in ("some", "-1", "101%", ""):
        done = host.run("run", "p.yaml", "--ok-rejects", wrong)
        check(done.code == 64 and "'--ok-rejects' needs a number" in done.err, done)


def test_without_rejects_the_limit_is_no_matter(host):
    numbers(host, nth=2000, top="max_rejects: 0%\n")
    check(host.run("run", "p.yaml").code == 0, "none was given up")


def test_a_run_that_is_lost_does_not_go_on(host):
    """Half of a stream that would take hours: it ends long before, and says why."""
    host.write("p.yaml", "max_rejects: 10%\nstages:\n  - {use: generate, with: {count: 1000000000000}}\n"
               f"  - {fault(host, 2)}\n  - {{use: drop}}\n")
    for flags in ([], ["--inline"]):
        done = host.run("run", "p.yaml", "--log", "json", *flags)
        check(done.code == 1, done)
        told = [json.loads(line) for line in done.err.splitlines()]
        why = [t for t in told if t.get("code") == "R603"]
        check(len(why) == 1 and "max_rejects is 10%" in why[0]["message"], done)


def test_it_is_shown(host):
    numbers(host, top="max_rejects: 0.50%\n")
    check("\nmax_rejects: 0.5%\n" in host.run("show", "p.yaml").out, "show")
    check("up to 0.5% of the items may be given up" in host.run("check", "p.yaml").out, "check")
    check(json.loads(host.run("check", "--json", "p.yaml").out)[0]["max_rejects"] == "0.5%", "JSON")
    shown = host.run("show", "p.yaml").out
    host.write("again.yaml", shown)
    check(host.run("show", "again.yaml").out == shown, "again")


sys.exit(run_all(sys.modules[__name__]))
