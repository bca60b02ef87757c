import datetime as dt

import pandas as pd
import pytest

from analytics_lib.analysis.groups import choose_groups, defines, sizes
from analytics_lib.analysis.scope import choose_scope
from analytics_lib.errors import RequestError

WEEK = {"since": "2026-03-02", "until": "2026-03-09"}


def ended(name, day, outcome, user, channel="web"):
    end = f"2026-03-{day:02} 11:00"
    columns = {"end": end, "outcome": outcome, "user": user, "channel": channel}
    return (name, f"2026-03-{day:02} 10:00", [("user", f"2026-03-{day:02} 10:00")], columns)


@pytest.fixture
def store(tell):
    return tell(
        ended("a", 2, "escalated", "u1"),
        ended("b", 3, "escalated", "u1", "whatsapp"),
        ended("c", 4, "resolved", "u2"),
        ended("d", 5, "abandoned", "u3"),
        ended("e", 20, "resolved", "u4"),
        ("f", "2026-03-06 10:00", [("user", "2026-03-06 10:00")], {"user": "u5"}),
    )


def chosen(store, scope=None, **asked):
    return choose_groups(store, choose_scope(store, **(scope or WEEK)), **asked)


def conversations(store, groups):
    return sizes(store, groups).set_index("side")["conversations"].to_dict()


def test_groups_by_outcome_hold_the_closed_conversations_of_the_window(store):
    found = sizes(store, chosen(store)).set_index("side")

    assert found["conversations"].to_dict() == {"first": 2, "second": 1}
    assert found["users"].to_dict() == {"first": 1, "second": 1}
    assert found.loc["first", "last_started"] == pd.Timestamp("2026-03-03 10:00")


def test_open_conversations_are_a_group_of_their_own(store):
    assert conversations(store, chosen(store, first="open", second="unknown")) == {"first": 1, "second": 0}


def test_conversation_that_ends_at_as_of_is_open(store):
    known = {**WEEK, "as_of": "2026-03-04"}
    assert conversations(store, chosen(store, known)) == {"first": 2, "second": 0}


def test_groups_by_channel(store):
    groups = chosen(store, compare="channel", first="whatsapp", second="web")
    assert conversations(store, groups) == {"first": 1, "second": 4}


def test_channel_of_the_scope_limits_both_groups(store):
    assert conversations(store, chosen(store, {**WEEK, "channel": "web"})) == {"first": 1, "second": 1}


def test_day_that_splits_belongs_to_the_period_after(store):
    groups = chosen(store, compare="period", split_at="2026-03-04")
    assert (groups.first, groups.second, groups.split_at) == ("after", "before", dt.date(2026, 3, 4))
    assert conversations(store, groups) == {"first": 3, "second": 2}


def test_window_is_split_in_the_middle_unless_asked_otherwise(store):
    two_weeks = {"since": "2026-03-02", "until": "2026-03-16"}
    assert chosen(store, two_weeks, compare="period").split_at == dt.date(2026, 3, 9)
    # Of seven days the fourth is in the middle.
    assert chosen(store, compare="period").split_at == dt.date(2026, 3, 5)


@pytest.mark.parametrize("split_at", ["2026-03-02", "2026-03-09", "2027-01-01"])
def test_day_that_leaves_a_period_empty_is_refused(store, split_at):
    with pytest.raises(RequestError, match=f"split_at {split_at} does not split the window"):
        chosen(store, compare="period", split_at=split_at)


def test_one_day_cannot_be_split_into_days(store):
    with pytest.raises(RequestError, match="or a longer window"):
        chosen(store, {"since": "2026-03-02", "until": "2026-03-03"}, compare="period")


def test_day_that_is_none_is_refused(store):
    with pytest.raises(RequestError, match="split_at is '3 de marzo'; expected a day such as 2026-01-31"):
        chosen(store, compare="period", split_at="3 de marzo")


def test_unknown_outcome_is_refused_with_the_known_ones(store):
    with pytest.raises(RequestError, match="Unknown outcome 'escaleted'") as refusal:
        chosen(store, first="escaleted")
    assert "purchase, resolved, escalated, abandoned, open, unknown" in str(refusal.value)
    assert "Did you mean 'escalated'?" in str(refusal.value)


def test_known_channels_are_those_of_the_store(store):
    with pytest.raises(RequestError, match="Unknown channel 'escalated'; known here: web, whatsapp"):
        chosen(store, compare="channel")


def test_unknown_way_to_compare_is_refused(store):
    with pytest.raises(
        RequestError, match="Unknown compare 'city'; expected one of outcome, channel, period"
    ):
        chosen(store, compare="city")


def test_group_is_not_compared_with_itself(store):
    with pytest.raises(RequestError, match="first and second are both 'resolved'"):
        chosen(store, first="resolved")


def test_channels_are_not_compared_within_one_channel(store):
    with pytest.raises(RequestError, match="no second channel to compare with"):
        chosen(store, {**WEEK, "channel": "web"}, compare="channel", first="web", second="whatsapp")


def test_outcome_defines_the_groups_only_where_it_names_one(store):
    assert defines(chosen(store), "escalated")
    assert not defines(chosen(store), "purchase")
    assert not defines(chosen(store, compare="period"), "escalated")
