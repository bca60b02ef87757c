"""What the store tells of staffing, and the plan that a page shows."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics_lib.errors import RequestError
from analytics_lib.models import staffing_page
from analytics_lib.models.staffing_inputs import Inputs, chats_at_once, staffing_inputs
from analytics_lib.models.staffing_page import Asked, Assumptions, Bot
from analytics_lib.models.staffing_rules import ShiftRules
from analytics_lib.store import Store
from staffing_forecasts import Drawn

RULES = Path(__file__).parents[2] / "params" / "staffing.yaml"
WINDOW = {"since": dt.date(2026, 11, 2), "until": dt.date(2026, 11, 9)}
# Open from 09:00 to 12:00 in shifts of two and three hours.
SHORT = ShiftRules(
    cost_per_hour=10.0,
    currency="COP",
    lengths_hours=(2.0, 3.0),
    first_start="09:00",
    last_start="10:00",
    open_since="09:00",
    open_until="12:00",
)
MEASURED = Inputs(
    channels=pd.DataFrame(),
    escalation_rate=(30, 100),
    handle_time_seconds=(180.0, 170.0, 190.0),
    handled=40,
    single=2,
    chats_at_once=1.4,
    called_after_seconds=90.0,
    messages_per_conversation=(6.0, 5.5, 6.5),
    response_seconds=(2.0, 1.9, 2.1),
)
NOTHING = Inputs(pd.DataFrame(), None, None, 0, 0, None, None, None, None)


def at(clock):
    return pd.Timestamp(f"2026-11-04 {clock}", tz="UTC")


@pytest.fixture
def store():
    """Five conversations, four of them closed, two escalated; an agent has two chats that overlap by half.

    In a sixth only the business wrote: it is no demand.
    """
    conversations = pd.DataFrame(
        {
            "conversation_id": list("abcdef"),
            "user_id": list("uvwxyz"),
            "channel": ["whatsapp"] * 4 + ["web"] * 2,
            "started_at": [at("15:00")] * 6,
            "ended_at": [at("16:00")] * 4 + [None, at("16:00")],
            "escalated_at": [at("15:02"), at("15:04"), None, None, None, at("15:01")],
            "agent_id": ["one", "one", None, None, None, "two"],
        }
    )
    said = [
        ("a", "user", "15:00"), ("a", "bot", "15:01"), ("a", "agent", "15:10"), ("a", "agent", "15:20"),
        ("b", "user", "15:00"), ("b", "bot", "15:01"), ("b", "agent", "15:15"), ("b", "agent", "15:25"),
        ("c", "user", "15:00"), ("c", "bot", "15:01"), ("c", "bot", "15:02"), ("c", "bot", "15:03"),
        ("d", "user", "15:00"), ("d", "bot", "15:01"), ("d", "agent", "15:30"),
        ("e", "user", "15:00"),
        ("f", "bot", "15:00"), ("f", "agent", "15:05"), ("f", "agent", "15:45"),
    ]  # fmt: skip
    messages = pd.DataFrame(
        {
            "message_id": [f"m{place:02}" for place in range(len(said))],
            "conversation_id": [each for each, _, _ in said],
            "user_id": "u",
            "sent_at": [at(clock) for _, _, clock in said],
            "sender": [sender for _, sender, _ in said],
            "kind": "text",
        }
    )
    with Store.in_memory(conversations=conversations, messages=messages) as opened:
        yield opened


def test_store_tells_how_many_need_an_agent_and_how_long_each_takes(store):
    found = staffing_inputs(store, **WINDOW)

    # Of four that are closed; the open one may be escalated yet.
    assert found.escalation_rate == (2, 4)
    value, low, high = found.handle_time_seconds
    assert (value, low, high) == pytest.approx((600, 600, 600))
    assert (found.handled, found.single) == (2, 1)
    assert found.called_after_seconds == 180
    # Twenty minutes of chats in fifteen minutes.
    assert found.chats_at_once == pytest.approx(20 / 15)
    # Of five conversations: 1, 1, 3, 1 and none.
    assert found.messages_per_conversation[0] == pytest.approx(6 / 5)
    assert found.response_seconds[0] == pytest.approx(60)
    assert found.channels[["channel", "conversations", "escalations"]].to_numpy().tolist() == [
        ["whatsapp", 4, 2],
        ["web", 1, 0],
    ]
    assert found.channels["share"].tolist() == [0.8, 0.2]
    assert found.channels["escalation_rate"].isna().tolist() == [False, True]


def test_nothing_later_than_as_of_is_known(store):
    found = staffing_inputs(store, **WINDOW, as_of=at("15:12").to_pydatetime())

    assert found.escalation_rate is None
    assert found.handle_time_seconds is None
    assert (found.handled, found.single) == (0, 1)


def test_window_without_conversations_tells_nothing(store):
    found = staffing_inputs(store, since=dt.date(2026, 1, 1), until=dt.date(2026, 2, 1))

    assert found.channels.empty
    known = (found.escalation_rate, found.handle_time_seconds, found.chats_at_once, found.response_seconds)
    assert known == (None,) * 4


def test_chats_at_once_are_counted_agent_by_agent():
    rows = pd.DataFrame(
        {
            "agent_id": ["a", "a", "a", "b"],
            "first_at": [at("15:00"), at("15:10"), at("16:00"), at("15:00")],
            "last_at": [at("15:40"), at("15:20"), at("16:10"), at("15:30")],
        }
    )

    # Forty, ten, ten and thirty minutes, in forty, ten and thirty in which somebody had one.
    assert chats_at_once(rows) == pytest.approx(90 / 80)
    assert chats_at_once(rows.iloc[:0]) is None


def day_of(count, *, draws=None):
    """So many conversations in each hour of a Tuesday; where draws are given, times each of them."""
    return Drawn(np.outer(draws or [1.0], np.full(24, float(count))), start="2026-11-10")


def plan_of(forecast, **asked):
    question = Asked(**{"target_wait_seconds": 20.0, "assumptions": Assumptions(draws=200)} | asked)
    return staffing_page.plan(forecast, inputs=MEASURED, rules=SHORT, asked=question)


def codes(found):
    return [each["code"] for each in staffing_page.recommendations(found)]


def told(found, code):
    return next(each for each in staffing_page.recommendations(found) if each["code"] == code)


def test_plan_staffs_the_open_hours_with_the_cheapest_roster():
    found = plan_of(day_of(100), escalation_rate=1.0, handle_time_seconds=180)
    rows = staffing_page.half_hours(found)
    opened = rows[rows["open"]]

    assert opened["needed"].tolist() == opened["on_duty"].tolist() == [8] * 6
    assert opened["held"].tolist() == [1] * 6
    assert rows["given"].isna().all()
    assert staffing_page.shifts(found)[["paid_hours", "agents", "cost"]].to_numpy().tolist() == [[3, 8, 240]]
    day = staffing_page.days(found).iloc[0]
    assert (day["peak"], day["paid_hours"], day["cost"], day["cost_one_agent"]) == (8, 24, 240, 30)
    # Played out, the day begins without a queue and comes close to the published values.
    assert day["service_level"] == pytest.approx(0.880148, abs=0.02)
    assert day["service_level_one_less"] == pytest.approx(0.740441, abs=0.03)


def test_recommendations_say_when_how_many_why_and_what_it_costs():
    found = plan_of(
        day_of(100, draws=[1.0, 1.0, 1.0, 2.0]),
        escalation_rate=1.0,
        handle_time_seconds=180,
        roster="09:00-11:00=8, 11:00-12:00=7",
    )
    peak, given, mean = (told(found, code) for code in ("peak", "given", "mean"))

    # With certainty 0.8 the course with twice as many counts: 10 erlangs need 14.
    assert (peak["agents"], peak["cost"]) == (14, 420)
    assert [f"{peak[name]:%H:%M}" for name in ("since", "until")] == ["09:00", "12:00"]
    assert peak["contacts"] == pytest.approx(3 * 125)
    assert (mean["agents"], mean["agents_expected"], mean["held_expected"]) == (14, 9, 0.75)
    assert (mean["slots"], mean["of"], mean["cost"]) == (6, 6, 150)
    # Three quarters of the draws need eight, one fourteen: seven are enough in none.
    assert (f"{given['at']:%H:%M}", given["held"], given["on_duty"], given["needed"]) == ("11:00", 0, 7, 14)
    assert (given["cost"], given["difference"]) == (8 * 20 + 70, 230 - 420)
    assert told(found, "roster")["cost"] == 420
    outside = told(found, "outside")
    assert outside["share"] == pytest.approx(21 / 24)
    assert told(found, "bot")["spare"] == 1
    more = told(found, "more")
    assert more["cost"] == 30
    assert more["service_level_changed"] > more["service_level"]
    assert told(found, "less")["contacts"] < 0
    assert set(staffing_page.figures(found)) >= {"agents_peak", "roster_cost", "held_day_given", "replicas"}


def test_peak_is_of_one_day_and_of_equal_ones_the_busiest():
    counts = np.concatenate([np.full(24, 100.0), np.full(24, 101.0), np.full(24, 99.0)])
    found = plan_of(Drawn(counts[None], start="2026-11-10"), escalation_rate=1.0, handle_time_seconds=180)
    peak = told(found, "peak")

    assert [f"{peak[name]:%d %H:%M}" for name in ("since", "until")] == ["11 09:00", "11 12:00"]
    assert peak["contacts"] == pytest.approx(303)


def test_measured_numbers_are_used_unless_others_are_given():
    found = plan_of(day_of(100))

    assert found.escalation_rate == (30, 100)
    assert found.study.service.concurrency == 1
    assert staffing_page.figures(found)["closed"] == 100
    given = staffing_page.figures(plan_of(day_of(100), escalation_rate=0.5, chats_at_once=2))
    assert (given["closed"], given["escalation_rate"], given["chats_at_once"]) == (None, 0.5, 2)


@pytest.mark.parametrize(
    ("inputs", "given", "reason"),
    [
        (NOTHING, {}, "escalations"),
        (NOTHING, {"escalation_rate": 0.2}, "handling"),
        (NOTHING, {"escalation_rate": 0.2, "handle_time_seconds": 200}, ""),
    ],
)
def test_what_is_not_known_is_said(inputs, given, reason):
    found = staffing_page.plan(day_of(20), inputs=inputs, rules=SHORT, asked=Asked(**given))

    assert found.reason == staffing_page.figures(found)["staffing_reason"] == reason
    assert (len(staffing_page.half_hours(found)) == 0) == bool(reason)
    assert (len(staffing_page.days(found)) == 0) == bool(reason)
    assert "bot" not in codes(found)


def test_day_on_which_nobody_comes_needs_no_shift():
    found = plan_of(day_of(0))

    assert codes(found) == []
    assert staffing_page.shifts(found).empty
    assert staffing_page.days(found)[["cost", "held_day"]].iloc[0].tolist() == [0, 1]
    assert staffing_page.figures(found)["agents_peak"] == 0


def test_rules_that_cannot_cover_it_are_told_and_the_closest_roster_shown():
    tight = ShiftRules(**vars(SHORT) | {"max_agents": 3})
    found = staffing_page.plan(
        day_of(100), inputs=MEASURED, rules=tight, asked=Asked(escalation_rate=1.0, handle_time_seconds=180)
    )
    short = told(found, "short")

    assert codes(found)[0] == "short"
    assert (short["slots"], short["missing"]) == (6, short["needed"] - 3)
    assert staffing_page.half_hours(found)["on_duty"].max() == 3


def test_days_that_the_forecast_covers_in_part_are_left_out():
    # From 11:00 on the first day to the end of the second.
    forecast = Drawn(np.full((1, 37), 100.0), start="2026-11-10 11:00")

    assert [f"{day:%d}" for day in staffing_page.days(plan_of(forecast))["day"]] == ["11"]
    part = Drawn(np.full((1, 2), 100.0), start="2026-11-10 10:00")
    assert len(staffing_page.days(plan_of(part))) == 1


def test_forecast_of_closed_hours_alone_needs_nobody():
    found = plan_of(Drawn(np.full((1, 2), 100.0), start="2026-11-10 02:00"))

    assert staffing_page.days(found).empty
    assert staffing_page.figures(found)["shifts"] == 0
    assert codes(found) == ["outside", "bot"]


def test_times_with_a_zone_are_staffed_on_the_local_clock():
    frame = day_of(100).frame
    aware = frame.assign(at=frame["at"].dt.tz_localize("America/Bogota").dt.tz_convert("UTC"))

    assert staffing_page.half_hours(plan_of(aware)).equals(staffing_page.half_hours(plan_of(frame)))


def test_page_reads_store_and_rules(store):
    asked = Asked(assumptions=Assumptions(draws=100), bot=Bot(spare=2))
    forecast = Drawn(np.full((1, 24), 60.0), start="2026-11-09")
    found = staffing_page.read(store, forecast, weeks=1, rules_path=str(RULES), asked=asked)

    assert found.escalation_rate == (2, 4)
    assert found.rules.currency == "COP"
    assert found.replicas["replicas"].min() >= 3
    # The shrinkage of the rules is used unless another is asked for.
    assert found.study.assumed.shrinkage == found.rules.shrinkage == 0.2
    other = staffing_page.read(store, forecast, weeks=1, rules_path=str(RULES), measure="messages")
    assert (other.reason, other.study, staffing_page.recommendations(other)) == ("measure", None, [])
    with pytest.raises(RequestError, match="staffing_weeks is 0"):
        staffing_page.read(store, forecast, weeks=0, rules_path=str(RULES))
    with pytest.raises(RequestError, match=r"no file .no/such\.yaml."):
        staffing_page.read(store, forecast, weeks=1, rules_path="no/such.yaml")
