"""Whether features know the future: what follows a cut-off is added, changed and removed; nothing may move.

The rows of every table are parted once more, apart from the rules of ``Store.known_at``, so that a fault
there shows. Three changes are tried, over all tables at once; where one moves a feature, each table by
itself then says which it comes from:

- ``add``: copies of rows, with new ids, from the cut-off on, half of them at the very moment;
- ``change``: every column but the keys of the rows of after the cut-off (their moment stays after it), and
  the columns that earlier rows learn later (the end of a conversation still open, its survey until 48 h
  after its end, what became of a call still running, …);
- ``remove``: those rows are taken away, and those columns are null.

``audit_rows`` asks the same of rows that speak of earlier moments, such as the turns of a conversation: each
must be the same in a store that ends just after it. What has no moment (``users.segment``, ``products``, …)
cannot be tried: it is the same before and after.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.errors import LeakageError, RequestError
from analytics_lib.models.audit_changes import CHANGES, Cut, typed_rows
from analytics_lib.periods import Moment, utc_moment
from analytics_lib.store import Store

if TYPE_CHECKING:
    from numpy.typing import NDArray

Compute = Callable[[Store], pd.DataFrame]
ComputeAt = Callable[[Store, dt.datetime], pd.DataFrame]
FOUND = ["change", "table", "feature", "rows"]
WHOLE_ROW = "(row)"
_NEAR = 1e-9
_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True)
class _Trial:
    """What is audited: the rows of each table, the features of them, and their names."""

    rows: Mapping[str, pd.DataFrame]
    compute: Compute
    keys: Sequence[str]
    before: pd.DataFrame = field(default_factory=pd.DataFrame)

    def computed(self, changed: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
        """The features of the rows, those of some tables changed."""
        with Store.in_memory(**{**self.rows, **changed}) as store:
            return self.compute(store)

    def moved(self, changed: Mapping[str, pd.DataFrame]) -> dict[str, int]:
        """Which features these changes move, and in how many rows."""
        return differing(self.before, self.computed(changed), keys=self.keys)


def audit(
    tables: Mapping[str, pd.DataFrame],
    compute: Compute,
    *,
    cutoff: Moment,
    keys: Sequence[str],
    seed: int = 0,
) -> pd.DataFrame:
    """Which features move with what lies at the cut-off or after it.

    Args:
        tables: Frames as for ``Store.in_memory``, with rows before and after the cut-off.
        compute: Features of a store, as of the cut-off.
        cutoff: What has this moment, or a later one, is the future.
        keys: Columns that name a row of the features, such as ``("conversation_id", "turn")``.
        seed: Of the changes.

    Returns:
        One row per change, table and feature that moved: ``change`` (add, change, remove) ``table`` (where
        the rows stand; ``several``: only together) ``feature`` (``(row)``: a row came or went) ``rows`` (of
        the features that moved). Empty = clean.

    Raises:
        RequestError: If no table holds anything that could be changed, or two rows of features have one name.
    """
    rows = {name: typed_rows(name, frame) for name, frame in tables.items()}
    trial = _Trial(rows, compute, keys)
    trial = _Trial(rows, compute, keys, trial.computed({}))
    found: list[dict[str, object]] = []
    tried = False
    for change, apply in CHANGES.items():
        cut = Cut(utc_moment(cutoff), np.random.default_rng(seed))
        changed = {name: apply(name, frame, cut) for name, frame in rows.items()}
        changed = {name: frame for name, frame in changed.items() if not frame.equals(rows[name])}
        tried = tried or bool(changed)
        found += _found(trial, change, changed)
    if not tried:
        raise RequestError(f"No table has a row to be changed after {cutoff}: give tables with rows.")
    return pd.DataFrame(found, columns=FOUND)


def check_no_future(
    tables: Mapping[str, pd.DataFrame],
    compute: Compute,
    *,
    cutoff: Moment,
    keys: Sequence[str],
    seed: int = 0,
) -> None:
    """Refuse features that know the future; arguments as of ``audit``.

    Raises:
        LeakageError: If one moved; the message names the features and the tables.
        RequestError: As ``audit``.
    """
    found = audit(tables, compute, cutoff=cutoff, keys=keys, seed=seed)
    if not found.empty:
        told = [
            f"{row.feature} ({row.change} {row.table}: {row.rows} rows)"
            for row in found.head(10).itertuples(index=False)
        ]
        raise LeakageError(
            f"{found['feature'].nunique()} feature(s) move with rows at {cutoff} or later: "
            f"{', '.join(told)}. Read the store by Store.known_at(cutoff) only."
        )


def audit_rows(
    store: Store,
    compute: ComputeAt,
    *,
    as_of: Moment,
    keys: Sequence[str],
    sample: int = 30,
    seed: int = 0,
) -> pd.DataFrame:
    """Which features of rows that speak of an earlier moment say something that was not known then.

    Args:
        store: The rows.
        compute: Features of a store as of a moment, with the keys and ``known_at``.
        as_of: Of the rows that are looked at.
        keys: As of ``audit``.
        sample: How many rows are looked at, chosen by the seed; each is worked out again.
        seed: Of the choice.

    Returns:
        One row per row and feature that differs: the keys, ``known_at``, ``feature``. Empty = clean.

    Raises:
        RequestError: If there is no row to look at, or two have one name.
    """
    moment = utc_moment(as_of)
    found = compute(store, moment)
    if found.empty:
        raise RequestError(f"Nothing is known before {as_of}: choose a later moment to look at.")
    chosen = np.random.default_rng(seed).permutation(len(found))[:sample]
    differs: list[dict[str, object]] = []
    for _, row in found.iloc[np.sort(chosen)].iterrows():
        then = row["known_at"].to_pydatetime() + _MICROSECOND
        with store.known_at(then) as known:
            again = compute(known, then)
        here = {key: row[key] for key in keys}
        mine, same = (_row_of(frame, here) for frame in (found, again))
        differs += [
            {**here, "known_at": row["known_at"], "feature": feature}
            for feature in differing(mine, same, keys=keys)
        ]
    return pd.DataFrame(differs, columns=[*keys, "known_at", "feature"])


def differing(before: pd.DataFrame, after: pd.DataFrame, *, keys: Sequence[str]) -> dict[str, int]:
    """In how many rows each column differs; ``(row)`` counts those that only one of the frames has.

    Numbers are equal within a billionth: sums are added up in another order each time.

    Raises:
        RequestError: If two rows have one name.
    """
    names = list(keys)
    for frame in (before, after):
        twice = frame.loc[frame.duplicated(names), names]
        if not twice.empty:
            raise RequestError(
                f"Two rows are named {twice.iloc[0].to_dict()}; the keys must tell rows apart."
            )
    both = before[names].merge(after[names], on=names)
    one, other = (both.merge(frame, on=names, how="left") for frame in (before, after))
    counts = {WHOLE_ROW: len(before) + len(after) - 2 * len(both)}
    for name in dict.fromkeys([*before.columns, *after.columns]):
        if name not in names:
            absent = name not in before.columns or name not in after.columns
            counts[name] = len(both) if absent else int(_unequal(one[name], other[name]).sum())
    return {name: count for name, count in counts.items() if count}


def _found(trial: _Trial, change: str, changed: Mapping[str, pd.DataFrame]) -> list[dict[str, object]]:
    together = trial.moved(changed) if changed else {}
    if not together:
        return []
    apart = {name: trial.moved({name: frame}) for name, frame in changed.items()}
    told = apart if any(apart.values()) else {"several": together}
    return [
        {"change": change, "table": table, "feature": feature, "rows": count}
        for table, moved in told.items()
        for feature, count in moved.items()
    ]


def _row_of(frame: pd.DataFrame, here: Mapping[str, object]) -> pd.DataFrame:
    chosen = pd.Series(data=True, index=frame.index)
    for key, value in here.items():
        chosen &= frame[key] == value
    return frame[chosen]


def _unequal(one: pd.Series, other: pd.Series) -> NDArray[np.bool_]:
    if pd.api.types.is_numeric_dtype(one) and pd.api.types.is_numeric_dtype(other):
        first, second = (column.to_numpy(dtype=float, na_value=np.nan) for column in (one, other))
        near: NDArray[np.bool_] = np.isclose(first, second, rtol=_NEAR, atol=_NEAR, equal_nan=True)
        return ~near
    same = one.astype(object) == other.astype(object)
    unequal: NDArray[np.bool_] = (~same & ~(one.isna() & other.isna())).to_numpy()
    return unequal
