# SPDX-License-Identifier: MIT
"""Cost grows with the work and with nothing else: with the bytes, the stages, the bytes of an item, the
readers of a stage; and more threads than cores cost nothing.
"""
import statistics

import texts
from harness import MIB
from report import Claim

ROUNDS = 3   # the many points of a line steady each other
LINEAR, LINEAR_OWN = 0.999, 0.99
MOST_RSS_GROWTH = 1.25
MOST_THREADS_TIMES = 1.25
SIZES = [1, 3, 10, 30, 100, 300, 1000, 3000, 10000]   # thousandths of the text, ten times the text
STAGES, STAGES_QUICK = [2, 3, 5, 10, 20, 50, 100, 150, 200], [3, 5, 10]
ITEM_BYTES = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
ITEM_BYTES_QUICK = [1, 1_000, 100_000]
READERS, READERS_QUICK = [1, 2, 4, 8, 16, 32, 64], [1, 4, 8]
THREADS, THREADS_QUICK = [1, 2, 4, 8, 16, 32, 64], [1, 2, 4]
ITEMS, ITEMS_QUICK = 5_000_000, 20_000          # over the stages
SENT, SENT_QUICK = 2_000_000, 20_000             # to each reader
MADE_BYTES, MADE_QUICK = 256 << 20, 1 << 17      # in items of one size
MADE_LEAST, MADE_MOST = 500, 5_000_000           # items
TEXT_THREADS = 256 << 20


def fit(points):
    """Least squares: what y is at 0, what it gains per x, and R^2."""
    xs, ys = zip(*points)
    slope, start = statistics.linear_regression(xs, ys)
    mean = statistics.fmean(ys)
    left = sum((y - start - slope * x) ** 2 for x, y in points)
    return start, slope, 1 - left / sum((y - mean) ** 2 for y in ys)


def medians(series):
    """(x, seconds) of series that are named by numbers."""
    return [(float(name), one.figures()["median"]) for name, one in series.items()]


def fitted(points, start, slope):
    return [(x, start + slope * x) for x, _ in points if start + slope * x > 0]


def measure(bench, commands):
    return bench.side_by_side(commands, min(ROUNDS, bench.rounds))


def linear(claim, what, points, least):
    """Judges how straight the line is; what it starts at and gains per x."""
    start, slope, straight = fit(points)
    claim.at_least(f"{what}: R^2 of a straight line", straight, least)
    return start, slope


# --- bytes ---


def sources(bench):
    """Texts from a thousandth of the corpus to ten of it, by their size."""
    found = {}
    for thousandths in SIZES[::3] if bench.quick else SIZES:
        if thousandths <= 1000:
            size = bench.bytes * thousandths // 1000
            found[size] = bench.corpus if thousandths == 1000 else texts.cut(
                bench.corpus, size, bench.scratch)
        else:
            times = thousandths // 1000
            found[bench.bytes * times] = several(bench, times)
    return found


def several(bench, times):
    """A pattern of so many names of the corpus."""
    folder = bench.scratch / f"times-{times}"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for at in range(times):
        folder.joinpath(f"{at:02}.txt").symlink_to(bench.corpus)
    return f"{folder}/*.txt"


