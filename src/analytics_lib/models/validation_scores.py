"""How good a model's probabilities are on rows it had not seen, each number with an interval and its n.

Intervals draw users (groups) with replacement, so that a user with many rows does not pass for many users.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.errors import RequestError
from analytics_lib.models.validation_curves import base_rate_limits, noise
from analytics_lib.models.validation_measures import MEASURED, measures
from analytics_lib.models.validation_rows import checked_probabilities, prepared, resampled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from analytics_lib.models.validation_rows import Floats, Rows

DRAWS = 400
METRICS = (*MEASURED[:7], "ece_noise", "lift_top_decile")
JOINED = ("roc_auc", "brier", "brier_skill", "log_loss", "ece")
ALL = "all"
_ECE = MEASURED.index("ece")
_SUM_TO_ONE = 1e-6


def evaluate(
    labels: ArrayLike,
    scores: ArrayLike,
    *,
    groups: ArrayLike | None,
    seed: int = 0,
    draws: int = DRAWS,
) -> pd.DataFrame:
    """How good probabilities of one outcome are.

    Args:
        labels: Whether it happened: true or false, 1 or 0.
        scores: Its predicted probability, 0 to 1.
        groups: The user of each row; None = every row stands for itself.
        seed: Of the draws: the same rows and seed give the same limits, in any order of the rows.
        draws: Samples of users for the intervals.

    Returns:
        One row per metric: ``metric value low high n`` (rows). ``roc_auc``, ``pr_auc`` (average precision),
        ``base_rate``, ``brier``, ``brier_skill`` (against the base rate), ``log_loss`` (natural), ``ece``
        (its interval is moved down by what noise adds, and begins at 0 where a perfect model would show as
        much), ``ece_noise`` (what a perfect model shows: expected, and its 95 % range), ``lift_top_decile``.
        Null where undefined: rankings and skill without both classes, limits with one user, all without rows.

    Raises:
        RequestError: If lengths differ, a label is neither true nor false, a score is no probability, or a
            group is null.
    """
    rows = checked_probabilities(prepared(labels, scores, groups=groups))
    drawn = drawn_measures([rows], draws=draws, seed=seed)[0]
    return metrics_frame(rows, drawn, seed=seed)


def drawn_measures(sets: Sequence[Rows], *, draws: int, seed: int) -> list[Floats]:
    """Of each set of rows with the same groups, its measures in the same draws; none with one group."""
    found: list[list[Floats]] = [[] for _ in sets]
    if sets[0].groups > 1:
        for counts in resampled(sets[0].groups, draws=draws, seed=seed):
            for rows, values in zip(sets, found, strict=True):
                values.append(measures(rows, counts[rows.group]))
    return [np.array(values).reshape(-1, len(MEASURED)) for values in found]


def metrics_frame(rows: Rows, drawn: Floats, *, seed: int) -> pd.DataFrame:
    """The rows of ``evaluate``, from the measures of each draw."""
    values = dict(zip(MEASURED, measures(rows, np.ones(rows.n)), strict=True))
    found = {
        name: (value, *limits(drawn[:, place], value)) for place, (name, value) in enumerate(values.items())
    }
    floor = noise(rows, seed=seed)
    found["ece"] = (values["ece"], *_ece_limits(drawn[:, _ECE], values["ece"], floor[2]))
    found["base_rate"] = (values["base_rate"], *base_rate_limits(rows))
    found["ece_noise"] = floor
    return listed({name: found[name] for name in METRICS}, rows.n)


def listed(found: Mapping[str, tuple[float, float, float]], n: int | Sequence[int]) -> pd.DataFrame:
    """Values with their limits as rows ``metric value low high n``."""
    frame = pd.DataFrame(list(found.values()), columns=["value", "low", "high"], dtype=np.float64)
    frame.insert(0, "metric", list(found))
    return frame.assign(n=n)


def limits(drawn: Floats, value: float) -> tuple[float, float]:
    """The 95 % limits of what was drawn, leaving out draws in which it was undefined."""
    known = drawn[np.isfinite(drawn)]
    if not known.size or not np.isfinite(value):
        return np.nan, np.nan
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)


def _ece_limits(drawn: Floats, value: float, noise_high: float) -> tuple[float, float]:
    low, high = limits(drawn, value)
    if not np.isfinite(low):
        return low, high
    # Noise only ever adds to a mean of absolute gaps: the draws lie above the value they were drawn from, and
    # the value as far above the truth.
    bias = float(np.nanmean(drawn)) - value
    low, high = max(low - 2 * bias, 0.0), min(high - bias, 1.0)
    # A rounding apart, the value lies between its limits.
    low, high = min(low, value), max(high, value)
    return (0.0 if value <= noise_high else low), high


def evaluate_classes(
    labels: ArrayLike,
    probabilities: ArrayLike,
    classes: Sequence[str],
    *,
    groups: ArrayLike | None,
    seed: int = 0,
    draws: int = DRAWS,
) -> pd.DataFrame:
    """How good probabilities of several outcomes are, of which one happens.

    Args:
        labels: The outcome of each row, one of ``classes``.
        probabilities: One row per label, one column per class in the order of ``classes``, adding up to 1.
        classes: The outcomes.
        groups: As of ``evaluate``.
        seed: As of ``evaluate``.
        draws: As of ``evaluate``.

    Returns:
        ``outcome`` and the columns of ``evaluate``: its rows for each outcome against the rest, in the order
        of ``classes``; then of ``all`` together ``roc_auc`` and ``ece`` with its ``ece_noise`` (means over
        the outcomes), ``brier`` (sum of squares over the outcomes), ``brier_skill`` (against the base
        rates) and ``log_loss``.

    Raises:
        RequestError: If a label is no class, or the probabilities have another shape, do not add up, or
            are none.
    """
    happened, given = _checked_classes(labels, probabilities, classes)
    sets = [
        checked_probabilities(prepared(happened[:, place], given[:, place], groups=groups))
        for place in range(len(classes))
    ]
    drawn = drawn_measures(sets, draws=draws, seed=seed)
    frames = {
        name: metrics_frame(rows, values, seed=seed)
        for name, rows, values in zip(classes, sets, drawn, strict=True)
    }
    frames[ALL] = _all(sets, drawn, list(frames.values()))
    return pd.concat(frames, names=["outcome", None]).reset_index("outcome").reset_index(drop=True)


def _checked_classes(
    labels: ArrayLike, probabilities: ArrayLike, classes: Sequence[str]
) -> tuple[Floats, Floats]:
    names, given = np.asarray(labels, dtype=object), np.asarray(probabilities, dtype=np.float64)
    if given.shape != (len(names), len(classes)) or len(classes) < 2:
        raise RequestError(
            f"Probabilities of shape {given.shape} for {len(names)} labels of {len(classes)} classes: "
            "give a row for each label and a column for each of two classes or more."
        )
    happened = names[:, None] == np.array(classes, dtype=object)[None, :]
    if not happened.any(axis=1).all():
        odd = names[~happened.any(axis=1)][0]
        raise RequestError(f"{odd!r} is none of the classes {', '.join(classes)}.")
    sums = given.sum(axis=1)
    if not np.allclose(sums, 1, atol=_SUM_TO_ONE):
        place = int(np.abs(sums - 1).argmax())
        raise RequestError(f"The probabilities of row {place} add up to {sums[place]}; expected 1.")
    return happened.astype(np.float64), given


def _all(sets: Sequence[Rows], drawn: Sequence[Floats], frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """What all outcomes together come to, from each of them against the rest."""
    plain = np.stack([measures(rows, np.ones(rows.n)) for rows in sets])
    values = _joined(plain)
    draws = _joined(np.stack(drawn, axis=-2))
    found = {
        name: (float(values[place]), *limits(draws[:, place], float(values[place])))
        for place, name in enumerate(JOINED)
    }
    columns = ["value", "low", "high"]
    floors = [frame.loc[frame["metric"] == "ece_noise", columns].to_numpy() for frame in frames]
    expected, low, high = (float(value) for value in np.concatenate(floors).mean(axis=0))
    ece = found["ece"][0]
    found["ece"] = (ece, *_ece_limits(draws[:, JOINED.index("ece")], ece, high))
    found["ece_noise"] = (expected, low, high)
    return listed(found, sets[0].n)


def _joined(each: Floats) -> Floats:
    """The values of ``JOINED`` from the measures of each outcome (last axis but one)."""
    auc, _, base, brier, _, _, ece, _, loss = np.moveaxis(each, -1, 0)
    ranked = np.isfinite(auc).sum(axis=-1)
    brier_of_all, spread = brier.sum(axis=-1), (base * (1 - base)).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_auc = np.nansum(auc, axis=-1) / np.where(ranked > 0, ranked, np.nan)
        skill = np.where(spread > 0, 1 - brier_of_all / spread, np.nan)
    parts = [mean_auc, brier_of_all, skill, loss.sum(axis=-1), ece.mean(axis=-1)]
    joined: Floats = np.stack(parts, axis=-1)
    return joined
