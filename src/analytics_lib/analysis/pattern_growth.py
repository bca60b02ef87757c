"""Sequential patterns: which events come one after the other, with few others in between, in many units.

A pattern grows by one event at its end, as in PrefixSpan (Pei and others 2001): where it can end is known as
positions in the array of all events, and the events within reach of these positions are those it can grow by.
Equal journeys are searched once, with the number of units that have them; events too rare for any pattern
are blanked out and keep their place, so that they still count as events in between. Depth first, so that
only the positions along one pattern are held.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analytics_lib.analysis.pattern_events import units_with_each
from analytics_lib.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from analytics_lib.analysis.pattern_events import Journeys

    Ints = NDArray[np.int64]
    Hashes = NDArray[np.uint64]
    Codes = NDArray[np.int16] | NDArray[np.int32]

Pattern = tuple[int, ...]

# Events looked at while patterns grow; a processor does some 30 million a second.
MOST_STEPS = 2_000_000_000
LONGEST = 10
_BLANK = -1


@dataclass(frozen=True)
class Rules:
    """What counts as a pattern.

    Attributes:
        max_length: Most events of a pattern, 1 to 10.
        max_gap: Most other events between two that follow each other in the pattern; null = any number.
        min_support: The least share of units that have it, above 0 and at most 1.
        min_units: The least number of units that have it.
    """

    max_length: int = 5
    max_gap: int | None = 2
    min_support: float = 0.02
    min_units: int = 1

    def __post_init__(self) -> None:
        """Refuse limits that mean nothing.

        Raises:
            RequestError: If a limit is out of its range.
        """
        if not 1 <= self.max_length <= LONGEST:
            raise RequestError(f"max_length is {self.max_length}; expected 1 to {LONGEST} events.")
        if self.max_gap is not None and self.max_gap < 0:
            raise RequestError(f"max_gap is {self.max_gap}; expected 0 events in between or more, or None.")
        if not 0 < self.min_support <= 1:
            raise RequestError(f"min_support is {self.min_support}; expected a share above 0, at most 1.")
        if self.min_units < 1:
            raise RequestError(f"min_units is {self.min_units}; expected at least 1.")

    def least(self, units: int) -> int:
        """The least number of units a pattern needs, of so many."""
        return max(self.min_units, int(np.ceil(self.min_support * units - 1e-9)), 1)


@dataclass(frozen=True)
class Distinct:
    """Every different journey once.

    Attributes:
        codes: Events of the journeys, one journey after the other; -1 = an event too rare to matter.
        starts: Where each begins, and at last the length of ``codes``.
        owner: The journey each event belongs to.
        units: How many units have each journey.
        of_unit: The journey of each unit.
        events: Number of different codes.
    """

    codes: Codes
    starts: Ints
    owner: NDArray[np.int32]
    units: Ints
    of_unit: Ints
    events: int


class Match(NamedTuple):
    """A pattern, the journeys that have it in ascending order, and where in each it is first complete."""

    pattern: Pattern
    journeys: NDArray[np.int32]
    places: Ints
    units: int


def distinct(journeys: Journeys, *, least: int, keep: Sequence[int] = ()) -> Distinct:
    """Equal journeys put together, once events of fewer than ``least`` units are blanked.

    Journeys are told apart by their length and a hash of 64 bits.

    Args:
        journeys: The units.
        least: Fewest units an event needs to stay.
        keep: Codes that stay however few have them.
    """
    codes = _without_rare(journeys, least, keep)
    hashes = _sequence_hashes(codes, journeys)
    _, first, of_unit, units = np.unique(hashes, return_index=True, return_inverse=True, return_counts=True)
    # In the order in which they are first met, so that the order does not hang on the hash.
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    first, units, of_unit = first[order], units[order], rank[of_unit]
    lengths = journeys.lengths[first]
    starts = np.append(0, lengths.cumsum())
    owner = np.repeat(np.arange(len(first), dtype=np.int32), lengths)
    within = np.arange(len(owner)) - starts[owner]
    chosen = codes[journeys.starts[first][owner] + within]
    return Distinct(chosen, starts, owner, units, of_unit, len(journeys.names))


def match_all(world: Distinct, rules: Rules, patterns: Sequence[Pattern]) -> Iterator[Match]:
    """Where each of some patterns is found, as they grow; one that is not found is absent."""
    wanted = set(patterns)
    beginnings = {pattern[:size] for pattern in wanted for size in range(1, len(pattern) + 1)}
    for match in grow(world, rules, lambda pattern, _: pattern in beginnings):
        if match.pattern in wanted:
            yield match


def grow(world: Distinct, rules: Rules, keep: Callable[[Pattern, int], bool]) -> Iterator[Match]:
    """Every pattern that is kept and has only kept beginnings, depth first.

    Args:
        world: The journeys.
        rules: Length and gap.
        keep: Told a pattern and its number of units, whether it is wanted and may grow.

    Raises:
        RequestError: If more than ``MOST_STEPS`` events have been looked at.
    """
    steps = len(world.codes)
    every = np.flatnonzero(world.codes != _BLANK)
    waiting = _children((), every, world, keep)
    while waiting:
        match, ends = waiting.pop()
        yield match
        if len(match.pattern) == rules.max_length:
            continue
        places = _within_reach(ends, world, rules.max_gap)
        steps += len(places)
        if steps > MOST_STEPS:
            raise RequestError(
                f"Over {MOST_STEPS:,} steps were taken without an end: too many patterns {advice(rules)}"
            )
        waiting += _children(match.pattern, places, world, keep)


def _children(
    pattern: Pattern, places: Ints, world: Distinct, keep: Callable[[Pattern, int], bool]
) -> list[tuple[Match, Ints]]:
    """The kept patterns that end at some of these places, last code first."""
    codes = world.codes[places]
    order = np.argsort(codes, kind="stable")
    codes, places = codes[order], places[order]
    known = int(np.searchsorted(codes, 0))
    codes, places = codes[known:], places[known:]
    if not len(codes):
        return []
    owner = world.owner[places]
    is_first = np.ones(len(codes), dtype=bool)
    is_first[1:] = (codes[1:] != codes[:-1]) | (owner[1:] != owner[:-1])
    firsts = np.flatnonzero(is_first)
    units = np.bincount(codes[firsts], weights=world.units[owner[firsts]])
    kept = []
    for code in np.flatnonzero(units)[::-1].tolist():
        longer, count = (*pattern, code), int(units[code])
        if keep(longer, count):
            low, high = np.searchsorted(codes, [code, code + 1])
            mine_first = firsts[np.searchsorted(firsts, low) : np.searchsorted(firsts, high)]
            match = Match(longer, owner[mine_first], places[mine_first], count)
            kept.append((match, places[low:high].copy()))
    return kept


def _within_reach(ends: Ints, world: Distinct, max_gap: int | None) -> Ints:
    """The places a pattern that ends at these ascending ones can grow to, each once and ascending."""
    last = world.starts[world.owner[ends] + 1] - 1
    high = last if max_gap is None else np.minimum(ends + max_gap + 1, last)
    low = ends + 1
    low[1:] = np.maximum(low[1:], high[:-1] + 1)
    sizes = np.maximum(high - low + 1, 0)
    before = np.append(0, sizes.cumsum())
    places: Ints = np.arange(before[-1]) + np.repeat(low - before[:-1], sizes)
    return places


def _without_rare(journeys: Journeys, least: int, keep: Sequence[int]) -> Codes:
    frequent = units_with_each(journeys) >= least
    frequent[list(keep)] = True
    # Sorting by numbers of 16 bits goes without comparing them.
    codes = np.where(frequent[journeys.codes], journeys.codes, _BLANK)
    return codes.astype(np.int16) if len(journeys.names) < 2**15 else codes.astype(np.int32)


def _sequence_hashes(codes: Codes, journeys: Journeys) -> Hashes:
    """One number a unit: the sum of a mixed number for each (place, code), and one for its length."""
    starts, lengths = journeys.starts[:-1], journeys.lengths
    place = np.arange(len(codes), dtype=np.uint64) - np.repeat(starts, lengths).astype(np.uint64)
    mixed = mix((place << np.uint64(32)) ^ (codes.astype(np.uint64) + np.uint64(7)))
    sums = np.append(np.uint64(0), np.cumsum(mixed, dtype=np.uint64))
    return sums[journeys.starts[1:]] - sums[starts] + mix(lengths.astype(np.uint64) << np.uint64(20))


def mix(numbers: Hashes) -> Hashes:
    """Steele, Lea and Flood's splitmix64 (2014): each number to one that looks drawn at random."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def advice(rules: Rules) -> str:
    """What to ask for instead, after the words that say what there is too much of."""
    return (
        f"reach a support of {rules.min_support:g} with at most {rules.max_length} events and "
        f"{'any number of' if rules.max_gap is None else rules.max_gap} others between two. "
        "Raise min_support, lower max_length or max_gap, or ask for a segment."
    )
