"""What is lost at each stage of a funnel, as a range and never as one figure.

Had they gone on, those who stopped before a stage would perhaps have spent what comparable users spent who
reached it: of the same channel, entry point, segment and hour band of the anchor. Dropped users times that
mean (zeros included), over all strata, is what is lost if everybody had gone on. The low end is the lower
95 % bound of this times the share plausibly recoverable; the high end is the upper bound with everybody
recovered. Bounds are by bootstrap over users. It says how much is at stake, not what a change would bring.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Unpack

import numpy as np
import pandas as pd

from analytics_lib.analysis.funnel_groups import microseconds
from analytics_lib.analysis.funnel_matching import NEVER, match
from analytics_lib.analysis.funnel_question import ask, known_to
from analytics_lib.analysis.numbered_events import EVENT_CHATS, EVENT_PEOPLE, NUMBERED_EVENTS, event_names
from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.metrics.bootstrap import DRAWS, SEED, percentiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analytics_lib.analysis.funnel_conversion import How
    from analytics_lib.analysis.funnel_matching import Matched
    from analytics_lib.analysis.funnel_question import Asked
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

RECOVERABLE = 0.1
SMALL_N = 30
_BLOCK = 2_048
COLUMNS = (
    *("stage", "position", "dropped", "passed", "buyers", "comparable_rate", "mean_revenue"),
    *("low", "high", "currency", "few"),
)

CURRENCIES = (
    "select currency, count(*) as orders from orders group by currency order by orders desc, currency"
)

# Moments are compared within the sum: where they are a condition, every order is joined with every anchor.
SPENDING = """
with firsts as (
    select person, min(place) as place
    from numbered_events
    where
        occurred_local >= $since and occurred_local < $until and occurred_at < $as_of
        and ($any_enters or code in (select unnest($entry_codes)))
    group by person
),
anchors as (
    select
        firsts.person, numbered_events.chat, numbered_events.occurred_at as entered_at,
        hour(numbered_events.occurred_local) as hour,
        least(coalesce(numbered_events.occurred_at + $within, $as_of), $as_of) as ends_at
    from firsts inner join numbered_events on firsts.place = numbered_events.place
),
spent as (
    select
        anchors.person,
        sum(
            case
                when orders.ordered_at >= anchors.entered_at and orders.ordered_at < anchors.ends_at
                then orders.amount
            end
        ) as revenue
    from anchors
    inner join event_people on anchors.person = event_people.person
    inner join orders on event_people.user_id = orders.user_id
    where orders.currency = $currency
    group by anchors.person
)
select
    anchors.person,
    concat_ws(
        '|', coalesce(event_chats.channel, ''), coalesce(event_chats.entry_point, ''),
        coalesce(event_people.segment, ''), floor(anchors.hour / 6)::int
    ) as stratum,
    coalesce(spent.revenue, 0) as revenue
