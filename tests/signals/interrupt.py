#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""SIGINT and SIGTERM at random moments of real runs: what a stopped run says is what it did.

Each time one of several pipelines is run and signalled, once or twice, after delays drawn from the time
that the whole run takes: while it is set up, while it runs, while it drains, when it is all but over.  Then

- the exit code is 0 (complete), 4 (drained) or 5 (stopped); the signal itself ends the process only
  before the run is set up, when it has not made anything yet;
- the account adds up, and says `unfinished` only after a stop;
- after 0 and 4 each output file is there and holds, byte for byte, what comes of the first so many
  items of each source, and as many items as the account says were delivered; after 5 there is none;
- no other file is left behind, and the run ends.

Usage: interrupt.py PPHOST PLUGINS SOURCE [--times N] [--seed S] [--first K]
N runs (60; 15 with a sanitizer) from number K (0) on; what each one does follows from S and its number alone.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from host import Host, check  # noqa: E402  pylint: disable=wrong-import-position

TIMES, TIMES_SANITIZED = 60, 15  # a sanitizer makes each run several times as long
HANG_S = 60
SAME_WISH_S = 0.1  # signals closer than this count as one
LINE = "%s%07d.a %s%07d.b %s%07d.c\n"
TOKENS_PER_LINE = 3
EARLY_S = 0.02

Case = collections.namedtuple("Case", "name text judge")
Done = collections.namedtuple("Done", "code account stages folder")


def lines_of(tag, n):
    return "".join(LINE % (tag, k, tag, k, tag, k) for k in range(n)).encode()


def width(data):
    """All lines of an input are equally long."""
    return data.index(b"\n") + 1


class Inputs:
    """The files that pipelines read; and what comes of them, as tokens, one per line."""

    def __init__(self, folder):
        self.folder = folder
        self.tokens = {}
        for name, tag, n in (("long.txt", "l", 150000), ("x.txt", "x", 25000), ("y.txt", "y", 15000),
                             ("few.txt", "f", 2000)):
            data = lines_of(tag, n)
            (folder / name).write_bytes(data)
            self.tokens[name] = data.replace(b" ", b"\n")

    def first(self, name, n_lines):
        """The tokens of the first so many lines."""
        tokens = self.tokens[name]
        line = sum(len(t) + 1 for t in tokens[:200].split(b"\n")[:TOKENS_PER_LINE])
        return tokens[:n_lines * line]


def output(done, name):
    path = done.folder / name
    check(path.exists(), f"exit {done.code}, but there is no {name}")
    return path.read_bytes()


def delivered(done, *names):
    return sum(done.stages[name]["items_in"] for name in names)


def judge_lines(inputs, done):
    out = output(done, "out.txt")
    check(out == inputs.first("long.txt", done.account["read"]),
          f"out.txt is not what comes of the first {done.account['read']} lines: {len(out)} bytes")
    check(out.count(b"\n") == done.account["delivered"], "out.txt holds what was delivered")


def judge_blocks(inputs, done):
    out = output(done, "out.txt")
    all_of_it = inputs.tokens["long.txt"]
    check(out == all_of_it[:len(out)], f"out.txt is no beginning of all of it: {len(out)} bytes")
    check(len(out) % len(inputs.first("long.txt", 1)) == 0, "out.txt ends with a whole line")
    check(done.account["read"] == done.account["delivered"], "each block gives one item")
    blocks, size = done.account["read"], len(out)
    check((size > 0) == (blocks > 0) and size <= blocks << 21, f"{blocks} blocks gave {size} bytes")


