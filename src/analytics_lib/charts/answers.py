"""What the numbers say, in sentences: the answer at the top of a page, and what to do about it."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, TypedDict

from analytics_lib.charts.pages import Html, Markdown
from analytics_lib.charts.style import SMALL_PERCENTILE_N, SMALL_SHARE_N
from analytics_lib.charts.texts import inert
from analytics_lib.charts.words import (
    Language,
    absent,
    count,
    counted,
    day,
    days,
    duration,
    label,
    say,
    share,
)

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

_APART = ("open", "unknown")


class Limits(TypedDict):
    """Above which value each signal asks for action.

    Attributes:
        unanswered: Share of the waits nobody ended, 0 to 1.
        abandoned: Share of abandoned conversations, 0 to 1.
        bot_p90: Wait for the bot, p90 in seconds.
        agent_p90: Wait for agents, p90 in seconds.
    """

    unanswered: float
    abandoned: float
    bot_p90: float
    agent_p90: float


def answer(
    overview: pd.Series,
    outcomes: pd.DataFrame,
    responses: pd.DataFrame,
    *,
    since: dt.date,
    until: dt.date,
    language: Language = "es",
) -> Markdown:
    """The window in three sentences, each share with its denominator.

    Args:
        overview: ``conversations demand users messages with_agent first_message last_message``.
        outcomes: One row per outcome: ``outcome conversations share``.
        responses: One row per ``replier``: ``stretches median_seconds``.
        since: First day of the window.
        until: The day after its last.
        language: es or en.
    """
    shown = days(since, until, language)
    if not overview["conversations"]:
        return Markdown(say("answer.none", language, days=shown, known=_known(overview, language)))
    volume = say(
        "answer.volume",
        language,
        days=shown,
        **{noun: counted(overview[noun], noun, language) for noun in ("conversations", "users", "messages")},
        demand=count(overview["demand"], language),
        with_agent=count(overview["with_agent"], language),
        agent_share=share(overview["with_agent"] / overview["conversations"], language),
    )
    first = overview["first_message"]
    late = not absent(first) and first.date() > since
    partly = say("answer.partly", language, first=day(first, language)) if late else ""
    ended, waited = _ended(outcomes, language), _waited(responses, language)
    return Markdown("\n\n".join([f"{volume} {partly}".strip(), ended, waited]))


def advice(
    outcomes: pd.DataFrame, responses: pd.DataFrame, *, limits: Limits, language: Language = "es"
) -> Html:
    """A table of signals: value, n, threshold, and what to do where it is exceeded.

    Args:
        outcomes: One row per outcome: ``outcome conversations share``.
        responses: One row per ``replier``: ``stretches p90_seconds``.
        limits: The thresholds.
        language: es or en.
    """
    waits = responses.set_index("replier")
    total = waits["stretches"].sum()
    closed = outcomes[~outcomes["outcome"].isin(_APART)]
    abandoned = closed.loc[closed["outcome"] == "abandoned", "share"]
    shares = {
        "unanswered": (waits["stretches"]["unanswered"] / total if total else math.nan, total),
        "abandoned": (abandoned.iloc[0] if len(abandoned) else math.nan, closed["conversations"].sum()),
    }
    spans = {
        f"{replier}_p90": (waits["p90_seconds"][replier], waits["stretches"][replier])
        for replier in ("bot", "agent")
    }
    rows = [_signal(name, *found, limits[name], language) for name, found in {**shares, **spans}.items()]  # type: ignore[literal-required]  # the keys are those of Limits
    head = "".join(
        f'<th scope="col">{html.escape(name)}</th>' for name in say("advice.head", language).split("|")
    )
    return Html(f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>")


def _known(overview: pd.Series, language: Language) -> str:
    first, last = overview["first_message"], overview["last_message"]
    if absent(first):
        return say("answer.known_nothing", language)
    return say("answer.known", language, first=day(first, language), last=day(last, language))


def _ended(outcomes: pd.DataFrame, language: Language) -> str:
    apart = outcomes.set_index("outcome")["conversations"]
    counts = {name: count(apart.get(name, 0), language) for name in _APART}
    known = outcomes[outcomes["share"] > 0]
    if known.empty:
        return say("answer.no_outcomes", language, **counts)
    parts = [
        say(
            "answer.outcome",
            language,
            share=share(row["share"], language),
            outcome=inert(label("outcome", row["outcome"], language)),
            count=count(row["conversations"], language),
        )
        for row in known.to_dict("records")
    ]
    n = count(known["conversations"].sum(), language)
    return say("answer.outcomes", language, n=n, parts=", ".join(parts), **counts)


def _waited(responses: pd.DataFrame, language: Language) -> str:
    total = int(responses["stretches"].sum())
    if not total:
        return say("answer.no_responses", language)
    known = responses["replier"].isin(["bot", "agent"]) & responses["median_seconds"].notna()
    replied = responses[known].to_dict("records")
    parts = [
        say(
            f"answer.replied.{row['replier']}",
            language,
            median=duration(row["median_seconds"], language),
            n=count(row["stretches"], language),
        )
        for row in replied
    ]
    unanswered = int(responses.loc[responses["replier"] == "unanswered", "stretches"].sum())
    return say(
        "answer.responses" if parts else "answer.unanswered",
        language,
        parts=say("and", language).join(parts),
        n=counted(total, "waits", language),
        unanswered=count(unanswered, language),
        share=share(unanswered / total, language),
    )


def _signal(name: str, value: float, n: float, limit: float, language: Language) -> str:
    write, least = (duration, SMALL_PERCENTILE_N) if name.endswith("_p90") else (share, SMALL_SHARE_N)
    if math.isnan(value) or not n:
        verdict = say("advice.no_data", language)
    elif n < least:
        verdict = say("advice.few", language)
    else:
        verdict = say(f"advice.{name}.do" if value > limit else "advice.within", language)
    cells = [say(f"advice.{name}", language), verdict, write(value, language)]
    cells += [f"> {write(limit, language)}", count(n, language)]
    exceeded = n >= least and value > limit
    weight = ' style="font-weight:bold"' if exceeded else ""
    widths = ["", ' style="min-width:12rem;max-width:22rem"', "", "", ""]
    columns = zip(widths, cells, strict=True)
    return f"<tr{weight}>{''.join(f'<td{width}>{html.escape(cell)}</td>' for width, cell in columns)}</tr>"
