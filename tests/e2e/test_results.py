# SPDX-License-Identifier: MIT
"""Tasks, what workers leave behind, --results, and the port `.result`.
Usage: test_results.py PPHOST PLUGINS SOURCE
"""
import base64
import json
import os
import pty
import re
import signal
import subprocess
import sys

from host import TIME_LIMIT_S, check, run_all

JOBS = """context: {database: {username: app, password: "${file:password.txt}"}}
stages:
  - {name: func1, use: leaver, with: {value: '{"rows": 31}'}}
  - {name: func2, use: leaver, with: {value: table orders is locked, does: fail}}
  - {name: func3, use: "leaver:login", workers: 2}
"""

SECRET = "hunter2-hunter2"


def jobs(host):
    host.write("password.txt", SECRET + "\n")
    host.write("jobs.yaml", JOBS)


def results(host, name="results.json"):
    """The objects of the file, without their times, which must be numbers."""
    found = json.loads((host.folder / name).read_text())
    for result in found:
        seconds = result.pop("seconds")
        check(0 <= seconds < TIME_LIMIT_S, result)
    return found


def test_one_object_per_worker_and_one_failing_task_loses_nothing(host):
    jobs(host)
    for flags in ((), ("--inline",), ("--threads", "1")):
        run = host.run("run", *flags, "jobs.yaml", "--results", "results.json")
        check(run.code == 1 and run.out == "" and SECRET not in run.err, run)
        check("error[R601]: stage 'func2' (jobs.yaml:4) failed in task: table orders is locked\n"
              in run.err and run.err.count("error[") == 1 and "\nfailed after " in run.err, run)
        check(results(host) == [
            {"stage": "func1", "worker": 0, "status": "ok", "result": {"rows": 31}},
            {"stage": "func2", "worker": 0, "status": "failed", "error": "table orders is locked"},
            {"stage": "func3", "worker": 0, "status": "ok",
             "result": {"user": "app", "letters": 15, "worker": 0}},
            {"stage": "func3", "worker": 1, "status": "ok",
             "result": {"user": "app", "letters": 15, "worker": 1}}], run)
        check(SECRET not in (host.folder / "results.json").read_text(), "the file")
        check(sorted(os.listdir(host.folder)) == ["jobs.yaml", "password.txt", "results.json"],
              os.listdir(host.folder))


def test_summary_has_a_table_of_results(host):
    jobs(host)
    run = host.run("run", "jobs.yaml")
    table = run.err[run.err.index("  STAGE  WORKER  STATUS"):]
    check(re.fullmatch(
        r"  STAGE  WORKER  STATUS  SECONDS  RESULT\n"
        r"  func1       0  ok        \d\.\d{3}  \{\"rows\":31\}\n"
        r"  func2       0  failed    \d\.\d{3}  table orders is locked\n"
        r"  func3       0  ok        \d\.\d{3}  \{\"user\":\"app\",\"letters\":15,\"worker\":0\}\n"
        r"  func3       1  ok        \d\.\d{3}  \{\"user\":\"app\",\"letters\":15,\"worker\":1\}\n",
        table), run)
    check("STATUS" not in host.run("run", "-q", "jobs.yaml").err, "-q")


def test_standard_output_gets_the_list(host):
    jobs(host)
    run = host.run("run", "jobs.yaml", "--results", "-")
    check(run.code == 1 and [r["status"] for r in json.loads(run.out)] ==
          ["ok", "failed", "ok", "ok"], run)
    check(run.out.startswith('[\n  {"stage":"func1",') and run.out.count("\n") == 6, run)


def test_terminal_gets_the_table_once(host):
    jobs(host)
    master, slave = pty.openpty()
    run = host.run("run", "jobs.yaml", "--results", "-", stdout=slave)
    os.close(slave)
    shown = os.read(master, 65536).decode()
    os.close(master)
    check(run.code == 1 and "STATUS" in shown and "table orders is locked" in shown, shown)
    check("STATUS" not in run.err, run)


def test_json_log_has_an_event_per_result(host):
    jobs(host)
    run = host.run("run", "--log", "json", "jobs.yaml")
    events = [json.loads(line) for line in run.err.splitlines()]
    found = [e for e in events if e["event"] == "result"]
    check([e["stage"] for e in found] == ["func1", "func2", "func3", "func3"], run)
    check(found[0]["result"] == {"rows": 31} and events[-1]["event"] == "summary", run)


def test_secrets_are_masked_in_what_is_shown_of_the_pipeline(host):
    jobs(host)
    run = host.run("show", "jobs.yaml")
    check(run.code == 0 and SECRET not in run.out and "username: app" in run.out, run)
    run = host.run("show", "--explain", "jobs.yaml")
    check(run.code == 0 and SECRET not in run.out, run)


