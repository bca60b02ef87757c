"""How often buyers buy again, and whether they still do: BG/NBD and MBG/NBD.

While active a buyer orders at a constant rate, Gamma(r, rate alpha) over buyers, and drops out with a
probability of Beta(a, b): after each repeat order in BG/NBD (Fader, Hardie and Lee 2005,
brucehardie.com/papers/018), after each order, the first one too, in MBG/NBD (Batislam, Denizel and Filiztekin
2007). With y = x chances to drop out in the first and y = x + 1 in the second, both are one formula:

    ln L = lnG(r+x) - lnG(r) + r ln alpha - (r+x) ln(alpha+T) + ln B(a, b+y) - ln B(a, b) + ln(1 + D),
    D    = [y > 0] a / (b+y-1) ((alpha+T) / (alpha+t_x))^(r+x),    P(alive) = 1 / (1 + D).

BG/NBD holds everybody alive who bought once (y = 0); where most bought once, MBG/NBD is the one to read.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import betaln, digamma, expit, gammaln

from analytics_lib.errors import NotTrainableError, RequestError
from analytics_lib.models.lifetime_fitting import Fitted, Floats, Objective, maximize
from analytics_lib.models.lifetime_orders import UNIT_DAYS
from analytics_lib.models.lifetime_series import gauss, over_dropout
from analytics_lib.models.lifetime_starts import starts
from analytics_lib.models.lifetime_summary import Grouped, Rows, checked, grouped

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

Kind = Literal["bg_nbd", "mbg_nbd"]
NAMES = ("r", "alpha", "a", "b")
LEAST_REPEATERS = 10
# Above twice so many buyers the search begins with some of them.
SAMPLE = 20_000
_NEAR = 1e-6


@dataclass(frozen=True)
class RepeatModel:
    """BG/NBD or MBG/NBD with its parameters.

    Attributes:
        kind: ``bg_nbd`` or ``mbg_nbd``.
        r: Shape of the rates of buying.
        alpha: Their scale: r / alpha is the mean rate, orders a unit of time.
        a: Of the probability of dropping out, a / (a + b) in the mean.
        b: Likewise.
        unit: Of the times of the summary it was fitted to.
        fit: How it was fitted, with standard errors; null for parameters that somebody gave.
        customers: How many it was fitted to.
        repeaters: Of these, who bought again.
    """

    kind: Kind
    r: float
    alpha: float
    a: float
    b: float
    unit: str = "week"
    fit: Fitted | None = None
    customers: int = 0
    repeaters: int = 0

    @property
    def log_likelihood(self) -> float:
        """The total over all customers it was fitted to; null if it was not."""
        return self.fit.log_likelihood if self.fit else float("nan")

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the fit (see ``Fitted``); empty = nothing."""
        return self.fit.problems if self.fit else ()

    @property
    def values(self) -> Floats:
        """``r alpha a b``."""
        return np.array([self.r, self.alpha, self.a, self.b])

    @property
    def standard_errors(self) -> dict[str, float]:
        """Of each parameter; null where the likelihood is flat."""
        errors = self.fit.standard_errors if self.fit else np.full(4, np.nan)
        return dict(zip(NAMES, errors.tolist(), strict=True))

    def probability_alive(self, summary: pd.DataFrame) -> Floats:
        """P(alive) of each row, in its order, 0 to 1.

        Raises:
            NotTrainableError: If a row cannot be (see ``lifetime_summary.checked``).
        """
        rows = checked(summary)
        alive: Floats = expit(-self._log_dead(rows.frequency, rows.recency, rows.age))
        return alive

    def expected_purchases(self, summary: pd.DataFrame, horizon: dt.timedelta | float) -> Floats:
        """Orders expected of each row over the horizon, in its order.

        Args:
            summary: ``frequency recency age``, as the model was fitted to.
            horizon: A timedelta, or a number of the model's units of time; 0 or more.

        Raises:
            RequestError: If the horizon is negative or not finite.
            NotTrainableError: If a row cannot be.
        """
        return self._of_each(summary, [self.units(horizon)], [1.0])

    def discounted_purchases(
        self, summary: pd.DataFrame, horizon: dt.timedelta | float, *, yearly_rate: float
    ) -> Floats:
        """Orders expected over the horizon, each divided by (1 + rate)^t at the end of its unit of time.

        Args:
            summary: As of ``expected_purchases``.
            horizon: As of ``expected_purchases``.
            yearly_rate: What money loses in a year, 0 or more.

        Raises:
            RequestError: If the horizon or the rate is negative or not finite.
            NotTrainableError: If a row cannot be.
        """
        time = self.units(horizon)
        if not (np.isfinite(yearly_rate) and yearly_rate >= 0):
            raise RequestError(f"yearly_rate is {yearly_rate!r}; expected a share such as 0.12, 0 or more.")
        ends = np.append(np.arange(1.0, np.ceil(time)), time)
        keeps = (1 + yearly_rate) ** (-ends * UNIT_DAYS[self.unit] / UNIT_DAYS["year"])
        # Sum of (E(t) - E(t-1)) k(t) = sum of E(t) (k(t) - k(t+1)), since E(0) = 0.
        return self._of_each(summary, ends.tolist(), (keeps - np.append(keeps[1:], 0)).tolist())

    def expected_of_new(self, horizon: dt.timedelta | float) -> float:
        """Repeat orders expected of somebody who has just bought for the first time.

        Raises:
            RequestError: If the horizon is negative or not finite.
        """
        time, start = self.units(horizon), np.zeros(1)
        return float(
            (self._expected_if_alive(start, start, time) * expit(-self._log_dead(start, start, start)))[0]
        )

    def units(self, horizon: dt.timedelta | float) -> float:
        """A span in the model's units of time.

        Raises:
            RequestError: If it is negative or not finite.
        """
        if isinstance(horizon, dt.timedelta):
            time = horizon / dt.timedelta(days=1) / UNIT_DAYS[self.unit]
        else:
            time = float(horizon)
        if not (np.isfinite(time) and time >= 0):
            raise RequestError(
                f"horizon is {horizon!r}; expected a timedelta or a number of {self.unit}s, 0 or more."
            )
        return time

    def _of_each(self, summary: pd.DataFrame, times: Sequence[float], weights: Sequence[float]) -> Floats:
        """The weighted sum of the orders expected by these times, a row each."""
        rows = checked(summary)
        # Only x and T matter but for P(alive), and few pairs of them are different.
        ages, of_age = np.unique(rows.age, return_inverse=True)
        key, first, place = np.unique(
            rows.frequency * ages.size + of_age, return_index=True, return_inverse=True
        )
        if_alive = np.zeros(key.size)
        for time, weight in zip(times, weights, strict=True):
            if_alive += weight * self._expected_if_alive(rows.frequency[first], rows.age[first], time)
        alive = expit(-self._log_dead(rows.frequency, rows.recency, rows.age))
        expected: Floats = if_alive[place] * alive
        return expected

    def _log_dead(self, frequency: Floats, recency: Floats, age: Floats) -> Floats:
        """The logarithm of D, the odds of having dropped out; -inf where nobody can have."""
        chances = frequency + (self.kind == "mbg_nbd")
        with np.errstate(divide="ignore"):
            odds = np.log(self.a) - np.log(np.maximum(self.b + chances - 1, 0))
        odds = odds + (self.r + frequency) * np.log1p((age - recency) / (self.alpha + recency))
        return np.where(chances > 0, odds, -np.inf)

    def _expected_if_alive(self, frequency: Floats, age: Floats, time: float) -> Floats:
        """Orders expected in the time of who is active now.

        (c / (a-1)) (1 - (1-z)^(a-1) F(c-x-r, a-1; c; z)) with c = a + b + y - 1 and z = t / (alpha+T+t): the
        papers' formula after Euler's transformation, whose first argument no longer grows with x, so that
        nothing overflows.
        """
        offset = float(self.kind == "mbg_nbd")
        # At a = 1 and at c = 0 the formula is 0 / 0 and its limit is smooth: a neighbour stands for it.
        a = self.a + _NEAR if abs(self.a - 1) < _NEAR else self.a
        b = self.b + _NEAR if abs(a + self.b + offset - 1) < _NEAR else self.b
        c = a + b + frequency + offset - 1
        z = time / (self.alpha + age + time)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            series = gauss(a + b + offset - 1 - self.r, a - 1, c, z)
            expected = c / (a - 1) * (1 - (1 - z) ** (a - 1) * series)
        wild = ~np.isfinite(expected)
        if wild.any():
            power, after = self.r + frequency[wild], time / (self.alpha + age[wild])
            expected[wild] = over_dropout(self.a, self.b + frequency[wild] + offset, power, after)
        # Nobody orders more than at their rate without ever leaving, or less than if they left at once.
        most = (self.r + frequency) * time / (self.alpha + age)
        least = -np.expm1((self.r + frequency) * np.log1p(-z))
        return np.asarray(np.clip(expected, least, most))


