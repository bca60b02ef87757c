"""Small stores for the tests of cohorts: who was there on which day."""

import pandas as pd

from analytics_lib.store import Store

_OFFSET = pd.Timedelta(hours=5)


def written(*said):
    """A frame of messages, each ``(user, local time)`` or ``(user, local time, sender)``."""
    rows = [(user, pd.Timestamp(local), *(more or ("user",))) for user, local, *more in said]
    frame = pd.DataFrame(rows, columns=["user_id", "sent_local", "sender"])
    return frame.assign(
        message_id=[f"m{place}" for place in range(len(frame))],
        conversation_id=[f"c{place}" for place in range(len(frame))],
        sent_at=(frame["sent_local"] + _OFFSET).dt.tz_localize("UTC"),
        kind="text",
    )


def ordered(*placed):
    """A frame of orders, each ``(user, local time, amount)`` or with a currency behind."""
    rows = [(user, pd.Timestamp(local), amount, *(more or ("COP",))) for user, local, amount, *more in placed]
    frame = pd.DataFrame(rows, columns=["user_id", "ordered_local", "amount", "currency"])
    return frame.assign(
        order_id=[f"o{place}" for place in range(len(frame))],
        ordered_at=(frame["ordered_local"] + _OFFSET).dt.tz_localize("UTC"),
        amount=frame["amount"].astype(float),
    )


def writing(*said, **tables):
    """A store of messages, and of more tables by name."""
    return Store.in_memory(messages=written(*said), **tables)


def grid(cells, value="active_users"):
    """The cells as ``{start of the cohort: {age: value}}``."""
    found = {}
    for row in cells.to_dict("records"):
        found.setdefault(f"{row['cohort']:%Y-%m-%d}", {})[row["age"]] = row[value]
    return found
