"""One person's journey, each part from rows that the eye can check; the window is March and April 2026."""

import datetime as dt
import itertools

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from telling import store_of
from telling_user import UNTIL, WINDOW, events, orders

from analytics_lib.analysis.user_journey import choose_user, user_journey
from analytics_lib.errors import NotEnoughDataError, RequestError

MONDAY = "2026-03-02"
TALK = ("c1", f"{MONDAY} 10:00", [("user", f"{MONDAY} 10:00"), ("bot", f"{MONDAY} 10:01")])
SHOES = pd.DataFrame({"product_id": ["p1", "p2"], "name": ["Botas", "Gorra"], "category": ["calzado", None]})


def aware(local):
    return local.tz_localize("America/Bogota").to_pydatetime()


def one(store):
    return user_journey(store, "u1", **WINDOW)


def test_one_conversation_gives_its_day_its_channel_and_its_hour(tell):
    found = one(tell(TALK))

    day = found.interactions.iloc[0]
    assert len(found.interactions) == 1
    assert [day["day"], day["conversations"], day["messages"], day["own_messages"]] == [
        pd.Timestamp(MONDAY),
        1,
        2,
        1,
    ]
    assert found.channels[["channel", "conversations", "share"]].to_numpy().tolist() == [["web", 1, 1.0]]
    assert found.times.to_numpy().tolist() == [[1, 10, 1, 1.0]]
    assert found.person["first_local"] == pd.Timestamp(f"{MONDAY} 10:00")
    assert found.person["last_local"] == pd.Timestamp(f"{MONDAY} 10:01")
    assert found.recommendations.empty


def test_what_the_store_does_not_record_is_unknown_and_not_zero(tell):
    found = one(tell(TALK))

    assert found.known == {"conversations", "messages"}
    assert found.purchases.count is None
    assert pd.isna(found.purchases.per_30_days)
    assert found.stages.empty
    assert found.satisfaction.csat.n == 0
    assert pd.isna(found.satisfaction.csat.mean)
    assert found.preferences.empty
    assert found.person["segment"] is None


def test_who_bought_nothing_in_a_shop_that_records_orders_bought_zero(tell):
    found = one(tell(TALK, orders=orders((f"{MONDAY} 09:00", 10), user="u2")))

    assert found.purchases.count == 0
    assert found.purchases.per_30_days == 0.0
    assert pd.isna(found.purchases.recency_days)


def test_only_an_order_outside_chat_is_a_journey_too(tell):
    found = one(tell(orders=orders((f"{MONDAY} 09:30", 50))))

    assert found.purchases.count == 1
    assert found.purchases.orders["conversation_id"].isna().all()
    assert found.times[["weekday", "hour", "days"]].to_numpy().tolist() == [[1, 9, 1]]
    assert found.channels.empty
    assert found.conversations.empty


def test_only_events_of_other_names_are_steps_outside_the_funnel(tell):
    found = one(tell(events=events((f"{MONDAY} 09:00", "catalog"), (f"{MONDAY} 09:01", "catalog"))))

    assert found.stages[["stage", "events"]].to_numpy().tolist() == [["catalog", 2]]
    assert found.stages["position"].isna().all()
    assert found.person["events"] == 2


def test_stage_not_reached_is_an_observed_zero(tell):
    found = one(tell(events=events((f"{MONDAY} 09:00", "products_viewed"))))

    assert dict(zip(found.stages["stage"], found.stages["events"], strict=True)) == {
        "conversation_started": 0,
        "interest_shown": 0,
        "products_viewed": 1,
        "product_selected": 0,
        "size_selected": 0,
        "cart_added": 0,
        "purchase_initiated": 0,
        "purchase_completed": 0,
    }
    assert found.stages.loc[0, "first_local"] is pd.NaT


def test_agent_writing_alone_is_no_time_of_the_person(tell):
    found = one(tell(("c1", f"{MONDAY} 10:00", [("agent", f"{MONDAY} 10:00")])))

    assert found.person["messages"] == 1
    assert found.person["own_messages"] == 0
    assert found.times.empty
    assert found.recommendations.empty


def test_channels_share_the_conversations_the_most_used_first(tell):
    chats = [
        (f"c{day}", f"2026-03-0{day} 10:00", [("user", f"2026-03-0{day} 10:00")], {"channel": channel})
        for day, channel in ((1, "web"), (2, "whatsapp"), (3, "whatsapp"), (4, "whatsapp"))
    ]
    found = one(tell(*chats)).channels

    assert found["channel"].tolist() == ["whatsapp", "web"]
    assert found["share"].tolist() == [0.75, 0.25]


