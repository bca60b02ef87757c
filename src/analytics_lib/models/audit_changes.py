"""The future, told in another way: rows of after a cut-off added, changed, taken away.

What is later is decided here from the moments of the rows alone, apart from ``store/known.py``, which it
helps to audit.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analytics_lib.errors import ContractError
from analytics_lib.schema import TABLES
from analytics_lib.store.contract import check
from analytics_lib.store.frames import to_arrow, to_pandas

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from analytics_lib.schema import Column, Table

Rows = pd.DataFrame
_MICROSECOND = dt.timedelta(microseconds=1)
_ANSWERS = dt.timedelta(hours=48)
# Added rows lie up to so long after the cut-off; at most so many are added to a table.
_AFTER = dt.timedelta(days=60)
_MOST_ADDED = 500


@dataclass(frozen=True)
class Cut:
    """Where the future begins, and the random numbers by which it is changed."""

    moment: dt.datetime
    random: np.random.Generator


@dataclass(frozen=True)
class _Late:
    """Columns that are learned later than their row, and when; NaT = at no known moment."""

    columns: tuple[str, ...]
    learned: Callable[[Rows], pd.Series]


def _never(rows: Rows) -> pd.Series:
    return pd.Series(pd.NaT, index=rows.index, dtype="datetime64[us, UTC]")


def _called(rows: Rows) -> pd.Series:
    # By whole microseconds, as moments are stored.
    micros = (rows["duration_ms"].astype("float64").fillna(0) * 1000).round().clip(upper=1e15)
    return rows["started_at"] + pd.to_timedelta(micros.astype("int64"), unit="us")


_EVERYWHERE = (_Late(("updated_at",), lambda rows: rows["updated_at"]), _Late(("extra",), _never))
_LATE: dict[str, tuple[_Late, ...]] = {
    "conversations": (
        _Late(("ended_at", "outcome", "resolved"), lambda rows: rows["ended_at"]),
        # An answer of the last microsecond of the 48 hours is known when they are over.
        _Late(("csat", "nps"), lambda rows: rows["ended_at"] + (_ANSWERS - _MICROSECOND)),
        _Late(("escalated_at", "escalation_reason"), lambda rows: rows["escalated_at"]),
        _Late(("agent_id",), lambda rows: rows[["escalated_at", "ended_at"]].min(axis=1)),
    ),
    "messages": (_Late(("status", "true_intent"), _never),),
    "actions": (_Late(("duration_ms", "succeeded", "error"), _called),),
}


def typed_rows(name: str, frame: Rows) -> Rows:
    """A frame as ``Store.in_memory`` takes it: all columns of its table, in their types.

    Raises:
        ContractError: If there is no such table.
    """
    if name not in TABLES:
        raise ContractError(f"Unknown table {name!r}. The contract has {', '.join(TABLES)}.")
    data, _ = to_arrow(frame)
    return to_pandas(check(TABLES[name], data, naive_zone="UTC", local_zone="UTC").rows)


def added(name: str, rows: Rows, cut: Cut) -> Rows:
    """The rows and copies of some, with new ids, half of them at the very cut-off, half after it."""
    table, time = TABLES[name], _time_of(TABLES[name])
    if time is None or rows.empty:
        return rows
    copies = rows[rows[time].notna()]
    chosen = cut.random.permutation(len(copies))[:_MOST_ADDED]
    copies = copies.iloc[np.sort(chosen)].copy()
    delays = np.where(np.arange(len(copies)) % 2, cut.random.random(len(copies)), 0.0)
    copies = _moved(table, copies, cut.moment + pd.to_timedelta(delays * _AFTER.total_seconds(), unit="s"))
    ids = [f"later-{number}-{key}" for number, key in enumerate(copies[table.key[0]])]
    copies[table.key[0]] = pd.Series(ids, index=copies.index, dtype=rows[table.key[0]].dtype)
    return pd.concat([rows, copies], ignore_index=True)


def changed(name: str, rows: Rows, cut: Cut) -> Rows:
    """The rows, every column of the later ones but their keys another, and what earlier ones learn later."""
    table, time = TABLES[name], _time_of(TABLES[name])
    future = _future(name, rows, cut)
    found = rows.copy()
    for column in table.columns:
        if column.name not in table.key and column.name not in (time, table.local_time):
            late = future | _learned_later(name, rows, column.name, cut)
            found[column.name] = _others(column, rows, late, cut)
    if name == "actions":
        found = _still_running(found, rows, future, cut)
    if time is not None and time not in table.key and future.any():
        moments = cut.moment + pd.to_timedelta(cut.random.random(len(rows)) * 1e6, unit="s")
        moved = _moved(table, rows, pd.DatetimeIndex(moments).round("us"))
        for column_name in (time, table.local_time):
            if column_name is not None:
                found[column_name] = found[column_name].where(~future, moved[column_name])
    return found


def removed(name: str, rows: Rows, cut: Cut) -> Rows:
    """The rows without the later ones, what earlier ones learn later being null."""
    found = rows.copy()
    for late in (*_LATE.get(name, ()), *_EVERYWHERE):
        gone = _later(late, rows, cut)
        for column in late.columns:
            found[column] = found[column].where(~gone)
    return found[~_future(name, rows, cut)].reset_index(drop=True)


CHANGES: Mapping[str, Callable[[str, Rows, Cut], Rows]] = {
    "add": added,
    "change": changed,
    "remove": removed,
}


def _time_of(table: Table) -> str | None:
    return "first_seen_at" if table.name == "users" else table.event_time


def _future(name: str, rows: Rows, cut: Cut) -> pd.Series:
    time = _time_of(TABLES[name])
    if time is None:
        return pd.Series(data=False, index=rows.index)
    return rows[time] >= cut.moment


def _later(late: _Late, rows: Rows, cut: Cut) -> pd.Series:
    """NaT lies before nothing: what is learned at no moment is later."""
    return ~(late.learned(rows) < cut.moment)


def _learned_later(name: str, rows: Rows, column: str, cut: Cut) -> pd.Series:
    for late in (*_LATE.get(name, ()), *_EVERYWHERE):
        if column in late.columns:
            return _later(late, rows, cut)
    return pd.Series(data=False, index=rows.index)


def _moved(table: Table, rows: Rows, moments: pd.DatetimeIndex) -> Rows:
    """The rows with their own moment there; their other moments follow at the same distance."""
    time = _time_of(table)
    shift = pd.Series(moments.round("us"), index=rows.index) - rows[time]
    times = [column.name for column in table.columns if column.type in ("at", "local")]
    return rows.assign(**{name: rows[name] + shift for name in times})


def _still_running(found: Rows, rows: Rows, future: pd.Series, cut: Cut) -> Rows:
    """Calls running at the cut-off end at another moment of after it, never before."""
    running = ~(_called(rows) < cut.moment) & ~future
    left = (cut.moment - rows["started_at"]).dt.total_seconds() * 1000
    longer = left + cut.random.random(len(rows)) * 1e6 + 1
    return found.assign(duration_ms=found["duration_ms"].where(~running, longer))


def _others(column: Column, rows: Rows, late: pd.Series, cut: Cut) -> pd.Series:
    """Other values that the contract allows, for the rows that are late; null ones get one too."""
    values = rows[column.name]
    if not late.any():
        return values
    drawn = _drawn(column, values[late], values, cut)
    if column.type == "at":
        return values.where(~late, pd.Series(drawn, index=values.index[late]).reindex(values.index))
    found = values.astype(object)
    found[late] = drawn
    return found


def _drawn(column: Column, given: pd.Series, values: pd.Series, cut: Cut) -> Any:  # noqa: ANN401 - of any column
    random, size = cut.random, len(given)
    if column.type == "at":
        moments = cut.moment + pd.to_timedelta(random.integers(0, 10**12, size), unit="us")
        return pd.DatetimeIndex(moments).as_unit("us")
    if column.type in ("int", "float"):
        return _numbers(column, given.to_numpy(dtype=float, na_value=np.nan), random)
    if column.type == "bool":
        return np.where(given.isna(), random.random(size) < 0.5, given != True)  # noqa: E712 - null is a value too
    there = list(column.values) or values.dropna().unique()[:50].tolist()
    choices = np.array(['{"later": 1}', '{"later": 2}'] if column.type == "json" else [*there, "later"])
    allowed = choices[:-1] if column.values else choices
    place = random.integers(0, len(allowed), size)
    # The next one where it would be the same.
    same = allowed[place] == given.to_numpy(dtype=object)
    return allowed[(place + same) % len(allowed)]


def _numbers(column: Column, given: np.ndarray, random: np.random.Generator) -> np.ndarray:
    known = given[~np.isnan(given)]
    low = column.low if column.low is not None else 0.0
    high = column.high if column.high is not None else max([low, *known.tolist()]) + 100.0
    if column.type == "int":
        drawn = random.integers(int(low), int(high) + 1, given.size).astype(float)
    else:
        drawn = random.uniform(low, high, given.size)
    return np.where(drawn != given, drawn, np.where(given == low, high, low))
