"""Funnels on hand-made journeys: what counts as reaching a stage, and what a request may ask."""

import datetime as dt

import pandas as pd
import pytest
from funnel_by_loops import MARCH, journeys, users
from telling import at

from analytics_lib.analysis.funnels import ANY_EVENT, funnel
from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.schema import FUNNEL_STAGES
from analytics_lib.store import Store

HOUR = dt.timedelta(hours=1)


def asked(store, stages, **more):
    return funnel(store, stages=stages.split() if isinstance(stages, str) else stages, **(MARCH | more))


def test_shares_are_of_all_who_entered_and_of_the_stage_before():
    store = journeys(
        *(
            (f"u{user}", f"2026-03-02 10:0{place}", name)
            for user, deep in enumerate((1, 1, 2, 3))
            for place, name in enumerate("abc"[:deep])
        )
    )

    found = asked(store, "a b c")

    assert list(found.columns[:8]) == [
        *("stage", "position", "users", "conversion_rate", "step_conversion_rate", "drop_off_rate"),
        *("median_seconds", "p90_seconds"),
    ]
    assert found["stage"].tolist() == ["a", "b", "c"]
    assert found["position"].tolist() == [1, 2, 3]
    assert users(found) == [4, 2, 1]
    assert found["conversion_rate"].tolist() == [1, 0.5, 0.25]
    assert found["step_conversion_rate"].tolist() == [1, 0.5, 0.5]
    assert found["drop_off_rate"].tolist() == [0, 0.5, 0.5]
    assert found["drop_offs"].tolist() == [0, 2, 1]
    assert found["users_before"].tolist() == [4, 4, 2]


def test_interval_of_eight_in_ten_is_wilsons():
    told = [(f"u{user}", "2026-03-02 10:00", "a") for user in range(10)]
    told += [(f"u{user}", "2026-03-02 10:01", "b") for user in range(8)]

    last = asked(journeys(*told), "a b").iloc[-1]

    assert (last["conversion_low"], last["conversion_high"]) == pytest.approx((0.490162, 0.943318), abs=1e-6)
    assert (last["step_low"], last["step_high"]) == pytest.approx((0.490162, 0.943318), abs=1e-6)
    assert last["few"]


def test_times_are_from_the_anchor_and_from_the_stage_before_by_interpolation():
    told = [
        (user, time, name)
        for user, waits in (("u1", (10, 20)), ("u2", (20, 60)), ("u3", (60, 70)))
        for time, name in (
            ("2026-03-02 10:00:00", "a"),
            (f"2026-03-02 10:00:{waits[0] % 60:02}" if waits[0] < 60 else "2026-03-02 10:01:00", "b"),
            (f"2026-03-02 10:0{waits[1] // 60}:{waits[1] % 60:02}", "c"),
        )
    ]

    a, b, c = (row for _, row in asked(journeys(*told), "a b c").iterrows())

    assert (a["p25_seconds"], a["median_seconds"], a["p90_seconds"]) == (0, 0, 0)
    assert pd.isna(a["step_median_seconds"])
    # 10, 20, 60: ranks 0.5, 1 and 1.8.
    assert (b["p25_seconds"], b["median_seconds"], b["p90_seconds"]) == pytest.approx((15, 20, 52))
    # 20, 60, 70 from the anchor; 10, 40, 10 from the stage before.
    assert (c["median_seconds"], c["p90_seconds"]) == pytest.approx((60, 68))
    assert (c["step_median_seconds"], c["step_p90_seconds"]) == pytest.approx((10, 34))


def test_stage_before_its_turn_does_not_count():
    store = journeys(("u1", "2026-03-02 10:00", "b"), ("u1", "2026-03-02 10:01", "a"))

    assert users(asked(store, "a b")) == [1, 0]


def test_earliest_next_event_leaves_room_for_what_follows():
    store = journeys(
        ("u1", "2026-03-02 10:00", "a"),
        ("u1", "2026-03-02 10:01", "b"),
        ("u1", "2026-03-02 10:02", "c"),
        ("u1", "2026-03-02 10:03", "b"),
    )

    found = asked(store, "a b c")

    assert users(found) == [1, 1, 1]
    assert found["median_seconds"].tolist() == [0, 60, 120]


