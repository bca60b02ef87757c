"""The conversations worth reading, and why: a list to choose from instead of paging at random."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from analytics_lib.charts.links import filled, message_name, to_message
from analytics_lib.charts.marks import feeling
from analytics_lib.charts.pages import Html
from analytics_lib.charts.style import QUIET
from analytics_lib.charts.texts import cut, for_page
from analytics_lib.charts.verdict import money
from analytics_lib.charts.words import Language, absent, count, counted, day, duration, label, say

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from analytics_lib.charts.style import Record

_LONGEST = 120
_SMALL = f"font-size:12.5px;color:{QUIET}"


def reading_list(
    frame: pd.DataFrame,
    *,
    shown: str | None = None,
    currency: str | None = None,
    language: Language = "es",
) -> Html:
    """A table of conversations, most worth reading first; one of them is the one the page goes on with.

    Args:
        frame: ``conversation_id reason value position reasons started_local channel outcome messages``, and
            ``closed`` where it is known.
        shown: Id of the conversation shown below; null = the first.
        currency: Of the carts, if known.
        language: es or en.
    """
    if frame.empty:
        return Html(f"<p>{html.escape(say('reading_list.none', language))}</p>")
    chosen = frame["conversation_id"].iloc[0] if shown is None else shown
    heads = "".join(
        f'<th scope="col">{html.escape(name)}</th>' for name in say("reading_list.head", language).split("|")
    )
    rows = "".join(
        _row(place, {**row, "currency": currency}, language, chosen=row["conversation_id"] == chosen)
        for place, row in enumerate(frame.to_dict("records"), 1)
    )
    return Html(f'<table style="width:100%"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>')


def _row(place: int, row: Record, language: Language, *, chosen: bool) -> str:
    mark = f"<br><strong>{html.escape(say('reading_list.shown', language))}</strong>" if chosen else ""
    name = for_page(cut(str(row["conversation_id"]), _LONGEST, language))
    why = f"<strong>{_reason(row['reason'], language)}</strong>{_size(row, language)}"
    cells = [
        count(place, language),
        f'<span style="overflow-wrap:anywhere">{name}</span>{mark}<br>{_about(row, language)}',
        why + _where(row, language, linked=chosen) + _also(row, language),
    ]
    style = ' style="background-color:#F6F8FA"' if chosen else ""
    return f"<tr{style}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _about(row: Record, language: Language) -> str:
    missing = "unknown" if row.get("closed", True) else "open"
    outcome = missing if absent(row["outcome"]) else row["outcome"]
    parts = [
        for_page(cut(label("channel", row["channel"], language), _LONGEST, language)),
        day(row["started_local"], language),
        html.escape(counted(row["messages"], "messages", language)),
        for_page(cut(label("outcome", outcome, language), _LONGEST, language)),
    ]
    return f'<span style="{_SMALL}">{" · ".join(parts)}</span>'


def _reason(reason: str, language: Language) -> str:
    return for_page(cut(label("reason", reason, language), _LONGEST, language))


def _size(row: Record, language: Language) -> str:
    """How much of it: the wait, the repeats, the cart, the mood, the turns before."""
    if absent(row["value"]) or row["reason"] not in _SIZES:
        return ""
    return f": {html.escape(_SIZES[row['reason']](row, language))}"


def _also(row: Record, language: Language) -> str:
    others = [] if absent(row["reasons"]) else [name.strip() for name in str(row["reasons"]).split(",")]
    named = [_reason(name, language) for name in others if name and name != row["reason"]]
    if not named:
        return ""
    return (
        f'<br><span style="{_SMALL}">{filled("reading_list.also", language, reasons=", ".join(named))}</span>'
    )


def _where(row: Record, language: Language, *, linked: bool) -> str:
    """The message to look at; a link where it stands on this page."""
    if absent(row["position"]):
        return ""
    name = (to_message if linked else message_name)(row["position"], language)
    return f" ({name})"


_SIZES: dict[str, Callable[[Record, Language], str]] = {
    "longest_wait": lambda row, language: duration(row["value"], language),
    "most_repeats": lambda row, language: counted(row["value"], "repeats", language),
    "lost_at_checkout": lambda row, language: money(row["value"], row["currency"], language),
    "lowest_sentiment": lambda row, language: feeling(row["value"], language),
    "escalated_without_need": lambda row, language: counted(row["value"], "turns", language),
}
