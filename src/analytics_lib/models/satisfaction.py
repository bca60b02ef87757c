"""How satisfied the silent are: an expected csat for who did not answer, and what all would have said.

Few customers answer a survey, and not the same ones as those who stay silent. Two models learn from what is
known of a conversation when it has ended: who answers, and what they answer (``satisfaction_fitting``). With
the first, answers stand for the silent like them (``satisfaction_response``); with both, each silent customer
has an expected answer and an interval (``satisfaction_interval``). Both rest on one assumption, that among
conversations alike in what is known, those who answer are no more and no less satisfied; the bounds do not.

Time is split by the end of conversations: the earliest 80 % teach, the latest 20 % are kept to measure, and
what was measured is what predicts. How wide intervals must be is told by the errors of models that had not
seen the user (cross-conformal prediction: Vovk 2015, Annals of Mathematics and Artificial Intelligence 74:9).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.errors import NotTrainableError, RequestError
from analytics_lib.models import satisfaction_text
from analytics_lib.models.satisfaction_evaluation import by_segment, measured
from analytics_lib.models.satisfaction_fitting import Fitted, fit_both, unseen
from analytics_lib.models.satisfaction_interval import Errors, errors, interval
from analytics_lib.models.satisfaction_response import estimates
from analytics_lib.models.satisfaction_rows import answered, closed_rows, slices

if TYPE_CHECKING:
    import datetime as dt

    from analytics_lib.models.satisfaction_rows import Slices
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

LEVEL = 0.9
LEAST_TESTED = 20
PREDICTED = ["conversation_id", "user_id", "known_at", "expected", "low", "high"]


@dataclass(frozen=True)
class SatisfactionModel:
    """What was learned, and how it did on later answers.

    Attributes:
        fitted: Who answers, and what they answer.
        errors: How far answers of users that were not seen lay from the expected ones.
        level: Share of the answers that an interval should hold.
        cutoff: The test begins with conversations that ended here.
        rows: How many conversations: ``closed`` with a survey that was over, ``answered``, and of each part
            ``train test``.
        evaluation: One row per ``metric``: ``value low high n``, measured after the cutoff (see
            ``satisfaction_evaluation``).
        segments: The same error and coverage by channel and outcome: ``dimension group metric value low high
            n``.
        as_of: What it learned was known before; null where that was not said.
        since: Conversations that started earlier were left out; null = all.
    """

    fitted: Fitted
    errors: Errors
    level: float
    cutoff: pd.Timestamp
    rows: dict[str, int]
    evaluation: pd.DataFrame
    segments: pd.DataFrame
    as_of: dt.datetime | None = None
    since: dt.date | None = None

    @property
    def drivers(self) -> pd.DataFrame:
        """What raises or lowers the expected answer: ``outcome feature level effect odds_ratio``."""
        return self.fitted.answer.drivers

    def predict(self, store: Store, *, as_of: Moment, since: Moment | None = None) -> pd.DataFrame:
        """What customers would have answered who have not, by ``as_of``.

        Returns:
            One row per conversation that had ended without a known answer, by its end: ``conversation_id``
            ``user_id`` ``known_at`` (its end) ``expected`` (1 to 5) and the interval ``low high``.
        """
        rows = closed_rows(store, as_of=as_of, since=since)
        return self.expect(rows[rows["csat"].isna()])[PREDICTED]

    def expect(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows as of ``satisfaction_rows.closed_rows`` with ``expected low high``."""
        if rows.empty:
            return rows.assign(**dict.fromkeys(("expected", "low", "high"), pd.Series(dtype="float64")))
        expected, spread = self.fitted.expected(rows), self.fitted.spread(rows)
        odds = self.fitted.silence_odds(rows)
        low, high = interval(self.errors, expected, spread, odds, level=self.level)
        return rows.assign(expected=expected, low=low, high=high).reset_index(drop=True)

    def overall(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The satisfaction of everybody whose survey is over: raw, corrected, worst, best.

        Returns:
            As of ``satisfaction_response.estimates``.
        """
        over = rows[rows["survey_over"]]
        return estimates(over["csat"], self.fitted.chance(over), over["user_id"])

    def explain(self, rows: pd.DataFrame) -> pd.DataFrame:
        """What adds up to each expected answer, in log-odds: ``base``, then a column for each feature."""
        return self.fitted.answer.contributions(rows, "best")

    def to_json(self) -> str:
        """The model as text, for the registry."""
        return satisfaction_text.written(self)

    @staticmethod
    def from_json(text: str) -> SatisfactionModel:
        """The model that ``to_json`` wrote; nothing in the text is executed.

        Raises:
            ModelDamagedError: If the text is not such a model.
        """
        return SatisfactionModel(**satisfaction_text.read(text))


def fit(
    store: Store, *, as_of: Moment, since: Moment | None = None, level: float = LEVEL
) -> SatisfactionModel:
    """Learn who answers and what, from surveys that were over at ``as_of``.

    Args:
        store: Read: as of ``features.closed_features``.
        as_of: Nothing from here on is known.
        since: Conversations that started earlier are left out.
        level: Share of the answers that an interval should hold.

    Raises:
        NotTrainableError: If too few answered: fewer than 50 satisfied or not satisfied of the earlier, or
            fewer than 20 of the latest.

        RequestError: If the level is no share between 0.5 and 1.
    """
    if not 0.5 <= level < 1:
        raise RequestError(f"level is {level}; expected a share of 0.5 or more and below 1.")
    return fit_rows(closed_rows(store, as_of=as_of, since=since), level=level)


def fit_rows(rows: pd.DataFrame, *, level: float = LEVEL) -> SatisfactionModel:
    """The same from rows as of ``satisfaction_rows.closed_rows``; raises what ``fit`` does."""
    parts = _parts(rows)
    fitted, told = fit_both(parts.train), answered(parts.train)
    known = errors(told["csat"].to_numpy(), *unseen(fitted, told), fitted.silence_odds(told))
    test = _with_interval(parts.test, fitted, known, level)
    return SatisfactionModel(
        fitted,
        known,
        level,
        parts.cutoff,
        _counted(parts),
        measured(test, told),
        by_segment(test),
    )


def _parts(rows: pd.DataFrame) -> Slices:
    over = rows[rows["survey_over"]]
    if over.empty:
        raise NotTrainableError(
            "No conversation had ended 48 hours before as_of, so no survey is over. Choose a later as_of."
        )
    parts = slices(over)
    told = len(answered(parts.test))
    if told < LEAST_TESTED:
        raise NotTrainableError(
            f"Only {told} of the latest {len(parts.test)} customers answered, which are kept to measure the "
            f"model; {LEAST_TESTED} are needed. Choose a longer time, or wait for more answers."
        )
    return parts


def _with_interval(rows: pd.DataFrame, fitted: Fitted, known: Errors, level: float) -> pd.DataFrame:
    odds = fitted.silence_odds(rows)
    expected = fitted.expected(rows)
    low, high = interval(known, expected, fitted.spread(rows), odds, level=level)
    return rows.assign(expected=expected, low=low, high=high, odds=odds, chance=fitted.chance(rows))


def _counted(parts: Slices) -> dict[str, int]:
    sizes = {"train": len(parts.train), "test": len(parts.test)}
    told = len(answered(parts.train)) + len(answered(parts.test))
    return {"closed": sum(sizes.values()), "answered": told, **sizes}
