"""Fitting a churn model: cutoffs one horizon apart, learned at the earlier ones, judged at the latest.

Labels of different cutoffs do not overlap, and whatever teaches a model had happened when it is judged. Each
of the last cutoffs is predicted by a model fitted to the cutoffs before it; the last of these models is the
one that is handed out, so that the evaluation is of it and of no other.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.errors import NotEnoughDataError, NotTrainableError, RequestError
from analytics_lib.models.churn_activity import LEAST_HORIZON, Activity, Span, check_activity, recorded
from analytics_lib.models.churn_evaluation import DUE, FEWEST, MODELS, measured, populations, simple_scores
from analytics_lib.models.churn_reasons import CLASSES
from analytics_lib.models.churn_rows import KINDS, rows_at
from analytics_lib.models.logit import PENALTY, Logit, fit_logit
from analytics_lib.models.validation import check_trainable, compare_splits, split_users, splits
from analytics_lib.models.validation_scores import DRAWS

if TYPE_CHECKING:
    from analytics_lib.models.validation_compare import Predict
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

INTERACTIONS = (("segment", "recency_days_of_others"),)
MOST_CUTOFFS = 7
JUDGED = 3
# Before this share of a horizon nobody has a past to speak of.
HISTORY = 0.5
# More rows tell the promise of a split at random no better.
MOST_ROWS = 20_000


@dataclass(frozen=True)
class Asked:
    """What a churn model was asked for.

    Attributes:
        as_of: Nothing from here on was known.
        horizon: Leaving is no activity for so long.
        activity: ``contact`` or ``order``.
        look_back: Who has been silent for so long or longer is no longer due: they have left already.
        cutoffs: Oldest first; the last is the one at which the model is judged.
        seed: Of everything drawn.
        draws: Samples of users for the intervals; a quarter of them for populations beside the headline.
        compare_splits: Whether to ask what a split at random would have promised, which takes three fits
            more.
    """

    as_of: dt.datetime
    horizon: dt.timedelta
    activity: Activity
    look_back: dt.timedelta
    cutoffs: tuple[dt.datetime, ...]
    seed: int = 0
    draws: int = DRAWS
    compare_splits: bool = True

    @property
    def test_cutoff(self) -> dt.datetime:
        """Where the model is judged."""
        return self.cutoffs[-1]


@dataclass(frozen=True)
class Fitted:
    """A fitted model and how it, and those before it, did.

    Attributes:
        logit: Of ``stays`` and ``leaves``.
        tested: Everybody at the test cutoff: the columns of ``churn_rows.rows_at``, ``probability``,
            ``recency_rule``, ``base_rate``, and a column of true and false for each population (``in_due``
            …).
        before: The same of the cutoff before it, said by a model that had learned at still earlier ones; null
            where there was none.
        measured: One row per cutoff, population, model and metric: ``cutoff population model metric value low
            high n``.
        splits: The same fit judged on rows at random, on users it has not seen and on later rows, of those
            due (see ``validation.compare_splits``); without rows where it was not asked for or they are few.
    """

    logit: Logit
    tested: pd.DataFrame
    before: pd.DataFrame | None
    measured: pd.DataFrame
    splits: pd.DataFrame


def cutoffs_of(span: Span, *, horizon: dt.timedelta, most: int = MOST_CUTOFFS) -> tuple[dt.datetime, ...]:
    """The cutoffs of a recorded time, oldest first: the last a horizon before its end, each a horizon apart.

    Raises:
        NotTrainableError: If there is no room for two of them after half a horizon of past.
    """
    earliest = span.since + horizon * HISTORY
    room = int((span.until - horizon - earliest) / horizon) + 1 if span.until - horizon >= earliest else 0
    if room < 2:
        days = horizon / dt.timedelta(days=1)
        ready = (span.since + horizon * (2 + HISTORY)).date()
        raise NotTrainableError(
            f"Activity is recorded from {span.since:%Y-%m-%d} to {span.until:%Y-%m-%d}; a horizon of "
            f"{days:g} days needs one window to judge by, one before to learn from and half of one as past. "
            f"Choose a shorter horizon, or an as_of from {ready + dt.timedelta(days=1)} on."
        )
    return tuple(span.until - horizon * back for back in range(min(room, most), 0, -1))


def check_horizon(horizon: dt.timedelta, look_back: dt.timedelta) -> None:
    """Refuses a horizon under a day and a look-back shorter than the horizon.

    Raises:
        RequestError: If it is one.
    """
    given: object = horizon
    if not isinstance(given, dt.timedelta) or given < LEAST_HORIZON:
        raise RequestError(f"horizon is {horizon!r}; expected a timedelta of a day or more, such as 30 days.")
    if look_back < horizon:
        raise RequestError(f"look_back is {look_back}; expected {horizon} (the horizon) or more.")


def plan(
    known: Store,
    *,
    as_of: Moment,
    horizon: dt.timedelta,
    activity: Activity,
    look_back: dt.timedelta,
) -> Asked:
    """The cutoffs that the store allows as it was known.

    Raises:
        RequestError: If the activity, the horizon or the look-back is none.
        NotTrainableError: If there is too little time.
    """
    check_activity(activity)
    check_horizon(horizon, look_back)
    span = recorded(known, as_of=as_of, activity=activity)
    return Asked(span.until, horizon, activity, look_back, cutoffs_of(span, horizon=horizon))


def fitted(known: Store, asked: Asked) -> Fitted:
    """The model of the last cutoff, and what those of the last cutoffs made of theirs.

    Raises:
        NotTrainableError: If fewer than 50 of the earlier rows left or stayed, nothing tells people apart, or
            fewer than 20 users were due when the model is judged.
    """
    rows: dict[Moment, pd.DataFrame] = {
        cutoff: rows_at(known, cutoff=cutoff, horizon=asked.horizon, activity=asked.activity)
        for cutoff in asked.cutoffs
    }
    judged = splits(list(asked.cutoffs), horizon=asked.horizon)[-JUDGED:]
    found: list[tuple[Logit, pd.DataFrame, pd.DataFrame]] = []
    for split in judged:
        train = pd.concat([rows[cutoff] for cutoff in split.train], ignore_index=True)
        try:
            logit = _fit(train)
        except NotTrainableError:
            # Early in a shop's life a cutoff has too few before it and is not judged; the last one must be.
            if split is judged[-1]:
                raise
            continue
        found.append((logit, *_judged(logit, train, rows[split.test], asked=asked, cutoff=split.test)))
    logit, tested, _ = found[-1]
    due = int(tested[f"in_{DUE}"].sum())
    if due < FEWEST:
        raise NotTrainableError(
            f"Only {due} users were due on {asked.test_cutoff:%Y-%m-%d}, at which the model is judged; "
            f"{FEWEST} are needed. Choose a longer look-back, or an as_of by which more had come."
        )
    before = found[-2][1] if len(found) > 1 else None
    measures = pd.concat([frame for _, _, frame in found], ignore_index=True)
    compared = _splits(pd.concat(rows.values(), ignore_index=True), asked)
    return Fitted(logit, tested, before, measures, compared)


def _splits(rows: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """What a split at random would have promised of those due; of many users as ``MOST_ROWS`` allow."""
    due = rows[rows["silent_days"] < asked.look_back / dt.timedelta(days=1)]
    if len(due) > MOST_ROWS:
        due = due[split_users(due["user_id"], share=MOST_ROWS / len(due), seed=asked.seed)]
    nothing = pd.DataFrame(columns=["metric", "value", "low", "high", "n"])
    if not asked.compare_splits:
        return nothing
    try:
        return compare_splits(
            _scorer,
            due.reset_index(drop=True),
            labels=due["left"],
            groups=due["user_id"],
            moments=due["cutoff"].reset_index(drop=True),
            seed=asked.seed,
        )
    except (NotEnoughDataError, NotTrainableError):
        # A part of those due may be too few where all rows are enough: that costs the comparison alone.
        return nothing


def _scorer(features: pd.DataFrame, left: pd.Series) -> Predict:
    logit = _fit(features.assign(left=left))
    return lambda rows: logit.probabilities(rows)[:, 1]


def _fit(train: pd.DataFrame) -> Logit:
    labels = train["left"].map({False: CLASSES[0], True: CLASSES[1]})
    check_trainable(train[list(KINDS)], labels)
    return fit_logit(
        train,
        labels,
        kinds=KINDS,
        classes=CLASSES,
        interactions=INTERACTIONS,
        penalty=PENALTY,
    )


def _judged(
    logit: Logit, train: pd.DataFrame, test: pd.DataFrame, *, asked: Asked, cutoff: Moment
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of a cutoff with what is said of them, and how good that was."""
    simple = simple_scores(train, test)
    scores = {MODELS[0]: logit.probabilities(test)[:, 1], **{name: simple[name] for name in MODELS[1:]}}
    members = populations(test, horizon=asked.horizon, look_back=asked.look_back, taught=train["user_id"])
    tested = test.assign(
        probability=scores["churn"],
        recency_rule=scores["recency_rule"],
        base_rate=scores["base_rate"],
        **{f"in_{name}": mask for name, mask in members.items()},
    )
    # How it does for whom is asked of the model that is handed out.
    asked_of = members if cutoff == asked.test_cutoff else {DUE: members[DUE]}
    found = measured(test, scores, members=asked_of, seed=asked.seed, draws=asked.draws)
    return tested, found.assign(cutoff=cutoff)[["cutoff", *found.columns]]
