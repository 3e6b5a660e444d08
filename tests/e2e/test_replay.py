# SPDX-License-Identifier: MIT
"""`pphost replay`: what a run gave up is sent in again, whole, once, and nothing else.
Usage: test_replay.py PPHOST PLUGINS SOURCE
"""
import base64
import json
import os
import re
import resource
import signal
import subprocess
import sys

from host import TIME_LIMIT_S, check, run_all

PIPELINE = """stages:
  - {use: lines, with: {path: in.txt}}
  - {name: first, use: 'moody:picky', workers: 2, on_error: dead, with: {letter: x}}
  - {name: second, use: 'moody:picky', on_error: {retry: {times: 2, backoff: 1us}, then: dead}, with: {letter: y}}
  - {use: write, with: {path: out.txt}}
  - {name: box, use: jsonl, from: .dead, with: {path: dead.jsonl}}
"""
MENDED = ("--set", "first.with.letter=-", "--set", "second.with.letter=-", "--set", "write.with.path=more.txt")
WAYS = ((), ("--threads", "1"), ("--inline",))


def lines(host, name):
    return (host.folder / name).read_text().splitlines()


def letters(host, name):
    return [json.loads(line) for line in (host.folder / name).read_bytes().splitlines()]


def letter(stage="first", **more):
    return json.dumps({"stage": stage, "worker": 0, "error": "bad", "attempt": 1,
                       **({} if "base64" in more else {"data": "x"}), **more})


def fail_some(host, text=None):
    """A run that gives up some of its items; the file with them is again.jsonl then."""
    host.write("in.txt", text or "".join(f"{c}{k}\n" for k in range(500) for c in "axby"))
    host.write("p.yaml", PIPELINE)
    done = host.run("run", "p.yaml")
    check(done.code == 3, done)
    os.rename(host.folder / "dead.jsonl", host.folder / "again.jsonl")


def replay(host, *args, file="again.jsonl", **kwargs):
    return host.run("replay", file, "--pipeline", "p.yaml", *args, **kwargs)


def test_both_runs_together_give_everything_once(host):
    fail_some(host)
    before = (host.folder / "again.jsonl").read_bytes()
    for way in WAYS:
        done = replay(host, *MENDED, *way)
        check(done.code == 0 and "letters: 1,000 sent\n" in done.err, done)
        check("into first" in done.err and "into second" in done.err, done)
        check("left out: lines\n" in done.err, done)
        more = lines(host, "more.txt")
        check(sorted(lines(host, "out.txt") + more) == sorted(lines(host, "in.txt")), way)
        for c in "xy":
            check([m for m in more if m[0] == c] == [f"{c}{k}" for k in range(500)], (way, "order"))
        check(letters(host, "dead.jsonl") == [], way)
    check((host.folder / "again.jsonl").read_bytes() == before, "it is never written to")


def test_attempts_go_on_and_the_origin_stays(host):
    fail_some(host, "good\nxbad\nybad\n")
    expected = [(g["stage"], g["origin"], g["pos"], g["unit"], g["data"])
                for g in letters(host, "again.jsonl")]
    for turn in (2, 3, 4):
        done = replay(host)
        check(done.code == 3 and "2 given up again" in done.err, done)
        check("in.txt" in done.err, done)
        got = {g["stage"]: g for g in letters(host, "dead.jsonl")}
        check(sorted((g["stage"], g["origin"], g["pos"], g["unit"], g["data"]) for g in got.values())
              == sorted(expected), got)
        check(got["first"]["attempt"] == turn and got["second"]["attempt"] == 3 * turn, got)
        os.rename(host.folder / "dead.jsonl", host.folder / "again.jsonl")


def test_a_stage_further_down_counts_from_one(host):
    fail_some(host, "good\nxy\n")
    host.write("again.jsonl", letter(data="y", attempt=7) + "\n")
    done = replay(host)
    check(done.code == 3, done)
    got = letters(host, "dead.jsonl")
    check([(g["stage"], g["attempt"]) for g in got] == [("second", 3)], got)
    check("origin" not in got[0] and "pos" not in got[0], got)


def test_into_sends_all_into_one_stage(host):
    fail_some(host)
    done = replay(host, "--into", "write", *MENDED)
    check(done.code == 0 and "1,000 letters into write; left out: lines, first, second, box\n" in done.err, done)
    check(lines(host, "more.txt") == [g["data"] for g in letters(host, "again.jsonl")], "in their order")
    check(not (host.folder / "dead.jsonl").exists(), "what gets nothing is not opened")
    host.write("again.jsonl", letter("who knows") + "\n")
    done = replay(host, "--into", "second", *MENDED)
    check(done.code == 0 and lines(host, "more.txt") == ["x"], done)


