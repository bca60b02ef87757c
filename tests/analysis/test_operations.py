"""What is true now, on rows that the eye can check: noon of Tuesday, 31 March 2026, in Bogotá."""

import datetime as dt
import math
from unittest import mock

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_world import frames
from small_world import aware, calls, chats, memory, requests, said, samples, steps, talk

from analytics_lib.analysis.operations import now, read_moment
from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.metrics import CATALOG, health_score, measure
from analytics_lib.store import Store

NOON = aware("2026-03-31 12:00")
WEEKS = ("2026-03-24", "2026-03-17", "2026-03-10", "2026-03-03")


def tile(told, name):
    return told.tiles.set_index("name").loc[name]


def known_weeks(*days):
    """A conversation on the eve of each day, so that the store knows the whole day."""
    return [{"at": f"{pd.Timestamp(day) - pd.Timedelta(hours=3)}", "user_id": f"eve-{day}"} for day in days]


def listed(told, name):
    rows = told.top[told.top["list"] == name]
    return rows[["name", "count"]].to_numpy().tolist()


def test_last_quarter_of_an_hour_begins_with_its_first_instant_and_ends_before_now():
    written = ["11:44:59.999999", "11:45:00", "11:59:59", "12:00:00"]
    rows = [{"at": f"2026-03-31 {at}", "user_id": f"u{place}"} for place, at in enumerate(written)]

    assert tile(now(memory(messages=said(*rows)), as_of=NOON), "active_users")["value"] == 2


def test_user_writing_in_two_conversations_is_active_once():
    rows = [{"at": "2026-03-31 11:50", "conversation_id": name} for name in ("c1", "c2", "c2")]
    told = now(memory(messages=said(*rows)), as_of=NOON)

    assert tile(told, "active_users")["value"] == 1
    assert tile(told, "active_conversations")["value"] == 2
    assert tile(told, "messages")["value"] == 3


def test_template_nobody_answered_makes_no_user_active():
    told = now(memory(messages=said({"at": "2026-03-31 11:50", "sender": "bot"})), as_of=NOON)

    assert tile(told, "active_users")["value"] == 0
    assert tile(told, "active_conversations")["value"] == 1


def test_conversation_closed_before_now_is_not_active():
    begun = chats({"at": "2026-03-31 11:40", "end": "2026-03-31 11:55"}, {"at": "2026-03-31 11:41"})
    rows = [{"at": "2026-03-31 11:50", "conversation_id": name} for name in begun["conversation_id"]]
    told = now(memory(conversations=begun, messages=said(*rows)), as_of=NOON)

    assert tile(told, "active_conversations")["value"] == 1


def test_day_begins_at_local_midnight():
    begun = chats(
        {"at": "2026-03-30 23:59:59.999999"}, {"at": "2026-03-31 00:00"}, {"at": "2026-03-31 11:59"}
    )
    told = now(memory(conversations=begun), as_of=NOON)

    assert tile(told, "conversations")["value"] == 2
    assert told.hours["conversations"].tolist() == [1, *[0] * 10, 1]


def test_now_at_midnight_is_the_end_of_the_day_before():
    told = now(memory(conversations=chats({"at": "2026-03-30 08:00"})), as_of=dt.date(2026, 3, 31))

    assert tile(told, "conversations")["value"] == 1
    assert len(told.hours) == 24


def test_usual_is_the_same_time_of_the_last_four_same_weekdays():
    at_nine = [{"at": f"{day} 09:00", "user_id": f"u{day}"} for day in (*WEEKS, WEEKS[0], "2026-03-23")]
    later = [{"at": f"{day} 12:00", "user_id": f"l{day}"} for day in WEEKS]
    told = now(memory(conversations=chats(*known_weeks(*WEEKS), *at_nine, *later)), as_of=NOON)

    found = tile(told, "conversations")
    assert (found["value"], found["usual"]) == (0, 1.25)
    assert (found["usual_low"], found["usual_high"], found["weeks"]) == (1, 2, 4)


def test_week_before_the_first_conversation_is_unknown_and_not_zero():
    rows = [*known_weeks(WEEKS[0]), {"at": f"{WEEKS[1]} 09:00"}]
    told = now(memory(conversations=chats(*rows)), as_of=NOON)

    assert told.weeks == (1,)
    assert (tile(told, "conversations")["usual"], tile(told, "conversations")["weeks"]) == (0, 1)
    assert math.isnan(tile(now(memory(conversations=chats(rows[1])), as_of=NOON), "conversations")["usual"])


