"""On how many days of a period its users are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.charts.cohorts_words import cohort_name
from analytics_lib.charts.style import NEUTRAL, PALE, Record, chart, say_nothing_to_show
from analytics_lib.charts.words import Language, count, say, share
from analytics_lib.metrics.intervals import wilson_limits

if TYPE_CHECKING:
    import plotly.graph_objects as go

_SHOWN = 2
_WEEK = 7
# Beyond, the line lies on the axis.
_LEAST_SHARE = 0.005


def stickiness(rows: pd.DataFrame, *, language: Language = "es") -> go.Figure:
    """The share there on so many days or more: the last period with its 95 % band, and the one before it.

    Args:
        rows: One row per period, a week or a month, and number of days: ``period days users active_users
            at_least_share daily_share``.
        language: es or en.
    """
    figure = chart(say("cohorts.days", language), _subtitle(rows, language), height=430, language=language)
    figure.update_xaxes(title_text=say("cohorts.days.axis", language), nticks=8, tickformat="d")
    figure.update_yaxes(
        title_text=say("cohorts.days.share", language), tickformat=".1~%", rangemode="tozero", nticks=6
    )
    # Whoever is there at all is there on one day or more.
    later = rows[rows["days"] > 1] if len(rows) else rows
    if later.empty:
        figure.update_xaxes(range=[0, 1], showticklabels=False)
        figure.update_yaxes(range=[0, 1], showticklabels=False)
        return say_nothing_to_show(figure, say("cohorts.none", language))
    shown = later[later["period"].isin(sorted(later["period"].unique())[-_SHOWN:])]
    reached = shown.loc[shown["at_least_share"] >= _LEAST_SHARE, "days"].max()
    ends = max(2 if pd.isna(reached) else int(reached) + 1, 4)
    for place, (start, own) in enumerate(shown[shown["days"] <= ends].groupby("period")):
        last = place == shown["period"].nunique() - 1
        _add(figure, own, _name(start, rows, language), language, last=last)
    return figure.update_layout(margin_b=100)


def _subtitle(rows: pd.DataFrame, language: Language) -> str:
    if rows.empty:
        return say("cohorts.days.subtitle.none", language)
    last = rows[rows["period"] == rows["period"].max()].iloc[0]
    n, daily = count(last["active_users"], language), share(last["daily_share"], language)
    return say("cohorts.days.subtitle", language, n=n, daily=daily)


def _name(start: object, rows: pd.DataFrame, language: Language) -> str:
    """A period as readers see it: those of no more than seven days are weeks."""
    period = "month" if rows["days"].max() > _WEEK else "week"
    return cohort_name(start, period, language)


def _add(figure: go.Figure, own: pd.DataFrame, name: str, language: Language, *, last: bool) -> None:
    users = (own["at_least_share"] * own["active_users"]).round()
    limits = wilson_limits(users.to_numpy(dtype=float), own["active_users"].to_numpy(dtype=float))
    rows = own.assign(users=users, low=limits[0], high=limits[1])
    if last:
        figure.add_scatter(
            x=[*rows["days"], *rows["days"][::-1]],
            y=[*rows["high"], *rows["low"][::-1]],
            mode="lines",
            fill="toself",
            fillcolor="rgba(68,84,106,0.18)",
            line={"width": 0},
            hoverinfo="skip",
            name=say("cohorts.band", language),
        )
    figure.add_scatter(
        x=rows["days"],
        y=rows["at_least_share"],
        mode="lines+markers",
        line={
            "color": NEUTRAL if last else PALE,
            "dash": "solid" if last else "dash",
            "width": 3 if last else 2,
        },
        name=name,
        hovertext=[_hover(row, name, language) for row in rows.to_dict("records")],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _hover(row: Record, name: str, language: Language) -> str:
    shares = {part: share(row[part], language) for part in ("at_least_share", "low", "high")}
    counts = {part: count(row[part], language) for part in ("days", "users", "active_users")}
    return say("cohorts.days.hover", language, name=name, **shares, **counts)
