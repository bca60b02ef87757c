"""From which probability on to write to somebody: what a message costs against what it may save.

A message to who would have stayed costs the message, and the offer in it, which they take. Not writing to who
leaves costs what a message would have saved: the share won back (``save_rate``, an assumption until a
hold-out has measured it) of what they are worth, less offer and message. The threshold is chosen on the
cutoff before the last and reported on the last; all that may be chosen are kept with the model
(``validation.choices``), since what people are worth, and so the cheapest one, changes from day to day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.errors import RequestError
from analytics_lib.models.validation import NEVER, choices, costs_there, is_by_formula, place_of

if TYPE_CHECKING:
    import datetime as dt

    from analytics_lib.metrics.rates import Rates


@dataclass(frozen=True)
class Costs:
    """What a campaign costs and saves, in one currency.

    Attributes:
        message: One message.
        currency: Of all amounts; empty = that of the orders, whatever it is.
        offer: What who takes the offer is given.
        save_rate: Share of those leaving whom a message wins back, an assumption, 0 to 1.
        margin: Share of the spend that is earned, above 0 to 1.
    """

    message: float
    currency: str = ""
    offer: float = 0.0
    save_rate: float = 0.05
    margin: float = 1.0

    def __post_init__(self) -> None:
        """Refuses what cannot be.

        Raises:
            RequestError: If a cost is negative, or a share is none.
        """
        if not (self.message >= 0 and self.offer >= 0):
            raise RequestError(
                f"A message costs {self.message} and an offer {self.offer}; expected amounts of 0 or more."
            )
        if not (0 <= self.save_rate <= 1 and 0 < self.margin <= 1):
            raise RequestError(
                f"save_rate is {self.save_rate} and margin {self.margin}; expected shares of 0 to 1, the "
                "margin above 0."
            )

    @property
    def false_alarm(self) -> float:
        """Of writing to who would have stayed."""
        return self.message + self.offer

    def missed(self, value: float) -> float:
        """Of not writing to who leaves and would spend ``value``; 0 where a message would not pay."""
        saved = self.save_rate * (value * self.margin - self.offer) - self.message
        return max(saved, 0.0)


@dataclass(frozen=True)
class Decided:
    """The threshold, why, and what it comes to.

    Attributes:
        threshold: Write from this probability on; ``NEVER`` (just above 1) = to nobody.
        source: ``validated`` (chosen on the cutoff before), ``formula`` (false alarm over the sum of both
            costs, in whole percents: nothing to choose it on), ``pays_never`` (a message does not save what
            it costs), ``unknown`` (no value is known: threshold null).
        value: Mean spend of those due if they stay, over the horizon of value.
        costs: As ``validation.costs_at`` gives at the last cutoff; without rows where nothing is known.
    """

    threshold: float | None
    source: str
    value: float
    false_alarm: float
    missed: float
    costs: pd.DataFrame


def thresholds_of(tested: pd.DataFrame, before: pd.DataFrame | None) -> pd.DataFrame:
    """The thresholds that some costs make the cheapest (see ``validation.choices``).

    Args:
        tested: Those due at the last cutoff, who report: ``left probability``.
        before: Those due at the cutoff before, who choose; null where there was none.
    """
    chosen = tested.head(0) if before is None else before
    return choices(
        chosen["left"],
        chosen["probability"],
        judged_labels=tested["left"],
        judged_scores=tested["probability"],
    )


def decide(thresholds: pd.DataFrame, *, value: float, costs: Costs) -> Decided:
    """The threshold of least cost.

    Args:
        thresholds: Of ``thresholds_of``.
        value: Mean spend of those due if they stay; null where it is not known.
        costs: What a message costs and saves.
    """
    if np.isnan(value):
        return Decided(None, "unknown", value, costs.false_alarm, float("nan"), pd.DataFrame())
    prices = {"false_alarm_cost": costs.false_alarm, "missed_cost": costs.missed(value)}
    if not prices["missed_cost"] > 0:
        return Decided(NEVER, "pays_never", value, costs.false_alarm, 0.0, pd.DataFrame())
    source = "formula" if is_by_formula(thresholds) else "validated"
    threshold, found = costs_there(thresholds, place_of(thresholds, **prices), **prices)
    return Decided(threshold, source, value, costs.false_alarm, prices["missed_cost"], found)


def message_price(rates: Rates, *, on: dt.date) -> float:
    """What one template message costs on a day.

    Raises:
        RequestError: If no price was in force yet.
    """
    prices = [price for since, _, price, _ in rates.rows if since <= on]
    if not prices:
        raise RequestError(
            f"The rates begin on {rates.rows[0][0]}; on {on} no price of a message was in force. Add its row."
        )
    return prices[-1]