def test_reason_picks_letters(host):
    fail_some(host)
    host.write("again.jsonl", "".join(letter(error=e, data=e) + "\n" for e in
                                      ("timeout", "a timeout", "timeout of 3 s", "no [route]", "")))
    for pattern, data in (("timeout", ["timeout"]), ("*timeout", ["timeout", "a timeout"]),
                          ("*timeout*", ["timeout", "a timeout", "timeout of 3 s"]),
                          ("timeout of ? s", ["timeout of 3 s"]), ("no [[]route]", ["no [route]"]),
                          ("", [""]), ("[nt]*", ["timeout", "timeout of 3 s", "no [route]"])):
        done = replay(host, *MENDED, "--reason", pattern)
        check(done.code == 0 and lines(host, "more.txt") == data, (pattern, done))
        check(f"letters: {len(data)} sent, {5 - len(data)} passed over by --reason\n" in done.err, done)
    (host.folder / "more.txt").unlink()
    done = replay(host, *MENDED, "--reason", "no such")
    check(done.code == 0 and "again.jsonl: no letters; 5 passed over by --reason\n" in done.err, done)
    check(not (host.folder / "more.txt").exists(), "nothing was run")


def test_letters_of_a_pipeline_that_is_a_stage(host):
    host.write("sub.yaml", """vars: {letter: x}
stages:
  - use: split
  - {name: m, use: 'moody:picky', on_error: dead, with: {letter: "${var:letter}"}}
""")
    host.write("p.yaml", """vars: {letter: x}
stages:
  - {use: lines, with: in.txt}
  - {name: words, use: ./sub.yaml, with: {letter: "${var:letter}"}}
  - {use: write, with: {path: out.txt}}
  - {name: box, use: jsonl, from: words.dead, with: {path: dead.jsonl}}
""")
    host.write("in.txt", "a xb c\nxd\n")
    check(host.run("run", "p.yaml").code == 3, "some fail")
    os.rename(host.folder / "dead.jsonl", host.folder / "again.jsonl")
    done = replay(host, "letter=-")
    check(done.code == 0 and "2 letters into words/m; left out: lines, words/split\n" in done.err, done)
    check(lines(host, "out.txt") == ["xb", "xd"], done)
    done = replay(host, "--into", "words")
    check(done.code == 78 and "error[E503]" in done.err and "'words/split'" in done.err, done)
    done = replay(host, "--into", "words/split", "letter=-")
    check(done.code == 0 and lines(host, "out.txt") == ["xb", "xd"], done)


BAD = (
    ("no json\n", "E501", 1, "a value is missing"),
    (letter() + "\n" + letter()[:-1] + "}}\n", "E501", 2, "there is more behind the value"),
    (letter() + "\n\n" + '{"pos":1,"data":"a"}\n', "E502", 3, "'stage' is missing"),
    ("[1]\n", "E502", 1, "it is no mapping"),
    (letter("frist") + "\n", "E503", 1, "did you mean 'first'?"),
    (letter("lines") + "\n", "E507", 1, "makes items itself"),
    (letter(base64="AAA") + "\n", "E504", 1, "'base64' is no base64"),
    (letter() + "\n" + letter()[:30], "E505", 2, "the last line is cut off"),
    (letter() + "\n" + "\0" * 100, "E505", 2, "the last line is cut off"),
    (letter() + "\n" + "x" * 3_000_000, "E501", 2, "a '{' is missing"),
    (b"\xef\xbb\xbf" + letter().encode() + b"\n", "E501", 1, "a value is missing"),
    (letter().encode().replace(b"bad", b"\xff") + b"\n", "E501", 1, "not UTF-8"),
    (letter("\x1b[31mred") + "\n", "E503", 1, "'\\x1B[31mred'"),
)


def test_what_is_wrong_is_told_before_anything_is_sent(host):
    fail_some(host)
    os.rename(host.folder / "out.txt", host.folder / "more.txt")
    for text, code, line, said in BAD:
        host.write("again.jsonl", text)
        for flags in ((), ("--dry-run",), ("--log", "json")):
            done = replay(host, *flags, "--set", "write.with.path=out.txt")
            place = f"--> again.jsonl:{line}:"
            if "json" in flags:
                place, said = f'"line":{line},', said.replace("\\x1B", "\\u001b")
            check(done.code == 78 and code in done.err and said in done.err, (text[:50], done))
            check(place in done.err, (text[:50], done))
            check("\x1b" not in done.err, done)
            check(not (host.folder / "out.txt").exists(), "nothing was opened")


