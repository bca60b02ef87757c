"""The rows of a result on drivers: every group in figures, how sure each is, and which comes first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from analytics_lib.analysis.differences import FALSE_DISCOVERY_RATE, adjusted_p_values
from analytics_lib.analysis.driver_evidence import limits, p_values, rows_worth
from analytics_lib.analysis.driver_groups import OTHER, Groups, Rows
from analytics_lib.analysis.driver_split import Counts, ratio, split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NUMBERS = ("numerator0", "denominator0", "numerator1", "denominator1")
_NAMES = ("dimension_1", "group_1", "dimension_2", "group_2")
_SINGLE_PART = 0.8
# Below it two specifics are the same number, written by sums in another order.
_DIGITS = 9


@dataclass(frozen=True)
class Blocks:
    """Counts by block of users (rows): of everything, and of the groups of each dimension or pair (columns).

    Attributes:
        whole: Of everything.
        groups: Of each dimension or pair.
    """

    whole: Counts
    groups: list[Counts]

    @classmethod
    def of(cls, rows: Rows, laid: list[Groups]) -> Self:
        """Those of a layout."""
        whole = rows.by_block(np.zeros_like(rows.block), 1).column(0)
        groups = [rows.by_block(each.codes, len(each.names)) for each in laid]
        return cls(whole, groups)

    def joined(self) -> Counts:
        """The groups of all dimensions side by side."""
        sides = [[counts[side] for counts in self.groups] for side in range(len(self.whole))]
        return Counts(
            *(np.concatenate(side, axis=1) if side else self.whole.n0[:, None][:, :0] for side in sides)
        )


def table(
    laid: list[Groups], rows: Rows, *, scale: float, minimum_n: int
) -> tuple[pd.DataFrame, tuple[float, float]]:
    """All groups with their split, limits and p-values, and the limits of the overall change.

    Args:
        laid: The groups of each dimension or pair.
        rows: What they are counted from.
        scale: What a rate is multiplied by.
        minimum_n: A group is tested if it and the rest reach so many in one of the windows.
    """
    blocks = Blocks.of(rows, laid)
    joined = blocks.joined()
    between = limits(joined, blocks.whole)
    parts = split(joined.summed(), blocks.whole.summed())
    groups = joined.summed()
    frame = pd.concat([_named(each, rows) for each in laid] or [_named(None, rows)], ignore_index=True)
    frame = frame.assign(**dict(zip(NUMBERS, groups, strict=False)))
    frame["value0"], frame["value1"] = (
        scale * ratio(groups.y0, groups.n0),
        scale * ratio(groups.y1, groups.n1),
    )
    frame["mix"], frame["rate"] = scale * parts.mix, scale * parts.rate
    frame["contribution"] = frame["mix"] + frame["rate"]
    frame["low"], frame["high"] = (scale * limit for limit in between["contribution"])
    frame["explained"] = scale * parts.explained
    frame["explained_low"], frame["explained_high"] = (scale * limit for limit in between["explained"])
    frame["specific"] = scale * parts.specific
    tested = np.concatenate([np.zeros((2, 0)), *_tested(laid, blocks, minimum_n)], axis=1)
    frame["p_value"], frame["special_p_value"] = tested
    low, high = (float(scale * np.ravel(limit)[0]) for limit in between["change"])
    return frame, (low, high)


def ranked(frame: pd.DataFrame, change: float) -> pd.DataFrame:
    """The rows with ``q_value``, ``real`` and ``rank``, in the order of ``rank``."""
    frame["q_value"] = adjusted_p_values(_weighed(frame))
    moved = frame["q_value"] <= FALSE_DISCOVERY_RATE
    special = adjusted_p_values(frame["special_p_value"].where(moved)) <= FALSE_DISCOVERY_RATE
    sure = (frame["explained_low"] > 0) | (frame["explained_high"] < 0)
    frame["real"] = moved & special & sure & (frame["explained"] * frame["specific"] > 0)
    order = pd.DataFrame(
        {
            "real": ~frame["real"],
            "against": frame["real"] & (frame["explained"] * change < 0),
            "unsure": frame["p_value"].where(~frame["real"], 0.0).fillna(2.0),
            "specific": -frame["specific"].abs().round(_DIGITS),
            # What arrived explains, rather than what it replaced; and one dimension rather than two.
            "arrived": -(frame["denominator1"] / max(frame["denominator1"].sum(), 1)).round(_DIGITS),
            "pair": frame["dimension_2"].notna(),
        }
    )
    frame = frame.loc[order.sort_values(order.columns.tolist(), kind="stable").index].reset_index(drop=True)
    # Of two groups that are all of a dimension, one is what the other is not: it is said once.
    alone = frame["dimension_2"].isna()
    twice = frame["real"] & alone & (frame[alone].groupby("dimension_1")["real"].transform("size") == 2)
    frame["real"] &= ~(twice & frame[twice].duplicated("dimension_1").reindex(frame.index, fill_value=False))
    return frame.sort_values("real", ascending=False, kind="stable", ignore_index=True).assign(
        rank=np.arange(1, len(frame) + 1)
    )


def _weighed(frame: pd.DataFrame) -> pd.Series:
    """P-values by the weight of their hypothesis (Genovese, Roeder and Wasserman 2006, Biometrika 93:509).

    The dimensions alone have four fifths of the weight and their pairs, which are many more, one fifth.
    """
    pair, tested = frame["dimension_2"].notna(), frame["p_value"].notna()
    sizes = tested.groupby(pair).transform("sum")
    parts = (
        pair.map({False: _SINGLE_PART, True: 1 - _SINGLE_PART}) if {True, False} <= set(pair[tested]) else 1.0
    )
    return (frame["p_value"] * sizes / parts / max(int(tested.sum()), 1)).clip(upper=1.0)


def _named(groups: Groups | None, rows: Rows) -> pd.DataFrame:
    if groups is None:
        return pd.DataFrame(columns=list(_NAMES), dtype="str").assign(n0=np.zeros(0))
    names = dict(zip(_NAMES[1::2], zip(*groups.names, strict=True), strict=False))
    told = dict(zip(_NAMES[::2], groups.dimensions, strict=False))
    counted = np.bincount(groups.codes, rows.counted, minlength=len(groups.names))
    frame = pd.DataFrame(names).assign(**told).reindex(columns=list(_NAMES)).astype("str")
    return frame.assign(n0=counted)


def _tested(laid: list[Groups], blocks: Blocks, minimum_n: int) -> list[Floats]:
    """Both p-values of each dimension or pair; null for what was pooled, or leaves too little beside it."""
    single = {each.dimensions[0]: place for place, each in enumerate(laid) if len(each.dimensions) == 1}
    tested = []
    for groups, counts in zip(laid, blocks.groups, strict=True):
        whole = Counts(*(np.repeat(numbers[:, None], len(groups.names), axis=1) for numbers in blocks.whole))
        moved, special = _compared(counts, whole, minimum_n)
        for side, name in enumerate(groups.dimensions if len(groups.dimensions) > 1 else ()):
            place = single[name]
            parents = _parents(groups, side, laid[place], blocks.groups[place], whole)
            within = _compared(counts, parents, minimum_n)[1]
            special = np.maximum(special, within)
            moved = np.where(np.isnan(within), np.nan, moved)
        named = [OTHER not in names for names in groups.names]
        tested.append(np.where(named, np.stack([moved, special]), np.nan))
    return tested


def _compared(groups: Counts, whole: Counts, minimum_n: int) -> tuple[Floats, Floats]:
    rest = whole.less(groups).summed()
    enough = np.maximum(rows_worth(rest), rest.n1) >= minimum_n
    moved, special = p_values(groups, whole)
    return np.where(enough, moved, np.nan), np.where(enough, special, np.nan)


def _parents(groups: Groups, side: int, single: Groups, counts: Counts, whole: Counts) -> Counts:
    """The group of one dimension that each of a pair's lies in; everything, for what was pooled."""
    place = {names[0]: number for number, names in enumerate(single.names)}
    columns = [-1 if OTHER in names else place[names[side]] for names in groups.names]
    pooled = np.array(columns) < 0
    return Counts(
        *(np.where(pooled, every, own[:, columns]) for own, every in zip(counts, whole, strict=True))
    )
