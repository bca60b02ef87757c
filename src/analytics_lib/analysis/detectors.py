"""One detector for each kind of key moment: a conversation as plain rows in, its moments out.

What each kind means stands in ``key_moments``.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from analytics_lib.schema import FUNNEL_STAGES
from analytics_lib.text.normalize import words
from analytics_lib.text.quality import same_question

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

NEGATIVE = -0.1
CLEARLY_NEGATIVE = -0.4
_YES = frozenset(("si", "claro", "dale", "siguiente", "yes", "yeah", "sure", "proceed", "next"))
# Before a mood can fall there must be one.
_CALM_MESSAGES = 2
_LEAST_FALL = 0.3
# A user who asks again does so soon; looking further back costs much and finds nothing.
_CANDIDATES = 12
# A short text that asks nothing ("sounds good") answers; said twice it is no question.
_REQUEST_WORDS = 4

Row = dict["Hashable", Any]


class Moment(NamedTuple):
    """One moment; ``related`` is the position of the earlier message that it repeats."""

    kind: str
    seconds: float
    position: int | None = None
    message_id: str | None = None
    name: str | None = None
    value: float | None = None
    related: int | None = None


class Story(NamedTuple):
    """One conversation as plain rows, and whether it is over."""

    conversation: Row
    messages: list[Row]
    actions: list[Row]
    events: list[Row]
    over: bool
    long_silence_seconds: float


def _at(kind: str, message: Row, *, value: float | None = None, related: int | None = None) -> Moment:
    where = (message["seconds"], message["position"], message["message_id"])
    return Moment(kind, *where, value=value, related=related)


def _beside(kind: str, story: Story, seconds: float, name: object) -> Moment:
    """A moment that is no message stands at the last message before it."""
    before = bisect_right(story.messages, seconds, key=lambda message: message["seconds"])
    at = story.messages[before - 1] if before else {"position": None, "message_id": None}
    said = None if name is None or name != name else str(name)  # noqa: PLR0124  # NaN is unequal to itself
    return Moment(kind, seconds, position=at["position"], message_id=at["message_id"], name=said)


def _escalation_requests(story: Story) -> Iterator[Moment]:
    for message in story.messages:
        # "asesor" said to the person who has come calls nobody.
        if message["sender"] == "agent":
            return
        if message["wants_person"]:
            yield _at("escalation_request", message)


def _repeated_questions(story: Story) -> Iterator[Moment]:
    asked: defaultdict[str, list[Row]] = defaultdict(list)
    for message in story.messages:
        if message["sender"] != "user" or message["kind"] != "text" or message["courtesy"]:
            continue
        text = message["normalised"]
        said = set(words(text)) if isinstance(text, str) else set()
        if not message["asks"] and len(said) < _REQUEST_WORDS:
            continue
        earlier = {row["position"]: row for word in said for row in asked[word][-_CANDIDATES:]}
        for position in sorted(earlier, reverse=True)[:_CANDIDATES]:
            if same_question(earlier[position]["normalised"], text):
                yield _at("repeated_question", message, related=position)
                break
        for word in said:
            asked[word].append(message)


def _bot_loops(story: Story) -> Iterator[Moment]:
    done = sorted(action["seconds"] for action in story.actions if action["succeeded"] is True)
    last_said: dict[str, Row] = {}
    user_position = 0
    for message in story.messages:
        if message["sender"] == "user":
            user_position = message["position"]
        text = message["normalised"]
        if message["sender"] != "bot" or message["courtesy"] or not isinstance(text, str) or not text:
            continue
        before = last_said.get(text, message)
        since, until = (bisect_right(done, row["seconds"]) for row in (before, message))
        if before["position"] < user_position and since == until:
            yield _at("bot_loop", message, related=before["position"])
        last_said[text] = message


def _not_understood(story: Story) -> Iterator[Moment]:
    return (_at("not_understood", message) for message in story.messages if message["not_understood"])


def _dead_ends(story: Story) -> Iterator[Moment]:
    said = [message for message in story.messages if message["sender"] == "user"]
    if not story.over or not said:
        return
    last = story.messages[-1]
    # A second goodbye to a second thanks leaves nobody stuck.
    stuck = last["asks"] or not said[-1]["courtesy"]
    repeats = stuck and any(moment.position == last["position"] for moment in _bot_loops(story))
    if last["sender"] == "bot" and (last["not_understood"] or last["cannot_help"] or repeats):
        yield _at("dead_end", last)


def _unanswered_questions(story: Story) -> Iterator[Moment]:
    if not story.over:
        return
    replies = [message["position"] for message in story.messages if message["sender"] != "user"]
    waiting = story.messages[replies[-1] if replies else 0 :]
    # A picture may ask something too, but nobody can tell; a text that is no courtesy wanted something.
    if any(isinstance(message["normalised"], str) and not message["courtesy"] for message in waiting):
        yield _at("unanswered_question", waiting[0])


def _long_silences(story: Story) -> Iterator[Moment]:
    # The first greeting wants a reply, as does a yes to what the shop asked; thanks after an answer do not.
    waiting, greeting, asked = False, True, False
    for message in story.messages:
        if waiting and message["gap_seconds"] >= story.long_silence_seconds:
            yield _at("long_silence", message, value=message["gap_seconds"])
        if message["sender"] == "user":
            yes = asked and message["courtesy"] and not _YES.isdisjoint(words(message["normalised"]))
            waiting = waiting or greeting or yes or not message["courtesy"]
        else:
            greeting = greeting and not waiting
            waiting, asked = message["keeps_waiting"], message["asks"]


def not_answered(messages: list[Row]) -> set[int]:
    """Positions of what the user wrote that was replied to, but only by not having been understood."""
    found: set[int] = set()
    written: set[int] = set()
    for sender_is_user, stretch in groupby(messages, key=lambda message: message["sender"] == "user"):
        rows = list(stretch)
        if sender_is_user:
            written = {row["position"] for row in rows if not row["courtesy"]}
        elif any(row["not_understood"] for row in rows) and all(map(_puts_off, rows)):
            found |= written
    return found


def _puts_off(message: Row) -> bool:
    return bool(message["not_understood"] or message["keeps_waiting"])


def _failed_actions(story: Story) -> Iterator[Moment]:
    for action in story.actions:
        if action["succeeded"] is False:
            yield _beside("failed_action", story, action["seconds"], action["name"])


def _sentiment_falls(story: Story) -> Iterator[Moment]:
    said = [message for message in story.messages if message["sender"] == "user"]
    for place, message in enumerate(said):
        if not place or not message["sentiment"] <= NEGATIVE:
            continue
        # The first bad word decides: either the mood falls here, or it was never good.
        after = [row["sentiment"] for row in said[place:] if not math.isnan(row["sentiment"])]
        level = sum(after) / len(after)
        before = [row["sentiment"] for row in said[:place] if not math.isnan(row["sentiment"])]
        usual = sum(before) / len(before) if before else 0.0
        turns = place >= _CALM_MESSAGES and message["sentiment"] <= CLEARLY_NEGATIVE and level <= NEGATIVE
        if turns and usual - level >= _LEAST_FALL:
            yield _at("sentiment_fall", message, value=usual - level)
        return


def _escalated(story: Story) -> Iterator[Moment]:
    seconds = story.conversation["escalated_seconds"]
    if not math.isnan(seconds):
        yield _beside("escalated", story, seconds, story.conversation["escalation_reason"])


def _purchase_steps(story: Story) -> Iterator[Moment]:
    reached: set[str] = {FUNNEL_STAGES[0]}
    for event in story.events:
        if event["name"] in FUNNEL_STAGES and event["name"] not in reached:
            reached.add(event["name"])
            yield _beside("purchase_step", story, event["seconds"], event["name"])


DETECTORS: tuple[Callable[[Story], Iterator[Moment]], ...] = (
    _escalation_requests,
    _repeated_questions,
    _bot_loops,
    _not_understood,
    _dead_ends,
    _unanswered_questions,
    _long_silences,
    _failed_actions,
    _sentiment_falls,
    _escalated,
    _purchase_steps,
)