def fit_bg_nbd(summary: pd.DataFrame) -> RepeatModel:
    """BG/NBD by maximum likelihood.

    Args:
        summary: One row per buyer: ``frequency recency age`` (see ``summarize``).

    Returns:
        The model; ``problems`` say what is wrong with the fit.

    Raises:
        NotTrainableError: If fewer than 10 bought again, or a row cannot be.
    """
    return _fit(summary, "bg_nbd")


def fit_mbg_nbd(summary: pd.DataFrame) -> RepeatModel:
    """MBG/NBD by maximum likelihood; takes, gives and raises what ``fit_bg_nbd`` does."""
    return _fit(summary, "mbg_nbd")


def _fit(summary: pd.DataFrame, kind: Kind) -> RepeatModel:
    rows = checked(summary)
    repeaters = int((rows.frequency > 0).sum())
    if repeaters < LEAST_REPEATERS:
        raise NotTrainableError(
            f"Of {len(rows.frequency)} buyers {repeaters} bought again; how often buyers come back is learnt "
            f"from at least {LEAST_REPEATERS}. Take a later until, or more of the shop's orders."
        )
    offset = int(kind == "mbg_nbd")
    some = grouped(rows)
    rough = _heights(_thinned(rows), offset) if len(rows.frequency) >= 2 * SAMPLE else None
    fit = maximize(_heights(some, offset), starts(some), rough=rough)
    unit = str(summary.attrs.get("unit", "week"))
    r, alpha, a, b = fit.values.tolist()
    return RepeatModel(kind, r, alpha, a, b, unit, fit, len(rows.frequency), repeaters)