def judge_fan(inputs, done):
    a, b = output(done, "a.txt"), output(done, "b.txt")
    check(a == b, "both readers get the same, in the same order")
    tokens = a.split(b"\n")[:-1]
    lines = 0
    for name, tag in (("x.txt", b"x"), ("y.txt", b"y")):
        own = b"".join(t + b"\n" for t in tokens if t.startswith(tag))
        lines += own.count(b"\n") // TOKENS_PER_LINE
        check(own == inputs.first(name, own.count(b"\n") // TOKENS_PER_LINE),
              f"what came of {name} is no beginning of it")
    check(lines == done.account["read"], f"{lines} lines came through")
    check(2 * len(tokens) == done.account["delivered"], "a.txt and b.txt hold what was delivered")


def judge_slow(inputs, done):
    del inputs
    out = output(done, "out.txt").split(b"\n")[:-1]
    check(len(out) == done.account["read"], f"{len(out)} items of {done.account['read']} are in out.txt")
    check(len(out) == done.stages["out"]["items_in"] == done.stages["slow"]["items_in"],
          "each reader got each item")
    check(set(out) <= {b"drop"}, "out.txt holds the generator's items")


def judge_relay(inputs, done):
    out = output(done, "out.txt")
    check(out.replace(b" ", b"\n") == inputs.first("few.txt", done.account["read"]),
          "out.txt is a beginning of few.txt")
    check(out.count(b"\n") == done.account["delivered"], "out.txt holds what was delivered")


CASES = [
    Case("lines to tokens, in order", """
  - {use: lines, with: {path: IN/long.txt}}
  - {use: split, workers: 2, order: keep}
  - {name: out, use: write, with: {path: out.txt}}
""", judge_lines),
    Case("blocks", """
  - {use: lines, with: {path: IN/long.txt, unit: block}}
  - {use: split, workers: 4, order: keep, with: {join: "\\n"}}
  - {name: out, use: write, with: {path: out.txt}}
""", judge_blocks),
    Case("two sources into one stage, and out to two files", """
  - {name: x, use: lines, with: {path: IN/x.txt}}
  - {name: y, use: lines, with: {path: IN/y.txt}}
  - {name: both, use: split, from: [x, y], workers: 3, order: keep}
  - {name: a, use: write, from: both, with: {path: a.txt}}
  - {name: b, use: write, from: both, queue: 16, with: {path: b.txt}}
""", judge_fan),
    Case("a generator and a slow consumer", """
  - {name: gen, use: generate, with: {count: 6000, text: drop}}
  - {name: slow, use: "FAULTY:slow", from: gen, queue: 4000, with: {for: 50us}}
  - {name: out, use: write, from: gen, with: {path: out.txt}}
""", judge_slow),
    Case("a stage with threads of its own", """
  - {use: lines, with: {path: IN/few.txt}}
  - {use: "RELAY", workers: 3, order: keep, queue: 1500, with: {for: 150us}}
  - {name: out, use: write, with: {path: out.txt}}
""", judge_relay),
]

SLOW_CASES = CASES[3:]  # those that take a while to drain
KINDS = ["any", "any", "any", "early", "late", "twice", "twice", "burst"]  # of moments: see moments()
FLAGS = [[], [], ["--threads", "1"], ["--threads", "8"], ["--inline"]]


class Driver:
    def __init__(self, options, folder):
        self.folder = folder
        self.host = Host(os.path.abspath(options.pphost), options.plugins, options.source, folder)
        self.inputs = Inputs(folder)
        self.seed = options.seed
        self.ends = collections.Counter()
        plugins = pathlib.Path(options.plugins).resolve()
        self.places = {"IN": str(folder), "FAULTY": str(plugins.parents[1] / "plugins" / "faulty.so"),
                       "RELAY": str(plugins / "relay.so")}
        self.whole_s = {}
        self.whole_read = {}

    def description(self, case):
        text = "stages:" + case.text
        for word, place in self.places.items():
            text = text.replace(word, place)
        return text

    def start(self, case, flags, folder):
        (folder / "p.yaml").write_text(self.description(case))
        with open(folder / "log", "wb") as log:
            return self.host.start("run", "--log", "json", *flags, "p.yaml", cwd=folder,
                                   stdout=subprocess.DEVNULL, stderr=log)

    def measure(self, case):
        """How long a whole run of it takes; it also has to be right."""
        folder = self.fresh()
        begin = time.monotonic()
        process = self.start(case, [], folder)
        self.wait(process)
        self.whole_s[case.name] = time.monotonic() - begin
        check(self.judge(case, process.returncode, folder, 0) == "complete", "not complete")

    def fresh(self):
        folder = self.folder / "run"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def wait(self, process):
        try:
            process.wait(timeout=HANG_S)
        except subprocess.TimeoutExpired:
            stacks = [(task / "comm").read_text().strip() + " " + (task / "wchan").read_text()
                      for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir()]
            process.send_signal(signal.SIGABRT)  # for a core, where those are kept
            process.wait()
            check(False, "it hangs; its threads: " + ", ".join(stacks))

    @staticmethod
    def moments(rng, kind, whole_s):
        """When to send which signals, in seconds after the start and after the one before."""
        first = {"early": rng.uniform(0, EARLY_S), "late": rng.uniform(0.8, 1.05) * whole_s}.get(
            kind, rng.uniform(0, 1) * whole_s)
        second = {"twice": SAME_WISH_S + rng.uniform(0, 0.3) * whole_s,
                  "burst": rng.uniform(0, SAME_WISH_S)}.get(kind)
        delays = [first] if second is None else [first, second]
        return [(delay, rng.choice([signal.SIGINT, signal.SIGTERM])) for delay in delays]

    def once(self, number):
        rng = random.Random(f"{self.seed}/{number}")
        kind = rng.choice(KINDS)
        case = rng.choice(SLOW_CASES if kind == "twice" else CASES)
        flags = rng.choice(FLAGS)
        moments = self.moments(rng, kind, self.whole_s[case.name])
        folder = self.fresh()
        what = f"{case.name} {flags} {[(round(s, 4), n.name) for s, n in moments]}"
        try:
            process = self.start(case, flags, folder)
            for delay, number_of_signal in moments:
                try:
                    process.wait(timeout=delay)
                except subprocess.TimeoutExpired:
                    process.send_signal(number_of_signal)
            self.wait(process)
            self.ends[self.judge(case, process.returncode, folder, len(moments))] += 1
        except AssertionError as error:
            log = (folder / "log").read_text(errors="replace")
            raise AssertionError(f"{what}\n{error}\n{log}") from None

    def judge(self, case, code, folder, n_signals):
        """Checks what the run left behind and returns how it ended."""
        events = [json.loads(line) for line in (folder / "log").read_text().splitlines()]
        ends = [event for event in events if event["event"] == "summary"]
        left = sorted(set(os.listdir(folder)) - {"p.yaml", "log"})
        if code in (-signal.SIGINT, -signal.SIGTERM):
            check(n_signals > 0 and not ends and left == [], f"killed, and left {left}")
            return "before it was set up"
        check(code in (0, 4, 5), f"exit {code}")
        check(len(ends) == 1 and ends[0]["exit"] == code and
              ends[0]["end"] == {0: "done", 4: "drained", 5: "stopped"}[code],
              f"exit {code}, but it says {ends}")
        account = ends[0]["account"]
        check(account["read"] + account["split"] == sum(
            account[term] for term in ("delivered", "dead", "skipped", "filtered", "merged", "dropped",
                                       "unfinished")), f"the account: {account}")
        if code == 5:
            check(n_signals > 1, "nobody told it to stop at once")
            check(left == [], f"stopped, but {left} are there")
            return "stopped"
        check(account["unfinished"] == 0, f"exit {code}: {account}")
        check(code == 0 or n_signals > 0, "nobody told it to drain")
        whole_read = self.whole_read.setdefault(case.name, account["read"])
        check(code == 4 or account["read"] == whole_read,
              f"exit 0, but it has read {account['read']} of {whole_read} items")
        stages = {stage["name"]: stage for stage in ends[0]["stages"]}
        case.judge(self.inputs, Done(code, account, stages, folder))
        wanted = {"a.txt", "b.txt"} if case.judge is judge_fan else {"out.txt"}
        check(set(left) == wanted, f"these files are there: {left}")
        return "drained" if code == 4 else "complete"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pphost")
    parser.add_argument("plugins")
    parser.add_argument("source")
    parser.add_argument("--times", type=int)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10 ** 9)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pphost-") as folder:
        driver = Driver(options, pathlib.Path(os.path.realpath(folder)))
        if options.times is None:
            options.times = TIMES_SANITIZED if driver.host.sanitized() else TIMES
        for case in CASES:
            driver.measure(case)
        for number in range(options.first, options.first + options.times):
            try:
                driver.once(number)
            except AssertionError as error:
                chaos = f"PPH_CHAOS_SEED={driver.host.chaos} " if driver.host.chaos else ""
                print(f"FAILED run {number}: {error}\nagain: {chaos}{sys.argv[0]} {options.pphost} "
                      f"{options.plugins} {options.source} --seed {options.seed} --first {number} "
                      "--times 20", flush=True)
                return 1
    times = ", ".join(f"{1000 * s:.0f}" for s in driver.whole_s.values())
    print(f"whole runs take {times} ms; seed {options.seed}")
    print(f"{options.times} runs: " + ", ".join(f"{n} {end}" for end, n in sorted(driver.ends.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
