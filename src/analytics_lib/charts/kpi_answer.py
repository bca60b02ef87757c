"""The business at a glance in sentences: its health, and what moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.charts.card import SIDES
from analytics_lib.charts.measures import name_of, write_change, write_value
from analytics_lib.charts.pages import Markdown
from analytics_lib.charts.words import Language, absent, count, counted, days, number, say, share
from analytics_lib.metrics import CATALOG

if TYPE_CHECKING:
    import datetime as dt

    from analytics_lib.charts.style import Record
    from analytics_lib.metrics import HealthScore

_REAL = ("better", "worse", "moved")
_MOST_SENTENCES = 5


def answer(
    health: HealthScore, card: pd.DataFrame, *, since: dt.date, until: dt.date, language: Language = "es"
) -> Markdown:
    """Health, volume and resolution with their denominators, and what really moved, the surest five first.

    Args:
        health: Of the window.
        card: One row per metric, as for ``card.card``.
        since: First day of the window.
        until: The day after its last.
        language: es or en.
    """
    head = _health(health, days(since, until, language), language)
    return Markdown("\n\n".join([head, _volume(card, language), *_moved(card, language)]))


def moves(card: pd.DataFrame) -> pd.DataFrame:
    """What really moved, the surest first: rows of the card with their ``side``."""
    every = [
        card.assign(side=side, p=card[f"{side}_p_value"], verdict=card[f"{side}_verdict"]) for side in SIDES
    ]
    found = pd.concat(every)
    return found[found["verdict"].isin(_REAL)].sort_values("p", kind="stable").reset_index(drop=True)


def _health(health: HealthScore, shown: str, language: Language) -> str:
    if absent(health.value):
        return say("kpis.health.none", language, days=shown)
    key = "kpis.health.bare" if absent(health.low) else "kpis.health.answer"
    ends = {
        name: number(100 * getattr(health, name), language, digits=0) for name in ("value", "low", "high")
    }
    if key.endswith("bare"):
        ends = {"value": ends["value"]}
    said = [say(key, language, days=shown, **ends)]
    lacking = health.parts["normalized"].isna()
    few = health.parts["few"].astype(bool) & ~lacking
    covered = share(health.covered_weight, language)
    named = {
        name: _named(health.parts[part], language) for name, part in (("lacking", lacking), ("few", few))
    }
    if lacking.any():
        said.append(say("kpis.health.missing", language, parts=named["lacking"], covered=covered))
    else:
        said.append(say("kpis.health.whole", language))
    said += [say("kpis.health.partial", language)] if health.partial else []
    said += [say("kpis.health.few", language, parts=named["few"])] if few.any() else []
    return " ".join(said)


def _named(parts: pd.DataFrame, language: Language) -> str:
    return ", ".join(CATALOG[name].label[language] for name in parts["metric"])


def _volume(card: pd.DataFrame, language: Language) -> str:
    known = card.set_index("metric")
    if "conversations" not in known.index or not known["value"]["conversations"] > 0:
        return say("kpis.answer.no_data", language)
    nouns = {noun: counted(known["value"][noun], noun, language) for noun in ("conversations", "users")}
    said = [say("kpis.answer.volume", language, **nouns)]
    rate = known.loc[["resolution_rate"]].to_dict("records")[0]
    if rate["denominator"] > 0:
        parts = {
            name: share(rate[column], language)
            for name, column in (("share", "value"), ("low", "low"), ("high", "high"))
        }
        said.append(say("kpis.answer.resolution", language, n=count(rate["denominator"], language), **parts))
    return " ".join(said)


def _moved(card: pd.DataFrame, language: Language) -> list[str]:
    real = moves(card)
    said = [_count_moves(real, card, language)]
    if real.empty:
        return said
    lines = [f"- {_sentence(row, language)}" for row in real.head(_MOST_SENTENCES).to_dict("records")]
    rest = len(real) - _MOST_SENTENCES
    lines += [f"- {say('kpis.more', language, n=count(rest, language))}"] if rest > 0 else []
    name = name_of(real.iloc[0].to_dict(), language)
    return [*said, "\n".join(lines), say("kpis.reason", language, name=name)]


def _count_moves(real: pd.DataFrame, card: pd.DataFrame, language: Language) -> str:
    compared = int(card[[f"{side}_p_value" for side in SIDES]].notna().sum().sum())
    if not compared:
        return say("kpis.answer.alone", language)
    if real.empty:
        return say("kpis.answer.still", language, n=count(compared, language))
    times = {verdict: count(int((real["verdict"] == verdict).sum()), language) for verdict in _REAL}
    return say(
        "kpis.answer.moved", language, n=count(compared, language), real=count(len(real), language), **times
    )


def _sentence(row: Record, language: Language) -> str:
    side, unit = row["side"], row["unit"]
    n = (
        ""
        if absent(row["denominator"])
        else say("kpis.answer.n", language, n=count(row["denominator"], language))
    )
    ends = {end: write_change(row[f"{side}_change_{end}"], unit, language) for end in ("low", "high")}
    return say(
        "kpis.answer.change",
        language,
        name=name_of(row, language),
        value=write_value(row["value"], unit, language),
        n=n,
        before=write_value(row[f"{side}_value"], unit, language),
        side=say(f"kpis.side.{side}", language),
        change=write_change(row[f"{side}_change"], unit, language),
        limits=say("kpis.answer.limits", language, **ends),
        verdict=say(f"kpis.verdict.{row['verdict']}", language),
    )
