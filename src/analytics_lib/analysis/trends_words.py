"""Words and products that are asked for more, or less, than in the weeks before.

A word counts the users who wrote it, of those who asked something in the week; a product the users who wanted
it (any event about it) of those with any event, or who ordered it, of those who ordered.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analytics_lib.analysis.scope import known_before
from analytics_lib.analysis.topic_messages import presence, segment_bounds
from analytics_lib.analysis.topic_model import features
from analytics_lib.analysis.topic_words import KINDS
from analytics_lib.analysis.trends import LEAST_COUNT, compare, judge
from analytics_lib.periods import window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from analytics_lib.analysis.topic_messages import Asked, Segment
    from analytics_lib.analysis.trends import Weeks
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

    Ints = NDArray[np.int64]

# A pair of words that so large a share of a word's users wrote makes the word alone superfluous.
_SAME_SHARE = 0.8
_LONGEST_NAME = 80

# A row without a product counts everybody of its week.
WANTED = """
with chats as (
    select
        conversation_id, channel, entry_point, city, region, country,
        case when ended_at < $as_of then coalesce(outcome, 'unknown') else 'open' end as outcome
    from conversations
),
happened as (
    select
        events.product_id, events.user_id, cast(date_trunc('week', occurred_local) as date) as week, outcome,
        coalesce(case $dimension
            when 'channel' then channel
            when 'entry_point' then entry_point
            when 'city' then chats.city
            when 'region' then chats.region
            when 'country' then chats.country
            when 'segment' then segment
            else 'all'
        end, 'unknown') as grouping
    from events
        left join chats on events.conversation_id = chats.conversation_id
        left join users on events.user_id = users.user_id
    where occurred_local >= $since and occurred_local < $until and occurred_at < $as_of
),
kept as (
    select product_id, user_id, week
    from happened
    where grouping = $group and coalesce(outcome, 'none') = coalesce($outcome, outcome, 'none')
)
select product_id, week, count(distinct user_id) as users
from kept
where product_id is not null
group by product_id, week
union all
select null as product_id, week, count(distinct user_id) as users
from kept
group by week
order by product_id, week
"""

ORDERED = """
with chats as (
    select
        conversation_id, channel, entry_point, city, region, country,
        case when ended_at < $as_of then coalesce(outcome, 'unknown') else 'open' end as outcome
    from conversations
),
placed as (
    select
        orders.user_id, cast(date_trunc('week', ordered_local) as date) as week, items, outcome,
        coalesce(case $dimension
            when 'channel' then channel
            when 'entry_point' then entry_point
            when 'city' then chats.city
            when 'region' then chats.region
            when 'country' then chats.country
            when 'segment' then segment
            else 'all'
        end, 'unknown') as grouping
    from orders
        left join chats on orders.conversation_id = chats.conversation_id
        left join users on orders.user_id = users.user_id
    where ordered_local >= $since and ordered_local < $until and ordered_at < $as_of and amount > 0
)
select user_id, week, items
from placed
where grouping = $group and coalesce(outcome, 'none') = coalesce($outcome, outcome, 'none')
order by week, user_id, items
"""

CATALOGUE = "select product_id, name, category from products order by product_id"


def trending_words(asked: Asked) -> pd.DataFrame:
    """Words and pairs of neighbouring words that more, or fewer, users write than before.

    Returns:
        One row per word or pair of at least 10 users in all weeks together, what moved most surely first:
        ``word`` (kinds of words in braces, see ``topic_words``) and the columns of ``trends.compare``. A word
        is left out where a pair with it moved the same way and 80 % of its users now wrote the pair.
    """
    lines, weeks = asked.placed, len(asked.weeks.starts)
    telling = ~asked.texts["courtesy"].to_numpy(dtype=bool)
    inside = (lines["week"].to_numpy() >= 0) & telling[lines["text"].to_numpy()]
    text, person = lines["text"].to_numpy()[inside], lines["person"].to_numpy()[inside]
    week = lines["week"].to_numpy()[inside]
    names, pairs = _features_of(asked.texts["words"], text)
    counts = _counts(pairs, (text, week, person), (len(names), weeks))
    kept = np.flatnonzero(counts.sum(axis=1) >= LEAST_COUNT)
    seen, _ = presence(week, person)
    compared = compare(
        counts[kept].reshape(len(kept), weeks), np.bincount(seen, minlength=weeks), recent=asked.weeks.recent
    )
    compared.insert(0, "word", pd.Series([names[n] for n in kept], dtype="str"))
    order = compared.sort_values(["p_value", "count_now"], ascending=[True, False], kind="stable")
    return _without_parts(order).reset_index(drop=True)


def trending_products(  # which conversations, and up to when
    store: Store,
    weeks: Weeks,
    *,
    segment: Segment | None = None,
    outcome: str | None = None,
    as_of: Moment | None = None,
) -> pd.DataFrame:
    """Products that more, or fewer, users want or order than before.

    Args:
        store: Read: ``events orders products conversations users``.
        weeks: Those that are compared.
        segment: Only what belongs to a conversation (or user) of this dimension and value.
        outcome: Only what belongs to a conversation that ended so.
        as_of: Nothing later is known.

    Returns:
        One row per product and ``measure`` (``wanted``, ``ordered``), what moved most surely first:
        ``product`` (its name, or its id where the catalogue has none), ``category`` (null likewise),
        ``measure`` and the columns of ``trends.compare``, corrected over both measures together. Nothing
        where no event or order is about a product.

    Raises:
        RequestError: If the dimension or the outcome is none there is.
    """
    chosen = segment_bounds(segment, outcome)
    if weeks.since is None or weeks.until is None:
        return _products({}, store, weeks)
    known = {**window(weeks.since, weeks.until), "as_of": known_before(as_of), **chosen}
    counted = store.query(WANTED, **known)
    everybody = counted["product_id"].isna()
    wanted, totals = counted[~everybody], counted.loc[everybody, ["week", "users"]]
    sides = {"wanted": (wanted, totals), "ordered": _ordered(store.query(ORDERED, **known))}
    return _products({name: side for name, side in sides.items() if len(side[0])}, store, weeks)


def _products(
    sides: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]], store: Store, weeks: Weeks
) -> pd.DataFrame:
    frames = [_compared(*side, weeks).assign(measure=name) for name, side in sides.items()]
    empty = compare(np.zeros((0, 1)), np.zeros(1), recent=1).assign(product_id=[], measure=[])
    every = judge(pd.concat(frames, ignore_index=True)) if frames else empty
    named = (
        every.merge(store.query(CATALOGUE), on="product_id", how="left")
        if frames
        else every.assign(category=[], name=[])
    )
    named.insert(
        0, "product", named["name"].fillna(named["product_id"]).astype("str").str.slice(0, _LONGEST_NAME)
    )
    order = named.sort_values(["p_value", "count_now"], ascending=[True, False], kind="stable")
    return order.drop(columns=["name", "product_id"]).reset_index(drop=True)


def _compared(counted: pd.DataFrame, totals: pd.DataFrame, weeks: Weeks) -> pd.DataFrame:
    starts = pd.DatetimeIndex(weeks.starts)
    table = counted.assign(week=pd.to_datetime(counted["week"])).pivot_table(
        index="product_id", columns="week", values="users", aggfunc="sum"
    )
    counts = table.reindex(columns=starts).fillna(0)
    of = (
        totals.assign(week=pd.to_datetime(totals["week"]))
        .set_index("week")["users"]
        .reindex(starts)
        .fillna(0)
    )
    compared = compare(counts.to_numpy(dtype=float), of.to_numpy(dtype=float), recent=weeks.recent)
    return compared.assign(product_id=counts.index.to_numpy())


def _ordered(orders: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Users by product and week, and by week, of orders with readable items."""
    products = [list(_products_of(items)) for items in orders["items"]]
    items = orders.assign(product_id=pd.Series(products, index=orders.index, dtype=object))
    each = (
        items.explode("product_id")
        .dropna(subset="product_id")
        .drop_duplicates(["product_id", "user_id", "week"])
    )
    counted = each.groupby(["product_id", "week"], as_index=False).agg(users=("user_id", "size"))
    return counted, items.groupby("week", as_index=False).agg(users=("user_id", "nunique"))