def test_all_faults_are_told_but_not_without_end(host):
    fail_some(host)
    host.write("again.jsonl", ("oops\n" + letter() + "\n") * 5)
    done = replay(host)
    check(done.code == 78 and done.err.count("error[E501]") == 5, done)
    host.write("again.jsonl", "oops\n" * 100_000)
    done = replay(host)
    check(done.code == 78 and done.err.count("error[E501]") == 10, done)
    check("the rest of the file was not looked at" in done.err, done)


def test_wrong_usage(host):
    fail_some(host)
    os.mkfifo(host.folder / "pipe")
    for args, code, said in ((("-", "--pipeline", "p.yaml"), 64, "read twice"),
                             (("again.jsonl",), 64, "needs --pipeline"),
                             (("--pipeline", "p.yaml"), 64, "needs a FILE"),
                             (("again.jsonl", "--pipeline", "p.yaml", "-q", "-v"), 64, "exclude"),
                             (("gone.jsonl", "--pipeline", "p.yaml"), 66, "there is no file 'gone.jsonl'"),
                             ((".", "--pipeline", "p.yaml"), 66, "no regular file"),
                             (("pipe", "--pipeline", "p.yaml"), 66, "no regular file"),
                             (("/dev/null", "--pipeline", "p.yaml"), 66, "no regular file"),
                             (("again.jsonl", "--pipeline", "q.yaml"), 66, "there is no file 'q.yaml'"),
                             (("again.jsonl", "--pipeline", "again.jsonl"), 78, "error["),
                             (("again.jsonl", "--pipeline", "p.yaml", "--into", "lines"), 78, "makes items itself"),
                             (("again.jsonl", "--pipeline", "p.yaml", "--into", "wirte"), 78, "did you mean 'write'?"),
                             (("again.jsonl", "--pipeline", "p.yaml", "--into", ""), 78, "no stage ''"),
                             (("again.jsonl", "--pipeline", "p.yaml", "--results", "/no/such/x"), 64, "/no/such/x")):
        done = host.run("replay", *args)
        check(done.code == code and said in done.err, (args, done))


def test_a_file_that_the_pipeline_would_write_is_refused(host):
    fail_some(host)
    os.symlink("again.jsonl", host.folder / "link.jsonl")
    os.link(host.folder / "again.jsonl", host.folder / "hard.jsonl")
    before = (host.folder / "again.jsonl").read_bytes()
    for name in ("again.jsonl", "./again.jsonl", str(host.folder / "again.jsonl"), "link.jsonl", "hard.jsonl"):
        several = (("--set", f"write.with.path={name}"), ("--results", name), ("--set", f"box.with={name}"),
                   ("--set", f"box.with.path={name}", "--set", "box.with.append=true"))
        for flags in (("--set", f"box.with.path={name}"), *(several if name == "link.jsonl" else ())):
            done = replay(host, *flags)
            check(done.code == 78 and "error[E506]" in done.err and "which is replayed" in done.err, (flags, done))
            check((host.folder / "again.jsonl").read_bytes() == before, flags)
    done = replay(host, "--set", "box.with.path=again.jsonl", "--into", "write", *MENDED)
    check(done.code == 0, done)  # the box gets nothing, and is not opened
    with open(host.folder / "again.jsonl", "ab") as file:
        done = replay(host, "--set", "box.with.path=-", stdout=file)
    check(done.code == 78 and "stage 'box' would write" in done.err, done)
    check((host.folder / "again.jsonl").read_bytes() == before, "and nothing was written")


def test_an_empty_file_has_no_letters(host):
    fail_some(host)
    before = lines(host, "out.txt")
    for text in ("", "\n", " \r\n\n\t\n"):
        host.write("again.jsonl", text)
        done = replay(host)
        check(done.code == 0 and done.err == "again.jsonl: no letters\n", done)
        done = replay(host, "-q")
        check(done.code == 0 and done.err == done.out == "", done)
    check(lines(host, "out.txt") == before, "nothing is run for them")


def test_the_last_line_may_lack_its_newline(host):
    fail_some(host)
    host.write("again.jsonl", letter(data="one") + "\r\n" + letter(data="two"))
    done = replay(host, *MENDED)
    check(done.code == 0 and lines(host, "more.txt") == ["one", "two"], done)


