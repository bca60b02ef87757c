"""From which score on to act, and how early a score warns: on rows that can be counted."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_lib.errors import RequestError
from analytics_lib.models import validation

LABELS, SCORES = [0, 0, 1, 0, 1], [0.1, 0.3, 0.4, 0.6, 0.8]


@pytest.mark.parametrize(
    ("false_alarm_cost", "missed_cost", "threshold"),
    [
        # From 0.4 on: one false alarm, none missed. Both worth the same: 1 there, 1 from 0.8 on.
        (1, 3, 0.4),
        (1, 1, 0.8),
        (10, 1, 0.8),
        (10, 0, validation.NEVER),
    ],
)
def test_threshold_is_the_highest_of_least_cost(false_alarm_cost, missed_cost, threshold):
    found = validation.least_cost_threshold(
        LABELS, SCORES, false_alarm_cost=false_alarm_cost, missed_cost=missed_cost
    )

    assert found == threshold


def test_nobody_is_acted_on_where_nothing_happens():
    found = validation.least_cost_threshold([0, 0], [0.2, 1.0], false_alarm_cost=1, missed_cost=9)

    assert found == validation.NEVER > 1


def test_costs_on_other_rows_are_counted():
    found = validation.costs_at(LABELS, SCORES, threshold=0.5, false_alarm_cost=1, missed_cost=3)
    value = found.set_index("metric")["value"]

    assert value[["alarms", "false_alarms", "missed"]].tolist() == [2, 1, 1]
    assert value[["precision", "recall", "alarm_rate"]].tolist() == [0.5, 0.5, 0.4]
    assert value[["cost", "cost_of_none", "cost_of_all"]].tolist() == [4, 6, 3]
    assert value["cost_per_row"] == pytest.approx(0.8)
    assert found.set_index("metric")["n"][["precision", "recall", "alarm_rate"]].tolist() == [2, 2, 5]


def test_score_at_the_threshold_is_acted_on():
    found = validation.costs_at(LABELS, SCORES, threshold=0.4, false_alarm_cost=1, missed_cost=3)

    assert found.set_index("metric")["value"][["alarms", "false_alarms", "missed", "cost"]].tolist() == [
        3,
        1,
        0,
        1,
    ]


def test_precision_of_no_alarm_is_null():
    found = validation.costs_at(
        LABELS, SCORES, threshold=validation.NEVER, false_alarm_cost=1, missed_cost=3
    ).set_index("metric")

    assert np.isnan(found.loc["precision", "value"])
    assert found.loc["recall", "value"] == 0


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=1, max_size=30),
    st.integers(0, 5),
    st.integers(1, 5),
)
@settings(max_examples=30)
def test_no_other_threshold_costs_less(rows, false_alarm_cost, missed_cost):
    labels, scores = np.array([row[0] for row in rows]), np.array([row[1] / 6 for row in rows])

    def cost(threshold):
        alarmed = scores >= threshold
        return false_alarm_cost * (alarmed & ~labels).sum() + missed_cost * (~alarmed & labels).sum()

    found = validation.least_cost_threshold(
        labels, scores, false_alarm_cost=false_alarm_cost, missed_cost=missed_cost
    )
    assert cost(found) == min(cost(threshold) for threshold in [*scores, 2])


@pytest.mark.parametrize(("false_alarm_cost", "missed_cost"), [(-1, 1), (0, 0), (np.nan, 1)])
def test_costs_that_decide_nothing_are_refused(false_alarm_cost, missed_cost):
    with pytest.raises(RequestError, match="expected costs of 0 or more"):
        validation.least_cost_threshold(
            LABELS, SCORES, false_alarm_cost=false_alarm_cost, missed_cost=missed_cost
        )


def at(minute):
    return dt.datetime(2026, 5, 4, 10, minute, tzinfo=dt.UTC)


def conversation(name, turns, outcome_at=None):
    """Turns as (minute known, score)."""
    return pd.DataFrame(
        {
            "conversation_id": name,
            "turn": range(1, len(turns) + 1),
            "known_at": [at(minute) for minute, _ in turns],
            "score": [score for _, score in turns],
            "label": outcome_at is not None,
            "outcome_at": pd.Series(
                [outcome_at and at(outcome_at)] * len(turns), dtype="datetime64[us, UTC]"
            ),
        }
    )


# Alarms from 0.5 on. warned: at turn 2 of 4, seven minutes before; late: only with its end; taken back: at
# turn 1 of 2, six minutes before, and withdrawn; calm: withdrawn, and nothing came; quiet: no alarm.
TURNS = pd.concat(
    [
        conversation("warned", [(0, 0.1), (3, 0.6), (6, 0.3), (9, 0.7)], outcome_at=10),
        conversation("late", [(0, 0.2), (5, 0.9)], outcome_at=5),
        conversation("taken back", [(0, 0.8), (4, 0.1)], outcome_at=6),
        conversation("calm", [(0, 0.7), (2, 0.2)]),
        conversation("quiet", [(0, 0.4)]),
    ]
)


def test_turns_and_minutes_run_from_the_first_alarm_to_the_outcome():
    found = validation.warning_horizon(TURNS, threshold=0.5).conversations.set_index("conversation_id")

    assert found["alarm_turn"].fillna(0).to_dict() == {
        "warned": 2, "late": 0, "taken back": 1, "calm": 1, "quiet": 0,
    }  # fmt: skip
    assert found["turns_before"].dropna().to_dict() == {"warned": 2, "taken back": 1}
    assert found["minutes_before"].dropna().to_dict() == {"warned": 7, "taken back": 6}
    assert found["withdrawn"].dropna().to_dict() == {"warned": False, "taken back": True, "calm": True}


def test_summary_counts_conversations():
    found = validation.warning_horizon(TURNS, threshold=0.5).summary.set_index("metric")

    assert found.loc["warned", ["value", "n"]].tolist() == pytest.approx([2 / 3, 3])
    assert found.loc["false_alarm_rate", ["value", "n"]].tolist() == [0.5, 2]
    assert found.loc["recovery", ["value", "n"]].tolist() == pytest.approx([1 / 3, 3])
    assert found.loc["withdrawn_wrongly", ["value", "n"]].tolist() == pytest.approx([1 / 3, 3])
    assert found.loc["turns_before", ["value", "n"]].tolist() == [1.5, 2]
    assert found.loc["minutes_before", "value"] == pytest.approx(6.5)
    assert found.loc["median_minutes_before", "value"] == pytest.approx(6.5)


def test_score_that_comes_with_the_outcome_or_later_warns_of_nothing():
    late = conversation("late", [(0, 0.2), (5, 0.9), (7, 0.9)], outcome_at=5)
    found = validation.warning_horizon(late, threshold=0.5).conversations.iloc[0]

    assert pd.isna(found["alarm_turn"])
    # The outcome came with turn 2; what follows it is not counted.
    assert found["turns"] == 2


def test_score_at_the_threshold_is_an_alarm_and_does_not_withdraw_one():
    level = conversation("level", [(0, 0.5), (2, 0.5)])
    found = validation.warning_horizon(level, threshold=0.5).conversations.iloc[0]

    assert found["alarm_turn"] == 1
    assert not found["withdrawn"]


def test_no_alarm_at_all_has_no_horizon():
    found = validation.warning_horizon(TURNS, threshold=1.0).summary.set_index("metric")

    assert found.loc["warned", "value"] == 0
    assert found.loc[["recovery", "turns_before", "minutes_before"], "value"].isna().all()


def test_order_of_turns_makes_no_difference():
    plain = validation.warning_horizon(TURNS, threshold=0.5)
    mixed = validation.warning_horizon(TURNS.sample(frac=1, random_state=1), threshold=0.5)

    pd.testing.assert_frame_equal(mixed.conversations, plain.conversations)


def test_several_thresholds_at_once_say_what_each_says_alone():
    for threshold, found in zip(
        (0.3, 0.9), validation.warning_horizons(TURNS, thresholds=(0.3, 0.9)), strict=True
    ):
        pd.testing.assert_frame_equal(
            found.conversations, validation.warning_horizon(TURNS, threshold=threshold).conversations
        )


def test_turns_without_a_needed_column_are_refused():
    with pytest.raises(RequestError, match="No column 'outcome_at'"):
        validation.warning_horizon(TURNS.drop(columns="outcome_at"), threshold=0.5)


def tried(listed, false_alarm_cost, missed_cost):
    costs = {"false_alarm_cost": false_alarm_cost, "missed_cost": missed_cost}
    return validation.costs_there(listed, validation.place_of(listed, **costs), **costs)


def test_thresholds_worth_choosing_from_are_those_that_some_costs_make_the_cheapest():
    """By hand: (false alarms, missed) of nobody, and from each score on, are 0,2 0,1 1,1 1,0 2,0 3,0."""
    listed = validation.choices(LABELS, SCORES, judged_labels=[1, 0], judged_scores=[0.4, 0.3])

    assert listed["threshold"].tolist()[1:] == [0.8, 0.4, 0.1]
    assert np.isnan(listed["threshold"][0])
    assert listed["missed"].tolist() == [2, 1, 0, 0]
    assert listed["false_alarms"].tolist() == [0, 0, 1, 3]
    assert listed["alarms"].tolist() == [0, 0, 1, 2]
    assert listed["right"].tolist() == [0, 0, 1, 1]


@given(
    rows=st.lists(st.tuples(st.booleans(), st.integers(0, 10)), min_size=2, max_size=40),
    false_alarm_cost=st.integers(0, 9),
    missed_cost=st.integers(0, 9),
)
@settings(max_examples=150)
def test_whatever_errors_cost_the_few_thresholds_hold_the_cheapest_of_all(
    rows, false_alarm_cost, missed_cost
):
    labels, scores = [label for label, _ in rows], [score / 10 for _, score in rows]
    if len(set(labels)) < 2 or not false_alarm_cost + missed_cost:
        return
    costs = {"false_alarm_cost": false_alarm_cost, "missed_cost": missed_cost}
    listed = validation.choices(labels, scores, judged_labels=labels[::-1], judged_scores=scores)
    threshold, told = tried(listed, **costs)

    assert threshold == validation.least_cost_threshold(labels, scores, **costs)
    expected = validation.costs_at(labels[::-1], scores, threshold=threshold, **costs)
    pd.testing.assert_frame_equal(told, expected)


def test_where_nothing_can_choose_it_is_the_cost_of_a_false_alarm_over_both():
    listed = validation.choices([0, 0], [0.2, 0.4], judged_labels=[0, 1], judged_scores=[0.2, 0.9])
    threshold, told = tried(listed, 1, 3)

    assert threshold == 0.25
    assert told.set_index("metric")["value"][["alarms", "missed", "cost"]].tolist() == [1, 0, 0]
    with pytest.raises(RequestError, match="costs -1"):
        tried(listed, -1, 3)
