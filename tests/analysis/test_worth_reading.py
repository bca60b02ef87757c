import datetime as dt
import re

import pandas as pd
import pytest
from telling import at

from analytics_lib.analysis import candidates
from analytics_lib.analysis.candidates import COURTESY
from analytics_lib.analysis.worth_reading import find
from analytics_lib.errors import RequestError
from analytics_lib.text.dialogue_acts import is_courtesy
from analytics_lib.text.normalize import normalise_column

DAY = {"since": dt.date(2026, 3, 2), "until": dt.date(2026, 3, 3)}
COLUMNS = [
    *("conversation_id", "reason", "evidence", "value", "position", "reasons"),
    *("started_local", "channel", "outcome", "closed", "messages"),
]


def minute(number):
    return f"2026-03-02 {10 + number // 60}:{number % 60:02}"


def quick(name, *texts, **more):
    """A conversation in which the bot answers everything at once, each time with other words."""
    said = []
    for place, text in enumerate(texts):
        said += [("user", minute(place), text), ("bot", minute(place) + ":01", f"respuesta {name}{place}")]
    return (name, minute(0), said, {"end": minute(59), **more})


def event(conversation, name, number=1, **more):
    ids = {"event_id": f"{conversation}-{name}-{number}", "conversation_id": conversation, "user_id": "u1"}
    return {**ids, "occurred_at": at(minute(number)), "name": name, **more}


def only(frame):
    assert len(frame) == 1
    return frame.iloc[0]


def test_longest_wait_comes_with_its_seconds_and_the_message_waited_for(tell):
    said = [
        ("user", minute(0), "cuanto vale?"),
        ("bot", minute(1)),
        ("user", minute(2), "donde esta mi pedido?"),
    ]
    row = only(find(tell(("a", minute(0), [*said, ("agent", minute(9))])), **DAY))
    assert (row["reason"], row["value"], row["position"]) == ("longest_wait", 420, 4)
    assert row["evidence"] == "waited 420 s for an agent before message 4"


def test_of_several_messages_without_a_reply_the_first_begins_the_wait(tell):
    said = [("user", minute(0), "cuanto vale?"), ("user", minute(4), "me responden?"), ("bot", minute(5))]
    assert only(find(tell(("a", minute(0), said)), **DAY))["value"] == 300


def test_nobody_waits_after_a_thank_you(tell):
    said = [("user", minute(0), "muchas gracias"), ("bot", minute(50), "hoy hay descuentos")]
    assert find(tell(("a", minute(0), said)), **DAY).empty


def test_a_person_called_in_is_waited_for_though_the_bot_said_something(tell):
    said = [
        ("user", minute(0), "quiero hablar con un asesor"),
        ("bot", minute(0)),
        ("agent", minute(30), "hola"),
    ]
    row = only(find(tell(("a", minute(0), said, {"escalated_at": at(minute(0))})), **DAY))
    assert (row["reason"], row["value"], row["position"]) == ("longest_wait", 1800, 3)


def test_question_never_answered_is_no_wait(tell):
    said = [("user", minute(0), "cuanto vale?")]
    assert find(tell(("a", minute(0), said, {"end": minute(59)})), **DAY).empty


def test_question_asked_again_is_a_repeat(tell):
    store = tell(quick("a", "donde esta mi pedido?", "que tallas manejan?", "donde esta mi pedido?"))
    row = only(find(store, **DAY))
    assert (row["reason"], row["value"], row["position"]) == ("most_repeats", 1, 5)
    assert row["evidence"] == "the user asked again once, first at message 5"


def test_more_repeats_come_first(tell):
    once = quick("a", "donde esta mi pedido?", "donde esta mi pedido?")
    twice = quick("b", "donde esta mi pedido?", "donde esta mi pedido?", "donde esta mi pedido?")
    assert find(tell(once, twice), **DAY)["conversation_id"].tolist() == ["b", "a"]


def test_cart_without_an_order_is_lost_at_checkout(tell):
    events = [event("a", "cart_added", value=50_000.0), event("a", "cart_added", 2, value=20_000.0)]
    row = only(find(tell(quick("a", "hola"), events=pd.DataFrame(events)), **DAY))
    assert (row["reason"], row["value"]) == ("lost_at_checkout", 70_000)
    assert row["evidence"] == "filled the cart at message 2 (70,000) and bought nothing"


def test_who_bought_after_all_is_not_lost(tell):
    events = pd.DataFrame(
        [event(name, "cart_added") for name in "ab"] + [event("a", "purchase_completed", 3)]
    )
    order = {"order_id": "o", "user_id": "u1", "conversation_id": "b", "ordered_at": at(minute(4))}
    orders = pd.DataFrame([{**order, "amount": 10.0, "currency": "COP"}])
    assert find(tell(quick("a", "hola"), quick("b", "hola"), events=events, orders=orders), **DAY).empty


