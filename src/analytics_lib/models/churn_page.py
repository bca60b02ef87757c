"""The question of who is due to leave as a page asks it: what is left open is filled in from the data.

A page that publishes nothing is answered by the kept model that knew nothing from ``as_of`` on; only where
there is none is one trained. What cannot be trained is said, with the reason; a kept model then stands in.
"""

from __future__ import annotations

import datetime as dt
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.errors import NotTrainableError, RequestError
from analytics_lib.metrics.rates import load_rates
from analytics_lib.models import churn
from analytics_lib.models.churn_activity import Activity, check_activity, labelled, recorded
from analytics_lib.models.churn_decision import Costs, Decided, decide, message_price
from analytics_lib.models.churn_fitting import cutoffs_of
from analytics_lib.models.churn_holdout import assign, planned
from analytics_lib.models.churn_life import Keeping, Kept, keep, name_of, usable_at
from analytics_lib.models.churn_rows import rows_at
from analytics_lib.models.churn_value import Stakes, stakes
from analytics_lib.models.churn_views import gaps, survival
from analytics_lib.models.validation import NEVER
from analytics_lib.periods import day_of, local_moment, utc_moment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analytics_lib.models.churn import ChurnModel
    from analytics_lib.store import Store

# Written to where nothing is known of what people are worth.
EVEN = 0.5
RATES = "params/rates.yaml"


@dataclass(frozen=True)
class Wanted:
    """What a page is asked.

    Attributes:
        as_of: Nothing from here on is known.
        horizon: Leaving is no activity for so long.
        look_back: Who has been silent for so long or longer is not due.
        activity: ``contact`` or ``order``.
        value_horizon: How far value looks.
        holdout_share: Of those to be written to, left alone.
        seed: Of the lot and the intervals.
        currency: Of the amounts; null = of the orders, if they have only one; ``rates`` as of
            ``lifetime.summarize``.
    """

    as_of: dt.date
    horizon: dt.timedelta
    look_back: dt.timedelta
    activity: Activity = "contact"
    value_horizon: dt.timedelta = dt.timedelta(weeks=26)
    holdout_share: float = 0.2
    seed: int = 0
    currency: str | None = None
    rates: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """What was found; frames without rows and nulls where nothing can be said.

    Attributes:
        kept: The model predicted with, and where it is from.
        fitted: The model fitted now, with the people it was judged on; null where none was.
        reason: Why none could: ``activity`` (there is none), ``time`` (too little is recorded), ``few`` (too
            few left or stayed), or empty; ``detail`` says it with the figures.
        now: Everybody ever active as of now, as of ``churn_rows.rows_at``.
        listed: Everybody due now, most at risk first: the columns of ``ChurnModel.predict``, ``bought
            spend_if_stays source value_at_risk``.
        lapsed: How many are no longer due.
        stakes: See ``churn_value``; null where nobody is due.
        decided: From which probability on to write.
        assigned: Those to be written to, with ``band`` and ``group`` (see ``churn_holdout.assign``).
        plan: What the hold-out can show (see ``churn_holdout.planned``).
        curves: How long gaps last (see ``churn_views.survival``), as of now.
    """

    kept: Kept
    fitted: ChurnModel | None
    reason: str
    detail: str
    now: pd.DataFrame
    listed: pd.DataFrame
    lapsed: int = 0
    stakes: Stakes | None = None
    decided: Decided | None = None
    assigned: pd.DataFrame = field(default_factory=pd.DataFrame)
    plan: pd.DataFrame = field(default_factory=pd.DataFrame)
    curves: pd.DataFrame = field(default_factory=pd.DataFrame)


