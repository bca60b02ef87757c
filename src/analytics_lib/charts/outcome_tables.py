"""A model of outcomes in figures: who is at risk and what to do, how good it is, what acting costs."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from analytics_lib.charts.feature_words import feature_name
from analytics_lib.charts.pages import Html
from analytics_lib.charts.row_table import row_table
from analytics_lib.charts.words import UNKNOWN, Language, absent, count, duration, number, say, share

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from analytics_lib.charts.style import Record

SHORT_ID = 12
_SHOWN = 2
_MEASURES = ("roc_auc", "brier_skill", "ece", "ece_noise")
_COUNTED = ("alarms", "false_alarms", "missed")


def at_risk(
    frame: pd.DataFrame,
    *,
    risk: str,
    says: Mapping[str, Mapping[str, str]],
    limit: int,
    language: Language = "es",
) -> Html:
    """Conversations in progress, the most at risk first: why, and what to do.

    Args:
        frame: One row per conversation: ``conversation_id turn quiet_seconds``, the probability of the risk,
            ``factor_1`` to ``factor_3``, ``alarm`` and ``action`` (null = none is worth its cost).
        risk: The end to prevent.
        says: What each action says, by language.
        limit: How many rows.
        language: es or en.
    """
    if frame.empty:
        return Html(f"<p>{html.escape(say('outcome.nobody', language))}</p>")
    rows = [
        [
            _short(str(row["conversation_id"])),
            share(row[risk], language),
            duration(row["quiet_seconds"], language),
            count(row["turn"], language),
            _todo(row, says, language),
            _why(row, language),
        ]
        for row in frame.head(limit).to_dict("records")
    ]
    return row_table("outcome.list", "outcome.list.head", rows, language, texts=(0, 4, 5))


def measures(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """How good the model is on each part of the conversations that judge, all ends together.

    Args:
        frame: One row per part and metric: ``population turn outcome metric value low high n base_rate
            last_state``.
        language: es or en.
    """
    shown = frame[(frame["outcome"] == "all") & frame["metric"].isin(_MEASURES)]
    if shown.empty:
        return Html(f"<p>{html.escape(say('outcome.none', language))}</p>")
    rows = []
    for (population, turn), part in shown.groupby(["population", "turn"], sort=False, dropna=False):
        values = {row["metric"]: row for row in part.to_dict("records")}
        rows.append(
            [
                _part(population, turn, language),
                _ranged(values["roc_auc"], language),
                number(values["roc_auc"]["last_state"], language, digits=2),
                number(values["brier_skill"]["value"], language, digits=2),
                _ranged(values["ece"], language, digits=3),
                number(values["ece_noise"]["value"], language, digits=3),
                count(values["roc_auc"]["n"], language),
            ]
        )
    body = row_table("outcome.measures", "outcome.measures.head", rows, language, texts=(0,)).html
    return Html(body)


def costs(costs_frame: pd.DataFrame, warning: pd.DataFrame, *, language: Language = "es") -> Html:
    """What acting from the threshold on came to, and how early it would have been.

    Args:
        costs_frame: ``metric value low high n`` of acting.
        warning: The same of how early.
        language: es or en.
    """
    rows = [
        [say(f"outcome.cost.{row['metric']}", language), _cost(row, language), count(row["n"], language)]
        for row in [*costs_frame.to_dict("records"), *warning.to_dict("records")]
        if not row["metric"].startswith("cost_per")
    ]
    return row_table("outcome.costs", "outcome.costs.head", rows, language, texts=(0, 1))


def counts(told: Mapping[str, float], *, language: Language = "es") -> Html:
    """Which conversations taught, calibrated, judged, and which were left out and why.

    Args:
        told: Conversations by what became of them; without any where nothing was learned.
        language: es or en.
    """
    rows = [
        [say(f"outcome.counts.{name}", language), count(number_, language)] for name, number_ in told.items()
    ]
    body = row_table("outcome.counts", "outcome.counts.head", rows, language, texts=(0,)).html
    summary = html.escape(say("outcome.counts", language))
    return Html(f"<details><summary>{summary}</summary>{body}</details>")


def _short(name: str) -> str:
    return name if len(name) <= SHORT_ID else f"{name[:SHORT_ID]}…"


def _why(row: Record, language: Language) -> str:
    names = [row.get(f"factor_{place}") for place in range(1, _SHOWN + 1)]
    return (
        "; ".join(feature_name(str(name), language).lower() for name in names if not absent(name)) or UNKNOWN
    )


def _todo(row: Record, says: Mapping[str, Mapping[str, str]], language: Language) -> str:
    if not row["alarm"]:
        return say("outcome.todo.wait", language)
    if absent(row["action"]):
        return say("outcome.todo.nothing", language)
    return says[str(row["action"])][language]


def _part(population: object, turn: object, language: Language) -> str:
    if population != "all":
        return say(f"outcome.population.{population}", language)
    if absent(turn):
        return say("outcome.population.all", language)
    return say("outcome.population.turn", language, turn=turn)


def _ranged(row: Record, language: Language, *, digits: int = 2) -> str:
    value, low, high = (number(row[name], language, digits=digits) for name in ("value", "low", "high"))
    return value if absent(row["low"]) else say("outcome.ranged", language, value=value, low=low, high=high)


def _cost(row: Record, language: Language) -> str:
    if absent(row["value"]):
        return UNKNOWN
    metric = row["metric"]
    if metric == "threshold":
        return say("outcome.never", language) if row["value"] > 1 else share(row["value"], language)
    if metric in _COUNTED or metric.startswith("cost"):
        return count(row["value"], language)
    if metric.endswith("_before"):
        return number(row["value"], language)
    return say(
        "outcome.ranged",
        language,
        **{name: share(row[name], language) for name in ("value", "low", "high")},
    )
