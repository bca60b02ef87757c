"""How well the bot understands, in sentences: the answer at the top of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from analytics_lib.charts.intents import intent_name
from analytics_lib.charts.pages import Markdown
from analytics_lib.charts.texts import inert
from analytics_lib.charts.words import Language, count, days, say, share

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd


_LONGEST_TEXT = 120
_MOST_NAMED = 3
_RATES = ("low_confidence", "accuracy", "fallback_next", "escalation", "abandonment", "lost")


class Calibrated(TypedDict):
    """What the reliability diagram comes to.

    Attributes:
        messages: Reviewed detections with a confidence.
        error: Expected calibration error, 0 to 1; NaN without any.
        floor: What it is by chance alone.
        bias: Mean confidence less accuracy.
    """

    messages: int
    error: float
    floor: float
    bias: float


def answer(
    overall: pd.Series,
    failing: pd.DataFrame,
    calibrated: Calibrated,
    *,
    since: dt.date,
    until: dt.date,
    language: Language = "es",
) -> Markdown:
    """How sure and how right the bot was, where that costs most, and whether its confidence can be believed.

    Args:
        overall: Of all intents: ``detections`` and, of each rate, ``<rate>_count _n _rate _low _high``.
        failing: The intents with which more is lost, the costliest first: ``intent lost_count lost_n
            lost_rate real``.
        calibrated: Of the reviewed messages.
        since: First day of the window.
        until: The day after its last.
        language: es or en.
    """
    shown = days(since, until, language)
    if not overall["detections"]:
        return Markdown(say("intents.answer.none", language, days=shown))
    opening = say("intents.answer.opening", language, days=shown, n=count(overall["detections"], language))
    parts = [
        f"{opening} {_rate_sentence(overall, 'low_confidence', language)}",
        _rate_sentence(overall, "accuracy", language),
        _costly(overall, failing, language),
        _believed(calibrated, language),
    ]
    return Markdown("\n\n".join(part for part in parts if part))


def _rate_sentence(overall: pd.Series, rate: str, language: Language) -> str:
    if not overall[f"{rate}_n"]:
        return say(f"intents.answer.{rate}.none", language)
    ends = {part: share(overall[f"{rate}_{part}"], language) for part in ("rate", "low", "high")}
    return say(f"intents.answer.{rate}", language, n=count(overall[f"{rate}_n"], language), **ends)


def _costly(overall: pd.Series, failing: pd.DataFrame, language: Language) -> str:
    if not overall["lost_n"]:
        return say("intents.answer.lost.none", language)
    real = failing[failing["real"].astype(bool)].head(_MOST_NAMED)
    whole = {"overall": share(overall["lost_rate"], language), "n": count(overall["lost_n"], language)}
    if real.empty:
        return say("intents.answer.lost.still", language, **whole)
    named = [
        say(
            "intents.answer.lost.one",
            language,
            name=inert(intent_name(row["intent"], language)),
            rate=share(row["lost_rate"], language),
            n=count(row["lost_n"], language),
        )
        for row in real.to_dict("records")
    ]
    return say("intents.answer.lost", language, intents="; ".join(named), **whole)


def _believed(calibrated: Calibrated, language: Language) -> str:
    if not calibrated["messages"]:
        return say("intents.answer.calibration.none", language)
    values = {name: share(calibrated[name], language) for name in ("error", "floor")}
    noise = calibrated["error"] <= calibrated["floor"]
    key = "noise" if noise else "sure" if calibrated["bias"] > 0 else "unsure"
    return say(
        f"intents.answer.calibration.{key}", language, n=count(calibrated["messages"], language), **values
    )
