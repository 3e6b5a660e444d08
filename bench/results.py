# SPDX-License-Identifier: MIT
"""What was measured, kept per claim, and RESULTS.md and its plots, made of all that is kept.

A long claim can so be measured on its own; each says when, at which commit and on how much text.
"""
import json

import prepare
import report
import svg

RESULTS = prepare.HERE / "RESULTS.md"
BAR_CHART = "bar"


def keep(folder, claim, measured, machine):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{claim['name']}.json"
    path.write_text(json.dumps({"claim": claim, "measured": measured, "machine": dict(machine)},
                               indent=1))


def kept(folder, names):
    """What there is about these claims, in this order."""
    paths = [folder / f"{name}.json" for name in names]
    return [json.loads(path.read_text()) for path in paths if path.exists()]


def about(result, machine):
    """When and on what a claim was measured, and what else was different from `machine`."""
    measured = result["measured"]
    words = [f"Measured {measured['date']} at commit {measured['commit']}, text of"
             f" {measured['bytes']:,} bytes; {measured['repeated']} disturbed runs were repeated,"
             f" {measured['disturbed']} were kept."]
    words += [f"Here, {name}: {value}." for name, value in result["machine"].items()
              if machine.get(name) != value]
    return " ".join(words)


def bar(results):
    """The targets of the bar, in its order."""
    targets = [target for result in results for target in result["claim"]["targets"]
               if target["row"] is not None]
    return sorted(targets, key=lambda target: target["row"])


def share(target):
    """How many times better than its target a figure is; below 1 it is missed."""
    value, limit = target["value"], target["limit"]
    if target["relation"] == "at least":
        return value / limit
    return limit / value if value > 0 else None


def bar_table(targets):
    lines = [["row", "target", "measured", "asked for", "verdict"]]
    for target in targets:
        unit = target.get("unit", "")
        limited = "limit" in target
        lines.append([str(target["row"]), target["what"],
                      f"{target['value']:.4g}{unit}" if limited else target.get("why", "-"),
                      f"{target['relation']} {target['limit']:.4g}{unit}" if limited else "-",
                      target["verdict"]])
    return report.grid(lines)


def bar_chart(targets):
    bars = [(f"{target['row']}  {target['what']}", share(target))
            for target in targets if "limit" in target and share(target)]
    return svg.bars("The bar: how many times better than asked for", bars,
                    "times better than the target (logarithmic; 1 is the target)")


def markdown(results):
    machine = max(results, key=lambda result: result["measured"]["date"])["machine"]
    facts = report.grid([["", ""], *map(list, machine.items())])
    chapters = [report.markdown(result["claim"], about(result, machine)) for result in results]
    return "\n\n".join([
        "# Results",
        "Written by `./dev bench`; [what is measured and how](README.md). Times are medians, ratios"
        " are medians of those within a round (least - greatest), peak RSS is the most of all"
        " rounds. pphost keeps the order unless a table says otherwise. Texts: SHA-256"
        f" {', '.join(sorted({result['measured']['sha256'] for result in results}))}.",
        facts, "## The bar", f"![The bar](plots/{BAR_CHART}.svg)", bar_table(bar(results)),
        *chapters]) + "\n"


def write(results, path):
    """RESULTS.md, and its plots beside it in plots/."""
    plots = path.parent / "plots"
    plots.mkdir(parents=True, exist_ok=True)
    for result in results:
        for plot in result["claim"]["plots"]:
            chart = {key: value for key, value in plot.items() if key != "name"}
            (plots / f"{plot['name']}.svg").write_text(svg.lines(**chart))
    (plots / f"{BAR_CHART}.svg").write_text(bar_chart(bar(results)))
    path.write_text(markdown(results))
