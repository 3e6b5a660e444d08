# SPDX-License-Identifier: MIT
"""How the benchmarks measure: commands side by side, round after round, and ratios within a round.

A figure of one run says little on a machine that does other things too; so the commands of a table
run interleaved (A B C A B C ...), each compared with the others of its round, and what is quoted is
the median of those ratios.  Each run waits, for a bounded time, until the machine is quiet, and is
repeated, a bounded number of times, when something else used the processors meanwhile.
"""
import dataclasses
import filecmp
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
JOBS, PEERS = HERE / "jobs", HERE / "peers"
MIB = 1 << 20
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
QUIET_SLICE_S, QUIET_SLICES = 0.2, 25   # waits 5 s at most
DISTURBED_S, DISTURBED_SHARE = 0.04, 0.04
REPEATS = 3                             # of one disturbed run
PATIENCE_S = 300                        # for waiting and repeating, per claim
TIME_LIMIT_S = 1800


class BenchError(Exception):
    """A command that did not do its work: no figure can come of it."""


@dataclasses.dataclass
class Command:
    """What is run; `out` is a file it writes, removed before each run.  With a unit, what counts is
    the number that the command prints, in that unit, and not how long it takes.
    """
    name: str
    argv: list
    out: pathlib.Path = None
    env: dict = dataclasses.field(default_factory=dict)
    unit: str = None


@dataclasses.dataclass
class Run:
    wall_s: float
    cpu_s: float
    peak_bytes: int
    figure: float   # what counts: the number printed, or wall_s
    output: str     # standard output


def busy_s():
    """Processor time that the machine has used so far, in all."""
    with open("/proc/stat", encoding="ascii") as file:
        ticks = [int(word) for word in file.readline().split()[1:]]
    return (ticks[0] + ticks[1] + ticks[2] + sum(ticks[5:8])) * TICK_S


def wait_for_quiet():
    """How long it waited."""
    for number in range(1, QUIET_SLICES + 1):
        before = busy_s()
        time.sleep(QUIET_SLICE_S)
        if busy_s() - before <= TICK_S:
            break
    return number * QUIET_SLICE_S


def forget(command):
    """Removes what a command wrote."""
    if command.out:
        command.out.unlink(missing_ok=True)


def printed(command, output):
    """The number that a command has printed."""
    try:
        return float(output)
    except ValueError:
        raise BenchError(f"{command.name} printed no number: {output[:200]!r}") from None


def env_of(program):
    """Two threads for everyone."""
    return {"GOMAXPROCS": "2"} if program.endswith("_go") else {}