def test_secrets_are_masked_in_what_plugins_say_and_leave(host):
    host.write("password.txt", SECRET + "\n")
    host.write("p.yaml", 'context: {database: {password: "${file:password.txt}"}}\n'
               "stages: [{name: b, use: 'leaver:blab', workers: 3, with: {token: t0ken-4711}}]\n")
    for flags in ((), ("--log", "json"), ("--results", "-"), ("-v", "--inline"), ("-q",)):
        run = host.run("run", *flags, "p.yaml")
        check(run.code == 1 and SECRET not in run.out + run.err, run)
        check("t0ken" not in run.out + run.err and "‹secret›" in run.err, run)
        check("‹secret› or ‹secret› is wrong" in run.err, run)
    run = host.run("run", "p.yaml", "--results", "results.json")
    check("log in by ‹secret› and ‹secret›" in run.err and '{"‹secret›":"-‹secret›-"}' in run.err,
          run)
    failed, raw, good = results(host)
    check(failed["error"] == "‹secret› or ‹secret› is wrong", failed)
    check(raw["text"] == "‹secret›" and raw["result"] == {"‹secret›": "-‹secret›-"}, raw)
    check(good["result"] == {"‹secret›": "-‹secret›-"}, good)


def test_task_without_a_result_is_an_error(host):
    host.write("p.yaml", "stages: [{use: leaver, with: {does: nothing}}, {use: leaver}]\n")
    run = host.run("run", "p.yaml", "--results", "results.json")
    check(run.code == 1 and "stage 'leaver' (p.yaml:1) failed in task: it ended without a result "
          "(null would be one, too)" in run.err, run)
    check([r["status"] for r in results(host)] == ["failed", "ok"], run)


def test_what_is_no_json_is_an_error_and_is_not_lost(host):
    host.write("p.yaml", "stages:\n"
               "  - {name: text, use: leaver, with: {value: 'half {'}}\n"
               "  - {name: bytes, use: leaver, with: {does: bytes}}\n"
               "  - {name: good, use: leaver, with: {value: '[1, 2]'}}\n")
    run = host.run("run", "p.yaml", "--results", "results.json")
    check(run.code == 1 and run.err.count("error[") == 2, run)
    check("stage 'text' (p.yaml:2) failed in result: the result is no JSON: a value is missing "
          "at byte 1" in run.err, run)
    text, raw, good = results(host)
    check(text["status"] == "failed" and text["text"] == "half {" and "result" not in text, text)
    check(base64.b64decode(raw["base64"]) == b"\xff\xfe bytes" and "text" not in raw, raw)
    check(good == {"stage": "good", "worker": 0, "status": "ok", "result": [1, 2]}, good)


def test_result_larger_than_64_mib_is_an_error(host):
    host.write("p.yaml", "stages:\n"
               "  - {name: large, use: leaver, with: {does: large, size: 64MiB}}\n"
               "  - {name: less, use: leaver, with: {does: large, size: 3MB}}\n")
    run = host.run("run", "p.yaml", "--results", "results.json")
    check(run.code == 1 and "stage 'large' (p.yaml:2) failed in result: the result is larger than "
          "64 MiB" in run.err and run.err.count("error[") == 1, run.err)
    large, less = results(host)
    check(large["status"] == "failed" and "result" not in large, large)
    check(less["result"] == "x" * 3000000, less["status"])
    check(len(run.err) < 4000, len(run.err))  # the table cuts it


def test_fatal_task_stops_the_run_and_what_was_left_stays(host):
    host.write("p.yaml", "stages:\n"
               "  - {name: done, use: leaver, with: {value: '1'}}\n"
               "  - {name: waits, use: leaver, with: {does: wait}}\n"
               "  - {name: fatal, use: leaver, with: {does: fatal, value: no database}}\n")
    run = host.run("run", "--inline", "p.yaml", "--results", "results.json")
    check(run.code == 1 and "failed in generate: no database" in run.err, run)
    done, waits, fatal = results(host)
    check(waits["status"] == "unfinished" and fatal["error"] == "no database", run)
    check(done["status"] in ("ok", "unfinished"), run)


def test_stopped_task_is_unfinished(host):
    host.write("p.yaml", "stages: [{use: leaver, with: {does: wait}}, {name: b, use: leaver}]\n")
    process = host.start("run", "p.yaml", "--results", "results.json", stderr=subprocess.PIPE,
                         text=True)
    for line in process.stderr:
        if "it waits" in line:
            break
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=TIME_LIMIT_S)[1]
    check(process.returncode == 4 and "unfinished" in err, err)
    check(results(host)[0]["status"] == "unfinished", err)


