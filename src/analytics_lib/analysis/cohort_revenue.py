"""What users have brought by age: cumulative revenue by all users of the cohort, whether they bought or not.

To divide by those who bought would look ahead: at the start of a cohort nobody knows who will.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analytics_lib.analysis.cohort_calendar import number_of
from analytics_lib.analysis.cohort_groups import By, groups_of
from analytics_lib.analysis.cohort_presence import (
    Presence,
    first_number,
    local_times,
    presence,
    running_since,
)
from analytics_lib.analysis.cohort_retention import cells
from analytics_lib.errors import NotEnoughDataError, RequestError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.analysis.cohort_groups import Groups
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

    Floats = NDArray[np.float64]

CURRENCIES = """
select currency, count(*) as orders
from orders
where ordered_local < $until
group by currency
order by orders desc, currency
"""

SPENT = """
select user_id, date_trunc($period, ordered_local) as period, sum(amount) as revenue
from orders
where ordered_local < $until and currency = $currency
group by user_id, date_trunc($period, ordered_local)
order by user_id, period
"""

ORDERS = "select count(*) as orders from orders"


def revenue(
    store: Store,
    *,
    period: str,
    as_of: Moment,
    activity: str = "any",
    by: By | None = None,
    currency: str | None = None,
) -> pd.DataFrame:
    """Revenue of each cohort up to each age, refunds taken off, and by user.

    Args:
        store: Read: ``orders``; the tables of the activity; with ``by`` those of the dimension.
        period: Length of a cohort, and of one step of age: hour, day, week or month.
        as_of: The period running then is incomplete and left out; later orders are not known.
        activity: Whose first one makes the cohort, as of ``retention``: by default any contact or order, so
            that whoever never bought is in it.
        by: What else tells cohorts apart, as of ``retention``.
        currency: Orders of this currency alone; null = there may be one only.

    Returns:
        One row per observed cell, oldest cohort first: the column of ``by``, ``cohort``, ``age``, ``users``
        (all of the cohort), ``revenue`` (in ``currency``, from age 0 up to the age, cumulative),
        ``revenue_per_user``, ``currency``.

    Raises:
        RequestError: If a name is unknown, or orders have several currencies and none was chosen.
        NotEnoughDataError: If no period has ended since the first activity, or the store holds no orders.
    """
    present = presence(store, period=period, as_of=as_of, activity=activity)
    until = running_since(as_of, present.period)
    chosen = _currency(store, until, currency)
    groups = groups_of(store, present.user_ids, by=by, as_of=as_of) if by else None
    rows = store.query_arrow(SPENT, period=period, until=until, currency=chosen)
    frame = cells(present, groups, returned="on")
    spent = _cumulative(present, groups, rows)
    keys = ([groups.column] if groups else []) + ["cohort", "age", "users"]
    values = spent[_places(frame, present, groups), frame["age"]]
    found = frame[keys].assign(revenue=values, currency=chosen)
    found.insert(len(keys) + 1, "revenue_per_user", found["revenue"] / found["users"])
    return found


def _currency(store: Store, until: object, asked: str | None) -> str:
    if not int(store.query(ORDERS)["orders"].iloc[0]):
        raise NotEnoughDataError(
            "The store holds no orders, so revenue is not known (it is not 0). Ingest them from their source."
        )
    known = store.query(CURRENCIES, until=until)["currency"].tolist()
    if asked is not None and known and asked not in known:
        raise RequestError(f"No order in {asked!r}. Orders are in {', '.join(known)}.")
    if asked is None and len(known) > 1:
        raise RequestError(
            f"Orders are in {len(known)} currencies ({', '.join(known)}), which do not add up. Convert them "
            "when they are ingested, or ask for one by currency."
        )
    return asked or (known[0] if known else "")


def _cumulative(present: Presence, groups: Groups | None, rows: pa.Table) -> Floats:
    """Revenue of each group and cohort up to each age."""
    size = (len(groups.names) if groups else 1, len(present.depths), present.complete)
    if not rows.num_rows:
        return np.zeros((size[0] * size[1], size[2]))
    places = pc.index_in(rows["user_id"].combine_chunks(), value_set=present.user_ids)
    # Whoever has no activity of the kind asked for is in no cohort.
    known = places.is_valid().to_numpy(zero_copy_only=False)
    users = pc.fill_null(places, 0).to_numpy()[known]
    origin = first_number(present)
    ages = number_of(local_times(rows["period"]), present.period)[known] - origin - present.cohorts[users]
    amounts = rows["revenue"].to_numpy()[known]
    # What was ordered before the first activity of the kind counts from the start on.
    keys = ((groups.codes[users] if groups else 0) * size[1] + present.cohorts[users]) * size[2]
    sums = np.bincount(keys + ages.clip(min=0), weights=amounts, minlength=int(np.prod(size)))
    return np.asarray(sums.reshape(size[0] * size[1], size[2]).cumsum(axis=1))


def _places(frame: pd.DataFrame, present: Presence, groups: Groups | None) -> NDArray[np.int64]:
    """Of each cell the row of its group and cohort."""
    origin = first_number(present)
    cohorts = number_of(frame["cohort"].to_numpy().astype("datetime64[us]"), present.period) - origin
    if groups is None:
        return cohorts
    codes = pd.Categorical(frame[groups.column], categories=groups.names).codes.astype(np.int64)
    return np.asarray(codes * len(present.depths) + cohorts)
