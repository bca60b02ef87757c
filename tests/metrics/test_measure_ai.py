import pytest
from small_world import aware, calls, chats, counted, memory, said

from analytics_lib.metrics import CATALOG, measure

D = "2026-03-02 "


def heard(*rows):
    """Messages of the user, a minute apart."""
    return memory(messages=said(*({"at": f"{D}10:{i:02}", **row} for i, row in enumerate(rows))))


def test_detections_are_user_messages_with_an_intent():
    store = heard(
        {"intent": "envio"}, {"intent": "fallback"}, {"intent": None}, {"intent": "envio", "sender": "bot"}
    )
    assert counted(store, "detections")[2] == 2


def test_mean_confidence_is_over_detections_with_one():
    store = heard(
        *({"intent": "envio", "confidence": value} for value in (0.5, 1.0, None)),
        {"intent": None, "confidence": 0.1},
        {"intent": "envio", "confidence": 0.0, "sender": "bot"},
    )
    assert counted(store, "mean_confidence") == (1.5, 2, 0.75)


def test_confidence_of_07_is_not_low():
    store = heard(*({"intent": "envio", "confidence": value} for value in (0.69, 0.7, 0.71, None)))
    assert counted(store, "low_confidence_rate") == (1, 3, pytest.approx(1 / 3))


def test_low_confidence_of_none_is_zero_and_without_detections_null():
    assert counted(heard({"intent": "envio", "confidence": 0.9}), "low_confidence_rate") == (0, 1, 0)
    assert str(counted(heard({"intent": None}), "low_confidence_rate")[2]) == "nan"


def test_fallback_is_no_intent_or_fallback_among_texts():
    store = heard(
        {"intent": "envio"},
        {"intent": "fallback"},
        {"intent": None},
        {"intent": None, "kind": "image"},
        {"intent": None, "sender": "bot"},
        {"intent": "cambio"},
    )
    assert counted(store, "fallback_rate") == (2, 4, 0.5)


def test_texts_that_were_not_kept_are_texts_all_the_same():
    assert counted(heard({"intent": None, "text": None}), "fallback_rate")[:2] == (1, 1)


def test_accuracy_is_of_the_reviewed_messages():
    store = heard(
        {"intent": "envio", "true_intent": "envio"},
        {"intent": "envio", "true_intent": "cambio"},
        {"intent": None, "true_intent": "cambio"},
        {"intent": "cambio", "true_intent": "cambio"},
        {"intent": "envio", "true_intent": None},
    )
    assert counted(store, "intent_accuracy") == (2, 4, 0.5)


def test_accuracy_can_be_told_apart_by_the_true_intent():
    store = heard(
        {"intent": "envio", "true_intent": "envio"},
        {"intent": "envio", "true_intent": "cambio"},
        {"intent": "cambio", "true_intent": "cambio"},
    )
    frame = measure(
        store,
        CATALOG["intent_accuracy"],
        since=aware(D + "00:00"),
        until=aware(D + "23:00"),
        by="true_intent",
    )
    assert frame[["true_intent", "numerator", "denominator"]].to_numpy().tolist() == [
        ["cambio", 1, 2],
        ["envio", 1, 1],
    ]


def called(succeeded):
    return memory(
        actions=calls(*({"at": D + "10:00", "succeeded": one} for one in succeeded)),
        conversations=chats({"at": D + "10:00"}),
    )


def test_action_success_is_of_the_known_results():
    assert counted(called([True, True, False, None]), "action_success_rate") == (2, 3, pytest.approx(2 / 3))


def test_no_action_succeeded_is_zero_and_no_known_result_null():
    assert counted(called([False]), "action_success_rate") == (0, 1, 0)
    assert str(counted(called([None]), "action_success_rate")[2]) == "nan"


def test_actions_can_be_told_apart_by_the_channel_of_their_conversation():
    frame = measure(
        called([True, False]),
        CATALOG["action_success_rate"],
        since=aware(D + "00:00"),
        until=aware(D + "23:00"),
        by="channel",
    )
    assert frame[["channel", "numerator", "denominator"]].to_numpy().tolist() == [["web", 1, 2]]
