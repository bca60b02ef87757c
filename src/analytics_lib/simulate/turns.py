"""The turns of each conversation and their times: a user writes, the bot (later perhaps an agent) replies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analytics_lib.simulate import intents
from analytics_lib.simulate.funnel import STAGES
from analytics_lib.simulate.outcomes import ABANDONED, RESOLVED
from analytics_lib.simulate.world import MS_PER_DAY, MS_PER_HOUR, World

if TYPE_CHECKING:
    import pandas as pd

AGENT_HOURS = (8, 20)
BOGOTA_OFFSET_MS = 5 * MS_PER_HOUR
IDLE_MS = MS_PER_HOUR
LEAST_PAUSE_MS = 1_500


@dataclass(frozen=True)
class Turns:
    """Turns of all conversations, those with the bot first, each part in order of conversation and position.

    Attributes:
        conversation: Row of the conversation.
        last: Whether it is the last turn of its part.
        bot: How many of the rows are turns with the bot.
        first: Row of each conversation's first turn (a turn with the bot).
        user_ms: When the user wrote.
        reply_ms: When the reply came.
        intent: What the user meant (code).
        taken: What the bot took it for (code).
        confidence: How sure it was.
    """

    conversation: np.ndarray
    last: np.ndarray
    bot: int
    first: np.ndarray
    user_ms: np.ndarray
    reply_ms: np.ndarray
    intent: np.ndarray
    taken: np.ndarray
    confidence: np.ndarray


def simulate_turns(world: World, chats: pd.DataFrame) -> tuple[Turns, pd.DataFrame]:
    """Every turn; the conversations with ``escalated_ms``, ``joined_ms`` (an agent writes), ``ended_ms``."""
    rng = world.stream("turns")
    bot_turns, agent_turns = chats["bot_turns"].to_numpy(), chats["agent_turns"].to_numpy()
    first = np.cumsum(bot_turns) - bot_turns
    user_ms, reply_ms = _bot_times(rng, world, chats, first)
    escalated_ms = reply_ms[first + bot_turns - 1]
    joined_ms = _joined(rng, world, escalated_ms)
    agent_user_ms, agent_reply_ms = _agent_times(rng, joined_ms, agent_turns)
    conversation = np.concatenate([_rows(bot_turns), _rows(agent_turns)])
    intent = _intents(rng, chats, first, conversation[: user_ms.size], agent_turns)
    taken, confidence = intents.recognise(rng, world, intent, chats["escalated"].to_numpy()[conversation])
    turns = Turns(
        conversation=conversation,
        last=np.concatenate([_is_last(bot_turns), _is_last(agent_turns)]),
        bot=user_ms.size,
        first=first,
        user_ms=np.concatenate([user_ms, agent_user_ms]),
        reply_ms=np.concatenate([reply_ms, agent_reply_ms]),
        intent=intent,
        taken=taken,
        confidence=confidence,
    )
    return turns, chats.assign(
        escalated_ms=escalated_ms,
        joined_ms=joined_ms,
        ended_ms=_ended(rng, chats, turns, np.where(chats["escalated"], joined_ms, escalated_ms)),
    )


def response_load(world: World, started_ms: np.ndarray) -> np.ndarray:
    """Conversations started in the same hour / the mean over all hours of the window, capped."""
    hour = (started_ms - world.window.since_ms) // MS_PER_HOUR
    counts = np.bincount(hour, minlength=world.days * 24)
    return np.asarray(np.minimum(counts[hour] / counts.mean(), world.parameters.response_load_cap))


def stage_rows(chats: pd.DataFrame, turns: Turns) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For every stage reached: conversation row, stage (from 0), row of the turn in which it is reached."""
    stages = chats["stages"].to_numpy()
    conversation = _rows(stages)
    stage = np.arange(conversation.size) - np.repeat(np.cumsum(stages) - stages, stages)
    # A conversation has at least as many turns as stages, so each stage gets a turn of its own.
    position = stage * chats["bot_turns"].to_numpy()[conversation] // stages[conversation]
    return conversation, stage, turns.first[conversation] + position


