"""The overview of conversations: each number on a store that the eye can count."""

import datetime as dt
import math

import pandas as pd
import pytest

from analytics_lib.analysis import overview
from analytics_lib.analysis.overview_scope import Asked, part
from analytics_lib.errors import RequestError

WEEK = Asked(dt.date(2026, 3, 9), dt.date(2026, 3, 16))
USERS = pd.DataFrame({"user_id": ["u1", "u2", "u3"], "segment": ["vip", "nuevo", None]})


@pytest.fixture
def store(tell):
    """Three conversations in the week and one before it that goes on within it."""
    return tell(
        ("old", "2026-03-08 23:00", [("user", "2026-03-08 23:00"), ("bot", "2026-03-09 00:30")]),
        (
            "a",
            "2026-03-09 10:00",
            [("user", "2026-03-09 10:00"), ("bot", "2026-03-09 10:01")],
            {"user": "u1"},
        ),
        ("b", "2026-03-10 10:00", [("user", "2026-03-10 10:00")], {"user": "u2", "channel": "instagram"}),
        ("c", "2026-03-11 10:00", [("user", "2026-03-12 10:00")], {"user": "u3"}),
        ("late", "2026-03-20 10:00", [("user", "2026-03-20 10:00")]),
        users=USERS,
    )


def test_conversation_that_began_before_is_active_where_somebody_writes(store):
    now, before = overview.activity(store, WEEK).to_dict("records")

    assert (now["conversations"], now["started"], now["users"], now["messages"]) == (4, 3, 3, 5)
    assert (before["conversations"], before["started"], before["messages"]) == (1, 1, 1)
    # The store begins on 8 March, within the week before.
    assert (now["seen"], before["seen"]) == (True, False)


def test_channel_and_segment_leave_out_the_others(store):
    started = {
        (channel, segment): overview.activity(store, Asked(WEEK.since, WEEK.until, None, channel, segment))[
            "started"
        ].iloc[0]
        for channel in ("web", None)
        for segment in ("vip", "nuevo", "unknown", None)
    }

    assert started == {
        ("web", "vip"): 1, ("web", "nuevo"): 0, ("web", "unknown"): 1, ("web", None): 2,
        (None, "vip"): 1, (None, "nuevo"): 1, (None, "unknown"): 1, (None, None): 3,
    }  # fmt: skip


def test_open_window_is_the_last_28_complete_days(store):
    asked = overview.choose(store)

    assert (asked.since, asked.until) == (dt.date(2026, 2, 20), dt.date(2026, 3, 20))
    assert asked.before.since == dt.date(2026, 1, 23)


@pytest.mark.parametrize(
    ("given", "told"),
    [({"segment": "vp"}, "Did you mean 'vip'"), ({"channel": "whatsap"}, "Did you mean 'whatsapp'")],
)
def test_filter_that_there_is_none_of_is_refused_with_the_nearest(store, given, told):
    with pytest.raises(RequestError, match=told):
        overview.choose(store, **given)


def test_channel_nobody_wrote_on_is_no_mistake(store):
    asked = overview.choose(store, channel="telegram")

    assert overview.activity(store, asked)["conversations"].tolist() == [0, 0]
    assert overview.resolution(store, asked)["denominator"] == 0
    assert overview.durations(store, asked).rows["share"].isna().all()
    assert overview.moods(store, asked).rows.empty
    assert overview.places(store, asked).rows.empty


def test_part_of_the_store_is_the_channel_and_segment_alone(store):
    asked = Asked(WEEK.since, WEEK.until, None, "web", "vip")
    kept = part(store, asked)

    assert kept.query("select conversation_id from conversations order by 1")["conversation_id"].tolist() == [
        "a",
        "old",
    ]
    assert len(kept.query("select * from messages")) == 3
    assert kept.query("select started_local from conversations where conversation_id = 'a'").iloc[0, 0] == (
        pd.Timestamp("2026-03-09 10:00")
    )
    assert part(store, asked) is kept
    assert part(store, WEEK) is store


@pytest.mark.parametrize(("days", "grain"), [(1, "minute"), (2, "hour"), (14, "hour"), (15, "day")])
def test_grain_follows_the_length_of_the_window(store, days, grain):
    asked = Asked(WEEK.since, WEEK.since + dt.timedelta(days=days))

    assert overview.pace(store, asked).grain == grain


def test_messages_a_minute_hold_the_empty_minutes_too(store):
    found = overview.pace(store, Asked(dt.date(2026, 3, 9), dt.date(2026, 3, 10)))
    rows = found.rows.set_index("moment")["messages"]

    assert len(rows) == 1_440
    assert rows[rows > 0].to_dict() == {
        pd.Timestamp("2026-03-09 00:30"): 1, pd.Timestamp("2026-03-09 10:00"): 1,
        pd.Timestamp("2026-03-09 10:01"): 1,
    }  # fmt: skip


