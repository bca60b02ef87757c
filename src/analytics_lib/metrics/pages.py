"""The catalogue of metrics as a page to read: written from the catalogue, so that the two cannot differ."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from analytics_lib.metrics.catalog import CATALOG
from analytics_lib.metrics.facts import FACTS, Fact
from analytics_lib.metrics.health_score import BAD_SECONDS, GOOD_SECONDS, WEIGHTS
from analytics_lib.metrics.question import tables_of

if TYPE_CHECKING:
    from analytics_lib.metrics.metric import Metric

PAGE = Path("docs/metrics.md")
_INTRODUCTION = """\
# The metrics

Written by `python -m analytics_lib.metrics.pages` from `metrics/catalog`; a test fails when it is stale.

Each is measured by `measure(store, CATALOG["name"], since=…, until=…, period=…, by=…)`, over the rows whose
own time on the wall clock lies in `[since, until)`; a conversation belongs to the period it started in.
*Closed* means ended before `as_of`. A denominator of 0 gives null, never 0. The result carries numerator,
denominator, value and the 95 % interval, and a flag where the denominator lies under *n*."""
_INTERVALS = """\
## Intervals

| kind | value | 95 % interval |
| --- | --- | --- |
| count, total, per_hour, peak, slope | what was counted | none: everything was counted |
| share | numerator / denominator | Wilson (1927); where users repeat, on the effective size by the linearised
variance of a ratio over users | | nps | 100 · numerator / denominator | ± 1.96 · √(100² · (p + d - (p - d)²)
/ n), widened where users repeat, cut at ±100 | | mean | numerator / denominator | percentile bootstrap over
users, 1,000 draws with Poisson weights, seed 20260101 | | quantile | between order statistics (Hyndman and
Fan, type 7) | Woodruff (1952): the limits of the share below it, by users, read back as values; null where
too few values reach that far |"""
_GROUPS = {
    "conversation": "Conversations",
    "ai": "What the bot understands and does",
    "business": "Business",
    "infrastructure": "Systems behind the bot",
}


def metrics_markdown() -> str:
    """The page: metrics by group, intervals, the health score, and the facts with their dimensions."""
    groups = groupby(CATALOG.values(), key=lambda metric: metric.group)
    parts = [_INTRODUCTION]
    for name, metrics in groups:
        parts += [f"## {_GROUPS[name]}", *map(_metric, metrics)]
    parts += [_INTERVALS, _health(), "## What is counted", _facts()]
    return "\n\n".join(parts) + "\n"


def _metric(metric: Metric) -> str:
    lines = [
        f"### {metric.name}",
        "",
        f"*{metric.label['es']}* · *{metric.label['en']}*: {metric.question}",
        "",
    ]
    counted = {"numerator": metric.numerator, "denominator": metric.denominator}
    if metric.kind == "quantile":
        counted = {f"quantile {metric.quantile:g} of": metric.numerator}
    lines += [f"- {name}: `{expression}`" for name, expression in counted.items() if expression]
    bound = ", ".join(f"`{name}` = {value}" for name, value in metric.parameters.items())
    facts = {
        "over": f"`{metric.table}`",
        "needs": ", ".join(tables_of(metric)),
        "unit": metric.unit,
        "kind": metric.kind,
        "better": metric.better,
        "n": str(metric.minimum_n),
        "owner": metric.owner,
        "source": metric.source,
    }
    lines.append("- " + " · ".join(f"{name}: {text}" for name, text in facts.items()))
    lines += [f"- bound: {bound}"] if bound else []
    lines += [f"- {metric.note}"] if metric.note else []
    return "\n".join(lines)


def _health() -> str:
    rows = "\n".join(f"| `{name}` | {weight:g} | {_normalised(name)} |" for name, weight in WEIGHTS.items())
    return (
        "## Health score\n\n"
        "Σ weight · normalized / Σ weight over the parts that have data; the weight of a part without data "
        "is spread over the rest, and the result says how much is covered (under half: partial). Interval: "
        "bootstrap over users of all parts together.\n\n"
        f"| part | weight | normalized |\n| --- | --- | --- |\n{rows}"
    )


def _normalised(name: str) -> str:
    if name == "average_response_time":
        return f"1 at {GOOD_SECONDS:g} s, 0 from {BAD_SECONDS:g} s on, a straight line between"
    return "1 less the rate" if CATALOG[name].better == "lower" else "the share itself"


def _facts() -> str:
    lines = ["| fact | a row is | needs | dimensions |", "| --- | --- | --- | --- |"]
    return "\n".join([*lines, *map(_fact, FACTS.values())])


def _fact(fact: Fact) -> str:
    dimensions = ", ".join(f"`{name}`" for name in fact.dimensions)
    return f"| `{fact.name}` | {fact.row} | {', '.join(fact.reads)} | {dimensions} |"


def main() -> int:
    """Write the page into the project of the working folder."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(metrics_markdown(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
