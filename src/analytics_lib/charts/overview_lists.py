"""What people ask, with which intents conversations are lost, why a person is called in: lists and bars."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.charts.compared import points
from analytics_lib.charts.flow import flow
from analytics_lib.charts.funnel import funnel
from analytics_lib.charts.intents import intent_name, paragraph
from analytics_lib.charts.pages import Html, table
from analytics_lib.charts.style import INK, NEUTRAL, QUIET, Record, chart, say_nothing_to_show
from analytics_lib.charts.texts import cut, for_page, for_plotly
from analytics_lib.charts.topics_words import topic_name
from analytics_lib.charts.words import Language, count, label, say, share

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    import plotly.graph_objects as go

_MOST_QUERIES, _MOST_INTENTS, _MOST_REASONS = 8, 6, 8
_LONGEST_EXAMPLE, _LONGEST_REASON = 60, 60
_ROW, _FRAME, _NAME_WIDTH = 44, 170, 18


def query_table(rows: pd.DataFrame, *, messages: int, courtesy: int, language: Language = "es") -> Html:
    """The topics most asked about, each with an example, then what belongs to none.

    Args:
        rows: One row per topic, the most frequent first: ``topic messages share users user_share examples``;
            ``other`` and ``unknown`` last.
        messages: Of users, with a text.
        courtesy: Of these, mere courtesy.
        language: es or en.
    """
    title = html.escape(say("overview.queries.table", language))
    if rows.empty:
        none = html.escape(say("overview.queries.none", language))
        return Html(f"<p><strong>{title}</strong></p><p>{none}</p>")
    apart = rows["topic"].isin(["other", "unknown"])
    shown = rows[~apart].head(_MOST_QUERIES)
    rest = int(rows["messages"].sum() - shown["messages"].sum())
    heads = say("overview.queries.head", language).split("|")
    cells = [
        [
            " ".join([topic_name(row["topic"], language), *_example(row, language)]),
            f"{count(row['messages'], language)} ({share(row['share'], language)})",
            f"{count(row['users'], language)} ({share(row['user_share'], language)})",
        ]
        for row in shown.to_dict("records")
    ]
    body = table(pd.DataFrame(cells, columns=heads), title="overview.queries.table", language=language)
    numbers = {"n": messages, "courtesy": courtesy, "rest": rest}
    below = say(
        "overview.queries.below", language, **{name: count(n, language) for name, n in numbers.items()}
    )
    return Html(f'{body.html}<p style="color:{QUIET}">{html.escape(below)}</p>')


def failing_list(
    frame: pd.DataFrame, overall: pd.Series, *, detections: float, language: Language = "es"
) -> Html:
    """The intents with which more conversations are lost than without them, as far as beyond chance.

    Args:
        frame: One row per intent, the costliest first: ``intent lost_count lost_n lost_rate lost_low
            lost_high difference low high real``.
        overall: Of all conversations with an intent: ``lost_rate lost_n``.
        detections: Messages with an intent.
        language: es or en.
    """
    head = f"<p><strong>{html.escape(say('overview.failing', language))}</strong></p>"
    if frame.empty or not frame["real"].any():
        key = "unrecorded" if not detections else "unknown" if not overall["lost_n"] else "none"
        return Html(f"{head}<p>{html.escape(say(f'overview.failing.{key}', language))}</p>")
    rows = frame[frame["real"].astype(bool)].head(_MOST_INTENTS).to_dict("records")
    items = "".join(f"<li>{_failing(row, language)}</li>" for row in rows)
    numbers = {"overall": share(overall["lost_rate"], language), "n": count(overall["lost_n"], language)}
    below = html.escape(say("overview.failing.below", language, **numbers))
    return Html(f'{head}<ol>{items}</ol><p style="color:{QUIET}">{below}</p>')


def flows(paths: pd.DataFrame, *, language: Language = "es") -> go.Figure | Html:
    """``flow.flow`` of conversations, or a sentence where no event of any is recorded."""
    none = not len(paths) or not paths["journeys"].sum()
    return paragraph("overview.flow.none", language) if none else flow(paths, language=language)


def drop_off(
    rows: pd.DataFrame,
    *,
    since: dt.date,
    until: dt.date,
    within: dt.timedelta | None = None,
    language: Language = "es",
) -> go.Figure | Html:
    """``funnel.funnel``, or a sentence where the source does not record its stages."""
    if rows.empty:
        return paragraph("overview.drop_off.none", language)
    return funnel(rows, since=since, until=until, within=within, language=language)


def reasons(frame: pd.DataFrame, *, recorded: bool = True, language: Language = "es") -> go.Figure:
    """Why a person was called in, as bars with 95 % intervals.

    Args:
        frame: One row per reason, the most frequent first: ``reason escalations total share low high``.
        recorded: Whether the source records any escalation at all.
        language: es or en.
    """
    total = int(frame["total"].max()) if len(frame) else 0
    shown = frame.head(_MOST_REASONS).to_dict("records")
    subtitle = say("overview.reasons.subtitle", language, n=count(total, language))
    if len(frame) > _MOST_REASONS:
        cut_off = {"shown": count(_MOST_REASONS, language), "n": count(len(frame), language)}
        subtitle += say("compare.cut", language, **cut_off)
    height = _FRAME + _ROW * max(len(shown), 3)
    figure = chart(say("overview.reasons", language), subtitle, height=height, language=language)
    figure.update_xaxes(title_text=say("overview.axis.reasons", language), tickformat=".0%", nticks=5)
    if not shown:
        figure.update_xaxes(range=[0, 1], showticklabels=False).update_yaxes(
            range=[0, 1], showticklabels=False
        )
        return say_nothing_to_show(
            figure, say(f"overview.reasons.{'none' if recorded else 'unrecorded'}", language)
        )
    _add_reasons(figure, shown, language)
    names = [for_plotly(_reason(row, language), width=_NAME_WIDTH) for row in shown]
    figure.update_yaxes(
        tickvals=list(range(len(shown))), ticktext=names, range=[len(shown) - 0.4, -0.6], showgrid=False
    )
    return figure.update_xaxes(range=[0, 1.85 * max(row["high"] for row in shown)])


def _add_reasons(figure: go.Figure, shown: Sequence[Record], language: Language) -> None:
    """A bar each, with its whisker, and its share and count behind it."""
    figure.add_bar(
        x=[row["share"] for row in shown],
        y=list(range(len(shown))),
        orientation="h",
        width=0.6,
        marker={"color": NEUTRAL},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [row["high"] - row["share"] for row in shown],
            "arrayminus": [row["share"] - row["low"] for row in shown],
            "color": "#D55E00",
            "thickness": 1.8,
            "width": 4,
        },
        hovertext=[_reason_hover(row, language) for row in shown],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
    for place, row in enumerate(shown):
        figure.add_annotation(
            x=row["high"],
            y=place,
            text=f"<b>{share(row['share'], language)}</b> ({count(row['escalations'], language)})",
            showarrow=False,
            xanchor="left",
            xshift=6,
            font={"color": INK, "size": 12},
        )


def folded(body: str, summary: str) -> Html:
    """A table that is opened by its name; a long one is so already."""
    if body.startswith("<details>"):
        return Html(body)
    return Html(f"<details><summary>{html.escape(summary)}</summary>{body}</details>")


def _example(row: Record, language: Language) -> list[str]:
    return [f"— «{cut(text, _LONGEST_EXAMPLE, language)}»" for text in row["examples"][:1]]


def _failing(row: Record, language: Language) -> str:
    name = f"<strong>{for_page(intent_name(row['intent'], language))}</strong>"
    numbers = {part: share(row[f"lost_{part}"], language) for part in ("rate", "low", "high")}
    said = say(
        "overview.failing.item",
        language,
        **numbers,
        count=count(row["lost_count"], language),
        n=count(row["lost_n"], language),
        points=points(row["difference"], language),
    )
    return f"{name}: {html.escape(said)}"


def _reason(row: Record, language: Language) -> str:
    if row["reason"] == "unknown":
        return say("overview.reasons.unknown", language)
    return cut(label("escalation_reason", row["reason"], language), _LONGEST_REASON, language)


def _reason_hover(row: Record, language: Language) -> str:
    ends = {part: share(row[part], language) for part in ("share", "low", "high")}
    counts = {"count": count(row["escalations"], language), "n": count(row["total"], language)}
    name = for_plotly(_reason(row, language), width=40)
    return say("overview.reasons.hover", language, name=name, **ends, **counts)
