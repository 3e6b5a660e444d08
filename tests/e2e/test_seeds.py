# SPDX-License-Identifier: MIT
"""configs/seeds: each example on threads, on one thread and --inline; its output is what the library would give.
Usage: test_seeds.py PPHOST PLUGINS SOURCE, where PLUGINS is the folder of the examples' plugins
"""
import json
import re
import sys

from host import check, run_all

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


if __name__ == "__main__":
    sys.exit(run_all(sys.modules[__name__]))