def bytes_of_text(bench, claim):
    sizes = sources(bench)
    names = {job: {f"{job} {size}": size for size in sizes} for job in ("lines", "blocks")}
    series = measure(bench, [bench.pphost(name, job, source=sizes[size])
                             for job, some in names.items() for name, size in some.items()])
    claim.table("text of so many bytes, to /dev/null", series,
                size={name: size for some in names.values() for name, size in some.items()})
    lines, peaks = [], []
    for job, some in names.items():
        points = [(size, series[name].figures()["median"]) for name, size in some.items()]
        start, slope = linear(claim, f"{job}, bytes of text", points, LINEAR)
        claim.note(f"{job}: {1 / slope / 1e9:.3f} GB/s and {start * 1e3:.1f} ms.")
        lines += [(job, points), (f"{job} (fit)", fitted(points, start, slope))]
        peak = {size: series[name].peak_bytes() / MIB for name, size in some.items()}
        middle = sorted(peak)[len(peak) // 2]
        claim.at_most(f"{job}, peak RSS with {max(peak) / 1e9:.3g} GB, times that with"
                      f" {middle / 1e9:.3g} GB", peak[max(peak)] / peak[middle], MOST_RSS_GROWTH, " x")
        peaks.append((job, list(peak.items())))
    claim.plot("scaling-bytes", title="Time against the bytes of the text, 2 threads, to /dev/null",
               x_label="text (bytes)", y_label="time (s)", series=lines)
    claim.plot("scaling-memory", title="Peak memory against the bytes of the text",
               x_label="text (bytes)", y_label="peak RSS (MiB)", series=peaks, y_log=False)


# --- stages ---


def chain(bench, stages):
    """A description with so many stages."""
    path = bench.scratch / f"stages-{stages}.yaml"
    passing = "".join("  - use: hop:pass\n" for _ in range(stages - 2))
    path.write_text("vars: {count: 0}\nthreads: 2\nstages:\n  - use: hop\n"
                    f"    with: {{count: \"${{var:count}}\"}}\n{passing}  - use: hop:sum\n")
    return path


def stages(bench, claim):
    count = ITEMS_QUICK if bench.quick else ITEMS
    series = measure(bench, [
        bench.job(str(n), chain(bench, n), env=bench.plugin_env(), unit="ns", count=count)
        for n in (STAGES_QUICK if bench.quick else STAGES)])
    claim.table(f"{count:,} items in batches of 256 through so many stages, ns per item", series)
    points = medians(series)
    start, slope = linear(claim, "stages", points, LINEAR_OWN)
    claim.note(f"A further stage costs {slope:.2f} ns per item.")
    claim.plot("scaling-stages", title="Time per item against the number of stages, batches of 256",
               x_label="stages", y_label="time per item (ns)", x_log=False, y_log=False,
               series=[("measured", points), ("line (fit)", fitted(points, start, slope))])


# --- bytes of an item ---


def made(bench, size):
    """How many items of that size make a run long enough, and no longer."""
    whole = MADE_QUICK if bench.quick else MADE_BYTES
    return min(max(whole // size, 1 if bench.quick else MADE_LEAST), MADE_MOST)


def item_bytes(bench, claim):
    sizes = ITEM_BYTES_QUICK if bench.quick else ITEM_BYTES
    series = measure(bench, [
        bench.job(str(size), "items", env=bench.plugin_env(), count=made(bench, size),
                  size=f"{size}B") for size in sizes])
    claim.table("made items of so many bytes, to nowhere", series,
                size={str(size): size * made(bench, size) for size in sizes})
    points = [(size, seconds / made(bench, int(size)) * 1e9) for size, seconds in medians(series)]
    start, slope = linear(claim, "bytes of an item", points, LINEAR_OWN)
    claim.note(f"An item costs {points[0][1]:.0f} ns if it has one byte, and {slope:.3f} ns per byte"
               " if it is large; its bytes are made at random.")
    claim.plot("scaling-items", title="Time per item against its size, generate to drop",
               x_label="bytes of an item", y_label="time per item (ns)",
               series=[("measured", points), ("line (fit)", fitted(points, start, slope))])


# --- readers of a stage ---


def fan(bench, readers):
    path = bench.scratch / f"readers-{readers}.yaml"
    dropping = "".join("  - {use: drop, from: hop}\n" for _ in range(readers))
    path.write_text("vars: {count: 0}\nthreads: 2\nstages:\n  - use: hop\n"
                    f"    with: {{count: \"${{var:count}}\"}}\n{dropping}")
    return path


def fan_out(bench, claim):
    count = SENT_QUICK if bench.quick else SENT
    series = measure(bench, [
        bench.job(str(n), fan(bench, n), env=bench.plugin_env(), count=count)
        for n in (READERS_QUICK if bench.quick else READERS)])
    claim.table(f"{count:,} items to each of so many readers", series)
    points = [(readers, seconds / count * 1e9) for readers, seconds in medians(series)]
    start, slope = linear(claim, "readers of a stage", points, LINEAR_OWN)
    claim.note(f"A further reader costs {slope:.2f} ns per item.")
    claim.plot("scaling-readers", title="Time per item against the number of readers",
               x_label="readers", y_label="time per item (ns)", x_log=False, y_log=False,
               series=[("measured", points), ("line (fit)", fitted(points, start, slope))])


# --- threads ---


def threads(bench, claim):
    size = min(bench.bytes, TEXT_THREADS)
    text = texts.cut(bench.corpus, size, bench.scratch)
    series = measure(bench, [
        bench.pphost(f"{job} {n}", job, ("--threads", str(n), "--set", f"split.workers={n}"),
                     source=text)
        for job in ("lines", "blocks") for n in (THREADS_QUICK if bench.quick else THREADS)])
    claim.table("so many threads, and as many workers of split, to /dev/null", series, size=size)
    drawn = []
    for job in ("lines", "blocks"):
        points = [(int(name.split()[1]), one.figures()["median"])
                  for name, one in series.items() if name.startswith(job)]
        two = dict(points)[2]
        worst, at = max((seconds / two, n) for n, seconds in points if n > 2)
        claim.at_most(f"{job}, the most that more than 2 threads cost ({at}), times 2 threads", worst,
                      MOST_THREADS_TIMES, " x")
        drawn.append((job, [(n, size / seconds / 1e9) for n, seconds in points]))
    claim.plot("scaling-threads", title=f"Throughput against threads, text of {size / 1e6:.0f} MB",
               x_label="threads", y_label="throughput (GB/s)", y_log=False, series=drawn,
               x_ticks=[n for n, _ in points])


def run(bench):
    claim = Claim(bench, "scaling", "Cost grows with the work, in a straight line, and memory does not")
    for part in (bytes_of_text, stages, item_bytes, fan_out, threads):
        part(bench, claim)
    return claim
