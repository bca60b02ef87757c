"""What became of comparable conversations: same entry point, at least the same stage of the funnel reached.

Shares observed, not predictions: the conversations that got this far may have differed in what they wanted.
The counts of a store are taken once and kept as long as the store, whose versions never change.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import pandas as pd

from analytics_lib.analysis.rows import frame_of, records
from analytics_lib.analysis.scope import known_before
from analytics_lib.metrics.intervals import Z_95, effective_size, wilson
from analytics_lib.schema import FUNNEL_STAGES

if TYPE_CHECKING:
    import datetime as dt

    from analytics_lib.analysis.detectors import Row
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

COMPARABLE = """
with reached as (
    select
        conversation_id,
        max(case name
            when 'conversation_started' then 1
            when 'interest_shown' then 2
            when 'products_viewed' then 3
            when 'product_selected' then 4
            when 'size_selected' then 5
            when 'cart_added' then 6
            when 'purchase_initiated' then 7
            when 'purchase_completed' then 8
        end) as stage
    from events
    where conversation_id is not null and occurred_at < $as_of
    group by conversation_id
),
bought as (
    select
        conversation_id, sum(amount) as revenue,
        min(currency) as least_currency, max(currency) as most_currency
    from orders
    where conversation_id is not null and ordered_at < $as_of
    group by conversation_id
),
closed as (
    select
        user_id, coalesce(entry_point, '') as entry_point, stage,
        (stage = 8)::int as converted,
        coalesce(revenue, 0) as revenue, least_currency, most_currency,
        (csat is not null)::int as answered,
        coalesce((csat >= 4)::int, 0) as satisfied
    from conversations
        join reached on conversations.conversation_id = reached.conversation_id
        left join bought on conversations.conversation_id = bought.conversation_id
    where ended_at < $as_of and stage is not null
),
thresholds as (select unnest(generate_series(1, 8)) as at_least),
by_user as (
    select
        at_least, entry_point, user_id,
        count(*) as n, sum(converted) as converted, sum(revenue) as revenue,
        sum(answered) as answered, sum(satisfied) as satisfied,
        min(least_currency) as least_currency, max(most_currency) as most_currency
    from closed join thresholds on stage >= at_least
    group by at_least, entry_point, user_id
)
select
    at_least, entry_point,
    count(*) as users, sum(n)::double as n, sum(n * n)::double as n_n,
    sum(converted)::double as converted, sum(converted * converted)::double as converted_squares,
    sum(converted * n)::double as converted_n,
    sum(revenue)::double as revenue, sum(revenue * revenue)::double as revenue_squares,
    sum(revenue * n)::double as revenue_n,
    count(*) filter (where answered > 0) as answerers, sum(answered)::double as answered,
    sum(answered * answered)::double as answered_n_n,
    sum(satisfied)::double as satisfied, sum(satisfied * satisfied)::double as satisfied_squares,
    sum(satisfied * answered)::double as satisfied_n,
    min(least_currency) as least_currency, max(most_currency) as most_currency
