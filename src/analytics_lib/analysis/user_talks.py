"""The conversations of one person, one row each, and how satisfied they were over time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.metrics.intervals import Z_95

if TYPE_CHECKING:
    from analytics_lib.analysis.user_rows import UserRows

TREND_LEAST = 6
_DAYS = 30.0
_DAY_SECONDS = 86_400.0


@dataclass(frozen=True)
class Trend:
    """A measure of conversations over time; every number NaN where n does not allow it.

    Attributes:
        n: Conversations it is known of.
        mean: Of these.
        slope: Change in 30 days by least squares; NaN under six conversations or where all were at once.
        low: Lower end of its 95 % interval (Student, n - 2 degrees of freedom).
        high: Upper end.
    """

    n: int
    mean: float
    slope: float
    low: float
    high: float


def talks(rows: UserRows) -> pd.DataFrame:
    """The person's conversations with anything in the window, in order of their start.

    Returns:
        One row per conversation: ``conversation_id channel started_local outcome resolved csat`` (null while
        open), ``escalated_local`` (null = not), ``ended_local``, in the window ``messages own_messages``,
        ``sentiment`` (mean of the person's scored messages in the window, -1 to 1; null without any),
        ``scored`` (their number), ``last_local`` (last message, or the start), ``agent_after`` (an agent
        wrote once it was escalated).
    """
    found = rows.talks.conversation.copy()
    for name in ("ended", "escalated"):
        found[f"{name}_local"] = found["started_local"] + pd.to_timedelta(found[f"{name}_seconds"], unit="s")
    said = rows.talks.messages
    inside = said[
        (said["sent_local"] >= pd.Timestamp(rows.since)) & (said["sent_local"] < pd.Timestamp(rows.until))
    ]
    own = inside[inside["sender"] == "user"]
    by_talk = found.set_index("conversation_id")
    by_talk["messages"] = inside.groupby("conversation_id").size()
    by_talk["own_messages"] = own.groupby("conversation_id").size()
    by_talk["sentiment"] = own.groupby("conversation_id")["sentiment"].mean()
    by_talk["scored"] = own.groupby("conversation_id")["sentiment"].count()
    by_talk["last_local"] = inside.groupby("conversation_id")["sent_local"].max()
    by_talk["agent_after"] = _agent_came(said, by_talk["escalated_seconds"])
    by_talk["last_local"] = by_talk["last_local"].fillna(by_talk["started_local"])
    counts = ["messages", "own_messages", "scored"]
    by_talk[counts] = by_talk[counts].fillna(0).astype(int)
    columns = ["channel", "started_local", "ended_local", "last_local", "outcome", "resolved", "csat"]
    columns += ["escalated_local", "agent_after", "messages", "own_messages", "sentiment", "scored"]
    ordered = by_talk.reset_index().sort_values(["started_local", "conversation_id"], ignore_index=True)
    return ordered[["conversation_id", *columns]]


def trend(moments: pd.Series, values: pd.Series) -> Trend:
    """The mean of a measure and its slope over time.

    Least squares with Student's interval; its quantile by the expansion 26.7.5 of Abramowitz and Stegun
    (1964), within 1 % from four degrees of freedom on.

    Args:
        moments: When each value was.
        values: The values; null = unknown, left out.
    """
    known = values.notna().to_numpy()
    y = values[known].to_numpy(dtype=float)
    n = len(y)
    mean = float(y.mean()) if n else math.nan
    days = (moments[known] - moments[known].min()).dt.total_seconds().to_numpy(dtype=float) / _DAY_SECONDS
    spread = float(((days - days.mean()) ** 2).sum()) if n else 0.0
    if n < TREND_LEAST or spread == 0:
        return Trend(n, mean, math.nan, math.nan, math.nan)
    slope = float(((days - days.mean()) * (y - mean)).sum()) / spread
    errors = y - mean - slope * (days - days.mean())
    half = _student(n - 2) * math.sqrt(float((errors**2).sum()) / (n - 2) / spread)
    return Trend(n, mean, _DAYS * slope, _DAYS * (slope - half), _DAYS * (slope + half))


def _student(freedom: int) -> float:
    """The 97.5 % quantile of Student's distribution."""
    z = Z_95
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    expanded: float = z + sum(term / freedom**power for power, term in enumerate(terms, start=1))
    return expanded


def _agent_came(said: pd.DataFrame, escalated_seconds: pd.Series) -> pd.Series:
    agents = said[said["sender"] == "agent"]
    called = agents["conversation_id"].map(escalated_seconds).to_numpy(dtype=float)
    came = set(agents.loc[agents["seconds"].to_numpy(dtype=float) >= called, "conversation_id"])
    return pd.Series(np.isin(escalated_seconds.index, list(came)), index=escalated_seconds.index)
