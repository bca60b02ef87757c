"""What an improved transition comes to, and when there is no answer."""

import datetime as dt

import pytest
from journey_stories import WINDOW, rows, store_of, walk

from analytics_lib.analysis.journeys import what_if
from analytics_lib.errors import NotEnoughDataError, RequestError


def shop(paths):
    """``{letters: journeys}``, every journey of a user of its own; o is the outcome."""
    every = [path for path, n in paths.items() for _ in range(n)]
    return store_of(
        *(
            walk(
                f"u{number}", ", ".join(f"10:{k:02} {name}" for k, name in enumerate(path)), chat=f"c{number}"
            )
            for number, path in enumerate(every)
        )
    )


def asked(store, **more):
    return what_if(
        store, **{"source": "a", "target": "b", "improvement": 0.2, "outcome": "o", **WINDOW, **more}
    )


@pytest.fixture(scope="module")
def chain():
    """Of 40 visits to a 20 go to b, 4 to o, 16 end; of 20 to b 5 go to a, 10 to o, 5 end; 35 begin with a.

    So P(b | a) = .5, P(o | a) = .1, P(a | b) = .25, P(o | b) = .5, and 14 of 35 convert.
    """
    return shop({"ao": 3, "a": 12, "abo": 10, "ab": 5, "abao": 1, "aba": 4})


@pytest.fixture(scope="module")
def improved(chain):
    return asked(chain)


def test_the_unchanged_model_gives_back_the_conversion(improved):
    found = improved
    assert (found.journeys, found.users, found.conversions) == (35, 35, 14)
    assert found.grid["conversion"][0] == pytest.approx(0.4)


def test_the_effect_of_a_quarter_half_and_all_by_hand(improved):
    """With P(b | a) = .7 P(o | a) is .06; B = .06 + .7 (.5 + .25 B), so B = .41 / .825."""
    grid = improved.grid
    assert grid["improvement"].tolist() == pytest.approx([0, 0.05, 0.1, 0.2])
    assert grid["probability"].tolist() == pytest.approx([0.5, 0.55, 0.6, 0.7])
    expected = [0.4, 0.365 / 0.8625, 0.38 / 0.85, 0.41 / 0.825]
    assert grid["conversion"].tolist() == pytest.approx(expected)
    assert grid["effect"].tolist() == pytest.approx([one - 0.4 for one in expected])
    assert grid["extra_conversions"].tolist() == pytest.approx([35 * (one - 0.4) for one in expected])


def test_expected_steps_by_hand(improved):
    """S = 1 + .5 (1 + .25 S) = 1.714286, and with .7 it is 1.7 / .825."""
    steps = improved.grid["steps"].tolist()
    assert (steps[0], steps[-1]) == pytest.approx((1.5 / 0.875, 1.7 / 0.825))


def test_the_target_may_be_the_outcome(chain):
    """With P(o | b) = .6 P(a | b) is .2; B = .1 + .5 (.6 + .2 B), so B = .4 / .9."""
    found = asked(chain, source="b", target="o", improvement=0.1)
    assert found.grid["conversion"].iloc[-1] == pytest.approx(0.4 / 0.9)
    assert found.checks["state"].tolist() == ["overall", "b"]


def test_a_journey_may_begin_with_the_outcome():
    """10 of 50 begin with it: conversion is .2 + .8 · .5, and .2 + .8 · .75 with half of the rest moved."""
    found = asked(shop({"o": 10, "ao": 20, "a": 20}), target="o", improvement=0.25)
    assert found.grid["conversion"].tolist() == pytest.approx([0.6, 0.65, 0.7, 0.8])


def test_nothing_behind_the_first_outcome_counts():
    once = asked(shop({"abo": 10, "ab": 10, "a": 10}))
    again = asked(shop({"aboababa": 10, "ab": 10, "a": 10}))
    assert once.grid.equals(again.grid)


def test_checks_compare_visits_with_the_model(improved):
    """Of the 40 visits to a 15 convert, of the 20 to b 11; the model says .4 and .6."""
    checks = improved.checks
    assert rows(checks, "state", "visits", "converted") == [("overall", 35, 14), ("a", 40, 15), ("b", 20, 11)]
    assert checks["model"].tolist() == pytest.approx([0.4, 0.4, 0.6])


