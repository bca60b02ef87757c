"""Agents beside each other: luck is not ranked, a bad one is found, few conversations say nothing."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analytics_lib.analysis.overview_agents import _drawn, agents, apart, compare
from analytics_lib.analysis.overview_scope import Asked

WEEK = Asked(dt.date(2026, 3, 9), dt.date(2026, 3, 16))


def team(resolved, *, csat=(), handling=(), seed=0, spread=0.5):
    """Agents with so many ``(conversations, resolved)``, all of other users; handling is ``(n, seconds)``."""
    random, rows = np.random.default_rng(seed), []
    for number, (n, y) in enumerate(resolved):
        answered, pleased = csat[number] if csat else (0, 0)
        timed, seconds = handling[number] if handling else (0, 1.0)
        for place in range(n):
            log = math.log(seconds) + spread * random.standard_normal() if place < timed else 0.0
            rows.append(
                {
                    "agent_id": f"a{number:02}",
                    "user_id": f"u{number}-{place}",
                    "conversations": 1,
                    "resolution_n": 1,
                    "resolution_y": int(place < y),
                    "csat_n": int(place < answered),
                    "csat_y": int(place < pleased),
                    "handling_n": int(place < timed),
                    "handling_y": log,
                    "handling_yy": log**2,
                }
            )
    return pd.DataFrame(rows)


def of(frame, measure="resolution"):
    return frame[frame["measure"] == measure].set_index("agent_id")


def test_30_agents_of_one_true_rate_are_left_in_peace_in_19_worlds_of_20():
    random, alarms = np.random.default_rng(7), 0
    for _ in range(60):
        sizes = random.integers(15, 120, 30)
        rated, timed = random.binomial(sizes, 0.4), random.binomial(sizes, 0.8)
        handled = pooled_world(random, sizes, rated, timed)
        alarms += bool(apart(compare(handled)))
    assert alarms <= 3


def pooled_world(random, sizes, rated, timed):
    """The same, drawn at once: every conversation of another user, one row an agent and chunk of them."""
    agent = np.repeat(np.arange(len(sizes)), sizes)
    place = np.concatenate([np.arange(size) for size in sizes])
    log = 5 + random.standard_normal(len(agent))
    in_time = place < np.repeat(timed, sizes)
    answered = place < np.repeat(rated, sizes)
    return pd.DataFrame(
        {
            "agent_id": np.char.add("a", agent.astype(str)),
            "user_id": np.arange(len(agent)),
            "conversations": 1,
            "resolution_n": 1,
            "resolution_y": random.random(len(agent)) < 0.72,
            "csat_n": answered,
            "csat_y": answered & (random.random(len(agent)) < 0.3),
            "handling_n": in_time,
            "handling_y": np.where(in_time, log, 0.0),
            "handling_yy": np.where(in_time, log**2, 0.0),
        }
    ).astype(dict.fromkeys(("resolution_y", "csat_n", "csat_y", "handling_n"), int))


def test_planted_bad_agent_is_found_and_nobody_else():
    found = compare(team([(100, 72)] * 11 + [(100, 40)]))

    assert apart(found) == ["a11"]
    assert of(found).loc["a11", "value"] == 0.4
    assert of(found).loc["a11", "value"] < of(found).loc["a11", "limit_low"]


def test_planted_slow_agent_is_found():
    found = compare(team([(60, 40)] * 6, handling=[(50, 180.0)] * 5 + [(50, 400.0)]))

    assert apart(found) == ["a05"]
    assert of(found, "handling").loc["a05", "value"] == pytest.approx(400, rel=0.3)


def test_agent_with_few_conversations_is_shown_and_not_judged():
    found = of(compare(team([(200, 140), (200, 140), (19, 0)])))

    assert bool(found.loc["a02", "few"])
    assert not found.loc["a02", "differs"]
    assert math.isnan(found.loc["a02", "limit_low"])
    assert found.loc["a02", "value"] == 0


def test_limits_are_those_of_the_hypergeometric_distribution():
    """Two agents and one measure: a half of 5 % each, and a half of that on either side."""
    found = of(compare(team([(30, 20), (60, 45)])))
    lot = stats.hypergeom(90, 65, 30)

    assert found.loc["a00", "team"] == pytest.approx(65 / 90)
    for end, tail in (("limit_low", 0.0125), ("limit_high", 1 - 0.0125)):
        assert round(found.loc["a00", end] * 30) == lot.ppf(tail)


@settings(max_examples=60)
@given(st.integers(2, 200), st.data())
def test_so_many_drawn_by_lot_lie_outside_no_more_often_than_the_tail(total, data):
    successes, size = (data.draw(st.integers(1, total)) for _ in range(2))
    least, most = _drawn(total, successes, size, 0.01)
    lot = stats.hypergeom(total, successes, size)

    assert lot.cdf(least - 1) <= 0.01 + 1e-9 < lot.cdf(least) + 2e-9
    assert lot.sf(most) <= 0.01 + 1e-9 < lot.sf(most - 1) + 2e-9


def test_users_who_come_back_widen_the_limits():
    single = team([(60, 45), (60, 45)])
    again = single.assign(
        user_id=single["user_id"].str.replace(r"-(\d+)", lambda m: f"-{int(m[1]) // 10}", regex=True)
    )
    again = again.groupby(["agent_id", "user_id"], as_index=False).sum()
    wide, narrow = of(compare(again)), of(compare(single))

    assert wide.loc["a00", "limit_low"] < narrow.loc["a00", "limit_low"]
    assert wide.loc["a00", "n"] == narrow.loc["a00", "n"] == 60


def test_lone_agent_is_compared_with_nobody():
    found = compare(team([(100, 10)]))

    assert found["limit_low"].isna().all()
    assert apart(found) == []


def test_counts_come_from_the_conversations_an_agent_took_over(tell):
    said = [("user", "2026-03-09 10:00"), ("agent", "2026-03-09 10:05"), ("agent", "2026-03-09 10:15")]
    end = "2026-03-09 11:00"
    store = tell(
        ("a", "2026-03-09 10:00", said, {"agent_id": "x", "resolved": True, "csat": 5, "end": end}),
        (
            "b",
            "2026-03-09 10:00",
            said[:2],
            {"agent_id": "x", "resolved": False, "csat": 3, "user": "u2", "end": end},
        ),
        ("c", "2026-03-09 10:00", said, {"agent_id": "y", "resolved": None, "csat": None, "user": "u3"}),
        (
            "d",
            "2026-03-09 10:00",
            said[:1],
            {"agent_id": None, "resolved": True, "csat": 1, "user": "u4", "end": end},
        ),
    )
    found = agents(store, WEEK).set_index(["agent_id", "measure"])

    assert found.loc[("x", "resolution"), ["n", "value"]].tolist() == [2, 0.5]
    assert found.loc[("x", "csat"), ["n", "value"]].tolist() == [2, 0.5]
    # One message of an agent has no length; ten minutes lie between the two of the other conversation.
    assert found.loc[("x", "handling"), ["n", "value"]].tolist() == [1, pytest.approx(600)]
    assert found.loc[("y", "resolution"), "n"] == 0
    assert math.isnan(found.loc[("y", "resolution"), "value"])
    assert set(found.index.get_level_values(0)) == {"x", "y"}
