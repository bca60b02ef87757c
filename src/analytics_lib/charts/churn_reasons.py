"""Why somebody is taken for leaving, in words with the figures that say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.charts.words import Language, absent, count, counted, label, number, say

if TYPE_CHECKING:
    from analytics_lib.charts.style import Record

_WEEK = 7
_SHOWN = 3


def because(row: Record, language: Language) -> str:
    """The reasons of one person, the strongest first; that of the rest where none speaks for leaving.

    Args:
        row: ``reason_1`` to ``reason_3`` and ``silent_days usual_gap_days occasions orders order_silent_days
            tenure_days segment channel``.
        language: es or en.
    """
    codes = [row.get(f"reason_{place}") for place in range(1, _SHOWN + 1)]
    told = [_reason(str(code), row, language) for code in codes if not absent(code)]
    # Two reasons may come to the same words.
    return "; ".join(dict.fromkeys(told)) or say("churn.reason.none", language)


def _reason(code: str, row: Record, language: Language) -> str:
    key = f"churn.reason.{code}"
    if code == "silence":
        key += ".once" if absent(row["usual_gap_days"]) else ".usual"
    if code == "orders":
        key += ".some" if row["orders"] else ".none"
    return say(key, language, **_figures(row, language))


def _figures(row: Record, language: Language) -> dict[str, str]:
    silent = row["silent_days"]
    return {
        "silent": counted(_whole(silent), "churn.days", language) if not absent(silent) else "",
        "usual": number(row["usual_gap_days"], language),
        "occasions": counted(row["occasions"], "churn.days", language),
        "weeks": counted(max(round(row["tenure_days"] / _WEEK), 1), "churn.weeks", language),
        "orders": counted(row["orders"], "churn.orders", language),
        "order_silent": _days(row["order_silent_days"], language),
        "segment": label("segment", row["segment"], language) if not absent(row["segment"]) else "",
        "channel": label("channel", row["channel"], language) if not absent(row["channel"]) else "",
    }


def _days(value: float, language: Language) -> str:
    return count(value, language) if absent(value) else counted(_whole(value), "churn.days", language)


def _whole(value: float) -> int:
    return round(value)