def test_count_beyond_all_weeks_is_more_than_usual_and_one_among_them_is_not():
    usual = [{"at": f"{day} 09:{minute:02}"} for day in WEEKS for minute in range(5)]
    eves = known_weeks(*WEEKS)

    def verdict(conversations):
        today = [{"at": f"2026-03-31 10:{minute:02}"} for minute in range(conversations)]
        return tile(now(memory(conversations=chats(*eves, *usual, *today)), as_of=NOON), "conversations")[
            "verdict"
        ]

    assert [verdict(n) for n in (0, 5, 6, 30)] == ["less", "same", "same", "more"]


def test_resolution_counts_what_was_closed_and_known_before_now():
    begun = chats(
        {"at": "2026-03-31 09:00", "end": "2026-03-31 09:30", "resolved": True},
        {"at": "2026-03-31 09:01", "end": "2026-03-31 09:31", "resolved": True, "user_id": "u2"},
        {"at": "2026-03-31 09:02", "end": "2026-03-31 09:32", "resolved": False, "user_id": "u3"},
        {"at": "2026-03-31 09:03", "end": "2026-03-31 09:33", "user_id": "u4"},
        {"at": "2026-03-31 09:04", "end": "2026-03-31 12:00", "resolved": True, "user_id": "u5"},
        {"at": "2026-03-31 09:05", "user_id": "u6"},
    )
    found = tile(now(memory(conversations=begun), as_of=NOON), "resolution_rate")

    assert (found["numerator"], found["denominator"]) == (2, 3)
    assert found["value"] == pytest.approx(2 / 3)
    # Wilson of 2 of 3.
    assert (found["low"], found["high"]) == pytest.approx((0.2077, 0.9385), abs=1e-4)
    assert found["few"]


def test_usual_resolution_is_what_was_known_at_that_time_of_its_day():
    begun = [
        {"at": f"{WEEKS[0]} 09:00", "end": f"{WEEKS[0]} 09:30", "resolved": True},
        {"at": f"{WEEKS[0]} 09:01", "end": f"{WEEKS[0]} 11:59", "resolved": False},
        {"at": f"{WEEKS[0]} 09:02", "end": f"{WEEKS[0]} 12:30", "resolved": False},
    ]
    told = now(memory(conversations=chats(*known_weeks(*WEEKS), *begun)), as_of=NOON)

    assert tile(told, "resolution_rate")["usual"] == 0.5


def test_wait_runs_from_the_first_message_of_a_stretch_to_the_bots_reply():
    pairs = [
        ("user", "2026-03-31 11:10:00"),
        ("user", "2026-03-31 11:10:03"),
        ("bot", "2026-03-31 11:10:04"),
        ("user", "2026-03-31 11:20:00"),
        ("bot", "2026-03-31 11:20:02"),
        ("bot", "2026-03-31 11:20:09"),
        ("user", "2026-03-31 11:30:00"),
        ("agent", "2026-03-31 11:30:30"),
        ("user", "2026-03-31 11:40:00"),
    ]
    told = now(memory(messages=said(*talk(*pairs))), as_of=NOON)

    # 4 s and 2 s; the agent's reply and the open wait are none of the bot's.
    assert (
        tile(told, "median_response_time")["value"],
        tile(told, "median_response_time")["denominator"],
    ) == (3, 2)
    assert tile(told, "p90_response_time")["value"] == pytest.approx(3.8)


def test_messages_of_one_instant_are_ordered_by_their_ids():
    rows = [
        {"message_id": "m1", "sender": "user", "at": "2026-03-31 11:10:00"},
        {"message_id": "m3", "sender": "bot", "at": "2026-03-31 11:10:05"},
        {"message_id": "m2", "sender": "user", "at": "2026-03-31 11:10:05"},
    ]
    told = now(memory(messages=said(*rows)), as_of=NOON)

    assert (
        tile(told, "median_response_time")["value"],
        tile(told, "median_response_time")["denominator"],
    ) == (5, 1)


def test_minutes_are_whole_with_zeros_between_and_the_running_one_marked():
    rows = [{"at": f"2026-03-31 {at}"} for at in ("11:00:59", "11:01:00", "11:01:59.999999", "12:00:10")]
    told = now(memory(messages=said(*rows)), as_of=aware("2026-03-31 12:00:30"))

    assert len(told.minutes) == 60
    assert told.minutes["at"].iloc[0] == pd.Timestamp("2026-03-31 11:01")
    assert told.minutes["messages"].tolist() == [2, *[0] * 58, 1]
    assert told.minutes["complete"].tolist() == [True] * 59 + [False]


