"""The facts of one conversation in compact tables; where the data cannot say, a dash and why."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, NamedTuple

from analytics_lib.charts.links import filled, to_message
from analytics_lib.charts.marks import feeling, signed
from analytics_lib.charts.pages import Html
from analytics_lib.charts.style import QUIET
from analytics_lib.charts.texts import cut, for_page
from analytics_lib.charts.verdict import address_forms, interval, money
from analytics_lib.charts.words import (
    UNKNOWN,
    Language,
    absent,
    count,
    counted,
    day,
    duration,
    label,
    number,
    say,
    share,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from analytics_lib.charts.reviewed import BusinessFacts, LanguageFacts, Reviewed, ServiceFacts
    from analytics_lib.charts.style import Record

_LONGEST = 120
_MOST_PRODUCTS = 5
# Whoever comes this far has bought, and so has everybody comparable.
_BOUGHT = "purchase_completed"
# Two abreast where there is room, one below the other on a phone.
_SIDE_BY_SIDE = "display:flex;flex-wrap:wrap;gap:16px 28px;align-items:flex-start"
_TABLE = "flex-grow:1;width:44%;min-width:280px"
_NOTE = f"font-size:12.5px;color:{QUIET}"


class _Fact(NamedTuple):
    """A row: its key in the catalogue, its value and a note (of what, or why not), both HTML."""

    key: str
    value: str
    note: str = ""


def facts(review: Reviewed, *, language: Language = "es") -> Html:
    """What it was, how it was written and served, what it was worth: a value and its n, or why there is none.

    Args:
        review: The conversation as read: its parts ``metadata language performance business``.
        language: es or en.
    """
    if review.timeline.conversation.empty:
        return Html(f"<p>{html.escape(say('chat.none', language))}</p>")
    groups = {
        "metadata": _metadata(review.metadata, language),
        "language": _language(review.language, language),
        "performance": _performance(review.performance, review.metadata, language),
        "business": _business(review.business, language),
    }
    tables = "".join(_table(group, found, language) for group, found in groups.items())
    return Html(f'<div style="{_SIDE_BY_SIDE}">{tables}</div>')


def _table(group: str, found: Iterable[_Fact], language: Language) -> str:
    caption = f"<caption><strong>{html.escape(say(f'facts.{group}', language))}</strong></caption>"
    rows = "".join(_row(fact, language) for fact in found)
    return f'<table style="{_TABLE}">{caption}<tbody>{rows}</tbody></table>'


def _row(fact: _Fact, language: Language) -> str:
    name = html.escape(say(f"fact.{fact.key}", language))
    note = f'<br><span style="{_NOTE}">{fact.note}</span>' if fact.note else ""
    return f'<tr><td style="width:42%">{name}</td><td>{fact.value}{note}</td></tr>'


def _said(value: object, kind: str, language: Language) -> str:
    return UNKNOWN if absent(value) else for_page(cut(label(kind, value, language), _LONGEST, language))


def _why(reason: str, language: Language) -> str:
    return html.escape(say(f"why.{reason}", language))


def _unless(value: object, reason: str, language: Language) -> str:
    return _why(reason, language) if absent(value) else ""


def _of(n: float, noun: str, language: Language) -> str:
    return html.escape(say("fact.n", language, n=counted(n, noun, language)))


def _metadata(row: pd.Series, language: Language) -> Iterator[_Fact]:
    started = f"{day(row['started_local'], language)}, {row['started_local']:%H:%M}"
    yield _Fact("channel", _said(row["channel"], "channel", language))
    yield _Fact("started", html.escape(started))
    for name in ("entry_point", "city"):
        yield _Fact(name, _said(row[name], name, language), _unless(row[name], "not_given", language))
    unknown = "not_given" if not absent(row["duration_seconds"]) else "open"
    yield _Fact(
        "outcome", _said(row["outcome"], "outcome", language), _unless(row["outcome"], unknown, language)
    )
    resolved = row["resolved"]
    said = UNKNOWN if absent(resolved) else html.escape(say("yes" if resolved else "no", language))
    yield _Fact("resolved", said, _unless(resolved, unknown, language))
    for name, best in (("csat", 5), ("nps", 10)):
        known = not absent(row[name])
        value = say("fact.out_of", language, value=int(row[name]), best=best) if known else UNKNOWN
        missing = "open" if unknown == "open" else "not_answered"
        yield _Fact(name, html.escape(value), _unless(row[name], missing, language))
    lasted = duration(row["duration_seconds"], language)
    yield _Fact("duration", html.escape(lasted), _unless(row["duration_seconds"], "open", language))
    senders = [
        f"{say(f'sender.{sender}', language)} {count(row[f'{sender}_messages'], language)}"
        for sender in ("user", "bot", "agent")
    ]
    yield _Fact("messages", count(row["messages"], language), html.escape(", ".join(senders)))
    yield _Fact("turns", count(row["turns"], language))


def _language(written: LanguageFacts, language: Language) -> Iterator[_Fact]:
    yield _Fact(
        "main_language",
        _said(written.main, "main_language", language),
        _unless(written.main, "no_text", language),
    )
    n = len(written.sentiment)
    mean, trend = written.mean_sentiment, written.sentiment_trend
    known = UNKNOWN if absent(mean) else html.escape(feeling(mean, language))
    yield _Fact("sentiment", known, _of(n, "detections", language) if n else _why("no_sentiment", language))
    compared = _why("few_sentiments", language) if absent(trend) else _of(n, "detections", language)
    yield _Fact("sentiment_trend", signed(trend, language), compared)
    for row in written.bot_quality.to_dict("records"):
        yield _quality(row, language)


def _quality(row: Record, language: Language) -> _Fact:
    """One measure of the bot's texts; ``count`` of ``n``, or a score."""
    measure, detail = row["measure"], row["detail"]
    if absent(row["value"]):
        return _Fact(measure, UNKNOWN, _why(measure, language))
    if measure == "readability":
        return _Fact(measure, number(row["value"], language), _of(row["n"], "written", language))
    known = "" if absent(detail) else address_forms(detail, language) if measure == "address" else detail
    shown = for_page(cut(known, _LONGEST, language))
    return _Fact(measure, _part(row["count"], row["n"], language), shown)


