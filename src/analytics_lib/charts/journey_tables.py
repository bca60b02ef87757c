"""Journeys in figures, each with its n: transitions, paths, repetitions, and what to do about them."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.charts.compared import points
from analytics_lib.charts.journey_words import OTHER, event_name, is_rest, path_text
from analytics_lib.charts.pages import Html, table
from analytics_lib.charts.style import SMALL_SHARE_N, Record
from analytics_lib.charts.words import UNKNOWN, Language, absent, count, duration, say, share
from analytics_lib.errors import AnalyticsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics_lib.charts.journey_what_if import Improved

_MOST_ROWS = 40
_MOST_NAMES = 12
# One point of conversion: below it, trying costs more than it brings.
_LEAST_EFFECT = 0.01
_WIDTHS = (
    "min-width:7rem;max-width:11rem",
    "min-width:12rem;max-width:20rem",
    "white-space:nowrap",
    "white-space:nowrap",
    "text-align:right",
)


def transition_table(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """Which event follows which: counts, share of what leaves the source, reach among its users, wait.

    Args:
        frame: One row per pair, most first: ``source target transitions users share low high reach reach_low
            reach_high source_transitions source_users median_seconds``.
        language: es or en.
    """
    lines = [
        [
            event_name(row["source"], language),
            event_name(row["target"], language),
            count(row["transitions"], language),
            _of(row, ("share", "low", "high"), row["source_transitions"], language),
            count(row["users"], language),
            _of(row, ("reach", "reach_low", "reach_high"), row["source_users"], language),
            duration(row["median_seconds"], language),
        ]
        for row in frame.head(_MOST_ROWS).to_dict("records")
    ]
    return _table(lines, "journeys.transitions", language)


def path_table(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """The common paths, and in the last row all the others.

    Args:
        frame: One row per path, most first: ``path journeys share low high total_journeys``.
        language: es or en.
    """
    rows: list[Record] = [*frame.to_dict("records")]
    if len(rows) > _MOST_ROWS:
        rows = [*rows[: _MOST_ROWS - 1], _joined(rows[_MOST_ROWS - 1 :])]
    lines = [
        [
            say("paths.rest", language)
            if is_rest(row["path"])
            else path_text(row["path"], language, most=_MOST_NAMES),
            count(row["journeys"], language),
            _of(row, ("share", "low", "high"), row["total_journeys"], language),
        ]
        for row in rows
    ]
    return _table(lines, "journeys.paths", language)


def loop_table(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """The events that come back within a journey.

    Args:
        frame: One row per event, most repeated first: ``event journeys share low high total_journeys repeats
            immediate``. ``journeys`` have the event twice or more, ``total_journeys`` have it at all.
        language: es or en.
    """
    seen = frame[frame["journeys"].gt(0)] if len(frame) else frame
    lines = [
        [
            event_name(row["event"], language),
            count(row["journeys"], language),
            _of(row, ("share", "low", "high"), row["total_journeys"], language),
            count(row["repeats"], language),
            count(row["immediate"], language),
        ]
        for row in seen.head(_MOST_ROWS).to_dict("records")
    ]
    if not lines:
        return Html(f"<p>{html.escape(say('journeys.answer.no_loop', language))}</p>")
    return _table(lines, "journeys.loops", language)


def end_table(starts: pd.DataFrame, ends: pd.DataFrame, *, language: Language = "es") -> Html:
    """Where journeys begin and where they end, event by event.

    Args:
        starts: One row per first event: ``event journeys share low high total_journeys``.
        ends: One row per last event, likewise.
        language: es or en.
    """
    parts = {"starts": starts.set_index("event"), "ends": ends.set_index("event")}
    names = list(dict.fromkeys([*parts["starts"].index, *parts["ends"].index]))
    lines = [
        [event_name(name, language), *(_share_at(frame, name, language) for frame in parts.values())]
        for name in names[:_MOST_ROWS]
    ]
    return _table(lines, "journeys.ends", language)


def advice(
    ends: pd.DataFrame,
    loops: pd.DataFrame,
    *,
    differences: pd.DataFrame | None,
    improved: Improved | AnalyticsError | None,
    outcome: str,
    limit: float,
    language: Language = "es",
) -> Html:
    """Each signal against its threshold, and what to do where it is exceeded.

    Args:
        ends: As for ``journey_answer.answer``.
        loops: Likewise.
        differences: As for ``segment_difference``; none where nothing was compared.
        improved: As for ``journey_what_if.what_if``.
        outcome: The event at which it is good to end.
        limit: From which share on an end without the outcome, or a repetition, asks for action.
        language: es or en.
    """
    lost = ends[ends["event"] != outcome] if len(ends) else ends
    signals = [
        _share_signal("end", lost, limit, language),
        _share_signal("loop", loops, limit, language),
        _difference_signal(differences, language),
        _effect_signal(improved, language),
    ]
    heads = "".join(
        f'<th scope="col">{html.escape(name)}</th>' for name in say("advice.head", language).split("|")
    )
    return Html(f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(signals)}</tbody></table>")


def _share_signal(name: str, frame: pd.DataFrame, limit: float, language: Language) -> str:
    edge = f"≥ {share(limit, language)}"
    seen = frame[frame["journeys"].gt(0)] if len(frame) else frame
    if seen.empty:
        label = say(f"journeys.advice.{name}.none", language)
        verdict = say("advice.within" if len(frame) else "advice.no_data", language)
        return _row(
            [label, verdict, count(0, language) if len(frame) else UNKNOWN, edge, UNKNOWN], bold=False
        )
    row = seen.iloc[0].to_dict()
    few, beyond = row["total_journeys"] < SMALL_SHARE_N, row["share"] >= limit
    verdict = "advice.few" if few else f"journeys.advice.{name}.do" if beyond else "advice.within"
    label = say(f"journeys.advice.{name}", language, event=event_name(row["event"], language))
    cells = [label, say(verdict, language), share(row["share"], language), edge]
    return _row([*cells, count(row["total_journeys"], language)], bold=beyond and not few)


def _difference_signal(frame: pd.DataFrame | None, language: Language) -> str:
    label, edge = (say(f"journeys.advice.segments{part}", language) for part in ("", ".limit"))
    if frame is None or frame.empty:
        return _row([label, say("advice.no_data", language), UNKNOWN, edge, UNKNOWN], bold=False)
    real, compared = int(frame["real"].astype(bool).sum()), int(frame["p_value"].notna().sum())
    verdict = say("journeys.advice.segments.do" if real else "advice.within", language)
    return _row([label, verdict, count(real, language), edge, count(compared, language)], bold=real > 0)


def _effect_signal(found: Improved | AnalyticsError | None, language: Language) -> str:
    label = say("journeys.advice.what_if", language)
    edge = "≥ " + say("journeys.points", language, n=points(_LEAST_EFFECT, language))
    if found is None or isinstance(found, AnalyticsError):
        return _row(
            [label, say("journeys.advice.what_if.none", language), UNKNOWN, edge, UNKNOWN], bold=False
        )
    whole = found.grid.iloc[-1].to_dict()
    worth = whole["effect"] >= _LEAST_EFFECT and whole["effect_low"] > 0
    verdict = say("journeys.advice.what_if.do" if worth else "journeys.advice.what_if.small", language)
    value = say("journeys.points", language, n=points(whole["effect"], language))
    return _row([label, verdict, value, edge, count(found.journeys, language)], bold=worth)


def _row(cells: Sequence[str], *, bold: bool) -> str:
    weight = ' style="font-weight:bold"' if bold else ""
    said = "".join(
        f'<td style="{width}">{html.escape(cell)}</td>' for width, cell in zip(_WIDTHS, cells, strict=True)
    )
    return f"<tr{weight}>{said}</tr>"


def _table(lines: list[list[str]], key: str, language: Language) -> Html:
    heads = say(f"{key}.head", language).split("|")
    return table(pd.DataFrame(lines, columns=heads), title=key, language=language)


def _of(row: Record, names: tuple[str, str, str], n: float, language: Language) -> str:
    """A share with its limits and its denominator."""
    value, low, high = (row[name] for name in names)
    if absent(value):
        return UNKNOWN
    limits = (
        ""
        if absent(low)
        else say("journeys.table.limits", language, low=share(low, language), high=share(high, language))
    )
    return say(
        "journeys.table.share", language, share=share(value, language), limits=limits, n=count(n, language)
    )


def _share_at(frame: pd.DataFrame, name: str, language: Language) -> str:
    if name not in frame.index:
        return say("journeys.nobody", language)
    row = frame.loc[name].to_dict()
    said = _of(row, ("share", "low", "high"), row["total_journeys"], language)
    return say("journeys.table.counted", language, count=count(row["journeys"], language), share=said)


def _joined(rows: Sequence[Record]) -> Record:
    """Several paths as the one of all others; limits of a sum are not the sum of limits."""
    journeys, part = (sum(row[name] for row in rows) for name in ("journeys", "share"))
    return {
        "path": [OTHER],
        "journeys": journeys,
        "share": part,
        "low": math.nan,
        "high": math.nan,
        "total_journeys": rows[0]["total_journeys"],
    }
