# SPDX-License-Identifier: MIT
"""Charts as SVG: lines over a linear or logarithmic axis, and bars against a line at 1."""
import html
import math

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 84, 24, 64, 62
COLOURS = ["#1f6fb4", "#d1495b", "#2e933c", "#8f5aa8", "#c77d0a"]
GOOD, BAD, INK, PALE = "#2e933c", "#d1495b", "#222222", "#dddddd"
STYLE = ("text{font-family:system-ui,Helvetica,Arial,sans-serif;font-size:13px;fill:#222222}"
         ".title{font-size:17px;font-weight:600}.small{font-size:12px}")
BAR_STEP, BAR_LEFT = 26, 430


def number(value):
    """A short form of a number: 0.5, 20, 10k, 1M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{letter}"
    return f"{value:.4g}"


class Axis:
    """From values to pixels."""

    def __init__(self, values, log, start, end, ticks=None):
        self.log, self.start, self.end, self.given = log, start, end, ticks
        if log:
            self.low, self.high = math.log10(min(values)), math.log10(max(values))
            room = (self.high - self.low) * 0.04 or 0.5
            self.low, self.high = self.low - room, self.high + room
        else:
            self.low, self.high = 0.0, (max(values) or 1.0) * 1.06

    def at(self, value):
        where = math.log10(value) if self.log else value
        return self.start + (where - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self):
        if self.given:
            return self.given
        if not self.log:
            raw = self.high / 6
            power = 10.0 ** math.floor(math.log10(raw))
            step = next(f * power for f in (1, 2, 5, 10) if f * power >= raw)
            return [step * at for at in range(int(self.high / step) + 1)]
        factors = (1, 2, 5) if self.high - self.low < 2.5 else (1,)
        every = max(1, round((self.high - self.low) / 8))
        powers = [10.0 ** at for at in range(math.floor(self.low), math.ceil(self.high) + 1, every)]
        ticks = [f * power for power in powers for f in factors]
        return [tick for tick in ticks if self.low <= math.log10(tick) <= self.high]


def tag(name, inner=None, **attributes):
    words = " ".join([name, *(f'{key.replace("_", "-")}="{value}"'
                              for key, value in attributes.items())])
    return f"<{words}/>" if inner is None else f"<{words}>{inner}</{name}>"


def label(x, y, words, **attributes):
    return tag("text", html.escape(words), x=f"{x:.1f}", y=f"{y:.1f}", **attributes)


def line(x1, y1, x2, y2, colour, **attributes):
    return tag("line", x1=f"{x1:.1f}", y1=f"{y1:.1f}", x2=f"{x2:.1f}", y2=f"{y2:.1f}", stroke=colour,
               **attributes)


def document(width, height, title, parts):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" role="img">',
        tag("title", html.escape(title)), tag("style", STYLE),
        tag("rect", width=width, height=height, fill="#ffffff"),
        label(24, 28, title, **{"class": "title"}), *parts, "</svg>"]) + "\n"


def frame(across, up, x_label, y_label):
    """Grid, numbers and names of the axes."""
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = []
    for tick in across.ticks():
        x = across.at(tick)
        parts += [line(x, TOP, x, bottom, PALE),
                  label(x, bottom + 18, number(tick), text_anchor="middle")]
    for tick in up.ticks():
        y = up.at(tick)
        parts += [line(LEFT, y, right, y, PALE),
                  label(LEFT - 8, y + 4, number(tick), text_anchor="end")]
    middle = (TOP + bottom) / 2
    return [*parts, line(LEFT, bottom, right, bottom, INK), line(LEFT, TOP, LEFT, bottom, INK),
            label((LEFT + right) / 2, HEIGHT - 18, x_label, text_anchor="middle"),
            label(0, 0, y_label, text_anchor="middle", transform=f"translate(22 {middle}) rotate(-90)")]


def legend(names):
    """Names with their colours, in a row under the title."""
    parts, x = [], 24.0
    for name, colour in names:
        parts += [line(x, 45, x + 22, 45, colour, stroke_width=3),
                  label(x + 28, 49, name, **{"class": "small"})]
        x += 28 + 7.0 * len(name) + 22
    return parts


def lines(title, x_label, y_label, series, x_log=True, y_log=True, x_ticks=None):
    """`series`: name and points (x, y) of each line.  A series whose name ends with "(fit)" is drawn
    thin and without marks."""
    points = [point for _, some in series for point in some]
    across = Axis([x for x, _ in points], x_log, LEFT, WIDTH - RIGHT, x_ticks)
    up = Axis([y for _, y in points], y_log, HEIGHT - BOTTOM, TOP)
    parts, names = frame(across, up, x_label, y_label), []
    for (name, some), colour in zip(series, COLOURS * len(series)):
        places = [(across.at(x), up.at(y)) for x, y in some]
        fit = name.endswith("(fit)")
        parts.append(tag("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in places),
                         fill="none", stroke=colour, stroke_width=1 if fit else 2,
                         **({"stroke_dasharray": "5 4"} if fit else {})))
        if not fit:
            parts += [tag("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=4, fill=colour)
                      for x, y in places]
        names.append((name, colour))
    return document(WIDTH, HEIGHT, title, parts + legend(names))


def bars(title, values, x_label):
    """`values`: name and a number above 0 of each bar; bars grow from 1, to the right if above it."""
    width, top = 1000, 72
    height = top + BAR_STEP * len(values) + 58
    bottom = top + BAR_STEP * len(values)
    across = Axis([1.0, 2.0, 0.5, *(value for _, value in values)], True, BAR_LEFT, width - 70)
    parts = []
    for tick in across.ticks():
        x = across.at(tick)
        parts += [line(x, top - 6, x, bottom, PALE),
                  label(x, bottom + 18, number(tick), text_anchor="middle")]
    for at, (name, value) in enumerate(values):
        y = top + at * BAR_STEP
        start, end = sorted((across.at(1.0), across.at(value)))
        parts += [
            tag("rect", x=f"{start:.1f}", y=y, width=f"{max(end - start, 1):.1f}",
                height=BAR_STEP - 8, fill=GOOD if value >= 1 else BAD),
            label(BAR_LEFT - 10, y + 13, name if len(name) < 64 else name[:62] + "...",
                  text_anchor="end", **{"class": "small"}),
            label(end + 5, y + 13, f"{value:.2f}", **{"class": "small"})]
    one = across.at(1.0)
    parts += [line(one, top - 6, one, bottom, INK),
              label((BAR_LEFT + width - 70) / 2, height - 14, x_label, text_anchor="middle")]
    return document(width, height, title, parts + legend([("reached", GOOD), ("missed", BAD)]))