def test_stage_named_twice_needs_two_events():
    once = [("u1", "2026-03-02 10:00", "a"), ("u1", "2026-03-02 10:01", "b")]
    twice = [
        ("u2", "2026-03-02 10:00", "a"),
        ("u2", "2026-03-02 10:01", "b"),
        ("u2", "2026-03-02 10:02", "b"),
    ]

    assert users(asked(journeys(*once, *twice), "a b b")) == [2, 2, 1]
    assert users(asked(journeys(*once, ("u1", "2026-03-02 10:02", "a")), "a b a")) == [1, 1, 1]
    assert users(asked(journeys(("u1", "2026-03-02 10:00", "a")), "a a")) == [1, 0]


@pytest.mark.parametrize("order", ["a b c", "c b a", "b a c", "c a b"])
def test_ids_decide_where_times_coincide(order):
    names = order.split()
    store = journeys(*(("u1", "2026-03-02 10:00", name) for name in names))

    assert users(asked(store, names)) == [1, 1, 1]
    expected = {"a b c": [1, 1, 1], "c b a": [1, 0, 0], "b a c": [1, 0, 0], "c a b": [1, 1, 0]}
    assert users(asked(store, "a b c")) == expected[order]


def test_two_events_of_one_name_at_one_time_are_two():
    store = journeys(*(("u1", "2026-03-02 10:00", "a") for _ in range(2)))

    assert users(asked(store, "a a")) == [1, 1]
    assert users(asked(store, "a a", mode="any_order")) == [1, 1]
    assert users(asked(store, "a a", mode="strict")) == [1, 1]
    assert users(asked(store, "a a a")) == [1, 1, 0]


def test_limit_counts_from_the_anchor_and_its_end_is_out():
    store = journeys(
        ("u1", "2026-03-02 10:00", "a"),
        ("u1", "2026-03-02 10:59:59.999999", "b"),
        ("u2", "2026-03-02 10:00", "a"),
        ("u2", "2026-03-02 11:00", "b"),
    )

    assert users(asked(store, "a b", within=HOUR)) == [2, 1]


def test_later_first_stages_do_not_start_the_clock_again():
    store = journeys(
        ("u1", "2026-03-02 10:00", "a"), ("u1", "2026-03-02 11:00", "a"), ("u1", "2026-03-02 11:10", "b")
    )

    assert users(asked(store, "a b", within=HOUR)) == [1, 0]
    assert asked(store, "a b")["median_seconds"].tolist() == [0, 4200]


def test_window_bounds_the_anchor_alone():
    store = journeys(
        ("before", "2026-02-28 23:59:59.999999", "a"),
        ("before", "2026-03-01 00:00", "b"),
        ("first", "2026-03-01 00:00", "a"),
        ("first", "2026-03-01 00:01", "b"),
        ("last", "2026-03-31 23:59", "a"),
        ("last", "2026-04-01 00:01", "b"),
        ("after", "2026-04-01 00:00", "a"),
        ("after", "2026-04-01 00:01", "b"),
    )

    assert users(asked(store, "a b")) == [2, 2]


def test_user_who_entered_before_the_window_enters_again_in_it():
    store = journeys(
        ("u1", "2026-02-01 10:00", "a"), ("u1", "2026-03-02 10:00", "a"), ("u1", "2026-03-02 10:01", "b")
    )

    assert asked(store, "a b")["median_seconds"].tolist() == [0, 60]


def test_journey_across_midnight_belongs_to_the_day_it_began_on():
    store = journeys(("u1", "2026-03-02 23:59", "a"), ("u1", "2026-03-03 00:01", "b"))

    found = asked(store, "a b", period="day")

    assert found["period"].tolist() == [pd.Timestamp("2026-03-02")] * 2
    assert users(found) == [1, 1]


def test_nothing_at_as_of_or_later_is_known():
    store = journeys(("u1", "2026-03-02 10:00", "a"), ("u1", "2026-03-02 10:01", "b"))

    moment = at("2026-03-02 10:01").to_pydatetime()

    assert users(asked(store, "a b", as_of=moment)) == [1, 0]
    assert users(asked(store, "a b", as_of=moment + dt.timedelta(microseconds=1))) == [1, 1]