def _part(n: float, of: float, language: Language) -> str:
    """A count, of how many, and the share it makes."""
    said = say("fact.part", language, n=count(n, language), of=count(of, language))
    return html.escape(f"{said} ({share(n / of, language)})" if of else said)


def _performance(served: ServiceFacts, metadata: pd.Series, language: Language) -> Iterator[_Fact]:
    called = served.escalation is not None and not absent(served.escalation["wait_seconds"])
    for replier, missing in (("bot", "no_replies"), ("agent", "after_bot" if called else "no_replies")):
        rows = served.waits[served.waits["replier"] == replier]
        why = missing if metadata[f"{replier}_messages"] else f"no_{replier}"
        yield _wait(replier, rows, why, language)
    yield from _recognition(served.recognition, language)
    yield _actions(served.actions, language)
    yield _escalation(served.escalation, language)


def _wait(replier: str, rows: pd.DataFrame, missing: str, language: Language) -> _Fact:
    if rows.empty:
        return _Fact(f"{replier}_wait", UNKNOWN, _why(missing, language))
    row = rows.iloc[0]
    sizes = {
        name: html.escape(duration(row[f"{name}_seconds"], language))
        for name in ("first", "median", "longest")
    }
    link = to_message(row["longest_position"], language)
    value = filled("fact.wait", language, message=link, **sizes)
    return _Fact(f"{replier}_wait", value, _of(row["replies"], "replies", language))


def _recognition(row: pd.Series, language: Language) -> Iterator[_Fact]:
    scored, mean = row["scored"], row["mean_confidence"]
    note = _of(scored, "detections", language) if scored else _why("no_confidence", language)
    yield _Fact("mean_confidence", number(mean, language, digits=2), note)
    for name, of in (("low_confidence", "scored"), ("fallbacks", "detections"), ("correct", "reviewed")):
        known = not absent(row[name])
        value = _part(row[name], row[of], language) if known else UNKNOWN
        yield _Fact(name, value, "" if known else _why(f"no_{of}", language))