def choose(  # noqa: PLR0913  # what a page may be asked
    store: Store,
    *,
    as_of: dt.date | str | None = None,
    horizon_days: int = 30,
    look_back_days: int | None = None,
    activity: Activity = "contact",
    value_weeks: int = 26,
    holdout_share: float = 0.2,
    seed: int | None = None,
) -> Wanted:
    """The question somebody asked.

    Without ``as_of`` it is the day after the last activity; without a seed each day has a lot of its own.

    Raises:
        NotTrainableError: If the day is left open and there is no activity.
        RequestError: If a day cannot be read, or a number is out of bounds.
    """
    check_activity(activity)
    for name, number in (("horizon_days", horizon_days), ("value_weeks", value_weeks)):
        if number < 1:
            raise RequestError(f"{name} is {number}; expected 1 or more.")
    if not 0 < holdout_share < 1:
        raise RequestError(f"holdout_share is {holdout_share}; expected above 0 and below 1.")
    day = day_of(as_of, "as_of") or _day_after_last(store, activity)
    horizon = dt.timedelta(days=horizon_days)
    look_back = dt.timedelta(days=look_back_days) if look_back_days else horizon * churn.LOOK_BACKS
    value = dt.timedelta(weeks=value_weeks)
    chosen = day.toordinal() if seed is None else seed
    return Wanted(day, horizon, look_back, activity, value, holdout_share, chosen)


def _day_after_last(store: Store, activity: Activity) -> dt.date:
    span = recorded(store, as_of=dt.date(9999, 1, 1), activity=activity)
    return local_moment(span.until).date()


def read(store: Store, wanted: Wanted, *, costs: Costs, keeping: Keeping) -> Found:
    """Everything the page shows.

    Raises:
        RequestError: As ``churn.fit``. Of orders in several currencies without rates there is a warning; what
            people are worth is then not known.
    """
    kept, fitted, reason, detail = _model(store, wanted, keeping)
    if kept.model is None:
        return Found(kept, fitted, reason, detail, pd.DataFrame(), pd.DataFrame())
    cutoff, activity = utc_moment(wanted.as_of), wanted.activity
    with store.known_at(wanted.as_of) as known:
        rows = rows_at(known, cutoff=cutoff, horizon=dt.timedelta(0), activity=activity)
        everybody = kept.model.told(rows)
        silent = everybody["silent_days"] < wanted.look_back / dt.timedelta(days=1)
        due = everybody[silent].reset_index(drop=True)
        days = 2 * wanted.look_back.days
        curves = survival(gaps(known, cutoff=cutoff, activity=activity), until_days=days)
        worth = _stakes(known, due, wanted)
    listed = _ranked(due, worth)
    decided = _decided(kept.model, listed, worth, costs)
    assigned = _campaign(listed, decided, wanted)
    return Found(
        kept,
        fitted,
        reason,
        detail,
        rows,
        listed,
        lapsed=int((~silent).sum()),
        stakes=worth,
        decided=decided,
        assigned=assigned,
        plan=planned(assigned) if len(assigned) else pd.DataFrame(),
        curves=curves,
    )


def _model(store: Store, wanted: Wanted, keeping: Keeping) -> tuple[Kept, ChurnModel | None, str, str]:
    """The model to predict with, the one fitted now, and why none could be."""
    name = name_of(wanted.activity, wanted.horizon)
    use = usable_at(name, keeping, as_of=wanted.as_of, look_back=wanted.look_back)
    if use.model and keeping.folder is None:
        return Kept(use.model, "used", {}, problem=use.problem), None, "", ""
    fitted, reason, detail = _fitted(store, wanted)
    return keep(fitted, name, keeping, use=use), fitted, reason, detail


def _fitted(store: Store, wanted: Wanted) -> tuple[ChurnModel | None, str, str]:
    try:
        model = churn.fit(
            store,
            as_of=wanted.as_of,
            horizon=wanted.horizon,
            activity=wanted.activity,
            look_back=wanted.look_back,
            seed=wanted.seed,
        )
    except NotTrainableError as error:
        return None, _why(store, wanted), str(error)
    return model, "", ""


