"""Quantiles of many groups at once, with Woodruff's limits, from the lists that ``values_statement`` gives.

Only a few places of each group are looked at, so that nothing is put in order as a whole. Groups are taken a
block at a time: what a block needs fits a processor's cache.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from analytics_lib.metrics.intervals import Z_95

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_BLOCK = 1 << 18
_COLUMNS = ("value", "n", "units", "low", "high")
# The bits of a number that tell users apart, and one more for whether a value lies below.
_UNIT_BITS = 32


class _Groups(NamedTuple):
    """Values of several groups, one group after the other, and the number of whose each is."""

    values: Floats
    units: NDArray[np.int32] | None
    starts: Ints
    sizes: Ints


def quantile_rows(found: pa.Table, quantile: float) -> pd.DataFrame:
    """A quantile of every group, by the rank form (Hyndman and Fan, type 7), and its 95 % limits.

    Woodruff (1952): the limits of the share of values below the quantile, read back as values; the share's
    variance is that of a ratio over users.

    Args:
        found: One row per group: its keys, ``x`` (its values, without nulls) and, where users may repeat,
            ``unit`` (whose each value is).
        quantile: Which, 0 to 1.

    Returns:
        One row per group, in the order given: its keys, ``value``, ``n`` (values), ``units`` (users with
        one; where nobody repeats, values), ``low``, ``high`` (null where there are too few values to tell).
    """
    keys = found.drop_columns([name for name in ("x", "unit") if name in found.column_names])
    rows = [_limits(groups, quantile) for groups in _blocks(found)]
    numbers = np.concatenate(rows, axis=1) if rows else np.empty((len(_COLUMNS), 0))
    frame: pd.DataFrame = keys.to_pandas()
    return frame.assign(**dict(zip(_COLUMNS, numbers, strict=True)))


def _blocks(found: pa.Table) -> Iterator[_Groups]:
    for batch in filter(len, found.to_batches()):
        lists = batch.column("x")
        offsets = lists.offsets.to_numpy().astype(np.int64)
        values = lists.values.to_numpy(zero_copy_only=False)
        units = _numbered(batch.column("unit").values) if "unit" in found.column_names else None
        ends = np.flatnonzero(np.diff((offsets - offsets[0]) // _BLOCK))
        bounds = np.unique([0, *ends, len(lists)])
        for first, last in pairwise(bounds):
            within = slice(offsets[first], offsets[last])
            starts = offsets[first:last] - offsets[first]
            sizes = np.diff(offsets[first : last + 1])
            yield _Groups(values[within], units[within] if units is not None else None, starts, sizes)


def _numbered(units: pa.Array) -> NDArray[np.int32]:
    """A number for each user."""
    if units.type != pa.int32() or units.null_count:
        units = units.dictionary_encode(null_encoding="encode").indices
    return np.asarray(units.to_numpy(zero_copy_only=False), dtype=np.int32)


def _limits(groups: _Groups, quantile: float) -> Floats:
    """The numbers of ``_COLUMNS``, a row each, of some groups."""
    n = groups.sizes.astype(np.float64)
    exact = quantile * (n - 1)
    under = np.floor(exact).astype(np.int64)
    shares = [np.clip(1 - np.abs(place - exact), 0, None) for place in (under, under + 1)]
    values = groups.values.copy()
    read = _at(values, groups, np.stack([under, np.minimum(under + 1, groups.sizes - 1)]))
    value = sum(np.where(share > 0, share * x, 0.0) for share, x in zip(shares, read, strict=True))
    units, design_effect = _spread(groups, np.asarray(value))
    half = Z_95 * np.sqrt(quantile * (1 - quantile) * design_effect * n)
    places = np.stack([np.floor(quantile * n - half) - 1, np.ceil(quantile * n + half)]).astype(np.int64)
    inside = (places >= 0) & (places < groups.sizes)
    limits = np.where(inside, _at(values, groups, np.clip(places, 0, groups.sizes - 1)), np.nan)
    return np.stack([np.asarray(value), n, units, *limits])


def _at(values: Floats, groups: _Groups, places: Ints) -> Floats:
    """The values at places of the order of each group, counted from 0; moves values within their group."""
    for start, size, wanted in zip(groups.starts, groups.sizes, places.T, strict=True):
        values[start : start + size].partition(wanted)
    return np.asarray(values[groups.starts + places])


def _spread(groups: _Groups, value: Floats) -> tuple[Floats, Floats]:
    """How many users each group has, and how much their repeating widens the variance of a share."""
    n = groups.sizes.astype(np.float64)
    if groups.units is None:
        return n, np.ones(len(n))
    below = groups.values <= np.repeat(value, groups.sizes)
    group = np.repeat(np.arange(len(n)), groups.sizes)
    packed = np.sort((((group << _UNIT_BITS) | groups.units) << 1) | below)
    first = np.flatnonzero(np.diff(packed >> 1, prepend=-1))
    rows_of = np.diff(first, append=len(packed)).astype(np.float64)
    below_of = np.add.reduceat(packed & 1, first).astype(np.float64)
    whose = packed[first] >> (_UNIT_BITS + 1)
    units, share_below, n_n, below_below, below_n = (
        np.bincount(whose, weights, len(n)).astype(np.float64)
        for weights in (None, below_of, rows_of * rows_of, below_of * below_of, below_of * rows_of)
    )
    share = share_below / n
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = below_below - 2 * share * below_n + share * share * n_n
        clustered = np.maximum(1, units / (units - 1) * errors / (n * share * (1 - share)))
    varied = (units < n) & (units > 1) & (share > 0) & (share < 1)
    return units, np.where(varied, clustered, n / units)
