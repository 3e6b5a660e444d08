#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Memory that runs out at the n-th call, for every n: in the description, the plugins, the run and the
report.  Each run ends well, or with a code that says so and words that say what; never in between.
"""
import itertools
import json
import pathlib
import sys

import points
from host import check, run_all
from points import NO_MEMORY, Options, Scenario

LINES = 3000
OPENING = 50  # calls before the first thread that belong to the run already: more than there are
PLAIN = """\
vars: {in: n.txt, out: out.txt}
context: {where: "${var:in}"}
stages:
  - {use: lines, with: {path: "${ctx:where}"}}
  - {use: split, workers: 2, order: keep}
  - {use: write, with: {path: "${var:out}"}}
"""
BRANCHES = """\
stages:
  - {name: in, use: lines, with: {path: n.txt}}
  - {name: words, use: split, workers: 2}
  - {name: all, use: write, with: {path: all.txt}}
  - {name: pick, use: 'FAULTY:fault', from: words, on_error: dead, with: {where: item, nth: 10}}
  - {name: good, use: write, with: {path: good.txt}}
  - {name: bad, use: write, from: .dead, with: {path: bad.txt}}
"""
WRONG = """\
vars: {in: n.txt}
stages:
  - {use: lines, with: {pth: "${var:im}"}}
  - {use: splitt, wokers: 2, from: nowhere}
  - {use: write, with: {path: "${HOME}"}, queue: 1 lightyear}
"""


def numbers(wanted=lambda k: True):
    return "".join(f"{k}\n" for k in range(1, LINES + 1) if wanted(k)).encode()


def prepare(host):
    faulty = pathlib.Path(host.plugins).parents[1] / "plugins" / "faulty.so"
    host.write("n.txt", numbers())
    host.write("plain.yaml", PLAIN)
    host.write("branches.yaml", BRANCHES.replace("FAULTY", str(faulty)))
    host.write("wrong.yaml", WRONG)


def run_plain(*flags):
    return Scenario("run", "plain.yaml", *flags, files={"out.txt": numbers()})


def run_branches():
    return Scenario("run", "branches.yaml", code=3,
                    files={"all.txt": numbers(), "good.txt": numbers(lambda k: k % 10),
                           "bad.txt": numbers(lambda k: k % 10 == 0)})


def all_points(host, scenario, stride, prepared=False):
    """Fails every call while stages run and are opened and closed, and every so manieth before; with a
    sanitizer, which takes ten times as long, fewer of both."""
    step = 3 if host.sanitized() and not Options.every else 1
    if not prepared:
        prepare(host)
    if Options.only:
        points.sweep(host, scenario, [], NO_MEMORY)
        return
    counts = points.learn(host, scenario)
    total = counts.calls["alloc"]
    dense = max(counts.before_threads["alloc"] - OPENING, 0) or total
    early = points.strided(1, dense, 4 * stride if step > 1 else stride)
    rules = [f"alloc:every={k}" for k in (2, 3, 5, 10, 20, 40, 80)]
    rules += [f"alloc:every={k}" for k in range(100, 160) if Options.every]
    rules += [f"alloc:{kind}={n}" for n in early for kind in ("n", "from")]
    ran, effects, _ = points.sweep(host, scenario, rules, NO_MEMORY)
    for kind in ("n", "from"):
        late = (f"alloc:{kind}={n}" for n in itertools.count(dense + 1 + Options.seed % step, step))
        more = points.sweep(host, scenario, late, NO_MEMORY)
        ran, effects = ran + more[0], effects + more[1]
    print(f"{' '.join(scenario.args)}: {total} calls, {ran} points, {effects} of them hit",
          flush=True)
    check(effects >= len(early), "hardly a point had an effect")


def test_run(host):
    all_points(host, run_plain(), 2)


def test_run_inline(host):
    all_points(host, run_plain("--inline"), 5)


def test_run_json(host):
    all_points(host, run_plain("--log", "json", "--verbose"), 5)


def test_run_branches(host):
    all_points(host, run_branches(), 5)


def test_run_one_liner(host):
    all_points(host, Scenario("run", "lines n.txt ! split ! write out.txt",
                              files={"out.txt": numbers()}), 8)


def test_run_blocks(host):
    """Blocks of text, which are mapped, by workers that read one file together."""
    host.write("blocks.yaml", "stages:\n  - {use: lines, workers: 2, with: {path: n.txt, unit: block}}\n"
               "  - {use: split, workers: 2}\n  - {use: write, with: out.txt}\n")
    all_points(host, Scenario("run", "blocks.yaml", files={"out.txt": numbers()}), 20)


def awkward(host, kind, more=""):
    host.write("p.yaml", "context: {where: {from: here, to: there}}\nstages:\n"
               "  - {use: lines, with: n.txt}\n"
               f"  - {{use: '{Options.folder}/awkward.so:{kind}'}}\n{more}"
               "  - {use: write, with: out.txt}\n")
    host.write("n.txt", b"1\n2\n3\n")
    return Scenario("run", "p.yaml", files={"out.txt": b"1\n2\n3\n"}, in_order=not more)


def test_run_needy(host):
    """A plugin that is told there is no memory, and one that asks for the context."""
    prepare(host)
    all_points(host, awkward(host, "needy"), 20, prepared=True)


def test_run_by_key(host):
    prepare(host)
    all_points(host, awkward(host, "keyed", "  - {use: split, workers: 2, order: {by: key}}\n"), 20,
               prepared=True)


def test_run_small(host):
    words = "".join(f"{'x' * 5}\n" for _ in range(3))
    all_points(host, Scenario("run", "generate count=100 text=xxxxx ! head 3 ! write -", out=words), 20)


def test_replay(host):
    """Dead letters of two stages, of many origins, that are sent again; what is left of them is as it was."""
    prepare(host)
    host.write("p.yaml", "stages:\n  - {name: a, use: lines, with: n.txt}\n  - {name: b, use: head, with: 9999}\n"
               "  - {name: c, use: split}\n  - {use: write, with: out.txt}\n")
    lines = [{"stage": "b" if k % 2 else "c", "attempt": k % 5 + 1, "origin": f"o{k % 7}", "unit": "line", "data": str(k)}
             for k in range(60)]
    host.write("d.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    wanted = "".join(f"{line['data']}\n" for line in lines).encode()
    all_points(host, Scenario("replay", "d.jsonl", "--pipeline", "p.yaml", files={"out.txt": wanted}, in_order=False),
               20, prepared=True)


def reads(host, *args, code=0):
    """A verb that only reads: its output is whole, or it says why not."""
    prepare(host)
    whole = points.run(host, Scenario(*args), "")[0]
    all_points(host, Scenario(*args, code=code, out=whole.out), 5)


def test_check(host):
    reads(host, "check", "plain.yaml")


def test_check_wrong(host):
    reads(host, "check", "wrong.yaml", code=78)


def test_check_json(host):
    reads(host, "check", "wrong.yaml", "--json", code=78)


def test_show(host):
    reads(host, "show", "plain.yaml", "--explain")


def test_graph(host):
    reads(host, "graph", "branches.yaml", "--format", "text")


def test_plugins(host):
    reads(host, "plugins")


def test_plugins_one(host):
    reads(host, "plugins", "write", "--json")


def test_help(host):
    reads(host, "help", "run")


Options.take()
sys.exit(run_all(sys.modules[__name__]))
