"""Who is due to leave in sentences, each with its n: how many, how sure, what is at stake, what to do."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from analytics_lib.charts import trust
from analytics_lib.charts.pages import Html, Markdown
from analytics_lib.charts.row_table import row_table
from analytics_lib.charts.texts import inert
from analytics_lib.charts.verdict import money
from analytics_lib.charts.words import UNKNOWN, Language, absent, count, counted, day, number, say, share

if TYPE_CHECKING:
    from collections.abc import Mapping

    Figures = Mapping[str, Any]

_LIMITS = {"gap": "", "low": "_low", "high": "_high"}


def answer(told: Figures, *, language: Language = "es") -> Markdown:
    """How many of those due are expected to leave, whether that can be trusted, what is at stake.

    Args:
        told: As ``churn_results.figures`` gives.
        language: es or en.
    """
    if told["source"] == "none":
        return Markdown("\n\n".join([_untrained(told, language), *_problem(told, language)]))
    parts = [
        _now(told, language),
        _tested(told, language),
        _stakes(told, language),
        _life(told, language),
        *([_untrained(told, language)] if told["reason"] else []),
    ]
    return Markdown("\n\n".join(part for part in parts if part))


def _untrained(told: Figures, language: Language) -> str:
    about = {"as_of": day(told["as_of"], language), "days": count(told["horizon_days"], language)}
    said = say(f"churn.answer.untrained.{told['reason']}", language, **about)
    return f"{said} {say('churn.answer.detail', language, detail=inert(told['detail']))}"


def _problem(told: Figures, language: Language) -> list[str]:
    return [say("model.problem", language)] if told["problem"] else []


def _now(told: Figures, language: Language) -> str:
    key = f"churn.answer.now.{told['activity']}" if told["due"] else "churn.answer.nobody"
    return say(
        key,
        language,
        as_of=day(told["as_of"], language),
        due=counted(told["due"], "churn.people", language),
        look_back=count(told["look_back_days"], language),
        leavers=_whole(told["leavers"], language),
        share=share(told["leavers"] / told["due"] if told["due"] else float("nan"), language),
        days=count(told["horizon_days"], language),
        once=count(told["once"], language),
        lapsed=count(told["lapsed"], language),
    )


def _tested(told: Figures, language: Language) -> str:
    names = ("roc_auc", "roc_auc_low", "roc_auc_high", "recency_auc")
    said = {name: _two(told[name], language) for name in names}
    gain = [told[f"roc_auc_gain{end}"] for end in ("", "_low", "_high")]
    key = "better" if not absent(gain[1]) and gain[1] > 0 else "equal"
    test = say(
        f"churn.answer.{key}",
        language,
        **said,
        hits=share(told["roc_auc"], language),
        **dict(zip(("gain", "gain_low", "gain_high"), (_two(one, language) for one in gain), strict=True)),
        cutoff=day(told["cutoff"], language),
        n=count(told["n"], language),
        base=share(told["base_rate"], language),
        ece=_points(told["ece"], language),
        noise=_points(told["ece_noise"], language),
    )
    alarms = [say(f"churn.alarm.{code}", language) for code in told["alarms"]]
    return " ".join([test, *_gap(told, language), *alarms])


def _gap(told: Figures, language: Language) -> list[str]:
    if absent(told["random_gap"]):
        return []
    said = {name: _two(told[f"random_gap{end}"], language) for name, end in _LIMITS.items()}
    more = not absent(told["random_gap_low"]) and told["random_gap_low"] > 0
    return [say("churn.answer.gap" if more else "churn.answer.gap.none", language, **said)]


def _stakes(told: Figures, language: Language) -> str:
    if absent(told["value_at_risk"]):
        return say("churn.answer.worthless", language) if told["due"] else ""
    worth = say(
        "churn.answer.stakes",
        language,
        value=inert(money(told["value_at_risk"], told["currency"], language)),
        weeks=count(told["value_weeks"], language),
        modelled=count(told["modelled"], language),
        due=count(told["due"], language),
    )
    return f"{worth} {_campaign(told, language)}"


def _campaign(told: Figures, language: Language) -> str:
    source = told["threshold_source"]
    if source in (None, "pays_never", "unknown"):
        return say(f"churn.answer.threshold.{source or 'unknown'}", language)
    return say(
        f"churn.answer.threshold.{source}",
        language,
        threshold=share(told["threshold"], language),
        campaign=count(told["campaign"], language),
        hold_out=count(told["hold_out"], language),
        detectable=_points(told["detectable"], language),
    )


def _life(told: Figures, language: Language) -> str:
    n = counted(told["n"], "churn.people", language)
    return trust.made(told, n=n, since=told["cutoff"], language=language)


def advice(
    told: Figures,
    *,
    most_off: float = 0.03,
    least_gain: float = 0.02,
    most_detectable: float = 0.05,
    language: Language = "es",
) -> Html:
    """Signals with their value, their threshold, and what to do where it is exceeded.

    Args:
        told: As for ``answer``.
        most_off: ECE above which probabilities are only good for ranking.
        least_gain: ROC AUC over the recency rule below which the rule does as well.
        most_detectable: Difference that a hold-out has to be able to show.
        language: es or en.
    """
    if told["source"] == "none":
        return Html(f"<p>{html.escape(say('churn.none', language))}</p>")
    gain, off, seen = told["roc_auc_gain"], told["ece"], told["detectable"]
    sure = not absent(told["roc_auc_gain_low"]) and told["roc_auc_gain_low"] > 0
    rows = [
        _signal("gain", _two(gain, language), not absent(gain) and sure and gain >= least_gain, language),
        _signal("off", _points(off, language), not absent(off) and off <= most_off, language),
        _signal("seen", _points(seen, language), not absent(seen) and seen <= most_detectable, language),
        _signal("alarms", count(len(told["alarms"]), language), not told["alarms"], language),
    ]
    limits = [
        f"≥ {_two(least_gain, language)}",
        f"≤ {_points(most_off, language)}",
        f"≤ {_points(most_detectable, language)}",
        "0",
    ]
    sizes = [told["n"], told["n"], told["campaign"] + told["hold_out"], told["n"]]
    full = [
        [*row, limit, count(size if size is not None else float("nan"), language)]
        for row, limit, size in zip(rows, limits, sizes, strict=True)
    ]
    return row_table("churn.advice", "churn.advice.head", full, language, texts=(0, 1))


def _signal(name: str, value: str, good: bool, language: Language) -> list[str]:  # noqa: FBT001  # a verdict
    do = say(f"churn.advice.{name}.{'wait' if good else 'do'}", language)
    return [say(f"churn.advice.{name}", language), do, value]


def _two(value: float | None, language: Language) -> str:
    # Adding 0 takes the sign from a zero.
    return UNKNOWN if absent(value) else number(round(value or 0.0, 2) + 0.0, language, digits=2)


def _points(value: float | None, language: Language) -> str:
    if absent(value):
        return UNKNOWN
    return say("churn.points", language, n=number(100 * (value or 0.0), language))


def _whole(value: float | None, language: Language) -> str:
    return UNKNOWN if absent(value) else count(round(value or 0.0), language)
