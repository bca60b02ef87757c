"""Which conversations deserve reading, so that nobody pages at random.

Each reason (see ``reasons``) ranks its forty worst conversations (as many as are asked for, if more). The
list takes the worst of every reason, then the second of each, and so on; among equals those come first that
are among the worst in several ways, by reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009: the sum of
1 / (60 + rank)).
"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from functools import partial
from numbers import Integral
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.analysis.candidates import candidates
from analytics_lib.analysis.comparable import known_to
from analytics_lib.analysis.key_moments import OVER_AFTER_SECONDS, is_over, key_moments, rows_of
from analytics_lib.analysis.reading import read_messages
from analytics_lib.analysis.reasons import REASONS, Case, Finding
from analytics_lib.analysis.scope import bounds
from analytics_lib.analysis.timeline import timelines
from analytics_lib.errors import RequestError
from analytics_lib.text.sentiment import SCORERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from analytics_lib.analysis.timeline import Timeline
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store
    from analytics_lib.text.sentiment import Scorer

PRICES = """
with asked as (select unnest($product_ids) as product_id)
select product_id, price
from products
where product_id in (select product_id from asked) and price is not null
"""

_FUSION = 60
_DEPTH = 40
_MOST = 10_000
_QUIET = dt.timedelta(seconds=OVER_AFTER_SECONDS)
# What the reasons look at of a message: to turn every column into plain rows would take twice the time.
_LOOKED_AT = [
    *("conversation_id", "position", "sender", "intent", "sentiment", "seconds"),
    *("response_time_seconds", "courtesy", "keeps_waiting"),
]
_COLUMNS = [
    *("conversation_id", "reason", "evidence", "value", "position", "reasons"),
    *("started_local", "channel", "outcome", "closed", "messages"),
]


def find(
    store: Store,
    *,
    since: Moment,
    until: Moment,
    limit: int = 20,
    channel: str | None = None,
    as_of: Moment | None = None,
    scorers: Mapping[str, Scorer] = SCORERS,
) -> pd.DataFrame:
    """The conversations of a window most worth reading, with why and where to look.

    A scan chooses candidates by every reason, and these are read as closely as a review reads them: repeats,
    sentiment, steps and positions are those of the review. A wait is judged more strictly than there: "one
    moment" ends none (see ``reasons``). Where the window holds more conversations than are read closely (some
    hundreds), waits and closed checkouts are the true top; repeats, sentiment and escalations are chosen by
    rough measures, and some of the top may be missing (see ``candidates``).

    Args:
        store: Read: ``conversations``, ``messages``, ``actions``, ``events``, ``products``, ``orders``.
        since: Start of the window.
        until: Its end, excluded.
        limit: How many conversations at most.
        channel: Only this channel; null = all.
        as_of: Nothing later is known; null = everything in the store is.
        scorers: Sentiment scorer by language, for messages without a sentiment of the source's.

    Returns:
        One row per conversation, the most worth reading first: ``conversation_id``, ``reason`` (the one by
        which it ranks highest), ``evidence`` (in words), ``value`` (the measure of the reason; null where the
        cart has no known value), ``position`` (the message to look at, from 1; null where there is none),
        ``reasons`` (all that hold, highest rank first, comma separated), ``started_local``, ``channel``,
        ``outcome`` (null while open, or not told by the source), ``closed``, ``messages``. No row where
        nothing stands out.

    Raises:
        RequestError: If the window is empty, or the limit no whole number of 1 or more.
    """
    if not _is_limit(limit):
        raise RequestError(f"limit is {limit!r}; expected 1 to {_MOST:,} conversations to read.")
    scope = bounds(since=since, until=until, channel=channel, as_of=as_of)
    known = known_to(store, as_of=as_of)
    quiet_since = None if known is None else (known - _QUIET).to_pydatetime()
    depth = max(_DEPTH, limit)
    chosen = candidates(store, scope, depth=depth, quiet_since=quiet_since)
    read = partial(read_messages, scorers=scorers)
    told = timelines(store, chosen.conversation_ids, as_of=as_of, messages=chosen.messages, read=read)
    return _listed(_cases(store, told, known), limit)


def _is_limit(limit: object) -> bool:
    """Whether somebody, a parameter of a notebook or its caller, gave a number of conversations to read."""
    return isinstance(limit, Integral) and 1 <= int(limit) <= _MOST


def _cases(store: Store, told: Timeline, known: pd.Timestamp | None) -> dict[str, Case]:
    moments = key_moments(told, told.messages, known_until=known)
    prices = _prices(store, told.events)
    parts = [rows_of(frame) for frame in (told.messages[_LOOKED_AT], told.events, told.orders, moments)]
    cases = {}
    for row in told.conversation.to_dict("records"):
        name = row["conversation_id"]
        messages, events, orders, noted = (rows[name] for rows in parts)
        over = is_over(row, messages[-1]["seconds"] if messages else None, known)
        cases[name] = Case(row, messages, events, orders, noted, over, prices)
    return cases


def _prices(store: Store, events: pd.DataFrame) -> dict[str, float]:
    listed = store.query(PRICES, product_ids=list(events["product_id"].dropna().unique()))
    return {str(row["product_id"]): float(row["price"]) for row in listed.to_dict("records")}


def _listed(cases: Mapping[str, Case], limit: int) -> pd.DataFrame:
    ranks: defaultdict[str, dict[str, tuple[int, Finding]]] = defaultdict(dict)
    for reason, judge in REASONS.items():
        for rank, (name, finding) in enumerate(_ranked(cases, judge), start=1):
            ranks[name][reason] = (rank, finding)
    first = sorted(ranks, key=lambda name: _order(name, ranks[name]))[:limit]
    frame = pd.DataFrame([_row(cases[name], ranks[name]) for name in first], columns=_COLUMNS)
    texts = dict.fromkeys(("conversation_id", "reason", "evidence", "reasons", "channel", "outcome"), "str")
    times = {"started_local": "datetime64[us]"}
    return frame.astype(
        {**texts, **times, "value": float, "position": "Int64", "closed": bool, "messages": "int64"}
    )


def _order(name: str, found: Mapping[str, tuple[int, Finding]]) -> tuple[int, float, str]:
    """By the best rank, so that the worst of every reason is there; of equal ones, more reasons come first.

    Only ranks that the candidates are complete for count as reasons; the others are those of a chance sample.
    """
    ranks = [rank for rank, _ in found.values()]
    return min(ranks), -sum(1 / (_FUSION + rank) for rank in ranks if rank <= _DEPTH), name


def _ranked(cases: Mapping[str, Case], judge: Callable[[Case], Finding | None]) -> list[tuple[str, Finding]]:
    judged = [(name, judge(case)) for name, case in cases.items()]
    found = [(name, finding) for name, finding in judged if finding is not None]
    return sorted(found, key=lambda pair: (pair[1].severity, pair[0]))


def _row(case: Case, found: Mapping[str, tuple[int, Finding]]) -> dict[str, object]:
    reasons = sorted(found, key=lambda reason: found[reason][0])
    _, finding = found[reasons[0]]
    kept = ("conversation_id", "started_local", "channel", "outcome")
    return {
        **{name: case.conversation[name] for name in kept},
        "reason": reasons[0],
        "reasons": ", ".join(reasons),
        "evidence": finding.evidence,
        "value": finding.value,
        "position": finding.position,
        "closed": not math.isnan(case.conversation["ended_seconds"]),
        "messages": len(case.messages),
    }
