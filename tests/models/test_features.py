"""What a model may know: each feature worked out by hand on a small shop, at the moment its row speaks of."""

import datetime as dt

import pandas as pd
import pytest

from analytics_lib.errors import RequestError
from analytics_lib.models.features import (
    CLOSED_FEATURES,
    TURN_FEATURES,
    USER_FEATURES,
    closed_features,
    turn_features,
    user_features,
)
from analytics_lib.store import Store
from feature_rows import on, said, shop, talk

# Midnight of 2 September in Bogotá, 05:00 UTC; wall clocks of the rows are UTC.
AS_OF = dt.date(2026, 9, 2)
DAY = 86_400


@pytest.fixture(scope="module")
def store():
    with Store.in_memory(**shop()) as opened, opened.known_at(AS_OF) as known:
        yield known


@pytest.fixture(scope="module")
def turns(store):
    found = turn_features(store, as_of=AS_OF)
    return found.set_index(["conversation_id", "turn"])


@pytest.fixture(scope="module")
def closed(store):
    return closed_features(store, as_of=AS_OF).set_index("conversation_id")


@pytest.fixture(scope="module")
def users(store):
    return user_features(store, as_of=AS_OF).set_index("user_id")


def told(row, **expected):
    """The values of a row under these names; null is None."""
    return {name: None if pd.isna(row[name]) else row[name] for name in expected} == {
        name: pytest.approx(value) if isinstance(value, float) else value for name, value in expected.items()
    }


def test_turn_is_a_stretch_of_the_user_and_its_reply(turns):
    assert turns.index.tolist() == [("c0", 1), ("c1", 1), ("c1", 2), ("c1", 3), ("c3", 1)]
    assert turns.loc["c1"]["known_at"].tolist() == [on("10:00:16"), on("10:02:00"), on("10:05:00")]
    assert turns.loc["c1"]["answered"].tolist() == [1, 1, 0]


def test_conversation_of_agents_only_has_no_turn_and_one_without_bot_has(turns):
    assert "c2" not in turns.index.get_level_values(0)
    assert told(turns.loc[("c3", 1)], bot_messages=0, agent_messages=1, last_response_seconds=None)


def test_messages_so_far_count_what_was_said_before_the_first_turn(turns):
    counts = turns.loc["c1"][["user_messages", "bot_messages", "agent_messages"]].to_numpy().tolist()
    assert counts == [[2, 2, 0], [3, 3, 1], [4, 3, 1]]


def test_intents_confidence_and_repeats_so_far(turns):
    first, second, third = (turns.loc[("c1", turn)] for turn in (1, 2, 3))
    assert told(first, last_intent="price", intents=2, fallback_share=0, low_confidence_share=0.5, repeats=0)
    # Confidences 0.9, 0.6 and 0.2; one question of three fell back; the words are those of the turn before.
    assert told(second, last_intent="fallback", intents=2, fallback_share=1 / 3, mean_confidence=1.7 / 3)
    assert told(second, low_confidence_share=2 / 3, least_confidence=0.2, last_confidence=0.2, repeats=1)
    # A picture asks nothing and is not taken for anything.
    assert told(third, last_intent="fallback", fallback_share=1 / 3, last_confidence=0.2, repeats=1)


def test_sentiment_falls_from_the_best_so_far(turns):
    assert told(turns.loc[("c1", 1)], last_sentiment=0.5, mean_sentiment=0.5, sentiment_fall=0)
    assert told(turns.loc[("c1", 2)], last_sentiment=-0.3, mean_sentiment=0.1, sentiment_fall=0.8)


def test_response_runs_from_the_first_message_of_the_stretch_and_pauses_to_it(turns):
    # 10:00:10 to 10:00:16; 10:01:16 to 10:01:18. The picture of the third turn has no reply yet.
    names = ["last_response_seconds", "mean_response_seconds", "longest_response_seconds"]
    assert turns.loc["c1"][names].to_numpy().tolist() == [[6, 6, 6], [2, 4, 6], [2, 4, 6]]
    # 10:00:00 to :10, 10:00:16 to 10:01:16, 10:02 to 10:05.
    assert turns.loc["c1"]["last_pause_seconds"].tolist() == [10, 60, 180]
    assert turns.loc[("c1", 3), "mean_pause_seconds"] == pytest.approx(250 / 3)


def test_call_fails_when_it_has_finished(turns):
    # The third call began at 10:04:59 and failed at 10:05:04, after the third turn.
    assert turns.loc["c1"][["actions", "failed_actions"]].to_numpy().tolist() == [[1, 1], [2, 2], [3, 2]]


def test_stage_and_escalation_are_those_reached_by_then(turns):
    # The cart was filled at 10:06, after the last turn.
    names = ["stage", "seconds_since_stage", "turns_since_stage", "escalated"]
    assert turns.loc["c1"][names].to_numpy().tolist() == [[1, 16, 0, 0], [3, 43, 0, 1], [3, 223, 1, 1]]
    assert told(turns.loc[("c3", 1)], stage=None, seconds_since_stage=None, turns_since_stage=None)


