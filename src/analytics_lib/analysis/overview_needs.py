"""What people ask, with which intents conversations are lost, and why a person is called in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.analysis import overview_queries as queries
from analytics_lib.analysis.intents import Recognition, failing, recognition
from analytics_lib.analysis.overview_scope import Asked, part
from analytics_lib.analysis.topic_messages import read_asked
from analytics_lib.analysis.topics import Topics, topics
from analytics_lib.analysis.trends import Weeks
from analytics_lib.metrics.intervals import effective_sizes, wilson_limits

if TYPE_CHECKING:
    from analytics_lib.store import Store


def top_queries(store: Store, asked: Asked) -> Topics:
    """What users of the window asked, in topics (see ``topics.topics``), learned from the window alone.

    Args:
        store: Read: ``conversations messages users products``.
        asked: What was asked for.
    """
    none = Weeks((), 1)
    return topics(read_asked(part(store, asked), weeks=none, as_of=asked.as_of, **asked.days))


def failing_intents(store: Store, asked: Asked) -> tuple[pd.DataFrame, Recognition]:
    """With which intents more conversations are lost than otherwise, and all intents (see ``intents``).

    Args:
        store: Read: ``conversations messages``; with a filter ``users``.
        asked: What was asked for.
    """
    found = recognition(part(store, asked), as_of=asked.as_of, **asked.days)
    return failing(found), found


def records_escalations(store: Store) -> bool:
    """Whether the source tells of any escalation at all; if not, none in a window says nothing."""
    return bool(store.query(queries.ESCALATIONS_EVER)["escalations"].iloc[0])


def escalation_reasons(store: Store, asked: Asked) -> pd.DataFrame:
    """Why a person was called in, of the conversations that started in the window.

    Args:
        store: Read: ``conversations users``.
        asked: What was asked for.

    Returns:
        One row per reason, the most frequent first: ``reason`` (``unknown`` where the source does not say),
        ``escalations``, ``total`` (of all reasons), ``share`` with its 95 % interval ``low high`` (Wilson on
        effective sizes, since users repeat). No row where nobody was called in.
    """
    found = store.query(queries.ESCALATIONS, **asked.bound)
    y, n, users, yy, yn, nn = (
        found[name].to_numpy(dtype=float) for name in ("y", "n", "users", "yy", "yn", "nn")
    )
    share = y / n
    sizes = effective_sizes(share, n, users, yy - 2 * share * yn + share**2 * nn)
    low, high = wilson_limits(share * sizes, sizes)
    counts = {"escalations": y.astype("int64"), "total": n.astype("int64")}
    return pd.DataFrame({"reason": found["reason"], **counts, "share": share, "low": low, "high": high})
