"""When one person is there, and what interests them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import seaborn as sns

from analytics_lib.charts.style import LINE, NEUTRAL, QUIET, Picture, chart, picture, say_nothing_to_show
from analytics_lib.charts.texts import cut, for_plotly
from analytics_lib.charts.words import Language, absent, count, counted, label, say, share

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from analytics_lib.charts.style import Record

_KINDS = ("category", "product", "intent")
_MOST = 5
_LONGEST, _SHOWN = 80, 24
_ROW_PIXELS = 26
# The number beside the longest bar must fit on a phone.
_TEXT_ROOM = 1.9


def hours(times: pd.DataFrame, *, language: Language = "es") -> Picture:
    """On how many days the person was there, by weekday and hour.

    Args:
        times: One row per hour of the week with anything: ``weekday`` (1 to 7) ``hour days``.
        language: es or en.
    """
    n = counted(times["days"].sum(), "person.hours", language)
    drawn = picture(say("person.hour", language), _most(times, n, language), height=3.4)
    axes = drawn.axes[0]
    week = times.pivot_table(index="weekday", columns="hour", values="days")
    week = week.reindex(index=range(1, 8), columns=range(24)).astype(float)
    if len(times):
        most = int(times["days"].max())
        bar = {
            "label": say("person.hour.days", language),
            "shrink": 0.9,
            "pad": 0.02,
            "ticks": sorted({1, most}),
        }
        sns.heatmap(
            week, ax=axes, cmap="YlGnBu", vmin=0, vmax=most, linewidths=1, linecolor="white", cbar_kws=bar
        )
    else:
        axes.set(xlim=(0, 24), ylim=(7, 0))
        axes.text(12, 3.5, say("no_data", language), ha="center", color=QUIET, fontsize=12)
    axes.set_yticks([day + 0.5 for day in range(7)], [say(f"weekday.{day}", language) for day in range(1, 8)])
    axes.set_xticks([hour + 0.5 for hour in range(0, 24, 3)], [f"{hour}:00" for hour in range(0, 24, 3)])
    axes.tick_params(axis="both", rotation=0)
    axes.set(xlabel=say("axis.hour", language), ylabel="")
    for side in axes.spines.values():
        side.set(visible=True, color=LINE)
    return drawn


def likes(preferences: pd.DataFrame, *, language: Language = "es") -> go.Figure:
    """What came up on the most occasions: five categories, five products, five intents.

    Args:
        preferences: ``kind value name occasions share bought``, the most frequent of each kind first.
        language: es or en.
    """
    kept = [preferences[preferences["kind"] == kind].head(_MOST) for kind in _KINDS]
    rows: list[tuple[str, Record | None]] = []
    for kind, found in zip(_KINDS, kept, strict=True):
        if len(found):
            rows.append((f"<b>{say(f'person.likes.{kind}', language)}</b>", None))
            rows += [(_name(row, language), row) for row in found.to_dict("records")]
    figure = chart(
        say("person.likes", language), say("person.likes.n", language), height=240, language=language
    )
    if not rows:
        return say_nothing_to_show(figure, say("no_data", language))
    bars = [(len(rows) - 1 - place, row) for place, (_, row) in enumerate(rows) if row is not None]
    figure.add_bar(
        x=[row["occasions"] for _, row in bars],
        y=[place for place, _ in bars],
        orientation="h",
        width=0.7,
        marker_color=NEUTRAL,
        text=[_size(row, language) for _, row in bars],
        textposition="outside",
        cliponaxis=False,
        hovertext=[_hover(row, language) for _, row in bars],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
    most = max(row["occasions"] for _, row in bars)
    figure.update_xaxes(
        title_text=say("person.likes.axis", language), range=[0, _TEXT_ROOM * most], tickformat=",d", nticks=5
    )
    places = list(range(len(rows) - 1, -1, -1))
    figure.update_yaxes(
        tickvals=places, ticktext=[name for name, _ in rows], range=[-0.7, len(rows) - 0.3], showgrid=False
    )
    return figure.update_layout(height=int(figure.layout.margin.t + _ROW_PIXELS * len(rows) + 60))


def _most(times: pd.DataFrame, n: str, language: Language) -> str:
    if times.empty:
        return say("no_data", language)
    top = times.iloc[int(times["days"].argmax())]
    weekday = say(f"weekday.{top['weekday']:.0f}", language)
    return say("person.hour.subtitle", language, n=n, weekday=weekday, hour=f"{top['hour']:.0f}:00")


def _said(row: Record, language: Language) -> str:
    named = row["value"] if absent(row["name"]) else row["name"]
    return label("intent", named, language) if row["kind"] == "intent" else str(named)


def _name(row: Record, language: Language) -> str:
    said = _said(row, language)
    return for_plotly(said if len(said) <= _SHOWN else f"{said[: _SHOWN - 1]}…")


def _size(row: Record, language: Language) -> str:
    return f"{count(row['occasions'], language)} ({share(row['share'], language)})"


def _hover(row: Record, language: Language) -> str:
    head = f"<b>{for_plotly(cut(_said(row, language), _LONGEST, language), width=44)}</b>"
    n = counted(row["occasions"], "person.occasions", language)
    lines = [head, say("person.likes.hover", language, n=n, share=share(row["share"], language))]
    if not absent(row["bought"]) and row["bought"]:
        lines.append(say("person.likes.bought", language, n=count(row["bought"], language)))
    return "<br>".join(lines)