def test_past_is_what_was_known_when_the_conversation_began(turns):
    row = turns.loc[("c1", 3)]
    assert told(row, past_conversations=2, past_purchases=1, past_abandoned=1, past_orders=1)
    # The survey of 31 August is open until 2 September: the answer known is that of 20 August.
    assert told(row, last_csat=5, last_outcome="abandoned", past_escalations=0)
    # From 31 August 09:30 and from 20 August 12:00 to 1 September 10:00.
    assert told(row, days_since_conversation=24.5 / 24, days_since_first_conversation=11 + 22 / 24)


def test_user_without_a_past_has_none(turns):
    row = turns.loc[("c3", 1)]
    assert told(row, past_conversations=0, last_outcome="none", last_csat=None, days_since_conversation=None)


def test_attributes_are_told_if_they_were_there_by_then(turns):
    assert told(turns.loc[("c1", 1)], segment="nuevo", entry_point="ad", city="Bogotá", hour=10, weekday=2)
    # Luz is first seen on 5 September by the source.
    assert told(turns.loc[("c3", 1)], segment=None, entry_point=None)


def test_what_is_learned_later_does_not_reach_an_earlier_turn(turns):
    with Store.in_memory(**shop()) as opened:
        found = turn_features(opened, as_of=dt.date(2026, 9, 10)).set_index(["conversation_id", "turn"])
    # By now the surveys of 31 August and 1 September and Luz's segment are known.
    pd.testing.assert_frame_equal(found, turns)


def test_load_counts_conversations_begun_in_the_hour(turns):
    # c1 at 10:00, c2 at 10:30, c3 at 10:45.
    assert turns.loc[("c3", 1), "conversations_last_hour"] == 3
    assert turns.loc[("c1", 1), "conversations_last_hour"] == 1


def test_turns_can_be_cut_short_and_a_conversation_asked_for_alone(store, turns):
    found = turn_features(store, as_of=AS_OF, last_turn=2, conversation_id="c1")
    expected = turns.loc[[("c1", 1), ("c1", 2)]].reset_index()[found.columns]
    pd.testing.assert_frame_equal(found, expected)


def test_since_leaves_out_conversations_but_not_their_users_past(store):
    found = turn_features(store, as_of=AS_OF, since=dt.date(2026, 9, 1), last_turn=1)
    assert found["conversation_id"].tolist() == ["c1", "c3"]
    assert found["past_conversations"].tolist() == [2, 0]


def test_turn_that_is_still_going_on_is_known_up_to_its_last_message(store):
    (row,) = turn_features(store, as_of=on("10:00:16"), since=dt.date(2026, 9, 1)).to_dict("records")
    assert (row["turn"], row["known_at"], row["user_messages"]) == (1, on("10:00:12"), 2)
    assert row["answered"] == 0
    assert pd.isna(row["last_response_seconds"])


def test_messages_of_one_instant_are_told_apart_by_their_ids():
    rows = [
        said("a", "c1", "u1", "10:00", text="uno"),
        said("b", "c1", "u1", "10:00", "bot"),
        said("c", "c1", "u1", "10:00", text="dos"),
    ]
    store = Store.in_memory(
        conversations=pd.DataFrame([talk("c1", "u1", "10:00")]), messages=pd.DataFrame(rows, dtype=object)
    )
    found = turn_features(store, as_of=AS_OF)
    assert found["turn"].tolist() == [1, 2]
    assert found["user_messages"].tolist() == [1, 2]
    assert found["known_at"].tolist() == [on("10:00")] * 2


def test_closed_conversation_is_known_at_its_end(closed):
    assert closed.index.tolist() == ["c0", "c00", "c1", "c2"]
    row = closed.loc["c1"]
    assert row["known_at"] == on("10:30")
    assert told(row, outcome="escalated", escalated=1, resolved=0, seconds_to_escalation=90, turns=3)
    # By the end the third call had failed too, and the cart was filled.
    assert told(row, duration_seconds=1800, failed_actions=3, stage=6, user_messages=4)


def test_closed_conversation_does_not_tell_its_own_survey(closed):
    assert not {"csat", "nps"} & set(CLOSED_FEATURES)
    assert closed.loc["c0", "last_csat"] is pd.NA or pd.isna(closed.loc["c0", "last_csat"])


def test_closed_conversation_in_which_the_user_never_wrote_has_no_turn(closed):
    assert told(closed.loc["c2"], turns=0, agent_messages=1, past_conversations=0, mean_sentiment=None)
    # Nothing at all was said in c00.
    assert told(closed.loc["c00"], turns=None, user_messages=None, outcome="abandoned")


