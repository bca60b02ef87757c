import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_lib.analysis.intent_calibration import calibration, equal_count_bins
from analytics_lib.analysis.intents import confusions, examples, failing, recognition
from analytics_lib.store import Store

DAY = {"since": dt.date(2026, 3, 2), "until": dt.date(2026, 3, 3)}
NOON = pd.Timestamp("2026-03-02 17:00", tz="UTC")
LOCAL = pd.Timestamp("2026-03-02 12:00")


def talk(name, *said, **more):
    """A conversation of ``(intent, confidence, true_intent, text)``, each cut short at will."""
    return name, said, more


def store_of(*talks):
    conversations, messages = [], []
    for name, said, more in talks:
        ended = {"ended_at": NOON + pd.Timedelta(hours=1), "outcome": "resolved", "escalated_at": pd.NaT}
        whose = {
            "conversation_id": name,
            "user_id": more.pop("user", name),
            "channel": more.pop("channel", "web"),
        }
        conversations.append({**whose, "started_at": NOON, "started_local": LOCAL, **ended, **more})
        for place, line in enumerate(said):
            intent, confidence, true_intent, text = (*line, *(None, None, None, "hola")[len(line) :])
            at = pd.Timedelta(minutes=place)
            messages.append(
                {
                    **{key: whose[key] for key in ("conversation_id", "user_id")},
                    "message_id": f"{name}-{place:03}", "sent_at": NOON + at, "sent_local": LOCAL + at,
                    "sender": "user", "kind": "text", "text": text,
                    "intent": intent, "confidence": confidence, "true_intent": true_intent,
                }
            )  # fmt: skip
    frame = pd.DataFrame(messages).astype({"intent": "str", "true_intent": "str", "confidence": float})
    return Store.in_memory(conversations=pd.DataFrame(conversations), messages=frame)


def rates(found, intent):
    return found.intents.set_index("intent").loc[intent]


def test_boundary_of_low_confidence_is_not_low():
    found = recognition(store_of(talk("a", ("price", 0.69), ("price", 0.7), ("price", None))), **DAY)
    price = rates(found, "price")
    assert (price["detections"], price["low_confidence_count"], price["low_confidence_n"]) == (3, 1, 2)
    assert price["mean_confidence"] == pytest.approx(0.695)


def test_shares_of_detections_sum_to_one():
    store = store_of(talk("a", ("price", 0.9), ("sizes", 0.9), ("price", 0.9)), talk("b", ("price", 0.9)))
    assert recognition(store, **DAY).intents[["intent", "share"]].to_numpy().tolist() == [
        ["price", 0.75],
        ["sizes", 0.25],
    ]


def test_accuracy_is_null_where_nobody_reviewed_and_zero_where_all_was_wrong():
    store = store_of(talk("a", ("price", 0.9), ("sizes", 0.9, "price"), ("shipping", 0.9, "shipping")))
    found = recognition(store, **DAY)
    assert rates(found, "price")["accuracy_n"] == 0
    assert math.isnan(rates(found, "price")["accuracy_rate"])
    assert rates(found, "sizes")["accuracy_rate"] == 0
    assert (found.overall["accuracy_count"], found.overall["accuracy_n"]) == (1, 2)


def test_next_message_not_understood_counts_and_the_last_has_no_next():
    store = store_of(talk("a", ("price", 0.9), (None,), ("price", 0.9), ("fallback", 0.2), ("price", 0.9)))
    found = recognition(store, **DAY)
    assert (rates(found, "price")["fallback_next_count"], rates(found, "price")["fallback_next_n"]) == (2, 2)
    assert rates(found, "fallback")["fallback_next_rate"] == 0


def test_conversation_counts_once_for_an_intent_it_holds_twice():
    store = store_of(
        talk("a", ("price", 0.9), ("price", 0.8), outcome="abandoned"), talk("b", ("price", 0.9))
    )
    price = rates(recognition(store, **DAY), "price")
    assert (price["lost_count"], price["lost_n"], price["abandonment_rate"]) == (1, 2, 0.5)


def test_person_called_in_is_a_loss_too_and_an_open_conversation_is_neither():
    called = {"escalated_at": NOON + pd.Timedelta(minutes=5)}
    store = store_of(
        talk("a", ("price", 0.9), **called), talk("c", ("price", 0.9), outcome=None),
        talk("b", ("price", 0.9), ended_at=pd.NaT, outcome=None, **called),
    )  # fmt: skip
    price = rates(recognition(store, **DAY), "price")
    assert (price["lost_count"], price["lost_n"]) == (1, 1)
    assert (price["escalation_count"], price["escalation_n"]) == (1, 2)


def test_interval_of_one_user_writing_again_and_again_is_that_of_one():
    many = recognition(store_of(talk("a", *[("price", 0.9)] * 20)), **DAY)
    each = recognition(store_of(*(talk(f"u{n}", ("price", 0.9)) for n in range(20))), **DAY)
    assert rates(each, "price")["low_confidence_high"] == pytest.approx(0.161125, abs=1e-6)
    assert rates(many, "price")["low_confidence_high"] > 0.75


def test_only_the_channel_asked_for_and_nothing_after_as_of():
    store = store_of(talk("a", ("price", 0.9)), talk("b", ("sizes", 0.9), channel="whatsapp"))
    assert recognition(store, channel="whatsapp", **DAY).intents["intent"].tolist() == ["sizes"]
    assert recognition(store, as_of=dt.date(2026, 3, 2), **DAY).intents.empty


