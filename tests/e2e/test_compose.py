# SPDX-License-Identifier: MIT
"""What a description is put together from: defaults, included files, pipelines that are stages.
Usage: test_compose.py PPHOST PLUGINS SOURCE
"""
import json
import pathlib
import sys

from host import check, run_all

DEFAULTS = """threads: 2
defaults:
  queue: {items: 100, bytes: 1MB}
  workers: 2
  order: {by: key}
  on_error: dead
stages:
  - use: generate
    with: {count: 100}
  - use: moody:picky
    with: {letter: "7"}
    queue: {bytes: 2MB}
  - use: write
    with: {path: out.txt}
    workers: 1
    order: keep
    queue: 5
  - name: rejects
    use: write
    from: .dead
    with: {path: dead.txt}
"""


MAIN = """threads: 2
include: [lib/base.yaml, lib/more.yaml]
vars: {name: main}
context: {db: {host: here}}
defaults: {queue: 7}
stages:
  - use: write
    with: {path: "${var:out}"}
"""

BASE = """include: common.yaml
vars: {name: base, n: 20, out: base.txt}
context: {db: {host: there, user: app, password: "${file:password}"}, list: [1, 2]}
defaults: {queue: {items: 3, bytes: 1MB}}
stages:
  - use: generate
    with: {count: "${var:n}", text: "${var:name} ${var:common}"}
"""

MORE = """include: [common.yaml]
vars: {out: more.txt}
context: {list: [3]}
stages:
  - use: ./own.so:picky
    with: {letter: x}
    on_error: skip
"""


def ok(result):
    check(result.code == 0, result)
    return result.out


def stages(host, file, *args):
    """What `check` says of each stage, by name."""
    return {s["name"]: s for s in json.loads(ok(host.run("check", "--json", file, *args)))[0]["stages"]}


def test_a_default_holds_where_a_stage_says_nothing(host):
    host.write("p.yaml", DEFAULTS)
    of = stages(host, "p.yaml")
    check(of["picky"]["queue"] == {"items": 100, "bytes": 2000000, "full": "block"}, of)
    check(of["write"]["queue"] == {"items": 5, "bytes": 1000000, "full": "block"}, of)
    check(of["rejects"]["queue"] == {"items": 100, "bytes": 1000000, "full": "block"}, of)
    check([of[s]["on_error"] for s in ("generate", "picky", "write")] == ["dead"] * 3, of)


def test_a_default_does_not_hold_for_a_stage_that_cannot_have_it(host):
    host.write("p.yaml", DEFAULTS)
    of = stages(host, "p.yaml")
    check(of["generate"]["order"] == "keep", of)
    check(of["rejects"]["on_error"] == "stop", of)
    check(of["write"]["workers"] == 1 and of["generate"]["workers"] == 1, of)


def test_show_prints_what_holds(host):
    host.write("p.yaml", DEFAULTS)
    host.golden("show-defaults.txt", ok(host.run("show", "--explain", "p.yaml")))
    host.write("q.yaml", ok(host.run("show", "p.yaml")))
    check(stages(host, "q.yaml") == stages(host, "p.yaml"), "differs when it is read again")


def test_defaults_can_be_set(host):
    host.write("p.yaml", DEFAULTS)
    of = stages(host, "p.yaml", "--set", "defaults.queue.items=9")
    check(of["picky"]["queue"]["items"] == 9 and of["write"]["queue"]["items"] == 5, of)
    of = stages(host, "p.yaml", "--set", "defaults={queue: 3, on_error: dead}")
    check(of["picky"]["queue"] == {"items": 3, "bytes": 2000000, "full": "block"}, of)
    check(of["picky"]["order"] == "keep", of)


def write_files(host):
    (host.folder / "lib").mkdir()
    (host.folder / "lib" / "own.so").write_bytes((pathlib.Path(host.plugins) / "moody.so").read_bytes())
    host.write("p.yaml", MAIN)
    host.write("lib/base.yaml", BASE)
    host.write("lib/more.yaml", MORE)
    host.write("lib/common.yaml", "vars: {common: shared, n: 10}\n")
    host.write("lib/password", "hunter2\n")