def test_message_after_midnight_counts_on_its_own_day_and_its_conversation_on_the_first(tell):
    said = [("user", "2026-03-02 23:59"), ("user", "2026-03-03 00:01")]
    found = one(tell(("c1", "2026-03-02 23:59", said))).interactions

    assert found["day"].tolist() == [pd.Timestamp("2026-03-02"), pd.Timestamp("2026-03-03")]
    assert found["conversations"].tolist() == [1, 0]
    assert found["own_messages"].tolist() == [1, 1]


def test_window_takes_its_first_moment_and_leaves_its_last(tell):
    said = [("user", "2026-02-28 23:59:59"), ("user", "2026-03-01 00:00"), ("user", "2026-05-01 00:00")]
    found = one(tell(("c1", "2026-02-28 23:59:59", said)))

    assert found.person["own_messages"] == 1
    assert found.person["conversations"] == 0
    assert found.channels["share"].isna().all()


def test_hour_counts_once_a_day_however_much_is_written_in_it(tell):
    said = [("user", f"2026-03-02 10:0{minute}") for minute in range(9)]
    said += [("user", "2026-03-09 10:30"), ("user", "2026-03-10 18:00")]
    found = one(tell(("c1", "2026-03-02 10:00", said))).times

    assert found[["weekday", "hour", "days"]].to_numpy().tolist() == [[1, 10, 2], [2, 18, 1]]
    assert found["share"].tolist() == pytest.approx([2 / 3, 1 / 3])


def test_refund_is_no_purchase_and_takes_none_back(tell):
    bought = orders(("2026-03-10 12:00", 100), ("2026-03-20 12:00", 300), ("2026-03-22 12:00", -300))
    found = one(tell(orders=bought)).purchases

    assert found.count == 2
    assert found.orders["kind"].tolist() == ["purchase", "purchase", "refund"]
    assert found.by_currency.to_numpy().tolist() == [["COP", 2, 400.0, 200.0, 1, 300.0, 100.0]]
    assert found.median_days_between == 10.0


def test_amounts_of_two_currencies_are_never_added(tell):
    bought = orders(("2026-03-10", 100), ("2026-03-11", 7, {"currency": "USD"}), ("2026-03-12", 50))
    found = one(tell(orders=bought)).purchases

    assert found.by_currency[["currency", "purchases", "amount"]].to_numpy().tolist() == [
        ["COP", 2, 150.0],
        ["USD", 1, 7.0],
    ]


def test_frequency_gap_and_recency_follow_from_the_days(tell):
    """Three purchases in the 61 days of March and April; the last 20 days before the end."""
    bought = orders(("2026-03-02", 10), ("2026-03-07", 10), ("2026-04-11", 10))
    found = one(tell(orders=bought)).purchases

    assert found.per_30_days == pytest.approx(3 * 30 / 61)
    assert found.median_days_between == (5 + 35) / 2
    assert found.recency_days == 20.0


def test_lone_purchase_has_no_days_between(tell):
    assert pd.isna(one(tell(orders=orders(("2026-03-02", 10)))).purchases.median_days_between)


def test_product_seen_many_times_in_a_conversation_is_one_occasion(tell):
    seen = {"product_id": "p1", "conversation_id": "c1"}
    happened = events(
        (f"{MONDAY} 10:00", "product_selected", seen),
        (f"{MONDAY} 10:01", "size_selected", seen),
        (f"{MONDAY} 10:02", "product_selected", {"product_id": "p2", "conversation_id": "c1"}),
        ("2026-03-05 10:00", "product_selected", {"product_id": "p1"}),
    )
    found = one(tell(TALK, events=happened, products=SHOES)).preferences

    assert found[["kind", "value", "name", "occasions", "share"]].values.tolist()[0][:2] == [
        "category",
        "calzado",
    ]
    products = found[found["kind"] == "product"]
    assert products[["value", "name", "occasions", "share"]].to_numpy().tolist() == [
        ["p1", "Botas", 2, 1.0],
        ["p2", "Gorra", 1, 0.5],
    ]


def test_pieces_of_an_order_are_bought_where_it_lists_them(tell):
    listed = '[{"product_id": "p1", "quantity": 2}, {"product_id": "p9"}, {"sku": 5}, null]'
    bought = orders((MONDAY, 10, {"items": listed}), ("2026-03-03", 10, {"items": '{"not": "a list"}'}))
    found = one(tell(orders=bought, products=SHOES))

    products = found.preferences[found.preferences["kind"] == "product"]
    assert dict(zip(products["value"], products["bought"], strict=True)) == {"p1": 2, "p9": 1}
    assert found.preferences.loc[found.preferences["kind"] == "category", "value"].tolist() == ["calzado"]
    assert found.purchases.orders["items"].tolist() == [3, pd.NA]


