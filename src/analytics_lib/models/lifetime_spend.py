"""How much a buyer spends a time: Gamma-Gamma (Fader and Hardie 2013, brucehardie.com/notes/025).

Amounts of a buyer are Gamma(p, nu), nu is Gamma(q, v) over buyers. Of x repeat days with mean spend m:

    ln L = lnG(px+q) - lnG(px) - lnG(q) + q ln v + (px-1) ln m + px ln x - (px+q) ln(x m + v),
    E[M] = p (v + x m) / (px + q - 1).

It takes what a buyer spends to be independent of how often: ``dependence`` asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import digamma, gammaln

from analytics_lib.errors import NotTrainableError, RequestError
from analytics_lib.models.lifetime_fitting import Fitted, Floats, Z, maximize

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

NAMES = ("p", "q", "v")
LEAST_SPENDERS = 10
# Above twice so many the search begins with some of them.
SAMPLE = 20_000
DEPENDENT_FROM = 0.15


@dataclass(frozen=True)
class SpendModel:
    """Gamma-Gamma with its parameters.

    Attributes:
        p: Shape of a buyer's amounts.
        q: Shape of their scale over buyers; a mean exists above 1.
        v: Its scale, in the currency.
        fit: How it was fitted, with standard errors; null for parameters that somebody gave.
        customers: How many it was fitted to.
        excluded: Who bought again, but has no mean spend above 0.
    """

    p: float
    q: float
    v: float
    fit: Fitted | None = None
    customers: int = 0
    excluded: int = 0

    @property
    def log_likelihood(self) -> float:
        """The total over all customers it was fitted to; null if it was not."""
        return self.fit.log_likelihood if self.fit else float("nan")

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the fit (see ``Fitted``); ``no_mean`` where q is not above 1."""
        return (*(self.fit.problems if self.fit else ()), *(() if self.q > 1 else ("no_mean",)))

    @property
    def standard_errors(self) -> dict[str, float]:
        """Of each parameter; null where the likelihood is flat."""
        errors = self.fit.standard_errors if self.fit else np.full(3, np.nan)
        return dict(zip(NAMES, errors.tolist(), strict=True))

    @property
    def mean_spend(self) -> float:
        """What somebody spends a time of whom nothing is known; null where q is not above 1."""
        return self.p * self.v / (self.q - 1) if self.q > 1 else float("nan")

    def expected_spend(self, summary: pd.DataFrame) -> Floats:
        """Mean spend a time expected of each row, in its order and currency.

        A row without a mean spend above 0 gets the mean of all; null where the model has none.

        Raises:
            RequestError: If ``frequency`` or ``monetary`` is missing.
        """
        frequency, spent = _columns(summary)
        known = _known(frequency, spent)
        with np.errstate(invalid="ignore"):
            own = self.p * (self.v + frequency * spent) / (self.p * frequency + self.q - 1)
        possible = known & (self.p * frequency + self.q > 1)
        return np.where(possible, own, self.mean_spend)


@dataclass(frozen=True)
class Dependence:
    """Whether those who buy more often spend more or less a time.

    Attributes:
        correlation: Pearson's, of frequency and mean spend of repeat buyers; null under 3 or without spread.
        low: Its 95 % limits (Fisher's z).
        high: Likewise.
        customers: Over how many.
        warns: Whether it lies beyond 0.15, where Gamma-Gamma is not to be trusted.
    """

    correlation: float
    low: float
    high: float
    customers: int

    @property
    def warns(self) -> bool:
        """Whether the correlation is above 0.15 or below -0.15."""
        return abs(self.correlation) > DEPENDENT_FROM


