"""Conversations with planted troubles, and with near-misses that are none: the truth for detectors.

The kinds, and the message a reader would point at:

- ``repeated_question``: the user asks again what they asked before, in the same or mostly the same words,
  whatever was replied in between; the later message.
- ``bot_loop``: the bot says a text it said before, although the user wrote in between; each later one.
- ``not_understood``: the bot says that it did not understand; that message.
- ``dead_end``: the last message of the conversation is the bot's and helps nobody: it did not understand,
  cannot do it, or said the same before; that message.
- ``unanswered_question``: nobody replies to a question or request before the end; its first message.
- ``long_silence``: 120 seconds or more pass while the user waits for a reply; the message that ends them.
  After a handover, and after an agent who looks something up, the user waits as well.
- ``failed_action``: a call with ``succeeded`` false; its ``action_id``.
- ``escalation_request``: the user asks for a person; that message.
- ``sentiment_fall``: the user, friendly or neutral so far, turns angry and stays so; the turning message.
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analytics_lib.errors import RequestError
from analytics_lib.simulate import trouble_near_misses as near
from analytics_lib.simulate import trouble_rows
from analytics_lib.simulate import trouble_scenes as scenes
from analytics_lib.simulate.trouble_rows import Chat
from analytics_lib.simulate.trouble_script import (
    Script,
    ask,
    new_question,
    new_script,
    phrase,
    questions_left,
    reply,
    write,
)
from analytics_lib.simulate.world import ZONE

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["KINDS", "Planted", "planted_conversations"]

KINDS = scenes.KINDS
TROUBLED_SHARE = 0.4
TROUBLES = {1: 0.5, 2: 0.35, 3: 0.15}
ENGLISH_SHARE = 0.15
AGENT_SHARE = 0.08
ANGRY_SHARE = 0.04
OPEN_SHARE = 0.03
# What planted troubles may still want to ask, and what one scene takes.
RESERVED_QUESTIONS = 7
FIRST_DAY = dt.datetime(2026, 3, 2, tzinfo=ZONE)
DAYS = 60
# Local hours: most write by day, some at night, some minutes before midnight.
MOMENTS = {"day": 0.78, "night": 0.14, "before midnight": 0.08}
# Kinds that cannot come together: both end a conversation, or one undoes the other.
EXCLUDED = (
    {"dead_end", "unanswered_question"},
    {"dead_end", "escalation_request"},
    {"sentiment_fall", "unanswered_question"},
)


@dataclass(frozen=True)
class Planted:
    """Conversations in the shape of the contract, and what is wrong in them.

    Attributes:
        conversations: One row per conversation.
        messages: One row per message, without ``sentiment``.
        actions: One row per call of the bot.
        events: One row per stage of the journey that was reached.
        truth: One row per planted trouble: ``conversation_id kind message_id action_id``; ``action_id`` is
            given for a failed_action and ``message_id`` for every other kind, the other one is null.
    """

    conversations: pd.DataFrame
    messages: pd.DataFrame
    actions: pd.DataFrame
    events: pd.DataFrame
    truth: pd.DataFrame


def planted_conversations(*, conversations: int, seed: int) -> Planted:
    """Seeded conversations of which about 60 % hold no trouble and some hold several.

    A conversation depends on the seed and its own number alone: fewer of them are the first of more.

    Args:
        conversations: How many.
        seed: The same seed gives the same rows.

    Raises:
        RequestError: If there is no conversation, or the seed is negative.
    """
    if conversations < 1:
        raise RequestError(f"conversations is {conversations}; expected 1 or more.")
    if seed < 0:
        raise RequestError(f"seed is {seed}; expected 0 or more.")
    chats = [_chat(seed, number) for number in range(conversations)]
    return Planted(**trouble_rows.frames(chats))


def _chat(seed: int, number: int) -> Chat:
    rng = random.Random(f"{seed}/{number}")
    script = new_script(rng, "en" if rng.random() < ENGLISH_SHARE else "es")
    kinds = _kinds(rng) if rng.random() < TROUBLED_SHARE else []
    _write_out(script, kinds)
    started = _started(rng)
    passed = itertools.accumulate(line.gap_ms for line in script.lines)
    return Chat(
        seed=seed,
        number=number,
        script=script,
        sent_at=[started + dt.timedelta(milliseconds=milliseconds) for milliseconds in passed],
        is_open=not kinds and rng.random() < OPEN_SHARE,
    )


def _kinds(rng: random.Random) -> list[str]:
    """Which troubles a conversation holds, in random order, none excluding another."""
    count = rng.choices(list(TROUBLES), weights=list(TROUBLES.values()))[0]
    kinds: list[str] = []
    for kind in rng.sample(KINDS, len(KINDS)):
        if len(kinds) < count and not any({kind, other} in EXCLUDED for other in kinds):
            kinds.append(kind)
    return kinds


def _write_out(script: Script, kinds: list[str]) -> None:
    rng = script.rng
    script.falls = "sentiment_fall" in kinds
    if not kinds and rng.random() < ANGRY_SHARE:
        near.angry_from_the_start(script)
        return
    _open(script)
    # A silence of the agent stands for one of the bot where both are possible.
    agent_silent = {"escalation_request", "long_silence"} <= set(kinds) and rng.random() < 0.6
    _talk(script, [kind for kind in kinds if not (agent_silent and kind == "long_silence")])
    if "escalation_request" in kinds:
        scenes.escalation_request(script, silent=agent_silent)
    elif not kinds and rng.random() < AGENT_SHARE:
        near.agent_asks_again(script)
    if script.falls:
        scenes.sentiment_fall(script)
    last = [scenes.LAST[kind] for kind in kinds if kind in scenes.LAST]
    (last[0] if last else _close)(script)


def _open(script: Script) -> None:
    if script.falls:
        write(script, phrase(script, "friendly"), "greeting")
    elif script.rng.random() < 0.7:
        write(script, phrase(script, "user_hello"), "greeting")
    else:
        return
    # Some go on to their question in a second message, before the bot greets.
    if script.rng.random() < 0.8:
        reply(script, phrase(script, "bot_hello"))


def _talk(script: Script, kinds: list[str]) -> None:
    """Planted troubles, near-misses and plain exchanges in random order, while there is something to ask."""
    rng = script.rng
    troubles = [scenes.MIDDLE[kind] for kind in kinds if kind in scenes.MIDDLE]
    # A fall needs friendly turns before it.
    plain = [scenes.exchange] * (2 if script.falls else rng.choice((1, 1, 2)))
    optional = [*rng.sample(near.ANYWHERE, rng.choice((0, 0, 1, 1, 2))), *plain]
    for scene in rng.sample([*troubles, *optional], len(troubles) + len(optional)):
        if scene in troubles or questions_left(script) >= RESERVED_QUESTIONS:
            scene(script)


def _close(script: Script) -> None:
    """An ending without trouble: an answer, thanks answered or not, an apology that helps."""
    kind = script.rng.choice(("answer", "thanks", "thanks", "farewell", "farewell", "sorry"))
    if script.falls:
        return
    if kind == "sorry" and not script.agent:
        ask(script, new_question(script))
        reply(script, phrase(script, "sorry_but_helps"))
    elif kind == "thanks":
        write(script, phrase(script, "user_thanks"), "thanks", waits=False)
    elif kind == "farewell":
        write(script, phrase(script, "user_thanks"), "thanks", waits=False)
        reply(script, phrase(script, "agent_farewell" if script.agent else "bot_farewell"))


def _started(rng: random.Random) -> dt.datetime:
    day = FIRST_DAY + dt.timedelta(days=rng.randrange(DAYS))
    part = rng.choices(list(MOMENTS), weights=list(MOMENTS.values()))[0]
    first, last = {"day": (7, 22), "night": (0, 6), "before midnight": (23.92, 23.999)}[part]
    return (day + dt.timedelta(hours=rng.uniform(first, last))).astimezone(dt.UTC)
