# SPDX-License-Identifier: MIT
"""What came of a claim: tables, targets, notes and plots.

A claim is plain data from the start, so that what was measured on one day can be shown again on
another, beside what was measured then.
"""


def table_of(bench, caption, series, base, size):
    """Series side by side.  `base` is the one the others are compared with, or None; `size` the bytes
    each of them works on: a number, None, or one per name."""
    rows = []
    for name, one in series.items():
        work = size.get(name) if isinstance(size, dict) else size
        rows.append({"name": name, "command": bench.shown(one.command), "unit": one.command.unit,
                     "figure": one.figures(), "cpu_s": one.cpu_s(),
                     "peak_bytes": one.peak_bytes(), "rounds": len(one.runs),
                     "bytes_per_s": work / one.figures()["median"] if work else None,
                     "ratio": base.times_faster_than(one) if base not in (None, one) else None})
    return {"caption": caption, "base": base.command.name if base else None, "rows": rows}


class Claim:
    """A sentence, and what was found about it."""

    def __init__(self, bench, name, title):
        self.bench, self.name = bench, name
        self.data = {"name": name, "title": title, "tables": [], "targets": [], "notes": [],
                     "plots": []}

    def table(self, caption, series, base=None, size=None):
        self.data["tables"].append(table_of(self.bench, caption, series, base, size))

    def note(self, text):
        self.data["notes"].append(text)

    def plot(self, name, **chart):
        """A chart for svg.lines()."""
        self.data["plots"].append({"name": name, **chart})

    # --- targets; `row` is the number of the bar's row that it is about ---

    def at_least(self, what, value, limit, unit="", row=None):
        self._target(what, value, limit, value >= limit, "at least", unit, row)

    def at_most(self, what, value, limit, unit="", row=None):
        self._target(what, value, limit, value <= limit, "at most", unit, row)

    def below(self, what, value, limit, unit="", row=None):
        self._target(what, value, limit, value < limit, "below", unit, row)

    def times_at_least(self, what, series, ours, theirs, limit, row=None):
        """How many times faster `ours` is than `theirs`, or than the fastest of several."""
        self._times(what, series, ours, theirs, row,
                    lambda faster: self.at_least(what, faster, limit, " x", row))

    def times_at_most(self, what, series, ours, theirs, limit, row=None):
        """What `ours` takes, as a multiple of what `theirs` does."""
        self._times(what, series, ours, theirs, row,
                    lambda faster: self.at_most(what, 1 / faster, limit, " x", row))

    def _times(self, what, series, ours, theirs, row, judge):
        names = [theirs] if isinstance(theirs, str) else theirs
        missing = [name for name in names if name not in series]
        if missing:
            self.skip(what, f"{missing[0]} is not there", row)
        else:
            judge(series[ours].times_faster_than(*(series[name] for name in names))["median"])

    def must(self, what, holds, row=None):
        self.data["targets"].append({"what": what, "verdict": "PASS" if holds else "MISS",
                                     "row": row})

    def skip(self, what, why, row=None):
        self.data["targets"].append({"what": what, "verdict": "SKIP", "why": why, "row": row})

    def _target(self, what, value, limit, holds, relation, unit, row):
        self.data["targets"].append({
            "what": what, "value": value, "limit": limit, "relation": relation, "unit": unit,
            "verdict": "PASS" if holds else "MISS", "row": row})

    def missed(self):
        return any(target["verdict"] == "MISS" for target in self.data["targets"])


# --- showing it ---


def seconds(value):
    return f"{value * 1e3:.2f} ms" if value < 0.1 else f"{value:.3f} s"


def quantity(value, unit):
    """A figure of a command in its unit; seconds if it has none."""
    if not unit:
        return seconds(value)
    return f"{value:.2f} {unit}" if value < 1000 else f"{value:,.0f} {unit}"


def mib(value):
    return f"{value / (1 << 20):.1f} MiB"


def cells(table):
    """The table as lists of words, the header first; columns that nobody has are left out."""
    base = table["base"]
    lines = [["", "time", "min - max", "GB/s", "CPU", "peak RSS", f"{base} is faster"]]
    for row in table["rows"]:
        figure, ratio, rate, unit = (row[key] for key in ("figure", "ratio", "bytes_per_s", "unit"))
        lines.append([
            row["name"], quantity(figure["median"], unit),
            f"{quantity(figure['min'], unit)} - {quantity(figure['max'], unit)}",
            f"{rate / 1e9:.4g}" if rate else "-", seconds(row["cpu_s"]), mib(row["peak_bytes"]),
            f"{ratio['median']:.2f} x ({ratio['min']:.2f} - {ratio['max']:.2f})"
            if ratio else "-"])
    used = [at for at in range(len(lines[0])) if any(line[at] != "-" for line in lines[1:])]
    return [[line[at] for at in used] for line in lines]


def target_line(target):
    line = f"{target['verdict']}  {target['what']}"
    if "limit" in target:
        unit = target["unit"]
        line += f": {target['value']:.4g}{unit} ({target['relation']} {target['limit']:.4g}{unit})"
    return line + (f": {target['why']}" if "why" in target else "")


def table_text(table):
    lines = cells(table)
    widths = [max(map(len, column)) for column in zip(*lines)]
    padded = ["  " + "  ".join(cell.ljust(width) if at == 0 else cell.rjust(width)
                               for at, (cell, width) in enumerate(zip(line, widths)))
              for line in lines]
    return "\n".join([table["caption"], *padded])


def text(claim):
    return "\n".join([f"== {claim['name']}: {claim['title']}", *map(table_text, claim["tables"]),
                      *claim["notes"], *map(target_line, claim["targets"])])


def grid(lines):
    """Rows of cells as a table of Markdown; the first column is of words, the others of numbers."""
    head, *rows = lines
    marks = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, marks, *rows])


def table_markdown(table):
    commands = "\n".join(row["command"] for row in table["rows"])
    rounds = table["rows"][0]["rounds"]
    return (f"{table['caption']}, {rounds} round{'s' if rounds > 1 else ''}:\n\n{grid(cells(table))}\n\n"
            f"<details><summary>commands</summary>\n\n```\n{commands}\n```\n</details>")


def markdown(claim, about):
    """A claim as a chapter; `about` says when and on what it was measured."""
    plots = [f"![{plot['title']}](plots/{plot['name']}.svg)" for plot in claim["plots"]]
    return "\n\n".join([
        f"## {claim['name']}", claim["title"] + ".", about,
        "\n".join(f"- {target_line(target)}" for target in claim["targets"]) or "No target.",
        *claim["notes"], *plots, *map(table_markdown, claim["tables"])])
