"""One person's doings, written as a person would tell them; the stores are those of ``telling``."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from telling import at

SINCE, UNTIL = dt.date(2026, 3, 1), dt.date(2026, 5, 1)
WINDOW = {"since": SINCE, "until": UNTIL}


def events(*told, user="u1"):
    """Events ``(local, name)``, or with a dict of more columns at the end."""
    rows = [
        {
            "event_id": f"e{number:03}",
            "user_id": user,
            "occurred_at": at(local),
            "occurred_local": pd.Timestamp(local),
            "name": name,
            **(more[0] if more else {}),
        }
        for number, (local, name, *more) in enumerate(told)
    ]
    return pd.DataFrame(rows)


def orders(*told, user="u1"):
    """Orders ``(local, amount)``, or with a dict of more columns at the end."""
    rows = [
        {
            "order_id": f"o{number:03}",
            "user_id": user,
            "ordered_at": at(local),
            "ordered_local": pd.Timestamp(local),
            "amount": float(amount),
            "currency": "COP",
            **(more[0] if more else {}),
        }
        for number, (local, amount, *more) in enumerate(told)
    ]
    return pd.DataFrame(rows)


def actions(talk, *told):
    """Actions ``(local, name, succeeded)`` of one conversation."""
    rows = [
        {
            "action_id": f"{talk}-a{number}",
            "conversation_id": talk,
            "started_at": at(local),
            "started_local": pd.Timestamp(local),
            "name": name,
            "succeeded": succeeded,
        }
        for number, (local, name, succeeded) in enumerate(told)
    ]
    return pd.DataFrame(rows)
