"""Funnels at their edges: nobody in the window, no events in the store, the same users as the journeys."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journey_stories import WINDOW, store_of, walk
from telling import store_of as store_of_talks

from analytics_lib.analysis import funnel_scope
from analytics_lib.analysis.funnels import against_rest, funnel
from analytics_lib.analysis.journeys import common_paths
from analytics_lib.analysis.scope import choose_scope
from analytics_lib.errors import NotEnoughDataError
from analytics_lib.schema import FUNNEL_STAGES

LATER = {"since": dt.date(2026, 4, 1), "until": dt.date(2026, 4, 2)}
SPLITS = [{"by": "channel"}, {"by": "segment", "period": "day"}, {"period": "week"}]


@pytest.fixture(scope="module")
def shop():
    return store_of(walk("u1", "10:00 a, 10:05 b"))


@pytest.mark.parametrize("split", SPLITS)
def test_where_nobody_entered_the_columns_and_their_types_are_those_of_any_other_day(shop, split):
    nobody = funnel(shop, stages=["a", "b"], **LATER, **split)
    somebody = funnel(shop, stages=["a", "b"], **WINDOW, **split)

    assert len(nobody) == 0
    assert nobody.dtypes.to_dict() == somebody.dtypes.to_dict()
    assert list(nobody) == list(somebody)


def test_groups_of_nobody_can_be_compared(shop):
    assert against_rest(funnel(shop, stages=["a", "b"], **LATER, by="channel"), by="channel").empty


def test_a_page_over_a_store_without_events_has_no_rows_rather_than_zeros():
    talks = store_of_talks(("c1", "2026-03-02 10:00", [("user", "2026-03-02 10:00")]))
    chosen = choose_scope(talks, about=["events", "messages"])
    window = {"since": chosen["since"], "until": chosen["until"]}
    answers = funnel_scope.read(talks, stages=FUNNEL_STAGES, **window, by="channel", period="week")

    assert chosen["until"] == dt.date(2026, 3, 3)  # the day after the last message
    assert [len(answers.found), len(answers.groups), len(answers.trend), len(answers.lost)] == [0, 0, 0, 0]
    assert "channel" in answers.groups
    assert "period" in answers.trend
    assert answers.taken.users == 0
    assert answers.taken.percentiles["seconds"].isna().all()
    with pytest.raises(NotEnoughDataError, match="none was ever ingested"):
        funnel(talks, stages=FUNNEL_STAGES, **window)


def test_a_page_ends_with_the_last_event_where_there_are_no_messages(shop):
    assert choose_scope(shop, about=["events", "messages"])["until"] == dt.date(2026, 3, 3)


def test_a_page_shows_what_the_single_questions_answer(shop):
    asked = {"stages": ["a", "b"], **WINDOW, "within": dt.timedelta(hours=1)}
    answers = funnel_scope.read(shop, **asked, by="channel", period="day")

    pd.testing.assert_frame_equal(answers.found, funnel(shop, **asked))
    pd.testing.assert_frame_equal(answers.groups, funnel(shop, **asked, by="channel"))
    pd.testing.assert_frame_equal(answers.trend, funnel(shop, **asked, period="day"))
    assert (answers.taken.users, answers.taken.converted) == (1, 1)


def deepest(path, stages):
    """How many of the stages are met along a path, each after the one before."""
    met = 0
    for name in path:
        met += met < len(stages) and name == stages[met]
    return met


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from("abcx"), min_size=1, max_size=8), min_size=1, max_size=5),
    st.lists(st.sampled_from("abc"), min_size=1, max_size=4),
)
def test_users_of_a_stage_are_those_whose_journey_passes_the_stages_in_order(journeys, stages):
    # Everybody knows every name on the day before, so that none is unknown.
    known = walk("before", "10:00 a, 10:01 b, 10:02 c, 10:03 x", day="2026-03-01")
    walks = [
        walk(f"u{number}", ", ".join(f"10:{minute:02} {name}" for minute, name in enumerate(names)))
        for number, names in enumerate(journeys)
    ]
    store = store_of(known, *walks)
    paths = common_paths(store, **WINDOW, unit="user", limit=100)
    depths = np.repeat([deepest(path, stages) for path in paths["path"]], paths["journeys"])

    expected = [int((depths > place).sum()) for place in range(len(stages))]
    assert funnel(store, stages=stages, **WINDOW)["users"].tolist() == expected
