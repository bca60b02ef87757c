"""Messages of the turns: what users write, what bot and agents reply, pictures, the agent's first word."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analytics_lib.simulate import intents
from analytics_lib.simulate.columns import moments, numbers, picked, spelled
from analytics_lib.simulate.texts import Phrasebook, Texts, create_phrasebook, plain, user_texts

if TYPE_CHECKING:
    import pandas as pd

    from analytics_lib.simulate.turns import Turns
    from analytics_lib.simulate.world import World

SENDERS = ("user", "bot", "agent")
USER, BOT, AGENT = range(len(SENDERS))
KINDS = ("text", "button", "image", "audio", "template")
TEXT, BUTTON, IMAGE, AUDIO, TEMPLATE = range(len(KINDS))
USER_KIND_SHARES = (0.87, 0.10, 0.02, 0.01, 0.0)
STATUSES = {"read": 0.80, "delivered": 0.15, "sent": 0.03, "failed": 0.02}
PICTURE_SHARE = 0.35
PICTURE_AFTER_MS = 700
SENTIMENT_MEANS = (0.45, 0.35, -0.25, -0.15)
NONE = -1
# A conversation keeps to one product, one size, one city: its topic, a number.
TOPICS = 1_000_000


@dataclass(frozen=True)
class Messages:
    """Messages as arrays of equal length; ``turn`` is the row of the user's turn, -1 for what others send."""

    conversation: np.ndarray
    sent_ms: np.ndarray
    sender: np.ndarray
    kind: np.ndarray
    turn: np.ndarray
    opener: np.ndarray
    body: np.ndarray
    closer: np.ndarray

    def take(self, rows: np.ndarray) -> Messages:
        """Some of the rows, in that order."""
        return Messages(*(getattr(self, column.name)[rows] for column in fields(self)))


def messages(
    world: World, chats: pd.DataFrame, turns: Turns, ids: tuple[pa.Array, pa.Array]
) -> tuple[pa.Table, dict[str, float]]:
    """The messages table in order of conversation and time, and what of it belongs to the truth.

    ``ids`` are those of the conversations and of the users.
    """
    rng, book = world.stream("messages"), create_phrasebook(world)
    topic = rng.integers(0, TOPICS, len(chats))[turns.conversation]
    said, personal = _user_messages(rng, book, turns, topic)
    blocks = [
        said,
        _replies(rng, book, chats, (turns, topic)),
        _pictures(rng, turns),
        _first_words(rng, book, chats),
    ]
    joined = Messages(*(np.concatenate([getattr(b, f.name) for b in blocks]) for f in fields(Messages)))
    shown = np.flatnonzero(joined.sent_ms < world.window.until_ms)
    # Conversations come in order of their start; within one, the order of time is the order of ids.
    order = np.lexsort((joined.sent_ms[shown], joined.conversation[shown]))
    kept = joined.take(shown[order])
    table = _table(rng, world, (chats, turns, book), kept, ids)
    user_rows = kept.turn != NONE
    return table, {
        "messages_with_personal_data": int(personal[kept.turn[user_rows]].sum()),
        "messages_hostile": int(np.isin(kept.body, book.numbers("hostile")).sum()),
    }


def _user_messages(
    rng: np.random.Generator, book: Phrasebook, turns: Turns, topic: np.ndarray
) -> tuple[Messages, np.ndarray]:
    rows = np.arange(turns.conversation.size)
    kind = rng.choice(len(KINDS), rows.size, p=USER_KIND_SHARES)
    kind[turns.bot :] = TEXT
    texts, personal = user_texts(rng, book, turns.intent, kind == BUTTON, topic)
    hostile = book.numbers("hostile")
    # The first words of some conversations, spread over the window.
    places = turns.first[
        np.linspace(0, turns.first.size - 1, min(hostile.size, turns.first.size)).astype(int)
    ]
    texts.body[places], texts.opener[places], texts.closer[places] = hostile[: places.size], 0, 0
    kind[places], personal[places] = TEXT, False
    personal &= kind == TEXT
    sender = np.full(rows.size, USER)
    return _block(turns.conversation, turns.user_ms, sender, kind, rows, texts), personal


