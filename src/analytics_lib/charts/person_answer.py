"""One person in sentences: who they are to the shop, what hurt, and what to do, each with its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.charts.marks import signed
from analytics_lib.charts.pages import Markdown
from analytics_lib.charts.person_advice import step_words
from analytics_lib.charts.person_facts import Fact, fact_behind, fact_name, facts_of
from analytics_lib.charts.texts import cut, inert
from analytics_lib.charts.verdict import money
from analytics_lib.charts.words import (
    Language,
    absent,
    count,
    counted,
    day,
    days,
    label,
    number,
    say,
    share,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analytics_lib.charts.person_given import Person, TrendFacts

SHORT_ID = 8
_LONGEST = 60
_MOST_KINDS = 4
# Under so many, a most frequent hour is one of chance.
_LEAST_HOURS = 10


def short_id(user_id: str) -> str:
    """The beginning of a person's id, enough to find them by."""
    return user_id if len(user_id) <= SHORT_ID else f"{user_id[:SHORT_ID]}…"


def answer(person: Person, *, language: Language = "es") -> Markdown:
    """The person in a few sentences, each with its n; what hurt leads to the facts that show it.

    Args:
        person: The journey: its parts are used by the names of ``person_given``.
        language: es or en.
    """
    facts = facts_of(person)
    parts = [
        _who(person, language),
        _habits(person, language),
        _bought(person, language),
        _likes(person, language),
        _hurt(person, facts, language),
        _mood(person, language),
        _next(person, facts, language),
    ]
    return Markdown("\n\n".join(part for part in parts if part))


def cited_facts(person: Person) -> set[int]:
    """The numbers of the facts that the sentences and recommendations point to."""
    facts = facts_of(person)
    behind = [fact_behind(facts, step) for step in person.recommendations.to_dict("records")]
    return {fact.number for fact in [*behind, *_latest(facts)] if fact is not None}


def _who(person: Person, language: Language) -> str:
    who = person.person
    about = [cut(str(who[name]), _LONGEST, language) for name in ("segment", "city") if not absent(who[name])]
    return say(
        "person.answer.who",
        language,
        user=inert(short_id(person.user_id)),
        about=f" ({inert(', '.join(about))})" if about else "",
        days=days(person.since, person.until, language),
        amounts=_amounts(person, language),
        active=counted(who["days"], "person.days", language),
        first=day(who["first_local"], language),
        last=day(who["last_local"], language),
    )


def _amounts(person: Person, language: Language) -> str:
    """How much there is of them, of what the store records at all."""
    who = person.person
    parts = {
        "conversations": counted(who["conversations"], "conversations", language),
        "messages": counted(who["own_messages"], "person.own", language),
        "events": counted(who["events"], "person.events", language),
    }
    *before, last = [said for part, said in parts.items() if part in person.known] or [""]
    listed = say("and", language).join([*([", ".join(before)] if before else []), last])
    return f"{listed}; " if listed else ""


def _habits(person: Person, language: Language) -> str:
    said = []
    channels = person.channels
    if len(channels) and channels["conversations"].sum():
        first = channels.iloc[0]
        said.append(
            say(
                "person.answer.channel",
                language,
                channel=inert(cut(label("channel", first["channel"], language), _LONGEST, language)),
                n=count(first["conversations"], language),
                total=counted(channels["conversations"].sum(), "conversations", language),
            )
        )
    return " ".join([*said, _typical(person.times, language)]).strip()


def _typical(times: pd.DataFrame, language: Language) -> str:
    """The weekday and the hour at which the person is there most, from ten hours on."""
    total = int(times["days"].sum())
    n = counted(total, "person.hours", language)
    if total < _LEAST_HOURS:
        return say("person.answer.times_few", language, n=n) if total else ""
    by_weekday, by_hour = (times.groupby(name)["days"].sum() for name in ("weekday", "hour"))
    return say(
        "person.answer.times",
        language,
        weekday=say(f"person.weekday.{by_weekday.idxmax()}", language),
        hour=f"{by_hour.idxmax()}:00",
        weekday_share=share(by_weekday.max() / total, language),
        hour_share=share(by_hour.max() / total, language),
        n=n,
    )