def test_messages_an_hour_of_a_day_are_its_messages_by_24(store):
    rows = overview.pace(store, Asked(dt.date(2026, 2, 20), dt.date(2026, 3, 25))).rows
    day = rows.set_index("moment").loc["2026-03-09"]

    assert (day["messages"], day["rate"]) == (3, 3 / 24)
    # From the store's first day to its last message; that last day may still run.
    assert [str(rows["moment"].iloc[place])[:10] for place in (0, -1)] == ["2026-03-08", "2026-03-20"]
    assert rows["complete"].tolist() == [True] * 12 + [False]


def closed(name, *, seconds, day="2026-03-09", **more):
    start = pd.Timestamp(f"{day} 10:00")
    return (name, str(start), [], {"end": str(start + pd.Timedelta(seconds, "s")), **more})


def test_resolution_is_of_the_closed_whose_result_is_known(tell):
    store = tell(
        closed("a", seconds=60, resolved=True, user="u1"),
        closed("b", seconds=60, resolved=False, user="u2"),
        closed("c", seconds=60, resolved=True, user="u3", channel="instagram"),
        closed("d", seconds=60, resolved=None, user="u4"),
    )
    found = overview.resolution(store, WEEK)
    web = overview.resolution(store, Asked(WEEK.since, WEEK.until, None, "web"))

    assert (found["numerator"], found["denominator"], found["value"]) == (2, 3, pytest.approx(2 / 3))
    # Wilson for 2 of 3.
    assert (found["low"], found["high"]) == (pytest.approx(0.2077, abs=1e-4), pytest.approx(0.9385, abs=1e-4))
    assert (web["numerator"], web["denominator"]) == (1, 2)


def test_bars_of_the_durations_are_plain_shares_where_nothing_is_open(tell):
    seconds = (30, 60, 119, 400_000)
    store = tell(*(closed(f"c{n}", seconds=each) for n, each in enumerate(seconds)))
    found = overview.durations(store, WEEK)

    # A minute sharp belongs to the stretch that begins with it.
    assert found.rows["share"].tolist()[:2] == [0.25, 0.5]
    assert found.rows["share"].iloc[-1] == 0.25
    assert found.rows["closed"].tolist()[:2] == [1, 2]
    assert (found.closed, found.open, found.median_seconds) == (4, 0, 60)


def test_open_conversation_counts_for_as_long_as_it_was_watched(tell):
    """Two ended after 30 s; one is open and watched for 90 s; one ended after 120 s: half of the rest."""
    open_one = ("o", "2026-03-09 10:00", [])
    store = tell(closed("a", seconds=30), closed("b", seconds=30), closed("c", seconds=120), open_one)
    now = dt.datetime(2026, 3, 9, 15, 1, 30, tzinfo=dt.UTC)
    seen = overview.durations(store, Asked(WEEK.since, WEEK.until, now))
    whole = overview.durations(store, WEEK)

    # At 10:01:30 the one of 120 s is open too: half have ended, of the others nothing is known.
    assert (seen.closed, seen.open) == (2, 2)
    assert seen.rows["share"].tolist() == [0.5] + [0.0] * 10 + [0.5]
    # The store ends at 10:02: of the two left, one ends then and the other is watched for as long.
    assert whole.rows["share"].tolist() == pytest.approx([0.5, 0, 0.25] + [0] * 8 + [0.25])


def test_conversation_that_ends_before_it_starts_is_counted_apart(tell):
    found = overview.durations(tell(closed("a", seconds=-5), closed("b", seconds=5)), WEEK)

    assert (found.negative, found.closed) == (1, 1)


def events(*rows):
    frame = pd.DataFrame(rows, columns=["user_id", "conversation_id", "occurred_at", "name"])
    frame["event_id"] = [f"e{n}" for n in range(len(rows))]
    times = pd.to_datetime(frame["occurred_at"])
    return frame.assign(
        occurred_local=times, occurred_at=(times + pd.Timedelta(5, "h")).dt.tz_localize("UTC")
    )


def test_drop_off_and_paths_are_of_the_filtered_conversations(tell):
    store = tell(
        ("a", "2026-03-09 10:00", [], {"user": "u1"}),
        ("b", "2026-03-09 10:00", [], {"user": "u2", "channel": "instagram"}),
        users=USERS,
        events=events(
            ("u1", "a", "2026-03-09 10:00", "conversation_started"),
            ("u1", "a", "2026-03-09 10:01", "interest_shown"),
            ("u2", "b", "2026-03-09 10:00", "conversation_started"),
        ),
    )
    web = Asked(WEEK.since, WEEK.until, None, "web")

    assert overview.drop_off(store, WEEK)["users"].tolist()[:3] == [2, 1, 0]
    assert overview.drop_off(store, web)["users"].tolist()[:3] == [1, 1, 0]
    assert overview.paths(store, web)["path"].tolist()[0] == ["conversation_started", "interest_shown"]
    # Nobody of a channel is 0; of a store without such events nothing is known.
    nobody = overview.drop_off(store, Asked(WEEK.since, WEEK.until, None, "sms"))
    assert nobody["users"].tolist() == [0] * 8


