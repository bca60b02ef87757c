"""In what the journeys of two groups differ: any share of journeys, group against group.

A difference is the first group less the second. It is called real as in ``differences``: its p-value survives
the correction for all the rows beside it, its interval leaves out 0, and each group has 30 or more to go by.
A user in both groups is taken for two. Groups are not made alike: a difference describes and
explains nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from analytics_lib.analysis.differences import SIDES, SMALL_N, Share, judged, newcombe, share_p_value
from analytics_lib.analysis.journey_events import check_event
from analytics_lib.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    Row = Mapping[Hashable, Any]


@dataclass(frozen=True)
class _Measure:
    """Where a share stands in a frame: what it is of, its counts, and the users of its denominator.

    Attributes:
        keys: What one row is about.
        within: The keys of what the denominator counts.
        count: Its numerator.
        total: Its denominator.
        users: To how many users the denominator happened.
        size: How many independent ones the denominator is worth.
    """

    keys: tuple[str, ...]
    within: tuple[str, ...]
    count: str = "journeys"
    total: str = "total_journeys"
    users: str = "total_users"
    size: str = "size"


MEASURES = {
    "transitions": _Measure(
        ("source", "target"), ("source",), "transitions", "source_transitions", "leaving_users"
    ),
    "reach": _Measure(
        ("source", "target"), ("source",), "users", "source_users", "source_users", "source_users"
    ),
    "paths": _Measure(("path",), ()),
    "events": _Measure(("event",), ()),
    "steps": _Measure(("step", "event"), ("step",)),
    "loops": _Measure(("event",), ("event",)),
}


def differences(cells: pd.DataFrame, *, by: str, first: str, second: str, of: str) -> pd.DataFrame:
    """The difference between two groups of an answer about journeys, row by row.

    Args:
        cells: What ``transitions``, ``common_paths``, ``start_events``, ``end_events``, ``step_matrix`` or
            ``loops`` gave for several groups.
        by: The column of the groups, such as channel; ``period`` where a moment splits them.
        first: A group.
        second: Another one.
        of: Which share: ``transitions`` or ``reach`` of transitions, ``paths``, ``events`` (start or end),
            ``steps``, ``loops``.

    Returns:
        One row per thing that either group has, what is real first and then by size of the difference:
        ``source target``, ``path``, ``event`` or ``step event``; of each group ``first_count first_total
        first_share first_low first_high`` and likewise ``second_…``; ``difference``, its 95 % interval
        ``low`` ``high`` (Newcombe on effective sizes, since users repeat), ``p_value`` (adjusted for all
        rows), ``few`` (under 30 in a group), ``real``. What a group does not have though it has its kind is
        0 of it; where it lacks the kind too, its share is null.

    Raises:
        RequestError: If ``of``, the column or a group is unknown, or the groups are the same.
    """
    measure = _checked(cells, by, of)
    known = list(dict.fromkeys(cells[by]))
    for name, given in (("first", first), ("second", second)):
        check_event(given, f"{name} group", known)
    if first == second:
        raise RequestError(f"first and second are both {first!r}; give two of {', '.join(map(str, known))}.")
    keyed = cells.assign(path=cells["path"].map(tuple)) if "path" in cells else cells
    sides = [_side(keyed[keyed[by] == name], measure) for name in (first, second)]
    things = list(dict.fromkeys([*sides[0].shares, *sides[1].shares]))
    rows = [
        dict(zip(measure.keys, thing, strict=True)) | _compared(*(side.of(thing) for side in sides))
        for thing in things
    ]
    found = judged(pd.DataFrame(rows, columns=[*measure.keys, *_columns()]).astype({"few": bool}))
    return found.assign(path=found["path"].map(list)) if "path" in found else found


@dataclass(frozen=True)
class _Counted:
    """A share as it was counted."""

    count: int
    total: int
    size: float

    @property
    def share(self) -> Share:
        return Share(self.count / self.total if self.total else math.nan, self.size if self.total else 0.0)


@dataclass(frozen=True)
class _Side:
    """One group: its shares by thing, and by kind what a share of nothing rests on."""

    measure: _Measure
    shares: dict[tuple[Any, ...], _Counted]
    nothing: dict[tuple[Any, ...], _Counted]

    def of(self, thing: tuple[Any, ...]) -> _Counted:
        named = dict(zip(self.measure.keys, thing, strict=True))
        kind = tuple(named[name] for name in self.measure.within)
        return self.shares.get(thing) or self.nothing.get(kind) or _Counted(0, 0, 0.0)


def _side(rows: pd.DataFrame, measure: _Measure) -> _Side:
    found, nothing = {}, {}
    for row in rows.to_dict("records"):
        total = int(row[measure.total])
        thing, kind = (tuple(row[name] for name in names) for names in (measure.keys, measure.within))
        found[thing] = _Counted(int(row[measure.count]), total, float(row[measure.size]))
        nothing[kind] = _Counted(0, total, float(row[measure.users]))
    return _Side(measure, found, nothing)


def _compared(first: _Counted, second: _Counted) -> dict[str, object]:
    row: dict[str, object] = {}
    for side, counted in zip(SIDES, (first, second), strict=True):
        low, high = counted.share.limits
        row |= {f"{side}_count": counted.count, f"{side}_total": counted.total}
        row |= {f"{side}_share": counted.share.share, f"{side}_low": low, f"{side}_high": high}
    one, other = first.share, second.share
    low, high = newcombe(one, other) if one.size and other.size else (math.nan, math.nan)
    row |= {"difference": one.share - other.share, "low": low, "high": high}
    return row | {"p_value": share_p_value(one, other), "few": min(first.total, second.total) < SMALL_N}


def _columns() -> list[str]:
    each = ("count", "total", "share", "low", "high")
    return [
        *(f"{side}_{name}" for side in SIDES for name in each),
        *("difference", "low", "high", "p_value", "few"),
    ]


def _checked(cells: pd.DataFrame, by: str, of: str) -> _Measure:
    check_event(of, "of", list(MEASURES))
    measure = MEASURES[of]
    absent = [name for name in (by, *measure.keys, measure.count, measure.total) if name not in cells]
    if absent:
        raise RequestError(
            f"The frame has no column {absent[0]!r}, which {of!r} by {by!r} needs; it has "
            f"{', '.join(map(str, cells.columns))}. Ask for the answer with by={by!r} first."
        )
    return measure
