import datetime as dt

import pytest
from small_world import MARCH, aware, bought, chats, counted, memory, number, said, steps, talk

from analytics_lib.errors import RequestError
from analytics_lib.metrics import CATALOG, measure
from analytics_lib.metrics.rates import Rates
from analytics_lib.schema import FUNNEL_STAGES

D = "2026-03-02 "


def shop(*, conversations=2, events=(), orders=None, silent=()):
    """Conversations c000, c001, … a user wrote in, but for the ``silent``."""
    rows = ({"at": D + "10:00", "user_id": f"u{i}"} for i in range(conversations))
    talks = [
        one
        for i in range(conversations)
        for one in talk(("bot" if i in silent else "user", D + "10:00"), chat=f"c{i:03}", user=f"u{i}")
    ]
    more = {"orders": bought(*orders)} if orders else {}
    events = events or [event(FUNNEL_STAGES[0], 0)]
    return memory(conversations=chats(*rows), messages=said(*talks), events=steps(*events), **more)


def event(name, chat, at="10:05"):
    return {"conversation_id": f"c{chat:03}", "user_id": f"u{chat}", "name": name, "at": D + at}


def order(amount, chat=0, at=D + "10:30", **columns):
    conversation = None if chat is None else f"c{chat:03}"
    return {
        "conversation_id": conversation,
        "user_id": f"u{chat or 0}",
        "amount": amount,
        "at": at,
        **columns,
    }


def test_conversion_is_of_the_conversations_a_user_wrote_in():
    events = [event("purchase_completed", 0), event("purchase_completed", 3), event("cart_added", 1)]
    assert counted(shop(conversations=4, events=events, silent={3}), "conversion_rate") == (
        1,
        3,
        pytest.approx(1 / 3),
    )


def test_conversion_of_none_is_zero():
    assert counted(shop(), "conversion_rate") == (0, 2, 0)


def test_purchase_at_as_of_is_not_known():
    store = shop(conversations=1, events=[event("purchase_completed", 0)])
    assert counted(store, "conversion_rate", as_of=aware(D + "10:05"))[:2] == (0, 1)


def test_step_conversion_is_of_those_who_came_to_the_step_before():
    # Four came to the cart, two of them went on to pay, one bought.
    reached = ("cart_added", "cart_added", "purchase_initiated", "purchase_completed", "interest_shown")
    store = shop(conversations=5, events=[event(name, i) for i, name in enumerate(reached)])
    assert counted(store, "step_conversion_rate_purchase_initiated") == (2, 4, 0.5)
    assert counted(store, "step_conversion_rate_purchase_completed") == (1, 2, 0.5)
    assert counted(store, "drop_off_rate_purchase_initiated") == (2, 4, 0.5)
    assert counted(store, "step_conversion_rate_interest_shown") == (5, 5, 1)


@pytest.mark.parametrize("stage", FUNNEL_STAGES[1:])
def test_every_stage_has_its_step_and_its_loss(stage):
    store = shop(events=[event(FUNNEL_STAGES[FUNNEL_STAGES.index(stage) - 1], 0), event(stage, 1)])
    assert counted(store, f"step_conversion_rate_{stage}") == (1, 2, 0.5)
    assert counted(store, f"drop_off_rate_{stage}") == (1, 2, 0.5)


def test_step_nobody_came_to_is_null():
    assert str(counted(shop(), "step_conversion_rate_purchase_completed")[2]) == "nan"


def test_time_to_conversion_is_the_median_from_the_start():
    times = ("10:01", "10:03", "11:00")
    store = shop(conversations=4, events=[event("purchase_completed", i, at) for i, at in enumerate(times)])
    assert counted(store, "time_to_conversion")[1:] == (3, 180)


def test_time_to_conversion_where_nobody_bought_is_null():
    row = number(shop(), "time_to_conversion")
    assert (row["denominator"], str(row["value"])) == (0, "nan")


def test_refunds_are_taken_off_revenue_and_shown_apart():
    store = shop(orders=[order(100), order(50, chat=None), order(-30)])
    assert counted(store, "orders")[2] == 2
    assert counted(store, "revenue")[2] == 120
    assert counted(store, "refunds")[2] == 30
    assert counted(store, "direct_revenue")[2] == 70


def test_order_belongs_to_the_wall_clock_it_was_placed_at():
    store = shop(
        orders=[
            order(100, at="2026-02-28 23:59:59"),
            order(7, at="2026-03-01 00:00"),
            order(1, at="2026-04-01"),
        ]
    )
    assert counted(store, "revenue")[2] == 7


