"""The lists of the operations page: what is asked, looked at and going wrong now; and the panel of alerts."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Literal

from analytics_lib.charts.operations_words import ARROWS, verdict
from analytics_lib.charts.pages import Html
from analytics_lib.charts.style import INK, LINE, PALE, QUIET
from analytics_lib.charts.texts import cut, for_page
from analytics_lib.charts.words import Language, absent, count, label, say, share

if TYPE_CHECKING:
    import pandas as pd

    from analytics_lib.charts.operations_told import Told
    from analytics_lib.charts.style import Record

ListName = Literal["queries", "products", "issues"]
# What a list cannot be told without; of issues each is one kind of them.
_NEEDS = {
    "queries": ("intents",),
    "products": ("products",),
    "issues": ("conversations", "actions", "intents"),
}
_LONGEST_NAME = 60
_ROW = f"padding:7px 0;border-bottom:1px solid {LINE}"
_LINE = "display:flex;justify-content:space-between;gap:10px;align-items:flex-end"
_NAME = f"color:{INK};overflow-wrap:anywhere"
_COUNT = f"color:{INK};font-weight:700;font-variant-numeric:tabular-nums;white-space:nowrap"
_SMALL = f"color:{QUIET};font-size:.8rem"
_EMPTY = f"color:{QUIET};padding:10px 0"


def top(told: Told, name: ListName, *, language: Language = "es") -> Html:
    """One of the lists, the most frequent first, each with its count, share, usual share and verdict.

    Args:
        told: Its ``top``, and ``recorded``.
        name: queries, products or issues.
        language: es or en.
    """
    rows = told.top[told.top["list"] == name]
    missing = [source for source in _NEEDS[name] if source not in told.recorded]
    parts = []
    if len(missing) < len(_NEEDS[name]):
        parts.append(_rows(rows, name, language))
    parts += [_unrecorded(source, language) for source in missing]
    return Html("".join(parts))


def alerts(*, language: Language = "es") -> Html:
    """The panel of alerts, which says that there are none and why that is no good news by itself."""
    none, where = (html.escape(say(f"operations.alerts.{key}", language)) for key in ("none", "where"))
    box = f"border:1px dashed {PALE};border-radius:8px;padding:14px 16px"
    head = f'<div style="color:{INK};font-weight:600">{none}</div>'
    return Html(f'<div style="{box}">{head}<div style="{_SMALL}">{where}</div></div>')


def _rows(rows: pd.DataFrame, name: ListName, language: Language) -> str:
    if rows.empty:
        return f'<div style="{_EMPTY}">{html.escape(say(f"operations.{name}.empty", language))}</div>'
    of = say(f"operations.{name}.unit", language, n=count(rows["of"].iloc[0], language))
    drawn = "".join(_row(row, language) for row in rows.to_dict("records"))
    return f'<div style="{_SMALL}">{html.escape(of)}</div>{drawn}'


def _row(row: Record, language: Language) -> str:
    name = for_page(cut(_name(row, language), _LONGEST_NAME, language))
    shown = f"{share(row['share'], language)}"
    if not absent(row["usual_share"]):
        shown += f" · {say('operations.top.usual', language, share=share(row['usual_share'], language))}"
    marked = f" · {verdict(row, language)}" if row["verdict"] in ARROWS else ""
    bar = f"height:5px;border-radius:3px;background-color:{PALE};width:{100 * min(row['share'], 1.0):.1f}%"
    return (
        f'<div style="{_ROW}"><div style="{_LINE}"><span style="{_NAME}">{name}</span>'
        f'<span style="{_COUNT}">{count(row["count"], language)}</span></div>'
        f'<div style="{bar}"></div><div style="{_SMALL}">{html.escape(shown)}{marked}</div></div>'
    )


def _name(row: Record, language: Language) -> str:
    kind, name = row["kind"], str(row["name"])
    if kind == "escalation":
        reason = label("escalation_reason", name, language) if name else say("operations.no_reason", language)
        return say("operations.issue.escalation", language, name=_plain(reason))
    if kind == "failed_action":
        return say("operations.issue.failed_action", language, name=_plain(label("call", name, language)))
    if kind == "fallback":
        return say("operations.issue.fallback", language)
    return label("intent", name, language) if kind == "query" else name


def _plain(name: str) -> str:
    """A name cut before it enters a sentence; the whole is escaped where it is shown."""
    return name[:_LONGEST_NAME]


def _unrecorded(source: str, language: Language) -> str:
    name = say(f"operations.source.{source}", language)
    return (
        f'<div style="{_EMPTY}">{html.escape(say("operations.top.unrecorded", language, source=name))}</div>'
    )
