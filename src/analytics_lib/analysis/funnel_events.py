"""The events a funnel looks at: of everybody who entered, from the anchor on, as numbers.

A user enters by their first event of the first stage in the window (in any order: of any stage), the
anchor. Everything afterwards counts up to the anchor plus ``within``, also after the window's end, as far as
is known. Users are numbered by the time of their anchor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.analysis.funnel_question import Asked
    from analytics_lib.store import Store

    Ints = NDArray[np.int64]

JOURNEYS = """
with entries as (
    select user_id, occurred_at
    from events
    where
        occurred_local >= $since and occurred_local < $until and occurred_at < $as_of
        and ($any_enters or list_contains($entry_names, name))
),
firsts as (
    select user_id, min(occurred_at) as entered_at from entries group by user_id
),
anchors as (
    select
        row_number() over (order by entered_at, user_id) - 1 as unit, user_id, entered_at,
        least(coalesce(entered_at + $within, $as_of), $as_of) as ends_at
    from firsts
)
select unit, -1 as code, entered_at as occurred_at from anchors
union all
select anchors.unit, coalesce(list_position($names, events.name), 0) as code, events.occurred_at
from events
inner join anchors on events.user_id = anchors.user_id
where
    ($every_event or list_contains($names, events.name))
    and events.occurred_at >= anchors.entered_at and events.occurred_at < anchors.ends_at
"""

# Where events of a user coincide their ids decide which comes first; looked at for those users alone.
JOURNEYS_WITH_TIES = """
with entries as (
    select user_id, occurred_at
    from events
    where
        occurred_local >= $since and occurred_local < $until and occurred_at < $as_of
        and ($any_enters or list_contains($entry_names, name))
),
firsts as (
    select user_id, min(occurred_at) as entered_at from entries group by user_id
),
anchors as (
    select
        row_number() over (order by entered_at, user_id) - 1 as unit, user_id, entered_at,
        least(coalesce(entered_at + $within, $as_of), $as_of) as ends_at
    from firsts
),
tied as (
    select anchors.*
    from anchors
    inner join (select unnest($units) as unit) as wanted on anchors.unit = wanted.unit
),
journeys as (
    select
        tied.unit, events.event_id, events.occurred_at,
        coalesce(list_position($names, events.name), 0) as code,
        events.occurred_at = tied.entered_at
        and ($any_enters or list_contains($entry_names, events.name)) as may_be_anchor
    from events
    inner join tied on events.user_id = tied.user_id
    where events.occurred_at >= tied.entered_at and events.occurred_at < tied.ends_at
)
select unit, code, occurred_at, may_be_anchor
from journeys
where $every_event or code > 0 or may_be_anchor
order by unit, occurred_at, event_id
"""


class Journeys(NamedTuple):
    """Events in numbers: one place a row, and one anchor a user.

    ``keys`` order the events of a user: their times, or their ranks where times coincide. ``codes`` are those
    of ``Steps.code``. ``entered`` holds the key of each user's anchor, ``entered_at`` its time in
    microseconds since 1970.
    """

    units: Ints
    codes: Ints
    keys: Ints
    entered: Ints
    entered_at: Ints


def journeys(store: Store, asked: Asked) -> Journeys:
    """The events of everybody who entered, ordered by their times.

    Args:
        store: Read: ``events``.
        asked: The question.
    """
    rows = store.query_arrow(JOURNEYS, **asked.bound)
    units, codes, times = _numbers(rows, "unit"), _numbers(rows, "code"), _numbers(rows, "occurred_at")
    anchor = codes < 0
    entered = np.empty(int(anchor.sum()), dtype=np.int64)
    entered[units[anchor]] = times[anchor]
    later = ~anchor
    return Journeys(units[later], codes[later], times[later], entered, entered)


def tied_journeys(store: Store, asked: Asked, units: Ints) -> tuple[Journeys, Ints]:
    """The events of some users, ordered by time and id; and the time of each place.

    Args:
        store: Read: ``events``.
        asked: The question.
        units: Numbers of the users, ascending; in the answer they are numbered anew, in this order.
    """
    rows = store.query_arrow(JOURNEYS_WITH_TIES, **asked.bound, units=units.tolist())
    numbers = np.searchsorted(units, _numbers(rows, "unit"))
    # Rows come user by user: a place in the whole answer orders the events of each.
    places, times = np.arange(len(numbers)), _numbers(rows, "occurred_at")
    anchors = np.flatnonzero(rows["may_be_anchor"].to_numpy())
    entered = np.full(len(units), len(numbers), dtype=np.int64)
    np.minimum.at(entered, numbers[anchors], anchors)
    return Journeys(numbers, _numbers(rows, "code"), places, entered, times[entered]), times


def _numbers(rows: pa.Table, name: str) -> Ints:
    column = rows[name]
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", tz=column.type.tz)).cast(pa.int64())
    numbers: Ints = column.to_numpy().astype(np.int64, copy=False)
    return numbers
