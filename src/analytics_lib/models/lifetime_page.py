"""The question of what buyers are worth as a page asks it: what is left open is filled in from the data.

What cannot be fitted is left out of the answer, which says why.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypedDict

import pandas as pd

from analytics_lib.errors import NotTrainableError, RequestError
from analytics_lib.models.lifetime_holdout import Holdout, hold_out, usual_cutoff
from analytics_lib.models.lifetime_orders import SUMMARY, left_out, span, summarize
from analytics_lib.models.lifetime_repeat import RepeatModel, fit_bg_nbd, fit_mbg_nbd
from analytics_lib.models.lifetime_spend import Dependence, SpendModel, dependence, fit_gamma_gamma
from analytics_lib.models.lifetime_value import better, totals, value
from analytics_lib.periods import day_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analytics_lib.store import Store

LAST_DAYS = """
select 'messages' as name, max(sent_local)::date as last_day from messages
union all
select 'orders' as name, max(ordered_local)::date as last_day from orders
"""
# Of the time since the first order, at most this is kept back.
MOST_HELD = 0.8
MODELS = ("mbg_nbd", "bg_nbd", "auto")


class Money(TypedDict):
    """What amounts are in: ``currency`` and ``rates`` of ``summarize``."""

    currency: str | None
    rates: Mapping[str, float] | None


@dataclass(frozen=True)
class Terms:
    """What turns spend into value, and by which model.

    Attributes:
        model: ``mbg_nbd``, ``bg_nbd``, or ``auto`` for the one the data tell for (see ``better``).
        margin: Share of the spend that is earned, above 0, up to 1.
        yearly_rate: What money loses in a year.
        currency: Of the amounts; null or empty = of the orders, if they have only one.
        rates: What one of another currency is worth in it.
    """

    model: str = "mbg_nbd"
    margin: float = 0.5
    yearly_rate: float = 0.12
    currency: str | None = None
    rates: Mapping[str, float] | None = None

    @property
    def money(self) -> Money:
        """``currency`` and ``rates``, to be handed on."""
        return Money(currency=self.currency or None, rates=self.rates)


@dataclass(frozen=True)
class Asked:
    """What a page is asked.

    Attributes:
        until: Orders from here on are not seen.
        cutoff: The hold-out begins here.
        horizon: How far value looks ahead.
        terms: What turns spend into value.
    """

    until: dt.date
    cutoff: dt.date
    horizon: dt.timedelta
    terms: Terms = field(default_factory=Terms)


@dataclass(frozen=True)
class Found:
    """What was found; what could not be fitted is null, and ``reason`` says why.

    Attributes:
        summary: One row per buyer (see ``summarize``); without rows if nobody bought.
        counted: What is counted and what is not (see ``left_out``).
        model: The one that was asked for.
        others: The repeat models, both.
        spend: Gamma-Gamma.
        linked: Whether spend goes with frequency.
        held: The hold-out.
        values: See ``value``.
        total: Expected orders and value of all, each with 95 % limits of the parameters: ``orders orders_low
            orders_high value``.
        currency: Of the amounts.
        reason: ``orders`` (nobody bought), ``repeaters`` (too few bought again), ``spread`` (all spend the
            same), ``holdout`` (fitted, but too little lies before the cut-off), or empty.
    """

    summary: pd.DataFrame
    counted: pd.Series
    model: RepeatModel | None = None
    others: tuple[RepeatModel, ...] = ()
    spend: SpendModel | None = None
    linked: Dependence | None = None
    held: Holdout | None = None
    values: pd.DataFrame | None = None
    total: dict[str, float] | None = None
    currency: str = ""
    reason: str = ""


def choose(
    store: Store,
    *,
    until: dt.date | str | None = None,
    as_of: dt.date | str | None = None,
    horizon_weeks: int = 26,
    holdout_share: float = 1 / 3,
    terms: Terms | None = None,
) -> Asked:
    """The question somebody asked; what was left open is filled in from the data.

    Without ``until`` and ``as_of`` it ends with the day of the last message, or of the last order where there
    is no message: an order that lies in the future does not move it. Days are dates or ISO texts.

    Raises:
        NotTrainableError: If the end is left open and there is neither.
        RequestError: If a day cannot be read, the horizon is under a week, or a share is none.
    """
    chosen = terms or Terms()
    if horizon_weeks < 1:
        raise RequestError(f"horizon_weeks is {horizon_weeks}; expected 1 or more.")
    if not 0 < holdout_share <= MOST_HELD:
        raise RequestError(f"holdout_share is {holdout_share}; expected above 0, up to {MOST_HELD}.")
    if chosen.model not in MODELS:
        raise RequestError(f"Unknown model {chosen.model!r}. Expected one of {', '.join(MODELS)}.")
    if not 0 < chosen.margin <= 1:
        raise RequestError(f"margin is {chosen.margin}; expected a share above 0, up to 1.")
    end = day_of(until, "until") or day_of(as_of, "as_of") or _day_after_last(store)
    try:
        first, _ = span(store, until=end)
    except NotTrainableError:
        first = end - dt.timedelta(days=2)
    cutoff = usual_cutoff(first, end, share=holdout_share)
    return Asked(end, cutoff, dt.timedelta(weeks=horizon_weeks), chosen)


def exchange_rates(text: str) -> dict[str, float]:
    """Rates as a parameter writes them: ``USD=4000 EUR=4500.5``; none of an empty text.

    Raises:
        RequestError: If a part is no currency and number.
    """
    found = {}
    for part in text.split():
        name, _, rate = part.partition("=")
        try:
            found[name] = float(rate)
        except ValueError as error:
            raise RequestError(f"{part!r} is no rate; expected such as USD=4000, parts by spaces.") from error
    return found


def _day_after_last(store: Store) -> dt.date:
    last = store.query(LAST_DAYS).set_index("name")["last_day"].dropna()
    if last.empty:
        raise NotTrainableError(
            "The store holds neither messages nor orders, so there is no last day. Ingest or simulate first."
        )
    day: dt.date = pd.Timestamp(last["messages"] if "messages" in last else last["orders"]).date()
    return day + dt.timedelta(days=1)


def read(store: Store, asked: Asked) -> Found:
    """Everything the page shows. What cannot be fitted is left out, and ``reason`` says why.

    Raises:
        RequestError: If orders are in several currencies without a rate for each.
    """
    counted = left_out(store, until=asked.until)
    if not counted["orders"]:
        return Found(pd.DataFrame(columns=list(SUMMARY)), counted, reason="orders")
    summary = summarize(store, until=asked.until, **asked.terms.money)
    found = Found(summary, counted, currency=str(summary.attrs["currency"]), linked=dependence(summary))
    try:
        models = (fit_bg_nbd(summary), fit_mbg_nbd(summary))
    except NotTrainableError:
        return replace(found, reason="repeaters")
    try:
        spend = fit_gamma_gamma(summary)
    except NotTrainableError:
        return replace(found, others=models, reason="spread")
    chosen = next((one for one in models if one.kind == asked.terms.model), better(*models))
    return _predicted(store, asked, replace(found, others=models, spend=spend, model=chosen))


def _predicted(store: Store, asked: Asked, found: Found) -> Found:
    """The answer with what its models say, and how they did."""
    if found.model is None or found.spend is None:
        return found
    terms = {"margin": asked.terms.margin, "yearly_rate": asked.terms.yearly_rate}
    values = value(found.model, found.spend, found.summary, horizon=asked.horizon, **terms)
    total = totals(found.model, found.summary, horizon=asked.horizon)
    try:
        held = hold_out(store, cutoff=asked.cutoff, until=asked.until, **asked.terms.money)
    except NotTrainableError:
        return replace(found, values=values, total=total, reason="holdout")
    return replace(found, values=values, total=total, held=held)