def test_file_in_a_missing_folder_is_refused_before_the_run(host):
    host.write("in.txt", "1\n")
    run = host.run("run", "lines in.txt ! write out.txt", "--results", "nofolder/results.json")
    check(run.code == 64 and run.err == "error: cannot write the results to "
          "'nofolder/results.json': No such file or directory\n", run)
    check(not (host.folder / "out.txt").exists(), "it ran")
    (host.folder / "folder").mkdir()
    run = host.run("run", "lines in.txt ! write out.txt", "--results", "folder")
    check(run.code == 64 and "Is a directory" in run.err, run)


def test_results_that_cannot_be_written_are_shown(host):
    host.write("p.yaml", "stages: [{use: leaver, with: {value: '[42, 43]'}}]\n")
    run = host.run("run", "-q", "p.yaml", "--results", "/dev/full")
    check(run.code == 1 and run.err.startswith("error: cannot write the results to '/dev/full': "
          "No space left on device; they follow here\n"), run)
    check(json.loads(run.err.split("\n", 1)[1])[0]["result"] == [42, 43], run)
    with open("/dev/full", "w", encoding="ascii") as full:
        run = host.run("run", "-q", "p.yaml", "--results", "-", stdout=full)
    check(run.code == 1 and "to standard output: No space left" in run.err, run)


def test_link_and_older_file_are_replaced_whole(host):
    host.write("p.yaml", "stages: [{use: leaver, with: {value: '1'}}]\n")
    host.write("real.json", "x" * 10000)
    os.symlink("real.json", host.folder / "link.json")
    run = host.run("run", "p.yaml", "--results", "link.json")
    check(run.code == 0 and (host.folder / "link.json").is_symlink(), run)
    check(results(host, "real.json")[0]["result"] == 1, run)


def test_consumers_leave_one_result_per_worker(host):
    host.write("in.txt", "".join(f"{n}\n" for n in range(1, 2001)))
    host.write("p.yaml", "stages:\n"
               "  - {use: lines, with: in.txt}\n"
               "  - {name: add, use: 'leaver:adder', workers: 4, queue: 16}\n"
               "  - {use: write, from: .result, with: out.txt}\n")
    for flags in ((), ("--inline",)):
        run = host.run("run", *flags, "p.yaml", "--results", "results.json")
        check(run.code == 0 and "read 2,000 + split 4 = delivered 2,004" in run.err, run)
        found = results(host)
        check([(r["stage"], r["worker"]) for r in found] == [("add", w) for w in range(4)], found)
        check(sum(r["result"]["sum"] for r in found) == 2001000, found)
        lines = [json.loads(line) for line in (host.folder / "out.txt").read_text().splitlines()]
        check(sorted(line["sum"] for line in lines) == sorted(r["result"]["sum"] for r in found),
              lines)


def test_port_is_of_one_stage_or_of_all(host):
    host.write("p.yaml", "stages:\n"
               "  - {name: a, use: leaver, with: {value: '\"a\"'}, workers: 3}\n"
               "  - {name: b, use: leaver, with: {value: '\"b\"'}}\n"
               "  - {use: print, from: %s}\n")
    text = (host.folder / "p.yaml").read_text()
    for reference, lines in (("a.result", '"a" "a" "a"'), (".result", '"a" "a" "a" "b"')):
        host.write("p.yaml", text % reference)
        run = host.run("run", "p.yaml")
        check(run.code == 0 and sorted(run.out.split()) == lines.split(), run)
        check(f"read {len(lines.split())} = delivered" in run.err, run)
        shown = host.run("show", "p.yaml")
        check(f"from: [{reference}]" in shown.out, shown)
    check("a.result, b.result" in host.run("check", "p.yaml").out, "check")


def test_workers_of_a_task_are_as_many_as_are_asked_for(host):
    host.write("p.yaml", "stages: [{use: leaver}]\n")
    host.run("run", "p.yaml", "--threads", "8", "--results", "results.json")
    check(len(results(host)) == 1, "auto")
    host.run("run", "p.yaml", "--set", "leaver.workers=5", "--results", "results.json")
    check(len(results(host)) == 5, "5")


def test_no_results_are_an_empty_list(host):
    host.write("in.txt", "1\n")
    run = host.run("run", "lines in.txt ! drop", "--results", "results.json")
    check(run.code == 0 and results(host) == [], run)


if __name__ == "__main__":
    sys.exit(run_all(sys.modules[__name__]))
