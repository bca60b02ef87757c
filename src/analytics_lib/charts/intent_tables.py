"""How well the bot understands, in figures: the tables, and what to do."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, TypedDict

import pandas as pd

from analytics_lib.charts.compared import points
from analytics_lib.charts.intents import intent_name
from analytics_lib.charts.pages import Html, table
from analytics_lib.charts.style import SMALL_SHARE_N
from analytics_lib.charts.texts import cut
from analytics_lib.charts.words import Language, absent, count, number, say, share

if TYPE_CHECKING:
    from analytics_lib.charts.intent_answer import Calibrated
    from analytics_lib.charts.style import Record

_LONGEST_TEXT = 120
_MOST_PAIRS = 15
_LEAST_P = 0.001
_RATES = ("low_confidence", "accuracy", "fallback_next", "escalation", "abandonment", "lost")


class Limits(TypedDict):
    """Above or below which value each signal asks for action.

    Attributes:
        low_confidence: Above this share of detections.
        accuracy: Below this share of reviewed messages.
        fallback_next: Above this share of detections.
        calibration: Above this error, 0 to 1, once it is also above its noise floor.
    """

    low_confidence: float
    accuracy: float
    fallback_next: float
    calibration: float


def intent_table(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """Every intent in figures, each rate with its count and n.

    Args:
        frame: One row per intent: ``intent detections share mean_confidence`` and, of each rate,
            ``<rate>_count _n _rate _low _high``.
        language: es or en.
    """
    rows = [
        [
            intent_name(row["intent"], language),
            say(
                "intents.cell.share",
                language,
                n=count(row["detections"], language),
                share=share(row["share"], language),
            ),
            number(row["mean_confidence"], language, digits=2),
            *(_rate_cell(row, rate, language) for rate in _RATES),
        ]
        for row in frame.to_dict("records")
    ]
    return _table(rows, "intents.table", language)


def failing_table(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """The failing intents in figures: what is lost, against the conversations without the intent.

    Args:
        frame: As for ``intent_answer.answer``, with ``overall cost difference low high p_value accuracy_…``.
        language: es or en.
    """
    rows = [
        [
            intent_name(row["intent"], language),
            _rate_cell(row, "lost", language),
            say("kpis.points", language, n=points(row["difference"], language))
            + say(
                "kpis.answer.limits",
                language,
                low=points(row["low"], language),
                high=points(row["high"], language),
            ),
            number(row["cost"], language),
            _rate_cell(row, "accuracy", language),
            say("compare.cell.tiny", language)
            if row["p_value"] < _LEAST_P
            else number(row["p_value"], language, digits=3),
            say("yes" if row["real"] else "no", language),
        ]
        for row in frame.to_dict("records")
    ]
    return _table(rows, "intents.failing_table", language)


def confusion_table(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """The most frequent confusions with their counts.

    Args:
        frame: One row per pair: ``true_intent intent messages reviewed share``.
        language: es or en.
    """
    wrong = frame[frame["true_intent"] != frame["intent"]].head(_MOST_PAIRS)
    rows = [
        [
            intent_name(row["true_intent"], language),
            intent_name(row["intent"], language),
            say(
                "compare.cell.share",
                language,
                share=share(row["share"], language),
                count=count(row["messages"], language),
                n=count(row["reviewed"], language),
            ),
        ]
        for row in wrong.to_dict("records")
    ]
    return _table(rows, "intents.confusion_table", language)


def example_table(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """Messages the bot was unsure of or took wrongly, and the conversation to read them in.

    Args:
        frame: One row per message: ``intent true_intent confidence text conversation_id``; texts are masked.
        language: es or en.
    """
    rows = [
        [
            intent_name(row["intent"], language),
            say("intents.unreviewed", language)
            if absent(row["true_intent"])
            else intent_name(row["true_intent"], language),
            number(row["confidence"], language, digits=2),
            cut(str(row["text"]), _LONGEST_TEXT, language),
            str(row["conversation_id"]),
        ]
        for row in frame.to_dict("records")
    ]
    return _table(rows, "intents.example_table", language)


def advice(
    overall: pd.Series,
    failing: pd.DataFrame,
    calibrated: Calibrated,
    *,
    limits: Limits,
    language: Language = "es",
) -> Html:
    """Each signal against its threshold, then the costliest intent.

    Args:
        overall: As for ``intent_answer.answer``.
        failing: As for ``intent_answer.answer``.
        calibrated: As for ``intent_answer.answer``.
        limits: The thresholds.
        language: es or en.
    """
    signals = [
        _signal(rate, (overall[f"{rate}_rate"], overall[f"{rate}_n"]), limits[rate], language)
        for rate in ("low_confidence", "accuracy", "fallback_next")
    ]
    # What chance alone would give asks nobody to act.
    limit = max(limits["calibration"], 0 if absent(calibrated["floor"]) else calibrated["floor"])
    signals.append(_signal("calibration", (calibrated["error"], calibrated["messages"]), limit, language))
    real = failing[failing["real"].astype(bool)]
    if len(real):
        row = real.to_dict("records")[0]
        name = say("intents.advice.failing", language, name=intent_name(row["intent"], language))
        edge = say("kpis.advice.at_most", language, limit=share(overall["lost_rate"], language))
        cells = [name, say("intents.advice.failing.do", language), share(row["lost_rate"], language), edge]
        signals.append(_cells([*cells, count(row["lost_n"], language)], bold=True))
    heads = say("advice.head", language).split("|")
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in heads)
    return Html(f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(signals)}</tbody></table>")


def _rate_cell(row: Record, rate: str, language: Language) -> str:
    if not row[f"{rate}_n"]:
        return say("intents.cell.none", language)
    few = f" {say('few', language)}" if row[f"{rate}_n"] < SMALL_SHARE_N else ""
    ends = {part: share(row[f"{rate}_{part}"], language) for part in ("rate", "low", "high")}
    return say("intents.cell.rate", language, n=count(row[f"{rate}_n"], language), **ends) + few


def _table(rows: list[list[str]], title: str, language: Language) -> Html:
    if not rows:
        return Html(f"<p>{html.escape(say('compare.table.empty', language, title=say(title, language)))}</p>")
    heads = say(f"{title}.head", language).split("|")
    return table(pd.DataFrame(rows, columns=heads), title=title, language=language)


def _signal(name: str, found: tuple[float, float], limit: float, language: Language) -> str:
    value, n = found
    higher = name == "accuracy"
    few = 0 < n < SMALL_SHARE_N
    beyond = not absent(value) and not few and (value < limit if higher else value > limit)
    verdict = "advice.no_data" if absent(value) else "advice.few" if few else "advice.within"
    verdict = f"intents.advice.{name}.do" if beyond else verdict
    edge = say(f"kpis.advice.at_{'least' if higher else 'most'}", language, limit=share(limit, language))
    cells = [say(f"intents.advice.{name}", language), say(verdict, language), share(value, language), edge]
    return _cells([*cells, count(0 if math.isnan(n) else n, language)], bold=beyond)


def _cells(cells: list[str], *, bold: bool) -> str:
    weight = ' style="font-weight:bold"' if bold else ""
    widths = ["min-width:9rem", "min-width:12rem;max-width:22rem", *["white-space:nowrap"] * 3]
    columns = zip(widths, cells, strict=True)
    said = [f'<td style="{width}">{html.escape(cell)}</td>' for width, cell in columns]
    return f"<tr{weight}>{''.join(said)}</tr>"
