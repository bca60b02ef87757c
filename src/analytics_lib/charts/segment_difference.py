"""What two groups of journeys do differently: a dot with its interval for each transition, event or path.

What is real is a filled diamond, what is not told apart from chance a pale hollow circle; beside each stands
the p-value corrected for all the rows that were compared.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.charts.compared import points
from analytics_lib.charts.journey_words import event_name, path_text
from analytics_lib.charts.measures import group_name
from analytics_lib.charts.pages import Html, table
from analytics_lib.charts.style import INK, QUIET, Record, chart, say_nothing_to_show
from analytics_lib.charts.texts import for_plotly
from analytics_lib.charts.words import Language, absent, count, label, number, say, share
from analytics_lib.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

_MOST_ROWS, _MOST_TABLE = 12, 40
_ROW_HEIGHT, _FRAME_HEIGHT = 62, 200
_NAME_WIDTH, _HOVER_WIDTH, _MOST_NAMES = 21, 44, 5
_REAL, _FAINT = "#0072B2", "#7D8896"
_LEAST_P = 0.001
_GROUPS = ("first", "second")


def read_comparison(text: str) -> tuple[str, list[str]]:
    """A dimension, and after a colon the groups asked for: ``channel``, or ``channel: whatsapp, web``.

    Raises:
        RequestError: If more than two groups are named.
    """
    by, _, named = text.partition(":")
    groups = [name.strip() for name in named.split(",") if name.strip()]
    if len(groups) > len(_GROUPS):
        raise RequestError(
            f"{text!r} names {len(groups)} groups; expected two at most: channel: whatsapp, web."
        )
    return by.strip(), groups


def choose_pair(frame: pd.DataFrame, *, by: str, groups: Sequence[str] = ()) -> tuple[str, str] | None:
    """The two groups to compare: those asked for, else the largest known ones; none if there are not two.

    Args:
        frame: ``total_journeys`` by group, in a column named by the dimension.
        by: The dimension; nothing is compared where the frame has no such column.
        groups: Up to two that are asked for; the difference is the first less the second.
    """
    if by not in frame:
        return None
    sizes = frame.groupby(by)["total_journeys"].max().drop("unknown", errors="ignore")
    ranked = [str(name) for name in sizes.sort_values(ascending=False, kind="stable").index]
    pair = [*groups, *(name for name in ranked if name not in groups)]
    return (pair[0], pair[1]) if len(pair) >= len(_GROUPS) else None


def segment_difference(
    frame: pd.DataFrame | None, *, by: str, pair: tuple[str, str] | None, language: Language = "es"
) -> go.Figure:
    """Differences of two groups in percentage points, real ones on top.

    Args:
        frame: One row per transition (``source target``), event at a step (``step event``), event, or
            path, in the order to draw: ``first_count first_total first_share second_count second_total
            second_share difference low high p_value few real``. The p-value is the corrected one. None where
            nothing is compared.
        by: The dimension the groups are of.
        pair: The first group and the second; the difference is first minus second.
        language: es or en.
    """
    rows = [] if frame is None else _drawn(frame).to_dict("records")
    if not rows or pair is None:
        return _nothing(language)
    names = {side: for_plotly(name) for side, name in _group_names(by, pair, language).items()}
    compared = 0 if frame is None else int(frame["p_value"].notna().sum())
    figure = chart(
        say("segments.title", language, **names),
        say("segments.subtitle", language, shown=count(len(rows), language), n=count(compared, language)),
        height=_FRAME_HEIGHT + _ROW_HEIGHT * max(len(rows), 2),
        language=language,
    )
    figure.update_xaxes(title_text=say("segments.axis", language), zeroline=True, zerolinecolor=INK)
    _set_rows(figure, rows, language)
    for real in (True, False):
        _add_dots(figure, rows, names, real=real, language=language)
    _add_texts(figure, rows, language)
    low = min(0.0, *(100 * row["low"] for row in rows))
    high = max(0.0, *(100 * row["high"] for row in rows))
    width = high - low or 1.0
    return figure.update_xaxes(range=[low - 0.06 * width, high + 0.5 * width])


def difference_table(
    frame: pd.DataFrame | None, *, by: str, pair: tuple[str, str] | None, language: Language = "es"
) -> Html:
    """The differences in figures: both shares with their counts, the difference with limits, and q.

    Args:
        frame: As for ``segment_difference``.
        by: Likewise.
        pair: Likewise.
        language: es or en.
    """
    if frame is None or pair is None:
        return Html(f"<p>{html.escape(say('segments.none', language))}.</p>")
    rows = frame.head(_MOST_TABLE).to_dict("records")
    names = _column_names(by, pair, language)
    holes = {side: f"{{{side}}}" for side in _GROUPS}
    # Split before the names come in: they may hold anything.
    heads = [head.format(**names) for head in say("segments.table.head", language, **holes).split("|")]
    lines = [_line(row, language) for row in rows]
    return table(pd.DataFrame(lines, columns=heads), title="segments.table", language=language)


def _drawn(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["difference"].notna() & frame["low"].notna()].head(_MOST_ROWS)


def _nothing(language: Language) -> go.Figure:
    figure = chart(say("segments.title.none", language), "", height=220, language=language)
    figure.update_xaxes(visible=False).update_yaxes(visible=False)
    return say_nothing_to_show(figure, say("segments.none", language))


def _group_names(by: str, pair: tuple[str, str], language: Language) -> dict[str, str]:
    return dict(zip(_GROUPS, (group_name(by, name, language) for name in pair), strict=True))


def _column_names(by: str, pair: tuple[str, str], language: Language) -> dict[str, str]:
    """The groups as heads of columns, told apart also where both are written alike."""
    said = [
        say("drivers.group", language, dimension=label("dimension", by, language), group=name)
        for name in _group_names(by, pair, language).values()
    ]
    if said[0] == said[1]:
        said = [f"{name} ({place})" for place, name in enumerate(said, 1)]
    return dict(zip(_GROUPS, said, strict=True))


def row_text(row: Record, language: Language) -> str:
    """What a row is about, as plain text: a transition, an event, an event at a step, or a path."""
    if "path" in row:
        return path_text(row["path"], language, most=_MOST_NAMES)
    if "source" in row:
        source, target = (event_name(row[end], language) for end in ("source", "target"))
        return say("segments.transition", language, source=source, target=target)
    said = event_name(row["event"], language)
    return say("segments.at_step", language, event=said, step=row["step"]) if "step" in row else said


def _set_rows(figure: go.Figure, rows: Sequence[Record], language: Language) -> None:
    texts = [for_plotly(row_text(row, language), width=_NAME_WIDTH).split("<br>") for row in rows]
    lines = ["<br>".join(text if len(text) <= 3 else [*text[:2], text[2] + "…"]) for text in texts]
    sizes = [
        say(
            "segments.sizes",
            language,
            first=count(row["first_total"], language),
            second=count(row["second_total"], language),
        )
        for row in rows
    ]
    figure.update_yaxes(
        title_text=say("segments.axis.what", language),
        tickvals=list(range(len(rows))),
        ticktext=[
            f'{line}<br><span style="font-size:10px">{size}</span>'
            for line, size in zip(lines, sizes, strict=True)
        ],
        tickfont={"size": 11.5},
        range=[len(rows) - 0.4, -0.6],
        showgrid=False,
    )


def _add_dots(
    figure: go.Figure, rows: Sequence[Record], names: dict[str, str], *, real: bool, language: Language
) -> None:
    kept = [(place, row) for place, row in enumerate(rows) if bool(row["real"]) is real]
    colour = _REAL if real else _FAINT
    figure.add_scatter(
        x=[100 * row["difference"] for _, row in kept],
        y=[place for place, _ in kept],
        mode="markers",
        marker={
            "color": colour,
            "size": 10,
            "symbol": "diamond" if real else "circle-open",
            "line": {"width": 1.6},
        },
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [100 * (row["high"] - row["difference"]) for _, row in kept],
            "arrayminus": [100 * (row["difference"] - row["low"]) for _, row in kept],
            "color": colour,
            "thickness": 1.7,
            "width": 4,
        },
        hovertext=[_hover(row, names, language) for _, row in kept],
        hovertemplate="%{hovertext}<extra></extra>",
        name=say("segments.real" if real else "segments.not_real", language),
        showlegend=bool(kept),
    )


def _add_texts(figure: go.Figure, rows: Sequence[Record], language: Language) -> None:
    for place, row in enumerate(rows):
        said = points(row["difference"], language)
        figure.add_annotation(
            x=100 * row["high"],
            y=place,
            text=f"{f'<b>{said}</b>' if row['real'] else said}<br>q {_p_text(row, language)}",
            showarrow=False,
            xanchor="left",
            align="left",
            xshift=8,
            font={"size": 11, "color": INK if row["real"] else QUIET},
        )


def _p_text(row: Record, language: Language) -> str:
    if not absent(row["p_value"]) and row["p_value"] < _LEAST_P:
        return for_plotly(say("segments.tiny", language))
    return number(row["p_value"], language, digits=3)


def _hover(row: Record, names: dict[str, str], language: Language) -> str:
    lines = [f"<b>{for_plotly(row_text(row, language), width=_HOVER_WIDTH)}</b>"]
    for side in _GROUPS:
        said = {"share": share(row[f"{side}_share"], language)}
        said |= {name: count(row[f"{side}_{name}"], language) for name in ("count", "total")}
        lines.append(say("segments.hover.group", language, group=names[side], **said))
    limits = {name: points(row[name], language) for name in ("difference", "low", "high")}
    lines.append(say("segments.hover.difference", language, q=_p_text(row, language), **limits))
    lines += [say("few", language)] if row["few"] else []
    return "<br>".join(lines)


def _line(row: Record, language: Language) -> list[str]:
    limits = {name: points(row[name], language) for name in ("difference", "low", "high")}
    tiny = not absent(row["p_value"]) and row["p_value"] < _LEAST_P
    q = say("segments.tiny", language) if tiny else number(row["p_value"], language, digits=3)
    few = f" {say('few', language)}" if row["few"] else ""
    verdict = say("segments.real" if row["real"] else "segments.unsure", language)
    return [
        row_text(row, language),
        *(
            say(
                "segments.cell",
                language,
                share=share(row[f"{side}_share"], language),
                **{name: count(row[f"{side}_{name}"], language) for name in ("count", "total")},
            )
            for side in _GROUPS
        ),
        say("segments.limits", language, **limits),
        say("segments.verdict", language, q=q, verdict=verdict) + few,
    ]
