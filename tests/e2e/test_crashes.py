# SPDX-License-Identifier: MIT
"""Plugins that crash or end the process, in any call of any stage: who it was is told, and nothing hangs.
Usage: test_crashes.py PPHOST PLUGINS SOURCE
"""
import signal
import sys

from host import check, run_all

STAGES = {"source": "generator", "middle": "processor", "sink": "consumer", "task": "task"}
WAYS = ((), ("--inline",))
CALLS = {"call": "a call", "flush": "a call", "open": "open", "start": "start", "stop": "stop", "close": "close"}


def places(of_all):
    """(stage, call, what it is called, ways to run it): the calls of one, and the call proper of all."""
    for stage in STAGES:
        for where, call in CALLS.items():
            if where == "call":
                yield stage, where, call, WAYS
            elif stage == of_all:
                yield stage, where, call, WAYS[:1]


def crashes(host, stage, where, how, *way):
    """A run in which that stage does it there."""
    lines = []
    for name in STAGES:
        settings = f", with: {{where: {where}, how: {how}}}" if name == stage else ", with: {where: call}"
        if name == stage:
            lines.append(f"  - {{name: bad, use: 'crash:{name}'{settings}}}\n")
        elif name == "source":
            lines.append("  - {use: generate, with: {count: 3000}}\n")
        elif name == "middle":
            lines.append("  - {use: head, with: 2000}\n")
        elif name == "sink":
            lines.append("  - {use: write, with: out.txt}\n")
    host.write("p.yaml", "stages:\n" + "".join(lines))
    return host.run("run", *way, "p.yaml")


def test_a_crash_names_the_stage_and_keeps_its_signal(host):
    for stage, where, call, ways in places("middle"):
        for how, number in (("abort", signal.SIGABRT), ("segv", signal.SIGSEGV)):
            for way in ways:
                done = crashes(host, stage, where, how, *way)
                # with a sanitizer it is that who has the signal then
                check(done.code == -number or host.sanitized() and done.code != 0, (stage, where, how, way, done))
                check(done.err.count("error[R604]: stage 'bad', worker ") == 1, (stage, where, how, way, done))
                check(f"crashed with {number.name} in {call}\n" in done.err, (stage, where, how, way, done))
                check("= plugin " in done.err and "crash.so; " in done.err, done)


def test_a_stack_that_overflows_is_told_too(host):
    for stage in STAGES if not host.sanitized() else ():  # sanitizers have handlers of their own for it
        for way in WAYS:
            done = crashes(host, stage, "call", "depth", *way)
            check(done.code == -signal.SIGSEGV, (stage, way, done))
            check(done.err.count("error[R604]: stage 'bad', worker ") == 1, (stage, way, done))
            check("crashed with SIGSEGV in a call\n" in done.err, (stage, way, done))


def test_how_a_child_of_a_plugin_ends_is_no_matter(host):
    for way in WAYS if not host.sanitized() else ():  # whose report of leaks would be the child's
        done = crashes(host, "sink", "call", "child", *way)
        check(done.code == 0 and "R60" not in done.err, (way, done))


def test_who_recovers_from_faults_goes_on(host):
    host.write("p.yaml", "stages: [{use: generate, with: {count: 2000}}, {use: recover, workers: 4}, {use: drop}]\n")
    for way in WAYS if not host.sanitized() else ():  # which have the signal themselves
        for threads in ("1", "4"):
            done = host.run("run", *way, "--threads", threads, "p.yaml")
            check(done.code == 0 and "read 2,000 = delivered 2,000" in done.err, (way, threads, done))
            check("ends at once" not in done.err, done)


def test_exit_is_no_end_of_a_run(host):
    for stage, where, call, ways in places("middle"):
        for way in ways:
            done = crashes(host, stage, where, "exit", *way)
            check(done.code == 1, (stage, where, way, done))
            check(done.err.count("error[R605]: stage 'bad', worker ") == 1, (stage, where, way, done))
            check(f"has called exit() in {call}\n" in done.err, (stage, where, way, done))


def test_a_signal_from_outside_is_no_plugin_s(host):
    host.write("p.yaml", "stages: [{use: generate, with: {count: 100000}}, "
                         "{use: 'moody:sleepy', with: {time: 1ms, say: true}}]\n")
    process = host.start("run", "p.yaml", stderr=-1, text=True)
    check("falling asleep" in process.stderr.readline(), "it runs")
    process.send_signal(signal.SIGABRT)
    said = process.communicate(timeout=60)[1]
    check(process.returncode != 0 and "R604" not in said, said)


if __name__ == "__main__":
    sys.exit(run_all(sys.modules[__name__]))
