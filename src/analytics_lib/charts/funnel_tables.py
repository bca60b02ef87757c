"""A funnel in figures: the tables, and what to do."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.charts.funnel_words import money_range, stage_before, stage_name, worst_step, written
from analytics_lib.charts.measures import group_name, write_interval
from analytics_lib.charts.pages import Html, table
from analytics_lib.charts.words import UNKNOWN, Language, absent, count, duration, label, say, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics_lib.charts.style import Record

_MOST_GROUPS = 20
_WIDTHS = (
    ' style="min-width:8rem;max-width:13rem"',
    ' style="min-width:11rem;max-width:20rem"',
    "",
    "",
    ' style="white-space:nowrap"',
)


def stages(rows: pd.DataFrame, *, language: Language = "es") -> Html:
    """Every stage in figures.

    Args:
        rows: As for ``funnel.funnel``.
        language: es or en.
    """
    lines = [_stage_line(row, language) for row in rows.to_dict("records")]
    names = ("stage", "users", "conversion", "step", "times", "step_median")
    return _table(lines, names, title="funnel.table", language=language)


def times(percentiles: pd.DataFrame, *, language: Language = "es") -> Html:
    """When so many percent got through: of all who entered, and of those who did.

    Args:
        percentiles: One row per ``share``: ``seconds low_seconds high_seconds converters_seconds``.
        language: es or en.
    """
    lines = [
        [
            share(row["share"], language),
            _time_of_all(row, language),
            duration(row["converters_seconds"], language),
        ]
        for row in percentiles.to_dict("records")
    ]
    return _table(lines, ("share", "all", "converters"), title="funnel.table.times", language=language)


def by_group(rows: pd.DataFrame, *, by: str, language: Language = "es") -> Html:
    """Users and step conversion of every group and stage.

    Args:
        rows: As for ``funnel_compared.groups``, with ``step_conversion_rate users_before``.
        by: The dimension.
        language: es or en.
    """
    kept = list(dict.fromkeys(rows[by]))[:_MOST_GROUPS]
    lines = []
    for _, found in rows.groupby("position"):
        of_group = {row[by]: row for row in found.to_dict("records")}
        name = stage_name(found["stage"].iloc[0], language)
        lines.append([name, *(_group_cell(of_group[group], language) for group in kept)])
    columns = [say("funnel.column.stage", language), *(group_name(by, group, language) for group in kept)]
    return table(pd.DataFrame(lines, columns=_unique(columns)), title="funnel.table.by", language=language)


def revenue(rows: pd.DataFrame, *, language: Language = "es") -> Html:
    """What is lost before each stage in figures.

    Args:
        rows: As for ``funnel_compared.revenue``, with ``buyers comparable_rate mean_revenue``.
        language: es or en.
    """
    lines = [
        [
            stage_name(row["stage"], language),
            *(count(row[name], language) for name in ("dropped", "passed", "buyers")),
            count(
                row["mean_revenue"] if absent(row["mean_revenue"]) else round(row["mean_revenue"]), language
            ),
            share(row["comparable_rate"], language),
            money_range(row["low"], row["high"], str(row["currency"]), language),
        ]
        for row in rows.to_dict("records")
    ]
    names = ("stage", "dropped", "passed", "buyers", "mean", "comparable", "lost")
    return _table(lines, names, title="funnel.table.revenue", language=language)


def advice(
    rows: pd.DataFrame, compared: pd.DataFrame, *, by: str | None, limit: float, language: Language = "es"
) -> Html:
    """The worst step and the groups that differ against their thresholds, and what to do.

    Args:
        rows: As for ``funnel.funnel``.
        compared: As for ``funnel_compared.groups``; may be empty.
        by: Its dimension.
        limit: From which drop-off on a step asks for action.
        language: es or en.
    """
    lines = [_step_signal(rows, limit, language)]
    lines += [_group_signal(compared, by, language)] if by and len(compared) else []
    heads = say("funnel.advice.head", language).split("|")
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in line)}</tr>" for line in lines)
    return Html(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def _cells(line: Sequence[str]) -> str:
    return "".join(f"<td{width}>{html.escape(cell)}</td>" for width, cell in zip(_WIDTHS, line, strict=True))


def _step_signal(rows: pd.DataFrame, limit: float, language: Language) -> list[str]:
    asked = f"≥ {share(limit, language)}"
    worst = worst_step(rows)
    if worst is None:
        none, wait = (say(f"funnel.advice.step.{name}", language) for name in ("none", "wait"))
        return [none, wait, "", asked, ""]
    said = written(worst, language)
    names = {
        "before": stage_name(stage_before(rows, worst), language),
        "stage": stage_name(worst["stage"], language),
    }
    todo = say(f"funnel.advice.step.{'do' if worst['drop_off_rate'] >= limit else 'watch'}", language)
    return [say("funnel.advice.step", language, **names), todo, said["drop"], asked, said["users_before"]]


def _group_signal(compared: pd.DataFrame, by: str, language: Language) -> list[str]:
    asked = say("funnel.advice.group.limit", language)
    dimension = label("dimension", by, language)
    worse = compared[compared["real"].astype(bool) & (compared["difference"] < 0)]
    name = say("funnel.advice.group", language, by=dimension)
    if worse.empty:
        return [name, say("funnel.advice.group.none", language), "", asked, ""]
    row = worse.sort_values("difference", kind="stable").to_dict("records")[0]
    numbers = {
        "group": group_name(by, row[by], language),
        "stage": stage_name(row["stage"], language),
    }
    value = say(
        "funnel.advice.group.value",
        language,
        first=share(row["first_rate"], language),
        second=share(row["second_rate"], language),
    )
    n = f"{count(row['first_n'], language)} / {count(row['second_n'], language)}"
    return [name, say("funnel.advice.group.do", language, **numbers), value, asked, n]


def _table(lines: Sequence[Sequence[str]], names: Sequence[str], *, title: str, language: Language) -> Html:
    columns = [say(f"funnel.column.{name}", language) for name in names]
    return table(pd.DataFrame(list(lines), columns=columns), title=title, language=language)


def _stage_line(row: Record, language: Language) -> list[str]:
    said = written(row, language)
    limits = {
        name: write_interval(row[f"{name}_low"], row[f"{name}_high"], "share", language)
        for name in ("conversion", "step")
    }
    rates = [say("funnel.cell.rate", language, rate=said[name], limits=text) for name, text in limits.items()]
    times = say("funnel.cell.times", language, p25=said["p25"], median=said["median"], p90=said["p90"])
    # Of the first stage a step and a time say nothing.
    later = row["position"] > 1
    cells = [said["users"], rates[0], rates[1] if later else UNKNOWN]
    return [stage_name(row["stage"], language), *cells, times if later else UNKNOWN, said["step_median"]]


def _group_cell(row: Record, language: Language) -> str:
    if row["position"] == 1:
        return count(row["users"], language)
    numbers = {"n": count(row["users"], language), "rate": share(row["step_conversion_rate"], language)}
    return say("funnel.cell.group", language, **numbers)


def _time_of_all(row: Record, language: Language) -> str:
    if absent(row["seconds"]):
        return say("funnel.cell.not_reached", language)
    low = duration(row["low_seconds"], language)
    high = (
        say("funnel.cell.open", language)
        if absent(row["high_seconds"])
        else duration(row["high_seconds"], language)
    )
    return say("funnel.cell.time", language, time=duration(row["seconds"], language), low=low, high=high)


def _unique(names: list[str]) -> list[str]:
    """Two groups that read alike get a number behind them, since columns are told apart by name."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found
