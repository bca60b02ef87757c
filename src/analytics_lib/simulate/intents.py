"""What users mean, turn after turn, and what the bot takes it for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from analytics_lib.simulate.world import World

INTENTS = (
    "greeting",
    "search_product",
    "sizes",
    "price",
    "availability",
    "promotions",
    "shipping",
    "order_status",
    "returns",
    "store_hours",
    "complaint",
    "payment",
    "talk_to_person",
    "thanks",
)
RECOGNISED = (*INTENTS, "fallback")
FALLBACK = RECOGNISED.index("fallback")
CODE = {name: code for code, name in enumerate(RECOGNISED)}

# Of 100 turns that no stage of the funnel decides, how many are of each intent.
SHOPPING = (2, 26, 16, 14, 14, 9, 7, 1, 1, 2, 1, 5, 1, 1)
SERVICE = (4, 5, 2, 3, 4, 5, 9, 24, 15, 12, 8, 4, 4, 1)
FOLLOW_SHARE = 0.55
FOLLOWS = {
    "greeting": ("search_product", "promotions", "order_status"),
    "search_product": ("sizes", "price", "availability"),
    "sizes": ("availability", "price"),
    "price": ("promotions", "payment", "sizes"),
    "availability": ("shipping", "price", "store_hours"),
    "promotions": ("search_product", "price"),
    "shipping": ("payment", "order_status"),
    "order_status": ("complaint", "shipping", "order_status"),
    "returns": ("store_hours", "complaint"),
    "store_hours": ("availability", "returns"),
    "complaint": ("talk_to_person", "order_status"),
    "payment": ("shipping", "order_status"),
    "talk_to_person": ("complaint",),
    "thanks": ("thanks", "shipping"),
}
STAGE_INTENTS = (
    "greeting",
    "search_product",
    "search_product",
    "price",
    "sizes",
    "availability",
    "payment",
    "payment",
)
# Of misrecognised messages, what they are taken for; the rest is not understood at all.
CONFUSED_WITH = {
    "greeting": {"thanks": 0.5},
    "search_product": {"availability": 0.5, "promotions": 0.2},
    "sizes": {"availability": 0.6},
    "price": {"payment": 0.4, "promotions": 0.3},
    "availability": {"search_product": 0.4, "store_hours": 0.2},
    "promotions": {"price": 0.6},
    "shipping": {"order_status": 0.7},
    "order_status": {"shipping": 0.5, "returns": 0.2},
    "returns": {"complaint": 0.4, "order_status": 0.3},
    "store_hours": {"shipping": 0.3},
    "complaint": {"returns": 0.5},
    "payment": {"price": 0.5},
    "talk_to_person": {"complaint": 0.3},
    "thanks": {"greeting": 0.6},
}
# Beta parameters of the confidence when right, when wrong, and when not understood.
CONFIDENCE = {"right": (12.0, 2.0), "wrong": (4.0, 4.0), "fallback": (2.0, 5.0)}


def true_intents(
    rng: np.random.Generator, first: np.ndarray, turns: np.ndarray, shopping: np.ndarray
) -> np.ndarray:
    """Intents of every turn, one conversation after the other, as a Markov chain that begins by greeting.

    Args:
        rng: Random numbers.
        first: Row of each conversation's first turn.
        turns: Number of turns of each conversation.
        shopping: Whether the conversation shops; it decides which chain it follows.
    """
    chains = np.stack([_chain(SERVICE), _chain(SHOPPING)]).cumsum(axis=2)
    intent = np.zeros(int(turns.sum()), dtype=np.int8)
    greets = rng.random(first.size) < 0.6
    # Whoever does not greet begins as if the greeting had been left out.
    opening = (rng.random(first.size)[:, None] >= chains[shopping.astype(np.int8), 0]).sum(axis=1)
    intent[first] = np.where(greets, CODE["greeting"], np.minimum(opening, len(INTENTS) - 1))
    for position in range(1, int(turns.max())):
        longer = turns > position
        row = first[longer] + position
        chances = chains[shopping[longer].astype(np.int8), intent[row - 1]]
        drawn = (rng.random(row.size)[:, None] >= chances).sum(axis=1)
        intent[row] = np.minimum(drawn, len(INTENTS) - 1)
    return intent


def recognise(
    rng: np.random.Generator, world: World, intent: np.ndarray, escalated: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What the bot takes each message for, and how sure it is (0 to 1, three decimals).

    Conversations that escalate hold more misrecognitions; both rates are of the truth.
    """
    sizes = world.parameters
    rate = np.where(escalated, sizes.misrecognition_rate_escalated, sizes.misrecognition_rate)
    wrong = rng.random(intent.size) < rate
    taken = intent.astype(np.int8)
    chances = _confusions().cumsum(axis=1)[intent[wrong]]
    drawn = (rng.random(chances.shape[0])[:, None] >= chances).sum(axis=1)
    taken[wrong] = np.minimum(drawn, FALLBACK)
    kind = np.where(taken == intent, 0, np.where(taken == FALLBACK, 2, 1))
    first, second = np.array(list(CONFIDENCE.values())).T
    return taken, np.round(rng.beta(first[kind], second[kind]), 3)


def confusion_table() -> pd.DataFrame:
    """One row per pair: ``true_intent intent probability`` (share of the misrecognised messages)."""
    rows = [
        (true, taken, chance)
        for true, chances in zip(INTENTS, _confusions(), strict=True)
        for taken, chance in zip(RECOGNISED, chances.tolist(), strict=True)
        if chance > 0
    ]
    return pd.DataFrame(rows, columns=["true_intent", "intent", "probability"])


def _chain(popularity: tuple[int, ...]) -> np.ndarray:
    base = np.array(popularity) / sum(popularity)
    rows = []
    for name in INTENTS:
        follow = np.isin(INTENTS, FOLLOWS[name]) / len(FOLLOWS[name])
        rows.append(FOLLOW_SHARE * follow + (1 - FOLLOW_SHARE) * base)
    return np.array(rows)


def _confusions() -> np.ndarray:
    matrix = np.zeros((len(INTENTS), len(RECOGNISED)))
    for true, others in CONFUSED_WITH.items():
        for taken, chance in others.items():
            matrix[CODE[true], CODE[taken]] = chance
    matrix[:, FALLBACK] = np.round(1 - matrix.sum(axis=1), 4)
    return matrix