def test_a_product_put_into_the_cart_again_is_carried_once(tell):
    events = [event("a", "cart_added", number, product_id="p") for number in (1, 2, 3)]
    events += [event("a", "cart_added", 4, product_id="q", value=7.0)]
    products = pd.DataFrame({"product_id": ["p", "q"], "name": ["P", "Q"], "price": [100.0, 5.0]})
    found = find(tell(quick("a", "hola"), events=pd.DataFrame(events), products=products), **DAY)
    assert found["value"].tolist() == [107.0]


def test_begun_payment_comes_before_a_fuller_cart_and_prices_fill_in_for_values(tell):
    events = [event("a", "cart_added", value=90.0), event("c", "cart_added", product_id="p")]
    events += [event("b", "cart_added", value=10.0), event("b", "purchase_initiated", 2)]
    products = pd.DataFrame([{"product_id": "p", "name": "falda", "price": 95.0}])
    store = tell(*[quick(name, "hola") for name in "abc"], events=pd.DataFrame(events), products=products)
    found = find(store, **DAY)
    assert found["conversation_id"].tolist() == ["b", "c", "a"]
    assert found["value"].tolist() == [10, 95, 90]


def test_conversation_still_running_has_lost_nothing_yet_and_a_day_later_it_has(tell):
    events = pd.DataFrame([event("a", "cart_added")])
    running = quick("a", "hola", end=None)
    assert find(tell(running, events=events), **DAY).empty
    later = ("z", "2026-03-04 12:00", [])
    assert only(find(tell(running, later, events=events), **DAY))["reason"] == "lost_at_checkout"


def test_lowest_mean_sentiment_names_the_worst_message(tell):
    felt = {"así no": -0.4, "no y no": -0.8}

    def scorer(texts):
        return texts.map(felt).astype(float)

    store = tell(quick("a", "así no", "no y no", "el pedido es el 20418"))
    row = only(find(store, **DAY, scorers={"es": scorer, "en": scorer}))
    assert (row["reason"], row["position"]) == ("lowest_sentiment", 3)
    assert row["value"] == pytest.approx(-0.6)
    assert row["evidence"] == "sentiment -0.60 on average over 2 messages, lowest at message 3 (-0.80)"


def test_mood_is_found_by_its_words_where_more_lack_a_sentiment_than_are_looked_at(tell, monkeypatch):
    monkeypatch.setattr(candidates, "_UNSURE", 2)
    others = [quick(f"calm{number}", *[f"el pedido {number} es ese"] * 4) for number in range(3)]
    store = tell(*others, quick("sad", "qué mal servicio", "esto es pésimo", "es una estafa"))
    found = find(store, **DAY)
    assert found.loc[found["reason"] == "lowest_sentiment", "conversation_id"].tolist() == ["sad"]


def test_one_bad_word_is_no_mood(tell):
    assert find(tell(quick("a", "qué mal servicio", "el pedido es el 20418")), **DAY).empty


def test_escalation_after_nothing_failed_is_one_without_need(tell):
    more = {"escalated_at": at(minute(1) + ":30"), "escalation_reason": "other"}
    row = only(find(tell(quick("a", "tienen jeans?", "en talla 10", **more)), **DAY))
    assert (row["reason"], row["value"], row["position"]) == ("escalated_without_need", 2, 4)
    assert (
        row["evidence"]
        == "a person was called after message 4 (other) and 2 turns, though nothing had failed"
    )


def test_escalation_for_what_the_source_calls_a_need_is_not_listed(tell):
    called = {"escalated_at": at(minute(1) + ":30"), "escalation_reason": "complaint"}
    assert find(tell(quick("a", "tienen jeans?", "en talla 10", **called)), **DAY).empty


@pytest.mark.parametrize("text", ["quiero hablar con una persona", "qué servicio tan malo"])
def test_who_asked_for_a_person_or_was_angry_needed_one(tell, text):
    store = tell(quick("a", "tienen jeans?", text, escalated_at=at(minute(1) + ":30")))
    assert "escalated_without_need" not in find(store, **DAY)["reason"].tolist()


def test_a_failed_action_before_makes_the_escalation_needed_one_after_does_not(tell):
    failed = {"name": "search", "succeeded": False}
    actions = [
        {"action_id": name, "conversation_id": name, "started_at": at(minute(number)), **failed}
        for name, number in (("a", 0), ("b", 5))
    ]
    stories = [quick(name, "tienen jeans?", escalated_at=at(minute(1))) for name in "ab"]
    found = find(tell(*stories, actions=pd.DataFrame(actions)), **DAY)
    assert found["conversation_id"].tolist() == ["b"]


def test_what_is_bad_in_two_ways_comes_first_and_names_both(tell):
    slow = ("a", minute(0), [("user", minute(0), "cuanto vale?"), ("bot", minute(30))])
    both = ("b", minute(0), [("user", minute(0), "cuanto vale?"), ("bot", minute(20))], {"end": minute(59)})
    found = find(tell(slow, both, events=pd.DataFrame([event("b", "cart_added")])), **DAY)
    assert found["conversation_id"].tolist() == ["b", "a"]
    assert found["reason"].tolist() == ["lost_at_checkout", "longest_wait"]
    assert found["reasons"].tolist() == ["lost_at_checkout, longest_wait", "longest_wait"]