@pytest.mark.parametrize(
    ("at", "revenue"),
    [("2026-03-02 09:00", 0), ("2026-03-02 10:01", 100), ("2026-03-09 09:59", 100), ("2026-03-09 10:01", 0)],
)
def test_order_is_influenced_by_a_conversation_in_the_seven_days_before(at, revenue):
    assert counted(shop(orders=[order(100, chat=None, at=at)]), "influenced_revenue")[2] == revenue


def test_two_conversations_influence_an_order_once():
    store = memory(
        conversations=chats({"at": D + "10:00"}, {"at": D + "11:00"}),
        orders=bought({"amount": 100, "at": "2026-03-03 10:00", "conversation_id": None}),
    )
    assert counted(store, "influenced_revenue")[2] == 100


def test_conversation_without_an_order_brings_zero():
    store = shop(
        conversations=5, orders=[order(100), order(-20), order(70, chat=4), order(9, chat=None)], silent={4}
    )
    assert counted(store, "revenue_per_conversation") == (80, 4, 20)


def test_amounts_in_two_currencies_are_refused():
    store = shop(orders=[order(100), order(20, currency="USD")])
    for name in ("revenue", "refunds", "direct_revenue", "influenced_revenue", "revenue_per_conversation"):
        with pytest.raises(RequestError, match="COP, USD"):
            number(store, name)


def test_amounts_in_two_currencies_can_be_told_apart():
    store = shop(orders=[order(100), order(20, currency="USD")])
    frame = measure(store, CATALOG["revenue"], by="currency", **MARCH)
    assert dict(zip(frame["currency"], frame["value"], strict=True)) == {"COP": 100, "USD": 20}


# From 3 March a minute of an agent costs 20 and a conversation 200; before, 10 and 100.
RATES = Rates(
    "COP", ((dt.date(2026, 1, 1), 10.0, 5.0, 100.0), (dt.date(2026, 3, 3), 20.0, 7.0, 200.0))
).bound()
LATE = {"as_of": dt.date(2026, 4, 30)}


def costly():
    """c000 before the price change: agent 10:10 to 10:14. c001 on its day: a template, an agent once."""
    rows = (
        {"at": "2026-03-02 23:59", "end": "2026-03-03 01:00", "user_id": "u0", "resolved": True},
        {"at": "2026-03-03 00:00", "end": "2026-03-03 01:00", "user_id": "u1", "resolved": False},
    )
    talks = [
        *talk(
            ("user", "2026-03-02 23:59"),
            ("agent", "2026-03-03 00:10"),
            ("agent", "2026-03-03 00:14"),
            user="u0",
        ),
        {**talk(("bot", "2026-03-03 00:00"), chat="c001", user="u1")[0], "kind": "template"},
        {**talk(("agent", "2026-03-03 00:05"), chat="c001", user="u1")[0], "message_id": "c001-001"},
    ]
    orders = [order(50), order(30, chat=1), order(-30, chat=1)]
    return memory(conversations=chats(*rows), messages=said(*talks), orders=bought(*orders))


def test_cost_per_resolution_follows_the_rates_of_each_conversations_day():
    # c000: 100 + 4 minutes · 10 = 140. c001: 200 + a template 7 + a minute at least 20 = 227. One resolution.
    metric = CATALOG["cost_per_resolution"].bound(rates=RATES)
    assert counted(costly(), metric, **LATE) == (367, 1, 367)


def test_cost_per_order_counts_orders_and_not_refunds():
    assert counted(costly(), CATALOG["cost_per_order"].bound(rates=RATES), **LATE) == (367, 2, 183.5)


def test_cost_without_a_resolution_is_null():
    store = memory(
        conversations=chats({"at": D + "10:00", "end": D + "11:00", "resolved": False}),
        messages=said(*talk(("user", D + "10:00"))),
    )
    _, denominator, value = counted(store, CATALOG["cost_per_resolution"].bound(rates=RATES), **LATE)
    assert (denominator, str(value)) == (0, "nan")


@pytest.mark.parametrize("name", ["cost_per_resolution", "cost_per_order"])
def test_cost_without_rates_is_refused(name):
    with pytest.raises(RequestError, match=f"{name} needs prices.*load_rates"):
        number(costly(), name)


def test_conversation_before_the_first_rate_is_not_counted_as_free():
    rates = Rates("COP", ((dt.date(2026, 3, 3), 20.0, 7.0, 200.0),)).bound()
    metric = CATALOG["cost_per_order"].bound(rates=rates)
    assert counted(costly(), metric, **LATE)[:2] == (227, 1)
