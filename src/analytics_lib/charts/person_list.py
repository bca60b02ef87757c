"""The people whose journey deserves reading, and why: a list to choose from instead of looking at random."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from analytics_lib.charts.links import filled
from analytics_lib.charts.pages import Html
from analytics_lib.charts.person_answer import short_id
from analytics_lib.charts.style import QUIET
from analytics_lib.charts.texts import for_page
from analytics_lib.charts.words import Language, absent, count, counted, day, label, number, say

if TYPE_CHECKING:
    import pandas as pd

    from analytics_lib.charts.style import Record

_SMALL = f"font-size:12.5px;color:{QUIET}"


def people(frame: pd.DataFrame, *, shown: str | None = None, language: Language = "es") -> Html:
    """A table of people, most worth reading first; one of them is the one of the page.

    Args:
        frame: ``user_id reason value reasons last_local conversations purchases``.
        shown: Id of the person of the page.
        language: es or en.
    """
    if frame.empty:
        return Html(f"<p>{html.escape(say('person.worth.none', language))}</p>")
    heads = "".join(
        f'<th scope="col">{html.escape(name)}</th>' for name in say("person.worth.head", language).split("|")
    )
    rows = "".join(
        _row(place, row, language, chosen=row["user_id"] == shown)
        for place, row in enumerate(frame.to_dict("records"), start=1)
    )
    return Html(f'<table style="width:100%"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>')


def _row(place: int, row: Record, language: Language, *, chosen: bool) -> str:
    mark = f"<br><strong>{html.escape(say('person.worth.shown', language))}</strong>" if chosen else ""
    about = [
        counted(row["conversations"], "conversations", language),
        counted(row["purchases"], "person.purchases", language),
        say("person.worth.last", language, day=day(row["last_local"], language)),
    ]
    why = f"<strong>{_reason(row, language)}</strong>{_also(row, language)}"
    cells = [
        count(place, language),
        f"{for_page(short_id(str(row['user_id'])))}{mark}",
        f'{why}<br><span style="{_SMALL}">{html.escape(" · ".join(about))}</span>',
    ]
    style = ' style="background-color:#F6F8FA"' if chosen else ""
    return f"<tr{style}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _reason(row: Record, language: Language) -> str:
    digits = 0 if absent(row["value"]) or float(row["value"]).is_integer() else 1
    value = number(row["value"], language, digits=digits)
    return html.escape(say(f"person.reason.{row['reason']}", language, value=value), quote=False)


def _also(row: Record, language: Language) -> str:
    others = [name for name in str(row["reasons"]).split(", ") if name != row["reason"]]
    if not others:
        return ""
    named = ", ".join(for_page(label("person.reason.short", name, language)) for name in others)
    return f'<br><span style="{_SMALL}">{filled("person.worth.also", language, reasons=named)}</span>'
