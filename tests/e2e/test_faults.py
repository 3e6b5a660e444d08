#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Bad input, and stages that misbehave: each gets a clear message and the right exit code, ends in
bounded time, and leaves nothing half-written.
"""
import os
import pathlib
import resource
import signal
import subprocess
import sys
import time

from host import check, run_all


def faulty(host):
    return pathlib.Path(host.plugins).parents[1] / "plugins" / "faulty.so"


def numbers(folder, n):
    path = folder / "n.txt"
    path.write_text("".join(f"{k}\n" for k in range(1, n + 1)))
    return path


def pipeline(folder, *stages, top=""):
    path = folder / "p.yaml"
    path.write_text(top + "stages:\n" + "".join(f"  - {s}\n" for s in stages))
    return path


def expect(done, code, *texts, name):
    check(done.code == code, f"{name}: exit {done.code}, not {code}\n{done.err}")
    for text in texts:
        check(text in done.err, f"{name}: no {text!r} in\n{done.err}")


def left(folder):
    """Files in the folder beside those that the test put there."""
    return sorted(p.name for p in folder.iterdir() if p.name not in ("n.txt", "p.yaml", "in.txt"))


def stage_fails_in(host, where, nth=1):
    texts = {"open": "the cellar is locked", "start": "the engine is cold",
             "item": "this one is rotten", "flush": "the drain is blocked",
             "stop": "the brake is broken", "close": "the door is stuck"}
    numbers(host.folder, nth)
    pipeline(host.folder, "{use: lines, with: {path: n.txt}}",
             f"{{use: '{faulty(host)}:fault', with: {{where: {where}, nth: {nth}}}}}",
             "{use: write, with: {path: out.txt}}")
    for flags in ([], ["--inline"], ["--threads", "1"]):
        done = host.run("run", "p.yaml", *flags)
        expect(done, 1, "stage 'fault'", str(faulty(host)), texts[where], name=f"{where} {flags}")
        if where == "item":
            expect(done, 1, f"line {nth} of", "n.txt", name=f"{where} {nth} {flags}")
        check(left(host.folder) == [], f"{where} {flags}: left {left(host.folder)}")


def test_stage_fails_in_any_call(host):
    for where in ("open", "start", "item", "flush", "stop", "close"):
        stage_fails_in(host, where)


def test_stage_fails_at_item_1000000(host):
    stage_fails_in(host, "item", 1000000)


def test_skipped_items_end_with_exit_3(host):
    folder = host.folder
    numbers(folder, 1000)
    pipeline(folder, "{use: lines, with: {path: n.txt}}",
             f"{{use: '{faulty(host)}:fault', on_error: skip, with: {{where: item, nth: 10}}}}",
             "{use: write, with: {path: out.txt}}")
    done = host.run("run", "p.yaml")
    expect(done, 3, "skipped 100", "gave up on 100 items: this one is rotten", name="skip")
    check((folder / "out.txt").read_text().count("\n") == 900, "skip: 900 lines are left")


def test_dead_letters_go_to_their_file(host):
    folder = host.folder
    numbers(folder, 1000)
    pipeline(folder, "{use: lines, with: {path: n.txt}}",
             f"{{use: '{faulty(host)}:fault', on_error: dead, with: {{where: item, nth: 10}}}}",
             "{use: write, with: {path: out.txt}}",
             "{name: bad, use: write, from: .dead, with: {path: dead.txt}}")
    done = host.run("run", "p.yaml")
    expect(done, 3, "dead 100", name="dead")
    check((folder / "dead.txt").read_text().split() == [str(k) for k in range(10, 1001, 10)],
          "dead: every tenth, in order")
    check((folder / "out.txt").read_text().count("\n") == 900, "dead: 900 lines are left")


def test_missing_inputs_are_named(host):
    folder = host.folder
    pipeline(folder, "{use: lines, with: {path: [gone.txt, lost.txt]}}",
             "{use: write, with: {path: out.txt}}")
    done = host.run("run", "p.yaml")
    expect(done, 1, "gone.txt", "lost.txt", "No such file", name="missing")
    (folder / "dir").mkdir()
    pipeline(folder, "{use: lines, with: {path: dir}}", "{use: write, with: {path: out.txt}}")
    expect(host.run("run", "p.yaml"), 1, "dir", "directory", name="directory")
    if os.geteuid() != 0:  # root may read anything
        (folder / "secret").write_text("x")
        (folder / "secret").chmod(0)
        pipeline(folder, "{use: lines, with: {path: secret}}", "{use: drop}")
        expect(host.run("run", "p.yaml"), 1, "secret", "denied", name="unreadable")
    check(not (folder / "out.txt").exists(), "missing: no output appears")
    expect(host.run("run", "nowhere.yaml"), 66, "nowhere.yaml", name="no pipeline")


def test_outputs_that_cannot_be(host):
    folder = host.folder
    numbers(folder, 100000)
    pipeline(folder, "{use: lines, with: {path: n.txt}}",
             "{use: write, with: {path: no/such/out.txt}}")
    expect(host.run("run", "p.yaml"), 1, "no/such", name="no folder")
    pipeline(folder, "{use: lines, with: {path: n.txt}}", "{use: write, with: {path: /dev/full}}")
    expect(host.run("run", "p.yaml"), 1, "/dev/full", "No space left", name="full device")
    pipeline(folder, "{use: lines, with: {path: n.txt}}", "{use: write, with: {path: .}}")
    expect(host.run("run", "p.yaml"), 1, "directory", name="write to a directory")

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))

    pipeline(folder, "{use: lines, with: {path: n.txt}}", "{use: write, with: {path: out.txt}}")
    expect(host.run("run", "p.yaml", preexec_fn=small_files), 1, "out.txt", "too large",
           name="full disk")
    check(left(folder) == [], f"full disk: left {left(folder)}")


def test_garbage_descriptions(host):
    folder = host.folder
    (folder / "p.yaml").write_bytes(bytes(range(256)) * 40)
    expect(host.run("run", "p.yaml"), 78, "error[E", "p.yaml", name="garbage")
    (folder / "p.yaml").write_text("[" * 100000)
    expect(host.run("run", "p.yaml"), 78, "error[E", "64", name="brackets")
    (folder / "p.yaml").write_text("")
    expect(host.run("run", "p.yaml"), 78, "error[E", name="empty")


def test_graphs_that_cannot_be(host):
    folder = host.folder
    numbers(folder, 10)
    lines = "{use: lines, with: {path: n.txt}}"
    pipeline(folder, lines, "{use: split}")
    expect(host.run("run", "p.yaml"), 78, "error[E303]: nobody reads split", name="unread")
    pipeline(folder, lines, "{name: a, use: split, from: [lines, b]}", "{name: b, use: split}",
             "{use: drop}")
    expect(host.run("run", "p.yaml"), 78, "error[E305]", "loop", name="loop")
    pipeline(folder, lines, "{use: split, workers: 0}", "{use: drop}")
    expect(host.run("run", "p.yaml"), 78, "workers", name="0 workers")
    pipeline(folder, lines, "{use: split, workers: 10000}", "{use: drop}")
    expect(host.run("run", "p.yaml"), 78, "workers", "1024", name="10,000 workers")
    pipeline(folder, lines, "{use: write, workers: 2, with: {path: out.txt}}")
    expect(host.run("run", "p.yaml"), 78, "error[E309]", name="2 writers")


def test_queue_of_one_and_many_workers(host):
    folder = host.folder
    numbers(folder, 2000)
    pipeline(folder, "{use: lines, with: {path: n.txt}}", "{use: split, workers: 64, queue: 1}",
             "{use: write, queue: 1, with: {path: out.txt}}")
    expect(host.run("run", "p.yaml"), 0, "read 2,000 = delivered 2,000", name="queue of 1")
    check((folder / "out.txt").read_bytes() == (folder / "n.txt").read_bytes(), "queue of 1: same")


def test_empty_input(host):
    folder = host.folder
    (folder / "in.txt").write_bytes(b"")
    pipeline(folder, "{use: lines, with: {path: in.txt}}", "{use: split}",
             "{use: write, with: {path: out.txt}}")
    for flags in ([], ["--inline"]):
        expect(host.run("run", "p.yaml", *flags), 0, "read 0 = delivered 0", name="empty")
        check((folder / "out.txt").read_bytes() == b"", "empty: an empty file")


def test_one_huge_line(host):
    folder = host.folder
    (folder / "in.txt").write_bytes(b"x" * (100 << 20) + b"\nshort\n")
    out = "{use: write, with: {path: out.txt}}"
    pipeline(folder, "{use: lines, with: {path: in.txt}}", out)
    expect(host.run("run", "p.yaml"), 1, "max_line", "in.txt", name="long line fails")
    check(left(folder) == [], f"long line: left {left(folder)}")
    for policy, size in (("split", (100 << 20) + 8), ("truncate", (64 << 20) + 7)):
        pipeline(folder, f"{{use: lines, with: {{path: in.txt, long_lines: {policy}}}}}", out)
        expect(host.run("run", "p.yaml"), 0, name=f"long line, {policy}")
        got = (folder / "out.txt").stat().st_size
        check(got == size, f"long line, {policy}: {got} bytes, not {size}")
    pipeline(folder, "{use: lines, with: {path: in.txt, max_line: 200MiB}}", out)
    expect(host.run("run", "p.yaml"), 0, "read 2 = delivered 2", name="longer lines allowed")
    check((folder / "out.txt").stat().st_size == (100 << 20) + 7, "longer lines allowed: the same")


def start(host):
    return host.start("run", "p.yaml", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def wait_until(condition, what):
    """Waits for something that the other process does; the bound only ends a hang."""
    until = time.monotonic() + 60
    while not condition():
        if time.monotonic() > until:
            check(False, f"{what}: nothing happened")
            return
        time.sleep(0.01)


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def signal_once_more(running):
    """Two signals at nearly the same moment count as one: lets some time pass."""
    try:
        running.wait(timeout=0.3)
    except subprocess.TimeoutExpired:
        running.send_signal(signal.SIGTERM)


def test_third_signal_ends_at_once(host):
    folder = host.folder
    numbers(folder, 10)
    pipeline(folder, "{use: lines, with: {path: n.txt}}", f"{{use: '{faulty(host)}:stuck'}}")
    running = start(host)
    wait_until(lambda: cpu_ticks(running.pid) > 20, "third signal")
    running.send_signal(signal.SIGTERM)
    signal_once_more(running)
    signal_once_more(running)
    err = running.communicate(timeout=60)[1]
    check(running.returncode == 5, f"third signal: exit {running.returncode}\n{err}")
    check("did not return" not in err, f"third signal: does not wait for the call\n{err}")


def test_first_signal_drains(host):
    folder = host.folder
    pipeline(folder, f"{{use: '{faulty(host)}:flood'}}", "{use: write, with: {path: out.txt}}")
    running = start(host)
    wait_until(lambda: cpu_ticks(running.pid) > 20, "drain")
    running.send_signal(signal.SIGINT)
    err = running.communicate(timeout=60)[1]
    check(running.returncode == 4, f"drain: exit {running.returncode}\n{err}")
    check("drained" in err, f"drain: says so\n{err}")
    lines = (folder / "out.txt").read_bytes().count(b"drop\n")
    check(f"delivered {lines:,}" in err, f"drain: {lines} lines are what the account says\n{err}")


def test_second_signal_names_a_stuck_stage(host):
    folder = host.folder
    numbers(folder, 10)
    pipeline(folder, "{use: lines, with: {path: n.txt}}", f"{{use: '{faulty(host)}:stuck'}}")
    running = start(host)
    wait_until(lambda: cpu_ticks(running.pid) > 20, "stuck")
    running.send_signal(signal.SIGTERM)
    line = running.stderr.readline()
    check("stopping" in line, f"stuck: the first signal is answered: {line}")
    signal_once_more(running)
    running.wait(timeout=60)
    err = line + running.stderr.read()
    check(running.returncode == 5, f"stuck: exit {running.returncode}\n{err}")
    check("stuck" in err and "did not return" in err, f"stuck: is named\n{err}")


def test_plugins_that_are_none(host):
    folder = host.folder
    (folder / "text.so").write_text("not a shared object")
    numbers(folder, 1)
    for use, text in (("./text.so", "text.so"), ("./gone.so", "gone.so"), ("splitt", "'split'")):
        pipeline(folder, "{use: lines, with: {path: n.txt}}", f"{{use: {use}}}", "{use: drop}")
        expect(host.run("run", "p.yaml"), 78, "error[E2", text, name=use)


sys.exit(run_all(sys.modules[__name__]))
