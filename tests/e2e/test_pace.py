# SPDX-License-Identifier: MIT
"""What waits for time by its own description: `rate:` of a source, `batch: {wait: ...}`.
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


def test_a_batch_goes_out_when_enough_has_come_and_the_rest_at_the_end(host):
    """Nobody would wait for an hour."""
    host.write("p.yaml", "stages:\n  - {use: lines, with: {path: \"-\"}}\n"
               "  - {use: print, batch: {items: 3, wait: 1h}}\n")
    for flags in ((), ("--threads", "1"), ("--inline",)):
        process = host.start("run", "p.yaml", *flags, stdin=-1, stdout=-1, stderr=-1)
        for k in range(4):
            process.stdin.write(f"{k}\n".encode())
            process.stdin.flush()
        got = b"".join(process.stdout.readline() for _ in range(3))
        check(got == b"0\n1\n2\n", got)
        rest, err = process.communicate(timeout=TIME_LIMIT_S)
        check(rest == b"3\n" and process.returncode == 0, err.decode())


def test_a_batch_goes_out_when_the_oldest_has_waited_long_enough(host):
    host.write("p.yaml", "stages:\n  - {use: lines, with: {path: \"-\"}}\n"
               "  - {use: print, batch: {items: 1000, wait: 50ms}}\n")
    process = host.start("run", "p.yaml", stdin=-1, stdout=-1, stderr=-1)
    begin = time.monotonic()
    process.stdin.write(b"x\n")
    process.stdin.flush()
    check(process.stdout.readline() == b"x\n", "the one that has come")
    check(time.monotonic() - begin >= 0.0499, "not sooner")
    _, err = process.communicate(timeout=TIME_LIMIT_S)
    check(process.returncode == 0, err.decode())


def test_what_fails_in_a_batch_is_told_with_its_own_origin(host):
    for name in ("a.txt", "b.txt"):
        host.write(name, "".join(f"{'x' if k % 10 == 3 else 'y'}{name}{k}\n" for k in range(40)))
    host.write("p.yaml", "stages:\n  - {use: lines, with: {path: [a.txt, b.txt]}}\n"
               "  - {use: 'moody:grumpy', on_error: dead, batch: {items: 25, wait: 1h}}\n"
               "  - {use: drop}\n"
               "  - {use: jsonl, from: .dead, with: {path: dead.jsonl}, batch: {items: 5, wait: 1h}}\n")
    for flags in ((), ("--inline",)):
        done = host.run("run", "p.yaml", *flags)
        check(done.code == 3 and "dead 8" in done.err, done)
        for line in (host.folder / "dead.jsonl").read_text().splitlines():
            letter = json.loads(line)
            check(letter["data"] == f"x{letter['origin'].split('/')[-1]}{letter['pos'] - 1}", line)
            check(letter["stage"] == "grumpy" and letter["attempt"] == 1, line)


def test_waiting_for_batches_is_told_by_check_and_show(host):
    host.write("p.yaml", "defaults: {batch: {wait: 20ms, items: 10}}\nstages:\n"
               "  - {use: count, with: {to: 30}}\n"
               "  - {use: split, batch: {items: 2000}, queue: 4000}\n"
               "  - {use: head, with: {n: 1}, batch: auto}\n  - {use: drop, batch: {wait: 0}}\n")
    check("  split waits up to 20ms for its batches (batch: wait)\n"
          in host.run("check", "p.yaml").out, "check")
    stages = json.loads(host.run("check", "--json", "p.yaml").out)[0]["stages"]
    check(stages[1]["batch"] == {"items": 2000, "bytes": 32000000, "wait_ns": 20000000}, stages)
    check("batch" not in stages[0] and "batch" not in stages[2], stages)
    check(stages[3]["batch"] == {"items": 10, "bytes": 65536}, stages)
    shown = host.run("show", "p.yaml")
    check("      items: 2000\n      wait: 20ms\n" in shown.out, shown)
    host.write("p.yaml", shown.out)
    check(host.run("show", "p.yaml").out == shown.out, "what is shown can be run")


if __name__ == "__main__":
    sys.exit(run_all(sys.modules[__name__]))
