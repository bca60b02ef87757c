"""An absorbing Markov chain of journeys: what follows an event depends on that event only.

With Q between events and R into what absorbs, ``N = (I - Q)⁻¹`` are the expected visits, ``B = N R`` the
shares absorbed and ``N 1`` the expected steps (Kemeny and Snell 1960, Finite Markov Chains, chapter 3).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analytics_lib.analysis.journey_counts import runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from analytics_lib.analysis.journey_counts import Ints
    from analytics_lib.analysis.journey_events import Journeys

    Floats = NDArray[np.float64]


class Absorbed(NamedTuple):
    """What becomes of a chain: a row for each transient state.

    Attributes:
        visits: N: expected visits to each transient state.
        shares: B: how much ends in each absorbing state.
        steps: N 1: expected steps until the end.
    """

    visits: Floats
    shares: Floats
    steps: Floats


class Answer(NamedTuple):
    """The chain as it is or with one transition improved.

    Attributes:
        conversion: The share of journeys that end in the outcome.
        steps: Expected events of a journey before it ends.
    """

    conversion: float
    steps: float


def absorbed(between: Floats, into: Floats) -> Absorbed:
    """N, B and N 1 of a chain.

    Args:
        between: Q: from transient to transient states.
        into: R: from transient to absorbing states; the rows of both together sum to 1.
    """
    visits: Floats = np.linalg.inv(np.eye(len(between)) - between).astype(np.float64)
    return Absorbed(visits, visits @ into, visits.sum(axis=1))


@dataclass(frozen=True)
class Moves:
    """Every move of every user, counted: from an event or the start, to an event or the end.

    Attributes:
        states: Number of events; the start and the end are the numbers behind them.
        outcome: The event that absorbs.
        pairs: The moves that occur, ``source * (states + 2) + target``, ascending.
        place: Of every entry its pair.
        kind: Of every entry which kind of user it is of.
        times: How often users of this kind make this move.
        users: How many users there are of each kind.
    """

    states: int
    outcome: int
    pairs: Ints
    place: Ints
    kind: Ints
    times: Ints
    users: Ints

    def matrix(self, weights: Floats | Ints) -> Floats:
        """How often each move is made, with every kind of user taken so many times."""
        counts = np.zeros((self.states + 2) ** 2)
        counts[self.pairs] = np.bincount(
            self.place, weights=weights[self.kind] * self.times, minlength=len(self.pairs)
        )
        return counts.reshape(self.states + 2, self.states + 2)

    def observed(self) -> Floats:
        """How often each move was made."""
        return self.matrix(self.users)

    def drawn(self, draws: int, seed: int) -> Iterator[Floats]:
        """The moves of users drawn with replacement: of n alike a Poisson number with mean n."""
        random = np.random.default_rng(seed)
        for _ in range(draws):
            yield self.matrix(random.poisson(self.users))


def cut(journeys: Journeys, outcome: int) -> Journeys:
    """The journeys up to their first outcome."""
    hits = np.flatnonzero(journeys.codes == outcome)
    number = np.searchsorted(journeys.starts, hits, side="right") - 1
    last = journeys.starts[1:].copy()
    # The first hit of a journey is written last.
    last[number[::-1]] = hits[::-1] + 1
    lengths = last - journeys.starts[:-1]
    kept = np.arange(len(journeys.codes)) < np.repeat(last, journeys.lengths)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return replace(journeys, codes=journeys.codes[kept], moments=journeys.moments[kept], starts=starts)


def moves(journeys: Journeys, outcome: int) -> Moves:
    """The moves of journeys that were cut at their first outcome."""
    states, codes = len(journeys.names), journeys.codes.astype(np.int64)
    numbers = journeys.numbers
    inside = np.flatnonzero(numbers[1:] == numbers[:-1])
    first, last = codes[journeys.starts[:-1]], codes[journeys.starts[1:] - 1]
    unfinished = np.flatnonzero(last != outcome)
    width = states + 2
    every = np.concatenate(
        [
            codes[inside] * width + codes[inside + 1],
            states * width + first,
            last[unfinished] * width + states + 1,
        ]
    )
    users = journeys.users[np.concatenate([numbers[inside], np.arange(len(first)), unfinished])]
    cells, times = runs(np.sort(users * width**2 + every))
    who, pair = np.divmod(cells, width**2)
    kinds, alike = _kinds(who, pair, times)
    one = np.isin(who, kinds)
    pairs, place = np.unique(pair[one], return_inverse=True)
    return Moves(states, outcome, pairs, place, np.searchsorted(kinds, who[one]), times[one], alike)


def _kinds(who: Ints, pair: Ints, times: Ints) -> tuple[Ints, Ints]:
    """One user of each kind, those who make the same moves as often, and how many they are.

    Two random numbers for each (move, times), summed by user, tell kinds apart.
    """
    _, cell = np.unique(pair * (int(times.max()) + 1) + times, return_inverse=True)
    marks = np.random.default_rng(0).integers(0, 2**63, (int(cell.max()) + 1, 2), dtype=np.uint64)
    starts = np.flatnonzero(np.append(True, who[1:] != who[:-1]))
    sums = np.add.reduceat(marks[cell], starts)
    _, example, alike = np.unique(sums, axis=0, return_index=True, return_counts=True)
    order = np.argsort(who[starts[example]])
    return who[starts[example]][order], alike[order]


class Chain:
    """The chain of counted moves, and what it becomes when one transition is improved."""

    def __init__(self, counts: Floats, outcome: int, source: int, target: int) -> None:
        totals = counts.sum(axis=1, keepdims=True)
        rows = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
        states = len(counts) - 2
        self._target, self._outcome = target, outcome
        self._row, self._begins = rows[source], rows[states, :states].copy()
        self._straight = self._begins[outcome]
        self._begins[outcome] = 0
        between = rows[:states, :states].copy()
        between[:, outcome] = 0
        asked = np.column_stack([rows[:states, outcome], np.arange(states) == source, np.ones(states)])
        solved = np.linalg.solve(np.eye(states) - between, asked)
        self.converting, self._visits, self._steps = solved.T

    @property
    def probability(self) -> float:
        """How much of the source goes to the target."""
        return float(self._row[self._target])

    def answer(self, improvement: float = 0.0) -> Answer:
        """Conversion and steps with so much more of the source going to the target, at most all of it.

        One row of Q changes, so that the new solution follows from the old one (Sherman and Morrison 1950).

        Raises:
            ZeroDivisionError: If journeys would never end.
        """
        change = self._change(improvement)
        between = change[: len(self._begins)].copy()
        between[self._outcome] = 0
        left = 1 - float(between @ self._visits)
        if left < 1e-9:
            raise ZeroDivisionError
        passing = float(self._begins @ self._visits) / left
        gained = float(change[self._outcome] + between @ self.converting)
        longer = float(between @ self._steps)
        conversion = self._straight + float(self._begins @ self.converting) + passing * gained
        return Answer(conversion, float(self._begins @ self._steps) + passing * longer)

    def _change(self, improvement: float) -> Floats:
        """What is added to each share of the source's row."""
        here = self.probability
        there = min(here + improvement, 1.0)
        changed: Floats = self._row * ((1 - there) / (1 - here) if here < 1 else 1.0)
        changed[self._target] = there
        changed -= self._row
        return changed
