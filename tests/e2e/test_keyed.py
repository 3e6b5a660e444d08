# SPDX-License-Identifier: MIT
"""order: {by: key}: lines of one first word are numbered in order by one worker; what the verbs say of it.
Usage: test_keyed.py PPHOST PLUGINS SOURCE
"""
import collections
import json
import random
import sys

from host import check, run_all

TALLY = """stages:
  - use: lines
    with: {path: in.txt}
  - use: keyed
    workers: 3
  - use: keyed:tally
    workers: 4
    order: {by: key}
    queue: 200
  - use: write
    with: {path: out.txt}
"""


def make_input(host, words, lines):
    """Lines "WORD LINE": some words are frequent, some lines are empty.  Returns them by word."""
    random.seed(words * lines)
    by_word = collections.defaultdict(list)
    text = []
    for number in range(lines):
        word = f"w{min(random.randrange(words), random.randrange(words))}"
        line = f"{word} {number}" if number % 50 else ""
        text.append(line)
        by_word[word if line else ""].append(line)
    host.write("in.txt", "\n".join(text) + "\n")
    return by_word


def numbered(host):
    """The output by word: what stands behind the numbers, which must count from 1."""
    by_word = collections.defaultdict(list)
    for line in (host.folder / "out.txt").read_text().splitlines():
        number, rest = line.split(" ", 1)
        word = rest.split(" ", 1)[0]
        by_word[word].append(rest)
        check(word == "" or int(number) == len(by_word[word]), line)
    return by_word


def test_lines_of_a_word_are_numbered_in_order(host):
    by_word = make_input(host, 300, 20000)
    host.write("p.yaml", TALLY)
    for args in (["--threads", "1"], ["--threads", "4"], ["--inline"],
                 ["--set", "tally.workers=1"], ["--set", "tally.queue=1"]):
        result = host.run("run", "p.yaml", *args)
        check(result.code == 0, result)
        check(numbered(host) == by_word, args)


def test_show_is_a_description_that_says_the_same(host):
    host.write("p.yaml", TALLY)
    shown = host.run("show", "p.yaml")
    check(shown.code == 0 and "\n    order: {by: key}\n" in shown.out, shown)
    host.write("again.yaml", shown.out)
    check(host.run("show", "again.yaml").out == shown.out, shown)


def test_order_can_be_set_from_the_command_line(host):
    host.write("p.yaml", TALLY.replace("    order: {by: key}\n", ""))
    for way in ("tally.order.by=key", "tally.order={by: key}"):
        shown = host.run("show", "p.yaml", "--set", way)
        check("\n    order: {by: key}\n" in shown.out, shown)
    shown = host.run("show", "lines in.txt ! keyed:tally ! drop", "--set", "tally.order.by=key")
    check("\n    order: {by: key}\n" in shown.out, shown)


def test_check_and_graph_name_the_order(host):
    make_input(host, 3, 10)
    host.write("p.yaml", TALLY)
    table = host.run("check", "p.yaml")
    check(table.code == 0 and " by key " in table.out + table.err, table)
    facts = json.loads(host.run("check", "p.yaml", "--json").out)
    orders = {stage["name"]: stage["order"] for stage in facts[0]["stages"]}
    check(orders["tally"] == "by key" and orders["keyed"] == "keep", facts)
    check("4 workers, order by key" in host.run("graph", "--format", "text", "p.yaml").out,
          table)


if __name__ == "__main__":
    sys.exit(run_all(sys.modules[__name__]))
