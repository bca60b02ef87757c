"""Cohorts as pictures: the table of returning as a heatmap, its curves, who comes and goes, value by age."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import seaborn as sns
from matplotlib.ticker import PercentFormatter

from analytics_lib.charts.cohorts_words import LINES, cohort_name, money, named_groups
from analytics_lib.charts.style import (
    INK,
    NEUTRAL,
    OUTCOMES,
    PALE,
    QUIET,
    Picture,
    Record,
    chart,
    picture,
    say_nothing_to_show,
)
from analytics_lib.charts.texts import for_plotly
from analytics_lib.charts.words import Language, count, number, say, share

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    from matplotlib.axes import Axes

_MOST_COHORTS = 14
_MOST_AGES = 13
_MOST_GROUPS = 4
_DARK = 0.6
_STATES = {"new": OUTCOMES["purchase"], "returning": NEUTRAL, "resurrected": OUTCOMES["resolved"]}


def heatmap(
    cells: pd.DataFrame, whole: pd.DataFrame, *, period: str, returned: str = "on", language: Language = "es"
) -> Picture:
    """Who came back, by cohort and age; what is not observed yet is blank, the first row is all together.

    Args:
        cells: One row per observed cell: ``cohort age users active_users retention``.
        whole: One row per age: ``age users retention``.
        period: hour, day, week or month.
        returned: on, on_or_after, on_or_before or streak.
        language: es or en.
    """
    later = cells[(cells["age"] > 0) & (cells["age"] <= _MOST_AGES)]
    shown = sorted(cells.loc[cells["cohort"].isin(set(later["cohort"])), "cohort"].unique())[-_MOST_COHORTS:]
    height = 2.3 + 0.42 * (max(len(shown), 2) + 1)
    drawn = picture(
        say(f"cohorts.heatmap.{returned}", language), _subtitle(cells, shown, language), height=height
    )
    axes = drawn.axes[0]
    if not shown:
        axes.set(xticks=[], yticks=[], xlabel=say(f"cohorts.age.{period}", language))
        axes.text(0.5, 0.5, say("cohorts.none", language), transform=axes.transAxes, ha="center", color=QUIET)
        return drawn
    _draw_grid(axes, later[later["cohort"].isin(shown)], whole, language)
    sizes = cells[cells["age"] == 0].set_index("cohort")["users"]
    names = [say("cohorts.all", language, n=count(sizes.sum(), language))]
    names += [
        say("cohorts.row", language, cohort=cohort_name(day, period, language), n=count(sizes[day], language))
        for day in shown
    ]
    axes.set_yticks(np.arange(len(names)) + 0.5, names, rotation=0)
    axes.set(xlabel=say(f"cohorts.age.{period}", language), ylabel="")
    return drawn


def _subtitle(cells: pd.DataFrame, shown: list[object], language: Language) -> str:
    sizes = cells[cells["age"] == 0]
    old = cells.loc[cells["age"] > 0, "cohort"].nunique()
    text = say("cohorts.heatmap.subtitle", language, n=count(sizes["users"].sum(), language))
    if old > len(shown):
        numbers = {"shown": count(len(shown), language), "n": count(old, language)}
        text += say("cohorts.heatmap.cut", language, **numbers)
    return text


def _draw_grid(axes: Axes, later: pd.DataFrame, whole: pd.DataFrame, language: Language) -> None:
    table = later.pivot_table(index="cohort", columns="age", values="retention", dropna=False)
    together = whole[whole["age"].isin(table.columns)].set_index("age")["retention"]
    values = np.vstack([together.reindex(table.columns).to_numpy(float), table.to_numpy(float)])
    top = max(float(np.nanmax(values)), 0.01)
    bar = {"label": say("cohorts.axis.retention", language), "shrink": 0.7, "pad": 0.02}
    bar["format"] = PercentFormatter(1, decimals=0)
    sns.heatmap(values, ax=axes, cmap="YlGnBu", vmin=0, vmax=top, linewidths=1, cbar_kws=bar)
    axes.axhline(1, color="white", linewidth=6)
    # Thirteen ages leave room for two digits, which a phone shows as large as the rest.
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            colour = "white" if value > _DARK * top else INK
            text = f"{100 * value:.0f}"
            axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=10, color=colour)
    axes.set_xticks(np.arange(values.shape[1]) + 0.5, [str(age) for age in table.columns])


def curves(
    whole: pd.DataFrame, groups: pd.DataFrame, *, by: str, period: str, language: Language = "es"
) -> go.Figure:
    """The share active again by age: everybody with a band, and the largest groups.

    Args:
        whole: One row per age: ``age cohorts users active_users retention low high``.
        groups: The same with the column of ``by``.
        by: The dimension.
        period: hour, day, week or month.
        language: es or en.
    """
    title = say("cohorts.curves", language)
    figure = chart(title, say("cohorts.curves.subtitle", language), height=430, language=language)
    figure.update_xaxes(title_text=say(f"cohorts.age.{period}", language), nticks=8)
    figure.update_yaxes(title_text=say("cohorts.axis.retention", language), tickformat=".0%")
    later = whole[whole["age"] > 0]
    if later.empty:
        figure.update_xaxes(range=[0, 1], showticklabels=False)
        figure.update_yaxes(range=[0, 1], showticklabels=False)
        return say_nothing_to_show(figure, say("cohorts.none", language))
    names = named_groups(groups, by, language)
    kept = list(groups[groups["age"] == 1].sort_values("users", ascending=False)[by])[:_MOST_GROUPS]
    for group, line in zip(kept, LINES, strict=False):
        _add_line(figure, groups[(groups[by] == group) & (groups["age"] > 0)], names[group], line, language)
    figure.add_scatter(
        x=[*later["age"], *later["age"][::-1]],
        y=[*later["high"], *later["low"][::-1]],
        mode="lines",
        fill="toself",
        fillcolor="rgba(68,84,106,0.18)",
        line={"width": 0},
        hoverinfo="skip",
        name=say("cohorts.band", language),
    )
    _add_line(figure, later, say("cohorts.everybody", language), (NEUTRAL, "solid"), language, width=3)
    figure.update_layout(margin_b=120)
    return figure.update_yaxes(
        range=[0, 1.12 * max(later["high"].max(), groups["retention"][groups["age"] > 0].max())]
    )


def _add_line(  # what is drawn, and how
    figure: go.Figure,
    rows: pd.DataFrame,
    name: str,
    line: tuple[str, str],
    language: Language,
    *,
    width: float = 2,
) -> None:
    figure.add_scatter(
        x=rows["age"],
        y=rows["retention"],
        mode="lines+markers",
        line={"color": line[0], "dash": line[1], "width": width},
        marker={"size": 6},
        name=name,
        hovertext=[_curve_hover(row, name, language) for row in rows.to_dict("records")],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _curve_hover(row: Record, name: str, language: Language) -> str:
    shares = {part: share(row[part], language) for part in ("retention", "low", "high")}
    counts = {part: count(row[part], language) for part in ("age", "active_users", "users", "cohorts")}
    return say("cohorts.curves.hover", language, name=name, **shares, **counts)


def lifecycle(rows: pd.DataFrame, *, period: str, language: Language = "es") -> go.Figure:
    """Who is there in each period by where they come from, and below the line who is no longer.

    Args:
        rows: One row per period: ``period active new returning resurrected dormant quick_ratio``.
        period: hour, day, week or month.
        language: es or en.
    """
    title, subtitle = (say(f"cohorts.life{part}", language) for part in ("", ".subtitle"))
    figure = chart(title, subtitle, height=430, language=language)
    figure.update_xaxes(title_text=say(f"cohorts.start.{period}", language), showgrid=False)
    figure.update_yaxes(title_text=say("cohorts.axis.users", language), tickformat=",d", nticks=7)
    if rows.empty:
        figure.update_xaxes(range=[0, 1], showticklabels=False)
        figure.update_yaxes(range=[0, 1], showticklabels=False)
        return say_nothing_to_show(figure, say("cohorts.none", language))
    kept = rows.tail(26)
    names = [cohort_name(day, period, language) for day in kept["period"]]
    hovers = [_life_hover(row, period, language) for row in kept.to_dict("records")]
    for state, sign in (*((state, 1) for state in ("returning", "resurrected", "new")), ("dormant", -1)):
        figure.add_bar(
            x=names,
            y=sign * kept[state],
            name=say(f"cohorts.state.{state}", language),
            marker={"color": _STATES.get(state, PALE)},
            hovertext=hovers,
            hovertemplate="%{hovertext}<extra></extra>",
        )
    figure.add_hline(y=0, line={"color": INK, "width": 1})
    figure.update_xaxes(type="category", nticks=8)
    return figure.update_layout(barmode="relative", bargap=0.25, margin_b=110)


def _life_hover(row: Record, period: str, language: Language) -> str:
    states = ("active", "new", "returning", "resurrected", "dormant")
    counts = {state: count(row[state], language) for state in states}
    ratio = number(row["quick_ratio"], language, digits=2)
    name = cohort_name(row["period"], period, language)
    return say("cohorts.life.hover", language, period=name, ratio=ratio, **counts)


def value(
    worth: pd.DataFrame, together: pd.DataFrame, *, period: str, language: Language = "es"
) -> go.Figure:
    """What a user has brought by age: each cohort thin, all together thick.

    Args:
        worth: One row per observed cell: ``cohort age users revenue revenue_per_user currency``.
        together: One row per age: ``age cohorts users revenue_per_user``.
        period: hour, day, week or month.
        language: es or en.
    """
    title, subtitle = (say(f"cohorts.value{part}", language) for part in ("", ".subtitle"))
    figure = chart(title, subtitle, height=430, language=language)
    figure.update_xaxes(title_text=say(f"cohorts.age.{period}", language), nticks=8)
    if worth.empty:
        figure.update_xaxes(range=[0, 1], showticklabels=False)
        figure.update_yaxes(
            title_text=say("cohorts.axis.value.none", language), range=[0, 1], showticklabels=False
        )
        return say_nothing_to_show(figure, say("cohorts.value.none", language))
    currency = str(worth["currency"].iloc[0])
    figure.update_yaxes(
        title_text=say("cohorts.axis.value", language, currency=currency),
        rangemode="tozero",
        nticks=6,
        tickformat=",d",
    )
    shown = sorted(worth["cohort"].unique())[:_MOST_COHORTS]
    for place, cohort in enumerate(shown):
        rows, name = worth[worth["cohort"] == cohort], cohort_name(cohort, period, language)
        _add_value(
            figure,
            rows,
            name,
            (PALE, 1.4),
            language,
            legend=say("cohorts.each", language) if not place else "",
        )
    _add_value(
        figure,
        together,
        say("cohorts.everybody", language),
        (OUTCOMES["purchase"], 3),
        language,
        legend=say("cohorts.everybody", language),
    )
    return figure.update_layout(margin_b=100)


def _add_value(  # what is drawn, and how
    figure: go.Figure,
    rows: pd.DataFrame,
    name: str,
    line: tuple[str, float],
    language: Language,
    *,
    legend: str,
) -> None:
    figure.add_scatter(
        x=rows["age"],
        y=rows["revenue_per_user"],
        mode="lines+markers",
        line={"color": line[0], "width": line[1]},
        marker={"size": 5 if legend else 4},
        name=legend,
        showlegend=bool(legend),
        hovertext=[_value_hover(row, name, language) for row in rows.to_dict("records")],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _value_hover(row: Record, name: str, language: Language) -> str:
    return say(
        "cohorts.value.hover",
        language,
        name=for_plotly(name),
        value=money(row["revenue_per_user"], language),
        age=count(row["age"], language),
        n=count(row["users"], language),
    )
