"""Whom a survey was put to and what they answered, as known at a moment; earlier rows and the latest."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.models.features import CLOSED_FEATURES, closed_features
from analytics_lib.periods import Moment, utc_moment

if TYPE_CHECKING:
    from analytics_lib.store import Store

KINDS = {name: feature.kind for name, feature in CLOSED_FEATURES.items()}
# So late may an answer arrive (``store.known``): until then silence says nothing.
SURVEY_HOURS = 48
# Of the conversations whose survey is over, by their end: the share that teaches; the rest measures.
TAUGHT = 0.8

ANSWERS = "select conversation_id, csat from conversations where ended_at is not null"


@dataclass(frozen=True)
class Slices:
    """The same rows before and after a moment."""

    train: pd.DataFrame
    test: pd.DataFrame
    cutoff: pd.Timestamp


def closed_rows(store: Store, *, as_of: Moment, since: Moment | None = None) -> pd.DataFrame:
    """Every conversation that had ended before ``as_of``, with its answer as known then.

    Args:
        store: Read: as of ``features.closed_features``.
        as_of: Nothing from here on is known.
        since: Conversations that started earlier are left out.

    Returns:
        One row per ended conversation, by its end: the columns of ``closed_features``, ``csat`` (1 to 5,
        null without an answer) and ``survey_over`` (whether 48 hours had passed since its end: an answer that
        is not there will not come).
    """
    rows = closed_features(store, as_of=as_of, since=since)
    with store.known_at(as_of) as known:
        answers = known.query(ANSWERS)
    over = utc_moment(as_of) - dt.timedelta(hours=SURVEY_HOURS)
    rows = rows.merge(answers.astype({"csat": "float64"}), on="conversation_id", how="left")
    rows = rows.assign(survey_over=rows["known_at"] <= over)
    return rows.sort_values(["known_at", "conversation_id"], kind="stable", ignore_index=True)


def slices(rows: pd.DataFrame, *, taught: float = TAUGHT) -> Slices:
    """Rows by the end of their conversation; those whose survey was not over at the cut are in neither."""
    cutoff = pd.Timestamp(rows["known_at"].iloc[int(len(rows) * taught)])
    over = rows["known_at"] <= cutoff - pd.Timedelta(hours=SURVEY_HOURS)
    return Slices(rows[over], rows[rows["known_at"] >= cutoff], cutoff)


def answered(rows: pd.DataFrame) -> pd.DataFrame:
    """Those with an answer."""
    return rows[rows["csat"].notna()]
