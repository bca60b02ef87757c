"""When a new model replaces the current one: measured on the same rows, by a rule that fits on a page.

A candidate and the current model predict the same hold-out rows. Each row has a loss (log loss; absolute
error for amounts); lower is better. The candidate is worse, and the current one stays, if

- the 95 % interval of the difference of the mean losses lies wholly on the worse side (paired, users drawn
  with replacement: both models meet the same users), or
- its mean loss is over 2 % higher, however wide the interval, or
- fewer than 50 users are in the hold-out: nobody could tell.

Otherwise it replaces the current one. Without a readable earlier model it is the first. The log loss judges
order and calibration together: a model that ranks a little better but says 40 % where 10 % happen is worse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics_lib.errors import AnalyticsError, RequestError
from analytics_lib.metrics import bootstrap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

    from analytics_lib.store.model_files import Entry

Floats = NDArray[np.float64]
Outcome = Literal["first", "replaced", "kept"]

TOLERANCE = 0.02
FEWEST = 50
_SMALLEST = 1e-15


@dataclass(frozen=True)
class Holdout:
    """Rows that neither model was fitted on.

    Attributes:
        losses: The loss of each row under the model of a text, as ``publish`` is given one.
        groups: The user of each row; null = each row stands for itself.
        metric: Name of the loss.
    """

    losses: Callable[[str], ArrayLike]
    groups: ArrayLike | None = None
    metric: str = "log_loss"


@dataclass(frozen=True)
class Decision:
    """What became of a candidate, and on what grounds.

    Attributes:
        outcome: ``first``, ``replaced`` or ``kept`` (the current model stays).
        reason: A sentence with the numbers.
        candidate: Its mean loss on the hold-out; ``current`` that of the model before it, null where none.
        difference: Current less candidate, above 0 where the candidate is better, with its 95 % interval.
        rows: Of the hold-out, from so many ``groups``.
        entry: What is current now.
    """

    outcome: Outcome
    reason: str
    metric: str
    candidate: float
    current: float | None
    difference: float | None
    low: float | None
    high: float | None
    rows: int
    groups: int
    entry: Entry


@dataclass(frozen=True)
class Verdict:
    """What the rule says, before anything is written."""

    outcome: Outcome
    reason: str
    current: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None


def judged(holdout: Holdout, losses: Floats, before: str | None) -> Verdict:
    """What becomes of a candidate with these losses.

    Args:
        holdout: The rows it was measured on.
        losses: Of the candidate, as ``losses_of`` gave them.
        before: The text of the current model; null where there is none.

    Raises:
        RequestError: If losses of the two cannot be compared.
    """
    if before is None:
        return Verdict("first", "There was no earlier model that could be read.")
    try:
        earlier = losses_of(holdout, before)
    except AnalyticsError as error:
        return Verdict("replaced", f"The current model cannot predict these rows: {error}")
    if earlier.size != losses.size:
        raise RequestError(
            f"The hold-out has {losses.size} rows for the candidate and {earlier.size} for the current model."
        )
    sums, counts = _by_group(earlier - losses, holdout.groups)
    low, high = bootstrap.ratio_limits([(sums, counts)])[0].tolist()
    now, then = float(losses.mean()), float(earlier.mean())
    outcome, why = _compared(now, then, high=high, groups=sums.size)
    limits = (None, None) if np.isnan(low) else (low, high)
    reason = (
        f"{why}: {holdout.metric} {now:.4f} against {then:.4f} of the current model on {losses.size} rows of "
        f"{sums.size} users (difference {then - now:+.4f}, 95 % interval {low:+.4f} to {high:+.4f})."
    )
    return Verdict(outcome, reason, then, then - now, *limits)


def _compared(
    now: float, then: float, *, high: float, groups: int
) -> tuple[Literal["replaced", "kept"], str]:
    if groups < FEWEST:
        return "kept", f"Fewer than {FEWEST} users cannot tell"
    if high < 0:
        return "kept", "The candidate is worse"
    if now > then * (1 + TOLERANCE):
        return "kept", f"The candidate's loss is over {TOLERANCE:.0%} higher"
    return "replaced", "The candidate is not worse"


def losses_of(holdout: Holdout, text: str) -> Floats:
    """The loss of each row of the hold-out under the model of the text.

    Raises:
        RequestError: If they are not one finite number a row.
    """
    found = np.asarray(holdout.losses(text), dtype=np.float64)
    if found.ndim != 1 or found.size == 0 or not np.isfinite(found).all():
        raise RequestError(
            f"The hold-out's losses have the shape {found.shape} and {int((~np.isfinite(found)).sum())} that "
            "are not finite; one number a row is expected."
        )
    return found


def _by_group(values: Floats, groups: ArrayLike | None) -> tuple[Floats, Floats]:
    """Sum and number of the rows of each group."""
    codes = np.arange(values.size) if groups is None else pd.factorize(np.asarray(groups))[0]
    if codes.size != values.size or (codes < 0).any():
        raise RequestError(
            f"There are {codes.size} groups for {values.size} rows, {int((codes < 0).sum())} of them null; "
            "give the user of each row."
        )
    return np.bincount(codes, weights=values).astype(np.float64), np.bincount(codes).astype(np.float64)


def decision(verdict: Verdict, holdout: Holdout, losses: Floats, entry: Entry) -> Decision:
    """The verdict with what it was based on."""
    groups = _by_group(losses, holdout.groups)[0].size
    return Decision(
        metric=holdout.metric,
        candidate=float(losses.mean()),
        rows=losses.size,
        groups=groups,
        entry=entry,
        **vars(verdict),
    )


def log_losses(labels: Sequence[str] | pd.Series, probabilities: Floats, classes: Sequence[str]) -> Floats:
    """Minus the logarithm of the probability that each row's own class was given, at least 1e-15.

    Raises:
        RequestError: If a label is none of the classes.
    """
    places = {name: place for place, name in enumerate(classes)}
    strange = next((label for label in labels if label not in places), None)
    if strange is not None:
        raise RequestError(f"The label {strange!r} is none of the classes {', '.join(classes)}.")
    codes = np.array([places[label] for label in labels], dtype=np.int64)
    found: Floats = -np.log(np.maximum(probabilities[np.arange(len(codes)), codes], _SMALLEST))
    return found