def _heights(rows: Grouped, offset: int) -> Objective:
    return lambda values: likelihood(values, rows, offset=offset)


def _thinned(rows: Rows) -> Grouped:
    step = len(rows.frequency) // SAMPLE
    return grouped(Rows(rows.frequency[::step], rows.recency[::step], rows.age[::step]))


def likelihood(values: Floats, rows: Grouped, *, offset: int) -> tuple[float, Floats]:
    """The log likelihood of ``r alpha a b``, and its gradient.

    Args:
        values: The parameters, above 0.
        rows: Different buyers, and how many there are of each.
        offset: Chances to drop out beyond the repeat orders: 0 in BG/NBD, 1 in MBG/NBD.
    """
    r, alpha, a, b = values
    by_x, n = rows.by_frequency, rows.weights
    x, y = by_x.values, by_x.values + offset
    of_x = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + y) - betaln(a, b)
    from_age, from_recency = (
        np.log(alpha + each.values)[each.places] for each in (rows.by_age, rows.by_recency)
    )
    with np.errstate(divide="ignore"):
        odds_of_x = np.where(y > 0, np.log(a) - np.log(np.maximum(b + y - 1, 0)), -np.inf)
    power = (r + x)[by_x.places]
    odds = odds_of_x[by_x.places] + power * (from_age - from_recency)
    height = by_x.sizes @ of_x + n @ (np.logaddexp(0, odds) - power * from_age)
    gone = n * expit(odds)
    left = by_x.total(gone)
    age_side, recency_side = (1 / (alpha + each.values) for each in (rows.by_age, rows.by_recency))
    age_side, recency_side = age_side[rows.by_age.places], recency_side[rows.by_recency.places]
    with np.errstate(divide="ignore", invalid="ignore"):
        b_side = np.where(y > 0, left / (b + y - 1), 0.0)
    slope = np.array(
        [
            by_x.sizes @ (digamma(r + x) - digamma(r) + np.log(alpha))
            - n @ from_age
            + gone @ (from_age - from_recency),
            n.sum() * r / alpha - (n * power) @ age_side + (gone * power) @ (age_side - recency_side),
            by_x.sizes @ (digamma(a + b) - digamma(a + b + y)) + left.sum() / a,
            by_x.sizes @ (digamma(b + y) - digamma(a + b + y) - digamma(b) + digamma(a + b)) - b_side.sum(),
        ]
    )
    return float(height), slope
