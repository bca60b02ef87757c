"""The most rows that are open at once, from the lists that ``spans_statement`` gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.metrics.question import marks

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from analytics_lib.metrics.question import Question

    Ints = NDArray[np.int64]

# At one instant ends (-1) come before marks (0) and starts (+1), so that who follows another does not overlap
# them. A mark at the start of every period carries what is open then into it.
_END, _MARK, _START = 0, 1, 2
_KIND_BITS = 2


def peak_rows(found: pa.Table, question: Question) -> pd.DataFrame:
    """The most rows open at once, by period and group.

    Args:
        found: One row per group: its keys, ``started`` and ``ended`` (lists of moments on the wall clock).
        question: The window, its periods, and up to when anything is known.

    Returns:
        One row per period that has begun and group: ``period`` (if asked for), the keys, ``y``.
    """
    keys: pd.DataFrame = found.drop_columns(["started", "ended"]).to_pandas()
    marked, starts = marks(question), _periods(question)
    window = _ticks([question.since, question.ends_local])
    peaks = [
        _peaks(_edges(started, ended, _ticks(marked)), _ticks(starts), window)
        for started, ended in zip(_lists(found["started"]), _lists(found["ended"]), strict=True)
    ]
    rows = keys.loc[keys.index.repeat([len(most) for _, most in peaks])].reset_index(drop=True)
    begun, most = (np.concatenate([np.empty(0, dtype=np.int64), *parts]) for parts in _apart(peaks))
    if question.period is not None:
        rows.insert(0, "period", pd.DatetimeIndex(starts)[begun])
    return rows.assign(y=most.astype(np.float64))


def _apart(peaks: Sequence[tuple[Ints, Ints]]) -> tuple[list[Ints], list[Ints]]:
    return [begun for begun, _ in peaks], [most for _, most in peaks]


def _lists(column: pa.ChunkedArray) -> Iterator[Ints]:
    """Each list of moments, as microseconds."""
    for each in column:
        yield each.values.cast("int64").to_numpy()


def _edges(started: Ints, ended: Ints, marked: Ints) -> Ints:
    """Ends, marks and starts in order, each with its kind in the lowest bits."""
    kinds = ((ended, _END), (marked, _MARK), (started, _START))
    return np.sort(np.concatenate([(moments << _KIND_BITS) | kind for moments, kind in kinds]))


def _peaks(edges: Ints, starts: Ints, window: Ints) -> tuple[Ints, Ints]:
    """Which periods of the window have begun, and the most rows open at once in each."""
    moments = edges >> _KIND_BITS
    level = np.cumsum((edges & ((1 << _KIND_BITS) - 1)) - _MARK)
    first, last = np.searchsorted(moments, window)
    if first >= last:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    period = np.searchsorted(starts, moments[first:last], side="right") - 1
    begins = np.flatnonzero(np.diff(period, prepend=-1))
    return period[begins], np.maximum.reduceat(level[first:last], begins)


def _periods(question: Question) -> list[dt.datetime]:
    """The starts of the periods of the window; without a period, its own start."""
    if question.period is None:
        return [question.since]
    return list(question.periods(question.since, question.until).to_pydatetime())


def _ticks(moments: list[dt.datetime]) -> Ints:
    """Moments as microseconds."""
    return np.array(moments, dtype="datetime64[us]").astype(np.int64)