def slow(name, minutes, **more):
    start = more.pop("start", minute(0))
    end = str(pd.Timestamp(start) + pd.Timedelta(minutes=minutes))
    return (name, start, [("user", start, "cuanto vale?"), ("bot", end)], more)


def test_only_conversations_of_the_window_and_the_channel_are_listed(tell):
    store = tell(
        slow("mine", 5),
        slow("other-day", 9, start="2026-03-03 00:00"),
        slow("other-channel", 9, channel="whatsapp"),
    )
    assert find(store, **DAY, channel="web")["conversation_id"].tolist() == ["mine"]


def test_nothing_later_than_as_of_counts(tell):
    store = tell(slow("a", 30))
    assert find(store, **DAY, as_of=at(minute(30)).to_pydatetime()).empty
    assert len(find(store, **DAY, as_of=at(minute(31)).to_pydatetime())) == 1


def test_limit_cuts_the_list_at_its_end(tell):
    store = tell(*[slow(f"c{minutes}", minutes) for minutes in range(3, 9)])
    assert find(store, **DAY, limit=2)["conversation_id"].tolist() == ["c8", "c7"]


def test_equally_bad_conversations_come_in_order_of_their_ids(tell):
    store = tell(slow("b", 5), slow("a", 5), slow("c", 5))
    assert find(store, **DAY)["conversation_id"].tolist() == ["a", "b", "c"]


def test_conversation_that_is_open_is_told_from_one_whose_result_the_source_does_not_give(tell):
    found = find(tell(slow("a", 9), slow("b", 5, end=minute(59))), **DAY)
    assert found["outcome"].isna().all()
    assert dict(zip(found["conversation_id"], found["closed"], strict=True)) == {"a": False, "b": True}


def test_window_without_conversations_gives_the_columns(tell):
    assert list(find(tell(), **DAY)) == COLUMNS
    assert find(tell(slow("a", 5)), since=dt.date(2025, 1, 1), until=dt.date(2025, 1, 2)).empty


@pytest.mark.parametrize("limit", [0, 10_001, 2.5, "x", None])
def test_limit_that_is_no_number_of_conversations_is_refused(tell, limit):
    with pytest.raises(RequestError, match=rf"limit is {limit!r}; expected 1 to 10,000"):
        find(tell(), **DAY, limit=limit)


def test_wait_in_a_short_conversation_is_found_among_many_that_last_longer(tell, monkeypatch):
    monkeypatch.setattr(candidates, "_LASTING", 3)
    long = [quick(f"long{number}", *["hola"] * 40) for number in range(8)]
    found = find(tell(*long, slow("short", 5)), **DAY)
    assert found["conversation_id"].tolist() == ["short"]


def test_cart_filled_before_the_first_message_has_no_message_to_look_at(tell):
    events = [event("a", "cart_added", number=0) | {"occurred_at": at("2026-03-02 09:59")}]
    store = tell(quick("a", "hola"), events=pd.DataFrame(events))
    row = only(find(store, **DAY))

    assert row["reason"] == "lost_at_checkout"
    assert pd.isna(row["position"])
    assert row["evidence"] == "filled the cart and bought nothing"


def test_refund_does_not_make_a_lost_cart_a_purchase(tell):
    order = {"order_id": ["o"], "user_id": ["u1"], "conversation_id": ["a"], "ordered_at": [at(minute(5))]}
    store = tell(
        quick("a", "hola"),
        events=pd.DataFrame([event("a", "cart_added")]),
        orders=pd.DataFrame(order | {"amount": [-5.0], "currency": ["COP"]}),
    )
    assert only(find(store, **DAY))["reason"] == "lost_at_checkout"


@pytest.mark.parametrize(
    "text", ["gracias", "Ok!!", "mil gracias", "¡Hola!", "buenos días", "sí", "thank you", "bye"]
)
def test_what_the_scan_takes_for_courtesy_is_one_for_the_close_reading_too(text):
    assert re.search(COURTESY.replace(r"\p{L}\p{N}", r"\w"), text)
    assert is_courtesy(normalise_column(pd.Series([text], dtype="str"))).item()


def test_list_holds_the_worst_of_every_reason_before_the_second_of_any(tell):
    slow_ones = [slow(f"slow{number}", 10 + number) for number in range(4)]
    cart = quick("cart", "hola")
    store = tell(*slow_ones, cart, events=pd.DataFrame([event("cart", "cart_added")]))

    assert set(find(store, **DAY, limit=2)["conversation_id"]) == {"slow3", "cart"}


def test_shorter_list_is_the_beginning_of_the_longer(tell):
    store = tell(*[slow(f"slow{number}", 10 + number) for number in range(9)])
    longer, shorter = (find(store, **DAY, limit=limit)["conversation_id"].tolist() for limit in (9, 4))

    assert longer[:4] == shorter
