"""The overview of conversations in sentences: the answer at the top, and what to do at the end."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, TypedDict

from analytics_lib.charts.pages import Html, Markdown
from analytics_lib.charts.style import SMALL_SHARE_N
from analytics_lib.charts.texts import inert
from analytics_lib.charts.words import Language, absent, count, counted, days, duration, label, say, share

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd


class Limits(TypedDict):
    """Beyond which value each signal asks for action, 0 to 1.

    Attributes:
        resolution: Below this resolution rate.
        negative: Above this share of negative messages.
        escalation: Above this share of the conversations in which a person was called in.
    """

    resolution: float
    negative: float
    escalation: float


def answer(
    activity: pd.DataFrame,
    resolution: pd.Series,
    median: float,
    *,
    since: dt.date,
    until: dt.date,
    filters: tuple[str | None, str | None] = (None, None),
    language: Language = "es",
) -> Markdown:
    """The window in one paragraph, each share with its denominator.

    Args:
        activity: Rows ``side`` window and before: ``conversations users messages started seen``.
        resolution: ``value low high numerator denominator``.
        median: Of the durations, in seconds; null where fewer than half have ended.
        since: First day of the window.
        until: The day after its last.
        filters: Channel and segment; null = all.
        language: es or en.
    """
    now = activity[activity["side"] == "window"].iloc[0]
    shown = days(since, until, language) + _filters(filters, language)
    if not now["conversations"] and not now["started"]:
        return Markdown(say("overview.answer.none", language, days=shown))
    parts = [
        say(
            "overview.answer.active",
            language,
            days=shown,
            conversations=counted(now["conversations"], "conversations", language),
            users=counted(now["users"], "users", language),
            messages=counted(now["messages"], "messages", language),
        )
    ]
    if absent(resolution["value"]):
        parts.append(say("overview.answer.unresolved", language))
    else:
        ends = {part: share(resolution[part], language) for part in ("value", "low", "high")}
        n = count(resolution["denominator"], language)
        parts.append(say("overview.answer.resolution", language, n=n, **ends))
    if not absent(median):
        parts.append(say("overview.answer.median", language, median=duration(median, language)))
    return Markdown(" ".join(parts))


def advice(
    resolution: pd.Series,
    moods: pd.DataFrame,
    reasons: pd.DataFrame,
    *,
    started: int,
    apart: int,
    limits: Limits,
    language: Language = "es",
) -> Html:
    """Each signal against its threshold, and whether any agent differs from the team.

    Args:
        resolution: ``value denominator``.
        moods: As of ``overview_moods.moods``.
        reasons: As of ``overview_lists.reasons``.
        started: Conversations that began in the window.
        apart: Agents that differ from the team.
        limits: The thresholds.
        language: es or en.
    """
    negative = moods[moods["period"].isna() & (moods["mood"] == "negative")]
    called = int(reasons["total"].max()) if len(reasons) else 0
    signals = {
        "resolution": (resolution["value"], resolution["denominator"]),
        "negative": (negative["value"].iloc[0], negative["denominator"].iloc[0])
        if len(negative)
        else (float("nan"), 0),
        "escalation": (called / started if started else float("nan"), started),
    }
    rows = [_signal(name, found, limits[name], language) for name, found in signals.items()]  # type: ignore[literal-required]  # the keys are those of Limits
    head = "".join(
        f'<th scope="col">{html.escape(one)}</th>' for one in say("advice.head", language).split("|")
    )
    body = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    key = "overview.advice.agents" if apart else "overview.advice.no_agents"
    return Html(f"{body}<p>{html.escape(say(key, language, n=count(apart, language)))}</p>")


def _filters(filters: tuple[str | None, str | None], language: Language) -> str:
    channel, segment = filters
    said = [] if channel is None else [inert(label("channel", channel, language))]
    said += [] if segment is None else [say("overview.answer.segment", language, name=inert(segment))]
    return f" ({', '.join(said)})" if said else ""


def _signal(name: str, found: tuple[float, float], limit: float, language: Language) -> str:
    value, n = found
    higher = name == "resolution"
    few = n < SMALL_SHARE_N
    beyond = not absent(value) and not few and (value < limit if higher else value > limit)
    verdict = "advice.no_data" if absent(value) else "advice.few" if few else "advice.within"
    verdict = f"overview.advice.{name}.do" if beyond else verdict
    edge = say(f"kpis.advice.at_{'least' if higher else 'most'}", language, limit=share(limit, language))
    cells = [say(f"overview.advice.{name}", language), say(verdict, language), share(value, language), edge]
    cells.append(count(n, language))
    weight = ' style="font-weight:bold"' if beyond else ""
    return f"<tr{weight}>{''.join(f'<td>{html.escape(cell)}</td>' for cell in cells)}</tr>"
