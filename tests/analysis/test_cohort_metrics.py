"""Metrics of the catalogue by cohort and age: counts the eye can check, totals those of ``measure``."""

import datetime as dt

import pandas as pd
import pytest
from cohort_stories import grid

from analytics_lib.analysis import cohorts
from analytics_lib.errors import NotEnoughDataError
from analytics_lib.metrics import CATALOG
from analytics_lib.store import Store

APRIL = dt.date(2024, 4, 10)


def talks(*told):
    """A store of ended conversations, each ``(user, day, resolved)``."""
    frame = pd.DataFrame(told, columns=["user_id", "day", "resolved"])
    started = pd.to_datetime(frame["day"] + " 12:00", utc=True)
    return Store.in_memory(
        conversations=frame.drop(columns="day").assign(
            conversation_id=[f"c{place}" for place in range(len(frame))],
            channel="web",
            started_at=started,
            ended_at=started + pd.Timedelta(minutes=5),
            outcome=["resolved" if done else "abandoned" for done in frame["resolved"]],
        )
    )


SPRING = [
    ("a", "2024-01-10", True),
    ("a", "2024-03-10", True),
    ("a", "2024-03-11", False),
    ("b", "2024-01-20", False),
    ("c", "2024-02-20", True),
    ("c", "2024-04-05", True),
]


def rate(store, name="resolution_rate", **asked):
    return cohorts.metric_by_age(store, CATALOG[name], **{"period": "month", "as_of": APRIL, **asked})


def test_rate_of_each_age_keeps_its_counts():
    found = rate(talks(*SPRING))
    assert grid(found, "numerator") == {"2024-01-01": {0: 1, 1: 0, 2: 1}, "2024-02-01": {0: 1, 1: 0}}
    assert grid(found, "denominator") == {"2024-01-01": {0: 2, 1: 0, 2: 2}, "2024-02-01": {0: 1, 1: 0}}


def test_age_at_which_nothing_counts_has_no_value():
    found = rate(talks(*SPRING)).set_index(["cohort", "age"])["value"]
    assert found.isna().tolist() == [False, True, False, False, True]
    assert found.iloc[0] == 0.5


def test_interval_of_users_with_one_conversation_each_is_wilsons():
    many = talks(*((f"u{n}", "2024-03-05", n < 8) for n in range(10)))
    row = rate(many).iloc[0]
    assert [row["low"], row["high"]] == pytest.approx([0.490162, 0.943318], abs=1e-6)


def test_before_any_period_has_ended_it_says_so():
    with pytest.raises(NotEnoughDataError, match="Nobody came before 2024-01-01"):
        rate(talks(*SPRING), as_of=dt.date(2024, 1, 31))


def waits(*told, **same):
    """A store of messages, each ``(user, time, sender)``; a user's day is a conversation."""
    frame = pd.DataFrame(told, columns=["user_id", "at", "sender"])
    columns = {
        "message_id": [f"m{place}" for place in range(len(frame))],
        "conversation_id": frame["user_id"] + frame["at"].str[:10],
        "sent_at": pd.to_datetime(frame["at"], utc=True),
        "kind": "text",
    }
    return Store.in_memory(messages=frame.drop(columns="at").assign(**{**columns, **same}))


# Ana comes in January and waits 10 s for the bot; in February 60 s and 120 s for it, 30 s for an agent, and
# once in vain. Eva comes in February and waits 20 s for the bot, and 40 s for an agent.
WAITED = [
    *(("ana", "2024-01-10 12:00:00", "user"), ("ana", "2024-01-10 12:00:10", "bot")),
    *(("ana", "2024-02-05 12:00:00", "user"), ("ana", "2024-02-05 12:01:00", "bot")),
    *(("ana", "2024-02-05 12:05:00", "user"), ("ana", "2024-02-05 12:07:00", "bot")),
    *(("ana", "2024-02-05 12:10:00", "user"), ("ana", "2024-02-05 12:10:30", "agent")),
    ("ana", "2024-02-05 12:30:00", "user"),
    *(("eva", "2024-02-20 12:00:00", "user"), ("eva", "2024-02-20 12:00:20", "bot")),
    *(("eva", "2024-02-20 12:10:00", "user"), ("eva", "2024-02-20 12:10:40", "agent")),
]
MARCH = dt.date(2024, 3, 10)


@pytest.mark.parametrize(
    ("name", "january", "february"),
    [
        ("average_response_time", {0: 10, 1: 90}, {0: 20}),
        ("median_response_time", {0: 10, 1: 90}, {0: 20}),
        ("agent_response_time", {0: None, 1: 30}, {0: 40}),
        ("first_response_time", {0: 10, 1: 60}, {0: 20}),
        ("unanswered_rate", {0: 0, 1: 1 / 4}, {0: 0}),
    ],
)
def test_waiting_is_told_by_cohort_and_age(name, january, february):
    found = rate(waits(*WAITED), name, as_of=MARCH)
    values = found.assign(value=found["value"].astype(object).where(found["value"].notna(), None))
    assert grid(values, "value") == {"2024-01-01": january, "2024-02-01": february}


def test_quantile_counts_its_values_and_the_users_who_waited():
    found = rate(waits(*WAITED), "median_response_time", as_of=MARCH)
    assert grid(found, "denominator") == {"2024-01-01": {0: 1, 1: 2}, "2024-02-01": {0: 1}}
    assert grid(found, "users") == {"2024-01-01": {0: 1, 1: 1}, "2024-02-01": {0: 1}}
    assert found["numerator"].isna().all()


def test_age_at_which_nobody_waited_has_no_quantile():
    found = rate(waits(*WAITED), "median_response_time", as_of=APRIL)
    assert grid(found, "users") == {"2024-01-01": {0: 1, 1: 1, 2: 0}, "2024-02-01": {0: 1, 1: 0}}
    assert found["value"].isna().tolist() == [False, False, True, False, True]


def test_cohorts_of_hours_are_apart():
    found = rate(waits(*WAITED[2:6]), "average_response_time", period="hour", as_of=dt.date(2024, 2, 6))
    assert found["cohort"].astype(str).unique().tolist() == ["2024-02-05 12:00:00"]
    assert found["denominator"].tolist()[:2] == [2, 0]


def test_a_wait_at_the_end_of_a_month_is_of_the_month_it_began_in():
    late = [("ana", "2024-01-31 23:59:50", "user"), ("ana", "2024-02-01 00:00:10", "bot")]
    found = rate(waits(*late, conversation_id="c"), "average_response_time", as_of=MARCH)
    assert grid(found, "denominator") == {"2024-01-01": {0: 1, 1: 0}}
