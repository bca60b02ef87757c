"""What sets two groups apart, in sentences: the answer at the top of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.charts.compared import (
    KINDS,
    SIDES,
    Found,
    Kind,
    change,
    limits_of,
    points,
    row_name,
    verdict,
)
from analytics_lib.charts.pages import Markdown
from analytics_lib.charts.style import SMALL_SHARE_N
from analytics_lib.charts.texts import inert
from analytics_lib.charts.words import Language, count, counted, days, duration, say, share

if TYPE_CHECKING:
    import datetime as dt

    from analytics_lib.charts.style import Record

# What a source may not record at all; that no key moment occurs is an observation.
_RECORDED: tuple[Kind, ...] = ("intents", "stages")
_MOST_SENTENCES = 3
_MOST_WORDS = 5


def answer(
    sizes: pd.DataFrame,
    found: Found,
    names: tuple[str, str],
    *,
    since: dt.date,
    until: dt.date,
    language: Language = "es",
) -> Markdown:
    """How the groups differ: who they are, the three largest real differences, the waits, the words.

    Args:
        sizes: One row per ``side``: ``conversations users``.
        found: What was compared.
        names: What readers call the two groups.
        since: First day of the window.
        until: The day after its last.
        language: es or en.
    """
    shown = days(since, until, language)
    groups = sizes.set_index("side")
    empty = [name for side, name in zip(SIDES, names, strict=True) if not groups["conversations"][side]]
    if empty:
        said = [say("compare.answer.empty", language, days=shown, group=f"«{inert(name)}»") for name in empty]
        return Markdown("\n\n".join(said))
    called = {side: inert(name) for side, name in zip(SIDES, names, strict=True)}
    counts = {
        f"{part}_{side}": counted(groups[noun][side], noun, language)
        for part, noun in (("n", "conversations"), ("users", "users"))
        for side in SIDES
    }
    opening = say("compare.answer.groups", language, **called, **counts, days=shown)
    few = groups["conversations"].min() < SMALL_SHARE_N
    warning = [say("compare.answer.few", language)] if few else []
    caution = say("compare.answer.not_causal", language)
    parts = [
        *_missing(found, language),
        _apart(found, language),
        _waited(found["waits"], called, language),
        _said(found["words"], called, language),
    ]
    return Markdown("\n\n".join([opening, *warning, *parts, caution]))


def largest(found: Found) -> pd.DataFrame:
    """The real differences of shares, the largest first: rows of the three tables, with their ``kind``."""
    every = pd.concat(
        [found[kind].assign(kind=kind) for kind in KINDS if len(found[kind])] or [found["intents"]]
    )
    real = every[every["real"].astype(bool)]
    return real.loc[[]] if real.empty else real.iloc[(-real["difference"].abs()).argsort(kind="stable")]


def _missing(found: Found, language: Language) -> list[str]:
    kinds = [say(f"compare.answer.missing.{kind}", language) for kind in _RECORDED if found[kind].empty]
    return [say("compare.answer.missing", language, what=", ".join(kinds))] if kinds else []


def _apart(found: Found, language: Language) -> str:
    compared = count(sum(len(found[kind]) for kind in KINDS), language)
    real = largest(found)
    if real.empty:
        return say("compare.answer.none", language, n=compared)
    head = say("compare.answer.top", language, real=count(len(real), language), n=compared)
    lines = [f"- {_sentence(row, language)}" for row in real.head(_MOST_SENTENCES).to_dict("records")]
    return "\n".join([head, "", *lines])


def _sentence(row: Record, language: Language) -> str:
    name = inert(row_name(row["kind"], row["name"], language))
    what = say(f"compare.answer.{row['kind']}", language, name=name)
    numbers = {f"share_{side}": share(row[f"{side}_share"], language) for side in SIDES}
    totals = {f"n_{side}": count(row[f"{side}_total"], language) for side in SIDES}
    said = say(
        "compare.answer.difference",
        language,
        what=what,
        **numbers,
        **totals,
        **limits_of(row, "", points, language),
    )
    return said[0].upper() + said[1:]


def _waited(waits: pd.DataFrame, called: dict[str, str], language: Language) -> str:
    said = [_wait_sentence(row, called, language) for row in waits.to_dict("records")]
    return " ".join(said) or say("compare.answer.no_waits", language)


def _wait_sentence(row: Record, called: dict[str, str], language: Language) -> str:
    replier = say(f"compare.answer.{row['replier']}", language)
    medians = {side: duration(row[f"{side}_median_seconds"], language) for side in SIDES}
    n = {side: count(row[f"{side}_replies"], language) for side in SIDES}
    replied = [side for side in SIDES if row[f"{side}_replies"]]
    if len(replied) == 1:
        (side,) = replied
        group = f"«{called[side]}»"
        return say(
            "compare.answer.one_sided",
            language,
            replier=replier,
            group=group,
            median=medians[side],
            n=n[side],
        )
    return say(
        "compare.answer.wait",
        language,
        replier=replier,
        **{f"median_{side}": medians[side] for side in SIDES},
        **{f"n_{side}": n[side] for side in SIDES},
        **limits_of(row, "_seconds", change, language),
        verdict=verdict(row, language),
    )


def _said(words: pd.DataFrame, called: dict[str, str], language: Language) -> str:
    real = words[words["real"].astype(bool)]
    marking = {"first": real[real["z"] > 0], "second": real[real["z"] < 0].iloc[::-1]}
    listed = {
        f"words_{side}": ", ".join(f"*{inert(word)}*" for word in rows["word"].head(_MOST_WORDS))
        or say("compare.answer.no_words", language)
        for side, rows in marking.items()
    }
    return say("compare.answer.words", language, **called, **listed)
