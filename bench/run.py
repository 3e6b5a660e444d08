#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures what the README claims, each claim against its peers, and says PASS or MISS.

A run of all claims writes RESULTS.md, of nothing but what it measured itself.  Exit code: 0 when all
was measured and every target reached, 1 when one is missed or could not be measured; with --quick
only the latter counts.
"""
import argparse
import importlib
import json
import pathlib
import re
import sys

import prepare
from harness import Bench, BenchError

CLAIMS = ["line_items", "blocks", "hops", "memory", "startup", "order"]
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
FULL, QUICK = 1 << 30, 64 << 20
RESULTS = prepare.HERE / "RESULTS.md"


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
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("claims", nargs="*", metavar="CLAIM",
                        help=f"some of: {', '.join(CLAIMS)}; left out: all")
    parser.add_argument("--build", type=pathlib.Path, default=root / "build" / "release",
                        help="where pphost was built (build/release)")
    parser.add_argument("--peers", type=pathlib.Path, default=root / "build" / "bench",
                        help="where the peers are built (build/bench)")
    parser.add_argument("--scratch", type=pathlib.Path,
                        help="where output files are written (PEERS/out)")
    parser.add_argument("--corpus", type=pathlib.Path,
                        help="the text (made by corpus.sh, and kept)")
    parser.add_argument("--bytes", type=size, help="how much of it (1GiB, --quick: 64MiB)")
    parser.add_argument("--rounds", type=positive, default=5, help="how often (5)")
    parser.add_argument("--quick", action="store_true",
                        help="one round, not waiting for a quiet machine, and no RESULTS.md; without"
                        " --corpus the text is that of the licences in /usr/share/common-licenses")
    parser.add_argument("--results", type=pathlib.Path,
                        help="where the results are written (bench/RESULTS.md; only when all claims"
                        " are measured, if not given)")
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
    prepare.peers(peers)
    scratch = (given.scratch or peers / "out").resolve()
    scratch.mkdir(parents=True, exist_ok=True)
    wanted = given.bytes or (QUICK if given.quick else FULL)
    corpus = prepare.corpus(given.corpus.resolve() if given.corpus else None, wanted, given.quick,
                            scratch)
    return Bench(build, peers, corpus, scratch, 1 if given.quick else given.rounds, given.quick)


def measure(bench, names):
    """The claims that could be measured, and whether those were all."""
    claims, whole = [], True
    for name in names:
        try:
            claim = importlib.import_module(f"claim_{name}").run(bench)
        except BenchError as error:
            print(f"== {name}\nFAILED  {error}\n", flush=True)
            whole = False
            continue
        print(claim.text(), end="\n\n", flush=True)
        claims.append(claim)
    return claims, whole


def markdown(bench, facts, claims):
    table = "\n".join(f"| {name} | {value} |" for name, value in facts)
    quiet = (f"{bench.repeated} disturbed runs were repeated, {bench.disturbed} were kept.")
    return "\n\n".join([
        "# Results",
        "Written by `./dev bench`, all in one run; [what is measured and how](README.md). Times are"
        " medians, ratios are medians of those within a round (least - greatest), peak RSS is the"
        " most of all rounds. pphost keeps the order unless a table says otherwise.",
        f"| | |\n|---|---|\n{table}", quiet, *(claim.markdown() for claim in claims)]) + "\n"


def save(given, bench, claims, whole):
    facts = prepare.machine(bench.build, bench.corpus, bench.scratch)
    if given.json:
        given.json.write_text(json.dumps({"machine": dict(facts), "quick": bench.quick,
                                          "repeated": bench.repeated, "disturbed": bench.disturbed,
                                          "claims": [claim.json() for claim in claims]}, indent=1))
    path = given.results or (None if given.claims else RESULTS)
    if path and whole and not bench.quick:
        path.write_text(markdown(bench, facts, claims))
        print(f"written: {path}")


def main():
    given = arguments()
    try:
        bench = set_up(given)
    except BenchError as error:
        sys.exit(f"bench: {error}")
    print(f"{bench.bytes:,} bytes, {bench.rounds} rounds\n", flush=True)
    claims, whole = measure(bench, given.claims or CLAIMS)
    save(given, bench, claims, whole)
    missed = [claim.name for claim in claims if claim.missed()]
    if missed:
        print(f"missed: {', '.join(missed)}" + (" (a quick run says little)" if bench.quick else ""))
    return 1 if not whole or (missed and not bench.quick) else 0


if __name__ == "__main__":
    sys.exit(main())
