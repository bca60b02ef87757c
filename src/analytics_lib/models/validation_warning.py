"""How early a score that is renewed at every turn warns of an outcome, and which alarms it takes back.

An alarm is the first turn whose score reaches the threshold before the outcome; a score known only at or
after the outcome warns of nothing. The horizon is what lies between the alarm and the outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analytics_lib.errors import RequestError
from analytics_lib.metrics.bootstrap import ratio_limits
from analytics_lib.metrics.intervals import wilson
from analytics_lib.models.validation_rows import checked_labels
from analytics_lib.models.validation_scores import listed

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("conversation_id", "turn", "known_at", "score", "label", "outcome_at")


@dataclass(frozen=True)
class Warnings:
    """How early a score warned.

    Attributes:
        conversations: One row per conversation: ``conversation_id label turns`` (of the outcome, else the
            last) ``alarm_turn`` (null = no alarm) ``turns_before`` and ``minutes_before`` (from the alarm to
            the outcome; null without either) ``withdrawn`` (the last score before the outcome is below the
            threshold again; null without an alarm).
        summary: One row per metric: ``metric value low high n``. ``warned`` (of the conversations with the
            outcome, how many had an alarm), ``false_alarm_rate`` (of those without), ``turns_before`` and
            ``minutes_before`` (means over those warned rightly; bootstrap), ``median_turns_before``,
            ``median_minutes_before``, ``recovery`` (alarms that were withdrawn, rightly: no outcome came; of
            all alarms), ``withdrawn_wrongly`` (of all alarms).
    """

    conversations: pd.DataFrame
    summary: pd.DataFrame


def warning_horizon(turns: pd.DataFrame, *, threshold: float) -> Warnings:
    """How many turns and minutes before the outcome a score first reached the threshold.

    Args:
        turns: One row per turn: ``conversation_id turn known_at score label`` (whether the outcome comes; one
            for a conversation) ``outcome_at`` (when it came; may be null without it).
        threshold: An alarm is a score at or above it.

    Raises:
        RequestError: If a column is missing, or a label is neither true nor false.
    """
    missing = [name for name in COLUMNS if name not in turns]
    if missing:
        raise RequestError(f"No column {missing[0]!r}; expected {', '.join(COLUMNS)}.")
    ordered = turns[list(COLUMNS)].assign(label=checked_labels(turns["label"]))
    ordered = ordered.sort_values(["conversation_id", "turn"], kind="stable", ignore_index=True)
    conversations = _conversations(ordered, threshold)
    return Warnings(conversations, _summary(conversations))


def _conversations(turns: pd.DataFrame, threshold: float) -> pd.DataFrame:
    late = turns["label"] & (turns["known_at"] >= turns["outcome_at"])
    by, early = turns.groupby("conversation_id"), turns[~late]
    came = turns[late].groupby("conversation_id")["turn"].first()
    found = by.agg(label=("label", "first"), turns=("turn", "last"), outcome_at=("outcome_at", "first"))
    found["turns"] = came.reindex(found.index).fillna(found["turns"]).astype(np.int64)
    alarms = early[early["score"] >= threshold].groupby("conversation_id").first()
    alarms = alarms.reindex(found.index)
    last = early.groupby("conversation_id")["score"].last().reindex(found.index)
    found["alarm_turn"] = alarms["turn"].astype("Int64")
    warned = found["label"] & alarms["turn"].notna()
    found["turns_before"] = (found["turns"] - found["alarm_turn"]).where(warned)
    minutes = (found["outcome_at"] - alarms["known_at"]).dt.total_seconds() / 60
    found["minutes_before"] = minutes.where(warned)
    found["withdrawn"] = (last < threshold).astype("boolean").where(alarms["turn"].notna())
    return found.drop(columns="outcome_at").reset_index()


def _summary(conversations: pd.DataFrame) -> pd.DataFrame:
    label, alarmed = conversations["label"], conversations["alarm_turn"].notna()
    withdrawn = conversations["withdrawn"].fillna(value=False).astype(bool)
    shares = {
        "warned": (label & alarmed, label),
        "false_alarm_rate": (~label & alarmed, ~label),
        "recovery": (withdrawn & ~label, alarmed),
        "withdrawn_wrongly": (withdrawn & label, alarmed),
    }
    found, n = {}, []
    for name, (part, whole) in shares.items():
        found[name] = _share(int(part.sum()), int(whole.sum()))
        n.append(int(whole.sum()))
    for name in ("turns_before", "minutes_before"):
        values = conversations[name].dropna().to_numpy(dtype=np.float64)
        low, high = ratio_limits([(values, np.ones(len(values)))])[0]
        found[name] = (float(values.mean()) if len(values) else np.nan, float(low), float(high))
        found[f"median_{name}"] = (float(np.median(values)) if len(values) else np.nan, np.nan, np.nan)
        n += [len(values)] * 2
    return listed(found, n=n)


def _share(part: int, whole: int) -> tuple[float, float, float]:
    return (part / whole if whole else np.nan, *wilson(part, whole))