from anchors
inner join event_people on anchors.person = event_people.person
left join event_chats on anchors.chat = event_chats.chat
left join spent on anchors.person = spent.person
"""


class _Users(NamedTuple):
    """Who entered, a row each: what they spent, their stratum by number, and how many stages they reached."""

    revenue: Floats
    strata: NDArray[np.intp]
    depth: NDArray[np.intp]


def revenue_lost(  # a funnel's sides, and two of money
    store: Store,
    *,
    stages: Sequence[str],
    since: Moment,
    until: Moment,
    recoverable: float = RECOVERABLE,
    currency: str | None = None,
    **how: Unpack[How],
) -> pd.DataFrame:
    """Revenue lost between each stage and the one before, as a range.

    With ``within``, whoever had less time than that before ``as_of`` is left out. Revenue is what a user
    ordered from the anchor on, up to ``within``; refunds take from it.

    Args:
        store: Read: ``events orders conversations users``.
        stages: As of ``funnels.funnel``.
        since: Start of the window the anchor lies in.
        until: Its end, excluded.
        recoverable: Share of the lost that could plausibly be won back, 0 to 1.
        currency: Of the orders counted; null = the only one there is.
        how: ``within mode excluded as_of`` as of ``funnels.funnel``.

    Returns:
        One row per stage from the second: ``stage``, ``position``, ``dropped`` (users who reached the stage
        before and not this one), ``passed`` (users who reached it), ``buyers`` (of these, with any revenue),
        ``comparable_rate`` (of the dropped, the share with somebody of their stratum among those who passed;
        the others take the mean of all who passed), ``mean_revenue`` (of those who passed, weighed like the
        dropped), ``low``, ``high`` (of the revenue lost), ``currency``, ``few`` (under 30 who passed).
        Amounts are null where fewer than two passed; nobody dropped is 0.

    Raises:
        RequestError: As ``funnels.funnel``; or if ``recoverable`` is no share, or orders are in several
            currencies and none was chosen.
        NotEnoughDataError: As ``funnels.funnel``; or if no order was ever ingested.
    """
    if not 0 <= recoverable <= 1:
        raise RequestError(f"recoverable is {recoverable!r}; expected a share from 0 to 1, such as 0.1.")
    asked = ask(stages=stages, since=since, until=until, **how)
    money = _currency(store, currency)
    users = _users(store, asked, match(store, asked), money)
    drawn = _draws(users, len(stages))
    rows = [
        _row(users, place, drawn[place - 1], recoverable)
        | {"stage": stages[place], "position": place + 1, "currency": money}
        for place in range(1, len(stages))
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _currency(store: Store, currency: str | None) -> str:
    there = store.query(CURRENCIES)["currency"].tolist()
    if not there:
        raise NotEnoughDataError("Revenue counts rows of orders, and none was ever ingested. Ingest orders.")
    if currency is None and len(there) > 1:
        raise RequestError(
            f"Orders are in {', '.join(there)}; amounts of several cannot be added. Choose one."
        )
    if currency is not None and currency not in there:
        raise RequestError(f"No order is in {currency!r}; orders are in {', '.join(there)}.")
    return str(currency or there[0])


def _users(store: Store, asked: Asked, matched: Matched, currency: str) -> _Users:
    kept = matched.kept.copy()
    if asked.steps.within:
        kept &= matched.entered <= microseconds(known_to(store, asked) - asked.steps.within)
    depth = (matched.reached < NEVER).sum(axis=0)
    for numbers in (NUMBERED_EVENTS, EVENT_PEOPLE, EVENT_CHATS):
        store.derived(numbers)
    entry = asked.entry(event_names(store))
    rows = store.query_arrow(SPENDING, **entry, within=asked.steps.within, currency=currency)
    unit = np.zeros(int(matched.people.max(initial=0)) + 1, dtype=np.intp)
    unit[matched.people] = np.arange(len(matched.people))
    units = unit[rows["person"].to_numpy()]
    strata = pd.factorize(rows["stratum"].to_pandas(), sort=True)[0]
    found = pd.DataFrame({"stratum": strata, "revenue": rows["revenue"].to_numpy(), "depth": depth[units]})[
        kept[units]
    ]
    # In an order that does not depend on chance: the draws go by it.
    found = found.sort_values(["stratum", "revenue", "depth"])
    return _Users(*(found[name].to_numpy() for name in ("revenue", "stratum", "depth")))


def _row(users: _Users, place: int, drawn: Floats, recoverable: float) -> dict[str, object]:
    """One stage; ``place`` from 0."""
    dropped, passed = users.depth == place, users.depth > place
    counts = {"dropped": int(dropped.sum()), "passed": int(passed.sum())}
    row: dict[str, object] = counts | {
        "buyers": int((passed & (users.revenue != 0)).sum()),
        "few": counts["passed"] < SMALL_N,
        "comparable_rate": np.nan,
        "mean_revenue": np.nan,
        "low": np.nan,
        "high": np.nan,
    }
    if counts["passed"] < 2:
        return row
    size = int(users.strata.max()) + 1
    by_stratum = [
        np.bincount(users.strata[some], weights=weights, minlength=size)[None, :].astype(float)
        for some, weights in ((dropped, None), (passed, None), (passed, users.revenue[passed]))
    ]
    low, high = percentiles(drawn[~np.isnan(drawn)])
    row |= {"low": recoverable * low, "high": high}
    if counts["dropped"]:
        lost = float(_lost(*by_stratum)[0])
        compared = by_stratum[0][by_stratum[1] > 0].sum() / counts["dropped"]
        row |= {"mean_revenue": lost / counts["dropped"], "comparable_rate": float(compared)}
    return row


def _lost(dropped: Floats, passed: Floats, revenue: Floats) -> Floats:
    """Dropped users times the mean of their stratum, summed; a row a draw and a column a stratum."""
    with np.errstate(divide="ignore", invalid="ignore"):
        overall = revenue.sum(axis=1) / passed.sum(axis=1)
        means = np.where(passed > 0, revenue / passed, overall[:, None])
    total: Floats = (dropped * means).sum(axis=1)
    return total


def _draws(users: _Users, stages: int) -> list[Floats]:
    """What is lost before every stage from the second on, in every draw of the bootstrap.

    Each user weighs by Poisson(1) (see ``metrics.bootstrap``). Users without revenue enter by their number
    alone, and a sum of n such weights is Poisson(n): only buyers are drawn one by one.
    """
    random = np.random.default_rng(SEED)
    size = int(users.strata.max(initial=-1)) + 1
    buys = users.revenue != 0
    weighed = _weighed_buyers(users, buys, (stages, size), random)
    drawn = []
    for place in range(1, stages):
        counts, revenue = weighed[place - 1]
        dropped, passed = users.depth == place, (users.depth > place) & ~buys
        alone = [
            random.poisson(np.bincount(users.strata[some], minlength=size), (DRAWS, size))
            for some in (dropped, passed)
        ]
        drawn.append(_lost(alone[0].astype(float), alone[1] + counts, revenue))
    return drawn


def _weighed_buyers(
    users: _Users, buys: Bools, shape: tuple[int, int], random: np.random.Generator
) -> list[tuple[Floats, Floats]]:
    """For each stage from the second, buyers who passed it and their revenue: rows are draws."""
    stages, size = shape
    found = [(np.zeros((DRAWS, size)), np.zeros((DRAWS, size))) for _ in range(1, stages)]
    places = np.flatnonzero(buys)
    for start in range(0, len(places), _BLOCK):
        block = places[start : start + _BLOCK]
        weights = random.poisson(1.0, (DRAWS, len(block))).astype(float)
        strata, begins = np.unique(users.strata[block], return_index=True)
        for place, (counts, revenue) in enumerate(found, 1):
            passed = weights * (users.depth[block] > place)
            counts[:, strata] += np.add.reduceat(passed, begins, axis=1)
            revenue[:, strata] += np.add.reduceat(passed * users.revenue[block], begins, axis=1)
    return found
