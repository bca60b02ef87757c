"""How early a score that is renewed at every turn warns of an outcome, and which alarms it takes back.

An alarm is the first turn whose score reaches the threshold before the outcome; a score known only at or
after the outcome warns of nothing. The horizon is what lies between the alarm and the outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.errors import RequestError
from analytics_lib.metrics.bootstrap import ratio_limits
from analytics_lib.metrics.intervals import wilson
from analytics_lib.models.validation_rows import checked_labels
from analytics_lib.models.validation_scores import listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

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
    return warning_horizons(turns, thresholds=[threshold])[0]


def warning_horizons(turns: pd.DataFrame, *, thresholds: Iterable[float]) -> list[Warnings]:
    """The same at several thresholds; arguments and errors as of ``warning_horizon``."""
    missing = [name for name in COLUMNS if name not in turns]
    if missing:
        raise RequestError(f"No column {missing[0]!r}; expected {', '.join(COLUMNS)}.")
    ordered = turns[list(COLUMNS)].assign(label=checked_labels(turns["label"]))
    ordered = ordered.sort_values(["conversation_id", "turn"], kind="stable", ignore_index=True)
    prepared = _prepared(ordered)
    frames = (_conversations(prepared, threshold) for threshold in thresholds)
    return [Warnings(frame, _summary(frame)) for frame in frames]


@dataclass(frozen=True)
class _Turns:
    """Turns in order, and by conversation what does not depend on the threshold.

    Attributes:
        early: The turn came before the outcome.
        minutes: From the turn to the outcome; null without one.
        starts: Place of each conversation's first turn.
        last: Place of its last early turn; -1 = none.
        each: One row per conversation: ``conversation_id label turns``.
    """

    turn: NDArray[np.int64]
    score: NDArray[np.float64]
    early: NDArray[np.bool_]
    minutes: NDArray[np.float64]
    starts: NDArray[np.int64]
    last: NDArray[np.int64]
    each: pd.DataFrame


def _prepared(turns: pd.DataFrame) -> _Turns:
    names, label = turns["conversation_id"], turns["label"].to_numpy(dtype=bool)
    first = (names != names.shift()).to_numpy()
    starts, places = np.flatnonzero(first), np.arange(len(turns))
    late = label & (turns["known_at"] >= turns["outcome_at"]).to_numpy(dtype=bool)
    minutes = (turns["outcome_at"] - turns["known_at"]).dt.total_seconds().to_numpy(dtype=np.float64) / 60
    turn = turns["turn"].to_numpy(dtype=np.int64)
    ends = np.append(starts[1:], len(turns)) - 1
    came = _first_of(late, starts)
    each = pd.DataFrame(
        {
            "conversation_id": names.to_numpy()[starts],
            "label": label[starts],
            "turns": turn[np.where(came < len(turns), came, ends)],
        }
    )
    last = np.maximum.reduceat(np.where(late, -1, places), starts) if len(starts) else starts
    return _Turns(turn, turns["score"].to_numpy(dtype=np.float64), ~late, minutes, starts, last, each)


def _first_of(chosen: NDArray[np.bool_], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Place of each conversation's first chosen turn; the number of turns where there is none."""
    places = np.where(chosen, np.arange(len(chosen)), len(chosen))
    return np.minimum.reduceat(places, starts) if len(starts) else starts


def _conversations(turns: _Turns, threshold: float) -> pd.DataFrame:
    first = _first_of(turns.early & (turns.score >= threshold), turns.starts)
    alarmed = first < len(turns.turn)
    place = np.where(alarmed, first, 0)
    warned = alarmed & turns.each["label"].to_numpy()
    alarm_turn = pd.Series(turns.turn[place]).astype("Int64").where(alarmed)
    withdrawn = pd.Series((turns.last >= 0) & (turns.score[turns.last] < threshold)).astype("boolean")
    return turns.each.assign(
        alarm_turn=alarm_turn,
        turns_before=(turns.each["turns"] - alarm_turn).where(warned),
        minutes_before=pd.Series(turns.minutes[place]).where(warned),
        withdrawn=withdrawn.where(alarmed),
    )


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
