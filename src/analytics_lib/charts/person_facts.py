"""What happened to one person as numbered facts, so that every sentence can point to what shows it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, NamedTuple

from analytics_lib.charts.links import anchor, filled
from analytics_lib.charts.pages import Html
from analytics_lib.charts.style import QUIET
from analytics_lib.charts.texts import cut, for_page
from analytics_lib.charts.verdict import money
from analytics_lib.charts.words import Language, absent, count, day, duration, label, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from analytics_lib.charts.person_given import Person
    from analytics_lib.charts.style import Record

_LONGEST, _QUOTED = 60, 90
_KEYS = ("event_id", "action_id", "message_id", "order_id")
_SMALL = f"font-size:12.5px;color:{QUIET}"
_CART = "abandoned_cart"
# What kind of fact each rule speaks from.
RULES = {
    "answer_escalation": "escalated",
    "answer_question": "unanswered_question",
    "call_about_failure": "failed_action",
    "follow_up_escalation": "csat",
    "ask_what_went_wrong": "csat",
    "assign_agent": "escalated",
    "remind_of_cart": _CART,
    "send_size_guide": "repeated_question",
    "win_back": "order",
}


class Fact(NamedTuple):
    """One fact: ``kind`` is a trouble, ``order`` or ``csat``; ``row`` holds what is known of it."""

    number: int
    kind: str
    row: Record


def facts_of(person: Person) -> list[Fact]:
    """Troubles, orders, refunds and answers to the survey, numbered in order of time."""
    troubles = [(row["at_local"], row["kind"], row) for row in person.pain_points.to_dict("records")]
    orders = [(row["ordered_local"], "order", row) for row in person.purchases.orders.to_dict("records")]
    answered = person.conversations[person.conversations["csat"].notna()]
    answers = [(row["last_local"], "csat", row) for row in answered.to_dict("records")]
    # Sorting is stable: at one instant, in the order of the frames.
    found = sorted([*troubles, *orders, *answers], key=lambda each: each[0])
    return [
        Fact(number, kind, {**row, "at_local": at}) for number, (at, kind, row) in enumerate(found, start=1)
    ]


def fact_behind(facts: Iterable[Fact], step: Record) -> Fact | None:
    """The fact that made a recommendation; None where it is a message that is no trouble.

    Args:
        facts: Of the person.
        step: One recommendation.
    """
    kind = RULES.get(step["rule"])
    alike = [fact for fact in facts if fact.kind == kind]
    if kind == "csat":
        return next((fact for fact in alike if fact.row["conversation_id"] == step["conversation_id"]), None)
    return next((fact for fact in alike if _same(fact.row, step)), None)


def fact_name(number: int, language: Language) -> str:
    """What readers call a fact: ``hecho 3``."""
    return say("person.fact", language, number=count(number, language))


def fact_words(fact: Fact, language: Language) -> str:
    """A fact in plain words, such as ``Carrito abandonado: Botas (COP 10)``."""
    row = fact.row
    if fact.kind == "order":
        kind = say(f"person.order.{row['kind']}", language)
        return f"{kind}: {money(row['amount'], str(row['currency']), language)}"
    if fact.kind == "csat":
        return say("person.csat", language, value=count(row["csat"], language))
    said = say("person.cart", language) if fact.kind == _CART else label("mark", fact.kind, language)
    detail = ", ".join(_details(fact, language))
    return f"{cut(said, _LONGEST, language)}: {detail}" if detail else said


def moment(at: pd.Timestamp, language: Language) -> str:
    """A day with its time, such as ``3 nov 2026, 14:05``."""
    return f"{day(at, language)}, {at:%H:%M}"


def evidence_table(
    person: Person, facts: Sequence[Fact], cited: Iterable[int], *, language: Language
) -> Html:
    """The numbered facts: those that the page points to, and folded below them the others.

    Args:
        person: Whose facts they are.
        facts: All of them.
        cited: Numbers of those that the page points to.
        language: es or en.
    """
    if not facts:
        return Html(f"<p>{html.escape(say('person.facts.none', language))}</p>")
    shown = set(cited)
    channels = dict(
        zip(person.conversations["conversation_id"], person.conversations["channel"], strict=True)
    )
    pointed = [fact for fact in facts if fact.number in shown]
    others = [fact for fact in facts if fact.number not in shown]
    parts = [_table(pointed, channels, language)] if pointed else []
    if others:
        summary = say("person.facts.others", language, n=count(len(others), language))
        table = _table(others, channels, language)
        parts.append(f"<details><summary>{html.escape(summary)}</summary>{table}</details>")
    return Html("".join(parts))


def _same(row: Record, step: Record) -> bool:
    ids = [key for key in _KEYS if not absent(step[key])]
    return bool(row["at_local"] == step["at_local"] and any(row.get(key) == step[key] for key in ids))


def _table(facts: Iterable[Fact], channels: dict[str, str], language: Language) -> str:
    heads = "".join(
        f'<th scope="col">{html.escape(name)}</th>' for name in say("person.facts.head", language).split("|")
    )
    rows = "".join(_row(fact, channels, language) for fact in facts)
    return f'<table style="width:100%"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _row(fact: Fact, channels: dict[str, str], language: Language) -> str:
    row = fact.row
    what = for_page(cut(fact_words(fact, language), 2 * _LONGEST, language))
    quoted = row.get("text")
    if not absent(quoted):
        quote = filled("quote", language, text=for_page(cut(str(quoted).strip(), _QUOTED, language)))
        what += f"<br>{quote}"
    cells = [
        f"<span {anchor(fact.number)}>{count(fact.number, language)}</span>",
        html.escape(moment(row["at_local"], language)),
        what,
        _where(row["conversation_id"], channels, language),
    ]
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _where(talk: object, channels: dict[str, str], language: Language) -> str:
    if absent(talk):
        return f'<span style="{_SMALL}">{html.escape(say("person.outside", language))}</span>'
    name = for_page(cut(str(talk), _LONGEST, language))
    channel = channels.get(str(talk))
    about = "" if channel is None else for_page(cut(label("channel", channel, language), _LONGEST, language))
    return f'<span style="overflow-wrap:anywhere">{name}</span><br><span style="{_SMALL}">{about}</span>'


def _details(fact: Fact, language: Language) -> list[str]:
    row = fact.row
    if fact.kind == _CART:
        named = row["product"] if not absent(row["product"]) else row["product_id"]
        parts = [] if absent(named) else [cut(str(named), _LONGEST, language)]
        parts += [say("person.cart.more", language, n=count(row["n"], language))] if row["n"] > 1 else []
        return parts + ([] if absent(row["value"]) else [money(row["value"], None, language)])
    if fact.kind == "long_silence":
        return [duration(row["value"], language)]
    if absent(row["name"]):
        return []
    kind = "escalation_reason" if fact.kind == "escalated" else "name"
    return [cut(label(kind, row["name"], language), _LONGEST, language)]
