# SPDX-License-Identifier: MIT
"""configs/seeds: each example on threads, on one thread and --inline; its output is what the library would give.
Usage: test_seeds.py PPHOST PLUGINS SOURCE, where PLUGINS is the folder of the examples' plugins
"""
import itertools
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

from host import TIME_LIMIT_S, check, run_all

WAYS = ((), ("--threads", "1"), ("--threads", "4"), ("--inline",))


def seed(host, name):
    return str(host.source / "configs" / "seeds" / f"{name}.yaml")


def results(host):
    return json.loads((host.folder / "results.json").read_text())


def lines(host, name):
    return (host.folder / name).read_text().splitlines()


def test_each_example_is_valid_and_has_a_test(host):
    examples = sorted(path.stem for path in (host.source / "configs" / "seeds").glob("*.yaml"))
    own = (host.source / "tests" / "e2e" / "test_seeds.py").read_text()
    check(len(examples) >= 8, examples)
    for name in examples:
        run = host.run("check", seed(host, name))
        check(run.code == 0 and run.err == "", run)
        check(f'seed(host, "{name}")' in own, f"{name} has no test")


def test_pyprocessparallel_tokenises_in_order(host):
    text = "".join(f"line {n} has  {n % 7} blanks{' ' * (n % 7)}\n" for n in range(3000))
    host.write("in.txt", text)
    ways = [(*way, "--set", f"split.workers={n}") for way in WAYS for n in ("auto", 1, 2, 5)]
    for way in ways + [("--set", "split.queue=1", "--set", "write.queue=1")]:
        run = host.run("run", *way, seed(host, "pyprocessparallel"), "in=in.txt", "out=out.txt")
        check(run.code == 0, run)
        check(lines(host, "out.txt") == text.split(), way)
        check({path.name for path in host.folder.iterdir()} == {"in.txt", "out.txt"}, "left behind")
    shown = host.run("show", seed(host, "pyprocessparallel")).out
    check(shown.count("items: 100\n") == 2, shown)


def test_slott_joins_in_every_way(host):
    low = [str(n * n) for n in range(50)]
    high = [str(n * n) for n in range(50, 100)]
    for way in WAYS:
        run = host.run("run", *way, seed(host, "slott"), "out=.")
        check(run.code == 0 and "read 100 + split 200 = delivered 300" in run.err, run)
        check(lines(host, "one.txt") == low, way)
        both = lines(host, "both.txt")
        check([n for n in both if n in set(low)] == low, way)      # the order of each is kept
        check([n for n in both if n in set(high)] == high, way)
        again = sorted(lines(host, "again.txt"), key=int)
        check(again == sorted((str(int(n) ** 2) for n in low + low + high), key=int), way)


def test_slott_ends_with_the_cause_of_an_error(host):
    host.write("in.txt", "1\n2\nthree\n4\n")
    host.write("p.yaml", (host.source / "configs/seeds/slott.yaml").read_text().replace(
        "use: count, with: {to: 50}", "use: lines, with: in.txt"))
    for way in WAYS:
        run = host.run("run", *way, "p.yaml", "out=.")
        check(run.code == 1 and "it is no number: three" in run.err, run)
        check("--> line 3 of " in run.err, run)


def test_pypfp_runs_all_with_their_own_arguments(host):
    for way in WAYS:
        run = host.run("run", *way, seed(host, "pypfp"), "--results", "results.json")
        check(run.code == 0, run)
        check([(r["stage"], r["status"], r["result"]) for r in results(host)] ==
              [("func1", "ok", {"table": "users", "user": "app"}),
               ("func2", "ok", {"table": "orders", "days": 30}),
               ("func3", "ok", "no settings, no cares")], run)
    check("open-sesame" not in host.run("show", seed(host, "pypfp")).out, "show")


