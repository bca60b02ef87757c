"""Sessions: what a user did without a pause longer than the gap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from analytics_lib.analysis.journey_events import SESSION_GAP, load
from analytics_lib.analysis.numbered_events import user_ids

if TYPE_CHECKING:
    import datetime as dt

    from analytics_lib.periods import Moment
    from analytics_lib.store import Store


def sessions(store: Store, *, since: Moment, until: Moment, gap: dt.timedelta = SESSION_GAP) -> pd.DataFrame:
    """The sessions of every user.

    Args:
        store: Read: ``events``.
        since: Start of the window; an edge of the window cuts a session.
        until: Its end, excluded.
        gap: A pause longer than this begins a new session; one of this length does not.

    Returns:
        One row per session, by user and time: ``user_id``, ``session`` (from 1 within the window),
        ``started_at``, ``ended_at`` (its first and last event, UTC), ``events``.

    Raises:
        RequestError: If the gap is not positive or the window is empty.
    """
    found = load(store, since=since, until=until, unit="session", gap=gap)
    # Users are numbered by their alphabet, so that sessions already stand as they are given.
    users, first, last = found.users, found.starts[:-1], found.starts[1:] - 1
    begins = np.flatnonzero(np.append(True, users[1:] != users[:-1])[: len(users)])
    number = np.arange(len(users)) - np.repeat(begins, np.diff(np.append(begins, len(users)))) + 1
    return pd.DataFrame(
        {
            "user_id": user_ids(store).take(pa.array(users)).to_pandas(),
            "session": number,
            "started_at": _moments(found.moments[first]),
            "ended_at": _moments(found.moments[last]),
            "events": last - first + 1,
        }
    )


def _moments(at: np.ndarray) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(at.view("datetime64[us]")).tz_localize("UTC")
