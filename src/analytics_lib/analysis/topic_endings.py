"""Which topics end badly: conversations in which a topic was asked, against all the others.

A bad end is a person called in, the user giving up, or an answer of 1 or 2 to the satisfaction survey.
Counted are closed conversations of the window in which something was asked, of those whose end is known in
that respect; nothing is known of an open one. A conversation may have several topics and counts for each.
Longer conversations have more topics, and end in their own ways: a difference says where to look, not why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.analysis.differences import share_differences
from analytics_lib.analysis.topic_messages import presence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.analysis.topic_messages import Asked
    from analytics_lib.analysis.topics import Topics

ENDINGS = ("escalated", "abandoned", "low_csat")
LOW_CSAT = 2
_BETWEEN = "\n"


def endings(asked: Asked, found: Topics) -> pd.DataFrame:
    """How each topic's conversations end, against the conversations without it.

    Returns:
        One row per topic and ending with anybody in it: ``topic``, ``ending`` (of ``ENDINGS``), and the
        columns of ``differences.share_differences``: ``first_…`` are conversations with the topic,
        ``second_…`` the others, ``difference`` with its 95 % interval ``low high`` (Newcombe on effective
        sizes, since users repeat), ``p_value`` corrected for all rows (Benjamini and Hochberg), ``few``,
        ``real``. What is real comes first, the largest difference first.
    """
    lines = asked.window_lines
    topic = found.of_text[lines["text"].to_numpy()]
    asks = topic > -3
    chats = asked.conversations.iloc[np.unique(lines.loc[asks, "conversation"])].reset_index(drop=True)
    placed = asks & (topic >= 0)
    has_topic, has_chat = presence(topic[placed], lines["conversation"].to_numpy()[placed])
    frames = [
        _counts(chats, chats["number"].isin(has_chat[has_topic == number]).to_numpy(), name, ending)
        for number, name in enumerate(found.names)
        for ending in ENDINGS
    ]
    counts = pd.concat([frame for frame in frames if frame is not None] or [_nothing()], ignore_index=True)
    compared = share_differences(counts)
    parts = [str(name).partition(_BETWEEN) for name in compared["name"]]
    compared.insert(0, "topic", pd.Series([part[0] for part in parts], dtype="str"))
    compared.insert(1, "ending", pd.Series([part[2] for part in parts], dtype="str"))
    return compared.drop(columns="name")


def worse_first(compared: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``endings`` that are real and worse, those that cost most conversations first.

    What a topic costs is ``excess``: its conversations times the difference.
    """
    worse = compared[compared["real"].astype(bool) & (compared["difference"] > 0)]
    costed = worse.assign(excess=worse["difference"] * worse["first_total"])
    return costed.sort_values("excess", ascending=False, kind="stable").reset_index(drop=True)


def ends_so(chats: pd.DataFrame, ending: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which conversations end so, and of which that is known.

    Args:
        chats: ``closed escalated outcome csat``.
        ending: One of ``ENDINGS``.
    """
    closed = chats["closed"].to_numpy(dtype=bool)
    if ending == "escalated":
        return chats["escalated"].to_numpy(dtype=bool), closed
    if ending == "abandoned":
        return (chats["outcome"] == "abandoned").to_numpy(), closed & (
            chats["outcome"] != "unknown"
        ).to_numpy()
    answered = chats["csat"].notna().to_numpy()
    return (chats["csat"] <= LOW_CSAT).fillna(value=False).to_numpy(dtype=bool), closed & answered


def _counts(
    chats: pd.DataFrame, with_topic: NDArray[np.bool_], topic: str, ending: str
) -> pd.DataFrame | None:
    """Both groups' counts as ``share_differences`` takes them; none where one of them is empty."""
    ends, known = ends_so(chats, ending)
    sides = {"first": with_topic & known, "second": ~with_topic & known}
    if not all(side.any() for side in sides.values()):
        return None
    rows = [_side(chats["person"].to_numpy()[side], ends[side]) for side in sides.values()]
    return pd.DataFrame(rows).assign(side=list(sides), name=f"{topic}{_BETWEEN}{ending}")


def _side(persons: NDArray[np.int64], ends: NDArray[np.bool_]) -> dict[str, int]:
    users, place = np.unique(persons, return_inverse=True)
    n, y = np.bincount(place), np.bincount(place, weights=ends)
    return {
        "conversations": int(y.sum()),
        "total": int(n.sum()),
        "users": len(users),
        "total_squares": int((n * n).sum()),
        "squares": int((y * y).sum()),
        "products": int((y * n).sum()),
    }


def _nothing() -> pd.DataFrame:
    names = ("conversations", "total", "users", "total_squares", "squares", "products")
    return pd.DataFrame({name: pd.Series(dtype="int64") for name in names}).assign(
        side=pd.Series(dtype="str"), name=pd.Series(dtype="str")
    )
