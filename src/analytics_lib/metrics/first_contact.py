"""First contact resolution within 1 to 30 days, recent conversations counted as far as they are known.

FCR(w) = r · Ŝ(w): r is the share of first contacts that were resolved, Ŝ the Kaplan-Meier curve of the time
from the end of a resolved first contact to the next contact about the same issue, censored at what is known.
It never rises with w, and uses conversations that ended less than w days ago. The plain form, which leaves
these out, is the metric ``first_contact_resolution``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.metrics.catalog import CATALOG
from analytics_lib.metrics.facts import FACTS
from analytics_lib.metrics.intervals import wilson_limits
from analytics_lib.metrics.question import ask, check_metric
from analytics_lib.metrics.rows import fact_rows
from analytics_lib.metrics.survival import kaplan_meier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

DAYS = tuple(range(1, 31))
_COLUMNS = ("resolved", "ended_at", "next_issue_contact_at", "is_first_contact", "closed")


def first_contact_curve(
    store: Store,
    *,
    since: Moment,
    until: Moment,
    as_of: Moment | None = None,
    families: Sequence[str] = (),
) -> pd.DataFrame:
    """First contact resolution by the days within which nobody may come back about the issue.

    Args:
        store: Read: ``conversations``, ``messages``.
        since: Start of the window the conversations began in.
        until: Its end, excluded.
        as_of: Nothing later is known; null = the last moment of the store.
        families: Intents that are one issue, as ``intent=family``.

    Returns:
        One row for each of 1 to 30 days: ``days``, ``value`` (share of the first contacts, 0 to 1; null
        without any), ``low``, ``high`` (95 %: the limits of r and of Ŝ multiplied, so a little too wide),
        ``first_contacts`` (those with a known result), ``at_risk`` (resolved ones that were watched for that
        long without another contact). What is a first contact looks 7 days back.

    Raises:
        RequestError: If the window is empty.
        NotEnoughDataError: If there are no conversations at all.
    """
    question = ask(store, since=since, until=until, as_of=as_of)
    metric = CATALOG["first_contact_resolution"]
    fact = FACTS[metric.table]
    check_metric(store, metric, question)
    bound = {"within_days": metric.parameters["within_days"], "families": list(families)}
    rows = fact_rows(store, fact, _COLUMNS, question, bound)
    first = rows[rows["closed"] & rows["resolved"].notna() & rows["is_first_contact"].eq(other=True)]
    resolved = first[first["resolved"].eq(other=True)]
    curve = kaplan_meier(*_waits(resolved, pd.Timestamp(question.known_to)), np.array(DAYS, dtype=float))
    share = len(resolved) / len(first) if len(first) else np.nan
    low, high = (
        limit[0] for limit in wilson_limits(np.array([float(len(resolved))]), np.array([float(len(first))]))
    )
    survival = curve.survival if len(resolved) else np.full(len(DAYS), 1.0)
    return pd.DataFrame(
        {
            "days": DAYS,
            "value": share * survival,
            "low": low * (curve.low if len(resolved) else survival),
            "high": high * (curve.high if len(resolved) else survival),
            "first_contacts": len(first),
            "at_risk": curve.at_risk.astype(int),
        }
    )


def _waits(resolved: pd.DataFrame, known_to: pd.Timestamp) -> tuple[np.ndarray, np.ndarray]:
    """Days from the end to the next contact of the issue, or to what is known; and whether there was one."""
    ended = resolved["ended_at"]
    again = resolved["next_issue_contact_at"]
    days = (again.fillna(known_to) - ended).dt.total_seconds() / 86_400
    return days.clip(lower=0).to_numpy(dtype=float), again.notna().to_numpy()