def _bot_times(
    rng: np.random.Generator, world: World, chats: pd.DataFrame, first: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    sizes, started = world.parameters, chats["started_ms"].to_numpy()
    conversation = _rows(chats["bot_turns"].to_numpy())
    typical = np.log(sizes.response_median_seconds * 1000)
    typical = typical + sizes.response_slope * (response_load(world, started) - 1)
    typical = typical + np.where(world.release.holds(started), np.log(sizes.release_response_factor), 0.0)
    reply = rng.lognormal(typical[conversation], sizes.response_sigma).astype(np.int64)
    pause = LEAST_PAUSE_MS + rng.lognormal(np.log(18_000), 0.9, conversation.size).astype(np.int64)
    pause[first] = 0
    return _times(started[conversation], pause, reply, conversation)


def _agent_times(
    rng: np.random.Generator, joined_ms: np.ndarray, agent_turns: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    conversation = _rows(agent_turns)
    reply = rng.lognormal(np.log(55_000), 0.6, conversation.size).astype(np.int64)
    pause = LEAST_PAUSE_MS + rng.lognormal(np.log(30_000), 0.8, conversation.size).astype(np.int64)
    return _times(joined_ms[conversation], pause, reply, conversation)


def _times(
    base: np.ndarray, pause: np.ndarray, reply: np.ndarray, conversation: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """When the user wrote and when the reply came, pauses and replies added up within each conversation."""
    passed = np.cumsum(pause + reply)
    begins = np.flatnonzero(np.diff(conversation, prepend=-1))
    before = passed[begins] - (pause + reply)[begins]
    reply_ms = base + passed - np.repeat(before, np.diff(begins, append=conversation.size))
    return reply_ms - reply, reply_ms


def _joined(rng: np.random.Generator, world: World, escalated_ms: np.ndarray) -> np.ndarray:
    """When an agent takes over; one who is called at night answers from the morning on."""
    sizes = world.parameters
    opens, closes = (hour * MS_PER_HOUR for hour in AGENT_HOURS)
    local = escalated_ms - BOGOTA_OFFSET_MS
    midnight, time_of_day = local - local % MS_PER_DAY, local % MS_PER_DAY
    next_open = midnight + opens + np.where(time_of_day >= closes, MS_PER_DAY, 0)
    staffed = (time_of_day >= opens) & (time_of_day < closes)
    wait = rng.lognormal(np.log(sizes.agent_wait_median_seconds * 1000), sizes.agent_wait_sigma, local.size)
    return np.where(staffed, local, next_open) + BOGOTA_OFFSET_MS + wait.astype(np.int64)


def _intents(
    rng: np.random.Generator,
    chats: pd.DataFrame,
    first: np.ndarray,
    bot_rows: np.ndarray,
    agent_turns: np.ndarray,
) -> np.ndarray:
    bot_turns, outcome = chats["bot_turns"].to_numpy(), chats["outcome"].to_numpy()
    intent = intents.true_intents(rng, first, bot_turns, chats["stages"].to_numpy() > 1)
    last = _is_last(bot_turns)
    happy = (outcome <= RESOLVED) & (bot_turns > 1) & (rng.random(bot_turns.size) < 0.5)
    intent[last & happy[bot_rows]] = intents.CODE["thanks"]
    calls = np.where(
        rng.random(bot_turns.size) < 0.7, intents.CODE["talk_to_person"], intents.CODE["complaint"]
    )
    calling = last & chats["escalated"].to_numpy()[bot_rows]
    intent[calling] = calls[bot_rows][calling]
    _set_stage_intents(chats, first, intent)
    later = rng.choice(len(intents.INTENTS), int(agent_turns.sum()), p=np.array(intents.SERVICE) / 100)
    later[_is_last(agent_turns)] = intents.CODE["thanks"]
    return np.concatenate([intent, later.astype(np.int8)])


def _set_stage_intents(chats: pd.DataFrame, first: np.ndarray, intent: np.ndarray) -> None:
    stages, bot_turns = chats["stages"].to_numpy(), chats["bot_turns"].to_numpy()
    for stage in range(1, STAGES):
        reached = stages > stage
        row = first[reached] + stage * bot_turns[reached] // stages[reached]
        intent[row] = intents.CODE[intents.STAGE_INTENTS[stage]]


def _ended(rng: np.random.Generator, chats: pd.DataFrame, turns: Turns, last_ms: np.ndarray) -> np.ndarray:
    agents = slice(turns.bot, None)
    last_ms = last_ms.copy()
    closing = turns.last[agents]
    last_ms[turns.conversation[agents][closing]] = turns.reply_ms[agents][closing]
    after = 20_000 + rng.exponential(60_000, len(chats)).astype(np.int64)
    return last_ms + np.where(chats["outcome"] == ABANDONED, IDLE_MS, after)


def _rows(counts: np.ndarray) -> np.ndarray:
    return np.repeat(np.arange(counts.size), counts)


def _is_last(counts: np.ndarray) -> np.ndarray:
    last = np.zeros(int(counts.sum()), dtype=bool)
    last[np.cumsum(counts)[counts > 0] - 1] = True
    return last