def test_store_without_the_shops_events_has_no_funnel(tell):
    store = tell(events=events(("u1", None, "2026-03-09 10:00", "page_seen")))

    assert overview.drop_off(store, WEEK).empty
    assert overview.drop_off(tell(), WEEK).empty
    assert overview.paths(tell(), WEEK)["journeys"].sum() == 0


def moody(*scores, day="2026-03-10"):
    """Messages of as many users, each of one mood."""
    return pd.DataFrame(
        {
            "message_id": [f"m{n}" for n in range(len(scores))],
            "conversation_id": "a",
            "user_id": [f"u{n}" for n in range(len(scores))],
            "sent_at": pd.Timestamp(f"{day} 15:00", tz="UTC"),
            "sent_local": pd.Timestamp(f"{day} 10:00"),
            "sender": "user",
            "kind": "text",
            "text": "hola",
            "sentiment": scores,
        }
    )


def test_moods_are_shares_of_the_messages_of_a_known_mood(tell):
    found = overview.moods(
        tell(("a", "2026-03-10 10:00", []), messages=moody(-0.5, -0.1, 0.0, 0.1, math.nan)), WEEK
    )
    whole = found.rows[found.rows["period"].isna()].set_index("mood")

    assert whole["numerator"].to_dict() == {"negative": 2, "neutral": 1, "positive": 1}
    assert whole["value"].to_dict() == {"negative": 0.5, "neutral": 0.25, "positive": 0.25}
    assert (found.texts, found.known, found.scored, found.period) == (5, 4, 0, "day")


def test_texts_are_scored_only_where_the_source_stores_no_mood(tell):
    said = [("user", "2026-03-10 10:00", text) for text in ("pésimo servicio", "excelente", "pedido 20418")]
    found = overview.moods(tell(("a", "2026-03-10 10:00", said)), WEEK)
    whole = found.rows[found.rows["period"].isna()].set_index("mood")

    assert whole["numerator"].to_dict() == {"negative": 1, "neutral": 0, "positive": 1}
    assert (found.texts, found.known, found.scored) == (3, 2, 3)


def test_reasons_are_shares_of_the_escalations_and_no_reason_is_unknown(tell):
    called = {"escalated_at": pd.Timestamp("2026-03-09 15:05", tz="UTC")}
    reasons = ("complaint", "complaint", "user_request", None)
    store = tell(
        *(
            (f"c{n}", "2026-03-09 10:00", [], {"user": f"u{n}", "escalation_reason": reason, **called})
            for n, reason in enumerate(reasons)
        ),
        ("calm", "2026-03-09 10:00", [], {"escalated_at": None, "escalation_reason": None}),
    )
    found = overview.escalation_reasons(store, WEEK)

    assert found[["reason", "escalations", "share"]].to_numpy().tolist() == [
        ["complaint", 2, 0.5],
        ["unknown", 1, 0.25],
        ["user_request", 1, 0.25],
    ]
    # Wilson for 2 of 4.
    assert found["low"].iloc[0] == pytest.approx(0.1500, abs=1e-4)
    assert found["high"].iloc[0] == pytest.approx(0.8500, abs=1e-4)


def test_top_queries_and_failing_intents_are_of_the_filtered_conversations(tell):
    said = [("user", "2026-03-09 10:00", "cuánto vale el envío")]
    store = tell(
        *((f"c{n}", "2026-03-09 10:00", said, {"user": f"u{n}", "channel": "instagram"}) for n in range(4)),
        ("w", "2026-03-09 10:00", [("user", "2026-03-09 10:00", "dónde está mi pedido")]),
    )
    found = overview.top_queries(store, Asked(WEEK.since, WEEK.until, None, "instagram"))
    failing, recognised = overview.failing_intents(store, WEEK)

    assert (found.messages, found.users) == (4, 4)
    assert failing.empty
    assert recognised.overall["detected_count"] == 0


def test_empty_store_has_empty_answers(tell):
    store = tell()

    assert overview.activity(store, WEEK)["conversations"].tolist() == [0, 0]
    assert not overview.activity(store, WEEK)["seen"].any()
    assert overview.pace(store, WEEK).rows.empty
    assert overview.resolution(store, WEEK)["denominator"] == 0
    assert math.isnan(overview.durations(store, WEEK).median_seconds)
    assert overview.escalation_reasons(store, WEEK).empty
    assert overview.agents(store, WEEK).empty
    assert overview.top_queries(store, WEEK).rows.empty
