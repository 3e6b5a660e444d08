# SPDX-License-Identifier: MIT
"""`limits:`: so many calls of the stages that name one run at once; gauge.so counts them.
Usage: test_limits.py PPHOST PLUGINS SOURCE
"""
import json
import sys

from host import check, run_all

TWO = """threads: 4
limits: {db: 3}
stages:
  - {use: generate, with: {count: 20000}}
  - {name: fetch, use: gauge, workers: 4, order: any, batch: 100, limit: db, with: {meet: 3}}
  - {name: store, use: "gauge:sink", workers: 4, batch: 100, limit: db, with: {meet: 3}}
"""

# Who makes items that fit nowhere waits inside emit, and those below have the one place meanwhile.
ONE = """threads: 3
limits: {db: 1}
defaults: {limit: db, queue: 2}
stages:
  - {use: generate, with: {count: 200}}
  - {name: left, use: gauge, workers: 2, with: {times: 30}}
  - {name: right, use: gauge, from: generate, order: any, workers: 3, with: {times: 30}}
  - {name: store, use: "gauge:sink", from: [left, right], workers: 2}
"""

JOBS = """limits: {license: 3}
stages:
  - {name: a, use: "gauge:job", workers: 8, limit: license, with: {meet: 3}}
  - {name: b, use: "gauge:job", workers: 8, limit: license, with: {meet: 3}}
"""

OUTER = """limits: {db: 2, words/own: 5}
stages:
  - {use: generate, with: {count: 10}}
  - {name: words, use: ./lib/sub.yaml}
  - {name: more, use: ./lib/sub.yaml}
  - {name: store, use: drop, limit: db}
"""

SUB = """include: limits.yaml
stages:
  - {name: fetch, use: split, limit: db}
  - {name: keep, use: split, limit: own}
"""


def ok(result):
    check(result.code == 0, result)
    return result.out


def most(host, *args):
    """The most calls that were inside at once, as the workers' results say."""
    result = host.run("run", "--results", "results.json", *args)
    check(result.code == 0, result)
    found = json.loads((host.folder / "results.json").read_text())
    check(all(r["status"] == "ok" for r in found), found)
    return max(r["result"] for r in found), result


def test_two_stages_fill_their_limit_and_never_exceed_it(host):
    host.write("p.yaml", TWO)
    calls, result = most(host, "p.yaml")
    check(calls == 3 and "delivered 20,000" in result.err.replace("20 000", "20,000"), (calls, result))


def test_limit_can_be_set(host):
    host.write("p.yaml", TWO)
    calls, _ = most(host, "p.yaml", "--set", "limits.db=1", "--set", "fetch.with.meet=1", "--set", "store.with.meet=1")
    check(calls == 1, calls)


def test_those_who_feed_each_other_can_share_a_limit_of_one(host):
    host.write("p.yaml", ONE)
    for flags in ((), ("--threads", "1"), ("--inline",)):
        calls, result = most(host, "p.yaml", *flags)
        check(calls == 1, (calls, result))


def test_tasks_share_a_limit(host):
    host.write("p.yaml", JOBS)
    calls, _ = most(host, "p.yaml")
    check(calls == 3, calls)


def write_sub(host):
    (host.folder / "lib").mkdir()
    host.write("p.yaml", OUTER)
    host.write("lib/sub.yaml", SUB)
    host.write("lib/limits.yaml", "limits: {db: 7, own: 1}\n")


def test_limits_of_a_pipeline_that_is_a_stage(host):
    """Its own unless the one around it has one of the name; that may also name it in full."""
    write_sub(host)
    facts = json.loads(ok(host.run("check", "--json", "p.yaml")))[0]
    check(facts["limits"] == {"db": 2, "words/own": 5, "more/own": 1}, facts["limits"])
    of = {s["name"]: s.get("limit") for s in facts["stages"]}
    check(of == {"generate": None, "words/fetch": "db", "words/keep": "words/own", "more/fetch": "db",
                 "more/keep": "more/own", "store": "db"}, of)
    ok(host.run("run", "p.yaml"))


def test_limits_reach_down_through_pipelines_in_pipelines(host):
    host.write("inner.yaml", "limits: {db: 9, own: 9, mine: 3}\nstages:\n"
                             "  - {name: a, use: split, limit: db}\n  - {name: b, use: split, limit: own}\n"
                             "  - {name: c, use: split, limit: mine}\n")
    host.write("middle.yaml", "limits: {own: 5, db: 7}\ndefaults: {limit: own}\nstages:\n"
                              "  - {name: in, use: inner.yaml}\n  - {name: d, use: split}\n"
                              "  - {name: e, use: split, limit: none}\n")
    host.write("p.yaml", "limits: {db: 2}\nstages:\n  - {use: generate, with: {count: 10}}\n"
                         "  - {name: mid, use: middle.yaml}\n  - {use: drop}\n")
    facts = json.loads(ok(host.run("check", "--json", "p.yaml")))[0]
    check(facts["limits"] == {"db": 2, "mid/own": 5, "mid/in/mine": 3}, facts["limits"])
    of = {s["name"]: s.get("limit") for s in facts["stages"]}
    check(of == {"generate": None, "mid/in/a": "db", "mid/in/b": "mid/own", "mid/in/c": "mid/in/mine",
                 "mid/d": "mid/own", "mid/e": None, "drop": None}, of)


def test_replayed_letters_are_held_back_by_limits_too(host):
    host.write("p.yaml", "limits: {db: 1}\ndefaults: {limit: db}\nstages:\n  - {use: generate, with: {count: 50, text: '7'}}\n"
                         "  - {name: picky, use: 'moody:picky', with: {letter: '7'}, on_error: dead}\n"
                         "  - {name: pass, use: gauge, workers: 3}\n  - {use: write, with: out.txt}\n"
                         "  - {use: jsonl, from: .dead, with: {path: dead.jsonl}}\n")
    check(host.run("run", "p.yaml").code == 3, "there is a letter")
    result = host.run("replay", "dead.jsonl", "--pipeline", "p.yaml", "--into", "pass")
    check(result.code == 0, result)


def test_check_and_show_say_what_holds(host):
    write_sub(host)
    out = ok(host.run("check", "p.yaml"))
    for line in ("  at most 2 calls at once of words/fetch, more/fetch and store (limit db)\n",
                 "  at most 5 calls at once of words/keep (limit words/own)\n",
                 "  at most 1 call at once of more/keep (limit more/own)\n"):
        check(line in out, out)
    shown = ok(host.run("show", "p.yaml"))
    host.write("q.yaml", shown)
    check(ok(host.run("show", "q.yaml")) == shown, shown)
    explained = ok(host.run("show", "--explain", "p.yaml"))
    for words in ("\nlimits:\n  db: 2 ", "# p.yaml:1\n", "    limit: more/own ", "# lib/sub.yaml:4\n"):
        check(words in explained, explained)


def test_a_one_liner_leaves_limit_to_the_plugin(host):
    out = ok(host.run("run", "generate count=10 ! print limit=2"))
    check(len(out.splitlines()) == 2, out)


if __name__ == "__main__":
    sys.exit(run_all(sys.modules[__name__]))
