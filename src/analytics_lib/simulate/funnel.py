"""How far a conversation gets: the probability of each step, by channel and segment, and what changes it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analytics_lib.schema import FUNNEL_STAGES
from analytics_lib.simulate.world import CHANNELS, SEGMENTS, World

STAGES = len(FUNNEL_STAGES)

# Log-odds of reaching each stage from the one before, and what channel and segment add to every step.
STEP_LOG_ODDS = (0.70, 1.20, 0.60, 1.10, 0.45, 0.55, 1.00)
CHANNEL_LOG_ODDS = {"whatsapp": 0.05, "instagram": -0.05, "web": -0.10}
SEGMENT_LOG_ODDS = {"nuevo": -0.05, "frecuente": 0.15, "vip": 0.35, "mayorista": 0.05}
FASTER_STEP = FUNNEL_STAGES.index("products_viewed") - 1


def step_probabilities() -> np.ndarray:
    """P(next stage | stage) outside planted effects: array [channel, segment, step], to four decimals."""
    channel = np.array([CHANNEL_LOG_ODDS[name] for name in CHANNELS])[:, None, None]
    segment = np.array([SEGMENT_LOG_ODDS[name] for name in SEGMENTS])[None, :, None]
    odds = np.exp(np.array(STEP_LOG_ODDS) + channel + segment)
    return np.asarray(np.round(odds / (1 + odds), 4))


def reach_probabilities(
    world: World, channel: np.ndarray, segment: np.ndarray, moments_ms: np.ndarray
) -> np.ndarray:
    """P(stage reached) of conversations that start then, the checkout bug left out: array [row, step]."""
    steps = step_probabilities()[channel, segment]
    released = world.release.holds(moments_ms)
    steps[released, FASTER_STEP] *= world.parameters.release_conversion_factor
    return np.cumprod(steps, axis=1)


def stages_reached(uniforms: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Number of stages reached (1 to 8): one uniform number a conversation decides all of its steps."""
    return np.asarray(1 + (uniforms[:, None] < reach).sum(axis=1))


def lost_to_bug(
    rng: np.random.Generator, world: World, channel: np.ndarray, moments_ms: np.ndarray
) -> np.ndarray:
    """Which purchases the checkout bug would prevent."""
    hit = bugged(world, channel, moments_ms)
    return hit & (rng.random(hit.size) >= world.parameters.bug_factor)


def bugged(world: World, channel: np.ndarray, moments_ms: np.ndarray) -> np.ndarray:
    """Whether a conversation that starts then on this channel meets the checkout bug."""
    broken = list(CHANNELS).index(world.parameters.bug_channel)
    return np.asarray((channel == broken) & world.bug.holds(moments_ms))


def funnel_table() -> pd.DataFrame:
    """One row per channel, segment and step: ``channel segment source target probability``."""
    cells = [
        (channel, segment, FUNNEL_STAGES[step], FUNNEL_STAGES[step + 1])
        for channel in CHANNELS
        for segment in SEGMENTS
        for step in range(STAGES - 1)
    ]
    frame = pd.DataFrame(cells, columns=["channel", "segment", "source", "target"])
    return frame.assign(probability=step_probabilities().ravel())