def test_included_files_are_joined_and_the_including_one_wins(host):
    write_files(host)
    ok(host.run("run", "p.yaml"))
    lines = (host.folder / "more.txt").read_text().splitlines()
    check(len(lines) == 20 and lines[0].startswith("main shared"), lines)
    of = stages(host, "p.yaml")
    check(list(of) == ["generate", "picky", "write"], of)
    check(of["write"]["queue"] == {"items": 7, "bytes": 32000000, "full": "block"}, of)


def test_show_tells_the_file_of_each_value(host):
    write_files(host)
    out = ok(host.run("show", "--explain", "p.yaml"))
    check("hunter2" not in out, out)
    host.golden("show-included.txt", out)


def test_vars_and_sets_reach_included_files(host):
    write_files(host)
    ok(host.run("run", "p.yaml", "n=3", "out=three.txt", "--set", "generate.with.text=said"))
    check((host.folder / "three.txt").read_text().split()[0].startswith("said"), "n=3")
    result = host.run("check", "p.yaml", "--set", "include=x.yaml")
    check(result.code == 78 and "error[E143]" in result.err, result)


def test_relative_names_are_seen_from_the_file_also_from_elsewhere(host):
    write_files(host)
    (host.folder / "else").mkdir()
    result = host.run("check", "../p.yaml", cwd=host.folder / "else")
    check(result.code == 0, result)
    (host.folder / "lib" / "own.so").unlink()
    result = host.run("check", "../p.yaml", cwd=host.folder / "else")
    check(result.code == 78 and "--> ../lib/more.yaml:5:" in result.err, result)
    check("= included by ../p.yaml:2\n" in result.err, result)


def test_the_way_to_a_file_is_in_the_json_too(host):
    write_files(host)
    host.write("lib/common.yaml", "vars: [x]\n")
    found = json.loads(host.run("check", "--json", "p.yaml").out)[0]["diagnostics"]
    check([d["file"] for d in found] == ["lib/common.yaml"], found)
    check(found[0]["notes"] == ["included by lib/base.yaml:1", "included by p.yaml:2"], found)


def test_files_have_a_bound(host):
    for n in range(20):
        host.write(f"f{n}.yaml", f"include: f{n + 1}.yaml\n")
    host.write("f20.yaml", "vars: {x: 1}\n")
    result = host.run("check", "f0.yaml")
    check(result.code == 78 and "nested deeper than 16" in result.err, result)
    host.write("q.yaml", f"include: [{', '.join(['f20.yaml'] * 64)}]\nstages: [{{use: lines, with: x}}]\n")
    result = host.run("check", "q.yaml")
    check("error[E154]" not in result.err, result)
    host.write("f20.yaml", "include: f21.yaml\n")
    host.write("f21.yaml", "vars: {x: 1}\n")
    result = host.run("check", "q.yaml")
    check(result.code == 78 and "at most 64 files" in result.err, result)


OUTER = """threads: 2
vars: {in: in.txt}
context: {who: outer}
defaults: {queue: 50}
stages:
  - use: lines
    with: {path: "${var:in}"}
  - name: words
    use: lib/words.yaml
    with: {letter: "${BAD:-b}"}
  - use: write
    with: {path: out.txt}
  - name: rejects
    use: write
    from: words.dead
    with: {path: dead.txt}
"""

WORDS = """threads: 4
vars: {letter: none, n: 1000}
context: {who: inner, n: 7}
defaults: {queue: {items: 20}, on_error: dead}
stages:
  - use: deeper.yaml
    with: {letter: "${var:letter}"}
  - use: head
    with: {n: "${var:n}"}
    on_error: stop
"""

DEEPER = """vars: {letter: c}
stages:
  - use: split
  - use: ./own.so:picky
    with: {letter: "${var:letter}"}
    queue: {bytes: 1MB}
"""


def write_subs(host):
    (host.folder / "lib").mkdir()
    (host.folder / "lib" / "own.so").write_bytes((pathlib.Path(host.plugins) / "moody.so").read_bytes())
    host.write("in.txt", "a b\n" * 30)
    host.write("p.yaml", OUTER)
    host.write("lib/words.yaml", WORDS)
    host.write("lib/deeper.yaml", DEEPER)