def test_pypfp_keeps_the_results_of_those_that_do_not_fail(host):
    for way in WAYS:
        run = host.run("run", *way, "--set", "func2.with.table=locked", seed(host, "pypfp"),
                       "--results", "results.json")
        check(run.code == 1 and "stage 'func2'" in run.err, run)
        check([(r["stage"], r["status"], r.get("error")) for r in results(host)] ==
              [("func1", "ok", None), ("func2", "failed", "the table is locked"),
               ("func3", "ok", None)], run)


def test_consumers_logger_gets_a_total_of_each_worker(host):
    for way in WAYS:
        run = host.run("run", *way, seed(host, "consumers-logger"))
        totals = re.findall(r"^A consumer has finished with a total of (\d+)$", run.out, re.M)
        check(run.code == 0 and len(totals) == 4 == run.out.count("\n"), run)
        check(sum(map(int, totals)) == sum(n * n for n in range(500)), run)


def test_consumers_concat_leaves_a_result_of_each_worker(host):
    for way in WAYS:
        run = host.run("run", *way, seed(host, "consumers-concat"), "--results", "-",
                       "--set", "concat.queue=1",
                       f"in={host.source / 'configs' / 'seeds' / 'letters.txt'}")
        parts = [r["result"] for r in json.loads(run.out)]
        check(run.code == 0 and len(parts) == 2, run)
        check(sorted("-".join(p for p in parts if p).split("-")) == list("abcdef"), run)
        for part in parts:
            check(part.split("-") == sorted(part.split("-")), run)


def test_consumers_arguments_are_with(host):
    for way in WAYS:
        run = host.run("run", *way, seed(host, "consumers-arguments"), "--results", "-")
        check(run.code == 0 and [r["result"] for r in json.loads(run.out)] ==
              ["remote:80 got 3 items", "local:8123 got 3 items"], run)


def test_consumers_ports_have_an_output_and_another_pool(host):
    for way in WAYS:
        run = host.run("run", *way, seed(host, "consumers-ports"), "out=out.txt")
        check(run.code == 0 and lines(host, "out.txt") == [str(n) for n in range(500)], run)
        said = re.findall(r"^worker (\d) has passed on (\d+) numbers$", run.out, re.M)
        check([worker for worker, _ in sorted(said)] == ["0", "1", "2"], run)
        check(sum(int(n) for _, n in said) == 500, run)


