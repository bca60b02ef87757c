"""What a churn model sees of each person: chosen features, and a few worked out of them.

Buyers come back otherwise than who never bought, so silence and pace enter for each apart, null for the
others. What somebody does not have is null, and null is a flag of its own: a person of one contact has no
usual gap, and none is made up. Features of one thing told together are one reason (``REASONS``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.models.churn_activity import labelled
from analytics_lib.models.features import USER_FEATURES, user_features

if TYPE_CHECKING:
    import datetime as dt

    from analytics_lib.models.churn_activity import Activity
    from analytics_lib.store import Store

# Added to the days since the first contact: who came yesterday for the first time does not come daily.
SETTLING_DAYS = 7.0

REASONS: dict[str, tuple[str, ...]] = {
    "silence": (
        "recency_days",
        "recency_days_of_buyers",
        "recency_days_of_others",
        "missed_contacts",
        "missed_contacts_of_buyers",
        "recency_in_gaps",
    ),
    "pace": (
        "contacts",
        "contacts_30_days",
        "contacts_trend",
        "contact_rate",
        "contact_rate_of_buyers",
        "mean_gap_days",
        "first_contact_days",
    ),
    "orders": ("orders", "orders_90_days", "first_order_days", "revenue", "refunds"),
    "order_silence": (
        "order_recency_days",
        "order_recency_in_gaps",
        "missed_orders",
        "days_written_after_order",
    ),
    "order_pace": ("order_rate", "mean_order_gap_days"),
    "experience": (
        "escalated_share",
        "resolved_share",
        "abandoned_share",
        "last_outcome",
        "mean_csat",
        "mean_sentiment",
        "fallback_share",
    ),
    "interest": ("stage_90_days",),
    "segment": ("segment",),
    "channel": ("last_channel", "channels"),
}
"""The features that are told as one reason, by its code."""

_DERIVED = {
    "recency_days_of_buyers",
    "recency_days_of_others",
    "contact_rate",
    "contact_rate_of_buyers",
    "missed_contacts",
    "missed_contacts_of_buyers",
    "days_written_after_order",
    "order_rate",
    "missed_orders",
}
# Only the apart ones enter: together they say the same once more.
_REPLACED = {"recency_days"}

KINDS: dict[str, str] = {
    name: "number" if name in _DERIVED else USER_FEATURES[name].kind
    for names in REASONS.values()
    for name in names
    if name not in _REPLACED
}
"""The features of the model and their kinds."""

REASON_OF = {name: reason for reason, names in REASONS.items() for name in names}


def rows_at(store: Store, *, cutoff: dt.datetime, horizon: dt.timedelta, activity: Activity) -> pd.DataFrame:
    """Everybody active before a cutoff, as known at it, and whether they left after it.

    Args:
        store: What it knows must reach to the end of the window.
        cutoff: Nothing from here on enters a feature.
        horizon: Of the label; null time (0) = everybody is labelled as having left: for predictions.
        activity: What counts as being there.

    Returns:
        The columns of ``churn_activity.labelled`` and of ``user_features``, and the derived ones:
        ``contact_rate`` (contacts a day since the first, 7 days added), ``missed_contacts`` (that rate times
        the days of silence), both and ``recency_days`` for buyers and ``recency_days`` for others apart,
        ``days_written_after_order`` (from the last order to the last message), ``order_rate`` and
        ``missed_orders`` likewise; ``cutoff``. Of a user of whom no message is stored, ``contacts`` are the
        days with a conversation; ``recency_days`` and ``first_contact_days`` go by starts of conversations.
    """
    people = labelled(store, cutoff=cutoff, horizon=horizon, activity=activity)
    known = user_features(store, as_of=cutoff)
    rows = people.merge(known, on="user_id", how="left")
    if activity == "contact":
        rows = _of_conversations(rows, cutoff)
    return with_derived(rows).assign(cutoff=cutoff)


def _of_conversations(rows: pd.DataFrame, cutoff: dt.datetime) -> pd.DataFrame:
    """Of whom no message is stored: their conversations are their contacts, as they are for the label."""
    bare = rows["contacts"].fillna(0) == 0
    began = (pd.Timestamp(cutoff) - pd.to_datetime(rows["first_at"], utc=True)) / pd.Timedelta(days=1)
    return rows.assign(
        contacts=rows["contacts"].mask(bare, rows["occasions"].astype(float)),
        recency_days=rows["recency_days"].mask(bare, rows["silent_days"]),
        first_contact_days=rows["first_contact_days"].mask(bare, began.astype(float)),
    )


def with_derived(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with what is worked out of their features; see ``rows_at``."""
    bought = rows["orders"].fillna(0) > 0
    rate = rows["contacts"] / (rows["first_contact_days"] + SETTLING_DAYS)
    order_rate = rows["orders"] / (rows["first_order_days"] + SETTLING_DAYS)
    return rows.assign(
        recency_days_of_buyers=rows["recency_days"].where(bought),
        recency_days_of_others=rows["recency_days"].where(~bought),
        contact_rate=rate,
        contact_rate_of_buyers=rate.where(bought),
        missed_contacts=rate * rows["recency_days"],
        missed_contacts_of_buyers=(rate * rows["recency_days"]).where(bought),
        days_written_after_order=(rows["order_recency_days"] - rows["recency_days"]).clip(lower=0),
        order_rate=order_rate,
        missed_orders=order_rate * rows["order_recency_days"],
    )
