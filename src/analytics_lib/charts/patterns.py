"""Pictures of sequences of events: which are frequent, and which tell those who reach an outcome."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

from analytics_lib.charts.dots import Dot, add_dots
from analytics_lib.charts.journey_words import event_name, path_text
from analytics_lib.charts.pages import Html
from analytics_lib.charts.style import INK, NEUTRAL, chart
from analytics_lib.charts.texts import for_plotly
from analytics_lib.charts.words import Language, absent, count, number, say, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import plotly.graph_objects as go

    from analytics_lib.charts.style import Record

_MOST_FREQUENT, _MOST_TELLS, _MOST_OTHERS = 12, 8, 4
_ROW_HEIGHT, _FRAME_HEIGHT, _NAME_WIDTH = 76, 210, 24
TELLING = ("buyers", "leavers")
# What was compared and is not told apart; the rest of the verdicts are set apart with their reason.
UNSURE = ("not_replicated", "chance")
_COLOURS = {"buyers": "#009E73", "leavers": "#D55E00"}
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
_LEAST_LIFT = 0.01


def frequent_sequences(
    frame: pd.DataFrame, *, missing: str = "", language: Language = "es"
) -> go.Figure | Html:
    """The sequences that most conversations contain, of two events or more, with 95 % intervals.

    Args:
        frame: One row per pattern in order: ``pattern`` (a list of events) ``length units units_total support
            low high``.
        missing: ``events`` where the window has none.
        language: es or en.
    """
    if missing == "events" or frame.empty:
        key = "sequences.no_events" if missing == "events" else "sequences.none"
        return Html(f"<p>{html.escape(say(key, language))}</p>")
    several = frame[frame["length"] > 1]
    shown = (several if len(several) else frame).head(_MOST_FREQUENT).to_dict("records")
    n = count(shown[0]["units_total"], language)
    figure = chart(
        say("sequences.title", language),
        say("sequences.subtitle", language, n=n),
        height=_FRAME_HEIGHT + _ROW_HEIGHT * max(len(shown), 2),
        language=language,
    )
    dots = [_frequent(place, row, language) for place, row in enumerate(shown)]
    add_dots(figure, dots, colour=NEUTRAL)
    _set_rows(figure, shown, language)
    top = max(row["high"] for row in shown)
    axis = {"title_text": say("sequences.axis", language), "tickformat": ".0%", "range": [0, 1.5 * top]}
    return figure.update_xaxes(**axis, nticks=5)


def tells(
    frame: pd.DataFrame, *, outcome: str, missing: str = "", language: Language = "es"
) -> go.Figure | Html:
    """Which sequences go with an outcome at the same point of the journey, confirmed ones first.

    Args:
        frame: One row per pattern, strongest first: ``pattern units outcome_units outcome_rate other_units
            other_outcome_units other_outcome_rate flow_lift flow_low flow_high verdict part_of``.
        outcome: The event.
        missing: ``events`` or ``outcome`` where nothing can be compared.
        language: es or en.
    """
    if missing:
        # That there are no events at all is said once, where the frequent sequences would be.
        none = say("sequences.no_outcome", language, outcome=event_name(outcome, language))
        return Html("" if missing == "events" else f"<p>{html.escape(none)}</p>")
    shown = _shown(frame)
    if not any(row["verdict"] in TELLING for row in shown):
        said = say("tells.none", language, n=count(int(_compared(frame).sum()), language))
        return Html(f"<p>{html.escape(said)}</p>")
    figure = chart(
        say("tells.title", language, outcome=for_plotly(event_name(outcome, language))),
        say("tells.subtitle", language),
        height=_FRAME_HEIGHT + _ROW_HEIGHT * max(len(shown), 2),
        language=language,
    )
    for verdict, colour in (*_COLOURS.items(), ("", NEUTRAL)):
        dots = [
            _tell(place, row, language)
            for place, row in enumerate(shown)
            if row["verdict"] == verdict or (not verdict and row["verdict"] not in TELLING)
        ]
        if dots:
            add_dots(figure, dots, colour=colour, name=say(f"tell.{verdict or 'chance'}", language))
    _set_rows(figure, shown, language)
    ends = [math.log10(max(row[name], _LEAST_LIFT)) for row in shown for name in ("flow_low", "flow_high")]
    room = max(max(*ends, 0.3) - min(*ends, -0.1), 0.3)
    figure.update_xaxes(
        title_text=say("tells.axis", language),
        # Drawn at their logarithms: what is written beside a dot stands where the dot is.
        tickvals=[math.log10(tick) for tick in _TICKS],
        ticktext=[number(tick, language, digits=0 if tick >= 1 else 1) for tick in _TICKS],
        range=[min(*ends, -0.1) - 0.08 * room, max(*ends, 0.3) + 0.55 * room],
    )
    figure.add_vline(x=0, line={"color": INK, "width": 1.2})
    return figure.update_layout(margin_b=90)


def _compared(frame: pd.DataFrame) -> pd.Series:
    return frame["flow_p_value"].notna()


def _shown(frame: pd.DataFrame) -> list[Record]:
    """Confirmed ones that are part of no longer row, then a few that were compared and not told apart."""
    if frame.empty:
        return []
    compared = frame[frame["flow_lift"].notna() & frame["flow_low"].notna() & frame["flow_high"].notna()]
    first = compared[compared["verdict"].isin(TELLING) & compared["part_of"].isna()].head(_MOST_TELLS)
    rest = compared[compared["verdict"].isin(UNSURE)].head(_MOST_OTHERS)
    return [*first.to_dict("records"), *rest.to_dict("records")]


def _set_rows(figure: go.Figure, rows: Sequence[Record], language: Language) -> None:
    figure.update_yaxes(
        title_text=say("sequences.axis.pattern", language),
        tickvals=list(range(len(rows))),
        ticktext=[_with_n(row, language) for row in rows],
        range=[len(rows) - 0.4, -0.6],
        showgrid=False,
        automargin=True,
    )


def _with_n(row: Record, language: Language) -> str:
    name = for_plotly(path_text(row["pattern"], language), width=_NAME_WIDTH)
    said = say("sequences.n", language, n=count(row["units"], language))
    return f'{name}<br><span style="font-size:11px">{said}</span>'


def _frequent(place: int, row: Record, language: Language) -> Dot:
    said = share(row["support"], language)
    return Dot(place, row["support"], row["low"], row["high"], said, _hover(row, language))


def _hover(row: Record, language: Language) -> str:
    ends = {"share": row["support"], "low": row["low"], "high": row["high"]}
    return say(
        "sequences.hover",
        language,
        pattern=for_plotly(path_text(row["pattern"], language), width=44),
        count=count(row["units"], language),
        n=count(row["units_total"], language),
        **{name: share(value, language) for name, value in ends.items()},
    )


def _tell(place: int, row: Record, language: Language) -> Dot:
    confirmed = row["verdict"] in TELLING
    lift, low, high = (row[name] for name in ("flow_lift", "flow_low", "flow_high"))
    said = number(lift, language, digits=2)
    hover = say(
        "tells.hover",
        language,
        pattern=for_plotly(path_text(row["pattern"], language), width=44),
        share=share(row["outcome_rate"], language),
        count=count(row["outcome_units"], language),
        n=count(row["units"], language),
        other_share=share(row["other_outcome_rate"], language),
        other_count=count(row["other_outcome_units"], language),
        other_n=count(row["other_units"], language),
        lift=said,
        low=number(low, language, digits=2),
        high=number(high, language, digits=2),
        verdict=say(f"tell.{row['verdict']}", language),
    )
    text = say("trends.ratio", language, ratio=said)
    symbol = "circle" if confirmed else "circle-open"
    at, start, end = (math.log10(max(value, _LEAST_LIFT)) for value in (lift, low, high))
    return Dot(place, at, start, end, text, hover, symbol, quiet=not confirmed)


def lift_text(row: Record, names: tuple[str, str, str], language: Language) -> str:
    """A lift with its interval; a dash where nothing was to be compared."""
    lift, low, high = (row[name] for name in names)
    if absent(lift):
        return number(lift, language)
    said = [number(value, language, digits=2) for value in (lift, low, high)]
    return say("trends.times", language, ratio=said[0], low=said[1], high=said[2])