def test_greeting_and_fallback_tell_no_preference(tell):
    store = tell(TALK)
    messages = store.query("select * from messages")
    messages["intent"] = ["greeting", None]
    more = messages.assign(
        message_id=["m8", "m9"], sender="user", intent=["sizes", "fallback"], conversation_id="c1"
    )
    store = type(store).in_memory(
        conversations=store.query("select * from conversations"), messages=pd.concat([messages, more])
    )
    found = one(store).preferences

    assert found[["kind", "value", "occasions", "share"]].to_numpy().tolist() == [["intent", "sizes", 1, 1.0]]


def test_satisfaction_has_a_mean_and_no_slope_under_six_answers(tell):
    chats = [
        (
            f"c{day}",
            f"2026-03-0{day} 10:00",
            [("user", f"2026-03-0{day} 10:00")],
            {"csat": csat, "end": f"2026-03-0{day} 11:00"},
        )
        for day, csat in ((1, 5), (2, 4), (3, 3), (4, None), (5, 2), (6, 1))
    ]
    found = one(tell(*chats)).satisfaction.csat

    assert (found.n, found.mean) == (5, 3.0)
    assert pd.isna(found.slope)


def test_satisfaction_falling_by_one_a_day_has_a_slope_of_minus_thirty_in_thirty_days(tell):
    chats = [
        (
            f"c{day}",
            f"2026-03-0{day} 10:00",
            [("user", f"2026-03-0{day} 10:00")],
            {"csat": csat, "end": f"2026-03-0{day} 11:00"},
        )
        for day, csat in ((1, 5), (2, 4), (3, 3), (4, 2), (5, 1))
    ]
    chats.append(
        ("c6", "2026-03-03 12:00", [("user", "2026-03-03 12:00")], {"csat": 3, "end": "2026-03-03 13:00"})
    )
    found = one(tell(*chats)).satisfaction.csat

    assert found.n == 6
    assert found.slope == pytest.approx(-30, rel=0.01)
    assert found.low < found.slope < found.high


@given(some.lists(some.integers(0, 71), min_size=1, max_size=8), some.integers(0, 72))
@settings(max_examples=4, deadline=None)
def test_two_windows_side_by_side_hold_what_the_whole_holds(hours, cut):
    start = pd.Timestamp("2026-03-02")
    said = sorted(start + pd.Timedelta(hours=hour) for hour in hours)
    store = store_of(("c1", str(said[0]), [("user", str(at)) for at in said]))
    edges = [aware(start + pd.Timedelta(hours=hour)) for hour in (0, cut, 72)]
    found = []
    for since, until in [(edges[0], edges[2]), *itertools.pairwise(edges)]:
        try:
            found.append(user_journey(store, "u1", since=since, until=until).person["own_messages"])
        except (NotEnoughDataError, RequestError):
            found.append(0)
    assert found[0] == len(hours) == found[1] + found[2]


def test_unknown_user_is_a_wrong_request_that_says_how_to_find_one(tell):
    with pytest.raises(RequestError, match=r"no user 'nobody' in the store. It holds 1 users; worth_a_look"):
        user_journey(tell(TALK), "nobody", **WINDOW)


def test_user_outside_the_window_is_told_when_they_were_active(tell):
    with pytest.raises(NotEnoughDataError, match=r"active from 2026-03-02 10:00 to 2026-03-02 10:01"):
        user_journey(tell(TALK), "u1", since=dt.date(2026, 4, 1), until=UNTIL)


def test_user_who_is_only_listed_did_nothing_at_all(tell):
    with pytest.raises(NotEnoughDataError, match="no conversation, message, event or order at all"):
        user_journey(tell(users=pd.DataFrame({"user_id": ["u1"]})), "u1", **WINDOW)


def test_empty_window_is_refused(tell):
    with pytest.raises(RequestError, match="is empty"):
        user_journey(tell(TALK), "u1", since=UNTIL, until=UNTIL)


def test_name_that_would_be_sql_is_a_name(tell):
    with pytest.raises(RequestError, match="no user"):
        user_journey(tell(TALK), "'; drop table users; --", **WINDOW)


def test_beginning_of_an_id_names_its_user(tell):
    store = tell(users=pd.DataFrame({"user_id": ["abcdef01", "abcdef02", "b1234567"]}))

    assert choose_user(store, "b12345", **WINDOW) == "b1234567"
    assert choose_user(store, "abcdef02", **WINDOW) == "abcdef02"
    with pytest.raises(RequestError, match="Several users begin with 'abcdef'"):
        choose_user(store, "abcdef", **WINDOW)
    with pytest.raises(RequestError, match="at least 6 characters"):
        choose_user(store, "a", **WINDOW)


def test_first_user_is_the_one_most_worth_a_look(tell):
    assert choose_user(tell(TALK), "first", **WINDOW) == "u1"
    with pytest.raises(NotEnoughDataError, match="no first user"):
        choose_user(tell(), "first", **WINDOW)
