"""Where journeys go, in sentences: the commonest path, where most end, what is repeated most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.charts.journey_words import Unit, event_name, is_rest, path_text, units
from analytics_lib.charts.pages import Markdown
from analytics_lib.charts.texts import inert
from analytics_lib.charts.words import Language, absent, count, days, say, share

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from analytics_lib.charts.style import Record

_MOST_NAMES = 10


def answer(
    paths: pd.DataFrame,
    ends: pd.DataFrame,
    loops: pd.DataFrame,
    *,
    since: dt.date,
    until: dt.date,
    unit: Unit = "conversation",
    language: Language = "es",
) -> Markdown:
    """The window in three sentences.

    Args:
        paths: One row per path, most first: ``path journeys share low high total_journeys total_users``; the
            path of the last row is ``other``.
        ends: One row per last event, most first: ``event journeys share low high total_journeys``.
        loops: One row per event with repetitions, most journeys first: ``event journeys share low high
            total_journeys repeats``.
        since: First day of the window.
        until: The day after its last.
        unit: What one journey is.
        language: es or en.
    """
    shown = days(since, until, language)
    if not len(paths) or not paths["total_journeys"].max():
        none = units(0, unit, language)
        told = say("journeys.answer.none", language, days=shown, n=none)
        hint = say("journeys.answer.no_conversation", language) if unit == "conversation" else ""
        return Markdown(f"{told} {hint}".strip())
    opening = say(
        f"journeys.answer.{'users' if unit == 'user' else 'volume'}",
        language,
        days=shown,
        n=units(int(paths["total_journeys"].max()), unit, language),
        users="" if unit == "user" else units(int(paths["total_users"].max()), "user", language),
    )
    return Markdown(
        "\n\n".join(
            [opening, _commonest(paths, unit, language), _ended(ends, unit, language), _loop(loops, language)]
        )
    )


def _commonest(paths: pd.DataFrame, unit: Unit, language: Language) -> str:
    known = [row for row in paths.to_dict("records") if not is_rest(row["path"])]
    first = known[0]
    listed = sum(row["journeys"] for row in known)
    return say(
        "journeys.answer.path",
        language,
        path=inert(path_text(first["path"], language, most=_MOST_NAMES)),
        listed=count(len(known), language),
        listed_share=share(listed / first["total_journeys"], language),
        **_counted(first, unit, language),
    )


def _ended(ends: pd.DataFrame, unit: Unit, language: Language) -> str:
    first = ends.iloc[0].to_dict()
    name = inert(event_name(first["event"], language))
    return say("journeys.answer.end", language, event=name, **_counted(first, unit, language))


def _loop(loops: pd.DataFrame, language: Language) -> str:
    repeated = loops[loops["journeys"].gt(0)] if len(loops) else loops
    if repeated.empty:
        return say("journeys.answer.no_loop", language)
    first = repeated.iloc[0].to_dict()
    return say(
        "journeys.answer.loop",
        language,
        event=inert(event_name(first["event"], language)),
        journeys=count(first["journeys"], language),
        n=count(first["total_journeys"], language),
        share=share(first["share"], language),
        limits=_limits(first, language),
        repeats=count(first["repeats"], language),
    )


def _counted(row: Record, unit: Unit, language: Language) -> dict[str, str]:
    return {
        "journeys": count(row["journeys"], language),
        "n": units(row["total_journeys"], unit, language),
        "share": share(row["share"], language),
        "limits": _limits(row, language),
    }


def _limits(row: Record, language: Language) -> str:
    if absent(row["low"]) or absent(row["high"]):
        return say("journeys.no_limits", language)
    low, high = (share(row[end], language) for end in ("low", "high"))
    return say("journeys.limits", language, low=low, high=high)
