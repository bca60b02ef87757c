"""What to do for one person: each step with the rule that asks for it and the fact that shows it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from analytics_lib.charts.links import filled
from analytics_lib.charts.pages import Html
from analytics_lib.charts.person_facts import Fact, fact_behind, fact_name, fact_words, facts_of, moment
from analytics_lib.charts.texts import cut, for_page
from analytics_lib.charts.verdict import money
from analytics_lib.charts.words import Language, absent, count, label, number, say

if TYPE_CHECKING:
    from analytics_lib.charts.person_given import Person
    from analytics_lib.charts.style import Record

_LONGEST, _QUOTED = 60, 90


def recommendations(person: Person, *, language: Language = "es") -> Html:
    """What to do, the most pressing first: the step, the rule that asks for it, and its evidence."""
    if person.recommendations.empty:
        return Html(f"<p>{html.escape(say('person.todo.none', language))}</p>")
    facts = facts_of(person)
    items = []
    for step in person.recommendations.to_dict("records"):
        behind = fact_behind(facts, step)
        why = html.escape(_why(step, language), quote=False)
        head = f"<strong>{for_page(step_words(step, language))}</strong>"
        items.append(f"<li>{head}<br>{why}{_evidence(step, behind, language)}</li>")
    return Html(f"<ol>{''.join(items)}</ol>")


def step_words(step: Record, language: Language) -> str:
    """The step, with what it concerns."""
    named = label("person.do", step["rule"], language)
    about = step["product"] if not absent(step["product"]) else step["name"]
    if absent(about) or step["rule"] not in {"remind_of_cart", "call_about_failure"}:
        return named
    if about == step["name"]:
        about = label("event", about, language)
    return f"{named}: {cut(str(about), _LONGEST, language)}"


def _why(step: Record, language: Language) -> str:
    pieces = {
        "n": count(step["n"], language),
        "value": number(step["value"], language),
        "score": count(step["value"], language),
        "moment": moment(step["at_local"], language),
        "worth": money(step["value"], None, language),
    }
    return say(f"person.why.{step['rule']}", language, **pieces)


def _evidence(step: Record, behind: Fact | None, language: Language) -> str:
    if behind is not None:
        link = f'<a href="#message-{behind.number}">{html.escape(fact_name(behind.number, language))}</a>'
        return f"<br>{link}: {for_page(fact_words(behind, language))}{_quote(step, language)}"
    talk = step["conversation_id"]
    where = "" if absent(talk) else f"<br>{for_page(cut(str(talk), _LONGEST, language))}"
    return where + _quote(step, language)


def _quote(step: Record, language: Language) -> str:
    if absent(step["text"]):
        return ""
    return f" {filled('quote', language, text=for_page(cut(str(step['text']).strip(), _QUOTED, language)))}"
