"""Which frequent patterns are worth a row: the closed ones, or one for each set of units.

A pattern is closed where no longer one that contains it is found in exactly the same units (Yan, Han and
Afshar 2003). Without a limit of the gap this is the same as having the same support.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analytics_lib.analysis.pattern_growth import Distinct, Pattern, Rules, advice, grow, mix
from analytics_lib.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_PATTERNS = 100_000


class Mined(NamedTuple):
    """A pattern and the number of units that have it."""

    pattern: Pattern
    units: int


def mine(world: Distinct, rules: Rules, *, least: int) -> list[Mined]:
    """The closed patterns of at least ``least`` units, most frequent first, longer first, then by code.

    Raises:
        RequestError: If there are more than ``MOST_PATTERNS``, or to find them takes too long.
    """
    found, alike = _frequent(world, rules, least)
    closed = [one for one, is_open in zip(found, _inside_another(found, alike), strict=True) if not is_open]
    return sorted(closed, key=lambda one: (-one.units, -len(one.pattern), one.pattern))


def mine_shortest(world: Distinct, rules: Rules, *, least: int) -> list[Mined]:
    """One pattern, the shortest and then first by code, for each set of units that have the same.

    Most frequent first. Patterns of the same units cannot be told apart by what becomes of them.

    Raises:
        RequestError: As ``mine``.
    """
    shortest: dict[np.uint64, Mined] = {}
    for one, mark in zip(*_frequent(world, rules, least), strict=True):
        known = shortest.get(mark)
        if known is None or (len(one.pattern), one.pattern) < (len(known.pattern), known.pattern):
            shortest[mark] = one
    return sorted(shortest.values(), key=lambda one: (-one.units, len(one.pattern), one.pattern))


def _frequent(world: Distinct, rules: Rules, least: int) -> tuple[list[Mined], list[np.uint64]]:
    """Every pattern of enough units, and a mark that only patterns of the same units share."""
    marks = mix(np.arange(len(world.units), dtype=np.uint64))
    found: list[Mined] = []
    alike: list[np.uint64] = []
    for match in grow(world, rules, lambda _, units: units >= least):
        found.append(Mined(match.pattern, match.units))
        alike.append(marks[match.journeys].sum(dtype=np.uint64))
        if len(found) > MOST_PATTERNS:
            raise RequestError(f"More than {MOST_PATTERNS:,} patterns {advice(rules)}")
    return found, alike


def _inside_another(found: Sequence[Mined], alike: Sequence[np.uint64]) -> list[bool]:
    """Whether each pattern is part of a longer one that the same units have."""
    parts: set[tuple[np.uint64, Pattern]] = set()
    sizes: dict[np.uint64, set[int]] = {}
    for one, mark in zip(found, alike, strict=True):
        sizes.setdefault(mark, set()).add(len(one.pattern))
    for one, mark in zip(found, alike, strict=True):
        for size in sizes[mark]:
            if size < len(one.pattern):
                parts.update((mark, part) for part in combinations(one.pattern, size))
    return [(mark, one.pattern) in parts for one, mark in zip(found, alike, strict=True)]