def _products_of(items: object) -> Iterator[str]:
    """The products of an order; none where its items are of another shape."""
    try:
        found: Any = json.loads(items) if isinstance(items, str) else []
    except ValueError:
        return
    for item in found if isinstance(found, list) else []:
        if isinstance(item, dict) and isinstance(item.get("product_id"), str):
            yield item["product_id"]


def _features_of(words: pd.Series, used: Ints) -> tuple[list[str], tuple[Ints, Ints]]:
    """The features of the texts that are used, and which text has which."""
    numbers: dict[str, int] = {}
    texts, found = [], []
    for text in np.unique(used).tolist():
        for feature in set(features(words.iloc[text])) - set(KINDS):
            texts.append(text)
            found.append(numbers.setdefault(feature, len(numbers)))
    return list(numbers), (np.array(texts, dtype=np.int64), np.array(found, dtype=np.int64))


def _counts(pairs: tuple[Ints, Ints], lines: tuple[Ints, Ints, Ints], shape: tuple[int, int]) -> Ints:
    """Users by feature and week."""
    (of_text, feature), (text, week, person) = pairs, lines
    weeks = max(shape[1], 1)
    order = np.argsort(text, kind="stable")
    begin, end = (np.searchsorted(text[order], of_text, side=side) for side in ("left", "right"))
    times = end - begin
    # For each text and feature, the lines of that text, one after the other.
    first = np.repeat(begin - np.concatenate([[0], times.cumsum()[:-1]]), times) if len(times) else times
    line = order[np.arange(times.sum()) + first] if len(times) else order[:0]
    cells, _ = presence(np.repeat(feature, times) * weeks + week[line], person[line])
    return np.bincount(cells, minlength=shape[0] * weeks).reshape(shape[0], weeks)[:, : shape[1]]


def _without_parts(order: pd.DataFrame) -> pd.DataFrame:
    """Without words that only moved because a pair with them did."""
    moved = order[order["verdict"].isin(["new", "rising", "falling"])]
    pairs = moved[moved["word"].str.contains(" ", regex=False)]
    parts: dict[tuple[str, bool], int] = {}
    for row in pairs.to_dict("records"):
        for part in str(row["word"]).split():
            key = (part, row["verdict"] == "falling")
            parts[key] = max(parts.get(key, 0), int(row["count_now"] + row["count_before"]))
    keys = zip(order["word"], order["verdict"] == "falling", strict=True)
    superfluous = [
        parts.get(key, 0) >= _SAME_SHARE * (now + before)
        for key, now, before in zip(keys, order["count_now"], order["count_before"], strict=True)
    ]
    return order[~(np.array(superfluous, dtype=bool) & order["verdict"].isin(["new", "rising", "falling"]))]
