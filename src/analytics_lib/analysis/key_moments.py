"""The moments of a conversation worth stopping at: where it went wrong, and the steps towards a purchase.

Each kind has one definition, applied to one conversation or to thousands alike:

- ``escalation_request``: the user asks for a person, and none has written yet;
- ``repeated_question``: the user asks again what they asked before (``text.quality.same_question``);
- ``bot_loop``: the bot says word for word what it had said before the user's last message, and no action
  succeeded in between (after one, the same words answer something new);
- ``not_understood``: the bot says that it did not understand;
- ``dead_end``: the conversation is over, the user has written, and the last word is a bot's that did not
  help: not understood, an apology that it cannot, or a repetition of more than a goodbye;
- ``unanswered_question``: the conversation is over, and nobody replied to what the user wrote last; it stands
  at the first message of that stretch;
- ``long_silence``: at least so many seconds without a word while the user waited for one, since a message of
  the user or since being told to wait; it stands at the message that ends it, so that a silence which ends
  the conversation is none;
- ``failed_action``: a system behind the bot failed;
- ``sentiment_fall``: the user, so far negative in no message but perhaps the first (which tells what is
  wrong), turns clearly negative (-0.4 or below) and stays so, by 0.3 at least; not before the third message;
- ``escalated``: a person is called in; ``purchase_step``: a stage of the funnel is reached the first time;
- ``turning_point``: a turn at which a model's expectation of the end moved most (``turning_points``); there
  are none without a model.

A conversation is over once it is closed, or a day after its last message.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

from analytics_lib.analysis.detectors import DETECTORS, Story
from analytics_lib.analysis.rows import frame_of, records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from analytics_lib.analysis.detectors import Moment, Row
    from analytics_lib.analysis.timeline import Timeline

TROUBLES = (
    "escalation_request",
    "repeated_question",
    "bot_loop",
    "not_understood",
    "dead_end",
    "unanswered_question",
    "long_silence",
    "failed_action",
    "sentiment_fall",
)
MILESTONES = ("escalated", "purchase_step")
LONG_SILENCE_SECONDS = 120.0
OVER_AFTER_SECONDS = 24 * 3600.0
_TYPES = {
    "conversation_id": "str",
    "kind": "str",
    "seconds": "float64",
    "position": "Int64",
    "message_id": "str",
    "name": "str",
    "value": "float64",
    "related": "Int64",
}


def key_moments(
    timeline: Timeline,
    messages: pd.DataFrame,
    *,
    known_until: pd.Timestamp | None = None,
    long_silence_seconds: float = LONG_SILENCE_SECONDS,
) -> pd.DataFrame:
    """The key moments of every conversation of a timeline.

    Args:
        timeline: One conversation or several.
        messages: Its messages with what ``reading.read_messages`` tells of them.
        known_until: What the store knows ends here; a conversation quiet for a day before it is over. Null =
            only closed ones are.
        long_silence_seconds: From how many seconds on waiting is a long silence.

    Returns:
        One row per moment, in order of time within each conversation: ``conversation_id``, ``kind``,
        ``seconds`` since its start, ``position`` and ``message_id`` of the message to look at (of an action,
        an event or the escalation: the last message before it, null where there is none), ``name`` of the
        action, stage or reason, ``value`` (seconds of silence; size of the fall, of two) and ``related``
        (position of the message that is repeated), null where they do not apply.
    """
    return moments_of(_stories(timeline, messages, known_until, long_silence_seconds))


def moments_of(stories: Iterable[Story], *, more: Iterable[Moment] = ()) -> pd.DataFrame:
    """The key moments of conversations that are plain rows already (see ``key_moments``).

    ``more`` are moments found elsewhere, of each of these conversations.
    """
    added = list(more)
    rows: list[tuple[object, ...]] = []
    for story in stories:
        found = [*(moment for detect in DETECTORS for moment in detect(story)), *added]
        name = story.conversation["conversation_id"]
        # sorted() is stable: at one instant, moments keep the order of the detectors.
        rows += [(name, *moment) for moment in sorted(found, key=lambda m: m.seconds)]
    return frame_of(rows, _TYPES)


def is_over(conversation: Row, last_seconds: float | None, known_until: pd.Timestamp | None) -> bool:
    """Whether a conversation has ended: closed, or without a word for a day of what the store knows.

    Args:
        conversation: ``started_at ended_seconds``.
        last_seconds: When its last message was sent; null without messages.
        known_until: What the store knows ends here; null = only closed ones are over.
    """
    if not math.isnan(conversation["ended_seconds"]):
        return True
    if known_until is None or last_seconds is None:
        return False
    known_seconds = (known_until - conversation["started_at"]).total_seconds()
    return bool(known_seconds - last_seconds >= OVER_AFTER_SECONDS)


def _stories(
    timeline: Timeline, messages: pd.DataFrame, known_until: pd.Timestamp | None, long_silence_seconds: float
) -> Iterator[Story]:
    by_conversation = [rows_of(frame) for frame in (messages, timeline.actions, timeline.events)]
    for row in records(timeline.conversation):
        said, acted, happened = (rows[row["conversation_id"]] for rows in by_conversation)
        over = is_over(row, said[-1]["seconds"] if said else None, known_until)
        yield Story(row, said, acted, happened, over, long_silence_seconds)


def rows_of(frame: pd.DataFrame) -> defaultdict[str, list[Row]]:
    """The rows of a frame by conversation, in their order."""
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    for row in records(frame):
        rows[row["conversation_id"]].append(row)
    return rows
