"""How satisfied the silent are in sentences, each with its n, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analytics_lib.charts import trust
from analytics_lib.charts.pages import Html, Markdown
from analytics_lib.charts.row_table import row_table
from analytics_lib.charts.texts import inert
from analytics_lib.charts.words import Language, absent, count, counted, day, days, number, say, share

if TYPE_CHECKING:
    from collections.abc import Mapping

    Figures = Mapping[str, Any]


def window(told: Figures, language: Language) -> str:
    """The days of the page in words."""
    if told["since"] is None:
        return say("satisfaction.before", language, until=day(told["as_of"], language))
    return say("satisfaction.days", language, days=days(told["since"], told["as_of"], language))


def answer(told: Figures, *, language: Language = "es") -> Markdown:
    """How many answered, how many are satisfied, and what is expected of the silent.

    Args:
        told: ``since as_of closed answered silent unsatisfied reason source missing problem model_as_of
            model_age_days cutoff tested`` and, for ``csat`` and ``csat_mean`` as ``raw corrected worst
            best``, their ``value low high`` (``csat_raw_value``); null where unknown.
        language: es or en.
    """
    who = say(
        "satisfaction.answer.who",
        language,
        closed=counted(told["closed"], "satisfaction.conversations", language),
        days=window(told, language),
        answered=count(told["answered"], language),
        share=share(told["answered"] / told["closed"] if told["closed"] else float("nan"), language),
    )
    parts = [who, _satisfied(told, language), _silent(told, language)]
    if told["source"] != "none":
        n = counted(told["tested"], "satisfaction.answers", language)
        parts.append(trust.made(told, n=n, since=told["cutoff"], language=language))
    return Markdown("\n\n".join(part for part in parts if part))


def advice(told: Figures, *, least_response: float, most_gap: float, most_unsatisfied: float,
           language: Language = "es") -> Html:  # fmt: skip
    """Signals with their value, their threshold, and what to do where it is exceeded.

    Args:
        told: As for ``answer``.
        least_response: Share that should answer.
        most_gap: How far raw and corrected share may lie apart.
        most_unsatisfied: Share of the silent that may be expected below 3.
        language: es or en.
    """
    answered = told["answered"] / told["closed"] if told["closed"] else float("nan")
    gap = _gap(told)
    unhappy = told["unsatisfied"] / told["silent"] if told["silent"] else float("nan")
    signals = (
        ("gap", gap, f"≤ {share(most_gap, language)}", gap > most_gap, told["answered"]),
        (
            "response",
            answered,
            f"≥ {share(least_response, language)}",
            answered < least_response,
            told["closed"],
        ),
        (
            "call",
            unhappy,
            f"≤ {share(most_unsatisfied, language)}",
            unhappy > most_unsatisfied,
            told["silent"],
        ),
    )
    rows = [
        [
            say(f"satisfaction.advice.{name}", language),
            say(f"satisfaction.advice.{name}.{'do' if act else 'wait'}", language),
            share(value, language),
            limit,
            count(n, language),
        ]
        for name, value, limit, act, n in signals
    ]
    head = "satisfaction.advice.head"
    return row_table("satisfaction_advice.title", head, rows, language, texts=(0, 1))


def _gap(told: Figures) -> float:
    raw, corrected = told["csat_raw_value"], told["csat_corrected_value"]
    return float("nan") if raw is None or corrected is None else abs(raw - corrected)


def _satisfied(told: Figures, language: Language) -> str:
    reason = inert(str(told["reason"]))
    if absent(told["csat_raw_value"]):
        return say("satisfaction.answer.nobody", language, reason=reason)
    shares = {name: share(told[f"csat_{name}_value"], language) for name in ("raw", "worst", "best")}
    if absent(told["csat_corrected_value"]):
        return say("satisfaction.answer.raw_only", language, reason=reason, **shares)
    ends = {side: share(_float(told[f"csat_corrected_{side}"]), language) for side in ("low", "high")}
    return say(
        "satisfaction.answer.corrected",
        language,
        corrected=share(told["csat_corrected_value"], language),
        interval=say("satisfaction.interval", language, **ends),
        mean=number(_float(told["csat_mean_corrected_value"]), language, digits=2),
        **shares,
    )


def _silent(told: Figures, language: Language) -> str:
    if not told["silent"]:
        return ""
    return say(
        "satisfaction.answer.silent",
        language,
        silent=counted(told["silent"], "satisfaction.conversations", language),
        unsatisfied=count(told["unsatisfied"], language),
        share=share(told["unsatisfied"] / told["silent"], language),
    )


def _float(value: float | None) -> float:
    return float("nan") if value is None else value
