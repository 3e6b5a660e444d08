# SPDX-License-Identifier: MIT
"""What errors cost: the tokenise job with one line in a hundred that becomes a dead letter, all of which are
written as JSON; and a single item among ten million that fails and is skipped.
"""
from report import Claim

EVERY = 100                      # one line of so many is bad
DEAD_MOST = 10                   # per cent
ITEMS, QUICK_FACTOR = 10_000_000, 100
ONE_MOST = 2                     # per cent: less is not told from nothing here
ROUNDS_FACTOR = 3                # they are short


def cost(series, more, less):
    """What `more` takes beyond what `less` does, in per cent; the median over the rounds."""
    return (1 / series[more].times_faster_than(series[less])["median"] - 1) * 100


def dead_letters(bench, claim):
    dead = bench.out("dead")
    env = bench.plugin_env()
    allowed = ("--ok-rejects=2%",)
    bad = f"1 of {EVERY} bad"
    series = bench.side_by_side([
        bench.pphost(bad, "dead", allowed, env=env, every=EVERY),
        bench.pphost("none bad", "dead", allowed, env=env, every=0)])
    claim.table("lines to tokens with `on_error: dead`, to /dev/null", series, series[bad],
                bench.bytes)
    claim.at_most("`on_error: dead` with 1 % of bad lines costs", cost(series, bad, "none bad"),
                  DEAD_MOST, " %")
    bench.once(bench.pphost("dead", "dead", allowed, env=env, every=EVERY, dead=dead))
    with dead.open("rb") as file:
        letters = sum(1 for _ in file)
    dead.unlink()
    with bench.corpus.open("rb") as file:
        lines = sum(1 for _ in file)
    # Each of the two workers counts for itself.
    claim.must("each of them is in the file", lines // EVERY - 1 <= letters <= lines // EVERY)


def one_item(bench, claim):
    count = ITEMS // (QUICK_FACTOR if bench.quick else 1)
    env = bench.plugin_env()
    allowed = ("--ok-rejects=1",)
    series = bench.side_by_side([
        bench.job(name, "fail_one", allowed, env=env, count=count, at=at, on_error=on_error)
        for name, at, on_error in (("one fails", count // 2, "skip"), ("none fails", 0, "skip"),
                                   ("none fails, and one would stop the run", 0, "stop"))],
        bench.rounds * (1 if bench.quick else ROUNDS_FACTOR))
    claim.table(f"{count:,} numbers through a processor that may skip some, one thread", series,
                series["one fails"])
    claim.at_most(f"an item that fails among {count:,} costs",
                  cost(series, "one fails", "none fails"), ONE_MOST, " %")


def run(bench):
    claim = Claim(bench, "errors", "Items that fail cost those that do not nothing, and dead letters little")
    dead_letters(bench, claim)
    one_item(bench, claim)
    return claim