def spread(values):
    """Median, least and greatest."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


class Series:
    """The runs of one command, in the order of the rounds."""

    def __init__(self, command):
        self.command, self.runs = command, []

    def figures(self):
        return spread([run.figure for run in self.runs])

    def cpu_s(self):
        return statistics.median(run.cpu_s for run in self.runs)

    def peak_bytes(self):
        """The most that any of the runs needed."""
        return max(run.peak_bytes for run in self.runs)

    def times_faster_than(self, *others):
        """How many times faster this one is than the fastest of the others in each round."""
        return spread([min(run.figure for run in theirs) / ours.figure
                       for ours, *theirs in zip(self.runs, *(other.runs for other in others),
                                                strict=True)])

    def said(self):
        """What the runs printed as JSON, one after the other."""
        return [json.loads(run.output) for run in self.runs]


class Bench:
    """Where everything is, and how thoroughly to measure."""

    def __init__(self, build, peers, corpus, scratch, rounds, quick):
        self.build, self.peers, self.corpus, self.scratch = build, peers, corpus, scratch
        self.rounds, self.quick = rounds, quick
        self.bytes = corpus.stat().st_size
        self.empty = scratch / "empty.txt"
        self.empty.write_bytes(b"")
        self.begin()

    def begin(self):
        """A claim begins: its disturbed runs are counted, and its patience is new."""
        self.repeated = self.disturbed = 0
        self.patience_s = PATIENCE_S

    # --- commands ---

    def job(self, name, job, flags=(), env=None, unit=None, **variables):
        """`pphost run` of a description, one of jobs/ or a Path; `out` is a Path when it names a
        file."""
        if not isinstance(job, pathlib.Path):
            job = JOBS / f"{job}.yaml"
        argv = [self.build / "bin" / "pphost", "run", "-q", *flags, job,
                *(f"{key}={value}" for key, value in variables.items())]
        return self.command(name, argv, variables.get("out"), env, unit)

    def pphost(self, name, job, flags=(), env=None, **variables):
        """A job over the text, or over `source`."""
        source = variables.pop("source", self.corpus)
        return self.job(name, job, flags, env, **{"in": source}, **variables)

    def plugin_env(self):
        """For jobs that use the benchmarks' own plugins."""
        return {"PPHOST_PLUGIN_PATH": str(self.peers / "plugins")}

    def library(self):
        """The folder of libpphost.so."""
        return next(self.build.glob("**/libpphost.so")).parent

    def program(self, name):
        """The path of a peer: built, a script, or of the system; None: it is not there."""
        for path in (self.peers / name, PEERS / name):
            if path.exists():
                return path
        return shutil.which(name)

    def peer(self, name, program, kind, out="/dev/null", source=None, more=(), env=None):
        """A peer over the text, or over `source`."""
        argv = [self.program(program), kind, source or self.corpus, out, *more]
        return self.command(name, argv, out, {**env_of(program), **(env or {})})

    def printing(self, name, program, *words, unit, env=None):
        """A peer that measures itself and prints one number."""
        return self.command(name, [self.program(program), *words], None,
                            {**env_of(program), **(env or {})}, unit)

    def command(self, name, argv, out, env, unit=None):
        return Command(name, [str(word) for word in argv],
                       out if isinstance(out, pathlib.Path) else None, env or {}, unit)

    def out(self, name):
        return self.scratch / f"{name}.out"

    def shown(self, command):
        """The command as a reader would type it in the project's folder."""
        words = [f"{key}={value}" for key, value in command.env.items()] + command.argv
        text = " ".join(words)
        for path, label in ((self.corpus, "corpus.txt"), (self.scratch, "out"),
                            (self.peers, "build/bench"), (self.build, "build/release"),
                            (HERE, "bench")):
            text = text.replace(str(path), label)
        return text

    # --- runs ---

    def once(self, command):
        """One run, started by `measure`, which reports to a pipe; what it wrote stays."""
        forget(command)
        report, report_in = os.pipe()
        argv = [str(self.peers / "measure"), str(report_in), *command.argv]
        try:
            done = subprocess.run(argv, env={**os.environ, **command.env}, pass_fds=[report_in],
                                  stdin=subprocess.DEVNULL, capture_output=True, check=False,
                                  timeout=TIME_LIMIT_S)
        except subprocess.TimeoutExpired:
            raise BenchError(f"not done in {TIME_LIMIT_S} s: {self.shown(command)}") from None
        finally:
            os.close(report_in)
            with open(report, encoding="ascii") as file:
                text = file.read()
        said = json.loads(text) if text else {"code": done.returncode}
        if said["code"] != 0:
            error = done.stderr.decode(errors="replace")[-2000:]
            raise BenchError(f"exit {said['code']}: {self.shown(command)}\n{error}")
        output = done.stdout.decode(errors="replace")
        figure = printed(command, output) if command.unit else said["wall_s"]
        return Run(said["wall_s"], said["cpu_s"], said["peak_kib"] * 1024, figure, output)

    def alone(self, command):
        """One run; what it wrote goes, or writing it back would disturb the next."""
        try:
            return self.once(command)
        finally:
            forget(command)

    def undisturbed(self, command):
        """A run during which the rest of the machine was quiet, if it can be had."""
        if self.quick:
            return self.alone(command)
        for attempt in range(REPEATS + 1):
            if command.out:
                os.sync()
            if self.patience_s > 0:
                self.patience_s -= wait_for_quiet()
            before = busy_s()
            run = self.alone(command)
            others_s = busy_s() - before - run.cpu_s
            if others_s <= max(DISTURBED_S, DISTURBED_SHARE * run.wall_s):
                return run
            if attempt == REPEATS or self.patience_s <= 0:
                break
            self.repeated += 1
            self.patience_s -= run.wall_s
        self.disturbed += 1
        return run

    def side_by_side(self, commands, rounds=None):
        """The Series of each command, by name; a first round that does not count warms caches."""
        rounds = rounds or self.rounds
        series = {command.name: Series(command) for command in commands}
        if not self.quick:
            for command in commands:
                self.alone(command)
        for _ in range(rounds):
            for command in commands:
                series[command.name].runs.append(self.undisturbed(command))
        return series

    def same_output(self, first, second):
        """Whether two commands write the same bytes; not timed."""
        try:
            for command in (first, second):
                self.once(command)
            return filecmp.cmp(first.out, second.out, shallow=False)
        finally:
            forget(first)
            forget(second)


def best_kernel():
    """The fastest tokenising kernel of the peers that this processor has."""
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        flags = next((set(line.split()) for line in file if line.startswith("flags")), set())
    if {"avx512f", "avx512bw", "avx512vl", "avx512_vbmi2"} <= flags:
        return "avx512"
    return "avx2" if {"avx2", "bmi1", "bmi2"} <= flags else "scalar"
