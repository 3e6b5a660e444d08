# SPDX-License-Identifier: MIT
"""pphost run: streams that somebody below ends or holds back.
Usage: test_bounds.py PPHOST PLUGINS SOURCE
"""
import json
import re
import subprocess
import sys

from host import TIME_LIMIT_S, check, run_all

ENDLESS = "generate count=9223372036854775807 text=x"


def printed(result, lines):
    """Exactly these many lines came out, and the run ended well."""
    check(result.code == 0 and result.out == "x\n" * lines, result)
    check(re.search(rf"= delivered {lines:,}\b", result.err), result)


def test_head_ends_an_endless_source(host):
    for flags in ((), ("--threads", "1"), ("--threads", "8"), ("--inline",)):
        printed(host.run("run", *flags, f"{ENDLESS} ! head 10 ! print"), 10)


def test_head_ends_it_through_parallel_stages(host):
    for order in ("keep", "any"):
        middle = f"picky letter=y workers=4 order={order}"
        chain = f"{ENDLESS} ! {middle} ! {middle} ! head 1000 ! {middle} ! print"
        printed(host.run("run", "--threads", "3", chain.replace("picky", "moody:picky")), 1000)


def test_head_passes_on_all_of_a_short_stream(host):
    printed(host.run("run", "generate count=3 text=x ! head 10 ! print"), 3)
    printed(host.run("run", "generate count=3 text=x ! head 3 ! print"), 3)
    result = host.run("run", "generate count=3 text=x ! head 0 ! print")
    check(result.code == 0 and result.out == "", result)


def test_source_ends_when_the_last_of_its_readers_has_enough(host):
    host.write("p.yaml", f"""stages:
  - {{use: generate, with: {{count: 9223372036854775807, text: x}}}}
  - {{name: few, use: head, with: 10, from: generate}}
  - {{name: many, use: head, with: 5000, from: generate}}
  - {{use: print, from: [few, many]}}
  - {{use: drop, from: few}}
""")
    for flags in ((), ("--threads", "1"), ("--inline",)):
        result = host.run("run", *flags, "p.yaml")
        check(result.code == 0 and result.out == "x\n" * 5010, result.err)
        check("= delivered 5,020 + filtered" in result.err, result.err)


def test_source_with_its_own_thread_ends_though_it_waits_for_ever(host):
    printed(host.run("run", "endless ! head 10 ! print"), 10)
    printed(host.run("run", "endless 64 ! head 10 ! print"), 10)
    printed(host.run("run", "endless 10 ! head 10 ! print"), 10)
    printed(host.run("run", "endless 10 ! moody:picky letter=y workers=4 ! head 10 ! print"), 10)


def test_source_that_reads_a_pipe_ends_though_nothing_comes(host):
    process = host.start("run", "lines - ! head 2 ! print", stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(b"x\nx\nx\n")
    process.stdin.flush()
    process.wait(timeout=TIME_LIMIT_S)  # our end of the pipe is still open
    check(process.stdout.read() == b"x\nx\n" and process.returncode == 0, process.stderr.read())
    for pipe in (process.stdin, process.stdout, process.stderr):
        pipe.close()


def test_a_queue_that_drops_holds_nobody_back(host):
    for full in ("drop_new", "drop_old"):
        host.write("p.yaml", f"""stages:
  - {{use: generate, with: {{count: 20000, text: x}}}}
  - {{name: slow, use: "moody:sleepy", with: 1ms, from: generate, queue: {{items: 10, full: {full}}}}}
  - {{use: write, from: generate, with: out.txt}}
""")
        check(f"10 items, 32MB, {full}" in host.run("check", "p.yaml").out, full)
        check(f"full: {full}" in host.run("show", "p.yaml").out, full)
        result = host.run("run", "p.yaml")
        dropped = re.search(r"dropped in front of slow, whose queue was full: ([\d,]+) items", result.err)
        check(result.code == 0 and dropped, result)
        check(f"dropped {dropped.group(1)}\n" in result.err, result)
        check((host.folder / "out.txt").read_text() == "x\n" * 20000, full)
        summary = json.loads(host.run("run", "p.yaml", "--log", "json").err.splitlines()[-1])
        of = summary["account"]
        check(of["read"] + of["split"] == of["delivered"] + of["dropped"] == 40000, summary)
        check(of["dropped"] == summary["stages"][1]["dropped"] > 0, summary)


if __name__ == "__main__":
    sys.exit(run_all(sys.modules[__name__]))