def test_bytes_of_any_kind_come_back(host):
    items = [b"x\xff\x00\xfe", b"x\x00y", b"x\"\\\t", "xgr\u00fc\u00df \U0001F600".encode(), b"x" * 300_000, b"x\xc3", b"x"]
    fail_some(host, b"\n".join(items) + b"\n")
    for way in WAYS:
        done = replay(host, *MENDED, *way)
        check(done.code == 0 and (host.folder / "more.txt").read_bytes() == b"\n".join(items) + b"\n", done)
    host.write("again.jsonl", letter(base64="") + "\n" + letter(data="") + "\n")
    done = replay(host, *MENDED)
    check(done.code == 0 and (host.folder / "more.txt").read_bytes() == b"\n\n", done)


def test_one_huge_letter_among_small_ones(host):
    fail_some(host)
    huge = os.urandom(300_000 if host.sanitized() else 3_000_000)
    text = base64.b64encode(huge).decode()
    host.write("again.jsonl", letter(data="a") + "\n" + letter(base64=text) + "\n" + letter(data="b") + "\n")
    for way in ((), ("--inline",)):
        done = replay(host, *MENDED, *way)
        check(done.code == 0 and (host.folder / "more.txt").read_bytes() == b"a\n" + huge + b"\nb\n", done)


def test_many_letters_take_little_memory(host):
    fail_some(host)
    one = letter(data="y" + "z" * 900) + "\n"
    with open(host.folder / "again.jsonl", "w", encoding="utf-8") as file:
        blocks = 3 if host.sanitized() else 70
        for _ in range(blocks):
            file.write(one * 1000)

    def little():
        if not host.sanitized():
            resource.setrlimit(resource.RLIMIT_DATA, (48 << 20, 48 << 20))

    size = os.path.getsize(host.folder / "again.jsonl")
    check(host.sanitized() or size > 64 << 20, size)
    done = replay(host, *MENDED, "--threads", "1", "--memory", "4MB", preexec_fn=little)
    check(done.code == 0 and f"letters: {blocks},000 sent\n" in done.err, done)


SLOW = """stages:
  - {use: lines, with: in.txt}
  - {name: first, use: 'moody:picky', workers: 1, on_error: dead, with: x, queue: 20}
  - {name: write, use: write, from: first, with: {path: out.txt}, queue: 20}
  - {name: slow, use: 'moody:sleepy', from: first, workers: 1, with: {time: 1ms, say: true}, queue: 20}
  - {name: box, use: jsonl, from: .dead, with: {path: dead.jsonl}}
"""


def start_slow(host, *args):
    """A replay of 6,000 letters that is in the middle of them."""
    host.write("in.txt", "")
    host.write("p.yaml", SLOW)
    host.write("again.jsonl", "".join(letter(data=f"a{k}") + "\n" for k in range(6_000)))
    process = host.start("replay", "again.jsonl", "--pipeline", "p.yaml", *args,
                         stderr=subprocess.PIPE, text=True)
    seen = ""
    while "falling asleep" not in seen:
        line = process.stderr.readline()
        check(line, seen)
        seen += line
    return process, seen


def test_a_signal_in_the_middle_says_where_the_rest_begins(host):
    for way in ((), ("--inline",)):
        process, seen = start_slow(host, *way)
        process.send_signal(signal.SIGINT)
        said = seen + process.communicate(timeout=TIME_LIMIT_S)[1]
        check(process.returncode == 4, said)
        sent, rest = re.search(r"letters: ([\d,]+) sent, ([\d,]+) not sent", said).groups()
        sent, rest = int(sent.replace(",", "")), int(rest.replace(",", ""))
        check(sent + rest == 6_000 and rest > 0 and f"the rest begins with line {sent + 1} of" in said, said)
        first = lines(host, "out.txt")
        text = (host.folder / "again.jsonl").read_text().splitlines(keepends=True)
        host.write("rest.jsonl", "".join(text[sent:]))
        done = replay(host, "--set", "slow.with.time=0ms", file="rest.jsonl")
        check(done.code == 0, done)
        check(first + lines(host, "out.txt") == [f"a{k}" for k in range(6_000)], "all of it, once")


def test_two_signals_stop_at_once_and_lose_nothing_of_the_file(host):
    process, seen = start_slow(host)
    before = (host.folder / "again.jsonl").read_bytes()
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    said = seen + process.communicate(timeout=TIME_LIMIT_S)[1]
    check(process.returncode in (4, 5), said)
    check(process.returncode == 4 or "all are still in again.jsonl" in said, said)
    check((host.folder / "again.jsonl").read_bytes() == before, "the file")


def test_a_file_that_changes_meanwhile_fails_the_run(host):
    process, seen = start_slow(host)
    with open(host.folder / "again.jsonl", "a", encoding="utf-8") as file:
        file.write(letter() + "\n")
    said = seen + process.communicate(timeout=TIME_LIMIT_S)[1]
    check(process.returncode == 1 and "stage 'replay'" in said, said)
    check("'again.jsonl' was changed while it was replayed" in said, said)


