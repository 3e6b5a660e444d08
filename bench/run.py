#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures what the README claims, each claim against its peers, and says PASS or MISS.

What comes of a claim is kept in PEERS/results; RESULTS.md and plots/ are made of all that is kept
there, so claims can be measured one by one.  Exit code: 0 when all was measured and every target
reached, 1 when one is missed or could not be measured; with --quick only the latter counts.
"""
import argparse
import importlib
import json
import pathlib
import re
import sys

import prepare
import report
import results
import texts
from harness import Bench, BenchError

CLAIMS = ["line_items", "python", "blocks", "hops", "embed", "pools", "errors", "memory", "startup", "tasks",
          "order", "latency", "scaling", "others"]
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
FULL, QUICK = 1 << 30, 64 << 20


def size(text):
    found = re.fullmatch(r"(\d+)([KMG]?)(?:iB)?", text)
    if not found or not int(found.group(1)):
        raise argparse.ArgumentTypeError("a number of bytes, such as 67108864, 64MiB or 1GiB")
    return int(found.group(1)) * UNITS[found.group(2)]


def positive(text):
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError("a number from 1")
    return int(text)


def arguments():
    root = prepare.ROOT
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("claims", nargs="*", metavar="CLAIM",
                        help=f"some of: {', '.join(CLAIMS)}; left out: all")
    parser.add_argument("--build", type=pathlib.Path, default=root / "build" / "release",
                        help="where pphost was built (build/release)")
    parser.add_argument("--peers", type=pathlib.Path, default=root / "build" / "bench",
                        help="where the peers are built, and results kept (build/bench)")
    parser.add_argument("--scratch", type=pathlib.Path,
                        help="where texts and output files are written (PEERS/out)")
    parser.add_argument("--corpus", type=pathlib.Path,
                        help="the text (made by corpus.sh, and kept)")
    parser.add_argument("--bytes", type=size, help="how much of it (1GiB, --quick: 64MiB)")
    parser.add_argument("--rounds", type=positive, default=5, help="how often (5)")
    parser.add_argument("--quick", action="store_true",
                        help="one round, not waiting for a quiet machine, and nothing is kept;"
                        " without --corpus the text is that of the licences in"
                        " /usr/share/common-licenses")
    parser.add_argument("--show", action="store_true",
                        help="measure nothing: write RESULTS.md and plots/ of what is kept")
    parser.add_argument("--results", type=pathlib.Path, default=results.RESULTS,
                        help="where the results are written, with plots/ beside it"
                        " (bench/RESULTS.md)")
    parser.add_argument("--json", type=pathlib.Path, help="a file for all figures as JSON")
    given = parser.parse_args()
    unknown = [name for name in given.claims if name not in CLAIMS]
    if unknown:
        parser.error(f"no claim '{unknown[0]}'; there are: {', '.join(CLAIMS)}")
    return given


def set_up(given):
    """A Bench with everything in place."""
    build, peers = given.build.resolve(), given.peers.resolve()
    if not (build / "bin" / "pphost").exists():
        raise BenchError(f"{build}/bin/pphost is missing: ./dev build release")
    prepare.peers(peers, build)
    scratch = (given.scratch or peers / "out").resolve()
    scratch.mkdir(parents=True, exist_ok=True)
    wanted = given.bytes or (QUICK if given.quick else FULL)
    corpus = texts.corpus(given.corpus.resolve() if given.corpus else None, wanted, given.quick,
                          scratch)
    return Bench(build, peers, corpus, scratch, 1 if given.quick else given.rounds, given.quick)


class Keeper:
    """Keeps what is measured, claim by claim: a long run that is broken off has not been in vain."""

    def __init__(self, given, bench):
        self.folder, self.path = given.peers.resolve() / "results", given.results
        self.bench, self.commit = bench, prepare.commit()
        self.machine = prepare.machine(bench.build, bench.scratch)
        self.sha256 = None if bench.quick else texts.sha256(bench.corpus)

    def keep(self, claim):
        if self.bench.quick:
            return
        measured = {"date": prepare.now(), "commit": self.commit, "bytes": self.bench.bytes,
                    "sha256": self.sha256, "rounds": self.bench.rounds,
                    "repeated": self.bench.repeated, "disturbed": self.bench.disturbed}
        results.keep(self.folder, claim.data, measured, self.machine)
        results.write(results.kept(self.folder, CLAIMS), self.path)


def measure(bench, names, keeper):
    """The claims that could be measured, and whether those were all."""
    claims, whole = [], True
    for name in names:
        bench.begin()
        try:
            claim = importlib.import_module(f"claim_{name}").run(bench)
        except BenchError as error:
            print(f"== {name}\nFAILED  {error}\n", flush=True)
            whole = False
            continue
        print(report.text(claim.data), end="\n\n", flush=True)
        keeper.keep(claim)
        claims.append(claim)
    return claims, whole


def show(given):
    """RESULTS.md and its plots of what is kept."""
    found = results.kept(given.peers.resolve() / "results", CLAIMS)
    if not found:
        sys.exit("bench: nothing has been measured yet")
    results.write(found, given.results)


def main():
    given = arguments()
    if given.show:
        show(given)
        return 0
    try:
        bench = set_up(given)
    except BenchError as error:
        sys.exit(f"bench: {error}")
    print(f"{bench.bytes:,} bytes, {bench.rounds} rounds\n", flush=True)
    keeper = Keeper(given, bench)
    claims, whole = measure(bench, given.claims or CLAIMS, keeper)
    if given.json:
        given.json.write_text(json.dumps({"machine": dict(keeper.machine), "quick": bench.quick,
                                          "claims": [claim.data for claim in claims]}, indent=1))
    missed = [claim.name for claim in claims if claim.missed()]
    if missed:
        print(f"missed: {', '.join(missed)}" + (" (a quick run says little)" if bench.quick else ""))
    return 1 if not whole or (missed and not bench.quick) else 0


if __name__ == "__main__":
    sys.exit(main())
