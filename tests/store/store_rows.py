"""Small rows of the contract's tables, and small questions about a store."""

import datetime as dt

import pandas as pd

from analytics_lib.store import Store

NOON = dt.datetime(2024, 5, 12, 12, tzinfo=dt.UTC)


def at(minutes):
    """The instant so many minutes after noon."""
    return NOON + dt.timedelta(minutes=minutes)


def message(key, **columns):
    """One message of one conversation, sent at noon unless told otherwise."""
    fixed = {"conversation_id": "c1", "user_id": "u1", "sent_at": NOON, "sender": "user", "kind": "text"}
    return {"message_id": key, **fixed, **columns}


def conversation(key, **columns):
    """One conversation, begun at noon unless told otherwise."""
    return {"conversation_id": key, "user_id": "u1", "channel": "whatsapp", "started_at": NOON, **columns}


def frame(*rows):
    """Rows as a frame whose columns keep whatever they hold."""
    return pd.DataFrame(list(rows), dtype=object)


def append(root, table, *rows):
    """Append rows to the store in a folder."""
    with Store.open(root) as store:
        return store.append(table, frame(*rows))


def ask(root, sql, *, versions=None, **parameters):
    """The rows of a question to the store in a folder, as tuples; missing values are None."""
    with Store.open(root, versions=versions) as store:
        return tuples(store.query(sql, **parameters))


def tuples(answer):
    """Rows as tuples; missing values are None."""
    return [tuple(None if pd.isna(v) else v for v in row) for row in answer.itertuples(index=False)]
