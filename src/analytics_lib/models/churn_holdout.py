"""A hold-out, so that a campaign against churn can be judged: some of those due are left alone, by lot.

Whom a campaign wins back cannot be seen in those it was sent to: many would have come back anyway. So a share
of each band of probability is drawn and gets nothing, and afterwards everybody assigned to the campaign is
compared with everybody left alone, whether or not a message reached them (intention to treat): leaving out
those who were not reached would compare other people.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import norm

from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.metrics.intervals import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

# Bands of the probability of leaving; the last includes 1.
BANDS = (0.0, 0.2, 0.4, 0.6, 0.8)
GROUPS = ("campaign", "hold_out")
POWER, SIGNIFICANCE = 0.8, 0.05


@dataclass(frozen=True)
class Effect:
    """What a campaign did: the share that left without it less the share with it.

    Attributes:
        saved: Share of those assigned to it that stayed because of it; negative if it did harm.
        low: Its 95 % limits (Newcombe 1998, method 10).
        high: Likewise.
        groups: One row per group: ``group users left rate low high``.
    """

    saved: float
    low: float
    high: float
    groups: pd.DataFrame


def band(probabilities: pd.Series) -> pd.Series:
    """The lower end of the band each probability lies in."""
    edges = np.array(BANDS)
    places = np.searchsorted(edges, probabilities.to_numpy(dtype=float), side="right") - 1
    return pd.Series(edges[places], index=probabilities.index, name="band")


def assign(listed: pd.DataFrame, *, share: float, seed: int) -> pd.DataFrame:
    """Who is to be left alone, drawn by lot within each band of probability.

    The lot depends on the seed and on who is listed, not on their order.

    Args:
        listed: One row per user: ``user_id probability``.
        share: Of each band, above 0 and below 1; as near to it as whole people allow.
        seed: Of the lot.

    Returns:
        The rows as given, with ``band`` (its lower end) and ``group`` (campaign, hold_out).

    Raises:
        RequestError: If the share is none, or a user is listed twice.
    """
    if not 0 < share < 1:
        raise RequestError(f"The hold-out's share is {share}; expected above 0 and below 1, such as 0.2.")
    twice = listed["user_id"].duplicated()
    if twice.any():
        raise RequestError(f"{int(twice.sum())} users are listed more than once; give one row a user.")
    rows = listed.assign(band=band(listed["probability"]))
    order = rows.sort_values("user_id", kind="stable").index
    lot = pd.Series(np.random.default_rng(seed).random(len(rows)), index=order)
    place = lot.groupby(rows["band"]).rank(method="first")
    size = (rows.groupby("band")["band"].transform("size") * share).round()
    held = (place.reindex(rows.index) <= size).to_numpy()
    return rows.assign(group=np.where(held, GROUPS[1], GROUPS[0]))


def detectable(base_rate: float, *, campaign: int, hold_out: int) -> float:
    """The smallest difference in the share that leaves which would be found in 8 of 10 such campaigns.

    ``(z_0.975 + z_0.8) √(p (1 - p) (1/n_1 + 1/n_2))``: two-sided at 5 %, both groups with the variance of the
    base rate (Fleiss, Levin and Paik 2003, chapter 4, without continuity correction).

    Args:
        base_rate: Share p that leaves if nothing is done.
        campaign: Users n_1 who get it.
        hold_out: Users n_2 who do not.

    Returns:
        The difference, 0 to 1; null if a group is empty.
    """
    if min(campaign, hold_out) < 1 or not 0 <= base_rate <= 1:
        return float("nan")
    z = float(norm.ppf(1 - SIGNIFICANCE / 2) + norm.ppf(POWER))
    return z * math.sqrt(base_rate * (1 - base_rate) * (1 / campaign + 1 / hold_out))


def planned(assigned: pd.DataFrame) -> pd.DataFrame:
    """What the hold-out can show, by band and in all.

    Args:
        assigned: As ``assign`` gives.

    Returns:
        One row per band with somebody, lowest first, and a last one of all (``band`` null): ``band campaign
        hold_out`` (users) ``expected_rate`` (mean probability of leaving) ``detectable`` (difference).
    """
    rows = [_plan(low, assigned[assigned["band"] == low]) for low in sorted(assigned["band"].unique())]
    columns = ["band", "campaign", "hold_out", "expected_rate", "detectable"]
    return pd.DataFrame([*rows, _plan(float("nan"), assigned)], columns=columns)


def _plan(low: float, rows: pd.DataFrame) -> tuple[float, int, int, float, float]:
    sizes = [int((rows["group"] == name).sum()) for name in GROUPS]
    rate = float(rows["probability"].mean()) if len(rows) else float("nan")
    return low, sizes[0], sizes[1], rate, detectable(rate, campaign=sizes[0], hold_out=sizes[1])


def judge(assigned: pd.DataFrame, *, stayed: Sequence[str]) -> Effect:
    """What a campaign did, by intention to treat.

    Args:
        assigned: Everybody as they had been assigned: ``user_id group``, reached or not.
        stayed: The users who were active in the horizon after it.

    Raises:
        NotEnoughDataError: If a group is empty.
        RequestError: If a group has another name.
    """
    strange = sorted(set(assigned["group"]) - set(GROUPS))
    if strange:
        raise RequestError(f"Unknown group {strange[0]!r}; expected {' or '.join(GROUPS)}.")
    left = ~assigned["user_id"].isin(list(stayed))
    counts = {name: left[assigned["group"] == name] for name in GROUPS}
    empty = [name for name, rows in counts.items() if rows.empty]
    if empty:
        raise NotEnoughDataError(
            f"Nobody is in the group {empty[0]} of {len(assigned)} assigned; an effect is a difference "
            "between both. Draw the hold-out before the campaign, by assign."
        )
    rows = [_outcome(name, rows) for name, rows in counts.items()]
    groups = pd.DataFrame(rows, columns=["group", "users", "left", "rate", "low", "high"])
    (treated, alone) = groups.to_dict("records")
    saved = alone["rate"] - treated["rate"]
    below = math.hypot(alone["rate"] - alone["low"], treated["high"] - treated["rate"])
    above = math.hypot(alone["high"] - alone["rate"], treated["rate"] - treated["low"])
    return Effect(saved, saved - below, saved + above, groups)


def _outcome(name: str, left: pd.Series) -> tuple[str, int, int, float, float, float]:
    n, gone = len(left), int(left.sum())
    return name, n, gone, gone / n, *wilson(gone, n)
