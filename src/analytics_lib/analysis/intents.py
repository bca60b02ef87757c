"""How well the bot understands: by intent, where it fails, and what it takes for what.

Counted are the conversations that started in the window, whole, and what their users wrote in them. A
*detection* is a user's message with an intent. *Fallback* is no intent, or one of the names under which
platforms store that. A conversation is *lost* if it is closed, its outcome is known, and the user gave up or
a person was called in. Zero is observed, null is undefined (nothing was scored, reviewed or closed), and an
intent nobody had has no row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analytics_lib.analysis import intent_queries as queries
from analytics_lib.analysis.changes import share_size
from analytics_lib.analysis.differences import SMALL_N, Share, judged, newcombe, share_p_value
from analytics_lib.analysis.scope import bounds
from analytics_lib.metrics.intervals import effective_sizes, wilson_limits

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

LOW_CONFIDENCE = 0.7
RATES = ("low_confidence", "accuracy", "fallback_next", "escalation", "abandonment", "lost")


@dataclass(frozen=True)
class Recognition:
    """What the bot took messages for.

    Attributes:
        intents: One row per detected intent, the most frequent first: ``intent``, ``detections``, ``share``
            (of all detections), ``mean_confidence``, and for each of ``RATES`` ``<rate>_count``,
            ``<rate>_n``, ``<rate>_rate`` (null where n is 0) and the limits of its 95 % interval
            ``<rate>_low`` ``<rate>_high`` (Wilson on effective sizes, since users repeat): ``low_confidence``
            of detections with a confidence, ``accuracy`` of reviewed ones, ``fallback_next`` of detections
            after which the user wrote again, ``escalation`` of closed conversations with the intent,
            ``abandonment`` and ``lost`` of those whose outcome is known.
        overall: The same columns of all intents together; counts are 0 where the source records no intent.
    """

    intents: pd.DataFrame
    overall: pd.Series


def recognition(
    store: Store, *, since: Moment, until: Moment, channel: str | None = None, as_of: Moment | None = None
) -> Recognition:
    """What was detected in the conversations that started in ``[since, until)``, and what became of them.

    Args:
        store: Read: ``conversations``, ``messages``.
        since: Start of the window.
        until: Its end, excluded.
        channel: Only this channel; null = all.
        as_of: Nothing later is known; null = everything in the store is.

    Raises:
        RequestError: If the window is empty.
    """
    scope = bounds(since=since, until=until, channel=channel, as_of=as_of)
    counts = store.query(queries.COUNTS, low_confidence=LOW_CONFIDENCE, **scope)
    names = list(dict.fromkeys(counts["intent"]))
    wide = pd.DataFrame({"intent": names}).set_index("intent")
    for rate in (*RATES, "confidence", "detected"):
        wide = wide.join(_rate(counts[counts["rate"] == rate], rate))
    every = pd.DataFrame(index=pd.Index([""], name="intent"), columns=wide.columns, dtype=float).fillna(
        {name: 0.0 for name in wide.columns if name.endswith(("_count", "_n"))}
    )
    overall = (wide if "" in wide.index else every).T[""]
    wide = wide.assign(
        detections=wide["detected_count"].astype("int64"),
        mean_confidence=wide["confidence_rate"],
        share=wide["detected_count"] / (overall["detected_count"] or math.nan),
    )
    order = wide.drop(index="", errors="ignore").sort_values("detections", ascending=False, kind="stable")
    columns = ["intent", "detections", "share", "mean_confidence"]
    columns += [f"{rate}_{part}" for rate in RATES for part in ("count", "n", "rate", "low", "high")]
    named = {"detections": overall["detected_count"], "mean_confidence": overall["confidence_rate"]}
    return Recognition(order.reset_index()[columns], pd.concat([overall, pd.Series(named)]))


def failing(found: Recognition, *, minimum: int = SMALL_N) -> pd.DataFrame:
    """The intents with which more conversations are lost than otherwise, the costliest first.

    Ranked by ``cost = lost conversations · (rate - overall)``: how much is lost, times how much more often
    than usual.

    Args:
        found: Of a window.
        minimum: Intents in fewer conversations of known outcome are left out.

    Returns:
        One row per intent whose lost rate is above that of all conversations: the columns of
        ``Recognition.intents`` with ``overall``, ``cost``, and against the conversations without the intent
        ``difference`` with its limits ``low`` ``high`` (Newcombe on effective sizes), ``p_value`` (Benjamini
        and Hochberg over all intents that reach the minimum) and ``real``. That an intent comes before a loss
        does not mean that it is its reason.
    """
    frame = found.intents[found.intents["lost_n"] >= minimum]
    overall = found.overall
    rows = [
        {
            **row,
            "overall": overall["lost_rate"],
            "cost": row["lost_count"] * (row["lost_rate"] - overall["lost_rate"]),
        }
        | _against_without(row, overall)
        for row in frame.to_dict("records")
    ]
    added = ["overall", "cost", "difference", "low", "high", "p_value", "few"]
    decided = judged(pd.DataFrame(rows, columns=[*found.intents.columns, *added]).astype({"few": bool}))
    worse = decided[decided["cost"] > 0].drop(columns="few")
    return worse.sort_values("cost", ascending=False, kind="stable", ignore_index=True)


def confusions(
    store: Store, *, since: Moment, until: Moment, channel: str | None = None, as_of: Moment | None = None
) -> pd.DataFrame:
    """What the bot took the reviewed messages of each true intent for.

    Args:
        store: Read: ``conversations``, ``messages``.
        since: Start of the window.
        until: Its end, excluded.
        channel: Only this channel; null = all.
        as_of: Nothing later is known; null = everything in the store is.

    Returns:
        One row per pair, the most frequent first, right ones included: ``true_intent``, ``intent``
        (``fallback`` where none was detected), ``messages``, ``reviewed`` (of the true intent), ``share``
        (``messages / reviewed``).

    Raises:
        RequestError: If the window is empty.
    """
    frame = store.query(queries.CONFUSIONS, **bounds(since=since, until=until, channel=channel, as_of=as_of))
    return frame.assign(share=frame["messages"] / frame["reviewed"])


def examples(
    store: Store,
    intents: Iterable[str],
    *,
    since: Moment,
    until: Moment,
    channel: str | None = None,
    as_of: Moment | None = None,
    most: int = 5,
) -> pd.DataFrame:
    """Messages of these intents that the bot was unsure of or took wrongly, masked as they are stored.

    Args:
        store: Read: ``conversations``, ``messages``.
        intents: Detected intents, in the order wanted.
        since: Start of the window.
        until: Its end, excluded.
        channel: Only this channel; null = all.
        as_of: Nothing later is known; null = everything in the store is.
        most: How many of each, no text twice: wrong ones first, then the least confident.

    Returns:
        ``intent``, ``true_intent`` (null where nobody reviewed it), ``confidence``, ``text`` (its first 1,000
        characters), ``conversation_id``.

    Raises:
        RequestError: If the window is empty.
    """
    wanted = list(intents)
    scope = bounds(since=since, until=until, channel=channel, as_of=as_of)
    asked = {"intents": wanted or [""], "low_confidence": LOW_CONFIDENCE, "most": most}
    frame = store.query(queries.EXAMPLES, **asked, **scope)
    order = {name: place for place, name in enumerate(wanted)}
    return frame.sort_values("intent", key=lambda names: names.map(order), kind="stable", ignore_index=True)


def _rate(counts: pd.DataFrame, name: str) -> pd.DataFrame:
    """Numerator, denominator, value and limits of one rate, by intent."""
    y, n, users, yy, yn, nn = (
        counts[column].to_numpy(dtype=float) for column in ("y", "n", "users", "yy", "yn", "nn")
    )
    share = y / np.where(n > 0, n, np.nan)
    sizes = effective_sizes(share, n, users, yy - 2 * share * yn + share**2 * nn)
    low, high = wilson_limits(share * sizes, sizes)
    parts = {"count": y, "n": n, "rate": share, "low": low, "high": high}
    return pd.DataFrame({f"{name}_{part}": values for part, values in parts.items()}, index=counts["intent"])


def _against_without(row: Mapping[Hashable, Any], overall: pd.Series) -> dict[str, object]:
    """The lost rate with an intent less that without; the size of the others is worth what that of all is."""
    n = overall["lost_n"] - row["lost_n"]
    few = n < SMALL_N
    if n <= 0:
        return {"difference": math.nan, "low": math.nan, "high": math.nan, "p_value": math.nan, "few": True}
    worth = share_size(overall["lost_rate"], overall["lost_low"], overall["lost_high"]) / overall["lost_n"]
    one = Share(row["lost_rate"], share_size(row["lost_rate"], row["lost_low"], row["lost_high"]))
    other = Share((overall["lost_count"] - row["lost_count"]) / n, n * worth)
    low, high = newcombe(one, other)
    p_value = share_p_value(one, other)
    return {"difference": one.share - other.share, "low": low, "high": high, "p_value": p_value, "few": few}
