"""The turns at which a model's expectation of how a conversation ends moved most, as key moments of a review.

The expectation comes from outside, a row a turn (the *outlook*); what predicts stays apart from what reads.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.analysis.detectors import Moment
from analytics_lib.analysis.rows import records
from analytics_lib.errors import RequestError

if TYPE_CHECKING:
    from analytics_lib.analysis.detectors import Row, Story
    from analytics_lib.periods import Moment as Time

TURNING_POINT = "turning_point"
COLUMNS = ("conversation_id", "turn", "seconds", "purchase", "outcome", "change", "known")
# A move below ten points changes no decision; more than three moments are not read.
LEAST_CHANGE = 0.10
MOST = 3
_INSTANT = 0.000_001


def outlook_rows(outlook: pd.DataFrame | None, conversation: Row, *, known: Time | None) -> list[Row]:
    """The rows of an outlook that belong to a conversation and are known, in order of turns.

    Args:
        outlook: One row per turn: ``conversation_id turn seconds`` (from the conversation's start to when the
            turn was over), ``purchase`` (probability), ``outcome`` (the end that is followed), ``change`` (of
            its probability since the turn before; null at the first) and ``known`` (the end had been decided
            by then). Null = there is no model.
        conversation: ``conversation_id started_at``.
        known: Rows of this moment or later are left out; null = all are known.

    Raises:
        RequestError: If a column is missing.
    """
    if outlook is None:
        return []
    absent = [name for name in COLUMNS if name not in outlook.columns]
    if absent:
        raise RequestError(f"The outlook has no column {absent[0]!r}; expected those of a model's path.")
    rows = outlook[outlook["conversation_id"] == conversation["conversation_id"]].sort_values("turn")
    if known is not None:
        began = conversation["started_at"]
        rows = rows[began + pd.to_timedelta(rows["seconds"], unit="s") < pd.Timestamp(known)]
    return records(rows)


def turning_points(story: Story, outlook: list[Row]) -> list[Moment]:
    """The turns with the largest changes, at the last message of each.

    Args:
        story: The conversation.
        outlook: Its rows, as ``outlook_rows`` gives them.

    Returns:
        At most three in order of time, each of ten points or more: ``name`` is the end that is followed,
        ``value`` how its probability moved (-1 to 1). What decides the end is a key moment of its own.
    """
    moved = [row for row in outlook if not row["known"] and abs(row["change"]) >= LEAST_CHANGE]
    largest = sorted(moved, key=lambda row: -abs(row["change"]))[:MOST]
    return [_moment(story, row) for row in sorted(largest, key=lambda row: row["seconds"])]


def foreseen_purchase(outlook: list[Row]) -> float:
    """The probability of a purchase after the last turn before another end was decided; NaN without one."""
    open_ = [row["purchase"] for row in outlook if not row["known"] or row["purchase"] == 1]
    return float(open_[-1]) if open_ else math.nan


def _moment(story: Story, row: Row) -> Moment:
    until = row["seconds"] + _INSTANT
    last = next((said for said in reversed(story.messages) if said["seconds"] <= until), None)
    at = last or {"position": None, "message_id": None}
    return Moment(
        TURNING_POINT,
        row["seconds"],
        position=at["position"],
        message_id=at["message_id"],
        name=str(row["outcome"]),
        value=row["change"],
    )
