"""How conversations ended, as shares with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.charts.style import (
    INK,
    NEUTRAL,
    OUTCOMES,
    SMALL_SHARE_N,
    Record,
    chart,
    say_nothing_to_show,
)
from analytics_lib.charts.texts import cut, for_plotly
from analytics_lib.charts.words import Language, count, counted, label, say, share

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

_APART = ("open", "unknown")
_FEW_TICKS_BELOW = 0.4
_LONGEST_NAME = 40


def outcomes(frame: pd.DataFrame, *, language: Language = "es") -> go.Figure:
    """Share of each outcome as bars with 95 % intervals; open and unknown ones are told in the title.

    Args:
        frame: One row per outcome: ``outcome conversations share low high``; ``open`` and ``unknown`` have no
            share.
        language: es or en.
    """
    known = frame[~frame["outcome"].isin(_APART)]
    total = int(known["conversations"].sum())
    figure = chart(
        say("outcomes", language), _subtitle(frame, total, language), height=380, language=language
    )
    figure.update_xaxes(
        title_text=say("axis.share_of_closed", language), tickformat=".0%", rangemode="tozero"
    )
    figure.update_yaxes(title_text=say("axis.outcome", language), autorange="reversed", showgrid=False)
    if total == 0:
        figure.update_xaxes(range=[0, 1]).update_yaxes(range=[0, 1], showticklabels=False)
        return say_nothing_to_show(figure, say("no_data", language))
    names = [for_plotly(_name(outcome, language), width=16) for outcome in known["outcome"]]
    figure.add_bar(
        x=known["share"],
        y=names,
        orientation="h",
        marker={"color": [OUTCOMES.get(outcome, NEUTRAL) for outcome in known["outcome"]]},
        error_x=_whiskers(known),
        hovertext=[_hover(row, total, language) for row in known.to_dict("records")],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
    for name, row in zip(names, known.to_dict("records"), strict=True):
        # Behind the whisker, where no bar can cover it.
        figure.add_annotation(
            x=row["high"], y=name, text=_beside(row, language), showarrow=False, xanchor="left", xshift=8
        )
    top = float(known["high"].max())
    ticks = [tenth / 10 for tenth in range(0, 11, 1 if top < _FEW_TICKS_BELOW else 2)]
    # Room for the numbers behind the whiskers, though no share lies beyond 1.
    return figure.update_xaxes(range=[0, top * 1.35], tickvals=ticks)


def _name(outcome: object, language: Language) -> str:
    return cut(label("outcome", outcome, language), _LONGEST_NAME, language)


def _whiskers(known: pd.DataFrame) -> dict[str, object]:
    return {
        "type": "data",
        "symmetric": False,
        "array": known["high"] - known["share"],
        "arrayminus": known["share"] - known["low"],
        "color": INK,
        "thickness": 1.5,
        "width": 5,
    }


def _subtitle(frame: pd.DataFrame, total: int, language: Language) -> str:
    apart = dict(zip(frame["outcome"], frame["conversations"], strict=True))
    few = f" {say('few', language)}" if 0 < total < SMALL_SHARE_N else ""
    return say(
        "outcomes.subtitle",
        language,
        n=counted(total, "closed", language) + few,
        open=count(apart.get("open", 0), language),
        unknown=count(apart.get("unknown", 0), language),
    )


def _beside(row: Record, language: Language) -> str:
    return f"<b>{share(row['share'], language)}</b>"


def _hover(row: Record, total: int, language: Language) -> str:
    return say(
        "outcomes.hover",
        language,
        outcome=for_plotly(_name(row["outcome"], language), width=_LONGEST_NAME),
        share=share(row["share"], language),
        low=share(row["low"], language),
        high=share(row["high"], language),
        count=count(row["conversations"], language),
        n=count(total, language),
    )
