"""How many people are needed in sentences, and what to do: when, how many, why, and what it costs."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import pandas as pd

from analytics_lib.charts.pages import Html, Markdown
from analytics_lib.charts.texts import inert
from analytics_lib.charts.verdict import money
from analytics_lib.charts.words import (
    Language,
    absent,
    count,
    counted,
    days,
    duration,
    number,
    say,
    share,
    short_day,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Figures = Mapping[str, Any]

# Of a thousand draws none says more than this.
_CERTAIN = 0.9995


def answer(told: Figures, *, language: Language = "es") -> Markdown:
    """How many agents at most, the cheapest roster and what it costs, and what both come from.

    Args:
        told: ``staffing_reason target_wait_seconds service_level confidence shrinkage handle_time_seconds
            handle_time_low handle_time_high handled escalation_rate escalated closed chats_at_once
            chats_measured currency staffed_since staffed_until agents_peak agents_peak_at shifts roster_cost
            roster_hours roster_people held_day_least held_day_given short``; null where it is not known.
        language: es or en.
    """
    if told["staffing_reason"]:
        return Markdown(say(f"staffing.answer.{told['staffing_reason']}", language))
    window = days(told["staffed_since"], told["staffed_until"], language)
    nobody = say("staffing.answer.nobody", language, days=window)
    parts = [
        _peak(told, language) if told["agents_peak"] else nobody,
        _roster(told, language) if told["shifts"] or told["short"] else "",
        _source(told, language),
    ]
    return Markdown("\n\n".join(part for part in parts if part))


def _peak(told: Figures, language: Language) -> str:
    at = told["agents_peak_at"]
    return say(
        "staffing.answer.peak",
        language,
        level=share(told["service_level"], language),
        wait=duration(told["target_wait_seconds"], language),
        confidence=share(told["confidence"], language),
        agents=counted(told["agents_peak"], "staffing.agents", language),
        when=_day(at, language),
        clock=f"{at:%H:%M}",
    )


def _roster(told: Figures, language: Language) -> str:
    said = say(
        "staffing.answer.roster",
        language,
        days=days(told["staffed_since"], told["staffed_until"], language),
        shifts=counted(told["shifts"], "staffing.shifts", language),
        hours=number(told["roster_hours"], language, digits=0),
        people=counted(told["roster_people"], "staffing.people", language),
        cost=inert(money(told["roster_cost"], told["currency"], language)),
        held=chance(told["held_day_least"], language),
    )
    if not told["short"] and told["held_day_least"] < told["confidence"]:
        said = f"{said} {say('staffing.answer.chance', language)}"
    if told["short"]:
        said = f"{said} {say('staffing.answer.short', language, missing=count(told['short'], language))}"
    if not absent(told["held_day_given"]):
        said = (
            f"{said} {say('staffing.answer.given', language, held=chance(told['held_day_given'], language))}"
        )
    return said


def _source(told: Figures, language: Language) -> str:
    measured = not absent(told["closed"])
    counts = {name: count(told[name], language) for name in ("escalated", "closed")} if measured else {}
    rate = say(
        f"staffing.answer.rate{'' if measured else '_given'}",
        language,
        rate=share(told["escalation_rate"], language),
        **counts,
    )
    timed = not absent(told["handled"])
    limits = (
        {
            "low": duration(told["handle_time_low"], language),
            "high": duration(told["handle_time_high"], language),
            "n": count(told["handled"], language),
        }
        if timed
        else {}
    )
    handled = say(
        f"staffing.answer.handled{'' if timed else '_given'}",
        language,
        time=duration(told["handle_time_seconds"], language),
        chats=counted(told["chats_at_once"], "staffing.chats", language),
        shrinkage=share(told["shrinkage"], language),
        **limits,
    )
    return " ".join([rate + handled, *_careful(told, language)]).strip()


def _careful(told: Figures, language: Language) -> list[str]:
    """That a handle time was measured with fewer chats at once than are now asked for."""
    measured, chats = told["chats_measured"], told["chats_at_once"]
    if absent(measured) or absent(told["handled"]) or chats - measured < 1 / 2:
        return []
    fewer = {"measured": number(measured, language), "chats": count(chats, language)}
    return [say("staffing.answer.chats", language, **fewer)]


def advice(told: Sequence[Figures], *, currency: str, language: Language = "es") -> Html:
    """Recommendations as sentences: when, how many, why, and what it costs.

    Args:
        told: One dict a recommendation, its ``code`` peak, roster, short, given, mean, more, less, outside or
            bot, with
            the numbers of it (see ``staffing_advice.recommendations``).
        currency: Of the costs.
        language: es or en.
    """
    if not told:
        return Html(f"<p>{html.escape(say('staffing.none', language))}</p>")
    items = "".join(
        f"<li>{_emphasised(sentence(each, currency=currency, language=language))}</li>" for each in told
    )
    return Html(f"<ul>{items}</ul>")


def sentence(told: Figures, *, currency: str, language: Language = "es") -> str:
    """One recommendation as text, what matters most between double stars."""
    code = told["code"]
    said = say(f"staffing.advice.{code}", language, **_words(told, currency, language))
    if code == "roster" and not told["proven"]:
        return f"{said} {say('staffing.advice.unproven', language)}"
    return said


def chance(value: float, language: Language) -> str:
    """A probability that a thousand draws gave: all of them is not certainty, none not impossibility."""
    if not absent(value) and value > _CERTAIN:
        return say("staffing.certain", language)
    if not absent(value) and value < 1 - _CERTAIN:
        return say("staffing.never", language)
    return share(value, language)


def _words(told: Figures, currency: str, language: Language) -> dict[str, str]:
    """Every number of a recommendation, written."""
    known = {name: value for name, value in told.items() if name not in {"code", "proven"}}
    words = {name: _written(name, value, currency, language) for name, value in known.items()}
    if "contacts" in told and told["code"] != "peak":
        words["contacts"] = counted(round(abs(told["contacts"])), "staffing.people", language)
    return words | _renamed(told, words, language)


def _written(name: str, value: Any, currency: str, language: Language) -> str:  # noqa: ANN401  # a number or a moment
    if name in _NOUNS:
        return counted(value, _NOUNS[name], language)
    if name.startswith("held"):
        return chance(value, language)
    if name.startswith("service_level") or name == "share":
        return share(value, language)
    if name in {"cost", "difference"}:
        return money(abs(value), currency, language)
    is_moment = isinstance(value, pd.Timestamp)
    return f"{value:%H:%M}" if is_moment else number(abs(value), language, digits=0)


def _renamed(told: Figures, words: Mapping[str, str], language: Language) -> dict[str, str]:
    """What a sentence calls differently, days among it."""
    day = told.get("since", told.get("at", told.get("day")))
    found = {"day": _day(day, language)} if day is not None else {}
    pairs = {
        "clock": "at",
        "low": "contacts_low",
        "high": "contacts_high",
        "fewer": "agents_expected",
        "level": "service_level",
        "then": "service_level_changed",
        "held_then": "held_day_changed",
    }
    found |= {name: words[source] for name, source in pairs.items() if source in words}
    if told["code"] in {"more", "less", "roster"}:
        found["held"] = words["held_day"]
    if told["code"] == "mean":
        found["held"] = words["held_expected"]
    if told["code"] == "given":
        than = "more" if told["difference"] >= 0 else "less"
        found |= {"worst": _day(told["day"], language), "than": say(f"staffing.than.{than}", language)}
    if told["code"] == "bot":
        found["messages"] = number(60 * told["messages_per_second"], language)
    return found


_NOUNS = {
    "people": "staffing.people",
    "shifts": "staffing.shifts",
    "slots": "staffing.half_hours",
}


def _day(moment: pd.Timestamp, language: Language) -> str:
    return f"{say(f'weekday.{moment.isoweekday()}', language)} {short_day(moment, language)}"


def _emphasised(text: str) -> str:
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(text, quote=False))