def _bought(person: Person, language: Language) -> str:
    bought = person.purchases
    if bought.count is None:
        return say("person.answer.orders_unknown", language)
    if not bought.count:
        return say("person.answer.nothing_bought", language)
    amounts = [
        money(row["amount"], str(row["currency"]), language)
        for row in bought.by_currency.to_dict("records")
        if row["purchases"]
    ]
    said = [
        say(
            "person.answer.bought",
            language,
            n=counted(bought.count, "person.purchases", language),
            amounts=inert(say("and", language).join(amounts)),
            rate=number(bought.per_30_days, language),
            recency=number(bought.recency_days, language),
        )
    ]
    if not absent(bought.median_days_between):
        said.append(say("person.answer.gap", language, days=number(bought.median_days_between, language)))
    refunds = int(bought.by_currency["refunds"].sum())
    said += (
        [say("person.answer.refunds", language, n=counted(refunds, "person.refunds", language))]
        if refunds
        else []
    )
    return " ".join(said)


def _likes(person: Person, language: Language) -> str:
    said = []
    for kind in ("category", "product", "intent"):
        rows = person.preferences[person.preferences["kind"] == kind]
        if rows.empty:
            continue
        first = rows.iloc[0]
        named = first["value"] if absent(first["name"]) else first["name"]
        said.append(
            say(
                f"person.answer.{kind}",
                language,
                name=inert(
                    cut(label("intent" if kind == "intent" else "name", named, language), _LONGEST, language)
                ),
                n=counted(first["occasions"], "person.occasions", language),
                share=share(first["share"], language),
            )
        )
    return say("person.answer.likes", language, parts="; ".join(said)) if said else ""


def _hurt(person: Person, facts: Sequence[Fact], language: Language) -> str:
    total = len(person.pain_points)
    if not total:
        unseen = {"conversations", "stages"}.isdisjoint(person.known)
        return say(f"person.answer.{'trouble_unknown' if unseen else 'no_trouble'}", language)
    latest = {fact.kind: fact for fact in _latest(facts)}
    counts = person.pain_points["kind"].value_counts()
    kinds = [
        say(
            "person.answer.kind",
            language,
            kind=inert(_kind(str(kind), language)),
            n=count(n, language),
            fact=_pointer(latest[str(kind)], language),
        )
        for kind, n in counts.head(_MOST_KINDS).items()
    ]
    more = len(counts) - len(kinds)
    kinds += [say("person.answer.kinds_more", language, n=count(more, language))] if more > 0 else []
    return say(
        "person.answer.trouble",
        language,
        n=counted(total, "person.problems", language),
        kinds="; ".join(kinds),
    )


def _mood(person: Person, language: Language) -> str:
    satisfied, said = person.satisfaction, []
    if satisfied.csat.n:
        said.append(
            say(
                "person.answer.csat",
                language,
                mean=number(satisfied.csat.mean, language),
                n=counted(satisfied.csat.n, "person.answers", language),
                trend=trend_words(satisfied.csat, language),
            )
        )
    else:
        key = "person.answer.csat_none" if "csat" in person.known else "person.answer.csat_unknown"
        said.append(say(key, language))
    if satisfied.scored:
        said.append(
            say(
                "person.answer.sentiment",
                language,
                mean=signed(satisfied.mean_sentiment, language),
                n=counted(satisfied.scored, "messages", language),
                trend=trend_words(satisfied.sentiment, language),
            )
        )
    return " ".join(said)


def trend_words(trend: TrendFacts, language: Language) -> str:
    """What a trend says: its slope with its interval, or why there is none."""
    if absent(trend.slope):
        return say("person.trend.few", language, n=count(trend.n, language))
    ends = {name: signed_fine(getattr(trend, name), language) for name in ("slope", "low", "high")}
    key = "up" if trend.low > 0 else "down" if trend.high < 0 else "unsure"
    return say(f"person.trend.{key}", language, **ends)


def signed_fine(value: float, language: Language) -> str:
    """A number with its sign and two decimals."""
    sign = "\N{MINUS SIGN}" if round(value, 2) < 0 else "+" if round(value, 2) > 0 else ""
    return sign + number(abs(value), language, digits=2)


def _next(person: Person, facts: Sequence[Fact], language: Language) -> str:
    if person.recommendations.empty:
        return say("person.answer.nothing_to_do", language)
    step = person.recommendations.to_dict("records")[0]
    behind = fact_behind(facts, step)
    pointer = f" ({_pointer(behind, language)})" if behind else ""
    return say("person.answer.next", language, what=inert(step_words(step, language)), fact=pointer)


def _latest(facts: Sequence[Fact]) -> list[Fact]:
    """The last trouble of each kind."""
    return list({fact.kind: fact for fact in facts if fact.kind not in {"order", "csat"}}.values())


def _pointer(fact: Fact, language: Language) -> str:
    return f"[{fact_name(fact.number, language)}](#message-{fact.number})"


def _kind(kind: str, language: Language) -> str:
    named = say("person.cart", language) if kind == "abandoned_cart" else label("mark", kind, language)
    return named[:1].lower() + named[1:]
