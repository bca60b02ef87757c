"""The numbers of one person as tables: how far they got, on which channels, what they bought."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.charts.pages import Html, table
from analytics_lib.charts.verdict import money

if TYPE_CHECKING:
    from analytics_lib.charts.person_given import Person
    from analytics_lib.charts.words import Language

_STEPS = ["event", "events", "conversations", "first_local", "last_local"]
_CHANNELS = ["channel", "conversations", "own_messages", "share"]
_AMOUNTS = ["amount", "refunded", "net"]
_BOUGHT = ["currency", "purchases", "amount", "refunds", "refunded", "net"]


def tables(person: Person, *, language: Language = "es") -> Html:
    """Steps, channels and purchases by currency; a table without rows is left out.

    Args:
        person: ``stages channels purchases`` are used.
        language: es or en.
    """
    steps = person.stages.rename(columns={"stage": "event"})[_STEPS]
    bought = person.purchases.by_currency
    written = bought.assign(
        **{
            name: [
                money(value, str(currency), language)
                for value, currency in zip(bought[name], bought["currency"], strict=True)
            ]
            for name in _AMOUNTS
        }
    )[_BOUGHT]
    frames = {"stages": steps, "channels": person.channels[_CHANNELS], "purchases": written}
    shown = [
        table(frame, title=f"person.table.{name}", language=language).html
        for name, frame in frames.items()
        if len(frame)
    ]
    return Html("".join(f'<div style="margin-top:14px">{each}</div>' for each in shown))
