"""Maximum likelihood of positive parameters: on the log scale, from several starts, honest about its end.

The likelihood is maximised over the logarithms of the parameters by BFGS with exact gradients, then by
Newton steps. Standard errors come from the observed information, minus the second derivatives of the log
likelihood at its maximum, which are differences of the exact gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from analytics_lib.errors import NotTrainableError

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]
Objective = Callable[[Floats], tuple[float, Floats]]

# How far a parameter may go from its first start, as a logarithm: beyond it the data say none, or endless.
FAR = 9.0
_STEP = 1e-4
_NEWTON_STEPS = 8
# The score in standard errors at which a maximum is one: the log likelihood is within 5e-9 of its top.
_STILL = 1e-4
# Newton's last steps decide; the search before them need not.
_SEARCHES = 2
_SEARCH = {"maxiter": 200, "gtol": 1e-6}
Z = 1.959964


@dataclass(frozen=True)
class Fitted:
    """Where a likelihood has its maximum, and how sharp it is.

    Attributes:
        values: The parameters.
        log_likelihood: There; the total over all customers.
        covariance: Of the logarithms of the parameters; null where the likelihood is flat.
        problems: What is wrong: ``at_limit`` (a parameter ran off: the data do not bound it), ``flat`` (no
            standard errors), ``not_converged``; empty = nothing.
    """

    values: Floats
    log_likelihood: float
    covariance: Floats
    problems: tuple[str, ...]

    @property
    def standard_errors(self) -> Floats:
        """Of each parameter, by the delta method."""
        errors: Floats = self.values * self.log_errors
        return errors

    @property
    def log_errors(self) -> Floats:
        """Of the logarithm of each parameter."""
        errors: Floats = np.sqrt(np.diag(self.covariance))
        return errors

    @property
    def intervals(self) -> Floats:
        """95 % limits of each parameter, a row each, by its logarithm: they never fall below 0."""
        width = Z * self.log_errors
        limits: Floats = np.column_stack([self.values * np.exp(-width), self.values * np.exp(width)])
        return limits


def maximize(
    objective: Objective, starts: Sequence[Sequence[float]], *, rough: Objective | None = None
) -> Fitted:
    """The best maximum found from these starts.

    Args:
        objective: Log likelihood of parameters above 0, and its gradient by them.
        starts: Parameters to begin with, of which the two most likely are taken; around the first it looks.
        rough: The same over a sample of the rows, to search with; the end is always that of all rows.

    Raises:
        NotTrainableError: If the likelihood has no finite value at any start.
    """
    negative = _by_logarithms(objective)
    centre = np.log(np.asarray(starts[0], dtype=float))
    if rough:
        near = _searched(_by_logarithms(rough), centre, starts)
        logs, information = _polished(negative, near, centre)
        found = _described(negative, logs, information, centre)
        if not found.problems:
            return found
    best = _searched(negative, centre, starts)
    return _described(negative, *_polished(negative, best, centre), centre)


def _searched(negative: Objective, centre: Floats, starts: Sequence[Sequence[float]]) -> Floats:
    """Where the best of the searches ended."""
    height = abs(negative(centre)[0])
    bounded = _bounded(negative, centre, scale=height if height > 0 else 1.0)
    likely = sorted(np.log(np.asarray(starts)), key=lambda logs: bounded(logs)[0])
    found = [
        optimize.minimize(bounded, start, jac=True, method="BFGS", options=_SEARCH)
        for start in likely[:_SEARCHES]
    ]
    finite = [one for one in found if np.isfinite(one.fun)]
    if not finite:
        raise NotTrainableError(
            f"The likelihood has no finite value at any of {len(starts)} starts, such as "
            f"{[float(value) for value in starts[0]]}: look for extreme times or amounts in the summary."
        )
    best: Floats = np.clip(min(finite, key=lambda one: one.fun).x, centre - FAR, centre + FAR)
    return best


def _by_logarithms(
    objective: Objective,
) -> Objective:
    """Minus the objective, and its gradient, over the logarithms of the parameters."""

    def negative(logs: Floats) -> tuple[float, Floats]:
        values = np.exp(logs)
        height, slope = objective(values)
        return -height, -slope * values

    return negative


def _bounded(negative: Objective, centre: Floats, *, scale: float) -> Objective:
    """The same divided by a scale, and rising again beyond the limits, so that no search runs off."""

    def rising(logs: Floats) -> tuple[float, Floats]:
        inside = np.clip(logs, centre - FAR, centre + FAR)
        beyond = logs - inside
        height, slope = negative(inside)
        return height / scale + float(beyond @ beyond), slope / scale * (beyond == 0) + 2 * beyond

    return rising


def _information(negative: Objective, logs: Floats) -> Floats:
    """The second derivatives by the logarithms: central differences of the gradient, made symmetric."""
    rows = []
    for place in range(logs.size):
        step = np.zeros(logs.size)
        step[place] = _STEP
        rows.append((negative(logs + step)[1] - negative(logs - step)[1]) / (2 * _STEP))
    found = np.array(rows)
    both: Floats = (found + found.T) / 2
    return both


def _polished(negative: Objective, logs: Floats, centre: Floats) -> tuple[Floats, Floats]:
    """Newton's steps from near the maximum, as long as they go up; and the information where they end."""
    height, slope = negative(logs)
    information = _information(negative, logs)
    for _ in range(_NEWTON_STEPS):
        try:
            step = np.linalg.solve(information, slope)
        except np.linalg.LinAlgError:
            break
        if abs(float(slope @ step)) < _STILL**2 or np.abs(step).max() > 1:
            break
        tried = np.clip(logs - step, centre - FAR, centre + FAR)
        higher, steeper = negative(tried)
        # What rounding takes from a sum of many logarithms is no step down.
        if not higher <= height + 1e-12 * abs(height):
            break
        logs, height, slope = tried, higher, steeper
        information = _information(negative, logs)
    return logs, information


def _described(negative: Objective, logs: Floats, information: Floats, centre: Floats) -> Fitted:
    height, slope = negative(logs)
    problems = []
    if (np.abs(logs - centre) > FAR - 0.01).any():
        problems.append("at_limit")
    covariance = np.full_like(information, np.nan)
    try:
        np.linalg.cholesky(information)
        covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
        score = float(slope @ covariance @ slope)
    except np.linalg.LinAlgError:
        problems.append("flat")
        score = 0.0
    if not problems and not score < _STILL**2 * 100:
        problems.append("not_converged")
    values: Floats = np.exp(logs)
    return Fitted(values, -height, covariance, tuple(problems))