def test_there_is_no_answer_where_the_way_decides_what_follows():
    """Whoever comes to b from a buys, from c nobody does: b alone does not say what follows."""
    store = shop({"abo": 40, "a": 10, "cb": 40})
    with pytest.raises(
        NotEnoughDataError, match=r"gives a conversion of 0.4000 for 'a', where 40 of 50 were"
    ):
        asked(store)


def test_intervals_of_a_plain_share_are_those_of_the_share():
    """200 of 400: ± 1.96 √(.25 / 400) = .049."""
    first = asked(shop({"ao": 200, "a": 200}), target="o", improvement=0.1).grid.iloc[0]
    assert (first["low"], first["high"]) == pytest.approx((0.451, 0.549), abs=0.006)


def test_the_effect_of_no_improvement_is_surely_0(improved):
    first = improved.grid.iloc[0]
    assert (first["effect"], first["effect_low"], first["effect_high"]) == (0, 0, 0)


def test_a_user_who_repeats_makes_the_interval_wider():
    told = [("ao" if n % 2 else "a", f"u{n}") for n in range(40)]
    alone = asked(shop({"ao": 20, "a": 20}), target="o", improvement=0.1)
    four_times = store_of(
        *(
            walk(f"u{n}", ", ".join(f"{10 + k}:0{j} {name}" for j, name in enumerate(path)), chat=f"{n}-{k}")
            for n, (path, _) in enumerate(told[:10])
            for k in range(4)
        )
    )
    repeated = asked(four_times, target="o", improvement=0.1)
    width = [found.grid["high"][0] - found.grid["low"][0] for found in (alone, repeated)]
    assert alone.journeys == repeated.journeys == 40
    assert width[1] > 1.5 * width[0]


def test_the_same_data_give_the_same_limits(chain, improved):
    assert asked(chain).grid.equals(improved.grid)


def test_one_user_has_no_interval():
    store = store_of(walk("u1", "10:00 a, 10:01 b, 10:02 a, 10:03 o", chat="c1"))
    found = asked(store, improvement=0.1)
    assert found.grid["conversion"].tolist() == pytest.approx([1, 1, 1, 1])
    assert found.grid["low"].isna().all()


def test_all_of_the_rest_can_be_moved():
    """0.2 is a little more than 1 - 0.8, and means the same."""
    assert asked(shop({"abo": 8, "a": 2})).grid["conversion"].iloc[-1] == pytest.approx(1.0)


def test_a_transition_nobody_makes_yet_can_be_improved():
    store = shop({"ao": 10, "a": 20, "bo": 20, "b": 10})
    found = asked(store, improvement=0.3)
    assert found.grid["probability"].tolist() == pytest.approx([0, 0.075, 0.15, 0.3])
    assert found.grid["effect"].iloc[-1] == pytest.approx(0.5 * 0.3 * (2 / 3 - 1 / 3))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"source": "aa"}, r"Unknown source 'aa'. Did you mean 'a'\?"),
        ({"target": "x"}, "Unknown target 'x'.*Expected one of: a, b, o"),
        ({"outcome": "purchase"}, "Unknown outcome 'purchase'"),
        ({"target": "a"}, "source is 'a', and so is the target"),
        ({"source": "o"}, "source is 'o', and so is the outcome"),
        ({"improvement": 0}, "improvement is 0; expected points above 0 and at most 0.5000"),
        ({"improvement": 0.51}, "improvement is 0.51; expected .* the share of a → b is 0.5000 already"),
        ({"unit": "visit"}, "Unknown unit 'visit'"),
        (
            {"since": dt.date(2020, 1, 1), "until": dt.date(2020, 1, 2)},
            "nothing, since no event lies in the window",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(chain, more, message):
    with pytest.raises(RequestError, match=message):
        asked(chain, **more)


def test_an_event_only_seen_after_the_outcome_has_no_answer():
    with pytest.raises(NotEnoughDataError, match="No journey has 'b' before its first 'o'"):
        asked(shop({"ao": 5, "aob": 5, "a": 5}))


def test_a_change_after_which_nothing_would_end_is_refused():
    """From b all go back to a; with nothing else left to a they would go round for ever."""
    with pytest.raises(RequestError, match="journeys would never end"):
        asked(shop({"aba": 4, "ao": 1}), improvement=1 - 4 / 9)
