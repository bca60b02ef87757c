"""Whether a roster holds the service level, and what one agent more or less would change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.errors import RequestError
from analytics_lib.models.staffing_play import expected

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from analytics_lib.models.staffing_play import Course
    from analytics_lib.models.staffing_rules import ShiftRules
    from analytics_lib.models.staffing_study import Study

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Played = Callable[[Study, Floats, Flags], Course]


_DAYS = (
    *("day", "contacts", "service_level", "service_level_low", "service_level_high"),
    *("held_day", "held_every"),
)


@dataclass(frozen=True)
class _Day:
    """Draws of one day: contacts, those in time; and draws by slots, whether each is expected to hold."""

    contacts: Floats
    in_time: Floats
    every: Flags


def hold_slots(study: Study, on_duty: ArrayLike) -> pd.DataFrame:
    """How a roster does in each half-hour.

    Args:
        study: What may come.
        on_duty: People on duty in each row of ``study.frame``; of them 1 - shrinkage answer, rounded down.

    Returns:
        One row a slot: ``at``, ``needed`` (on duty, by the study), ``on_duty``, ``answering``, ``held``
        (share of the draws in which the service level is held), ``service_level`` (share of all contacts of
        the draws that are in time; null where none comes).

    Raises:
        RequestError: If there is not one number of 0 or more for each slot.
    """
    there = _checked(study, on_duty)
    answering = study.assumed.answering(there)
    return pd.DataFrame(
        {
            "at": study.frame["at"],
            "needed": study.frame["rostered"],
            "on_duty": there.astype(np.int64),
            "answering": answering,
            "held": study.held(answering),
            "service_level": study.pooled(answering),
        }
    )


def hold_days(
    study: Study, on_duty: ArrayLike, *, open_at: Flags | None = None, course: Played = expected
) -> pd.DataFrame:
    """How a roster does over whole days.

    Args:
        study: What may come.
        on_duty: As for ``hold_slots``.
        open_at: Slots in which people answer at all; the others are left out. Null = all.
        course: What comes of a draw: ``expected`` by the formula at its rate, or ``played`` out, with the
            chance of single contacts and with queues that last into the next half-hour.

    Returns:
        One row a day with an open slot: ``day``, ``contacts`` (mean of the draws while open),
        ``service_level`` (share in time of the contacts of all draws; ``service_level_low`` and
        ``service_level_high``, between which 80 % of the draws lie; null where none comes), ``held_day``
        (share of the draws in which the day as a whole holds the service level), ``held_every`` (in which
        every half-hour of it does).

    Raises:
        RequestError: As ``hold_slots``.
    """
    answering = study.assumed.answering(_checked(study, on_duty)).astype(float)
    rows = [_row(day, study, each) for day, each in _days(study, answering, open_at, course)]
    return pd.DataFrame(rows, columns=list(_DAYS))


def one_more_or_less(
    study: Study,
    on_duty: ArrayLike,
    *,
    rules: ShiftRules,
    open_at: Flags | None = None,
    course: Played = expected,
) -> pd.DataFrame:
    """What one agent more or less who answers all day would change.

    Args:
        study: What may come.
        on_duty: As for ``hold_slots``.
        rules: What an hour costs when.
        open_at: As for ``hold_days``.
        course: As for ``hold_days``.

    Returns:
        One row per day and change (-1, 0, 1): ``day change service_level held_day held_every``, ``in_time``
        (contacts in time, mean of the draws), ``cost`` (of the change: open hours / (1 - shrinkage), at what
        they cost).

    Raises:
        RequestError: As ``hold_slots``.
    """
    answering = study.assumed.answering(_checked(study, on_duty)).astype(float)
    hours = study.slot.total_seconds() / 3600 / (1 - study.assumed.shrinkage)
    spent = pd.Series(rules.hourly_cost(study.frame["at"]) * hours)
    opened = np.ones(len(spent), dtype=bool) if open_at is None else open_at
    costs = spent[opened].groupby(study.frame["at"][opened].dt.normalize()).sum()
    rows = [
        {"change": change, **_row(day, study, each), "in_time": float(each.in_time.mean())}
        | {"cost": change * float(costs[day])}
        for change in (-1, 0, 1)
        for day, each in _days(study, np.maximum(answering + change, 0), open_at, course)
    ]
    columns = ["day", "change", "service_level", "held_day", "held_every", "in_time", "cost"]
    return pd.DataFrame(rows, columns=columns).sort_values(["day", "change"], ignore_index=True)


def _days(
    study: Study, answering: Floats, open_at: Flags | None, course: Played
) -> list[tuple[pd.Timestamp, _Day]]:
    days = study.frame["at"].dt.normalize()
    opened = np.ones(len(days), dtype=bool) if open_at is None else open_at
    came, met = course(study, answering, opened)
    holds = study.needed <= answering
    found = []
    for day in days[opened].unique():
        here = (days == day).to_numpy() & opened
        sums = [each[:, here].sum(axis=1) for each in (came, met)]
        found.append((pd.Timestamp(day), _Day(sums[0], sums[1], holds[:, here])))
    return found


def _row(day: pd.Timestamp, study: Study, each: _Day) -> dict[str, object]:
    came, met = each.contacts, each.in_time
    # A draw in which nobody comes is held.
    shares = np.divide(met, came, out=np.full(came.shape, np.nan), where=came > 0)
    some = shares[came > 0]
    low, high = np.quantile(some, [0.1, 0.9]) if some.size else (np.nan, np.nan)
    return {
        "day": day,
        "contacts": float(came.mean()),
        "service_level": float(met.sum() / came.sum()) if some.size else np.nan,
        "service_level_low": float(low),
        "service_level_high": float(high),
        "held_day": float((~(shares < study.service.service_level)).mean()),
        "held_every": float(each.every.all(axis=1).mean()),
    }


def _checked(study: Study, on_duty: ArrayLike) -> Floats:
    there = np.asarray(on_duty, dtype=float)
    if there.shape != (len(study.frame),) or not (np.isfinite(there) & (there >= 0)).all():
        raise RequestError(
            f"on_duty has the shape {there.shape}; expected one number of 0 or more for each of the "
            f"{len(study.frame)} slots, none missing."
        )
    return there