def fit_gamma_gamma(summary: pd.DataFrame) -> SpendModel:
    """Gamma-Gamma by maximum likelihood, over who bought again and spent.

    Args:
        summary: One row per buyer: ``frequency`` and ``monetary`` (see ``summarize``).

    Returns:
        The model; ``problems`` say what is wrong with the fit.

    Raises:
        RequestError: If a column is missing.
        NotTrainableError: If fewer than 10 bought again and spent, or all spend the same.
    """
    frequency, spent = _columns(summary)
    known = _known(frequency, spent)
    x, mean = frequency[known], spent[known]
    if len(x) < LEAST_SPENDERS:
        raise NotTrainableError(
            f"Of {len(frequency)} buyers {len(x)} bought again and spent something; what buyers spend is "
            f"learnt from at least {LEAST_SPENDERS}. Take a later until, or more of the shop's orders."
        )
    if np.ptp(mean) <= 1e-9 * mean.max():
        raise NotTrainableError(
            f"All {len(x)} repeat buyers spend {mean[0]:g} a time: no spread to learn from. Take their "
            "amount as it is."
        )
    # In units of the usual amount, so that the search begins near its end in any currency.
    scale = float(np.exp(np.log(mean).mean()))
    different, places = np.unique(x, return_inverse=True)
    step = len(x) // SAMPLE
    fit = maximize(
        lambda values: likelihood(values, different, places, mean / scale),
        [(2.0, 3.0, 1.5), (6.0, 4.0, 0.6), (0.7, 1.5, 1.0)],
        rough=(lambda values: likelihood(values, different, places[::step], mean[::step] / scale))
        if step > 1
        else None,
    )
    values = fit.values * np.array([1.0, 1.0, scale])
    # The density of an amount that was divided is larger by the divisor.
    rescaled = Fitted(
        values, fit.log_likelihood - len(x) * float(np.log(scale)), fit.covariance, fit.problems
    )
    p, q, v = values.tolist()
    return SpendModel(p, q, v, rescaled, len(x), int(((frequency > 0) & ~known).sum()))


def likelihood(
    values: Floats, different: Floats, places: NDArray[np.intp], mean: Floats
) -> tuple[float, Floats]:
    """The log likelihood of ``p q v``, and its gradient.

    Args:
        values: The parameters, above 0.
        different: The frequencies there are.
        places: Which of them each buyer has.
        mean: Mean spend of each.
    """
    p, q, v = values
    sizes = np.bincount(places, minlength=different.size).astype(float)
    x = different[places]
    shape = p * different
    of_x = gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(v) + shape * np.log(different)
    logs, total = np.log(mean), np.log(x * mean + v)
    height = sizes @ of_x + ((p * x - 1) * logs - (p * x + q) * total).sum()
    by_shape, apart = digamma(shape + q), (x * (logs - total)).sum()
    slope = np.array(
        [
            sizes @ (different * (by_shape - digamma(shape) + np.log(different))) + apart,
            sizes @ (by_shape - digamma(q) + np.log(v)) - total.sum(),
            x.size * q / v - ((p * x + q) / (x * mean + v)).sum(),
        ]
    )
    return float(height), slope


def dependence(summary: pd.DataFrame) -> Dependence:
    """Whether spend and frequency go together, over repeat buyers who spent.

    Raises:
        RequestError: If a column is missing.
    """
    frequency, spent = _columns(summary)
    known = _known(frequency, spent)
    x, mean = frequency[known], spent[known]
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(mean) == 0:
        return Dependence(np.nan, np.nan, np.nan, len(x))
    correlation = float(np.corrcoef(x, mean)[0, 1])
    width = Z / np.sqrt(len(x) - 3) if len(x) > 3 else np.inf
    middle = np.arctanh(np.clip(correlation, -1 + 1e-12, 1 - 1e-12))
    return Dependence(correlation, float(np.tanh(middle - width)), float(np.tanh(middle + width)), len(x))


def _columns(summary: pd.DataFrame) -> tuple[Floats, Floats]:
    missing = [name for name in ("frequency", "monetary") if name not in summary]
    if missing:
        raise RequestError(
            f"The summary has no column {missing[0]!r}; expected frequency and monetary, see summarize."
        )
    frequency, spent = (
        summary[name].to_numpy(dtype=float, na_value=np.nan) for name in ("frequency", "monetary")
    )
    return frequency, spent


def _known(frequency: Floats, spent: Floats) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (frequency > 0) & (spent > 0) & np.isfinite(spent)
    return found
