# SPDX-License-Identifier: MIT
"""What waits for time by its own description: `rate:` of a source.
Usage: test_pace.py PPHOST PLUGINS SOURCE
"""
import json
import signal
import sys
import time

from host import TIME_LIMIT_S, check, run_all

CREDIT_S = 0.01


def test_a_rate_is_never_exceeded_and_nothing_is_lost(host):
    for items, rate, per_s in ((30, "100/s", 100), (300, "1000/s", 1000), (3, "600/m", 10),
                               (20000, "100000/s", 100000)):
        host.write("p.yaml", f"stages:\n  - {{use: count, with: {{to: {items}}}, rate: {rate}}}\n"
                   "  - {use: write, with: {path: out.txt}}\n")
        for flags in ((), ("--threads", "1"), ("--inline",)):
            begin = time.monotonic()
            done = host.run("run", "p.yaml", *flags)
            took = time.monotonic() - begin
            check(done.code == 0 and f"delivered {items:,}\n" in done.err, done)
            check(took >= (items - 1) / per_s - CREDIT_S, f"{took} s")
            got = (host.folder / "out.txt").read_text().split()
            check(len(got) == items and got == sorted(got, key=int), "all, in order")


def test_all_workers_of_a_source_share_it(host):
    host.write("in.txt", "".join(f"{k}\n" for k in range(400)))
    host.write("p.yaml", "stages:\n  - {use: lines, with: {path: in.txt}, workers: 4, rate: 2000/s}\n"
               "  - {use: write, with: {path: out.txt}}\n")
    begin = time.monotonic()
    done = host.run("run", "p.yaml")
    took = time.monotonic() - begin
    check(done.code == 0 and took >= 399 / 2000 - CREDIT_S, f"{took} s {done}")
    check((host.folder / "out.txt").read_bytes() == (host.folder / "in.txt").read_bytes(), done)


def test_the_first_signal_ends_a_source_that_is_held_back(host):
    """After one item of an hour, or after the first of those that were planned together."""
    host.write("in.txt", "x\n" * 5000)
    for source in ("count, with: {to: 5000}", "lines, with: {path: in.txt}, workers: 3"):
        host.write("p.yaml", f"stages:\n  - {{use: {source}, rate: 1/h}}\n"
                   "  - {use: write, with: {path: \"-\"}}\n")
        for flags in ((), ("--inline",)):
            process = host.start("run", "p.yaml", *flags, stdout=-1, stderr=-1)
            check(process.stdout.read(1) != b"", "the first item comes at once")
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=TIME_LIMIT_S)
            check(b"drained" in err and b"read 1 = delivered 1\n" in err, err.decode())


def test_it_is_told_by_check_show_and_the_summary(host):
    host.write("p.yaml", "stages:\n  - {name: nums, use: count, with: {to: 30}, rate: 100/s}\n"
               "  - {use: drop}\n")
    check("  nums is held back to 100/s (rate)\n" in host.run("check", "p.yaml").out, "check")
    check(json.loads(host.run("check", "--json", "p.yaml").out)[0]["stages"][0]["rate"]
          == "100/s", "check --json")
    shown = host.run("show", "p.yaml")
    check("    rate: 100/s\n" in shown.out, shown)
    host.write("p.yaml", shown.out)
    check(host.run("show", "p.yaml").out == shown.out, "what is shown can be run")
    done = host.run("run", "p.yaml")
    check("limited by the rate of nums: 100/s held it back " in done.err, done)
    done = host.run("run", "--log", "json", "p.yaml")
    check(json.loads(done.err.splitlines()[-1])["held_by_rate"] == "nums", done)


def test_it_can_be_set_be_a_default_and_stand_in_a_one_liner(host):
    done = host.run("show", "count to=3 rate=50/s ! drop")
    check("    rate: 50/s\n" in done.out, done)
    host.write("p.yaml", "defaults: {rate: 7/m}\nstages:\n  - {use: count, with: {to: 3}}\n  - {use: drop}\n")
    check("    rate: 7/m\n" in host.run("show", "p.yaml").out, "default")
    check("    rate: 9/h\n" in host.run("show", "p.yaml", "--set", "count.rate=9/h").out, "--set")


if __name__ == "__main__":
    sys.exit(run_all(sys.modules[__name__]))