def test_any_order_reaches_a_stage_once_all_before_it_have_happened():
    store = journeys(
        ("u1", "2026-03-02 10:00", "c"),
        ("u1", "2026-03-02 10:01", "a"),
        ("u1", "2026-03-02 10:02", "b"),
        ("u2", "2026-03-02 10:00", "b"),
        ("u2", "2026-03-02 10:01", "c"),
        ("u3", "2026-03-02 10:00", "a"),
    )

    found = asked(store, "a b c", mode="any_order")

    assert users(found) == [2, 1, 1]
    # The clock of u1 starts with c; u3's with a.
    assert found["median_seconds"].tolist() == [30, 120, 120]


def test_strict_allows_no_other_event_between():
    store = journeys(
        ("u1", "2026-03-02 10:00", "a"),
        ("u1", "2026-03-02 10:01", "b"),
        ("u2", "2026-03-02 10:00", "a"),
        ("u2", "2026-03-02 10:00:30", "help"),
        ("u2", "2026-03-02 10:01", "b"),
        ("u3", "2026-03-02 10:00", "a"),
        ("u3", "2026-03-02 10:00:30", "a"),
        ("u3", "2026-03-02 10:01", "b"),
    )

    assert users(asked(store, "a b", mode="strict")) == [3, 1]


def test_excluded_event_between_two_stages_removes_the_user_and_one_after_does_not():
    store = journeys(
        ("between", "2026-03-02 10:00", "a"),
        ("between", "2026-03-02 10:01", "x"),
        ("between", "2026-03-02 10:02", "b"),
        ("after", "2026-03-02 10:00", "a"),
        ("after", "2026-03-02 10:01", "b"),
        ("after", "2026-03-02 10:02", "x"),
        ("stopped", "2026-03-02 10:00", "a"),
        ("stopped", "2026-03-02 10:01", "x"),
        ("tie", "2026-03-02 10:00", "a"),
        ("tie", "2026-03-02 10:01", "b"),
        ("tie", "2026-03-02 10:01", "x"),
    )

    assert users(asked(store, "a b", excluded=["x"])) == [3, 2]
    assert users(asked(store, "a b")) == [4, 3]


def test_user_on_two_channels_belongs_to_that_of_the_anchor():
    chats = pd.DataFrame(
        {
            "conversation_id": ["c1", "c2"],
            "user_id": "u1",
            "channel": ["whatsapp", "web"],
            "started_at": [at("2026-03-02 10:00"), at("2026-03-03 10:00")],
        }
    )
    store = journeys(
        ("u1", "2026-03-02 10:00", "a", "c1"),
        ("u1", "2026-03-03 10:00", "a", "c2"),
        ("u1", "2026-03-03 10:01", "b", "c2"),
        ("u2", "2026-03-03 10:00", "a"),
        conversations=chats,
    )

    found = asked(store, "a b", by="channel")

    assert found[["channel", "stage", "users"]].to_dict("split")["data"] == [
        ["unknown", "a", 1],
        ["unknown", "b", 0],
        ["whatsapp", "a", 1],
        ["whatsapp", "b", 1],
    ]


def test_first_of_two_entries_at_one_time_decides_the_group():
    chats = pd.DataFrame(
        {
            "conversation_id": ["c1", "c2"],
            "user_id": "u1",
            "channel": ["whatsapp", "web"],
            "started_at": [at("2026-03-02 10:00")] * 2,
        }
    )
    store = journeys(
        ("u1", "2026-03-02 10:00", "a", "c2"), ("u1", "2026-03-02 10:00", "a", "c1"), conversations=chats
    )

    assert asked(store, "a", by="channel")["channel"].tolist() == ["web"]


def test_period_without_enough_time_is_left_out_of_a_trend():
    store = journeys(
        ("u1", "2026-03-02 10:00", "a"),
        ("u2", "2026-03-03 10:00", "a"),
        ("u3", "2026-03-04 09:00", "a"),
        ("u4", "2026-03-04 11:00", "a"),
        ("u5", "2026-03-06 11:00", "a"),
    )

    moment = at("2026-03-05 10:00").to_pydatetime()
    found = asked(store, "a", period="day", within=dt.timedelta(days=1), as_of=moment)

    assert found["period"].dt.day.tolist() == [2, 3, 4]
    assert users(found) == [1, 1, 1]
    assert found["complete"].tolist() == [True, True, False]


