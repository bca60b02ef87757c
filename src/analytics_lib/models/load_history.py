"""How much came in each step of the past: conversations, messages or requests to the APIs.

A conversation counts where the user wrote in it, or nothing is stored of what was written: what the business
began and nobody answered asks nobody for anything.
Steps are of the business's wall clock, which knows no summer time. Zero means that the table was filled for
that time and nothing came: from the day of its first row to the end of the step before its last row's. What
lies outside is absent, and so is the step that may still be running.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import pandas as pd

from analytics_lib.errors import RequestError
from analytics_lib.models.load_grid import STEPS
from analytics_lib.periods import Moment, local_moment, utc_moment

if TYPE_CHECKING:
    from analytics_lib.store import Store

Measure = Literal["conversations", "messages", "api_requests"]
BY = ("channel", "endpoint")

CONVERSATIONS = """
with unanswered as (
    select conversation_id
    from messages
    where sent_at < $as_of
    group by conversation_id
    having count(*) filter (where sender = 'user') = 0
)
select
    floor(
        date_diff('microsecond', timestamp '2000-01-01', c.started_local) / 1000000.0 / nullif($seconds, 0)
    )::bigint as place,
    case when $grouped then c.channel else '' end as part,
    count(*) filter (where u.conversation_id is null) as rows
from conversations as c
left join unanswered as u on c.conversation_id = u.conversation_id
where c.started_at < $as_of
group by place, part
"""

MESSAGES = """
with known as (
    select m.sent_local, c.channel
    from messages as m
    left join conversations as c on m.conversation_id = c.conversation_id
    where m.sent_at < $as_of
)
select
    floor(
        date_diff('microsecond', timestamp '2000-01-01', sent_local) / 1000000.0 / nullif($seconds, 0)
    )::bigint as place,
    case when $grouped then coalesce(channel, 'unknown') else '' end as part,
    count(*) as rows
from known
group by place, part
"""

REQUESTS = """
select
    floor(
        date_diff('microsecond', timestamp '2000-01-01', requested_local) / 1000000.0 / nullif($seconds, 0)
    )::bigint as place,
    case when $grouped then endpoint else '' end as part,
    count(*) as rows
from api_requests
where requested_at < $as_of
group by place, part
"""

_QUERIES = {"conversations": CONVERSATIONS, "messages": MESSAGES, "api_requests": REQUESTS}
_EPOCH = pd.Timestamp("2000-01-01")
_MINUTE = pd.Timedelta(minutes=1)


def history(
    store: Store,
    *,
    measure: Measure = "conversations",
    by: str | None = None,
    step: str = "1h",
    as_of: Moment | None = None,
) -> pd.DataFrame:
    """What came in each step, by channel (of API requests: by endpoint) where asked for.

    Args:
        store: Read: ``conversations messages``, or ``api_requests``.
        measure: conversations (in which the user wrote, by their start), messages (by when they were sent),
            or api_requests.
        by: Null = all together; ``channel``, or ``endpoint`` of API requests.
        step: 15min, 30min, 1h or 1d.
        as_of: Nothing later is known; null = everything in the store is, up to the step its last row lies in.

    Returns:
        One row a step, in order, of the wall clock: ``at`` (its start), ``value`` (count), and the part where
        asked for, each part over the same steps. Without rows where the table is empty.

    Raises:
        RequestError: If the measure, the part or the step is none there is.
    """
    minutes = _checked(measure, by, step)
    # Far from now, but within what every engine's clock holds.
    until = utc_moment(as_of) if as_of is not None else utc_moment(pd.Timestamp("2200-01-01", tz="UTC"))
    found = store.query(_QUERIES[measure], seconds=60 * minutes, grouped=by is not None, as_of=until)
    columns = ["at", "value", *([by] if by else [])]
    if found.empty:
        return pd.DataFrame({"at": pd.DatetimeIndex([]), "value": pd.Series(dtype="float64")}).reindex(
            columns=columns
        )
    steps = _steps(found["place"], minutes, as_of)
    table = found.pivot_table(index="place", columns="part", values="rows", aggfunc="sum")
    table = table.reindex(steps, fill_value=0).fillna(0).astype(float)
    long = table.rename_axis(index="place").reset_index().melt("place", var_name="part", value_name="value")
    long["at"] = _EPOCH + long["place"] * (minutes * _MINUTE)
    return long.rename(columns={"part": by} if by else {})[columns]


def _steps(places: pd.Series, minutes: int, as_of: Moment | None) -> range:
    """From the first step of the day of the first row to before the step that may still be running."""
    a_day = 1440 // minutes
    first = int(places.min()) // a_day * a_day
    last = int(places.max())
    if as_of is None:
        # The store's last row lies in a step that may go on: it is over once a later one has begun.
        return range(first, last)
    known = int((pd.Timestamp(local_moment(as_of)) - _EPOCH) // (minutes * _MINUTE))
    return range(first, min(known, last + 1))


def _checked(measure: str, by: str | None, step: str) -> int:
    if measure not in get_args(Measure):
        raise RequestError(f"Unknown measure {measure!r}. Expected one of {', '.join(get_args(Measure))}.")
    part = "endpoint" if measure == "api_requests" else "channel"
    if by not in {None, part}:
        raise RequestError(f"{measure} cannot be split by {by!r}; expected {part}, or nothing.")
    if step not in STEPS:
        raise RequestError(f"Unknown step {step!r}. Expected one of {', '.join(STEPS)}.")
    return int(STEPS[step] / _MINUTE)
