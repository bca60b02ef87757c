"""Cohorts in sentences: how many come back, and what in the numbers asks for something to be done."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from analytics_lib.charts.cohorts_words import at_age, dimension, in_period, money, written_group
from analytics_lib.charts.compared import points
from analytics_lib.charts.pages import Html, Markdown
from analytics_lib.charts.texts import inert
from analytics_lib.charts.words import Language, absent, count, number, say, share

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from analytics_lib.charts.style import Record

_MOST_GROUPS = 3
_SMALL_N = 30
_MIX_SHARE = 0.5
_ORDER = ("hour", "day", "week", "month")


class Limits(NamedTuple):
    """Below which value each signal asks for action.

    Attributes:
        retention: Share active again at the age asked for, 0 to 1.
        quick_ratio: Those who come, new or again, for each who goes.
    """

    retention: float
    quick_ratio: float


class Insight(NamedTuple):
    """A finding: what was seen with its number, how many it is of, what to do, and whether it asks for it."""

    said: str
    n: str
    todo: str
    urgent: bool = False


def answer(
    cells: pd.DataFrame, whole: pd.DataFrame, *, age: int, period: str, language: Language = "es"
) -> Markdown:
    """How many of a cohort come back, the newest cohort that says it first, with all together beside it.

    Args:
        cells: One row per observed cell: ``cohort age users active_users retention low high``.
        whole: One row per age: ``age cohorts users active_users retention low high``.
        age: At which.
        period: hour, day, week or month.
        language: es or en.
    """
    if cells.empty:
        return Markdown(say("cohorts.answer.none", language))
    at = cells[cells["age"] == age]
    asked = at_age(age, period, language)
    if at.empty:
        return Markdown(
            say("cohorts.answer.early", language, age=asked, oldest=count(cells["age"].max(), language))
        )
    last, together = at.to_dict("records")[-1], whole[whole["age"] == age].to_dict("records")[0]
    name = in_period(last["cohort"], period, language)
    said = say("cohorts.answer", language, cohort=name, age=asked, **_written(last, language))
    return Markdown(f"{said} {say('cohorts.answer.all', language, **_written(together, language))}")


def _written(row: Record, language: Language) -> dict[str, str]:
    shares = {part: share(row[part], language) for part in ("retention", "low", "high")}
    counts = {part: count(row[part], language) for part in ("users", "active_users")}
    return {**shares, **counts, "cohorts": count(row.get("cohorts", 1), language)}


class Found(TypedDict):
    """What the sentences are made of.

    Attributes:
        whole: As for ``answer``.
        life: One row per period: ``period active new returning resurrected dormant quick_ratio``.
        usage: ``users``, ``period`` and its ``share`` of the usage interval; null where unknown.
        compared: One row per group, as for ``cohorts_compared.against_rest``.
        by_cohort: The same by cohort.
        together: One row per age: ``age cohorts users revenue_per_user currency``; none without orders.
    """

    whole: pd.DataFrame
    life: pd.DataFrame
    usage: Record | None
    compared: pd.DataFrame
    by_cohort: pd.DataFrame
    together: pd.DataFrame


def insights(
    found: Found, *, age: int, by: str, limits: Limits, period: str, language: Language = "es"
) -> Html:
    """What the numbers say, each with what it is of and what to do; what asks for action is bold.

    Args:
        found: The frames.
        age: At which cohorts are compared.
        by: The dimension of ``compared``.
        limits: The thresholds.
        period: hour, day, week or month.
        language: es or en.
    """
    told = [
        *_retained(found["whole"], age, period, limits, language),
        *_differing(found["compared"], by, age, period, language),
        *_differing(found["by_cohort"], "cohort", age, period, language),
        *_coming(found["life"], period, limits, language),
        *_usual(found["usage"], period, language),
        *_worth(found["together"], period, language),
    ]
    lines = [_line(one, language) for one in sorted(told, key=lambda one: not one.urgent)]
    return Html("".join(lines))


def _line(one: Insight, language: Language) -> str:
    said, todo = (html.escape(text[:1].upper() + text[1:]) for text in (one.said, one.todo))
    n = html.escape(say("cohorts.n", language, n=one.n))
    seen = f"<strong>{said}</strong>" if one.urgent else said
    return f"<p>{seen} ({n})<br>→ {todo}</p>"


def _retained(
    whole: pd.DataFrame, age: int, period: str, limits: Limits, language: Language
) -> Iterator[Insight]:
    for row in whole[whole["age"] == age].to_dict("records"):
        said = say(
            "cohorts.insight.retained",
            language,
            age=at_age(age, period, language),
            limit=share(limits.retention, language),
            **_written(row, language),
        )
        low, few = row["high"] < limits.retention, row["users"] < _SMALL_N
        todo = say(f"cohorts.insight.retained.{'few' if few else 'do' if low else 'keep'}", language)
        yield Insight(said, count(row["users"], language), todo, low and not few)


def _differing(rows: pd.DataFrame, by: str, age: int, period: str, language: Language) -> Iterator[Insight]:
    if rows.empty:
        return
    real = rows[rows["real"].astype(bool)].to_dict("records")
    name = dimension(by, language)
    if not real:
        tested = int((~rows["few"].astype(bool)).sum())
        said = say("cohorts.insight.same", language, by=name, n=count(tested, language))
        yield Insight(said, count(rows["users"].sum(), language), say("cohorts.insight.same.do", language))
    for row in real[:_MOST_GROUPS]:
        yield _different(row, by, age, period, language)


def _different(row: Record, by: str, age: int, period: str, language: Language) -> Insight:
    less = row["difference"] < 0
    mixed = not absent(row["mix"]) and abs(row["mix"]) > _MIX_SHARE * abs(row["difference"])
    said = say(
        f"cohorts.insight.{'less' if less else 'more'}",
        language,
        by=dimension(by, language),
        group=written_group(by, row[by], period, language),
        age=at_age(age, period, language),
        rate=share(row["retention"], language),
        rest=share(row["rest_retention"], language),
        **{part: points(row[part], language) for part in ("difference", "low", "high", "behaviour", "mix")},
    )
    cause = "mix" if mixed else "behaviour"
    todo = say(f"cohorts.insight.{'less' if less else 'more'}.{cause}", language)
    n = f"{count(row['users'], language)} / {count(row['rest_users'], language)}"
    return Insight(said, n, todo, less and not mixed)


def _coming(life: pd.DataFrame, period: str, limits: Limits, language: Language) -> Iterator[Insight]:
    for row in life.tail(1).to_dict("records"):
        if absent(row["quick_ratio"]):
            return
        counts = {name: count(row[name], language) for name in ("new", "resurrected", "dormant", "active")}
        said = say(
            "cohorts.insight.coming",
            language,
            period=in_period(row["period"], period, language),
            ratio=number(row["quick_ratio"], language, digits=2),
            **counts,
        )
        low = row["quick_ratio"] < limits.quick_ratio
        todo = say(f"cohorts.insight.coming.{'do' if low else 'keep'}", language)
        yield Insight(said, counts["active"], todo, bool(low) and row["active"] >= _SMALL_N)


def _usual(usage: Record | None, period: str, language: Language) -> Iterator[Insight]:
    if usage is None or not usage["users"]:
        return
    n = count(usage["users"], language)
    if usage["period"] is None:
        said = say("cohorts.insight.usual.long", language)
        yield Insight(said, n, say("cohorts.insight.usual.long.do", language))
        return
    name = say(f"cohorts.period.{usage['period']}", language)
    said = say("cohorts.insight.usual", language, period=name, share=share(usage["share"], language))
    short = _ORDER.index(period) < _ORDER.index(usage["period"])
    todo = say(f"cohorts.insight.usual.{'short' if short else 'keep'}", language, period=name)
    yield Insight(said, n, todo)


def _worth(together: pd.DataFrame, period: str, language: Language) -> Iterator[Insight]:
    for row in together[together["users"] >= _SMALL_N].tail(1).to_dict("records"):
        first = together["revenue_per_user"].iloc[0]
        said = say(
            "cohorts.insight.worth",
            language,
            age=at_age(int(row["age"]), period, language),
            value=money(row["revenue_per_user"], language),
            first=money(first, language),
            currency=inert(str(row["currency"])),
            cohorts=count(row["cohorts"], language),
        )
        yield Insight(said, count(row["users"], language), say("cohorts.insight.worth.do", language))