def test_weeks_begin_on_monday_and_one_cut_by_the_window_is_incomplete():
    store = journeys(
        ("u1", "2026-03-01 10:00", "a"), ("u2", "2026-03-02 10:00", "a"), ("u3", "2026-03-30 10:00", "a")
    )

    found = asked(store, "a", period="week", as_of=dt.date(2026, 5, 1))

    assert found["period"].dt.date.tolist() == [
        dt.date(2026, 2, 23),
        dt.date(2026, 3, 2),
        dt.date(2026, 3, 30),
    ]
    # The store knows nothing after its last event, on 30 March.
    assert found["complete"].tolist() == [False, True, False]


def test_any_event_lets_everybody_in():
    store = journeys(
        ("u1", "2026-03-02 10:00", "a"), ("u2", "2026-03-02 10:00", "b"), ("u2", "2026-03-02 10:01", "a")
    )

    found = asked(store, [ANY_EVENT, "a"])

    # The anchor is an event of its own: u1 did nothing after it.
    assert users(found) == [2, 1]


def test_window_in_which_nobody_entered_has_no_users_and_no_shares():
    store = journeys(("u1", "2026-02-02 10:00", "a"), ("u1", "2026-02-02 10:01", "b"))

    found = asked(store, "a b")

    assert users(found) == [0, 0]
    assert found[["conversion_rate", "step_conversion_rate", "median_seconds"]].isna().all(axis=None)
    assert asked(store, "a b", by="channel").empty


def test_one_stage_is_a_funnel():
    found = asked(journeys(("u1", "2026-03-02 10:00", "a")), ["a"])

    assert users(found) == [1]
    assert found["conversion_rate"].tolist() == [1]


def test_a_thousand_names_of_events_are_no_trouble():
    store = journeys(
        *(("u1", pd.Timestamp("2026-03-02") + k * pd.Timedelta("1min"), f"n{k}") for k in range(1000))
    )

    assert users(asked(store, [f"n{k}" for k in range(0, 100, 5)])) == [1] * 20


def test_unknown_stage_is_refused_with_the_nearest_name_and_what_exists():
    store = journeys(("u1", "2026-03-02 10:00", "cart_added"), ("u1", "2026-03-02 10:01", "paid"))

    with pytest.raises(RequestError, match=r"'cart_aded'.*Did you mean 'cart_added'.*cart_added, paid"):
        asked(store, ["cart_aded", "paid"])


def test_stage_of_the_shop_that_nobody_reached_yet_is_no_unknown_one():
    store = journeys(("u1", "2026-03-02 10:00", "conversation_started"))

    assert users(asked(store, FUNNEL_STAGES)) == [1] + [0] * 7


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"stages": []}, "1 to 100 stages; given were 0"),
        ({"stages": "abc"}, "stages is 'abc'; expected a list"),
        ({"stages": ["a", ANY_EVENT]}, "only be the first stage"),
        ({"stages": ["a"], "within": dt.timedelta()}, "within is"),
        ({"stages": ["a"], "within": 5}, "within is 5"),
        ({"stages": ["a"], "mode": "any"}, "Unknown mode 'any'"),
        ({"stages": ["a"], "excluded": ["a"]}, "'a' is a stage and cannot be excluded"),
        ({"stages": ["a"], "by": "chanel"}, "Did you mean 'channel'"),
        ({"stages": ["a"], "period": "year"}, "Unknown period 'year'"),
        ({"stages": ["a"], "until": dt.date(2026, 3, 1)}, "is empty"),
    ],
)
def test_request_that_makes_no_sense_is_refused(wrong, said):
    store = journeys(("u1", "2026-03-02 10:00", "a"))

    with pytest.raises(RequestError, match=said):
        funnel(store, **{**MARCH, **wrong})


def test_store_without_events_says_so():
    with pytest.raises(NotEnoughDataError, match="none was ever ingested"):
        funnel(Store.in_memory(), stages=FUNNEL_STAGES, **MARCH)