def test_queues_are_read_last_and_added_up():
    rows = samples(
        {"at": "2026-03-31 11:50", "value": 9.0, "labels": '{"queue":"a"}'},
        {"at": "2026-03-31 11:55", "value": 4.0, "labels": '{"queue":"a"}'},
        {"at": "2026-03-31 11:40", "value": 3.0, "labels": '{"queue":"b"}'},
        {"at": "2026-03-31 11:58", "value": 70.0, "metric": "cpu"},
    )
    told = now(memory(samples=rows), as_of=NOON)

    assert tile(told, "queue_depth")["value"] == 7
    assert told.queue["depth"].tolist() == [9, 4, 3]


def test_latency_interpolates_and_only_status_500_and_above_is_an_error():
    made = [(100.0, 200), (200.0, 404), (3000.0, 503)]
    rows = [{"at": "2026-03-31 11:50", "duration_ms": ms, "status_code": code} for ms, code in made]
    told = now(memory(api_requests=requests(*rows)), as_of=NOON)

    found = told.api[["p50_ms", "p95_ms", "errors", "requests"]].iloc[0].tolist()
    assert found == pytest.approx([200, 2720, 1, 3])
    assert tile(told, "latency_p95")["value"] == pytest.approx(2720)
    assert tile(told, "error_rate")["value"] == pytest.approx(1 / 3)


def test_what_was_never_recorded_is_unknown_and_what_is_silent_is_zero():
    told = now(memory(conversations=chats({"at": "2026-03-31 09:00"})), as_of=NOON)
    old = said({"at": "2026-01-01 09:00"})
    silent = now(memory(conversations=chats({"at": "2026-03-31 09:00"}), messages=old), as_of=NOON)

    missing = told.tiles.set_index("name")["missing"]
    assert missing[missing != ""].to_dict() == {
        **dict.fromkeys(["active_users", "active_conversations", "messages"], "messages"),
        **dict.fromkeys(["median_response_time", "p90_response_time"], "messages"),
        **dict.fromkeys(["latency_p95", "error_rate"], "api_requests"),
        "queue_depth": "samples",
    }
    assert tile(told, "active_users")[["value", "usual"]].isna().all()
    assert told.recorded == {"conversations"}
    assert tile(silent, "active_users")["value"] == 0
    assert tile(silent, "active_users")["missing"] == ""


def test_channel_leaves_out_other_conversations_and_those_it_does_not_know():
    begun = chats({"at": "2026-03-31 11:40"}, {"at": "2026-03-31 11:41", "channel": "whatsapp"})
    rows = [
        {"at": "2026-03-31 11:50", "conversation_id": name, "user_id": name}
        for name in ("c000", "c001", "lost")
    ]
    store = memory(conversations=begun, messages=said(*rows))

    assert tile(now(store, as_of=NOON), "active_users")["value"] == 3
    told = now(store, as_of=NOON, channel="whatsapp")
    assert [tile(told, name)["value"] for name in ("active_users", "conversations")] == [1, 1]
    assert told.minutes["messages"].sum() == 1


def test_segment_is_that_of_the_user_and_unknown_for_those_without():
    begun = chats(*({"at": "2026-03-31 11:40", "user_id": user} for user in ("u1", "u2", "u3")))
    users = pd.DataFrame({"user_id": ["u1", "u2"], "segment": ["vip", None]})
    store = memory(conversations=begun, users=users)

    assert tile(now(store, as_of=NOON, segment="vip"), "conversations")["value"] == 1
    assert tile(now(store, as_of=NOON, segment="unknown"), "conversations")["value"] == 2


def test_lists_count_conversations_once_and_leave_out_courtesy():
    asked = [
        ("c1", "price"),
        ("c1", "price"),
        ("c2", "PRICE"),
        ("c2", "sizes"),
        ("c3", "greeting"),
        ("c3", "fallback"),
    ]
    rows = [{"at": "2026-03-31 11:30", "conversation_id": chat, "intent": intent} for chat, intent in asked]
    told = now(memory(messages=said(*rows)), as_of=NOON)

    assert listed(told, "queries") == [["price", 2], ["sizes", 1]]
    assert told.top["of"].tolist() == [3, 3, 3]
    assert listed(told, "issues") == [["", 1]]