from by_user
group by at_least, entry_point
"""

CURRENCIES = """
select min(currency) as currency
from orders
where ordered_at < $as_of
having count(distinct currency) = 1
"""

LAST_START = "select max(started_at) as last_start from conversations where started_at < $as_of"


_TYPES = dict.fromkeys(("measure", "value", "low", "high", "n"))
_UNKNOWN = (math.nan, math.nan, math.nan, 0)
_Cache = WeakKeyDictionary["Store", "dict[tuple[str, dt.datetime], list[Row]]"]
_ANSWERS: _Cache = WeakKeyDictionary()


def comparable(
    store: Store, conversation: Row, *, stage: str | None, revenue: float, as_of: Moment | None = None
) -> pd.DataFrame:
    """Conversion, revenue and satisfaction of the other conversations that got at least as far.

    Args:
        store: Read: ``conversations``, ``events``, ``orders``.
        conversation: The one compared: ``entry_point csat ended_seconds``.
        stage: The furthest stage it reached; null = there are none to compare with.
        revenue: Its own revenue, which is left out, as are its own conversion and answer.
        as_of: Nothing later is known; null = everything in the store is.

    Returns:
        One row per measure: ``measure``, ``value``, ``low`` and ``high`` (95 % interval; users repeat, so by
        linearised variance: Wilson on the effective size for shares, normal for revenue), ``n``.
        ``conversion`` is the share that completed a purchase; ``revenue`` the mean of the orders' amount per
        conversation (null where no order is known, or in several currencies); ``satisfaction`` the share of
        answers 4 or 5, with the number of answers as ``n``. All null with n = 0 where nothing is comparable.
    """
    counts = _counts_of(store, conversation, stage, known_before(as_of))
    if counts is None:
        empty = [(measure, *[math.nan] * 3, 0) for measure in ("conversion", "revenue", "satisfaction")]
        return frame_of(empty, _TYPES)
    own = _own(conversation, stage, revenue)
    # Without any order in the store, or with several currencies, what was brought is not known; it is not 0.
    named = (counts["least_currency"], counts["most_currency"])
    currencies = {name for name in named if isinstance(name, str)}
    known = len(currencies) == 1 or (not currencies and single_currency(store, as_of=as_of) is not None)
    rows = [
        ("conversion", *_share(counts, own, "converted", ("n", "n_n", "users"))),
        ("revenue", *(_mean(counts, own) if known else _UNKNOWN)),
        ("satisfaction", *_share(counts, own, "satisfied", ("answered", "answered_n_n", "answerers"))),
    ]
    return frame_of(rows, _TYPES)


def single_currency(store: Store, *, as_of: Moment | None = None) -> str | None:
    """The currency of all orders; None where there are none, or several currencies."""
    found = _remembered(store, CURRENCIES, known_before(as_of))
    return str(found[0]["currency"]) if found else None


def known_to(store: Store, *, as_of: Moment | None = None) -> pd.Timestamp | None:
    """How far the store's knowledge goes: to ``as_of``, else to the start of its last conversation at least.

    Null where it holds no conversation.
    """
    if as_of is not None:
        return pd.Timestamp(known_before(as_of))
    last = _remembered(store, LAST_START, known_before(as_of))[0]["last_start"]
    return last if isinstance(last, pd.Timestamp) else None


def _remembered(store: Store, sql: str, as_of: dt.datetime) -> list[Row]:
    answers = _ANSWERS.setdefault(store, {})
    if (sql, as_of) not in answers:
        answers[sql, as_of] = records(store.query(sql, as_of=as_of))
    return answers[sql, as_of]


def _counts_of(store: Store, conversation: Row, stage: str | None, as_of: dt.datetime) -> Row | None:
    if stage is None:
        return None
    entry = conversation["entry_point"]
    wanted = (FUNNEL_STAGES.index(stage) + 1, entry if isinstance(entry, str) else "")
    counts = _remembered(store, COMPARABLE, as_of)
    return next((row for row in counts if (row["at_least"], row["entry_point"]) == wanted), None)


def _own(conversation: Row, stage: str | None, revenue: float) -> dict[str, float]:
    """What the conversation itself adds to the counts: nothing while it is open."""
    if math.isnan(conversation["ended_seconds"]):
        return {"n": 0, "converted": 0, "revenue": 0, "answered": 0, "satisfied": 0}
    answered = not pd.isna(conversation["csat"])
    return {
        "n": 1,
        "converted": stage == FUNNEL_STAGES[-1],
        "revenue": 0 if math.isnan(revenue) else revenue,
        "answered": answered,
        "satisfied": answered and conversation["csat"] >= 4,
    }


def _share(
    counts: Row, own: dict[str, float], hits: str, sizes: tuple[str, str, str]
) -> tuple[float, float, float, int]:
    n, squared, users = sizes
    total, others = counts[n], counts[n] - own[n]
    if others <= 0:
        return _UNKNOWN
    share = counts[hits] / total
    errors = counts[f"{hits}_squares"] - 2 * share * counts[f"{hits}_n"] + share**2 * counts[squared]
    size = effective_size(share, total=int(total), users=int(counts[users]), squared_errors=errors)
    left = (counts[hits] - own[hits]) / others
    # The spread is that of all, the size that of the others.
    size *= others / total
    low, high = wilson(left * size, size)
    return left, low, high, int(others)


def _mean(counts: Row, own: dict[str, float]) -> tuple[float, float, float, int]:
    total, others, users = counts["n"], counts["n"] - own["n"], counts["users"]
    if others <= 0:
        return _UNKNOWN
    mean = counts["revenue"] / total
    errors = counts["revenue_squares"] - 2 * mean * counts["revenue_n"] + mean**2 * counts["n_n"]
    left = (counts["revenue"] - own["revenue"]) / others
    if users < 2:
        return left, math.nan, math.nan, int(others)
    half = Z_95 * math.sqrt(max(errors, 0) * users / (users - 1) / (total * others))
    # Orders are positive but for refunds: below nothing only where the mean itself is.
    return left, max(left - half, min(left, 0.0)), left + half, int(others)
