#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The main job: text to tokens.  Its output equals `tr -s '[:space:]' '\\n' | grep -v '^$'` byte for
byte, by lines and by blocks, in order, with any number of workers; memory stays under the bound
that `check` prints; the executable links libc and libyaml only."""
import json
import os
import pathlib
import random
import resource
import subprocess
import sys

from host import check, run_all

LICENCES = sorted(pathlib.Path("/usr/share/common-licenses").glob("*"))


def corpus(host, size):
    """Real text, and lines that are long, empty, without an end, or full of odd bytes."""
    seed = 20261121
    source = random.Random(seed)
    text = b"".join(p.read_bytes() for p in LICENCES if p.is_file())
    pieces = []
    have = 0
    while have < size:
        kind = source.random()
        if kind < 0.9:
            at = source.randrange(len(text))
            piece = text[at:at + source.randrange(1, 20000)]
        elif kind < 0.95:
            piece = bytes(source.choice(b" \t\n\v\f\r") for _ in range(source.randrange(5000)))
        else:
            piece = bytes(source.randrange(256) for _ in range(source.randrange(3000)))
        pieces.append(piece)
        have += len(piece)
    return host.write("in.txt", b"".join(pieces)[:size])


def tokens(path):
    """What tr and grep make of it."""
    env = dict(os.environ, LC_ALL="C")
    with path.open("rb") as file:
        squeezed = subprocess.run(["tr", "-s", "[:space:]", "\n"], stdin=file, env=env, check=True,
                                  capture_output=True).stdout
    return subprocess.run(["grep", "-a", "-v", "^$"], input=squeezed, env=env, check=False,
                          capture_output=True).stdout


def describe(host, lines, split, workers=1):
    host.write("p.yaml", "stages:\n"
               f"  - {{use: lines, workers: {workers}, with: {{path: in.txt{lines}}}}}\n"
               f"  - {{use: split{split}}}\n"
               "  - {use: write, with: {path: out.txt}}\n")


def test_output_equals_that_of_tr(host):
    expected = tokens(corpus(host, 3 << 20))
    for lines, split in (("", ""), (", unit: block", ', with: {join: "\\n"}'),
                         (", unit: block", ""), ("", ', with: {join: "\\n"}')):
        for workers in (1, 2, 8):
            describe(host, lines, f", workers: {workers}{split}", workers)
            for flags in (["--threads", "2"], ["--threads", "8"], ["--inline"]):
                done = host.run("run", "p.yaml", *flags)
                check(done.code == 0, done)
                got = (host.folder / "out.txt").read_bytes()
                check(got == expected, f"{lines} {split} {workers} workers {flags}: not the same\n"
                      f"{done.err}")


def test_any_order_has_the_same_tokens(host):
    expected = sorted(tokens(corpus(host, 1 << 20)).split(b"\n"))
    describe(host, "", ", workers: 4, order: any")
    done = host.run("run", "p.yaml", "--threads", "4")
    check(done.code == 0, done)
    check(sorted((host.folder / "out.txt").read_bytes().split(b"\n")) == expected, done)


def test_the_example_runs_by_default(host):
    example = host.source / "configs" / "examples" / "tokenise.yaml"
    done = host.run("run", str(example), "out=tokens.txt")
    check(done.code == 0, done)
    check((host.folder / "tokens.txt").stat().st_size > 10000, done)


def test_slow_consumer_keeps_memory_under_the_bound(host):
    corpus(host, 24 << 20)
    faulty = pathlib.Path(host.plugins).parents[1] / "plugins" / "faulty.so"
    host.write("p.yaml", "stages:\n"
               "  - {use: lines, with: {path: in.txt, unit: block}}\n"
               "  - {use: split, with: {join: \"\\n\"}}\n"
               f"  - {{use: '{faulty}:slow', with: {{for: 20ms}}, queue: {{bytes: 8MB}}}}\n")
    facts = json.loads(host.run("check", "--json", "p.yaml").out)
    bound = bound_of(facts)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    done = host.run("run", "p.yaml", "--threads", "4")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    check(done.code == 0, done)
    if "ASAN_OPTIONS" not in os.environ and "TSAN_OPTIONS" not in os.environ:
        check(peak == before or peak < bound, f"{peak} bytes resident, {bound} promised")


def bound_of(facts):
    """The worst-case memory in bytes, wherever the JSON has it."""
    if isinstance(facts, list):
        return bound_of(facts[0])
    check("memory_bytes" in facts, f"no memory_bytes in {facts}")
    return facts["memory_bytes"]


def test_links_libc_and_libyaml_only(host):
    out = subprocess.run(["readelf", "-d", host.executable], capture_output=True, check=True,
                         text=True).stdout
    needed = {line.split("[")[1].split("]")[0] for line in out.splitlines() if "(NEEDED)" in line}
    allowed = {"libc.so.6", "libyaml-0.so.2", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
    sanitizers = {n for n in needed if n.startswith(("libasan", "libubsan", "libtsan", "libm.so"))}
    if any(n.startswith(("libasan", "libtsan")) for n in needed):
        allowed |= sanitizers
    check(needed <= allowed, f"links {sorted(needed - allowed)} too")


sys.exit(run_all(sys.modules[__name__]))
