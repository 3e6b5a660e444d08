# SPDX-License-Identifier: MIT
"""Plugins that crash or end the process, in any call of any stage: who it was is told, and nothing hangs.
Usage: test_crashes.py PPHOST PLUGINS SOURCE
"""
import signal
import sys

from host import check, run_all

STAGES = {"source": "generator", "middle": "processor", "sink": "consumer", "task": "task"}
WAYS = ((), ("--threads", "1"), ("--inline",))
CALLS = {"call": "a call", "flush": "a call", "open": "open", "start": "start", "stop": "stop", "close": "close"}


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
    for stage in STAGES:
        for where, call in CALLS.items():
            if where == "flush" and stage in ("source", "task"):
                continue
            for how, number in (("abort", signal.SIGABRT), ("segv", signal.SIGSEGV)):
                for way in WAYS if where == "call" else WAYS[:1]:
                    done = crashes(host, stage, where, how, *way)
                    if not host.sanitized():  # else it is the sanitizer who has the signal then
                        check(done.code == -number, (stage, where, how, way, done))
                    check(done.code != 0, (stage, where, how, way, done))
                    check(done.err.count("error[R604]: stage 'bad', worker ") == 1, (stage, where, how, way, done))
                    check(f"crashed with {number.name} in {call}\n" in done.err, (stage, where, how, way, done))
                    check("= plugin " in done.err and "crash.so; " in done.err, done)


def test_exit_is_no_end_of_a_run(host):
    for stage in STAGES:
        for where, call in CALLS.items():
            if where == "flush" and stage in ("source", "task"):
                continue
            for way in WAYS if where == "call" else WAYS[:1]:
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