def test_a_full_disk_for_new_dead_letters_loses_nothing(host):
    fail_some(host)
    before = (host.folder / "again.jsonl").read_bytes()
    for way in WAYS:
        done = replay(host, "--set", "box.with.path=/dev/full", *way)
        check(done.code == 1 and "stage 'box'" in done.err and "No space left" in done.err, done)
        check("all are still in again.jsonl" in done.err, done)
        check((host.folder / "again.jsonl").read_bytes() == before, way)


def test_flags_of_run_hold(host):
    fail_some(host)
    done = replay(host, *MENDED, "--log", "json", "--results", "-", "--memory", "8MB")
    check(done.code == 0 and done.out == "[]\n", done)
    events = [json.loads(line) for line in done.err.splitlines()]
    check([e["event"] for e in events] == ["replay", "summary", "replayed"], done)
    check(events[0]["into"] == {"first": 500, "second": 500} and events[0]["passed_over"] == 0, events[0])
    check({k: events[2][k] for k in ("sent", "not_sent", "given_up", "next_line")} ==
          {"sent": 1000, "not_sent": 0, "given_up": 0, "next_line": 1001}, events[2])
    done = replay(host, "-q")
    check(done.code == 3 and done.err == "", done)
    check(replay(host, "-q", "--ok-rejects", "1000").code == 0, "allowed")
    check(replay(host, "-q", "--ok-rejects", "999").code == 1, "not allowed")
    (host.folder / "dead.jsonl").unlink()
    done = replay(host, "--dry-run")
    check(done.code == 0 and "500 letters into first, 500 into second; left out: lines\n" in done.out, done)
    check(not (host.folder / "dead.jsonl").exists(), "nothing is run")
    for flag in ("resume", "only"):
        check("is not available in this version" in replay(host, f"--{flag}").err, flag)


def test_a_stage_of_the_same_name_as_the_source(host):
    fail_some(host)
    host.write("p.yaml", PIPELINE.replace("second", "replay").replace("name: box", "name: replay2"))
    host.write("again.jsonl", letter("replay", data="y") + "\n" + letter() + "\n")
    done = replay(host)
    check(done.code == 3 and "  replay3 " in done.err, done)
    check({g["stage"] for g in letters(host, "dead.jsonl")} == {"first", "replay"}, done)


def test_keys_and_positions_stay(host):
    fail_some(host)
    host.write("again.jsonl", "".join(letter("second", data="y", key=k % 3, pos=k) + "\n" for k in range(50)))
    for way in WAYS:
        done = replay(host, *way)
        check(done.code == 3 and "50 given up again" in done.err, done)
        got = letters(host, "dead.jsonl")
        check([(g.get("key", 0), g.get("pos", 0), g["attempt"]) for g in got] == [(k % 3, k, 4) for k in range(50)], got)


def test_limits_hold_for_what_is_left(host):
    """Those that only a stage names which is left out are there, and nobody asks for them."""
    fail_some(host)
    host.write("p.yaml", "limits: {one: 1, gone: 2}\n" + PIPELINE.replace("with: {letter: y}", "with: {letter: y}, limit: one").replace(
        "with: {path: in.txt}", "with: {path: in.txt}, limit: gone").replace("with: {path: out.txt}", "with: {path: out.txt}, limit: one"))
    for way in WAYS:
        done = replay(host, *MENDED, *way)
        check(done.code == 0 and sorted(lines(host, "out.txt") + lines(host, "more.txt")) == sorted(lines(host, "in.txt")), done)


def test_one_stage_can_get_letters_and_feed_another_that_does(host):
    """All targets are fed by one source, in the order of the file."""
    fail_some(host)
    text = "".join(letter(stage, data=f"{stage[0]}{k}", attempt=1 + k % 3, origin=f"o{k % 7}", unit=f"u{k % 100}") + "\n"
                   for k in range(600) for stage in ("first", "second", "write"))
    host.write("again.jsonl", text)
    for way in (*WAYS, ("--set", "first.queue=1", "--set", "second.queue=2", "--set", "write.queue=1")):
        done = replay(host, *MENDED, *way)
        check(done.code == 0, done)
        got = lines(host, "more.txt")
        for c in "fsw":
            check([g for g in got if g[0] == c] == [f"{c}{k}" for k in range(600)], (way, c))


if __name__ == "__main__":
    sys.exit(run_all(sys.modules[__name__]))
