"""A funnel in figures: users of each stage, their shares with intervals, and how long they took."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.analysis.funnel_matching import NEVER
from analytics_lib.errors import ImpossibleError
from analytics_lib.metrics.intervals import wilson_limits

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from numpy.typing import NDArray

    from analytics_lib.analysis.funnel_groups import Group
    from analytics_lib.analysis.funnel_matching import Matched
    from analytics_lib.analysis.funnel_question import Steps

    Floats = NDArray[np.float64]

SMALL_N = 30
_QUANTILES = {"p25": 0.25, "median": 0.5, "p90": 0.9}
_LEAVING = (
    *("stage", "position", "users", "conversion_rate", "step_conversion_rate", "drop_off_rate"),
    *("median_seconds", "p90_seconds", "p25_seconds"),
    *("step_p25_seconds", "step_median_seconds", "step_p90_seconds"),
    *("entered", "users_before", "drop_offs"),
    *("conversion_low", "conversion_high", "step_low", "step_high", "few"),
)


def table(
    matched: Matched, steps: Steps, groups: Sequence[Group], *, split: Sequence[str] = ()
) -> pd.DataFrame:
    """One row per group and stage; columns as of ``funnels.funnel``.

    Args:
        matched: When each user reached each stage.
        steps: The stages.
        groups: What each group is and who is in it.
        split: The columns that tell groups apart, which are there also where there is no group.
    """
    parts = [_labelled(_stages(matched, steps, members), row) for row, members in groups]
    if not parts:
        parts = [_stages(matched, steps, np.array([], dtype=np.intp)).head(0).assign(**_unfilled(split))]
    return pd.concat(parts, ignore_index=True)[[*split, *_LEAVING]]


def _unfilled(split: Sequence[str]) -> dict[str, pd.Series]:
    kinds = {"period": "datetime64[us]", "complete": "bool"}
    return {name: pd.Series(dtype=kinds.get(name, "str")) for name in split}


def _labelled(frame: pd.DataFrame, row: Mapping[Hashable, object]) -> pd.DataFrame:
    for name, value in row.items():
        frame[str(name)] = pd.Series([value] * len(frame))
    return frame


def _stages(matched: Matched, steps: Steps, members: NDArray[np.intp]) -> pd.DataFrame:
    # Members ascend: where they are all there are, nothing has to be copied.
    reached = matched.reached
    if len(members) < len(matched.entered):
        reached = reached[:, members]
    there = reached < NEVER
    users = there.sum(axis=1)
    if (np.diff(users) > 0).any():
        raise ImpossibleError(f"A funnel of {list(steps.stages)} rises: {users.tolist()} users.")
    before = np.concatenate([users[:1], users[:-1]])
    counts = pd.DataFrame(
        {
            "stage": list(steps.stages),
            "position": np.arange(1, len(users) + 1),
            "users": users,
            "entered": users[0],
            "users_before": before,
            "drop_offs": before - users,
            "few": before < SMALL_N,
        }
    )
    return pd.concat(
        [counts, _shares(users, before), _times(reached, there, matched.entered[members])], axis=1
    )


def _shares(users: NDArray[np.int64], before: NDArray[np.int64]) -> pd.DataFrame:
    """Shares of all who entered and of the stage before, with limits; null of nobody."""
    reached, entered, earlier = (
        users.astype(float),
        np.full(len(users), float(users[0])),
        before.astype(float),
    )
    with np.errstate(invalid="ignore"):
        step = reached / earlier
        found = {
            "conversion_rate": reached / entered,
            "step_conversion_rate": step,
            "drop_off_rate": 1 - step,
        }
    for name, denominators in (("conversion", entered), ("step", earlier)):
        found[f"{name}_low"], found[f"{name}_high"] = wilson_limits(reached, denominators)
    return pd.DataFrame(found)


def _times(reached: NDArray[np.int64], there: NDArray[np.bool_], entered: NDArray[np.int64]) -> pd.DataFrame:
    """Percentiles of the time from the anchor and from the stage before, in seconds."""
    rows = []
    for place, (times, some) in enumerate(zip(reached, there, strict=True)):
        row = _percentiles("", times[some] - entered[some])
        earlier = times[some] - reached[place - 1][some] if place else np.array([])
        rows.append(row | _percentiles("step_", earlier))
    return pd.DataFrame(rows)


def _percentiles(prefix: str, microseconds: NDArray[np.int64] | Floats) -> dict[str, float]:
    if not len(microseconds):
        return {f"{prefix}{name}_seconds": np.nan for name in _QUANTILES}
    points = np.quantile(microseconds.astype(float), list(_QUANTILES.values())) / 1e6
    return {f"{prefix}{name}_seconds": float(point) for name, point in zip(_QUANTILES, points, strict=True)}
