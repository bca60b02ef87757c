"""Whether groups get through a funnel differently: shares of users side by side, with what chance explains.

Users are independent, so that intervals are plain. A difference is real if its p-value survives the
correction for all compared beside it, its interval leaves out 0 and both sides have 30 users or more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.analysis.differences import (
    FALSE_DISCOVERY_RATE,
    SMALL_N,
    Share,
    adjusted_p_values,
    newcombe,
    share_p_value,
)
from analytics_lib.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

_RATES = {"conversion_rate": ("users", "entered"), "step_conversion_rate": ("users", "users_before")}


def between(
    rows: pd.DataFrame, first: str, second: str, *, by: str, rate: str = "conversion_rate"
) -> pd.DataFrame:
    """The conversion of two groups at each stage from the second, and the difference between the two.

    Args:
        rows: A funnel by ``by``, as ``funnels.funnel`` gives it, without periods.
        first: A group.
        second: The one it is compared with.
        by: The dimension.
        rate: ``conversion_rate`` (of all who entered) or ``step_conversion_rate`` (of the stage before).

    Returns:
        One row per stage: ``stage``, ``position``; ``first_users first_n first_rate`` and likewise
        ``second_…``; ``difference`` (first less second), its 95 % interval ``low`` ``high`` (Newcombe 1998,
        method 10), ``p_value`` (score test), ``q_value`` (Benjamini and Hochberg over all rows), ``few``,
        ``real``. Null where a side has nobody.

    Raises:
        RequestError: If there is no such group or rate.
    """
    _check_rate(rate)
    absent = [name for name in (first, second) if name not in set(rows[by])]
    if absent:
        raise RequestError(
            f"No group of {by} is called {absent[0]!r}. There are {', '.join(sorted(set(rows[by])))}."
        )
    sides = [rows[(rows[by] == name) & (rows["position"] > 1)] for name in (first, second)]
    found = [
        {
            "stage": one["stage"],
            "position": one["position"],
            **_compared(_counts(one, rate), _counts(other, rate)),
        }
        for one, other in zip(*(side.to_dict("records") for side in sides), strict=True)
    ]
    return _judged(found)


def against_rest(rows: pd.DataFrame, *, by: str, rate: str = "step_conversion_rate") -> pd.DataFrame:
    """Each group against all the others together, at each stage from the second.

    Args:
        rows: As of ``between``.
        by: The dimension.
        rate: As of ``between``.

    Returns:
        One row per group and stage: the dimension, then the columns of ``between`` with the group as first
        and the others as second.

    Raises:
        RequestError: If there is no such rate.
    """
    _check_rate(rate)
    numerator, denominator = _RATES[rate]
    totals = rows.groupby("position")[[numerator, denominator]].sum()
    found = []
    for row in rows[rows["position"] > 1].to_dict("records"):
        own = _counts(row, rate)
        all_users, all_n = (int(totals.loc[row["position"], name]) for name in (numerator, denominator))
        rest = (all_users - own[0], all_n - own[1])
        found.append(
            {by: row[by], "stage": row["stage"], "position": row["position"], **_compared(own, rest)}
        )
    return _judged(found)


def _check_rate(rate: str) -> None:
    if rate not in _RATES:
        raise RequestError(f"Unknown rate {rate!r}; expected one of {', '.join(_RATES)}.")


def _counts(row: Mapping[Hashable, object], rate: str) -> tuple[int, int]:
    users, n = (int(str(row[name])) for name in _RATES[rate])
    return users, n


def _compared(first: tuple[int, int], second: tuple[int, int]) -> dict[str, object]:
    shares = [Share(users / n if n else np.nan, float(n)) for users, n in (first, second)]
    known = all(share.size for share in shares)
    low, high = newcombe(*shares) if known else (np.nan, np.nan)
    sides = zip(("first", "second"), (first, second), shares, strict=True)
    named = {
        f"{side}_{name}": value
        for side, (users, n), share in sides
        for name, value in (("users", users), ("n", n), ("rate", share.share))
    }
    return {
        **named,
        "difference": shares[0].share - shares[1].share,
        "low": low,
        "high": high,
        "p_value": share_p_value(*shares) if known else np.nan,
        "few": min(first[1], second[1]) < SMALL_N,
    }


def _judged(found: Iterable[dict[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame(list(found))
    if frame.empty:
        return frame
    adjusted = adjusted_p_values(frame["p_value"])
    away = (frame["low"] > 0) | (frame["high"] < 0)
    return frame.assign(
        q_value=adjusted, real=(adjusted <= FALSE_DISCOVERY_RATE) & away & ~frame["few"].astype(bool)
    )
