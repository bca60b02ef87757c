"""What people do in a conversation besides its stages, and who goes round the checkout again.

A behaviour follows a stage, at a rate of the conversations that reached it. Two are planted: buyers show
them at another rate than leavers. They are drawn given the outcome, so that the funnel keeps its
probabilities. The others have one rate: over all conversations buyers show them more often, given the stage
they tell nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.schema import FUNNEL_STAGES
from analytics_lib.simulate.funnel import STAGES

if TYPE_CHECKING:
    from analytics_lib.simulate.world import World

CART, INITIATED = FUNNEL_STAGES.index("cart_added"), FUNNEL_STAGES.index("purchase_initiated")
LEAST_PAUSE_MS = 1_500
PAUSE_MS, PAUSE_SIGMA = 25_000, 0.8
LOOP_PAUSE_MS, LOOP_PAUSE_SIGMA = 12_000, 0.6
# Of the time a conversation has left, the most that rounds may take.
MOST_OF_THE_ROOM = 0.9


@dataclass(frozen=True)
class Behaviour:
    """Something people do after a stage and before the next one.

    Attributes:
        name: Name of its events.
        after_stage: The stage it follows; nobody shows it who did not get there.
        rate_buyers: Share who show it, of the conversations that reached the stage and end in a purchase.
        rate_leavers: The same share of those that do not.
        again: Of those who show it, the share who show it twice or more; ``again ** 2`` show it three times.
    """

    name: str
    after_stage: str
    rate_buyers: float
    rate_leavers: float
    again: float

    @property
    def stage(self) -> int:
        """Place of its stage in the funnel, from 0."""
        return FUNNEL_STAGES.index(self.after_stage)

    @property
    def planted(self) -> bool:
        """Whether it tells buyers from leavers among those who reached the stage."""
        return self.rate_buyers != self.rate_leavers


BEHAVIOURS = (
    Behaviour("store_hours_asked", "conversation_started", 0.12, 0.12, again=0.10),
    Behaviour("filter_used", "products_viewed", 0.35, 0.35, again=0.40),
    Behaviour("photos_requested", "product_selected", 0.28, 0.28, again=0.30),
    Behaviour("size_guide_opened", "size_selected", 0.45, 0.22, again=0.15),
    Behaviour("shipping_cost_asked", "cart_added", 0.18, 0.40, again=0.15),
    Behaviour("discount_asked", "cart_added", 0.20, 0.20, again=0.15),
    Behaviour("payment_help_asked", "purchase_initiated", 0.16, 0.16, again=0.20),
)
EVENT_NAMES = (*FUNNEL_STAGES, *(behaviour.name for behaviour in BEHAVIOURS))


def loop_rounds(world: World, chats: pd.DataFrame) -> np.ndarray:
    """How often each conversation goes from the checkout back to the cart, 0 to 3, would the window not end.

    Whoever is lost to the checkout bug tries again before leaving; of the others who begin to pay, few do.
    """
    rng, sizes = world.stream("loops"), world.parameters
    lost, began = chats["lost_to_bug"].to_numpy(), chats["stages"].to_numpy() > INITIATED
    goes = lost | (began & (rng.random(len(chats)) < sizes.loop_rate))
    again = np.where(lost, sizes.bug_loop_again, sizes.loop_again)
    return np.where(goes, _times_shown(rng, again), 0)


def events_between(world: World, chats: pd.DataFrame, reached_ms: np.ndarray) -> pd.DataFrame:
    """Every event that is no first reach of a stage: behaviours, and stages reached again in a loop.

    Args:
        world: Its streams are read.
        chats: Conversations with ``stages ended_ms loops``.
        reached_ms: When each conversation reached each of its stages, in order of conversation and stage.

    Returns:
        One row an event: ``conversation``, ``stage`` (last reached), ``name`` (place in ``EVENT_NAMES``),
        ``occurred_ms``: after that stage, before the next one and before the conversation ends.
    """
    shown = [_shown(world, behaviour, _stays(chats, reached_ms, behaviour.stage)) for behaviour in BEHAVIOURS]
    return pd.concat([*shown, _loops(world, chats, reached_ms)], ignore_index=True)


def behaviour_table(chats: pd.DataFrame) -> pd.DataFrame:
    """What is planted, one row a behaviour.

    Returns:
        ``name after_stage rate_buyers rate_leavers again planted``, ``conversations`` (of this world that
        reach the stage, would it not end before), ``buyers`` (of them), and ``risk_ratio``: P(purchase |
        shown) / P(purchase | not shown) of them, by Bayes' rule from the rates; null where none reach it.
    """
    table = pd.DataFrame([asdict(behaviour) for behaviour in BEHAVIOURS])
    stages = chats["stages"].to_numpy()
    table = table.assign(
        planted=[behaviour.planted for behaviour in BEHAVIOURS],
        conversations=[(stages > behaviour.stage).sum() for behaviour in BEHAVIOURS],
        buyers=(stages == STAGES).sum(),
    )
    bought = table["buyers"] / table["conversations"]
    shown = table["rate_buyers"] * bought + table["rate_leavers"] * (1 - bought)
    odds = table["rate_buyers"] / (1 - table["rate_buyers"])
    return table.assign(risk_ratio=odds * (1 - shown) / shown)


def _stays(chats: pd.DataFrame, reached_ms: np.ndarray, stage: int) -> pd.DataFrame:
    """Conversations that reached the stage: ``conversation begin_ms end_ms last buyer``.

    A stay ends when the next stage is reached; the ``last`` one of a conversation ends with it.
    """
    stages = chats["stages"].to_numpy()
    conversation = np.flatnonzero(stages > stage)
    row = (np.cumsum(stages) - stages)[conversation] + stage
    last = stages[conversation] == stage + 1
    ended_ms = chats["ended_ms"].to_numpy()[conversation]
    following_ms = reached_ms[np.minimum(row + 1, reached_ms.size - 1)]
    return pd.DataFrame(
        {
            "conversation": conversation,
            "begin_ms": reached_ms[row],
            "end_ms": np.where(last, ended_ms, following_ms),
            "last": last,
            "buyer": stages[conversation] == STAGES,
        }
    )


def _shown(world: World, behaviour: Behaviour, stays: pd.DataFrame) -> pd.DataFrame:
    rng = world.stream(f"behaviours {behaviour.name}")
    rate = np.where(stays["buyer"], behaviour.rate_buyers, behaviour.rate_leavers)
    shows = rng.random(len(stays)) < rate
    rows = stays.loc[stays.index.repeat(shows * _times_shown(rng, np.full(len(stays), behaviour.again)))]
    begin_ms, end_ms = rows["begin_ms"].to_numpy(), rows["end_ms"].to_numpy()
    # Nobody asks about the cart an hour after they wrote last.
    pause_ms = LEAST_PAUSE_MS + rng.lognormal(np.log(PAUSE_MS), PAUSE_SIGMA, len(rows)).astype(np.int64)
    end_ms = np.where(rows["last"], np.minimum(end_ms, begin_ms + pause_ms), end_ms)
    after_ms = 1 + (rng.random(len(rows)) * (end_ms - begin_ms - 1)).astype(np.int64)
    return pd.DataFrame(
        {
            "conversation": rows["conversation"].to_numpy(),
            "stage": behaviour.stage,
            "name": EVENT_NAMES.index(behaviour.name),
            "occurred_ms": begin_ms + after_ms,
        }
    )


def _loops(world: World, chats: pd.DataFrame, reached_ms: np.ndarray) -> pd.DataFrame:
    rng, stays = world.stream("loop times"), _stays(chats, reached_ms, INITIATED)
    rounds = chats["loops"].to_numpy()[stays["conversation"]]
    rows = stays.loc[stays.index.repeat(2 * rounds)]
    pause_ms = LEAST_PAUSE_MS + rng.lognormal(np.log(LOOP_PAUSE_MS), LOOP_PAUSE_SIGMA, len(rows))
    pauses = pd.Series(pause_ms, index=rows.index).groupby(level=0)
    room_ms = MOST_OF_THE_ROOM * (rows["end_ms"] - rows["begin_ms"])
    # Where time is short, all pauses of a conversation shrink alike.
    after_ms = pauses.cumsum() * (room_ms / pauses.transform("sum")).clip(upper=1)
    stage = CART + pauses.cumcount().to_numpy() % 2
    return pd.DataFrame(
        {
            "conversation": rows["conversation"].to_numpy(),
            "stage": stage,
            "name": stage,
            "occurred_ms": rows["begin_ms"].to_numpy() + after_ms.to_numpy().astype(np.int64),
        }
    )


def _times_shown(rng: np.random.Generator, again: np.ndarray) -> np.ndarray:
    uniforms = rng.random(again.size)
    return np.asarray(1 + (uniforms < again) + (uniforms < again**2))
