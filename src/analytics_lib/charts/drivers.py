"""What explains a change: bars of what each group explains, parted into its weight and its value.

The part of the value is solid, the part of the weight hatched, the sum a diamond with its interval; what is
not real is drawn pale. Rows are told apart by their place, never by colour alone.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.charts.driver_words import driver_name, moved, real_rows, written
from analytics_lib.charts.measures import write_change
from analytics_lib.charts.pages import Html, table
from analytics_lib.charts.style import INK, Record, chart, say_nothing_to_show
from analytics_lib.charts.texts import for_plotly
from analytics_lib.charts.words import Language, absent, count, number, say, share
from analytics_lib.metrics import CATALOG

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

_MOST_ROWS, _MOST_TABLE = 8, 40
_ROW_HEIGHT, _FRAME_HEIGHT = 66, 230
_NAME_WIDTH = 22
_FADED = 0.35
_LEAST_P = 0.001
_PARTS = (("rate", "#0072B2", ""), ("mix", "#E69F00", "/"))
_SCALES = {"share": 100.0}
_WIDTHS = (
    ' style="min-width:7rem;max-width:11rem"',
    ' style="min-width:11rem;max-width:18rem"',
    "",
    "",
    ' style="white-space:nowrap"',
)
_UNITS = ("share", "seconds", "milliseconds", "points", "score", "money")


def drivers(overall: Record, rows: pd.DataFrame, *, language: Language = "es") -> go.Figure:
    """What each group explains of a change, the most specific on top.

    Args:
        overall: The change, as for ``driver_answer.answer``.
        rows: One row per group by rank, as there, with ``rate``; what was not tested is left out.
        language: es or en.
    """
    metric = CATALOG[overall["metric"]]
    shown = rows[rows["p_value"].notna()].head(_MOST_ROWS).to_dict("records")
    figure = chart(
        say("drivers.title", language, metric=metric.label[language]),
        say(
            "drivers.subtitle",
            language,
            change=write_change(overall["change"], metric.unit, language),
            n0=count(overall["n0"], language),
            n1=count(overall["denominator1"], language),
        ),
        height=_FRAME_HEIGHT + _ROW_HEIGHT * max(len(shown), 2),
        language=language,
    )
    figure.update_layout(barmode="relative", bargap=0.45)
    unit = say(f"drivers.unit.{metric.unit if metric.unit in _UNITS else 'other'}", language)
    figure.update_xaxes(title_text=say("drivers.axis", language, unit=unit), zeroline=True, zerolinecolor=INK)
    if not shown:
        figure.update_xaxes(range=[0, 1]).update_yaxes(range=[0, 1], showticklabels=False)
        return say_nothing_to_show(figure, say("drivers.none", language))
    _set_rows(figure, shown, language)
    scale = _SCALES.get(metric.unit, 1.0)
    hovers = [_hover(row, overall, metric.unit, language) for row in shown]
    for part, colour, pattern in _PARTS:
        figure.add_bar(
            x=[scale * (row["rate"] if part == "rate" else row["explained"] - row["rate"]) for row in shown],
            y=list(range(len(shown))),
            orientation="h",
            marker={
                "color": colour,
                "opacity": [1.0 if row["real"] else _FADED for row in shown],
                "pattern": {"shape": pattern, "fillmode": "overlay", "fgcolor": "white", "size": 6},
            },
            hovertext=hovers,
            hovertemplate="%{hovertext}<extra></extra>",
            name=say(f"drivers.{part}", language),
        )
    return _add_sums(figure, shown, scale, language)


def driver_table(overall: Record, rows: pd.DataFrame, *, language: Language = "es") -> Html:
    """The groups in figures, as many as fit a page.

    Args:
        overall: As for ``drivers``.
        rows: Likewise, with ``mix contribution low high q_value``.
        language: es or en.
    """
    unit = CATALOG[overall["metric"]].unit
    names = ("group", "before", "after", "weights", "mix", "rate", "contribution", "explained", "q", "real")
    lines = [_line(row, overall, unit, language) for row in rows.head(_MOST_TABLE).to_dict("records")]
    columns = [say(f"drivers.column.{name}", language) for name in names]
    return table(pd.DataFrame(lines, columns=columns), title="drivers.table", language=language)


def advice(overall: Record, rows: pd.DataFrame, *, limit: float, language: Language = "es") -> Html:
    """The change and its first driver against their thresholds, and what to do.

    Args:
        overall: As for ``drivers``.
        rows: Likewise.
        limit: From which share of the change on a driver asks for action.
        language: es or en.
    """
    unit = CATALOG[overall["metric"]].unit
    n = f"{count(overall['n0'], language)} / {count(overall['denominator1'], language)}"
    sure = moved(overall)
    whole = (
        say("drivers.advice.change", language),
        say(f"drivers.advice.change.{'do' if sure else 'none'}", language),
        write_change(overall["change"], unit, language),
        say("drivers.advice.change.limit", language),
        n,
    )
    cells = [whole, _first_signal(overall, rows, limit, language)]
    heads = say("drivers.advice.head", language).split("|")
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in heads)
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in cells)
    return Html(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def _cells(row: tuple[str, ...]) -> str:
    return "".join(f"<td{width}>{html.escape(cell)}</td>" for width, cell in zip(_WIDTHS, row, strict=True))


def _first_signal(overall: Record, rows: pd.DataFrame, limit: float, language: Language) -> tuple[str, ...]:
    asked = "≥ " + say("drivers.advice.of_change", language, share=share(limit, language))
    real = real_rows(rows)
    if real.empty:
        none, wait = (say(f"drivers.advice.first.{name}", language) for name in ("none", "wait"))
        return none, wait, "", asked, ""
    row = real.iloc[0].to_dict()
    part = row["explained"] / overall["change"] if overall["change"] else float("nan")
    by_rate = abs(row["rate"]) >= abs(row["explained"] - row["rate"])
    kind = "systems" if row["dimension_1"] == "systems" else "rate" if by_rate else "mix"
    todo = say(f"drivers.advice.first.{kind if part >= limit else 'small'}", language)
    name = say("drivers.advice.first", language, group=driver_name(row, language))
    value = say("drivers.advice.of_change", language, share=share(part, language))
    return name, todo, value, asked, f"{count(row['n0'], language)} / {count(row['denominator1'], language)}"


def _set_rows(figure: go.Figure, rows: Sequence[Record], language: Language) -> None:
    figure.update_yaxes(
        title_text=say("drivers.axis.group", language),
        tickvals=list(range(len(rows))),
        ticktext=[
            f"{for_plotly(driver_name(row, language), width=_NAME_WIDTH)}<br>{_sizes(row, language)}"
            for row in rows
        ],
        range=[len(rows) - 0.4, -0.6],
        showgrid=False,
    )


def _sizes(row: Record, language: Language) -> str:
    numbers = {"n0": count(row["n0"], language), "n1": count(row["denominator1"], language)}
    return f'<span style="font-size:11px">{say("drivers.sizes", language, **numbers)}</span>'


def _add_sums(figure: go.Figure, rows: Sequence[Record], scale: float, language: Language) -> go.Figure:
    for real in (True, False):
        kept = [place for place, row in enumerate(rows) if bool(row["real"]) is real]
        reach = {
            end: [scale * abs(rows[place][f"explained_{end}"] - rows[place]["explained"]) for place in kept]
            for end in ("low", "high")
        }
        figure.add_scatter(
            x=[scale * rows[place]["explained"] for place in kept],
            y=kept,
            mode="markers",
            marker={"color": INK, "symbol": "diamond", "size": 9},
            opacity=1.0 if real else _FADED,
            error_x={
                "type": "data",
                "symmetric": False,
                "array": reach["high"],
                "arrayminus": reach["low"],
                "color": INK,
                "thickness": 1.6,
                "width": 4,
            },
            hoverinfo="skip",
            name=say("drivers.total", language),
            showlegend=real == any(row["real"] for row in rows),
        )
    return figure


def _hover(row: Record, overall: Record, unit: str, language: Language) -> str:
    parts = {"rate": row["rate"], "mix": row["explained"] - row["rate"]}
    return say(
        "drivers.hover",
        language,
        group=for_plotly(driver_name(row, language), width=44),
        verdict=say("drivers.real" if row["real"] else "drivers.not_real", language),
        **{name: write_change(value, unit, language) for name, value in parts.items()},
        **written(row, overall, unit, language),
    )


def _line(row: Record, overall: Record, unit: str, language: Language) -> list[str]:
    said = written(row, overall, unit, language)
    low, high = (write_change(row[end], unit, language) for end in ("low", "high"))
    contribution = write_change(row["contribution"], unit, language)
    tiny = not absent(row["q_value"]) and row["q_value"] < _LEAST_P
    return [
        driver_name(row, language),
        *(
            say("drivers.table.cell", language, value=said[f"value{side}"], n=said[f"n{side}"])
            for side in (0, 1)
        ),
        say("drivers.weights", language, before=said["weight0"], after=said["weight1"]),
        *(write_change(row[name], unit, language) for name in ("mix", "rate")),
        say(
            "drivers.table.limits",
            language,
            value=contribution,
            limits=say("kpis.interval", language, low=low, high=high),
        ),
        said["explained"],
        say("drivers.tiny", language) if tiny else number(row["q_value"], language, digits=3),
        say("yes" if row["real"] else "no", language),
    ]