def _why(store: Store, wanted: Wanted) -> str:
    with store.known_at(wanted.as_of) as known:
        try:
            span = recorded(known, as_of=wanted.as_of, activity=wanted.activity)
        except NotTrainableError:
            return "activity"
    try:
        cutoffs_of(span, horizon=wanted.horizon)
    except NotTrainableError:
        return "time"
    return "few"


def _stakes(known: Store, due: pd.DataFrame, wanted: Wanted) -> Stakes | None:
    """What those due are expected to spend if they stay; null where nobody is."""
    if due.empty:
        return None
    seen = _seen(known, wanted)
    try:
        return stakes(
            known,
            due,
            as_of=wanted.as_of,
            seen=seen,
            horizon=wanted.value_horizon,
            currency=wanted.currency,
            rates=wanted.rates,
        )
    except RequestError as error:
        # Who leaves can be told without money; that amounts of several currencies cannot be added is said.
        warnings.warn(f"What people are worth is not known: {error}", stacklevel=2)
        return None


def _seen(known: Store, wanted: Wanted) -> pd.DataFrame:
    """Who was due at the last cutoff whose window is over, and who of them left."""
    span = recorded(known, as_of=wanted.as_of, activity=wanted.activity)
    cutoff = span.until - wanted.horizon
    rows = labelled(known, cutoff=cutoff, horizon=wanted.horizon, activity=wanted.activity)
    seen = rows.loc[rows["silent_days"] < wanted.look_back / dt.timedelta(days=1), ["user_id", "left"]]
    seen.attrs = {"cutoff": cutoff, "horizon": wanted.horizon}
    return seen


def _ranked(due: pd.DataFrame, worth: Stakes | None) -> pd.DataFrame:
    """Those due, most at risk first; where no value is known, the likeliest to leave first."""
    if worth is None:
        rows = due.assign(bought=due["orders"] > 0, spend_if_stays=np.nan, source="none")
    else:
        rows = due.merge(worth.values, on="user_id", how="left")
    rows = rows.assign(value_at_risk=rows["probability"] * rows["spend_if_stays"])
    by = ["value_at_risk", "probability", "user_id"]
    return rows.sort_values(by, ascending=[False, False, True], na_position="last", ignore_index=True)


def _decided(model: ChurnModel, listed: pd.DataFrame, worth: Stakes | None, costs: Costs) -> Decided:
    """The threshold of the model in use."""
    money = worth.currency if worth else ""
    known = worth is not None and (not costs.currency or costs.currency == money)
    value = float(listed["spend_if_stays"].mean()) if known else float("nan")
    return decide(model.thresholds, value=value, costs=costs)


def _campaign(listed: pd.DataFrame, decided: Decided | None, wanted: Wanted) -> pd.DataFrame:
    """Whom to write to, and whom of them to leave alone."""
    threshold = EVEN if decided is None or decided.threshold is None else decided.threshold
    chosen = listed[listed["probability"] >= threshold]
    if threshold >= NEVER or chosen.empty:
        return listed.head(0).assign(band=np.nan, group=None)
    return assign(chosen, share=wanted.holdout_share, seed=wanted.seed)


def read_costs(wanted: Wanted, *, offer: float, save_rate: float, margin: float, path: str = RATES) -> Costs:
    """What a campaign costs on the day, by the price of a template message in the file of rates.

    A relative path is looked for in the working folder and in those above it. Before the first price that one
    holds; without the file a message is taken to cost nothing.

    Raises:
        RequestError: If the file is none of rates, or a cost or a share is none.
    """
    above = [Path.cwd(), *Path.cwd().parents]
    found = next((folder / path for folder in above if (folder / path).is_file()), None)
    if found is None:
        return Costs(0.0, offer=offer, save_rate=save_rate, margin=margin)
    rates = load_rates(found)
    price = message_price(rates, on=max(wanted.as_of, rates.rows[0][0]))
    return Costs(price, rates.currency, offer=offer, save_rate=save_rate, margin=margin)
