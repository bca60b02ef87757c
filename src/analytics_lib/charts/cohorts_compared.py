"""Cohorts beside one another: who returns otherwise than the rest, and how long until the next contact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.charts.cohorts_steps import add_steps
from analytics_lib.charts.cohorts_words import LINES, at_age, dimension, named_groups, written_group
from analytics_lib.charts.compared import points
from analytics_lib.charts.dots import Dot, add_dots
from analytics_lib.charts.measures import group_name
from analytics_lib.charts.pages import Html, table
from analytics_lib.charts.style import NEUTRAL, QUIET, Record, chart, say_nothing_to_show
from analytics_lib.charts.texts import for_plotly
from analytics_lib.charts.words import UNKNOWN, Language, absent, count, duration, number, say, share
from analytics_lib.metrics.intervals import wilson_limits

if TYPE_CHECKING:
    import plotly.graph_objects as go

_MOST_GROUPS = 8
_MOST_LINES = 4
_NAME_WIDTH = 16
_DAY = 86_400
_LEAST_P = 0.001
# What has happened is the rest of what has not, and so are its limits.
_TURNED = {"survival": "survival", "low": "high", "high": "low"}
_READ_AT = (1, 7, 14, 30, 60, 90, 180, 365)


def against_rest(
    rows: pd.DataFrame, *, by: str, age: int, period: str, language: Language = "es"
) -> go.Figure:
    """The share of each cohort active at one age, with 95 % intervals; what differs from the rest is marked.

    Args:
        rows: One row per cohort: the column of ``by``, ``users active_users retention rest_users
            rest_retention difference low high few real mix behaviour``.
        by: What they are told apart by.
        age: At which.
        period: hour, day, week or month.
        language: es or en.
    """
    title = say("cohorts.compared", language, age=at_age(age, period, language))
    shown = rows.sort_values("users", ascending=False).head(_MOST_GROUPS) if len(rows) else rows
    subtitle = say("cohorts.compared.subtitle", language, by=dimension(by, language))
    if len(rows) > len(shown):
        numbers = {"shown": count(len(shown), language), "n": count(len(rows), language)}
        subtitle += say("cohorts.compared.cut", language, **numbers)
    figure = chart(title, subtitle, height=190 + 48 * max(len(shown), 2), language=language)
    figure.update_xaxes(title_text=say("cohorts.axis.retention", language), tickformat=".0%", nticks=5)
    if not len(shown):
        figure.update_xaxes(range=[0, 1]).update_yaxes(range=[0, 1], showticklabels=False)
        return say_nothing_to_show(figure, say("cohorts.compared.none", language))
    records = shown.sort_values("retention", ascending=False).to_dict("records")
    active, users = (
        np.array([row[name] for row in records], dtype=float) for name in ("active_users", "users")
    )
    limits = np.column_stack(wilson_limits(active, users))
    dots = [
        _dot(place, row, by, period, ends, language)
        for place, (row, ends) in enumerate(zip(records, limits, strict=True))
    ]
    add_dots(figure, dots, colour=NEUTRAL)
    figure.update_annotations(bgcolor="rgba(255,255,255,0.85)")
    figure.add_vline(x=_overall(records[0]), line={"color": QUIET, "dash": "dash", "width": 1.2})
    ticks = [_with_n(row, by, period, language) for row in records]
    figure.update_yaxes(
        tickvals=list(range(len(dots))), ticktext=ticks, range=[len(dots) - 0.4, -0.6], showgrid=False
    )
    top = float(limits.max())
    return figure.update_xaxes(range=[-0.03 * top, 1.42 * top])


def _overall(row: Record) -> float:
    """The share of everybody: a cohort and its rest."""
    return float((row["active_users"] + row["rest_active_users"]) / (row["users"] + row["rest_users"]))


def _dot(  # what is drawn, and in which words
    place: int, row: Record, by: str, period: str, limits: np.ndarray, language: Language
) -> Dot:
    real = bool(row["real"])
    text = f"{'≠ ' if real else ''}{share(row['retention'], language)}"
    hover = say(
        "cohorts.compared.hover",
        language,
        group=for_plotly(written_group(by, row[by], period, language), width=40),
        value=share(row["retention"], language),
        low=share(limits[0], language),
        high=share(limits[1], language),
        active=count(row["active_users"], language),
        n=count(row["users"], language),
        verdict=say(f"cohorts.verdict.{'real' if real else 'few' if row['few'] else 'same'}", language),
        **{part: points(row[part], language) for part in ("difference", "mix", "behaviour")},
        below=points(row["low"], language),
        above=points(row["high"], language),
    )
    return Dot(
        place,
        row["retention"],
        float(limits[0]),
        float(limits[1]),
        text,
        hover,
        "diamond" if real else "circle",
    )


def _with_n(row: Record, by: str, period: str, language: Language) -> str:
    name = for_plotly(written_group(by, row[by], period, language), width=_NAME_WIDTH)
    few = f" {say('few', language)}" if row["few"] else ""
    n = say("cohorts.n", language, n=count(row["users"], language))
    return f'{name}<br><span style="font-size:11px">{n}{few}</span>'


def next_contact(
    curve: pd.DataFrame, groups: pd.DataFrame, *, by: str, p_value: float, language: Language = "es"
) -> go.Figure:
    """The share that has not written again by each time since its first conversation, by group.

    Args:
        curve: One row per group and time: ``group time_seconds survival low high at_risk``.
        groups: One row per group: ``group users events median_seconds``.
        by: The dimension.
        p_value: Of the log-rank test over the groups; NaN with one.
        language: es or en.
    """
    figure = _waiting("next", groups, p_value, language)
    figure.update_yaxes(range=[0, 1.03])
    return _with_curves(figure, "next", curve, groups, by=by, language=language)


def first_order(
    curve: pd.DataFrame, groups: pd.DataFrame, *, by: str, p_value: float, language: Language = "es"
) -> go.Figure:
    """The share that has ordered by each time since its first contact, by group; as ``next_contact``."""
    done = curve.assign(**{to: 1 - curve[of] for to, of in _TURNED.items()}) if len(curve) else curve
    figure = _waiting("order", groups, p_value, language)
    figure.update_yaxes(rangemode="tozero")
    return _with_curves(figure, "order", done, groups, by=by, language=language)


def _waiting(what: str, groups: pd.DataFrame, p_value: float, language: Language) -> go.Figure:
    test = "" if absent(p_value) else say("cohorts.next.test", language, p=_p(p_value, language))
    subtitle = say(f"cohorts.{what}.subtitle", language, n=count(groups["users"].sum(), language)) + test
    figure = chart(say(f"cohorts.{what}", language), subtitle, height=430, language=language)
    figure.update_xaxes(title_text=say(f"cohorts.{what}.days", language), nticks=7, rangemode="tozero")
    return figure.update_yaxes(title_text=say(f"cohorts.{what}.share", language), tickformat=".0%", nticks=6)


def _with_curves(
    figure: go.Figure,
    what: str,
    curve: pd.DataFrame,
    groups: pd.DataFrame,
    *,
    by: str,
    language: Language,
) -> go.Figure:
    if curve.empty:
        figure.update_xaxes(range=[0, 1], showticklabels=False)
        return say_nothing_to_show(figure, say(f"cohorts.{what}.none", language))
    names = named_groups(groups.rename(columns={"group": by}), by, language)
    for group, line in zip(_largest(groups), LINES, strict=False):
        rows = curve[curve["group"] == group]
        hovers = [_steps_hover(row, names[group], what, language) for row in rows.to_dict("records")]
        days = rows["time_seconds"] / _DAY
        add_steps(figure, days, rows, "survival", name=names[group], line=line, hovers=hovers)
    return figure.update_layout(margin_b=110)


def _largest(groups: pd.DataFrame) -> list[str]:
    return list(groups.sort_values("users", ascending=False)["group"].head(_MOST_LINES))


def _p(p_value: float, language: Language) -> str:
    """A p-value with its sign of relation."""
    least = number(_LEAST_P, language, digits=3)
    return f"< {least}" if p_value < _LEAST_P else f"= {number(p_value, language, digits=3)}"


def _steps_hover(row: Record, name: str, what: str, language: Language) -> str:
    shares = {part: share(row[part], language) for part in ("survival", "low", "high")}
    time, n = duration(row["time_seconds"], language), count(row["at_risk"], language)
    return say(f"cohorts.{what}.hover", language, name=name, time=time, n=n, **shares)


def at_risk(curve: pd.DataFrame, groups: pd.DataFrame, *, by: str, language: Language = "es") -> Html:
    """How many of each group were still watched, and had not written again, at some days; and the medians.

    Args:
        curve: As for ``next_contact``.
        groups: One row per group: ``group users events median_seconds restricted_seconds low_seconds
            high_seconds``.
        by: The dimension.
        language: es or en.
    """
    longest = curve["time_seconds"].max() / _DAY if len(curve) else 0
    marks = [mark for mark in _READ_AT if mark <= longest][-5:]
    lines = []
    for row in groups.sort_values("users", ascending=False).to_dict("records"):
        own = curve[curve["group"] == row["group"]]
        cells = [_watched(own, mark, language) for mark in marks]
        mean = say(
            "cohorts.next.mean",
            language,
            **{part: duration(row[f"{part}_seconds"], language) for part in ("restricted", "low", "high")},
        )
        name, counts = group_name(by, row["group"], language), (row["users"], row["events"])
        numbers = [count(n, language) for n in counts]
        lines.append([name, *numbers, *cells, _median(row, language), mean])
    heads = [say(f"cohorts.column.{name}", language) for name in ("group", "users", "again")]
    heads += [say("cohorts.column.day", language, day=count(mark, language)) for mark in marks]
    heads += [say(f"cohorts.column.{name}", language) for name in ("median", "mean")]
    return table(pd.DataFrame(lines, columns=heads), title="cohorts.next.table", language=language)


def _watched(own: pd.DataFrame, mark: int, language: Language) -> str:
    """Whoever was watched that long; a dash beyond what the curve is read to."""
    later = own[own["time_seconds"] >= mark * _DAY]
    return count(later["at_risk"].iloc[0], language) if len(later) else UNKNOWN


def _median(row: Record, language: Language) -> str:
    median = row["median_seconds"]
    return say("cohorts.next.never", language) if absent(median) else duration(median, language)