def edges(host, file):
    """What `check` says of who reads what."""
    found = json.loads(ok(host.run("check", "--json", file)))[0]["edges"]
    return {(e["from"], e["port"], e["to"]) for e in found}


def lines_of(host, name):
    return (host.folder / name).read_text().splitlines()


def test_a_pipeline_is_one_stage(host):
    write_subs(host)
    result = host.run("run", "p.yaml")
    check(result.code == 3, result)  # some are dead letters
    check(lines_of(host, "out.txt") == ["a"] * 30, lines_of(host, "out.txt"))
    check(lines_of(host, "dead.txt") == ["b"] * 30, lines_of(host, "dead.txt"))


def test_its_stages_stand_where_the_stage_stands(host):
    write_subs(host)
    check(list(stages(host, "p.yaml")) == ["lines", "words/deeper/split", "words/deeper/picky",
                                           "words/head", "write", "rejects"], "names")
    check(edges(host, "p.yaml") == {
        ("lines", "out", "words/deeper/split"),
        ("words/deeper/split", "out", "words/deeper/picky"),
        ("words/deeper/picky", "out", "words/head"),
        ("words/head", "out", "write"),
        ("words/deeper/split", "dead", "rejects"),
        ("words/deeper/picky", "dead", "rejects")}, edges(host, "p.yaml"))


def test_defaults_go_inwards(host):
    write_subs(host)
    of = stages(host, "p.yaml")
    check(of["words/deeper/picky"]["queue"] == {"items": 20, "bytes": 1000000, "full": "block"}, of)
    check(of["write"]["queue"]["items"] == 50 and of["write"]["on_error"] == "stop", of)
    check(of["words/head"]["on_error"] == "stop", of)


def test_show_prints_a_pipeline_without_the_files(host):
    write_subs(host)
    host.golden("show-sub.txt", ok(host.run("show", "--explain", "p.yaml")))
    for name in ("graph", "check"):
        host.golden(f"{name}-sub.txt", ok(host.run(name, "p.yaml")))
    host.write("lib/flat.yaml", ok(host.run("show", "p.yaml")))
    check(edges(host, "lib/flat.yaml") == edges(host, "p.yaml"), edges(host, "lib/flat.yaml"))
    result = host.run("run", "lib/flat.yaml")
    check(result.code == 3, result)
    check(lines_of(host, "dead.txt") == ["b"] * 30, lines_of(host, "dead.txt"))


def test_sets_reach_the_stages_in_it(host):
    write_subs(host)
    host.run("run", "p.yaml", "--set", "words/head.with.n=2", "--set", "words/vars.letter=z",
             "--set", "words/deeper/picky.with.letter=a", "in=in.txt")
    check(lines_of(host, "out.txt") == ["b"] * 2, lines_of(host, "out.txt"))
    for path, said in (("words/haed.workers", "no stage 'haed'"),
                       ("word/head.workers", "no stage 'word/head'"),
                       ("words/deeper/x.workers", "no stage 'x'")):
        result = host.run("check", "p.yaml", "--set", f"{path}=1")
        check(result.code == 78 and said in result.err, result)
        check(result.err.count("error[") == 1, result)


def test_a_pipeline_can_begin_or_end_a_run(host):
    host.write("source.yaml", "stages: [{use: generate, with: {count: 5, text: x}}]\n")
    host.write("sink.yaml", "vars: {to: a}\nstages: [{use: write, with: '${var:to}'}]\n")
    host.write("p.yaml", """stages:
  - use: source.yaml
  - {use: sink.yaml, with: {to: one.txt}}
  - {use: sink.yaml, from: source, with: {to: two.txt}}
""")
    ok(host.run("run", "p.yaml"))
    check(lines_of(host, "one.txt") == lines_of(host, "two.txt") == ["x"] * 5, "x")
    ok(host.run("run", "source.yaml ! sink.yaml to=three.txt"))
    check(lines_of(host, "three.txt") == lines_of(host, "one.txt"), "one-liner")


