"""How often what came lay inside the interval: in all, in the busiest hours, by weekday and by kind of day.

Hours of one forecast are off together, and an hour may be judged by several forecasts: single rows are not
independent. Wilson's interval of a share is that of the rows they are worth: by the design effect of a
ratio, with forecasts or with days as what repeats, whichever leaves fewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analytics_lib.metrics.intervals import effective_size, wilson

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

COLUMNS = ("method", "level", "by", "item", "n", "days", "coverage", "low", "high")
# A day may be of several kinds; ordinary is one of none.
KINDS = ("holiday", "payday", "event")


@dataclass(frozen=True)
class Groups:
    """Which steps of the past are told apart.

    Attributes:
        days: By origin and step: its day, as a number from 0.
        flags: By ``(by, item)``: by origin and step, whether it is one.
    """

    days: Ints
    flags: Mapping[tuple[str, str], Flags]


def groups_of(at: pd.DatetimeIndex, places: Ints, *, calendar: pd.DataFrame, factor: Floats) -> Groups:
    """Steps by weekday and by kind of day.

    Args:
        at: The steps of the history.
        places: By origin and step: which of them it is.
        calendar: By step of the history: ``holiday payday event`` of 0 and 1.
        factor: By step: that of events whose factor is known.
    """
    days = np.asarray((at.normalize() - at[0].normalize()).days, dtype=np.int64)
    kinds = {kind: calendar[kind].to_numpy() > 0 for kind in KINDS if kind in calendar}
    kinds["event"] = kinds.get("event", np.zeros(len(at), dtype=bool)) | (factor != 1)
    flags = {("weekday", str(day + 1)): np.asarray(at.day_of_week == day) for day in range(7)}
    flags |= {("kind", kind): on for kind, on in kinds.items()}
    flags["kind", "ordinary"] = ~np.any(list(kinds.values()), axis=0)
    return Groups(days[places], {key: on[places] for key, on in flags.items()})


def coverage_rows(held: Mapping[float, Floats], *, busy: Flags, groups: Groups) -> list[dict[str, object]]:
    """One row a level and group of which a step was judged (see ``Forecast.coverage``).

    Args:
        held: By level: by origin and step, 1 = inside, 0 = outside, NaN = not judged.
        busy: By origin and step: whether it is among the busiest of its day.
        groups: Which steps are told apart.
    """
    flags = {("all", ""): np.ones(busy.shape, dtype=bool), ("busiest", ""): busy, **groups.flags}
    return [
        {"level": level, "by": by, "item": item, **_share(np.where(on, inside, np.nan), groups.days)}
        for level, inside in held.items()
        for (by, item), on in flags.items()
        if not np.isnan(inside[on]).all()
    ]


def _share(inside: Floats, days: Ints) -> dict[str, object]:
    known = ~np.isnan(inside)
    share, size = float(inside[known].mean()), worth(inside, days)
    low, high = wilson(share * size, size)
    told = {"n": int(known.sum()), "days": len(np.unique(days[known]))}
    return told | {"coverage": share, "low": low, "high": high}


def worth(inside: Floats, days: Ints) -> float:
    """How many independent rows the judged steps are worth; 0 where there is none.

    Args:
        inside: By origin and step: 1, 0, or NaN = not judged.
        days: By origin and step: its day.
    """
    known = ~np.isnan(inside)
    total = int(known.sum())
    if not total:
        return 0.0
    share = float(inside[known].mean())
    origins = np.broadcast_to(np.arange(len(inside))[:, None], inside.shape)
    sizes = []
    for repeated in (origins[known], days[known]):
        errors = np.bincount(repeated, weights=inside[known] - share)
        users = int((np.bincount(repeated) > 0).sum())
        squared = float((errors**2).sum())
        sizes.append(effective_size(share, total=total, users=users, squared_errors=squared))
    return min(sizes)
