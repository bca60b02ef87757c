"""Who is due to leave: the probability of no contact (or order) within the horizon, for each user.

A model reads only what was known at ``as_of``. It learns at several cutoffs one horizon apart and is judged
at the latest, beside the base rate and the rule that goes by silence alone. ``churn_evaluation`` says what
every population is; ``churn_views`` holds simpler views against it, ``churn_value`` what is at stake,
``churn_holdout`` how a campaign is judged.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.errors import RequestError
from analytics_lib.models import churn_text
from analytics_lib.models.churn_activity import Activity, labelled
from analytics_lib.models.churn_decision import thresholds_of
from analytics_lib.models.churn_evaluation import DUE, compared, headline
from analytics_lib.models.churn_fitting import Asked, Fitted, fitted, plan
from analytics_lib.models.churn_reasons import by_reason, drivers, top_reasons
from analytics_lib.models.churn_rows import KINDS, rows_at
from analytics_lib.models.churn_views import by_repeats, by_survival, gaps
from analytics_lib.models.validation import Alarm, alarms, calibration_curve, lift_by_decile
from analytics_lib.models.validation_scores import DRAWS
from analytics_lib.models.validation_trust import Trust
from analytics_lib.periods import Moment, utc_moment

if TYPE_CHECKING:
    from analytics_lib.models.card import Card
    from analytics_lib.models.logit import Logit
    from analytics_lib.store import Store

__all__ = ["Activity", "ChurnModel", "fit"]

LOOK_BACKS = 2
PREDICTED = (
    "user_id",
    "probability",
    "due",
    "silent_days",
    "occasions",
    "usual_gap_days",
    "orders",
    "order_silent_days",
    "tenure_days",
    "segment",
    "channel",
)


@dataclass(frozen=True)
class ChurnModel:
    """A fitted model with all that was measured of it.

    Attributes:
        asked: What it was asked for.
        logit: What it says.
        evaluation: At the latest cutoff, over those due: one row per metric, ``metric value low high n
            recency_rule base_rate population``; the two gains are over the recency rule.
        measured: The same for each cutoff, population and model (see ``churn_fitting.Fitted``).
        calibration: Predicted beside observed, of those due (see ``validation.calibration_curve``).
        thresholds: From which probabilities on to write, at whatever costs (see ``churn_decision``).
        drivers: See ``churn_reasons.drivers``, over those due at the latest cutoff.
        views: Simpler views beside it over those due: ``population model metric value low high n``.
        trust: What a split at random would have promised (see ``churn_fitting.Fitted``), and every alarm.
        tested: Everybody at the latest cutoff with what was said of them; null for a model that was loaded.
    """

    asked: Asked
    logit: Logit
    evaluation: pd.DataFrame
    measured: pd.DataFrame
    calibration: pd.DataFrame
    thresholds: pd.DataFrame
    drivers: pd.DataFrame
    views: pd.DataFrame
    trust: Trust
    tested: pd.DataFrame | None = None

    @property
    def splits(self) -> pd.DataFrame:
        """What a split at random would have promised (see ``churn_fitting.Fitted``)."""
        return self.trust.comparison

    @property
    def alarms(self) -> list[Alarm]:
        """Signs that the score is too good to be true."""
        return self.trust.alarms

    @property
    def lift(self) -> pd.DataFrame:
        """Who left by tenth of those due, the likeliest first (see ``validation.lift_by_decile``)."""
        rows = self.due
        return lift_by_decile(rows["left"], rows["probability"])

    @property
    def card(self) -> Card:
        """The model's card."""
        return churn_text.card(self)

    def predict(self, store: Store, *, as_of: Moment) -> pd.DataFrame:
        """The probability of leaving of everybody who was ever active.

        Args:
            store: Read as it was known at ``as_of``.
            as_of: From when the horizon runs.

        Returns:
            One row per user active before, the likeliest to leave first: ``user_id``, ``probability`` (of no
            activity within the horizon), ``due`` (silent for less than the look-back; of the others it is
            said, but was not judged), ``silent_days``, ``occasions`` (days with activity), ``usual_gap_days``
            (mean; null with fewer than two contacts), ``orders``, ``order_silent_days``, ``tenure_days``
            (since the first activity), ``segment``, ``channel`` (of the last contact), and ``reason_1`` to
            ``reason_3`` with ``points_1`` to ``points_3`` (see ``churn_reasons.top_reasons``).

        Raises:
            RequestError: If ``as_of`` is neither a date nor an aware datetime.
        """
        with store.known_at(as_of) as known:
            rows = rows_at(
                known, cutoff=utc_moment(as_of), horizon=dt.timedelta(0), activity=self.asked.activity
            )
        return self.told(rows)

    def told(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The same of rows as of ``churn_rows.rows_at``."""
        first = pd.to_datetime(rows["first_at"], utc=True)
        told = rows.assign(
            probability=self.logit.probabilities(rows)[:, 1],
            due=rows["silent_days"] < self.asked.look_back / dt.timedelta(days=1),
            tenure_days=((pd.to_datetime(rows["cutoff"], utc=True) - first) / pd.Timedelta(days=1)).astype(
                float
            ),
            channel=rows["last_channel"],
            usual_gap_days=rows[
                "mean_gap_days" if self.asked.activity == "contact" else "mean_order_gap_days"
            ],
            orders=rows["orders"].fillna(0).astype(int),
            order_silent_days=rows["order_recency_days"],
        )[list(PREDICTED)]
        found = told.join(top_reasons(by_reason(self.logit, rows)))
        return found.sort_values(["probability", "user_id"], ascending=[False, True], ignore_index=True)

    def losses(self, rows: pd.DataFrame) -> np.ndarray:
        """The log loss of each of these rows (see ``tested``), to compare models by."""
        given = np.clip(self.logit.probabilities(rows)[:, 1], 1e-15, 1 - 1e-15)
        left = rows["left"].to_numpy(dtype=bool)
        return -np.log(np.where(left, given, 1 - given))

    def to_json(self) -> str:
        """The model as text, without the people it was judged on."""
        return churn_text.written(self)

    @staticmethod
    def from_json(text: str) -> ChurnModel:
        """The model that ``to_json`` wrote; nothing in the text is executed.

        Raises:
            ModelDamagedError: If the text is not such a model.
        """
        return ChurnModel(**churn_text.read(text))

    @property
    def due(self) -> pd.DataFrame:
        """Of those of the latest cutoff (see ``tested``), those due.

        Raises:
            RequestError: If the model was loaded: people are not kept with it.
        """
        if self.tested is None:
            raise RequestError(
                f"This model of {self.asked.as_of:%Y-%m-%d} was loaded; the people it was judged on are not "
                "kept with it. Fit one to see them."
            )
        return self.tested[self.tested[f"in_{DUE}"]]


def fit(  # noqa: PLR0913  # what a caller may want another way
    store: Store,
    *,
    as_of: Moment,
    horizon: dt.timedelta,
    activity: Activity = "contact",
    look_back: dt.timedelta | None = None,
    seed: int = 0,
    draws: int = DRAWS,
    compare_splits: bool = True,
) -> ChurnModel:
    """A model of who leaves, learned from what was known at a moment.

    Args:
        store: Read as it was known at ``as_of``: everything ``features.user_features`` reads, and what counts
            as activity.
        as_of: Nothing from here on is seen. Where nothing is recorded any more on the days before it, the
            windows end with the last day that has activity: silence of the records is not that of users.
        horizon: Leaving is no activity for so long; a day or more.
        activity: ``contact`` (a user's message; the start of a conversation without messages) or ``order``.
        look_back: Who has been silent for so long or longer is not due; twice the horizon unless given.
        seed: Of the draws of the intervals.
        draws: How many samples of users the intervals of the headline take.
        compare_splits: Whether to ask what a split at random would have promised; three fits more.

    Raises:
        RequestError: If the horizon, the look-back or the activity is none.
        NotTrainableError: If too little time is recorded, fewer than 50 left or stayed, nothing tells people
            apart, or fewer than 20 users were due when the model is judged.
    """
    chosen = horizon * LOOK_BACKS if look_back is None else look_back
    with store.known_at(as_of) as known:
        asked = plan(known, as_of=as_of, horizon=horizon, activity=activity, look_back=chosen)
        asked = replace(asked, seed=seed, draws=draws, compare_splits=compare_splits)
        found = fitted(known, asked)
        views = _views(known, found, asked)
    due = found.tested[found.tested[f"in_{DUE}"]]
    before = None if found.before is None else found.before[found.before[f"in_{DUE}"]]
    latest = found.measured[found.measured["cutoff"] == asked.test_cutoff]
    return ChurnModel(
        asked=asked,
        logit=found.logit,
        evaluation=headline(latest),
        measured=found.measured,
        calibration=calibration_curve(due["left"], due["probability"], groups=due["user_id"]),
        thresholds=thresholds_of(due, before),
        drivers=drivers(by_reason(found.logit, due), due["left"]),
        views=views,
        trust=_trust(found, headline(latest), due),
        tested=found.tested,
    )


def _trust(found: Fitted, evaluation: pd.DataFrame, due: pd.DataFrame) -> Trust:
    features, keys = due[list(KINDS)], due[["user_id"]]
    comparison = found.splits if len(found.splits) else None
    suspicious = alarms(evaluation, comparison=comparison, features=features, labels=due["left"], keys=keys)
    return Trust(found.splits, suspicious)


def _views(known: Store, found: Fitted, asked: Asked) -> pd.DataFrame:
    """The model and simpler views at the test cutoff, over those due and over the buyers among them."""
    tested, cutoff = found.tested, asked.test_cutoff
    frames = {}
    scores = {
        "churn": tested["probability"].to_numpy(),
        "recency_rule": tested["recency_rule"].to_numpy(),
        "survival": by_survival(
            tested, gaps(known, cutoff=cutoff, activity=asked.activity), horizon=asked.horizon
        ),
        "repeat": by_repeats(tested, cutoff=cutoff, horizon=asked.horizon)[0],
    }
    if asked.activity == "contact":
        orders = _by_orders(known, tested, asked)
        scores["orders"] = orders
    for name in (DUE, "buyers"):
        mask = tested[f"in_{name}"].to_numpy()
        given = {view: np.where(mask, values, np.nan)[mask] for view, values in scores.items()}
        if name == DUE:
            given.pop("orders", None)
        frames[name] = compared(tested[mask], given, seed=asked.seed, draws=asked.draws // 4)
    return pd.concat(frames, names=["population", None]).reset_index("population").reset_index(drop=True)


def _by_orders(known: Store, tested: pd.DataFrame, asked: Asked) -> np.ndarray:
    """P(no order will ever come) of buyers, by MBG/NBD over orders; null for who never bought."""
    bought = labelled(known, cutoff=asked.test_cutoff, horizon=dt.timedelta(0), activity="order")
    if bought.empty:
        return np.full(len(tested), np.nan)
    silent, _ = by_repeats(bought, cutoff=asked.test_cutoff, horizon=None)
    return tested["user_id"].map(pd.Series(silent, index=bought["user_id"])).to_numpy(dtype=float)
