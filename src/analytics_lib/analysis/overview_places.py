"""Where the users of a window are: by city, or by region or country where no city is known.

A user counts once, in the place of the newest conversation of the window that tells one, else in that of the
user's own row. Places of fewer than ten users are pooled, so that nobody is told apart by living somewhere
small; where the pool itself would be smaller, the next place joins it. Totals of regions and countries are
sums of what is shown, so that a small place cannot be worked out by subtraction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.analysis import overview_queries as queries
from analytics_lib.metrics.intervals import wilson_limits

if TYPE_CHECKING:
    from analytics_lib.analysis.overview_scope import Asked
    from analytics_lib.store import Store

SMALLEST = 10
_LEVELS = ("city", "region", "country")


@dataclass(frozen=True)
class Places:
    """Where users are.

    Attributes:
        rows: One row per place of ten users or more, the largest first, then the pool ``other`` and
            ``unknown`` where there are any: ``level`` (city, region, country, other, unknown), ``place``,
            ``region``, ``country`` (null where not known), ``users``, ``share`` (of the users whose place is
            known; null for ``unknown``) with its 95 % interval ``low high`` (Wilson).
        regions: The same users by region: ``region country users share``; what is pooled is in none.
        countries: And by country: ``country users share``.
        users: Everybody.
        known: Those whose place is known.
        pooled: How many places are in the pool.
    """

    rows: pd.DataFrame
    regions: pd.DataFrame
    countries: pd.DataFrame
    users: int
    known: int
    pooled: int


def places(store: Store, asked: Asked, *, smallest: int = SMALLEST) -> Places:
    """Where the users of the conversations that started in the window are.

    Args:
        store: Read: ``conversations users``.
        asked: What was asked for.
        smallest: Places of fewer users are pooled.
    """
    found = store.query(queries.PLACES, **asked.bound)
    told = found.assign(level=_level(found), place=_first_known(found))
    unknown = told["level"] == "unknown"
    known = told[~unknown]
    total = int(known["users"].sum())
    shown, pool = _pooled(known, smallest)
    rest = {"other": int(pool["users"].sum()), "unknown": int(told.loc[unknown, "users"].sum())}
    extra = [{"level": level, "place": level, "users": users} for level, users in rest.items() if users]
    rows = pd.concat([shown, pd.DataFrame(extra, columns=list(shown.columns))], ignore_index=True)
    return Places(
        rows=_with_shares(rows, total),
        regions=_summed(shown, ["region", "country"], total),
        countries=_summed(shown, ["country"], total),
        users=total + rest["unknown"],
        known=total,
        pooled=len(pool),
    )


def _level(found: pd.DataFrame) -> pd.Series:
    names = [found[name].notna().to_numpy() for name in _LEVELS]
    return pd.Series(np.select(names, list(_LEVELS), "unknown"), index=found.index, dtype="str")


def _first_known(found: pd.DataFrame) -> pd.Series:
    return found["city"].fillna(found["region"]).fillna(found["country"]).fillna("unknown")


def _pooled(known: pd.DataFrame, smallest: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Places large enough, and those that are not, with the next ones until these are enough together."""
    ordered = known.sort_values("users", ascending=False, kind="stable").reset_index(drop=True)
    columns = ["level", "place", "region", "country", "users"]
    cut = int((ordered["users"] >= smallest).sum())
    while 0 < cut < len(ordered) and ordered["users"].iloc[cut:].sum() < smallest:
        cut -= 1
    return ordered[columns].iloc[:cut], ordered[columns].iloc[cut:]


def _with_shares(rows: pd.DataFrame, total: int) -> pd.DataFrame:
    counts = rows["users"].to_numpy(dtype=float)
    counted = np.where(rows["level"].eq("unknown").to_numpy(), np.nan, counts)
    low, high = wilson_limits(counted, np.full(len(rows), float(total)))
    share = counted / total if total else np.full(len(rows), np.nan)
    return rows.assign(users=rows["users"].astype("int64"), share=share, low=low, high=high)


def _summed(shown: pd.DataFrame, keys: list[str], total: int) -> pd.DataFrame:
    summed = shown.dropna(subset=keys).groupby(keys, sort=False)["users"].sum().reset_index()
    ordered = summed.sort_values("users", ascending=False, kind="stable", ignore_index=True)
    return ordered.assign(share=ordered["users"] / max(total, 1))