def test_dead_letters_taken_inside_are_not_seen_outside(host):
    host.write("inner.yaml", """stages:
  - {use: moody:picky, with: {letter: b}, on_error: dead}
  - {name: first, use: head, with: {n: 3}, on_error: dead}
  - {use: drop, from: picky.dead}
""")
    host.write("p.yaml", """defaults: {on_error: dead}
stages:
  - {use: generate, with: {count: 5}}
  - {name: in, use: inner.yaml}
  - {use: drop}
  - {name: rest, use: drop, from: .dead}
""")
    found = {e for e in edges(host, "p.yaml") if e[1] == "dead"}
    check(found == {("in/picky", "dead", "in/drop"), ("in/first", "dead", "rest"),
                    ("generate", "dead", "rest"), ("drop", "dead", "rest")}, found)
    host.write("inner.yaml", """stages:
  - {use: moody:picky, with: {letter: b}, on_error: dead}
  - {name: rejects, use: drop, from: .dead}
""")
    found = {e for e in edges(host, "p.yaml") if e[1] == "dead"}
    check(found == {("in/picky", "dead", "in/rejects"), ("generate", "dead", "rest"),
                    ("drop", "dead", "rest")}, found)


def test_results_of_its_stages_are_read_by_its_name(host):
    host.write("inner.yaml", """stages:
  - {name: leaver, use: head, with: {n: 3}}
  - {name: own, use: write, from: .result, with: inner.txt}
""")
    host.write("p.yaml", """stages:
  - {use: generate, with: {count: 5}}
  - {name: in, use: inner.yaml}
  - {use: drop}
  - {name: said, use: write, from: in.result, with: said.txt}
  - {name: all, use: write, from: .result, with: all.txt}
""")
    found = {e for e in edges(host, "p.yaml") if e[1] == "result"}
    inside = {("in/leaver", "result", to) for to in ("in/own", "said", "all")}
    check(inside < found and ("generate", "result", "all") in found, found)
    check(not [e for e in found if e[2] != "all" and not e[0].startswith("in/")], found)


def test_ports_of_its_stages_can_be_read_from_outside(host):
    host.write("fork.yaml", "stages: [{name: kind, use: 'moody:sorter'}]\n")
    host.write("p.yaml", """stages:
  - {use: generate, with: {count: 5}}
  - {use: fork.yaml}
  - {name: odd, use: drop}
  - {name: even, use: drop, from: fork/kind.even}
""")
    check({("fork/kind", "out", "odd"), ("fork/kind", "even", "even")} < edges(host, "p.yaml"),
          edges(host, "p.yaml"))


def test_a_failure_names_the_file_of_its_stage(host):
    write_subs(host)
    result = host.run("run", "p.yaml", "--set", "words/deeper/picky.on_error=stop")
    check(result.code == 1 and "'words/deeper/picky' (lib/deeper.yaml:4)" in result.err, result)


def test_stages_in_it_see_both_contexts(host):
    host.write("inner.yaml", """context: {who: inner, n: 2}
stages: [{use: generate, with: {count: "${ctx:n}", text: "${ctx:who}"}}]
""")
    host.write("p.yaml", "context: {who: outer}\nstages: [{use: inner.yaml}, {use: write, with: out.txt}]\n")
    ok(host.run("run", "p.yaml"))
    check(lines_of(host, "out.txt") == ["outer"] * 2, lines_of(host, "out.txt"))


def test_stages_of_all_files_have_one_bound(host):
    host.write("many.yaml", "stages:\n" + "  - {use: split}\n" * 100)
    host.write("p.yaml", "stages:\n  - {use: generate, with: 1}\n" + "  - {use: many.yaml}\n" * 3)
    result = host.run("check", "p.yaml")
    check(result.code == 78 and "more than 256 stages" in result.err, result)


def test_types_that_agree_or_are_not_said_are_no_fault(host):
    host.write("p.yaml", """defaults: {on_error: dead}
stages:
  - use: typed:painter
  - {name: top, use: head, with: {n: 1}}
  - {name: crop, use: typed}
  - {use: drop}
  - {name: words, use: typed:reader, from: painter.words}
  - {use: drop}
  - {use: drop, from: .dead}
""")
    ok(host.run("check", "p.yaml"))


if __name__ == "__main__":
    sys.exit(run_all(sys.modules[__name__]))
