"""What one conversation comes to, in sentences: what went wrong first, what it cost, what would have helped.

Every claim leads to the message that shows it. Nothing is judged here: troubles, costs and opportunities are
what the review found.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.charts.links import evidence, filled, to_message
from analytics_lib.charts.marks import NEGATIVE, TROUBLES, feeling, in_html
from analytics_lib.charts.pages import Html
from analytics_lib.charts.style import SMALL_SHARE_N
from analytics_lib.charts.texts import cut, for_page
from analytics_lib.charts.words import (
    UNKNOWN,
    Language,
    absent,
    count,
    counted,
    duration,
    label,
    number,
    say,
    share,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analytics_lib.charts.reviewed import BusinessFacts, LanguageFacts, Reviewed, ServiceFacts
    from analytics_lib.charts.style import Record

_LONGEST_NAME = 80
_FEW_MOODS = 2
# From here on nobody reads the cents.
_WHOLE_FROM = 100
# What can only be told once nobody is going to write any more.
_NEEDS_END = ("dead_end", "unanswered_question")
# How the value of an opportunity is written, where it has one to show.
_IN_SECONDS = frozenset({"shorten_bot_wait", "shorten_agent_wait"})
_IN_MONEY = frozenset({"recover_purchase"})
_IN_POINTS = frozenset({"calm_customer", "simplify_texts"})
_NAMED_BY = {"recover_purchase": "event", "train_intent": "intent", "avoid_escalation": "escalation_reason"}


def verdict(review: Reviewed, *, language: Language = "es") -> Html:
    """The answer in three paragraphs, each claim with a link to its message.

    Args:
        review: The conversation as read: its parts ``metadata timeline key_moments language performance
            business opportunities`` are used.
        language: es or en.
    """
    troubles = review.key_moments[review.key_moments["kind"].isin(list(TROUBLES))]
    if review.timeline.messages.empty:
        return Html(f"<p>{html.escape(say('verdict.no_messages', language))}</p>")
    first = _nothing_wrong(review, language) if troubles.empty else _first_trouble(review, troubles, language)
    cost = " ".join(_costs(review, troubles, language)) or html.escape(say("verdict.no_cost", language))
    parts = {"first" if len(troubles) else "nothing": first, "cost": cost, "help": _help(review, language)}
    paragraphs = (
        f"<p><strong>{html.escape(say(f'verdict.{name}', language))}</strong> {text}</p>"
        for name, text in parts.items()
    )
    return Html("".join(paragraphs))


def opportunities(
    frame: pd.DataFrame, messages: pd.DataFrame, *, language: Language = "es", currency: str | None = None
) -> Html:
    """What would have helped, the most worthwhile first, each with its evidence.

    Args:
        frame: ``kind name position n value``, in order.
        messages: The messages they lead to: ``position kind text``.
        language: es or en.
        currency: Of what comparable conversations brought, if known.
    """
    if frame.empty:
        return Html(f"<p>{html.escape(say('opportunities.none', language))}</p>")
    items = []
    for row in frame.to_dict("records"):
        shown = evidence(messages, row["position"], language)
        items.append(
            f"<li><strong>{_remedy(row, language, currency)}</strong>{'<br>' * bool(shown)}{shown}</li>"
        )
    return Html(f"<ol>{''.join(items)}</ol>")


def money(value: float, currency: str | None, language: Language) -> str:
    """An amount in its currency, as plain text; without one where it is not known."""
    if absent(value):
        return UNKNOWN
    amount = number(value, language, digits=0 if abs(value) >= _WHOLE_FROM else 2)
    return f"{amount}\u00a0{cut(currency, _LONGEST_NAME, language)}" if currency else amount


def interval(row: Record, language: Language, *, currency: str | None = None) -> str:
    """A value with its 95 % interval, as plain text: an amount where it is of revenue, else a share.

    A value that is not known is a dash; one without an interval says that it has none.

    Args:
        row: ``measure value low high``.
        language: es or en.
        currency: Of an amount, if known.
    """
    values = {name: row[name] for name in ("value", "low", "high")}
    if row["measure"] == "revenue":
        written = {name: money(value, currency, language) for name, value in values.items()}
    else:
        written = {name: share(value, language) for name, value in values.items()}
    if absent(row["value"]):
        return UNKNOWN
    known = not (absent(row["low"]) or absent(row["high"]))
    return say("interval" if known else "interval.none", language, **written)


def _first_trouble(review: Reviewed, troubles: pd.DataFrame, language: Language) -> str:
    moment = troubles.iloc[0].to_dict()
    at = moment["seconds"]
    when = (
        say("verdict.at_start", language)
        if at < 1
        else say("verdict.at", language, time=duration(at, language))
    )
    shown = evidence(review.timeline.messages, moment["position"], language)
    said = filled(
        "verdict.first.text" if shown else "verdict.first.unseen",
        language,
        when=html.escape(when),
        what=in_html(moment, language),
        evidence=shown,
    )
    later = troubles["kind"].iloc[1:].value_counts()
    if later.empty:
        return f"{said} {html.escape(say('verdict.only', language))}"
    kinds = ", ".join(f"{label('mark', kind, language)} ({count(n, language)})" for kind, n in later.items())
    n = counted(int(later.sum()), "problems", language)
    return f"{said} {html.escape(say('verdict.later', language, n=n, kinds=kinds), quote=False)}"


def _nothing_wrong(review: Reviewed, language: Language) -> str:
    over = bool(review.metadata["over"])
    checked = [kind for kind in TROUBLES if over or kind not in _NEEDS_END]
    names = ", ".join(say(f"mark.{kind}", language) for kind in checked)
    n = counted(review.metadata["messages"], "messages", language)
    text = say("verdict.checked", language, n=n, kinds=names)
    still_open = "" if over else f" {say('verdict.open', language)}"
    return html.escape(text + still_open + _low_mood(review.language, language), quote=False)


def _low_mood(written: LanguageFacts, language: Language) -> str:
    """That a customer was upset, though nothing that is looked for happened; empty where nobody was."""
    n = len(written.sentiment)
    if n < _FEW_MOODS or written.mean_sentiment > NEGATIVE:
        return ""
    said = counted(n, "detections", language)
    return f" {say('verdict.low_mood', language, mood=feeling(written.mean_sentiment, language), n=said)}"


def _costs(review: Reviewed, troubles: pd.DataFrame, language: Language) -> Iterator[str]:
    messages = review.timeline.messages
    yield from _waited(review, language)
    yield from _called_in(review.performance, language)
    if len(troubles):
        later = messages[messages["seconds"] > troubles["seconds"].iloc[0]]
        n = int(later["response_time_seconds"].notna().sum())
        turns = say("verdict.turns", language, n=counted(n, "turns", language))
        yield html.escape(turns if n else say("verdict.no_turns", language))
    if (review.opportunities["kind"] == "recover_purchase").any():
        yield _lost(review.business, language)


def _waited(review: Reviewed, language: Language) -> Iterator[str]:
    if not (review.timeline.messages["sender"] == "user").any():
        yield html.escape(say("story.no_user", language)) + "."
        return
    waits = _waits(review)
    if waits.empty:
        nobody = "verdict.nobody" if review.metadata["over"] else "verdict.nobody_yet"
        yield html.escape(say(nobody, language))
        return
    longest = to_message(waits.index[int(waits.argmax())], language)
    sizes = {"total": duration(waits.sum(), language), "longest": duration(waits.max(), language)}
    yield filled("verdict.waited", language, message=longest, **sizes)


def _waits(review: Reviewed) -> pd.Series:
    """Seconds waited, by the position of the message that ended it.

    For replies, and in long silences after the shop had told the customer to wait: the reply was only that.
    """
    messages = review.timeline.messages.set_index("position")
    replies = messages["response_time_seconds"].dropna().astype(float)
    silences = review.key_moments[review.key_moments["kind"] == "long_silence"].set_index("position")["value"]
    after_shop = messages.index[messages["sender"].shift() != "user"]
    told_to_wait = silences[silences.index.isin(after_shop)].astype(float)
    return pd.concat([replies, told_to_wait]) if len(told_to_wait) else replies


def _called_in(performance: ServiceFacts, language: Language) -> Iterator[str]:
    if performance.escalation is None:
        return
    wait = performance.escalation["wait_seconds"]
    key = "verdict.agent_never" if absent(wait) else "verdict.agent_wait"
    yield html.escape(say(key, language, wait=duration(wait, language)))


def _lost(business: BusinessFacts, language: Language) -> str:
    """The purchase that was left: what a model gave it in the end, else what became of comparable ones."""
    rows = {row["measure"]: row for row in business.comparable.to_dict("records")}
    stage = for_page(label("event", business.stage, language))
    conversion, revenue = rows["conversion"], rows["revenue"]
    if not absent(business.foreseen_conversion):
        expected = html.escape(share(business.foreseen_conversion, language))
        return filled("verdict.lost.foreseen", language, stage=stage, conversion=expected)
    if not conversion["n"]:
        return filled("verdict.lost.alone", language, stage=stage)
    n = counted(conversion["n"], "comparable", language)
    few = f" {say('few', language)}" if conversion["n"] < SMALL_SHARE_N else ""
    sizes = {"n": html.escape(n + few), "conversion": html.escape(interval(conversion, language))}
    said = filled("verdict.lost", language, stage=stage, **sizes)
    if absent(revenue["value"]):
        return said
    brought = interval(revenue, language, currency=business.currency)
    return f"{said} {html.escape(say('verdict.revenue', language, revenue=brought))}"


def _help(review: Reviewed, language: Language) -> str:
    if review.opportunities.empty:
        return html.escape(say("opportunities.none", language))
    top = review.opportunities.iloc[0].to_dict()
    shown = evidence(review.timeline.messages, top["position"], language)
    return f"{_remedy(top, language, review.business.currency)}{f' ({shown})' if shown else ''}."


def _remedy(row: Record, language: Language, currency: str | None) -> str:
    """What to do, with what it concerns and how much."""
    named = label("opportunity", row["kind"], language)
    text = (
        for_page(cut(named, _LONGEST_NAME, language))
        if named == row["kind"]
        else html.escape(named, quote=False)
    )
    if not absent(row["name"]):
        text += f": {for_page(cut(_named(row, language), _LONGEST_NAME, language))}"
    sizes = [*_times(row, language), *_worth(row, language, currency)]
    return text + (f" ({html.escape(', '.join(sizes))})" if sizes else "")


def _named(row: Record, language: Language) -> str:
    if row["kind"] == "keep_address":
        return address_forms(row["name"], language)
    return label(_NAMED_BY.get(row["kind"], "name"), row["name"], language)


def address_forms(counts: str, language: Language) -> str:
    """How often each form of address is used, such as ``tu 6, usted 2``, as readers spell the forms."""
    forms = (each.rpartition(" ") for each in counts.split(", "))
    return ", ".join(f"{label('address', form, language)}\u00a0{n}" for form, _, n in forms)


def _times(row: Record, language: Language) -> list[str]:
    return [say("opportunity.times", language, n=count(row["n"], language))] if row["n"] > 1 else []


def _worth(row: Record, language: Language, currency: str | None) -> list[str]:
    if absent(row["value"]):
        return []
    if row["kind"] in _IN_SECONDS:
        return [say("opportunity.seconds", language, duration=duration(row["value"], language))]
    if row["kind"] in _IN_MONEY:
        return [say("opportunity.money", language, amount=money(row["value"], currency, language))]
    if row["kind"] in _IN_POINTS:
        return [say("opportunity.points", language, value=number(row["value"], language))]
    return []
