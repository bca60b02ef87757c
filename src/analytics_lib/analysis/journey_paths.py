"""Paths: the whole way of a journey, and where journeys begin and end.

Two journeys have one path if the same events happened in the same order. Repeats count unless they are
collapsed, and of a path that is cut the last item says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.analysis.journey_counts import shares
from analytics_lib.analysis.journey_events import SESSION_GAP, Journeys, load
from analytics_lib.analysis.journey_frames import shares_frame
from analytics_lib.errors import RequestError

if TYPE_CHECKING:
    import datetime as dt

    from analytics_lib.analysis.journey_counts import Ints
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

OTHER = "other"
CUT = "…"


def common_paths(  # noqa: PLR0913  # what a page may ask
    store: Store,
    *,
    since: Moment,
    until: Moment,
    unit: str = "conversation",
    limit: int = 10,
    by: str | Moment | None = None,
    collapse: bool = False,
    steps: int | None = None,
    gap: dt.timedelta = SESSION_GAP,
) -> pd.DataFrame:
    """The most frequent paths, and all others together.

    Args:
        store: Read: ``events``; with a dimension ``conversations`` and ``users``.
        since: Start of the window; an edge of the window cuts journeys.
        until: Its end, excluded.
        unit: What a journey is: conversation, user or session.
        limit: How many paths; the same ones in every group.
        by: A dimension or a moment, as of ``transitions``.
        collapse: Whether an event that directly repeats itself counts once.
        steps: Paths are cut behind so many events, and those cut end with ``…``; null = whole paths.
        gap: The longest pause within a session.

    Returns:
        One row per group and path that occurs, the paths most frequent over all groups first, and last in
        every group the row ``["other"]`` of all other journeys, so that shares sum to 1: ``by`` (if asked),
        ``path`` (list of event names), ``journeys``, ``users`` (distinct); ``share`` of ``total_journeys``
        (of ``total_users``) with its limits ``low`` ``high`` and the effective ``size`` they rest on. No row
        where there is no journey.

    Raises:
        RequestError: As ``journey_events.load``; or if ``limit`` or ``steps`` is not positive.
    """
    given: dict[str, object] = {"limit": limit, "steps": steps}
    for name, number in given.items():
        if number is not None and not (isinstance(number, int | np.integer) and number >= 1):
            raise RequestError(f"{name} is {number!r}; expected a whole number from 1 on.")
    journeys = load(store, since=since, until=until, unit=unit, by=by, gap=gap)
    tree = _Tree(collapsed(journeys) if collapse else journeys, steps)
    top = _most_frequent(tree.path, limit)
    rank = np.full(tree.size, len(top))
    rank[top] = np.arange(len(top))
    width = len(top) + 1
    every = np.unique(journeys.groups) * width
    own = shares(
        journeys.groups * width + rank[tree.path],
        journeys.users,
        width=width,
        wanted=(every[:, None] + np.arange(width)).ravel(),
    )
    kept = (own.counts > 0) | (own.keys % width == len(top))
    paths = [*(tree.names(node) for node in top), [OTHER]]
    found = {"path": pd.Series([paths[place] for place in own.keys % width], dtype="object")}
    frame = shares_frame(journeys, own.keys // width, found, own)
    return frame.iloc[np.flatnonzero(kept)].reset_index(drop=True)


def start_events(
    store: Store,
    *,
    since: Moment,
    until: Moment,
    unit: str = "conversation",
    by: str | Moment | None = None,
    gap: dt.timedelta = SESSION_GAP,
) -> pd.DataFrame:
    """With which event journeys begin.

    Args:
        store: Read: ``events``; with a dimension ``conversations`` and ``users``.
        since: Start of the window; an edge of the window cuts journeys.
        until: Its end, excluded.
        unit: What a journey is: conversation, user or session.
        by: A dimension or a moment, as of ``transitions``.
        gap: The longest pause within a session.

    Returns:
        One row per event that any journey begins with, the most frequent first: ``by`` (if asked), ``event``,
        ``journeys``, ``users`` (distinct); ``share`` of ``total_journeys`` (of ``total_users``) with its
        limits ``low`` ``high`` and the effective ``size`` they rest on.

    Raises:
        RequestError: As ``journey_events.load``.
    """
    journeys = load(store, since=since, until=until, unit=unit, by=by, gap=gap)
    return _ends(journeys, journeys.codes[journeys.starts[:-1]])


def end_events(
    store: Store,
    *,
    since: Moment,
    until: Moment,
    unit: str = "conversation",
    by: str | Moment | None = None,
    gap: dt.timedelta = SESSION_GAP,
) -> pd.DataFrame:
    """With which event journeys end, as far as the window shows.

    Takes, gives and raises what ``start_events`` does.
    """
    journeys = load(store, since=since, until=until, unit=unit, by=by, gap=gap)
    return _ends(journeys, journeys.codes[journeys.starts[1:] - 1])


def collapsed(journeys: Journeys) -> Journeys:
    """The journeys without events that directly repeat the one before."""
    kept = np.ones(len(journeys.codes), dtype=bool)
    np.not_equal(journeys.codes[1:], journeys.codes[:-1], out=kept[1:])
    kept[journeys.starts[:-1]] = True
    before = np.concatenate([[0], np.cumsum(kept)])
    return replace(
        journeys, codes=journeys.codes[kept], moments=journeys.moments[kept], starts=before[journeys.starts]
    )


class _Tree:
    """All paths as a tree, in which journeys that began alike share their first nodes.

    Nodes are numbered by length of the path and then by the alphabet, whatever the order of the journeys.
    """

    def __init__(self, journeys: Journeys, steps: int | None) -> None:
        self._names = [*journeys.names, CUT]
        self._levels = [(np.array([-1]), np.array([-1]))]
        self.size = 1
        self.path = np.zeros(len(journeys), dtype=np.int64)
        going, lengths = np.arange(len(journeys)), journeys.lengths
        longest = int(lengths.max()) if len(lengths) else 0
        for step in range(min(longest, steps or longest)):
            going = going[lengths[going] > step]
            self._grow(going, journeys.codes[journeys.starts[going] + step])
        if steps is not None:
            over = np.flatnonzero(lengths > steps)
            self._grow(over, np.full(len(over), len(journeys.names)))
        self._parents, self._codes = (np.concatenate(parts) for parts in zip(*self._levels, strict=True))

    def _grow(self, going: Ints, codes: Ints) -> None:
        width = len(self._names)
        children, place = np.unique(self.path[going] * width + codes, return_inverse=True)
        self.path[going] = self.size + place
        self.size += len(children)
        self._levels.append((children // width, children % width))

    def names(self, node: int) -> list[str]:
        """The events from the root to a node."""
        found: list[str] = []
        while node > 0:
            found.append(self._names[self._codes[node]])
            node = int(self._parents[node])
        return found[::-1]


def _most_frequent(paths: Ints, limit: int) -> Ints:
    """The nodes with most journeys; of equal ones the first."""
    counts = np.bincount(paths)
    found = np.flatnonzero(counts)
    return found[np.argsort(-counts[found], kind="stable")[:limit]]


def _ends(journeys: Journeys, codes: Ints) -> pd.DataFrame:
    width = len(journeys.names)
    own = shares(journeys.groups * width + codes, journeys.users, width=max(width, 1))
    words = np.array(journeys.names, dtype=object)
    frame = shares_frame(journeys, own.keys // max(width, 1), {"event": words[own.keys % max(width, 1)]}, own)
    order = np.lexsort((-own.counts, own.keys // max(width, 1)))
    return frame.iloc[order].reset_index(drop=True)