def test_iterable_queue_ends_when_the_last_producer_is_done(host):
    for way in WAYS + (("--set", "consume.queue=1", "--set", "produce.with.items=50"),
                       ("--set", "produce.workers=1"), ("--set", "consume.workers=1")):
        run = host.run("run", *way, seed(host, "iterable-queue"), "--results", "results.json")
        check(run.code == 0, run)
        items = (1 if "produce.workers=1" in way else 17) * \
                (50 if "produce.with.items=50" in way else 1000)
        found = [r["result"] for r in results(host)]
        check(len(found) == (1 if "consume.workers=1" in way else 13), run)
        check(sum(r["items"] for r in found) == items, run)
        check(sum(r["sum"] for r in found) == items * (items - 1) // 2, run)


def test_iterable_queue_ends_with_a_producer_that_fails(host):
    for way in WAYS:
        run = host.run("run", *way, "--set", "produce.with.fails=5", seed(host, "iterable-queue"))
        check(run.code == 1 and "half of it has to be enough" in run.err, run)
        check("worker 5" in run.err, run)


def test_iterable_queue_gives_a_slow_consumer_everything(host):
    """The producers are done long before; the queue is closed then, and what is in it is still taken."""
    host.write("p.yaml", f"""stages:
  - {{name: produce, use: generate, with: {{count: 300, text: item}}}}
  - {{name: slow, use: '{others(host)}/moody.so:sleepy', with: 1ms}}
""")
    for way in WAYS:
        run = host.run("run", *way, "p.yaml")
        check(run.code == 0 and "read 300 = delivered 300" in run.err, run)


def test_iterable_queue_closes_after_its_last_producer_alone(host):
    """Consumers that are faster than a producer wait for it, however early the others have ended."""
    os.mkfifo(host.folder / "late")
    host.write("p.yaml", """stages:
  - {name: soon, use: count, with: {to: 100}}
  - {name: late, use: lines, with: {path: late}}
  - {name: take, use: numbers:reporter, from: [soon, late], workers: 3, order: any}
  - {use: write, from: take, with: "-"}
  - {use: drop, from: take.log}
""")
    for way in WAYS:
        process = host.start("run", *way, "p.yaml", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with open(host.folder / "late", "wb", buffering=0) as late:
            got = [process.stdout.readline() for _ in range(100)]
            check(sorted(got, key=int) == [b"%d\n" % n for n in range(100)], got)
            for n in range(100, 110):  # each is here before the next is sent
                late.write(b"%d\n" % n)
                check(process.stdout.readline() == b"%d\n" % n, n)
                check(process.poll() is None, "it goes on as long as there is a producer")
        out, err = process.communicate(timeout=TIME_LIMIT_S)
        check(process.returncode == 0 and out == b"" and b"read 110" in err, err)


def others(host):
    """The folder of the plugins of other tests."""
    return pathlib.Path(host.plugins).parents[1] / "tests" / "e2e" / "plugins"


def test_slott_joins_any_number_with_any_number(host):
    for n_from, n_to, queue in itertools.product((1, 4), (1, 3), (1, 1024)):
        sources = [f"s{k}" for k in range(n_from)]
        text = "stages:\n"
        for k, name in enumerate(sources):
            text += f"  - {{name: {name}, use: count, with: {{from: {1000 * k}, to: {1000 * k + 300}}}}}\n"
        for k in range(n_to):
            text += f"  - {{use: write, from: [{', '.join(sources)}], queue: {queue}, with: out{k}.txt}}\n"
        host.write("p.yaml", text)
        for way in ((), ("--inline",)):
            run = host.run("run", *way, "p.yaml")
            check(run.code == 0, run)
            for k in range(n_to):
                got = [int(line) for line in lines(host, f"out{k}.txt")]
                for s in range(n_from):  # each whole, and in its order
                    check([n for n in got if n // 1000 == s] == list(range(1000 * s, 1000 * s + 300)), (n_from, n_to, way))
                check(len(got) == 300 * n_from, (n_from, n_to, way))


def test_slott_takes_any_bytes_for_an_item(host):
    """There is no sentinel: nothing that an item holds ends a stream."""
    items = [b"", b"None", b"\0", b"\0\0end", b"STOP", b"EOF", b"-1", b"\x04", b"", b"\xff\xfe", b"null", b"StopIteration", b""]
    host.write("in.txt", b"".join(item + b"\n" for item in items))
    host.write("p.yaml", """stages:
  - {use: lines, with: in.txt}
  - {name: a, use: head, with: 100}
  - {name: b, use: head, from: [a, lines], with: 100}
  - {use: write, from: a, with: a.txt}
  - {use: write, from: b, with: b.txt}
""")
    for way in WAYS:
        run = host.run("run", *way, "p.yaml")
        check(run.code == 0, run)
        check((host.folder / "a.txt").read_bytes() == (host.folder / "in.txt").read_bytes(), way)
        check(sorted((host.folder / "b.txt").read_bytes().split(b"\n")[:-1]) == sorted(items * 2), way)


def test_slott_ends_with_an_error_of_any_stage(host):
    """In the first, the middle and the last one; what ends the process is in test_crashes.py."""
    faulty = pathlib.Path(host.plugins).parents[1] / "tests" / "plugins" / "faulty.so"
    host.write("in.txt", "1\n2\n3\n")
    stages = ("{use: lines, with: in.txt}", "{use: head, with: 9}", "{name: end, use: drop}")
    for where, said in (("open", "the cellar is locked"), ("start", "the engine is cold"),
                        ("item", "this one is rotten"), ("flush", "the drain is blocked"),
                        ("stop", "the brake is broken"), ("close", "the door is stuck")):
        fault = f"{{name: bad, use: '{faulty}:fault', with: {{where: {where}, nth: 2}}}}"
        for at in (1, 2):
            host.write("p.yaml", "stages:\n" + "".join(f"  - {s}\n" for s in (*stages[:at], fault, *stages[at:])))
            for way in ((), ("--inline",))[:at]:
                run = host.run("run", *way, "p.yaml")
                check(run.code == 1 and "stage 'bad'" in run.err and said in run.err, (where, at, run))
    run = host.run("run", "lines nowhere.txt ! drop")
    check(run.code == 1 and "stage 'lines'" in run.err and "nowhere.txt" in run.err, run)


def test_consumers_tell_stage_worker_item_and_cause(host):
    host.write("in.txt", "1\ntwo\n3\nfour\n")
    host.write("p.yaml", """stages:
  - {use: lines, with: in.txt}
  - {name: sums, use: numbers:totals, workers: 2, order: any, on_error: skip}
  - {use: drop}
""")
    for way in WAYS:
        run = host.run("run", *way, "p.yaml")
        check(run.code == 3, run)
        for text in ("stage 'sums' (p.yaml:3) gave up on 1 item: it is no number: two", "line 2 of ", "in.txt",
                     "gave up on 1 item: it is no number: four", "line 4 of ", ", worker "):
            check(text in run.err, (text, run))


def test_consumers_first_failure_does_not_hide_the_others(host):
    """Of consumers that fail in different ways, and of tasks: each is told with its cause."""
    host.write("in.txt", "1\ntwo\n")
    host.write("p.yaml", f"""stages:
  - {{use: lines, with: in.txt}}
  - {{name: one, use: numbers:square, from: lines, on_error: skip}}
  - {{name: two, use: '{others(host)}/moody.so:picky', from: lines, on_error: skip, with: '1'}}
  - {{use: drop, from: [one, two]}}
  - {{name: func1, use: jobs:func2, with: {{table: locked, days: 1}}}}
  - {{name: func2, use: jobs:func2, with: {{table: locked, days: 3}}}}
  - {{name: func3, use: jobs:func3}}
context: {{database: {{username: app, password: none}}}}
""")
    for way in WAYS:
        run = host.run("run", *way, "p.yaml", "--results", "results.json")
        check(run.code == 1, run)
        for text in ("stage 'one'", "it is no number: two", "stage 'two'", "it starts with a bad letter",
                     "stage 'func1'", "stage 'func2'", "the table is locked"):
            check(text in run.err, (text, run))
        check([(r["stage"], r["status"]) for r in results(host)] ==
              [("func1", "failed"), ("func2", "failed"), ("func3", "ok")], run)


def test_consumers_close_join_and_terminate(host):
    """close: the sources end and all else drains; join: the run ends by itself; terminate: stop now."""
    host.write("p.yaml", f"""stages:
  - {{name: n, use: count, with: {{to: 100000000}}}}
  - {{name: slow, use: '{others(host)}/moody.so:sleepy', queue: 10, with: {{time: 1ms, say: true}}}}
""")
    for signals, codes in (((signal.SIGINT,), (4,)), ((signal.SIGINT, signal.SIGTERM), (4, 5))):
        process = host.start("run", "p.yaml", stderr=subprocess.PIPE, text=True)
        check("falling asleep" in process.stderr.readline(), "it runs")
        for number in signals:
            process.send_signal(number)
        said = process.communicate(timeout=TIME_LIMIT_S)[1]
        check(process.returncode in codes, said)
        account = re.search(r"read ([\d,]+) = delivered ([\d,]+)( \+ unfinished [\d,]+)?\n", said)
        check(account, said)
        check(process.returncode == 5 or account[1] == account[2] and not account[3], said)
    run = host.run("run", "p.yaml", "--set", "n.with.to=50")
    check(run.code == 0 and "read 50 = delivered 50" in run.err, run)


if __name__ == "__main__":
    sys.exit(run_all(sys.modules[__name__]))
