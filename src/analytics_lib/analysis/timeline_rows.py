"""The rows of a timeline, as the store gives them, with what a timeline says of them: seconds and gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import datetime as dt

_SECOND = 1_000_000  # microseconds
# What is known of a conversation from this moment on.
_ENDINGS = {"ended_at": ("outcome", "resolved", "csat", "nps"), "escalated_at": ("escalation_reason",)}
_TOLD = (
    *("conversation_id", "user_id", "channel", "started_at", "started_local", "entry_point", "city"),
    *("outcome", "resolved", "csat", "nps", "escalation_reason", "ended_seconds", "escalated_seconds"),
)


def earlier(moments: pa.ChunkedArray, before: dt.datetime) -> pa.ChunkedArray:
    """Which moments are earlier than another; null stays null."""
    return pc.less(moments, pa.scalar(before, moments.type))


def as_known(conversations: pa.Table, before: dt.datetime) -> pa.Table:
    """Conversations that had started before a moment, with ``ended_seconds`` and ``escalated_seconds``.

    What came later, an end or an escalation and all that goes with it, is null.
    """
    rows = conversations.filter(earlier(conversations["started_at"], before))
    told = {name: rows[name] for name in rows.column_names}
    started = _microseconds(rows["started_at"])
    for moment, others in _ENDINGS.items():
        known = earlier(rows[moment], before)
        seconds = (_microseconds(rows[moment]) - started) / _SECOND
        told[moment.replace("_at", "_seconds")] = pa.chunked_array([pa.array(seconds)])
        for name in (*others, moment.replace("_at", "_seconds")):
            told[name] = pc.if_else(known, told[name], pa.scalar(None, told[name].type))
    return pa.table({name: told[name] for name in _TOLD})


def of_known(rows: pa.Table, begun: pa.Table) -> pa.Table:
    """The rows of known conversations."""
    if not rows.num_rows:
        return rows
    return rows.filter(pc.is_in(rows["conversation_id"], begun["conversation_id"]))


def timed(rows: pa.Table, begun: pa.Table, moment: str) -> pa.Table:
    """The rows with ``seconds`` since the start of their conversation in place of the moment."""
    places = pc.index_in(rows["conversation_id"], begun["conversation_id"]).to_numpy()
    since = _microseconds(begun["started_at"])[places]
    # Second and rest apart, as pandas counts the seconds of a duration: the same to the last digit.
    whole, rest = np.divmod(_microseconds(rows[moment]) - since, _SECOND)
    return rows.drop_columns(moment).append_column("seconds", pa.array(whole + rest / _SECOND))


def spaced(messages: pa.Table) -> pa.Table:
    """Messages in order, with ``position``, ``gap_seconds`` and ``response_time_seconds``."""
    at = _microseconds(messages["sent_at"])
    names, place = messages["conversation_id"].combine_chunks(), np.arange(len(at))
    opens = np.concatenate(
        [place[:1] == 0, pc.not_equal(names[1:], names[:-1]).to_numpy(zero_copy_only=False)]
    )
    user = pc.equal(messages["sender"], "user").to_numpy()
    after_user = np.roll(user, 1) & ~opens
    # Whoever replies answers from the first message of the user's stretch on.
    waiting_since = at[np.maximum.accumulate(np.where(user & ~after_user, place, 0))]
    gap = np.where(opens, np.nan, (at - np.roll(at, 1)) / _SECOND)
    response_time = np.where(~user & after_user, (at - waiting_since) / _SECOND, np.nan)
    position = place - np.maximum.accumulate(np.where(opens, place, 0)) + 1
    numbered = messages.add_column(1, "position", pa.array(position))
    apart = numbered.append_column("gap_seconds", pa.array(gap))
    return apart.append_column("response_time_seconds", pa.array(response_time))


def _microseconds(moments: pa.ChunkedArray) -> np.ndarray:
    counted: np.ndarray = moments.cast(pa.int64()).to_numpy()
    return counted
