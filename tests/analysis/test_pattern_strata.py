import numpy as np
import pytest
from pattern_worlds import journeys_of

from analytics_lib.analysis.pattern_growth import Rules, distinct, match_all
from analytics_lib.analysis.pattern_strata import (
    Units,
    by_events_so_far,
    cells_of,
    exposures,
    half_of,
    rows_of,
    stays_of,
)


def units(size, *, reached=(), people=None, segments=None, held_out=None):
    none = np.zeros(size, dtype=np.int64)
    return Units(
        np.isin(np.arange(size), reached),
        np.arange(size) if people is None else np.array(people),
        none if segments is None else np.array(segments),
        none if held_out is None else np.array(held_out),
    )


def rows_by_length(lengths):
    world = distinct(journeys_of(*["a" * length for length in lengths]), least=1)
    rows = rows_of(cells_of(world, units(len(lengths))), stays_of(world, ()))
    of_length = dict(zip(np.diff(world.starts)[rows.journey].tolist(), rows.stratum.tolist(), strict=True))
    return [of_length[length] for length in sorted(set(lengths))]


def test_ten_lengths_are_ten_strata():
    assert rows_by_length(list(range(1, 11))) == list(range(10))


def test_hundred_lengths_are_deciles_of_ten_each():
    assert rows_by_length(list(range(1, 101))) == [decile for decile in range(10) for _ in range(10)]


def test_length_of_most_units_is_one_stratum():
    # Nine in ten have two events: the first nine tenths end with them.
    assert rows_by_length([1, *[2] * 18, 3]) == [0, 0, 1]


def test_segments_are_strata_apart():
    world = distinct(journeys_of("a", "a", "a"), least=1)
    rows = rows_of(cells_of(world, units(3, segments=[0, 1, 1])), stays_of(world, ()))
    assert rows.stratum.tolist() == [0, 1]
    assert rows.units.tolist() == [1, 2]


def test_units_alike_are_one_cell_but_those_of_one_user_stay_apart():
    world = distinct(journeys_of(*["a"] * 5), least=1)
    cells = cells_of(world, units(5, people=[0, 1, 2, 2, 3], reached=[4]))
    # Users 0 and 1 together, user 3 who reached it, and the two units of user 2.
    assert sorted(cells.sizes[cells.key].tolist()) == [1, 1, 1, 2]
    assert len(cells.sizes) == 3


def test_halves_hold_the_rows_of_their_users():
    world = distinct(journeys_of("a", "a", "a"), least=1)
    rows = rows_of(cells_of(world, units(3, held_out=[0, 0, 1])), stays_of(world, ()))
    assert half_of(rows, 0).units.sum() == 2
    assert half_of(rows, 1).units.sum() == 1


def test_stay_lasts_from_one_event_of_the_flow_to_the_next():
    # v and c are the flow; v again is no new stay.
    journeys = journeys_of("avbvcd", "", names=list("abcdv"))
    stays = stays_of(distinct(journeys, least=1), [journeys.names.index(name) for name in "vc"])

    assert stays.of_place.tolist() == [0, 1, 1, 1, 2, 2]
    assert stays.events.tolist() == [1, 3, 2, 0]
    assert stays.state.tolist() == [0, 1, 2, 0]


@pytest.mark.parametrize(
    ("flow", "exposed", "at_risk"),
    [("", [1], [1]), ("v", [1, 0], [1, 0]), ("c", [0, 1], [1, 1])],
)
def test_unit_is_at_risk_until_it_has_the_pattern(flow, exposed, at_risk):
    journeys = journeys_of("avac" if flow == "v" else "vcax")
    world = distinct(journeys, least=1)
    stays = stays_of(world, [journeys.names.index(name) for name in flow])
    rows = rows_of(cells_of(world, units(1)), stays)
    (match,) = match_all(world, Rules(), [(journeys.names.index("a"),)])
    found = exposures(rows, stays, match)
    order = np.argsort(rows.stay)

    assert [each[order].astype(int).tolist() for each in found] == [exposed, at_risk]


def test_events_so_far_are_counted_to_the_end_of_the_stay():
    journeys = journeys_of("abxc", "abxc", "abcx", "bc")
    world = distinct(journeys, least=1)
    stays = stays_of(world, [journeys.names.index("c")])
    parted = by_events_so_far(rows_of(cells_of(world, units(4)), stays), stays)
    by_stay = dict(zip(parted.stay.tolist(), parted.stratum.tolist(), strict=True))

    # Before c: 3, 2 and 1 events; from c on: 4, 4 and 2.
    assert len({by_stay[0], by_stay[2], by_stay[4]}) == 3
    assert by_stay[1] == by_stay[3] != by_stay[5]