def test_products_count_users_and_carry_their_names():
    chosen = [
        {"at": "2026-03-31 11:30", "name": "product_selected", "user_id": user} for user in ("u1", "u1", "u2")
    ]
    rows = steps(*chosen).assign(product_id=["p1", "p1", "p2"])
    told = now(
        memory(events=rows, products=pd.DataFrame({"product_id": ["p1"], "name": ["Jean"]})), as_of=NOON
    )

    assert listed(told, "products") == [["Jean", 1], ["p2", 1]]


def test_issues_are_escalations_by_reason_and_actions_that_failed():
    begun = chats(
        {"at": "2026-03-31 10:30", "escalated": "2026-03-31 11:30", "escalation_reason": "complaint"},
        {"at": "2026-03-31 11:30", "escalated": "2026-03-31 11:31"},
        {"at": "2026-03-31 10:30", "escalated": "2026-03-31 10:59"},
    )
    failed = calls(
        {"at": "2026-03-31 11:40", "succeeded": False},
        {"at": "2026-03-31 11:41", "succeeded": False},
        {"at": "2026-03-31 11:42", "succeeded": True, "conversation_id": "c001"},
    )
    told = now(memory(conversations=begun, actions=failed), as_of=NOON)

    issues = told.top[told.top["list"] == "issues"]
    assert sorted(issues[["kind", "name", "count"]].to_numpy().tolist()) == [
        ["escalation", "", 1],
        ["escalation", "complaint", 1],
        ["failed_action", "stock", 1],
    ]


def test_share_of_an_intent_beyond_all_weeks_is_more_than_usual():
    eves = chats(*known_weeks(*WEEKS))
    rows = [
        {
            "at": f"{day} 11:{30 + place}",
            "conversation_id": f"{day}-{place}",
            "intent": intent,
            "user_id": f"{day}-{place}",
        }
        for day in (*WEEKS, "2026-03-31")
        for place, intent in enumerate(
            ["price"] * 15 + ["sizes"] * 5 if day in WEEKS else ["price"] * 5 + ["sizes"] * 15
        )
    ]
    told = now(memory(conversations=eves, messages=said(*rows)), as_of=NOON)

    found = told.top.set_index("name")[["count", "share", "usual_share", "verdict"]]
    assert found.loc["sizes"].tolist() == [15, 0.75, 0.25, "more"]
    assert found.loc["price"].tolist() == [5, 0.25, 0.75, "less"]


def test_end_of_the_data_is_now_unless_another_moment_is_asked_for():
    begun, rows = chats({"at": "2026-03-31 11:40"}), said({"at": "2026-03-31 11:59:10.5"})
    told = now(memory(conversations=begun, messages=rows))

    assert told.as_of_local == pd.Timestamp("2026-03-31 11:59:10.500001")
    assert told.as_of == told.as_of_local.replace(tzinfo=dt.UTC) + dt.timedelta(hours=5)
    assert tile(told, "active_users")["value"] == 1
    assert not told.stale


def test_data_that_end_long_before_somebody_looks_are_stale():
    store = memory(messages=said({"at": "2026-03-31 12:00"}))
    looks = [now(store, seen_at=aware(f"2026-03-31 {at}")) for at in ("12:15", "12:15:01")]

    assert [told.stale for told in looks] == [False, True]
    assert looks[1].behind_seconds == 901
    assert now(store, as_of=dt.date(2026, 5, 1)).stale


def test_source_that_falls_silent_is_told_beside_one_that_goes_on():
    store = memory(
        messages=said({"at": "2026-03-31 09:00"}),
        api_requests=requests({"at": "2026-03-31 11:59", "duration_ms": 5.0}),
    )
    told = now(store, as_of=NOON)

    assert not told.stale
    assert told.sources.set_index("source")["stale"].to_dict() == {
        **dict.fromkeys(["actions", "api_requests", "conversations", "events", "samples"], False),
        "messages": True,
    }


@pytest.fixture
def whole():
    """A store in which every source has a row today."""
    return memory(
        conversations=chats({"at": "2026-03-31 11:40"}),
        messages=said({"at": "2026-03-31 11:50", "intent": "price"}),
        actions=calls({"at": "2026-03-31 11:50", "succeeded": True}),
        events=steps({"at": "2026-03-31 11:50", "name": "product_selected"}).assign(product_id="p1"),
        api_requests=requests({"at": "2026-03-31 11:50", "duration_ms": 5.0}),
        samples=samples({"at": "2026-03-31 11:50", "value": 1.0}),
    )


