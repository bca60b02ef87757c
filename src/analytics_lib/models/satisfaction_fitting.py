"""Two models of a survey: who answers, and what they answer; each learned from the rows it is given.

The answer is a *fractional logit* (Papke and Wooldridge 1996, Journal of Applied Econometrics 11:619): an
answer y counts (y - 1)/4 times as the best and (5 - y)/4 times as the worst, so that the expected answer is
``1 + 4p``, never outside 1 to 5, and what raises or lowers it adds up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.errors import NotTrainableError
from analytics_lib.models.logit import Logit, fit_logit
from analytics_lib.models.satisfaction_response import LEAST_CHANCE, SATISFIED_FROM
from analytics_lib.models.satisfaction_rows import KINDS, answered
from analytics_lib.models.validation import check_trainable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

RESPONSE = ("silent", "answered")
ANSWER = ("worst", "best")
LEAST = 50
FOLDS = 5
# Hardly any penalty: a chance drawn to the mean would leave the answers uncorrected. Few features instead.
RESPONSE_PENALTY, ANSWER_PENALTY = 1.0, 3.0
RESPONSE_KINDS = {
    name: KINDS[name]
    for name in (
        "outcome",
        "channel",
        "segment",
        "entry_point",
        "hour",
        "duration_seconds",
        "turns",
        "mean_sentiment",
        "least_confidence",
        "failed_actions",
        "seconds_to_escalation",
        "past_conversations",
        "last_csat",
    )
}
# What a customer went through, and no more: it is learned from few rows.
ANSWER_KINDS = {
    name: KINDS[name]
    for name in (
        "outcome",
        "channel",
        "fallback_share",
        "least_confidence",
        "repeats",
        "failed_actions",
        "mean_sentiment",
        "sentiment_fall",
        "longest_response_seconds",
        "duration_seconds",
        "seconds_to_escalation",
        "last_csat",
    )
}


@dataclass(frozen=True)
class Fitted:
    """Both models.

    Attributes:
        response: Whether a customer answers; null where everybody did, or nothing tells who does.
        response_rate: Share that answered.
        answer: What they answer.
    """

    response: Logit | None
    response_rate: float
    answer: Logit

    def chance(self, rows: pd.DataFrame) -> Floats:
        """The chance that each customer answers, 0.02 to 1."""
        return chances(self.response, self.response_rate, rows)

    def expected(self, rows: pd.DataFrame) -> Floats:
        """The expected answer, 1 to 5."""
        found: Floats = 1 + 4 * self.answer.probabilities(rows)[:, 1]
        return found

    def spread(self, rows: pd.DataFrame) -> Floats:
        """How far answers scatter, up to a factor: widest in the middle of the scale."""
        share = self.answer.probabilities(rows)[:, 1]
        found: Floats = np.sqrt(share * (1 - share))
        return found

    def silence_odds(self, rows: pd.DataFrame) -> Floats:
        """How many silent conversations stand behind an answer of each kind; 1 where nobody is silent."""
        chance = self.chance(rows)
        odds = (1 - chance) / chance
        return odds if odds.any() else np.ones(len(rows))


def unseen(fitted: Fitted, told: pd.DataFrame) -> tuple[Floats, Floats]:
    """Expected answers and spreads by models that have not seen the user: five, each without a fifth.

    Args:
        fitted: What was learned from all of them; who answers is taken from it.
        told: Answered conversations.

    Raises:
        NotTrainableError: If they are of so few users that no fifth is left to learn from.
    """
    numbers = pd.util.hash_array(told["user_id"].to_numpy(dtype=object))
    fold = (numbers >> np.uint64(9)) % np.uint64(FOLDS)
    if len(np.unique(fold)) < 2:
        raise NotTrainableError(
            f"All {len(told)} answers are of {told['user_id'].nunique()} user(s), too few to measure errors "
            "on users that were not seen. Choose a longer time, or wait for answers of more users."
        )
    weights, share = 1 / fitted.chance(told), np.empty(len(told))
    for number in np.unique(fold):
        own = fold == number
        model = fit_answer(told[~own], weights[~own] / weights[~own].mean())
        share[own] = model.probabilities(told[own])[:, 1]
    return 1 + 4 * share, np.sqrt(share * (1 - share))


def fit_both(rows: pd.DataFrame) -> Fitted:
    """Both models from conversations whose survey is over.

    Raises:
        NotTrainableError: If fewer than 50 answered satisfied or not satisfied, or no feature varies.
    """
    told = answered(rows)
    check_trainable(told[list(ANSWER_KINDS)], told["csat"] >= SATISFIED_FROM, rarer=LEAST)
    silent = len(rows) - len(told)
    names = np.where(rows["csat"].notna(), RESPONSE[1], RESPONSE[0])
    response = None
    # A handful of silent customers tells nothing about who stays silent: all count the same then.
    if silent >= LEAST:
        response = fit_logit(
            rows, pd.Series(names), kinds=RESPONSE_KINDS, classes=RESPONSE, penalty=RESPONSE_PENALTY
        )
    rate = len(told) / len(rows)
    # Learned for all customers: an answer counts for those like it who stayed silent, too.
    weights = 1 / chances(response, rate, told)
    return Fitted(response, rate, fit_answer(told, weights / weights.mean()))


def chances(response: Logit | None, response_rate: float, rows: pd.DataFrame) -> Floats:
    """The chance that each customer answers, 0.02 to 1; the same for all without a model."""
    if response is None:
        return np.full(len(rows), max(response_rate, LEAST_CHANCE))
    return np.clip(response.probabilities(rows)[:, 1], LEAST_CHANCE, 1.0)


def fit_answer(told: pd.DataFrame, weights: Floats) -> Logit:
    """What customers answer, from answered conversations and how much each counts."""
    share = ((told["csat"] - 1) / 4).to_numpy()
    twice = pd.concat([told, told], ignore_index=True)
    labels = pd.Series(np.repeat(ANSWER, len(told)))
    counts = np.concatenate([1 - share, share]) * np.tile(weights, 2)
    kept = counts > 0
    return fit_logit(
        twice[kept].reset_index(drop=True),
        labels[kept].reset_index(drop=True),
        kinds=ANSWER_KINDS,
        classes=ANSWER,
        weights=counts[kept],
        penalty=ANSWER_PENALTY,
    )
