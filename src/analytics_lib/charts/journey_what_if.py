"""What would follow if one transition succeeded more often: conversion now, and as it improves.

Where the model refuses to answer, the page says so in words: what is not simulated is not drawn.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Protocol

import pandas as pd

from analytics_lib.charts.compared import points
from analytics_lib.charts.dots import Dot, add_dots
from analytics_lib.charts.journey_words import Unit, event_name, units
from analytics_lib.charts.pages import Html, table
from analytics_lib.charts.style import NEUTRAL, Record, chart
from analytics_lib.charts.texts import cut, for_page, for_plotly
from analytics_lib.charts.words import Language, absent, count, number, say, share
from analytics_lib.errors import AnalyticsError, NotEnoughDataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

_ROW_HEIGHT, _FRAME_HEIGHT = 58, 190
_LONGEST_REASON = 600
_COLOUR = "#0072B2"


class Improved(Protocol):
    """What the pictures read of a simulated improvement.

    Attributes:
        grid: One row for each part of the improvement, none first: ``improvement`` (added to the probability)
            ``probability conversion low high effect effect_low effect_high extra_conversions``.
        source: Of the improved transition.
        target: Its target.
        outcome: What counts as conversion.
        journeys: That were counted.
        checks: What was observed, all journeys first: ``observed`` (share with the outcome) ``low high``.
    """

    @property
    def grid(self) -> pd.DataFrame: ...  # noqa: D102  # said above

    @property
    def source(self) -> str: ...  # noqa: D102

    @property
    def target(self) -> str: ...  # noqa: D102

    @property
    def outcome(self) -> str: ...  # noqa: D102

    @property
    def journeys(self) -> int: ...  # noqa: D102

    @property
    def checks(self) -> pd.DataFrame: ...  # noqa: D102


def what_if(
    found: Improved | AnalyticsError | None, *, unit: Unit = "conversation", language: Language = "es"
) -> go.Figure | Html:
    """Conversion as it is and with each part of the improvement; in words why not, where it was refused.

    Args:
        found: The simulated improvement, or what was raised instead; nothing where none was asked for.
        unit: What one journey is.
        language: es or en.
    """
    if found is None or isinstance(found, AnalyticsError):
        return refusal(found, language=language)
    rows = found.grid.to_dict("records")
    figure = chart(
        say("what_if.title", language, **_names(found, language)),
        say(
            "what_if.subtitle",
            language,
            outcome=for_plotly(event_name(found.outcome, language)),
            n=units(found.journeys, unit, language),
        ),
        height=_FRAME_HEIGHT + _ROW_HEIGHT * (len(rows) + 1),
        language=language,
    )
    observed = _observed_dot(found.checks.iloc[0].to_dict(), language)
    dots = [_dot(place, row, language) for place, row in enumerate(rows, 1)]
    add_dots(figure, [observed], colour=NEUTRAL, name=say("what_if.observed.legend", language))
    add_dots(figure, dots, colour=_COLOUR, name=say("what_if.model.legend", language))
    figure.update_yaxes(
        title_text=say("what_if.axis.part", language),
        tickvals=list(range(len(rows) + 1)),
        ticktext=[say("what_if.row.observed", language), *(_row_name(row, rows, language) for row in rows)],
        range=[len(rows) + 0.6, -0.6],
        showgrid=False,
    )
    ends = [each for dot in (observed, *dots) for each in (dot.low, dot.high)]
    room = max(ends) - min(ends) or 1.0
    figure.update_xaxes(range=[max(min(ends) - 0.1 * room, 0), max(ends) + 1.25 * room])
    return figure.update_xaxes(title_text=say("what_if.axis", language))


def what_if_table(found: Improved | AnalyticsError | None, *, language: Language = "es") -> Html:
    """The simulated improvement in figures; nothing where there is none.

    Args:
        found: As for ``what_if``.
        language: es or en.
    """
    if found is None or isinstance(found, AnalyticsError):
        return Html("")
    rows = found.grid.to_dict("records")
    heads = say("what_if.table.head", language).split("|")
    lines = [
        [
            _part_text(row, rows, language),
            share(row["probability"], language),
            say(
                "what_if.table.limits",
                language,
                value=share(row["conversion"], language),
                **_limits(row["low"], row["high"], language),
            ),
            say(
                "segments.limits",
                language,
                difference=points(row["effect"], language),
                low=points(row["effect_low"], language),
                high=points(row["effect_high"], language),
            ),
            number(row["extra_conversions"], language),
            count(found.journeys, language),
        ]
        for row in rows
    ]
    return table(pd.DataFrame(lines, columns=heads), title="what_if.table", language=language)


def refusal(reason: AnalyticsError | None, *, language: Language = "es") -> Html:
    """Why nothing was simulated, in words, with what the model itself said."""
    if reason is None:
        return Html(f"<p>{html.escape(say('what_if.none', language))}</p>")
    kind = "data" if isinstance(reason, NotEnoughDataError) else "request"
    said = html.escape(say(f"what_if.refused.{kind}", language))
    detail = for_page(cut(str(reason), _LONGEST_REASON, language))
    heading = html.escape(say("what_if.refused.detail", language))
    return Html(
        f"<p><strong>{said}</strong></p><details><summary>{heading}</summary><p>{detail}</p></details>"
    )


def _names(found: Improved, language: Language) -> dict[str, str]:
    return {name: for_plotly(event_name(getattr(found, name), language)) for name in ("source", "target")}


def _limits(low: float, high: float, language: Language) -> dict[str, str]:
    return {"low": share(low, language), "high": share(high, language)}


def _observed_dot(row: Record, language: Language) -> Dot:
    limits = _limits(row["low"], row["high"], language)
    return Dot(
        place=0,
        value=100 * row["observed"],
        low=100 * row["low"],
        high=100 * row["high"],
        text=share(row["observed"], language),
        hover=say("what_if.hover.observed", language, **limits),
        symbol="circle-open",
    )


def _dot(place: int, row: Record, language: Language) -> Dot:
    effect = points(row["effect"], language)
    gained = say("what_if.effect", language, effect=effect) if row["improvement"] else ""
    value = row["conversion"]
    return Dot(
        place=place,
        value=100 * value,
        low=100 * (value if absent(row["low"]) else row["low"]),
        high=100 * (value if absent(row["high"]) else row["high"]),
        text=share(value, language) + gained,
        hover=say(
            "what_if.hover",
            language,
            probability=share(row["probability"], language),
            conversion=share(value, language),
            effect=effect,
            effect_low=points(row["effect_low"], language),
            effect_high=points(row["effect_high"], language),
            extra=number(row["extra_conversions"], language),
            **_limits(row["low"], row["high"], language),
        ),
    )


def _row_name(row: Record, rows: Sequence[Record], language: Language) -> str:
    if not row["improvement"]:
        return say("what_if.row.model", language)
    added = points(row["improvement"], language)
    part = _part_text(row, rows, language)
    return say("what_if.row.part", language, part=part, added=added)


def _part_text(row: Record, rows: Sequence[Record], language: Language) -> str:
    whole = max(abs(each["improvement"]) for each in rows)
    part = abs(row["improvement"]) / whole if whole else 0.0
    return f"{number(100 * part, language, digits=0)}\N{NO-BREAK SPACE}%"