def queries(store, **asked):
    with mock.patch.object(Store, "query", autospec=True, side_effect=Store.query) as query:
        now(store, **asked)
    return query.call_count


def test_moment_costs_one_query_and_finding_the_end_of_the_data_two_more(whole):
    assert queries(whole, as_of=NOON) == 1
    assert queries(whole) == 3
    assert queries(whole, as_of=NOON, channel="web", segment="vip") == 2
    assert queries(memory(messages=said({"at": "2026-03-31 11:50"})), as_of=NOON) == 2


def test_refusals_say_what_was_given_and_what_to_do(whole):
    with pytest.raises(NotEnoughDataError, match="holds no conversation"):
        now(memory())
    with pytest.raises(RequestError, match=r"Unknown channel 'whatsap'\. Did you mean 'whatsapp'"):
        now(whole, channel="whatsap")
    with pytest.raises(RequestError, match="hours is 0"):
        now(whole, hours=0)
    with pytest.raises(RequestError, match="'yesterday' is no moment"):
        read_moment("yesterday")


def test_moment_is_read_on_the_clock_of_the_business():
    assert read_moment("2026-03-31T12:00") == NOON == read_moment("2026-03-31T17:00Z")
    assert read_moment("2026-03-31") == dt.date(2026, 3, 31)
    assert read_moment(None) is None


MINUTE = st.integers(0, 200)
CHANNEL = st.sampled_from(["web", "whatsapp", "instagram"])


@settings(max_examples=3)
@given(st.lists(st.tuples(MINUTE, CHANNEL, st.integers(0, 30)), min_size=1, max_size=12))
def test_channels_add_up_to_all(talks):
    starts = [NOON.replace(tzinfo=None) - dt.timedelta(hours=5, minutes=minute + 1) for minute, _, _ in talks]
    begun = chats(
        *({"at": str(at), "channel": channel} for at, (_, channel, _) in zip(starts, talks, strict=True))
    )
    rows = [
        {
            "at": str(at + dt.timedelta(minutes=later)),
            "conversation_id": f"c{place:03}",
            "user_id": f"u{place}",
        }
        for place, (at, (_, _, later)) in enumerate(zip(starts, talks, strict=True))
    ]
    store = memory(conversations=begun, messages=said(*rows))
    names = ["active_users", "active_conversations", "messages", "conversations"]

    def values(**asked):
        told = now(store, as_of=NOON, **asked)
        return [*(tile(told, name)["value"] for name in names), told.minutes["messages"].sum()]

    each = [values(channel=channel) for channel in ("web", "whatsapp", "instagram")]
    assert [sum(parts) for parts in zip(*each, strict=True)] == values()


@settings(max_examples=4)
@given(st.integers(0, 2**32 - 1), st.integers(2, 14), st.integers(1, 23))
def test_health_and_its_parts_are_those_of_the_catalogue(seed, day, hour):
    store = memory(**frames(seed, 60))
    since = dt.date(2026, 3, day)
    as_of = aware(f"{since} {hour}:00")
    told, wanted = now(store, as_of=as_of), health_score(store, since=since, until=as_of, as_of=as_of)

    numbers = ["value", "normalized", "numerator", "denominator", "low", "high"]
    # Of nobody, nobody has it: written as 0 of 0 or not at all.
    found, expected = (score.parts[numbers].fillna({"numerator": 0.0}) for score in (told.health, wanted))
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    assert (told.health.value, told.health.covered_weight) == pytest.approx(
        (wanted.value, wanted.covered_weight), nan_ok=True
    )
    begun = measure(store, CATALOG["conversations"], since=since, until=as_of, as_of=as_of)["value"]
    assert begun.empty or tile(told, "conversations")["value"] == begun.sum()


@settings(max_examples=4)
@given(st.integers(0, 2**32 - 1), st.integers(3, 14), st.integers(1, 23))
def test_last_hour_is_measured_as_the_catalogue_does(seed, day, hour):
    store = memory(**frames(seed, 60))
    until = aware(f"2026-03-{day:02} {hour}:00")
    told = now(store, as_of=until)
    asked = {"since": until - dt.timedelta(hours=1), "until": until, "as_of": until}

    for name in ("latency_p95", "error_rate", "median_response_time"):
        found, wanted = tile(told, name), measure(store, CATALOG[name], **asked).iloc[0]
        for column in ("value", "denominator"):
            assert found[column] == pytest.approx(wanted[column], nan_ok=True), (name, column)
