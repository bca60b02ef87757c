"""The absorbing chain: what it comes to, by hand and by another way to solve it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journey_stories import WINDOW, store_of, walk

from analytics_lib.analysis.journey_chain import Chain, absorbed, cut, moves
from analytics_lib.analysis.journey_events import load

START, END = 3, 4  # behind the events a, b and o


def journeys_of(*paths):
    """Each ``(user, letters)`` in a conversation of its own."""
    told = [(user, ", ".join(f"10:{k:02} {name}" for k, name in enumerate(path))) for user, path in paths]
    return load(store_of(*(walk(user, text, chat=f"c{n}") for n, (user, text) in enumerate(told))), **WINDOW)


def counts_of(*paths):
    journeys = journeys_of(*paths)
    outcome = journeys.names.index("o")
    return moves(cut(journeys, outcome), outcome).observed()


def test_absorption_by_hand():
    """B of a = .1 + .5 B of b, B of b = .5 + .25 B of a: .4 and .6."""
    found = absorbed(np.array([[0, 0.5], [0.25, 0]]), np.array([[0.1, 0.4], [0.5, 0.25]]))
    assert found.shares == pytest.approx(np.array([[0.4, 0.6], [0.6, 0.4]]))
    assert found.visits[0] == pytest.approx([1.142857, 0.571429], abs=1e-6)
    assert found.steps[0] == pytest.approx(1.714286, abs=1e-6)


def test_a_journey_is_cut_at_its_first_outcome():
    journeys = journeys_of(("u1", "aobo"), ("u1", "ab"), ("u2", "o"), ("u2", "oo"))
    short = cut(journeys, journeys.names.index("o"))
    paths = [
        "".join(short.names[code] for code in part) for part in np.split(short.codes, short.starts[1:-1])
    ]
    assert sorted(paths) == ["ab", "ao", "o", "o"]


def test_moves_begin_at_the_start_and_end_at_the_end_or_the_outcome():
    counts = counts_of(("u1", "abo"), ("u1", "ab"), ("u2", "ab"))
    moved = {(int(i), int(j)): int(counts[i, j]) for i, j in zip(*np.nonzero(counts), strict=True)}
    assert moved == {(START, 0): 3, (0, 1): 3, (1, 2): 1, (1, END): 2}


def test_users_who_make_the_same_moves_are_one_kind():
    journeys = journeys_of(("u1", "ao"), ("u2", "ao"), ("u3", "ab"), ("u4", "ao"), ("u4", "ao"), ("u5", "o"))
    outcome = journeys.names.index("o")
    assert sorted(moves(cut(journeys, outcome), outcome).users.tolist()) == [1, 1, 1, 2]


def test_a_draw_of_everybody_once_is_what_was_observed():
    journeys = journeys_of(("u1", "aba"), ("u2", "ao"), ("u3", "abab"))
    counted = moves(journeys, journeys.names.index("o"))
    assert counted.matrix(counted.users).sum() == counted.observed().sum() == 4 + 2 + 5


def test_drawn_moves_are_the_same_for_one_seed():
    journeys = journeys_of(("u1", "aba"), ("u2", "ao"), ("u3", "abab"))
    counted = moves(journeys, journeys.names.index("o"))
    one, same, other = (np.array(list(counted.drawn(5, seed))) for seed in (1, 1, 2))
    assert (one == same).all()
    assert not (one == other).all()


CELLS = st.lists(st.integers(0, 20), min_size=12, max_size=12)


@settings(max_examples=100)
@given(cells=CELLS, improvement=st.floats(0.01, 0.9))
def test_one_row_changed_gives_what_solving_anew_gives(cells, improvement):
    """Four transient states; every row may be absorbed by the outcome (place 3) and by the end."""
    counts = np.ones((6, 6))
    counts[:3, :4] += np.array(cells).reshape(3, 4)
    counts[3], counts[:, 4] = 0, 0  # the outcome leads nowhere, and nothing leads to the start
    chain = Chain(counts, outcome=3, source=0, target=1)
    rows = counts / counts.sum(axis=1, keepdims=True).clip(min=1)
    there = min(rows[0, 1] + improvement, 1.0)
    rows[0] *= (1 - there) / (1 - rows[0, 1])
    rows[0, 1] = there
    whole = absorbed(rows[:3, :3], rows[:3, [3, 5]])
    expected = rows[4, 3] + rows[4, :3] @ whole.shares[:, 0]
    found = chain.answer(improvement)
    assert found.conversion == pytest.approx(expected)
    assert found.steps == pytest.approx(rows[4, :3] @ whole.steps)
