# SPDX-License-Identifier: MIT
"""pphost run: exit codes, what goes to which stream, signals, logs, the progress line.
Usage: test_run.py PPHOST PLUGINS SOURCE
"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

from host import TIME_LIMIT_S, check, run_all

COPY = """vars: {in: in.txt, out: out.txt}
stages:
  - use: lines
    with: {path: "${var:in}"}
  - use: write
    with: {path: "${var:out}"}
"""

# Waits for its reader for a long time, and for ever if nobody stops it.
SLOW = """stages:
  - use: generate
    with: {count: 1000000}
  - use: moody:sleepy
    with: {time: 20ms, say: true}
    queue: 1
"""

# One sleep outlasts every signal of the test: what is queued behind it cannot be drained.
STUCK = """stages:
  - use: generate
    with: {count: 1000}
  - use: moody:sleepy
    with: {time: 3s, say: true}
"""

PICKY = """stages:
  - use: lines
    with: {path: in.txt}
  - use: moody:picky
    on_error: %s
  - use: write
    with: {path: out.txt}
%s"""


def summary(result):
    """The terms of the account in the summary."""
    line = re.search(r"^  (read .* = .*)$", result.err, re.M)
    check(line, result)
    return line.group(1)


def json_lines(text):
    return [json.loads(line) for line in text.splitlines()]


def test_done_is_0_and_the_output_is_there(host):
    host.write("in.txt", "one\ntwo\nthree\n")
    host.write("p.yaml", COPY)
    result = host.run("run", "p.yaml")
    check(result.code == 0 and result.out == "", result)
    check(result.err.startswith("done in "), result)
    check(summary(result) == "read 3 = delivered 3", result)
    check((host.folder / "out.txt").read_text() == "one\ntwo\nthree\n", "out.txt")


def test_data_alone_goes_to_standard_output(host):
    host.write("in.txt", "one\ntwo\n")
    host.write("p.yaml", COPY)
    result = host.run("run", "p.yaml", "out=-")
    check(result.code == 0 and result.out == "one\ntwo\n", result)
    result = host.run("run", "p.yaml", "in=-", "out=-", stdin="x\ny")
    check(result.code == 0 and result.out == "x\ny\n", result)


def test_description_from_standard_input_folder_and_one_liner(host):
    host.write("in.txt", "one\n")
    check(host.run("run", "-", "out=-", stdin=COPY).out == "one\n", "-")
    (host.folder / "sub").mkdir()
    host.write("sub/pipeline.yaml", COPY)
    check(host.run("run", "sub", "out=-").out == "one\n", "folder")
    check(host.run("run", "lines in.txt ! write -").out == "one\n", "one-liner")


def test_inline_gives_the_same(host):
    host.write("in.txt", "".join(f"line {i}\n" for i in range(5000)))
    host.write("p.yaml", COPY)
    plain, inline = (host.run("run", "p.yaml", "out=-", *flags) for flags in ((), ("--inline",)))
    check(inline.code == 0 and inline.out == plain.out, inline.err)
    check(summary(inline) == "read 5,000 = delivered 5,000", inline.err)


def test_failure_is_1_and_names_the_item(host):
    host.write("in.txt", "a\nxy\nb\n")
    host.write("p.yaml", PICKY % ("stop", ""))
    result = host.run("run", "p.yaml")
    check(result.code == 1 and result.out == "", result)
    check("error[R601]: stage 'picky' (p.yaml:4) failed: it starts with a bad letter\n"
          "  --> line 2 of " in result.err, result)
    check("moody.so, worker " in result.err and "\nfailed after " in result.err, result)
    check(not (host.folder / "out.txt").exists(), "half an output under its final name")


def test_failure_in_open_is_1(host):
    host.write("p.yaml", COPY)
    result = host.run("run", "p.yaml", "in=nofile.txt")
    check(result.code == 1, result)
    check("failed in open: " in result.err and "nofile.txt" in result.err, result)


def test_rejects_are_3(host):
    host.write("in.txt", "a\nxy\nb\nxz\n")
    reader = "  - use: drop\n    from: .dead\n"
    for policy, more, term in (("skip", "", "skipped 2"), ("dead", reader, "dead 2")):
        host.write("p.yaml", PICKY % (policy, more))
        result = host.run("run", "p.yaml")
        check(result.code == 3 and "done in " in result.err, result)
        check(term in summary(result), result)
        check((host.folder / "out.txt").read_text() == "a\nb\n", "out.txt")
    host.write("in.txt", "a\nb\n")
    check(host.run("run", "p.yaml").code == 0, "nothing was rejected")


def test_log_lines_are_folded_and_cannot_move_the_cursor(host):
    host.write("in.txt", "x\n" * 500)
    host.write("p.yaml", PICKY % ("skip", ""))
    result = host.run("run", "p.yaml")
    check(result.code == 3 and "\033" not in result.err, result)
    lines = [line for line in result.err.splitlines() if "not this one" in line]
    check(re.fullmatch(r"\d\d:\d\d:\d\d warn  picky: not this one\\x0Aand \\x1B\[31mnot in red",
                       lines[0]), lines)
    check(len(lines) == 2 and lines[1].endswith("  (499 more)"), lines)


def test_json_log_is_an_object_per_line(host):
    host.write("in.txt", "a\nx\nx\n")
    host.write("p.yaml", PICKY % ("skip", ""))
    result = host.run("run", "--log", "json", "p.yaml")
    events = json_lines(result.err)
    check(result.code == 3, result)
    check([e["event"] for e in events if e["event"] != "log"] in
          (["failure", "summary"], ["failure"] * 2 + ["summary"]), events)
    logs = [e for e in events if e["event"] == "log" and e.get("stage") == "picky"]
    check(logs[0]["message"] == "not this one\nand \033[31mnot in red", logs)
    end = events[-1]
    check(end["exit"] == 3 and end["end"] == "done" and end["account"]["skipped"] == 2, end)
    failure = next(e for e in events if e["event"] == "failure")
    check(failure["severity"] == "warning" and failure["stage"] == "picky", failure)
    check(failure["position"] == 2 and failure["position_unit"] == "line", failure)

    host.write("p.yaml", "stages: [{use: linse}, {use: drpo}]\n")
    result = host.run("run", "--log", "json", "p.yaml")
    check(result.code == 78, result)
    check(len(json_lines(result.err)[0]["diagnostics"]) == 2, result)


def test_quiet_prints_errors_only(host):
    host.write("in.txt", "a\nxy\n")
    host.write("p.yaml", COPY)
    result = host.run("run", "-q", "p.yaml")
    check(result.code == 0 and result.err == "" and result.out == "", result)
    host.write("p.yaml", PICKY % ("skip", ""))
    result = host.run("run", "-q", "p.yaml")
    check(result.code == 3 and result.err == "", result)
    host.write("p.yaml", PICKY % ("stop", ""))
    result = host.run("run", "-q", "p.yaml")
    check(result.code == 1 and result.err.startswith("error[R601]") and "done" not in result.err,
          result)


def test_file_that_cannot_be_read_is_66(host):
    (host.folder / "empty").mkdir()
    for name in ("nofile.yaml", "empty", ""):
        result = host.run("run", name)
        check(result.code == 66 and result.out == "" and result.err.startswith("error"), result)


def test_description_that_is_not_valid_is_78(host):
    for text in ("", "stages: [{use: linse}]", "stages: [", b"\x00\xff\x17\x03" * 99, "[" * 100000,
                 "stages: [{use: generate, with: {count: many}}, {use: drop}]"):
        host.write("p.yaml", text)
        result = host.run("run", "p.yaml")
        check(result.code == 78 and result.out == "" and result.err.startswith("error["), result)


def read_until(process, word):
    """What the process writes to standard error up to the line with that word."""
    seen = ""
    for line in process.stderr:
        seen += line
        if word in line:
            return seen
    raise AssertionError(f"{word!r} did not come: {seen}")


def wait_until(condition):
    """Waits for something that the other process does; the bound only ends a hang."""
    until = time.monotonic() + TIME_LIMIT_S
    while not condition():
        check(time.monotonic() < until, "it does not come to that")
        time.sleep(0.001)


def interrupted(host, text, *signals, flags=()):
    """Sends signals to a run that is under way, the second when the first was heard."""
    host.write("p.yaml", text)
    process = host.start("run", "p.yaml", *flags, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         text=True)
    err = read_until(process, "falling asleep")
    process.send_signal(signals[0])
    for number in signals[1:]:
        err += read_until(process, "stopping")
        time.sleep(0.2)  # within 100 ms it would be taken for the same wish
        process.send_signal(number)
    _, rest = process.communicate(timeout=TIME_LIMIT_S)
    return process.returncode, err + rest


def test_first_signal_drains_4(host):
    for number in (signal.SIGINT, signal.SIGTERM):
        code, err = interrupted(host, SLOW, number)
        check(code == 4 and ", drained\n" in err, err)
        terms = re.search(r"read ([\d,]+) = delivered ([\d,]+)\n", err)
        check(terms and terms.group(1) == terms.group(2), err)


def test_stopping_is_announced(host):
    short = STUCK.replace("1000", "2").replace("3s", "500ms")
    code, err = interrupted(host, short, signal.SIGINT)
    check(code == 4, err)
    check(re.search(r"^stopping: sources closed, \d+ items? in flight \(\^C again: stop now\)\n",
                    err, re.M), err)
    code, err = interrupted(host, short, signal.SIGINT, flags=("--log", "json"))
    check(code == 4 and "stopping" in [e["event"] for e in json_lines(err)], err)


def test_second_signal_stops_5(host):
    code, err = interrupted(host, STUCK, signal.SIGINT, signal.SIGTERM)
    check(code == 5, err)
    check("stopped after " in err and "unfinished " in err, err)


def test_the_same_signal_told_twice_at_once_is_one(host):
    host.write("p.yaml", SLOW)
    process = host.start("run", "p.yaml", stderr=subprocess.PIPE, text=True)
    read_until(process, "falling asleep")
    for _ in range(5):
        process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=TIME_LIMIT_S)
    check(process.returncode == 4, err)


def process_state(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


def test_signal_after_the_end_is_too_late(host):
    """The summary waits for its reader; what it says of the run stays true."""
    here, there = os.pipe()
    size = fcntl.fcntl(there, fcntl.F_SETPIPE_SZ, 4096)
    os.write(there, b"x" * size)
    host.write("in.txt", "one\n")
    host.write("p.yaml", COPY)
    process = host.start("run", "p.yaml", stderr=there)
    os.close(there)
    wait_until(lambda: (host.folder / "out.txt").exists() and process_state(process.pid) == "S")
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    with open(here, "rb") as file:
        err = file.read()[size:].decode()
    check(process.wait(timeout=TIME_LIMIT_S) == 0, err)
    check("done in" in err and "read 1 = delivered 1" in err, err)


def test_full_disk_is_1(host):
    result = host.run("run", "generate count=100000 ! write /dev/full")
    check(result.code == 1 and "No space left on device" in result.err, result)


def test_reader_that_goes_away_is_no_crash(host):
    code = f"{host.executable} run -q 'generate count=1000000 ! write -' | head -n 1"
    result = subprocess.run(["sh", "-c", code], cwd=host.folder, env=host.env, text=True,
                            capture_output=True, timeout=TIME_LIMIT_S, check=False)
    check(len(result.stdout.splitlines()) == 1, result)


def on_terminal(host, *args, columns=110, env=None):
    """What a terminal of that width is sent, with both streams on it or standard error alone."""
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = host.start(*args, stdout=subprocess.DEVNULL, stderr=side,
                         env={"TERM": "xterm-256color", **(env or {})})
    os.close(side)
    seen = b""
    deadline = time.monotonic() + TIME_LIMIT_S
    while time.monotonic() < deadline:
        if not select.select([main], [], [], 1)[0]:
            continue
        try:
            block = os.read(main, 65536)
        except OSError:  # the other side is closed
            break
        if not block:
            break
        seen += block
    os.close(main)
    check(process.wait(timeout=TIME_LIMIT_S) == 0, seen)
    return seen.decode()


RATED = "stages: [{use: generate, with: {count: 60}}, {use: 'moody:sleepy', with: 20ms, queue: 1}]"


def test_terminal_shows_progress_that_fits(host):
    host.write("p.yaml", RATED)
    for columns in (110, 40):
        text = on_terminal(host, "run", "p.yaml", columns=columns)
        painted = [p for p in text.split("\r\033[K") if p and "\n" not in p]
        check(len(painted) >= 3, text)
        check(all(len(p) < columns for p in painted), painted)
        check(any("█" in p or "░" in p for p in painted) or columns == 40, painted)
        check(re.search(r"\d+ %", painted[-1]), painted)
        end = text.split("\r\033[K")[-1].replace("\r", "")
        check(end.startswith("\033[1mdone\033[0m in "), end)


def test_terminal_without_utf8_or_colours(host):
    host.write("p.yaml", RATED)
    text = on_terminal(host, "run", "p.yaml", env={"LANG": "C", "NO_COLOR": "1"})
    check(text.isascii() and "\033[1m" not in text and "#" in text, text)
    text = on_terminal(host, "run", "p.yaml", env={"TERM": "dumb"})
    check("\033" not in text and "items/" not in text, text)


def test_no_progress_where_there_is_no_terminal(host):
    host.write("p.yaml", RATED)
    result = host.run("run", "p.yaml", env={"TERM": "xterm"})
    check(result.code == 0 and result.err.startswith("done in ") and "\r" not in result.err, result)


if __name__ == "__main__":
    sys.exit(run_all(sys.modules[__name__]))