def test_what_is_said_after_the_end_does_not_count():
    rows = [
        said("a", "c1", "u1", "10:00", text="uno"),
        said("b", "c1", "u1", "10:10", text="gracias", sentiment=1.0),
    ]
    store = Store.in_memory(
        conversations=pd.DataFrame([talk("c1", "u1", "10:00", ended_at=on("10:05"), outcome="resolved")]),
        messages=pd.DataFrame(rows, dtype=object),
    )
    (row,) = closed_features(store, as_of=AS_OF).to_dict("records")
    assert told(row, user_messages=1, mean_sentiment=None)


def test_user_is_known_by_contacts_orders_and_endings(users):
    ana = users.loc["ana"]
    assert told(ana, contacts=2, conversations=3, contacts_30_days=2, contacts_trend=2, open_conversations=0)
    # Last wrote on 1 September 10:05, first on 20 August 12:00; now it is 2 September 05:00.
    assert told(ana, recency_days=18 / 24 + 55 / 1440, first_contact_days=12 + 17 / 24)
    gap = 11 + 22 / 24 + 10 / DAY
    assert told(ana, mean_gap_days=gap, median_gap_days=gap, recency_in_gaps=(18 / 24 + 55 / 1440) / gap)
    assert told(ana, orders=1, revenue=60, refunds=1, order_recency_days=12 + 16 / 24 + 51 / 1440)
    assert told(ana, escalated_share=1 / 3, abandoned_share=1 / 3, last_outcome="escalated", last_csat=5)
    assert told(ana, tenure_days=30, stage_90_days=6, events=3, segment="nuevo", city="Cali")


def test_user_who_never_wrote_has_no_recency_and_no_gap(users):
    assert told(users.loc["eva"], contacts=0, recency_days=None, mean_gap_days=None, conversations=1)
    assert told(users.loc["eva"], orders=0, order_recency_days=None, last_channel=None, resolved_share=1)
    assert told(users.loc["luz"], contacts=1, mean_gap_days=None, open_conversations=1, segment=None)


def test_user_of_orders_alone_is_one():
    order = {"order_id": "o1", "user_id": "u1", "ordered_at": on("10:00"), "amount": 5.0, "currency": "COP"}
    store = Store.in_memory(orders=pd.DataFrame([order]))
    (row,) = user_features(store, as_of=AS_OF).to_dict("records")
    assert told(row, user_id="u1", contacts=0, orders=1, activity_recency_days=19 / 24, tenure_days=19 / 24)


def test_store_that_shows_less_is_asked_at_its_own_moment(users):
    with Store.in_memory(**shop()) as opened, opened.known_at(AS_OF) as known:
        found = user_features(known, as_of=dt.date(2026, 12, 1))
    assert found["known_at"].tolist() == [users.iloc[0]["known_at"]] * 3
    assert found.set_index("user_id")["recency_days"].equals(users["recency_days"])


def test_revenue_keeps_to_the_currency_most_orders_are_in():
    rows = [("o1", 10.0, "COP"), ("o2", 20.0, "COP"), ("o3", 7.0, "USD")]
    orders = pd.DataFrame(rows, columns=["order_id", "amount", "currency"])
    store = Store.in_memory(orders=orders.assign(user_id="u1", ordered_at=on("10:00")))
    assert user_features(store, as_of=AS_OF)["revenue"].tolist() == [30]


def test_before_the_data_nothing_is_known_in_the_same_columns(store, turns, closed, users):
    as_of = dt.date(2020, 1, 1)
    for found, full in (
        (turn_features(store, as_of=as_of), turns.reset_index()),
        (closed_features(store, as_of=as_of), closed.reset_index()),
        (user_features(store, as_of=as_of), users.reset_index()),
    ):
        assert found.empty
        assert set(found.columns) == set(full.columns)
        numbers = found.select_dtypes("number").columns
        assert set(numbers) == set(full.select_dtypes("number").columns)


def test_long_after_the_data_all_is_known():
    late = dt.date(2126, 9, 2)
    with Store.in_memory(**shop()) as opened:
        assert len(turn_features(opened, as_of=late)) == 5
        # The surveys of 31 August and 1 September are over by now.
        found = user_features(opened, as_of=late).set_index("user_id").loc["ana"]
        assert told(found, csat_answers=3, mean_csat=8 / 3, last_csat=2, contacts_90_days=0)


def test_features_are_listed_with_their_kind(turns, closed, users):
    for found, listed, keys in (
        (turns.reset_index(), TURN_FEATURES, 4),
        (closed.reset_index(), CLOSED_FEATURES, 4),
        (users.reset_index(), USER_FEATURES, 2),
    ):
        assert list(found.columns[keys:]) != []
        assert set(listed) <= set(found.columns)
        assert len(found.columns) == len(listed) + keys
        for feature in listed.values():
            number = pd.api.types.is_numeric_dtype(found[feature.name])
            assert number == (feature.kind == "number"), feature
            assert feature.known_when in {"row", "start", "end", "answer", "finish", "unstamped"}


def test_turns_are_counted_from_one(store):
    with pytest.raises(RequestError, match="last_turn is 0"):
        turn_features(store, as_of=AS_OF, last_turn=0)