def _replies(
    rng: np.random.Generator, book: Phrasebook, chats: pd.DataFrame, said: tuple[Turns, np.ndarray]
) -> Messages:
    turns, topic = said
    sender = np.where(np.arange(turns.conversation.size) < turns.bot, BOT, AGENT)
    body = book.pick(rng, [f"bot {name}" for name in intents.RECOGNISED], turns.taken, topic)
    hands_over = turns.last & (sender == BOT) & chats["escalated"].to_numpy()[turns.conversation]
    body[hands_over] = book.pick_plain(rng, "handover", int(hands_over.sum()))
    body[turns.bot :] = book.pick_plain(rng, "agent", body.size - turns.bot)
    pays = (sender == BOT) & (turns.taken == intents.CODE["payment"])
    kind = np.where(pays, TEMPLATE, TEXT)
    return _block(turns.conversation, turns.reply_ms, sender, kind, np.full(body.size, NONE), plain(body))


def _pictures(rng: np.random.Generator, turns: Turns) -> Messages:
    searched = turns.taken[: turns.bot] == intents.CODE["search_product"]
    rows = np.flatnonzero(searched & (rng.random(turns.bot) < PICTURE_SHARE))
    sender, kind = np.full(rows.size, BOT), np.full(rows.size, IMAGE)
    texts = plain(np.zeros(rows.size, dtype=np.int64))
    sent_ms = turns.reply_ms[rows] + PICTURE_AFTER_MS
    return _block(turns.conversation[rows], sent_ms, sender, kind, np.full(rows.size, NONE), texts)


def _first_words(rng: np.random.Generator, book: Phrasebook, chats: pd.DataFrame) -> Messages:
    rows = np.flatnonzero(chats["escalated"])
    sender, kind = np.full(rows.size, AGENT), np.full(rows.size, TEXT)
    texts = plain(book.pick_plain(rng, "agent hello", rows.size))
    return _block(rows, chats["joined_ms"].to_numpy()[rows], sender, kind, np.full(rows.size, NONE), texts)


def _block(
    conversation: np.ndarray,
    sent_ms: np.ndarray,
    sender: np.ndarray,
    kind: np.ndarray,
    turn: np.ndarray,
    texts: Texts,
) -> Messages:
    return Messages(conversation, sent_ms, sender, kind, turn, texts.opener, texts.body, texts.closer)


def _table(
    rng: np.random.Generator,
    world: World,
    parts: tuple[pd.DataFrame, Turns, Phrasebook],
    kept: Messages,
    ids: tuple[pa.Array, pa.Array],
) -> pa.Table:
    chats, turns, book = parts
    said = (kept.turn != NONE) & (kept.kind <= BUTTON)
    turn = np.where(said, kept.turn, 0)
    wrong = (turns.taken != turns.intent)[turn]
    reviewed = said & (rng.random(said.size) < world.parameters.reviewed_share)
    scored = said & (rng.random(said.size) < world.parameters.sentiment_share)
    mood = np.array(SENTIMENT_MEANS)[chats["outcome"].to_numpy()[kept.conversation]] - 0.15 * wrong
    sentiment = np.round(np.clip(rng.normal(mood, 0.3), -1, 1), 2)
    status = rng.choice(len(STATUSES), said.size, p=list(STATUSES.values()))
    texts = Texts(kept.opener, kept.body, kept.closer)
    columns = {
        "message_id": _message_ids(ids[0], kept.conversation),
        "conversation_id": picked(kept.conversation, ids[0]),
        "user_id": picked(chats["user"].to_numpy()[kept.conversation], ids[1]),
        "sent_at": moments(kept.sent_ms),
        "sender": picked(kept.sender, SENDERS),
        "kind": picked(kept.kind, KINDS),
        "text": texts.joined(book, (kept.kind != IMAGE) & (kept.kind != AUDIO)),
        "intent": picked(turns.taken[turn], intents.RECOGNISED, said),
        "confidence": numbers(turns.confidence[turn], said),
        "true_intent": picked(turns.intent[turn], intents.INTENTS, reviewed),
        "sentiment": numbers(sentiment, scored),
        "status": picked(status, list(STATUSES), kept.sender != USER),
    }
    return pa.table(columns)


def _message_ids(conversation_ids: pa.Array, conversation: np.ndarray) -> pa.Array:
    begins = np.flatnonzero(np.diff(conversation, prepend=-1))
    position = np.arange(conversation.size) - np.repeat(begins, np.diff(begins, append=conversation.size))
    words = [f"{number:03d}" for number in range(int(position.max()) + 1)]
    return pc.binary_join_element_wise(spelled(conversation, conversation_ids), spelled(position, words), "-")
