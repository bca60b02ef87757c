"""A load forecast in sentences, each with what it rests on, and what to do about it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import pandas as pd

from analytics_lib.charts.load_words import between, counts, method, moment
from analytics_lib.charts.pages import Html, Markdown
from analytics_lib.charts.texts import for_page, inert
from analytics_lib.charts.words import Language, absent, count, number, say, share

if TYPE_CHECKING:
    from collections.abc import Mapping

    Figures = Mapping[str, Any]

# Notes that mean that nothing could be learnt; the sentence says which.
_PLAIN = ("empty", "only_outage", "few_days", "zeros", "constant")
_TOLD = (
    "no_start",
    "prophet_short",
    "few_origins",
    "by_rule",
    "level_shift",
    "outage",
    "negative",
    "not_finite",
    "duplicates",
    "summed",
    "unordered",
    "gaps",
    "no_time",
)
_FAR = 0.25
# Share of the four busiest hours that has to lie inside the 95 % interval.
_LEAST_COVERED = 0.9


def answer(told: Figures, *, language: Language = "es") -> Markdown:
    """How much is expected, when the peak is, and whether that can be trusted.

    Args:
        told: ``measure as_of ends_at expected low high last_week last_year peak_at peak_expected peak_low
            peak_high peak_probability method mase naive_mase prophet_mase wape bias coverage coverage_low
            coverage_high coverage_n coverage_busy origins known_steps notes``; null where it is not known.
        language: es or en.
    """
    plain = [note for note in told["notes"] if note in _PLAIN]
    parts = [_expected(told, language), _peak(told, language)]
    parts.append(say(f"load.answer.{plain[0]}", language) if plain else _trust(told, language))
    parts.append(_notes(told, language))
    return Markdown("\n\n".join(part for part in parts if part))


def _expected(told: Figures, language: Language) -> str:
    since, until = pd.Timestamp(told["as_of"]), pd.Timestamp(told["ends_at"])
    said = say(
        "load.answer.expected",
        language,
        what=say(f"load.measure.{told['measure']}", language),
        expected=counts(told["expected"], language),
        interval=between(told["low"], told["high"], language),
        since=moment(since, language),
        until=moment(until, language),
        n=count(told["known_steps"], language),
    )
    compared = [
        say(
            f"load.answer.{name}",
            language,
            value=counts(told[name], language),
            change=_change(told, name, language),
        )
        for name in ("last_week", "last_year")
        if not absent(told[name]) and told[name]
    ]
    return " ".join([said, *compared])


def _change(told: Figures, name: str, language: Language) -> str:
    change = told["expected"] / told[name] - 1
    return f"{'+' if change >= 0 else ''}{share(change, language)}"


def _peak(told: Figures, language: Language) -> str:
    return say(
        "load.answer.peak",
        language,
        moment=moment(pd.Timestamp(told["peak_at"]), language),
        expected=counts(told["peak_expected"], language),
        interval=between(told["peak_low"], told["peak_high"], language),
        share=share(told["peak_probability"], language),
    )


def _trust(told: Figures, language: Language) -> str:
    if absent(told["mase"]):
        return say("load.answer.untested", language)
    numbers = {
        name: number(_or_nan(told[name]), language, digits=2)
        for name in ("mase", "naive_mase", "prophet_mase")
    }
    shares = {
        name: share(_or_nan(told[name]), language) for name in ("wape", "bias", "coverage", "coverage_busy")
    }
    key = "baseline" if told["method"] == "seasonal_naive" else "better"
    said = say(
        f"load.answer.{key}",
        language,
        method=method(told["method"], language),
        origins=count(told["origins"], language),
        **numbers,
        **shares,
    )
    return f"{said} {_covered(told, shares, language)}".strip()


def _covered(told: Figures, shares: dict[str, str], language: Language) -> str:
    if absent(told["coverage"]):
        return ""
    limits = {side: share(_or_nan(told[f"coverage_{side}"]), language) for side in ("low", "high")}
    n = count(told["coverage_n"], language)
    return say("load.answer.covered", language, n=n, **limits, **shares)


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _notes(told: Figures, language: Language) -> str:
    said = [say(f"load.note.{note}", language) for note in told["notes"] if note in _TOLD]
    return inert(" ".join(said))


def advice(told: Figures, *, max_bias: float, language: Language = "es") -> Html:
    """Signals with their value, their threshold, and what to do where it is exceeded.

    Args:
        told: As for ``answer``.
        max_bias: Share by which forecasts may have been too high or too low.
        language: es or en.
    """
    bias, busy = _or_nan(told["bias"]), _or_nan(told["coverage_busy"])
    change = told["expected"] / told["last_week"] - 1 if told["last_week"] else float("nan")
    n = count(told["origins"], language)
    rows = [
        _row(
            "bias", abs(bias) > max_bias, share(bias, language), f"± {share(max_bias, language)}", n, language
        ),
        _row(
            "busy",
            busy < _LEAST_COVERED,
            share(busy, language),
            f"≥ {share(_LEAST_COVERED, language)}",
            n,
            language,
        ),
        _row(
            "change", abs(change) > _FAR, share(change, language), f"± {share(_FAR, language)}", n, language
        ),
    ]
    heads = "".join(
        f'<th scope="col">{html.escape(name)}</th>' for name in say("load.advice.head", language).split("|")
    )
    body = "".join(f"<tr>{''.join(f'<td>{for_page(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return Html(f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>")


def _row(name: str, beyond: bool, value: str, limit: str, n: str, language: Language) -> list[str]:  # noqa: FBT001  # a signal
    do = say(f"load.advice.{name}.{'do' if beyond else 'wait'}", language)
    return [say(f"load.advice.{name}", language), do, value, limit, n]
