"""The turns at which a model's expectation moved most, as key moments of a review."""

import datetime as dt
import math

import pandas as pd
import pytest

from analytics_lib.analysis import conversations
from analytics_lib.errors import RequestError

START = "2026-03-02 10:00"
SAID = [
    *[("user", "2026-03-02 10:00:00"), ("bot", "2026-03-02 10:00:05")],
    *[("user", "2026-03-02 10:01:00"), ("bot", "2026-03-02 10:01:05")],
    *[("user", "2026-03-02 10:02:00"), ("bot", "2026-03-02 10:02:05")],
    *[("user", "2026-03-02 10:03:00"), ("bot", "2026-03-02 10:03:05")],
    *[("user", "2026-03-02 10:04:00"), ("bot", "2026-03-02 10:04:05")],
]


def outlook(*changes, conversation="a"):
    """A turn a minute, replied to after five seconds; the first has no change."""
    return pd.DataFrame(
        {
            "conversation_id": conversation,
            "turn": range(1, len(changes) + 1),
            "seconds": [60.0 * place + 5 for place in range(len(changes))],
            "purchase": [0.2 + 0.1 * place for place in range(len(changes))],
            "outcome": "abandoned",
            "change": [math.nan, *changes[1:]],
            "known": False,
        }
    )


def points(review):
    moments = review.key_moments
    return moments[moments["kind"] == "turning_point"]


def test_turns_that_moved_most_become_key_moments_at_their_last_message(tell):
    review = conversations.review(tell(("a", START, SAID)), "a", outlook=outlook(0, 0.3, -0.05, -0.45, 0.12))
    found = points(review)

    assert found["position"].tolist() == [4, 8, 10]
    assert found["value"].tolist() == [0.3, -0.45, 0.12]
    assert set(found["name"]) == {"abandoned"}


def test_at_most_three_turns_are_named(tell):
    review = conversations.review(tell(("a", START, SAID)), "a", outlook=outlook(0, 0.2, 0.3, 0.4, 0.5))

    assert points(review)["value"].tolist() == [0.3, 0.4, 0.5]


def test_what_a_model_gave_a_purchase_last_is_told(tell):
    store = tell(("a", START, SAID))

    assert conversations.review(
        store, "a", outlook=outlook(0, 0, 0)
    ).business.foreseen_conversion == pytest.approx(0.4)
    assert math.isnan(conversations.review(store, "a").business.foreseen_conversion)
    assert points(conversations.review(store, "a")).empty


def test_turns_of_another_conversation_or_of_later_are_not_seen(tell):
    store = tell(("a", START, SAID))
    early = dt.datetime(2026, 3, 2, 15, 1, 30, tzinfo=dt.UTC)

    assert points(conversations.review(store, "a", outlook=outlook(0, 0.5, conversation="b"))).empty
    seen = conversations.review(store, "a", as_of=early, outlook=outlook(0, 0.5, 0.4))
    assert points(seen)["value"].tolist() == [0.5]
    assert seen.business.foreseen_conversion == pytest.approx(0.3)


def test_what_decides_is_no_turning_point_and_does_not_hide_what_was_expected_before(tell):
    decided = outlook(0, 0.2, 0.7)
    decided.loc[2, ["known", "purchase"]] = [True, 0.0]
    review = conversations.review(tell(("a", START, SAID)), "a", outlook=decided)

    assert points(review)["value"].tolist() == [0.2]
    assert review.business.foreseen_conversion == pytest.approx(0.3)


def test_an_outlook_that_lacks_a_column_is_refused(tell):
    with pytest.raises(RequestError, match="no column 'change'"):
        conversations.review(tell(("a", START, SAID)), "a", outlook=outlook(0, 0.5).drop(columns="change"))
