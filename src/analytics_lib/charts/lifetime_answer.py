"""What buyers are worth in sentences, each with its n, and what to do about it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from analytics_lib.charts.pages import Html, Markdown
from analytics_lib.charts.texts import for_page, inert
from analytics_lib.charts.verdict import money
from analytics_lib.charts.words import Language, absent, count, counted, day, days, number, say, share

if TYPE_CHECKING:
    from collections.abc import Mapping

    Figures = Mapping[str, Any]

_DEPENDENT_FROM = 0.15


def answer(told: Figures, *, language: Language = "es") -> Markdown:
    """What buyers are expected to bring, whether that can be trusted, and what it leaves out.

    Args:
        told: ``until cutoff horizon_weeks currency reason orders refunds zeros later refunded_share buyers
            repeaters model expected_orders expected_low expected_high value active half_users correlation
            slope slope_low slope_high predicted actual verdict problems``; null where it is not known.
        language: es or en.
    """
    until = day(told["until"], language)
    if told["reason"] == "orders":
        return Markdown(say("lifetime.answer.orders", language, until=until))
    who = say(
        "lifetime.answer.who",
        language,
        until=until,
        buyers=counted(told["buyers"], "lifetime.buyers", language),
        repeaters=count(told["repeaters"], language),
        share=share(told["repeaters"] / told["buyers"], language),
        orders=count(told["orders"], language),
    )
    if told["model"] is None:
        why = say(f"lifetime.answer.{told['reason']}", language)
        return Markdown("\n\n".join([who, why, _apart(told, language)]))
    parts = [
        who,
        _expected(told, language),
        _trust(told, language),
        _linked(told, language),
        _apart(told, language),
    ]
    return Markdown("\n\n".join(part for part in parts if part))


def _interval(told: Figures, language: Language) -> str:
    """The interval of the expected orders; a doubtful fit has none."""
    if told["expected_low"] is None:
        return say("lifetime.answer.no_interval", language)
    low, high = (count(_whole(told[f"expected_{side}"]), language) for side in ("low", "high"))
    interval = say("lifetime.interval", language, low=low, high=high)
    return say("lifetime.answer.interval", language, interval=interval)


def _expected(told: Figures, language: Language) -> str:
    worth = inert(money(told["value"], told["currency"], language))
    said = say(
        "lifetime.answer.expected",
        language,
        active=count(_whole(told["active"]), language),
        orders=count(_whole(told["expected_orders"]), language),
        interval=_interval(told, language),
        weeks=count(told["horizon_weeks"], language),
        value=worth,
        model=say(f"lifetime.model.{told['model']}", language),
    )
    if absent(told["half_users"]):
        return said
    half = counted(told["half_users"], "lifetime.buyers", language)
    part = share(told["half_users"] / told["buyers"], language)
    return f"{said} {say('lifetime.answer.half', language, users=half, share=part)}"


def _trust(told: Figures, language: Language) -> str:
    problems = ", ".join(say(f"lifetime.problem.{code}", language) for code in told["problems"])
    warned = say("lifetime.answer.problems", language, problems=problems) if problems else ""
    if told["verdict"] is None:
        return f"{say('lifetime.answer.holdout', language)} {warned}".strip()
    said = say(
        f"lifetime.answer.{told['verdict']}",
        language,
        days=days(told["cutoff"], told["until"], language),
        predicted=count(_whole(told["predicted"]), language),
        actual=count(told["actual"], language),
        **{name: number(told[name], language, digits=2) for name in ("slope", "slope_low", "slope_high")},
    )
    return f"{said} {warned}".strip()


def _linked(told: Figures, language: Language) -> str:
    if absent(told["correlation"]):
        return ""
    key = "linked" if abs(told["correlation"]) > _DEPENDENT_FROM else "apart"
    names = ("correlation", "correlation_low", "correlation_high")
    said = {name: number(told[name], language, digits=2) for name in names}
    return say(f"lifetime.answer.{key}", language, **said, n=count(told["repeaters"], language))


def _apart(told: Figures, language: Language) -> str:
    back = share(told["refunded_share"], language)
    counts = {name: count(told[name], language) for name in ("refunds", "zeros", "later")}
    return say("lifetime.answer.left_out", language, **counts, share=back)


def _whole(value: float | None) -> float:
    return float("nan") if absent(value) else round(value or 0)


def advice(told: Figures, *, most_at_risk: float, language: Language = "es") -> Html:
    """Signals with their value, their threshold, and what to do where it is exceeded.

    Args:
        told: As for ``answer``, with ``at_risk at_risk_value``.
        most_at_risk: Share of the buyers that may be about to be lost.
        language: es or en.
    """
    heads = "".join(
        f'<th scope="col">{html.escape(name)}</th>'
        for name in say("lifetime.advice.head", language).split("|")
    )
    rows = [
        _repeat_row(told, language),
        *([] if told["model"] is None else _model_rows(told, most_at_risk, language)),
    ]
    body = "".join(f"<tr>{''.join(f'<td>{for_page(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return Html(f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>")


def _repeat_row(told: Figures, language: Language) -> list[str]:
    buyers = told["buyers"]
    rate = share(told["repeaters"] / buyers if buyers else float("nan"), language)
    back = say("lifetime.advice.once.do", language)
    return [say("lifetime.advice.once", language), back, rate, "", count(buyers, language)]


def _model_rows(told: Figures, most: float, language: Language) -> list[list[str]]:
    n, part = told["buyers"], told["at_risk"] / told["buyers"]
    risky = "do" if part > most else "wait"
    bad = told["verdict"] not in ("good", None) or bool(told["problems"])
    linked = not absent(told["correlation"]) and abs(told["correlation"]) > _DEPENDENT_FROM
    slope = number(told["slope"] if told["slope"] is not None else float("nan"), language, digits=2)
    correlation = number(
        float("nan") if absent(told["correlation"]) else told["correlation"], language, digits=2
    )
    return [
        [
            say("lifetime.advice.risk", language),
            say(f"lifetime.advice.risk.{risky}", language),
            f"{share(part, language)} ({count(told['at_risk'], language)})",
            f"≤ {share(most, language)}",
            count(n, language),
        ],
        [
            say("lifetime.advice.model", language),
            say(f"lifetime.advice.model.{'do' if bad else 'wait'}", language),
            slope,
            say("lifetime.advice.model.limit", language),
            count(n, language),
        ],
        [
            say("lifetime.advice.linked", language),
            say(f"lifetime.advice.linked.{'do' if linked else 'wait'}", language),
            correlation,
            say("lifetime.advice.linked.limit", language),
            count(told["repeaters"], language),
        ],
    ]