def _actions(frame: pd.DataFrame, language: Language) -> _Fact:
    known = int(frame["succeeded"].sum() + frame["failed"].sum())
    if not known:
        return _Fact("actions", UNKNOWN, _why("no_actions", language))
    failed = frame[frame["failed"] > 0]
    names = ", ".join(
        f"{for_page(cut(str(row['name']), _LONGEST, language))} ({count(row['failed'], language)})"
        for row in failed.to_dict("records")
    )
    note = filled("fact.failed", language, names=names) if names else ""
    return _Fact("actions", _part(frame["succeeded"].sum(), known, language), note)


def _escalation(row: pd.Series | None, language: Language) -> _Fact:
    if row is None:
        return _Fact("escalation", html.escape(say("no", language)))
    wait = row["wait_seconds"]
    joined = say("fact.joined", language, wait=duration(wait, language))
    note = say(
        "fact.before",
        language,
        turns=counted(row["turns_before"], "turns", language),
        failures=counted(row["failures_before"], "failures", language),
        joined=say("fact.never_joined", language) if absent(wait) else joined,
    )
    when = html.escape(say("fact.after", language, time=duration(row["seconds"], language)))
    reason = "" if absent(row["reason"]) else f": {_said(row['reason'], 'escalation_reason', language)}"
    return _Fact("escalation", when + reason, html.escape(note))


def _business(worth: BusinessFacts, language: Language) -> Iterator[_Fact]:
    yield _products(worth.products, language)
    yield _Fact("stage", _said(worth.stage, "event", language), _unless(worth.stage, "no_events", language))
    yield _orders(worth, language)
    revenue = money(worth.revenue, worth.currency, language)
    missing = "no_orders" if worth.orders.empty else "several_currencies"
    yield _Fact("revenue", for_page(revenue), _unless(worth.revenue, missing, language))
    foreseen = worth.foreseen_conversion
    if not absent(foreseen):
        note = html.escape(say("fact.foreseen", language))
        yield _Fact("foreseen_conversion", html.escape(share(foreseen, language)), note)
    for row in worth.comparable.to_dict("records"):
        if absent(foreseen) or row["measure"] != "conversion":
            yield _comparable(row, worth, language)


def _orders(worth: BusinessFacts, language: Language) -> _Fact:
    """How many orders; none is a 0 only where the data know orders, of which the currency is the sign."""
    if worth.orders.empty and not worth.currency:
        return _Fact("orders", UNKNOWN, _why("no_orders", language))
    return _Fact("orders", count(len(worth.orders), language))


def _comparable(row: Record, worth: BusinessFacts, language: Language) -> _Fact:
    """One measure of the comparable conversations, with its interval and n."""
    measure = row["measure"]
    if measure == "conversion" and worth.stage == _BOUGHT:
        return _Fact(f"comparable_{measure}", UNKNOWN, _why("bought", language))
    if absent(row["value"]):
        return _Fact(f"comparable_{measure}", UNKNOWN, _why(_incomparable(measure, worth), language))
    noun = "answers" if measure == "satisfaction" else "comparable"
    value = for_page(interval(row, language, currency=worth.currency))
    note = _of(row["n"], noun, language)
    if measure == "conversion":
        note += html.escape(say("fact.observed", language))
    return _Fact(f"comparable_{measure}", value, note)


def _incomparable(measure: str, worth: BusinessFacts) -> str:
    """Why a measure of the comparable ones is not known: there are none, or they do not tell it."""
    if not (worth.comparable["n"] > 0).any():
        return "no_comparable"
    if measure != "revenue":
        return "none_answered"
    return "no_single_currency" if worth.orders.empty else "several_currencies"


def _products(frame: pd.DataFrame, language: Language) -> _Fact:
    if frame.empty:
        return _Fact("products", UNKNOWN, _why("no_products", language))
    names = [
        _said(row["product_id"] if absent(row["product"]) else row["product"], "product", language)
        for row in frame.head(_MOST_PRODUCTS).to_dict("records")
    ]
    more = len(frame) - len(names)
    rest = html.escape(say("fact.more", language, n=count(more, language))) if more else ""
    return _Fact("products", ", ".join(names), rest)