def test_source_without_intents_has_no_rows_and_nothing_counted():
    found = recognition(store_of(talk("a", (None,), (None,))), **DAY)
    assert found.intents.empty
    assert (found.overall["detections"], found.overall["lost_n"]) == (0, 0)
    assert math.isnan(found.overall["lost_rate"])
    assert failing(found).empty


def lost_of(intent, lost, of):
    return [
        talk(f"{intent}-{n}", (intent, 0.9), outcome="abandoned" if n < lost else "resolved")
        for n in range(of)
    ]


def test_failing_intents_are_ranked_by_what_is_lost_times_the_excess():
    store = store_of(*lost_of("price", 30, 40), *lost_of("sizes", 10, 40), *lost_of("returns", 25, 40))
    found = failing(recognition(store, **DAY))
    overall = 65 / 120
    assert found["intent"].tolist() == ["price", "returns"]
    assert found["cost"].tolist() == pytest.approx([30 * (0.75 - overall), 25 * (0.625 - overall)])
    assert found["difference"].iloc[0] == pytest.approx(30 / 40 - 35 / 80)
    assert found["real"].tolist() == [True, False]


def test_intent_of_few_conversations_does_not_fail():
    store = store_of(*lost_of("price", 29, 29), *lost_of("sizes", 0, 40))
    assert failing(recognition(store, **DAY)).empty


def test_intent_of_every_conversation_cannot_be_compared():
    store = store_of(*lost_of("price", 20, 40))
    assert failing(recognition(store, **DAY)).empty


def test_confusions_are_shares_of_the_true_intent():
    store = store_of(
        talk(
            "a",
            ("price", 0.9, "price"),
            ("price", 0.9, "price"),
            ("payment", 0.9, "price"),
            (None, None, "price"),
        )
    )
    found = confusions(store, **DAY)
    assert found[["true_intent", "intent", "messages", "reviewed", "share"]].to_numpy().tolist() == [
        ["price", "price", 2, 4, 0.5],
        ["price", "fallback", 1, 4, 0.25],
        ["price", "payment", 1, 4, 0.25],
    ]
    assert confusions(store_of(talk("a", ("price", 0.9))), **DAY).empty


def reviewed(confidence, right, of):
    return [("price", confidence, "price" if n < right else "sizes") for n in range(of)]


def test_equal_confidences_share_a_bin_and_the_noise_floor_is_that_of_the_definitions():
    """At p = 0.3 with 100 messages in the bin the floor is 0.037."""
    found = calibration(store_of(talk("a", *reviewed(0.3, 30, 100))), **DAY)
    assert len(found.bins) == 1
    assert found.error == pytest.approx(0)
    assert found.floor == pytest.approx(0.037, abs=5e-4)
    assert found.bins[["messages", "correct", "accuracy"]].to_numpy().tolist() == [[100, 30, 0.3]]


def test_error_is_the_mean_distance_weighted_by_messages():
    """30 messages at 0.9 all right: 0.1 off; 10 at 0.5 with 3 right: 0.2 off; (30 · 0.1 + 10 · 0.2) / 40."""
    found = calibration(store_of(talk("a", *reviewed(0.9, 30, 30), *reviewed(0.5, 3, 10))), **DAY)
    assert found.error == pytest.approx(0.125)
    assert found.bias == pytest.approx((30 * 0.9 + 10 * 0.5 - 33) / 40)


def test_fallback_claims_nothing_and_unreviewed_says_nothing():
    store = store_of(talk("a", ("fallback", 0.2, "price"), ("price", 0.9), ("price", None, "price")))
    found = calibration(store, **DAY)
    assert (found.messages, len(found.bins)) == (0, 0)
    assert math.isnan(found.error)


def test_examples_are_wrong_ones_first_then_the_least_sure_and_no_text_twice():
    store = store_of(
        talk(
            "a",
            ("price", 0.5, None, "doubt"), ("price", 0.4, None, "more doubt"),
            ("price", 0.99, "sizes", "wrong"), ("price", 0.95, "price", "right"),
            ("price", 0.45, None, "doubt"), ("sizes", 0.1, None, "other"),
        ),
    )  # fmt: skip
    found = examples(store, ["sizes", "price"], **DAY)
    assert found[["intent", "text"]].to_numpy().tolist() == [
        ["sizes", "other"], ["price", "wrong"], ["price", "more doubt"], ["price", "doubt"],
    ]  # fmt: skip
    assert found["conversation_id"].unique().tolist() == ["a"]
    assert len(examples(store, ["price"], most=1, **DAY)) == 1
    assert examples(store, [], **DAY).empty


@given(st.lists(st.integers(1, 50), min_size=1, max_size=40))
def test_bins_are_in_order_without_gaps_and_at_most_ten(counts):
    bins = equal_count_bins(np.array(counts, dtype=float), 10)
    assert (np.diff(bins) >= 0).all()
    assert sorted(set(bins)) == list(range(bins.max() + 1))
    assert bins.max() < 10


def test_single_rows_are_spread_evenly():
    assert equal_count_bins(np.ones(10), 5).tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert len(equal_count_bins(np.array([]), 5)) == 0
