# SPDX-License-Identifier: MIT
"""What came of a claim: tables, targets, and both as text, as Markdown and as JSON."""


def seconds(value):
    return f"{value * 1e3:.2f} ms" if value < 0.1 else f"{value:.3f} s"


def quantity(value, unit):
    """A figure of a command in its unit; seconds if it has none."""
    return f"{value:.2f} {unit}" if unit else seconds(value)


def mib(value):
    return f"{value / (1 << 20):.1f} MiB"


class Table:
    """Series side by side; `base` is the one the others are compared with, `size` its bytes."""

    def __init__(self, bench, caption, series, base, size):
        self.caption, self.rows = caption, []
        for one in series.values():
            row = {"name": one.command.name, "command": bench.shown(one.command),
                   "unit": one.command.unit, "figure": one.figures(), "cpu_s": one.cpu_s(), "peak_bytes": one.peak_bytes(),
                   "rounds": len(one.runs), "ratio": None,
                   "bytes_per_s": size / one.figures()["median"] if size else None}
            if one is not base:
                row["ratio"] = base.times_faster_than(one)
            self.rows.append(row)
        self.base = base.command.name

    def cells(self):
        """The table as lists of words, the header first."""
        lines = [["", "time", "min - max", "GB/s", "CPU", "peak RSS", f"{self.base} is faster"]]
        for row in self.rows:
            figure, ratio, rate, unit = (row[key]
                                         for key in ("figure", "ratio", "bytes_per_s", "unit"))
            lines.append([
                row["name"], quantity(figure["median"], unit),
                f"{quantity(figure['min'], unit)} - {quantity(figure['max'], unit)}",
                f"{rate / 1e9:.3f}" if rate else "-", seconds(row["cpu_s"]),
                mib(row["peak_bytes"]),
                f"{ratio['median']:.2f} x ({ratio['min']:.2f} - {ratio['max']:.2f})"
                if ratio else "-"])
        return lines

    def text(self):
        lines = self.cells()
        widths = [max(map(len, column)) for column in zip(*lines)]
        padded = ["  " + "  ".join(cell.ljust(width) if at == 0 else cell.rjust(width)
                                   for at, (cell, width) in enumerate(zip(line, widths)))
                  for line in lines]
        return "\n".join([f"{self.caption}", *padded])

    def markdown(self):
        head, *lines = self.cells()
        rows = [head, ["---"] + ["---:"] * (len(head) - 1), *lines]
        table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
        commands = "\n".join(row["command"] for row in self.rows)
        return f"{self.caption}, {self.rows[0]['rounds']} rounds:\n\n{table}\n\n```\n{commands}\n```"


class Claim:
    """A sentence, and what was found about it."""

    def __init__(self, bench, name, title):
        self.bench, self.name, self.title = bench, name, title
        self.tables, self.targets, self.notes = [], [], []

    def table(self, caption, series, base, size=None):
        self.tables.append(Table(self.bench, caption, series, base, size))

    def at_least(self, what, value, limit, unit=""):
        self._target(what, value, limit, value >= limit, "at least", unit)

    def at_most(self, what, value, limit, unit=""):
        self._target(what, value, limit, value <= limit, "at most", unit)

    def below(self, what, value, limit, unit=""):
        self._target(what, value, limit, value < limit, "below", unit)

    def times_at_most(self, what, series, ours, theirs, limit):
        """What `ours` takes, as a multiple of what `theirs` does; skipped if that is not there."""
        if theirs in series:
            faster = series[ours].times_faster_than(series[theirs])
            self.at_most(what, 1 / faster["median"], limit, " x")
        else:
            self.skip(what, f"{theirs} is not built")

    def times_at_least(self, what, series, ours, theirs, limit):
        """How many times faster `ours` is than `theirs`; skipped if that is not there."""
        if theirs in series:
            faster = series[ours].times_faster_than(series[theirs])
            self.at_least(what, faster["median"], limit, " x")
        else:
            self.skip(what, f"{theirs} is not built")

    def must(self, what, holds):
        self.targets.append({"what": what, "verdict": "PASS" if holds else "MISS"})

    def skip(self, what, why):
        self.targets.append({"what": what, "verdict": "SKIP", "why": why})

    def note(self, text):
        self.notes.append(text)

    def _target(self, what, value, limit, holds, relation, unit):
        self.targets.append({"what": what, "value": value, "limit": limit, "relation": relation,
                             "unit": unit, "verdict": "PASS" if holds else "MISS"})

    def missed(self):
        return any(target["verdict"] == "MISS" for target in self.targets)

    def target_lines(self):
        for target in self.targets:
            line = f"{target['verdict']}  {target['what']}"
            if "limit" in target:
                unit = target["unit"]
                line += (f": {target['value']:.2f}{unit}"
                         f" ({target['relation']} {target['limit']:.4g}{unit})")
            yield line + (f": {target['why']}" if "why" in target else "")

    def text(self):
        parts = [f"== {self.name}: {self.title}", *(table.text() for table in self.tables),
                 *self.notes, *self.target_lines()]
        return "\n".join(parts)

    def markdown(self):
        parts = [f"## {self.name}", self.title + ".", *(table.markdown() for table in self.tables),
                 *self.notes, "\n".join(f"- {line}" for line in self.target_lines())]
        return "\n\n".join(parts)

    def json(self):
        return {"name": self.name, "title": self.title, "targets": self.targets,
                "notes": self.notes,
                "tables": [{"caption": t.caption, "base": t.base, "rows": t.rows}
                           for t in self.tables]}
