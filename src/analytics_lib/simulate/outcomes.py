"""How conversations end (purchase, resolved, escalated, abandoned), and what customers say of it.

Escalation is drawn with a known probability, independent of the funnel; a purchase stays a purchase when a
person helped. What hangs together with an outcome (misrecognitions, sentiment, surveys) is drawn given it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analytics_lib.simulate.funnel import STAGES
from analytics_lib.simulate.world import CHANNELS, ESCALATION_REASONS, OUTCOMES, World

PURCHASE, RESOLVED, ESCALATED, ABANDONED = range(len(OUTCOMES))
UNKNOWN = -1
OUTAGE_REASON_SHARE = 0.7
MEAN_FREE_TURNS = 3.7
SATISFACTION_MEANS = (4.5, 4.1, 3.3, 2.3)
SATISFACTION_PER_MISRECOGNITION = -0.3


def simulate_outcomes(world: World, chats: pd.DataFrame) -> pd.DataFrame:
    """The fate of each conversation, would the window not end before.

    Returns:
        The conversations with ``escalated``, ``reason`` (code), ``outcome`` (code), ``resolved`` (1, 0, -1
        unknown), ``never_closed``, ``bot_turns``, ``agent_turns``.
    """
    rng, sizes = world.stream("outcomes"), world.parameters
    stages, count = chats["stages"].to_numpy(), len(chats)
    in_outage = world.outage.holds(chats["started_ms"].to_numpy())
    rate = np.array([sizes.escalation_rate[name] for name in CHANNELS])[chats["channel"]]
    escalated = rng.random(count) < rate * np.where(in_outage, sizes.outage_escalation_ratio, 1.0)
    solved_rate = np.where(stages == 1, sizes.resolved_rate_service, sizes.resolved_rate_shopping)
    solved = rng.random(count) < solved_rate
    outcome = np.select(
        [stages == STAGES, escalated, solved], [PURCHASE, ESCALATED, RESOLVED], default=ABANDONED
    )
    return chats.assign(
        escalated=escalated,
        reason=_reasons(rng, in_outage),
        outcome=outcome,
        resolved=_resolved(rng, world, outcome),
        never_closed=rng.random(count) < sizes.never_closed_rate,
        bot_turns=stages + rng.poisson(MEAN_FREE_TURNS, count),
        agent_turns=np.where(escalated, rng.poisson(2.0, count), 0),
    )


def satisfaction(world: World, outcome: np.ndarray, misrecognitions: np.ndarray) -> np.ndarray:
    """What each customer would answer to the survey, 1 to 5, whether asked or not."""
    mean = np.array(SATISFACTION_MEANS)[outcome] + SATISFACTION_PER_MISRECOGNITION * misrecognitions
    drawn = world.stream("satisfaction").normal(mean, 0.8)
    return np.asarray(np.clip(np.round(drawn), 1, 5).astype(np.int8))


def survey(world: World, outcome: np.ndarray, satisfied: np.ndarray) -> pd.DataFrame:
    """``csat`` 1 to 5 and ``nps`` 0 to 10, -1 where unanswered; who answers hangs on the outcome."""
    rng, sizes = world.stream("survey"), world.parameters
    answers = np.array([sizes.survey_rate[name] for name in OUTCOMES])[outcome]
    recommends = np.array([sizes.recommend_rate[name] for name in OUTCOMES])[outcome]
    nps = np.clip(np.round(rng.normal(2.1 * satisfied, 1.2)), 0, 10).astype(np.int8)
    return pd.DataFrame(
        {
            "csat": np.where(rng.random(outcome.size) < answers, satisfied, UNKNOWN),
            "nps": np.where(rng.random(outcome.size) < recommends, nps, UNKNOWN),
        }
    )


def _reasons(rng: np.random.Generator, in_outage: np.ndarray) -> np.ndarray:
    usual = rng.choice(len(ESCALATION_REASONS), in_outage.size, p=list(ESCALATION_REASONS.values()))
    broken = in_outage & (rng.random(in_outage.size) < OUTAGE_REASON_SHARE)
    return np.where(broken, list(ESCALATION_REASONS).index("api_error"), usual)


def _resolved(rng: np.random.Generator, world: World, outcome: np.ndarray) -> np.ndarray:
    sizes = world.parameters
    by_agent = rng.random(outcome.size) < sizes.agent_resolved_rate
    known = rng.random(outcome.size) >= sizes.resolved_unknown_rate
    met = (outcome <= RESOLVED) | ((outcome == ESCALATED) & by_agent)
    return np.where(known | (outcome == PURCHASE), met.astype(np.int8), UNKNOWN)
