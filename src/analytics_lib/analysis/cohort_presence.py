"""Who was there in which period: the distinct pairs (user, period) that every question on cohorts counts.

Activity is one of

- ``messages``: a user wrote (what bot and agents send is not theirs);
- ``conversations``: a conversation of theirs started;
- ``events``: any event of their journey;
- ``orders``: any row of the orders, refunds among them;
- ``purchases``: an order of an amount above 0;
- ``any``: the first four together.

A user belongs to the cohort of their first activity, and however many rows they have in a period, they count
there once. Only periods that have ended by ``as_of`` are looked at. Periods are those of the calendar on the
wall clock of the business (ISO weeks begin on Monday), or *rolling*: age k is then the time from k to k + 1
lengths after the first activity, a month being 30 days, while cohorts stay those of the calendar.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pyarrow as pa

from analytics_lib.analysis.cohort_calendar import LENGTHS, epoch_microseconds, number_of, start_of
from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.periods import Moment, Period, check_period, local_moment, utc_moment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.store import Store

    Ints = NDArray[np.int64]

Activity = Literal["messages", "conversations", "events", "orders", "purchases", "any"]
Clock = Literal["calendar", "rolling"]

# More periods than that make a table of cohorts by ages nobody can read, nor hold.
MOST_PERIODS = 2_500
_NOUNS = {"purchases": "order", "any": "activity"}

PRESENT = """
with happened as (
    select user_id, sent_local as at_local from messages
    where $activity in ('messages', 'any') and sender = 'user'
    union all
    select user_id, started_local as at_local from conversations where $activity in ('conversations', 'any')
    union all
    select user_id, occurred_local as at_local from events where $activity in ('events', 'any')
    union all
    select user_id, ordered_local as at_local from orders
    where $activity in ('orders', 'any') or ($activity = 'purchases' and amount > 0)
)
select user_id, date_trunc($period, at_local) as period
from happened
where at_local < $until
group by user_id, date_trunc($period, at_local)
"""

MOMENTS = """
with happened as (
    select user_id, sent_at as happened_at, sent_local as at_local from messages
    where $activity in ('messages', 'any') and sender = 'user'
    union all
    select user_id, started_at as happened_at, started_local as at_local from conversations
    where $activity in ('conversations', 'any')
    union all
    select user_id, occurred_at as happened_at, occurred_local as at_local from events
    where $activity in ('events', 'any')
    union all
    select user_id, ordered_at as happened_at, ordered_local as at_local from orders
    where $activity in ('orders', 'any') or ($activity = 'purchases' and amount > 0)
)
select user_id, happened_at, at_local from happened where happened_at < $until
"""


@dataclass(frozen=True)
class Presence:
    """Distinct pairs of a user and an age, ascending by both.

    Attributes:
        users: Of each pair the user, a place in ``user_ids``.
        ages: Of each pair the age: whole periods since the user's first.
        cohorts: Of each user the number of the period of their first activity, from the oldest one.
        user_ids: The users.
        origin: Start of the oldest period.
        complete: How many calendar periods have ended, from the oldest one.
        depths: Of each cohort, the oldest first, up to which age it is observed; -1 = not at all.
        period: Length of a period.
        clock: How ages are counted: ``calendar`` or ``rolling``.
    """

    users: Ints
    ages: Ints
    cohorts: Ints
    user_ids: pa.Array
    origin: dt.datetime
    complete: int
    depths: Ints
    period: Period
    clock: Clock

    def observed(self) -> Presence:
        """The same without what lies in periods that their cohort is not observed in."""
        seen = self.ages <= self.depths[self.cohorts[self.users]]
        return Presence(**{**self.__dict__, "users": self.users[seen], "ages": self.ages[seen]})


def presence(
    store: Store, *, period: str, as_of: Moment, activity: str = "messages", clock: str = "calendar"
) -> Presence:
    """Who was active at which age, in periods that had ended by ``as_of``.

    Args:
        store: Read: the table or tables of the activity.
        period: Length of a cohort and of one step of age: hour, day, week or month.
        as_of: The period running then is incomplete and left out.
        activity: What counts as being there.
        clock: calendar or rolling.

    Raises:
        RequestError: If a name is unknown or there are more than 2,500 periods.
        NotEnoughDataError: If no period has ended since the first activity.
    """
    length = check_period(period)
    _check("activity", activity, get_args(Activity))
    _check("clock", clock, get_args(Clock))
    read = _rolling if clock == "rolling" else _calendar
    return read(store, length, as_of, activity)


def _check(name: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise RequestError(f"Unknown {name} {given!r}. Expected one of {', '.join(known)}.")


def _calendar(store: Store, period: Period, as_of: Moment, activity: str) -> Presence:
    until = running_since(as_of, period)
    rows = store.query_arrow(PRESENT, activity=activity, period=period, until=until)
    if not rows.num_rows:
        raise _too_early(activity, period, as_of, until)
    users, user_ids = numbered(rows["user_id"])
    numbers = number_of(local_times(rows["period"]), period)
    first, complete = _span(numbers, until, period)
    numbers -= first
    order = np.argsort(users * complete + numbers)
    users, numbers = users[order], numbers[order]
    begins = np.flatnonzero(np.diff(users, prepend=-1))
    cohorts = numbers[begins]
    depths = complete - 1 - np.arange(complete)
    origin = start_of(first, period)
    ages = numbers - cohorts[users]
    return Presence(users, ages, cohorts, user_ids, origin, complete, depths, period, "calendar")


def _rolling(store: Store, period: Period, as_of: Moment, activity: str) -> Presence:
    known, until = utc_moment(as_of), running_since(as_of, period)
    rows = store.query_arrow(MOMENTS, activity=activity, until=known)
    length = LENGTHS[period] // dt.timedelta(microseconds=1)
    if not rows.num_rows:
        raise _too_early(activity, period, as_of, until)
    users, user_ids = numbered(rows["user_id"])
    moments = epoch_microseconds(rows["happened_at"])
    order = np.argsort(moments, kind="stable")
    firsts = np.full(len(user_ids), -1, dtype=np.int64)
    # Written from the last to the first, what stays is the earliest.
    firsts[users[order[::-1]]] = order[::-1]
    local = number_of(local_times(rows["at_local"])[firsts], period)
    if start_of(int(local.min()), period) >= until:
        raise _too_early(activity, period, as_of, until)
    first, complete = _span(local, until, period)
    ages = (moments - moments[firsts][users]) // length
    keys = np.unique(users * (int(ages.max()) + 1) + ages)
    users, ages = np.divmod(keys, int(ages.max()) + 1)
    cohorts = local - first
    depths = _rolling_depths(first, int(cohorts.max()) + 1, local_moment(as_of), period)
    origin = start_of(first, period)
    return Presence(users, ages, cohorts, user_ids, origin, complete, depths, period, "rolling")


def _rolling_depths(first: int, cohorts: int, known: dt.datetime, period: Period) -> Ints:
    """Age k is observed once its time is over for whoever came at the very end of the cohort's period."""
    ends = [start_of(first + cohort + 1, period) for cohort in range(cohorts)]
    return np.array([max((known - end) // LENGTHS[period] - 1, -1) for end in ends], dtype=np.int64)


def _span(numbers: Ints, until: dt.datetime, period: Period) -> tuple[int, int]:
    """Number of the oldest period, and how many have ended from it on."""
    first = int(numbers.min())
    complete = int(number_of(np.array([until], dtype="datetime64[us]"), period)[0]) - first
    if complete > MOST_PERIODS:
        raise RequestError(
            f"There are {complete:,} periods of a {period} since {start_of(first, period):%Y-%m-%d}, more "
            f"than {MOST_PERIODS:,}. Ask by a longer period."
        )
    return first, complete


def first_number(present: Presence) -> int:
    """The number of the oldest period."""
    return int(number_of(np.array([present.origin], dtype="datetime64[us]"), present.period)[0])


def running_since(as_of: Moment, period: Period) -> dt.datetime:
    """The start of the period running at ``as_of``, on the wall clock of the business."""
    known = np.array([local_moment(as_of)], dtype="datetime64[us]")
    return start_of(int(number_of(known, period)[0]), period)


def numbered(column: pa.ChunkedArray) -> tuple[Ints, pa.Array]:
    """Of every row the place of its text among the different ones, and these."""
    parts = column.dictionary_encode().chunks
    codes = np.concatenate([part.indices.to_numpy() for part in parts]).astype(np.int64)
    return codes, parts[-1].dictionary


def local_times(column: pa.ChunkedArray) -> NDArray[np.datetime64]:
    """Wall-clock times as NumPy's."""
    return np.concatenate([part.cast(pa.timestamp("us")).to_numpy() for part in column.chunks])


def _too_early(activity: str, period: str, as_of: Moment, until: dt.datetime) -> NotEnoughDataError:
    noun = _NOUNS.get(activity, activity.removesuffix("s"))
    return NotEnoughDataError(
        f"No {noun} before {until:%Y-%m-%d %H:%M}, the start of the {period} running on {as_of}. "
        "Choose a later as_of or a shorter period."
    )
