"""How conversations will end: against the simulator's truth, by hand, and where nothing can be said."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import outcome_oracle
from analytics_lib.errors import ModelDamagedError, NotFoundError, NotTrainableError, RequestError
from analytics_lib.models import outcome, outcome_page, outcome_results
from analytics_lib.models.outcome import OUTCOMES, OutcomeModel
from analytics_lib.models.outcome_asking import rows_asked
from analytics_lib.models.outcome_evaluation import snapshots
from analytics_lib.models.outcome_evaluation import tested as judged_rows
from analytics_lib.models.outcome_fitting import learned, probabilities
from analytics_lib.models.outcome_reasons import by_factor
from analytics_lib.models.outcome_rows import turn_rows
from analytics_lib.models.validation import roc_auc
from analytics_lib.store import Store
from outcome_worlds import UNTIL, simulated, talk

ALL = {
    "users": "select * from users",
    "conversations": "select * from conversations",
    "messages": "select * from messages",
    "actions": "select * from actions",
    "events": "select * from events",
    "orders": "select * from orders",
}
LAST = "select max(sent_at) as last from messages"
QUIET = """
select max(ended_at) - interval 30 minute as now
from conversations
where outcome = 'abandoned' and ended_at < timestamptz '2026-05-20 17:00:00Z'
"""


@pytest.fixture(scope="module")
def world():
    return simulated(1_600, seed=3)


@pytest.fixture(scope="module")
def now(world):
    """Half an hour before a conversation is closed that its user has left."""
    return world[1].query(QUIET)["now"].iloc[0].to_pydatetime()


@pytest.fixture(scope="module")
def model(world):
    return outcome.fit(world[1], as_of=UNTIL)


def measured(model, metric, *, outcome="all", turn=None, population="all"):
    rows = model.evaluation
    wanted = (rows["metric"] == metric) & (rows["outcome"] == outcome) & (rows["population"] == population)
    return rows[wanted & (rows["turn"].isna() if turn is None else rows["turn"] == turn)].iloc[0]


def test_it_goes_most_of_the_way_from_chance_to_the_best_there_is(model, world):
    """At this size 9 of 10 parts on average; over 20,000 conversations 97 %."""
    simulation, store = world
    best = outcome_oracle.posterior(store, simulation, since=pd.Timestamp(model.cut.judge_from))
    both = model.tested.merge(best, on=["conversation_id", "turn"], suffixes=("", "_best"))
    reached = [
        (roc_auc(both["outcome"] == name, both[name]) - 0.5)
        / (roc_auc(both["outcome"] == name, both[f"{name}_best"]) - 0.5)
        for name in OUTCOMES
    ]

    assert len(both) == len(model.tested)
    assert (both["outcome"] == both["truth"]).all()
    assert np.mean(reached) > 0.88
    assert max(reached) < 1.02


def test_it_beats_the_furthest_stage_and_its_probabilities_hold(model):
    for turn in (2, 4, 8, None):
        auc, error = measured(model, "roc_auc", turn=turn), measured(model, "ece", turn=turn)
        assert auc["low"] > auc["last_state"]
        # Turns of a conversation share its end: the noise is that of fewer rows than there are.
        assert error["value"] < 2.5 * measured(model, "ece_noise", turn=turn)["value"]


def test_silence_is_weighed_where_conversations_are_in_progress(model):
    now = measured(model, "ece", population="in_progress")

    assert now["value"] < 0.02
    assert measured(model, "base_rate", outcome="abandoned", population="in_progress")["value"] > 0.7
    assert measured(model, "base_rate", outcome="abandoned")["value"] < 0.5


def test_what_judges_began_after_what_taught_had_ended(model):
    learned = model.learned

    assert learned.train["ended_at"].max() < learned.calibration["started_at"].min()
    assert learned.calibration["ended_at"].max() < learned.test["started_at"].min()
    assert model.counts["learned"] > model.counts["judged"] > 250


def test_probabilities_add_up_and_what_is_decided_is_known(model, world):
    found = model.predict(world[1], as_of=UNTIL, turn=8, since=dt.date(2026, 4, 1))

    assert found["conversation_id"].is_unique
    assert np.allclose(found[list(OUTCOMES)].sum(axis=1), 1)
    decided = found[found["known"]]
    assert len(decided) > 10
    assert (decided[["purchase", "escalated"]].sum(axis=1) == 1).all()


def test_reasons_add_up_to_the_probabilities(model, world, now):
    found = model.predict(world[1], as_of=now)
    rows = rows_asked(world[1], as_of=now)
    parts = [by_factor(model.final, rows, name, quiet=rows["quiet_seconds"]) for name in OUTCOMES]
    scores = np.stack([part.sum(axis=1) for part in parts], axis=1)
    told = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    given = model.factors(world[1], as_of=now, outcome=OUTCOMES[0]).drop(columns="conversation_id")

    assert (~found["known"]).sum() > 0
    assert "silence" in given
    assert np.allclose(given.sum(axis=1), scores[:, 0])
    assert np.allclose(told[~found["known"]], found.loc[~found["known"], list(OUTCOMES)])


def test_conversations_in_progress_are_those_begun_not_ended_and_heard_of_within_a_day(model, world, now):
    store = world[1]
    found = model.predict(store, as_of=now)
    truth = store.query(
        "select conversation_id from conversations join (select conversation_id, max(sent_at) as heard "
        "from messages where sent_at < $now group by 1) as said using (conversation_id) "
        "where started_at < $now and (ended_at is null or ended_at >= $now) and heard >= $day",
        now=now,
        day=now - dt.timedelta(days=1),
    )

    assert set(found["conversation_id"]) == set(truth["conversation_id"])
    assert len(found) > 0
    assert (found["quiet_seconds"] >= 0).all()


def test_what_happens_later_changes_no_prediction(model, world, now):
    store = world[1]
    same = {name: store.query(sql) for name, sql in ALL.items()}
    late = same["messages"]["sent_at"] >= now
    same["messages"].loc[late, "sentiment"] = -1.0
    same["events"] = same["events"][same["events"]["occurred_at"] < now]
    closed = same["conversations"]["ended_at"] >= now
    same["conversations"].loc[closed, "outcome"] = "resolved"
    changed = Store.in_memory(**same)

    pd.testing.assert_frame_equal(model.predict(changed, as_of=now), model.predict(store, as_of=now))


def test_path_follows_one_conversation_turn_by_turn(model, world):
    chosen = model.tested.loc[model.tested["outcome"] == "purchase", "conversation_id"].iloc[0]
    path = model.path(world[1], chosen)

    assert path["turn"].tolist() == list(range(1, len(path) + 1))
    assert set(path["outcome"]) == {"purchase"}
    assert path["purchase"].iloc[-1] == 1
    assert path["known"].iloc[-1]
    assert path["change"].isna().tolist() == [True] + [False] * (len(path) - 1)
    assert path["change"].iloc[1] == pytest.approx(path["purchase"].iloc[1] - path["purchase"].iloc[0])
    assert path["factor_1"].iloc[0] in {*model.final.logit.features}


def test_a_model_comes_back_from_its_text_and_says_the_same(model, world):
    text = model.to_json()
    again = OutcomeModel.from_json(text)

    assert again.to_json() == text
    assert again.counts == model.counts
    assert np.array_equal(probabilities(again.final, model.tested), probabilities(model.final, model.tested))
    assert world[1].query("select min(user_id) as one from users")["one"].iloc[0] not in text


@pytest.mark.parametrize("broken", ["{}", "no", '{"kind": "churn", "format": 1}'])
def test_a_text_that_is_no_model_of_outcomes_is_refused(broken):
    with pytest.raises(ModelDamagedError):
        OutcomeModel.from_json(broken)


def test_shares_of_silence_that_were_tampered_with_are_refused(model):
    text = model.to_json()
    with pytest.raises(ModelDamagedError, match="silence"):
        OutcomeModel.from_json(text.replace('"seconds":[0.0', '"seconds":[1.0'))


def test_threshold_is_chosen_on_other_conversations_than_it_is_reported_on(model):
    decided = model.decide(risk="abandoned", false_alarm_cost=1, missed_cost=4)
    costs = decided.costs.set_index("metric")

    assert 0 < decided.threshold < 1
    assert costs.loc["cost", "n"] == model.counts["judged"]
    assert costs.loc["cost", "value"] < min(
        costs.loc["cost_of_none", "value"], costs.loc["cost_of_all", "value"]
    )
    warned = decided.warning.set_index("metric")
    assert warned.loc["turns_before", "low"] > 1
    assert 0 < warned.loc["recovery", "value"] < 1


def test_where_a_false_alarm_costs_more_than_anything_nobody_is_acted_on(model):
    decided = model.decide(risk="escalated", false_alarm_cost=1000, missed_cost=1)

    assert decided.costs.set_index("metric").loc["alarms", "value"] < 0.02 * model.counts["judged"]


def test_a_risk_that_is_none_is_refused(model):
    with pytest.raises(RequestError, match="'purchase'"):
        model.decide(risk="purchase", false_alarm_cost=1, missed_cost=1)


def test_as_of_before_the_data_says_that_there_is_nothing_to_learn_from(world):
    with pytest.raises(NotTrainableError, match="No conversation had begun by 2020-01-01"):
        outcome.fit(world[1], as_of=dt.date(2020, 1, 1))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"outcome": None}, r"None of the 5 .* has an outcome.*fill conversations.outcome with purchase"),
        ({"outcome": None, "ended_at": None}, "None of the 5 conversations had ended"),
        ({"user_id": "nobody", "conversation_id": "x"}, "In none of the 1 conversations with an outcome"),
    ],
)
def test_a_store_without_ends_says_which_column_is_missing_and_what_to_do(changed, said):
    frames = {name: talk([("resolved", 5)]).query(ALL[name]) for name in ("conversations", "messages")}
    chats = frames["conversations"].assign(**changed).drop_duplicates("conversation_id")
    store = Store.in_memory(conversations=chats, messages=frames["messages"])

    with pytest.raises(NotTrainableError, match=said):
        outcome.fit(store, as_of=UNTIL)


def test_one_outcome_alone_cannot_be_learned():
    with pytest.raises(NotTrainableError, match="at least two outcomes"):
        outcome.fit(talk([("resolved", 60)]), as_of=UNTIL)


def test_too_few_of_an_outcome_cannot_be_learned():
    with pytest.raises(NotTrainableError, match="49 of 149 rows have the outcome 'abandoned'"):
        outcome.fit(talk([("resolved", 100), ("abandoned", 49)]), as_of=UNTIL)


def test_conversations_without_an_outcome_are_left_out_and_counted():
    model = outcome.fit(talk([("resolved", 150), ("abandoned", 150), (None, 7)]), as_of=UNTIL)

    assert model.counts["unlabelled"] == 7
    assert model.counts["conversations"] == 307
    assert model.final.logit.known == ("resolved", "abandoned")
    # Who leaves writes at length there.
    assert measured(model, "roc_auc", outcome="abandoned")["value"] > 0.9


def test_a_user_with_no_history_and_an_unseen_channel_is_predicted():
    model = outcome.fit(talk([("resolved", 150), ("abandoned", 150)]), as_of=UNTIL)
    found = model.predict(talk([("resolved", 1)], channel="fax", user="new"), as_of=UNTIL, turn=1)

    assert np.allclose(found[list(OUTCOMES)].sum(axis=1), 1)


def test_nobody_is_in_progress_where_there_is_nothing(model, world):
    found = model.predict(world[1], as_of=dt.date(2020, 1, 1))

    assert found.empty
    assert set(OUTCOMES) <= set(found.columns)


def test_a_conversation_that_never_began_has_no_path(model, world):
    with pytest.raises(NotFoundError, match="'none'"):
        model.path(world[1], "none")


def test_turns_are_counted_from_one_and_since_needs_a_turn(model, world):
    with pytest.raises(RequestError, match="counted from 1"):
        model.predict(world[1], as_of=UNTIL, turn=0)
    with pytest.raises(RequestError, match="no turn"):
        model.predict(world[1], as_of=UNTIL, since=dt.date(2026, 1, 1))


def test_sums_over_turns_are_those_of_the_turns_so_far():
    store = talk([("abandoned", 1)], sentiments=(0.5, None, -0.25))
    rows = turn_rows(store, as_of=UNTIL)

    assert rows["scored"].tolist() == [1, 1, 2]
    assert rows["mood"].tolist() == pytest.approx([0.5, 0.5, 0.25])
    assert rows["decided"].isna().all()


def test_a_page_says_what_cannot_be_trained_and_why():
    store = talk([("resolved", 30)])
    asked = outcome_page.choose(store, as_of=None, risk="abandoned", false_alarm_cost=1, missed_cost=2)
    found = outcome_page.read(store, asked)
    listed = outcome_page.at_risk(store, found, asked, actions=())
    told = outcome_results.figures(found, listed, asked)

    assert asked.as_of == store.query("select max(sent_at) as last from messages")["last"].iloc[
        0
    ] + dt.timedelta(microseconds=1)
    assert (told["source"], told["in_progress"], told["threshold"]) == ("none", 0, None)
    assert "at least two outcomes" in told["reason"]
    assert outcome_results.frames(found, asked).curve.empty


def test_a_risk_that_never_ended_a_conversation_is_listed_at_zero_without_reasons():
    store = talk((("purchase", 120), ("resolved", 120)))
    asked = outcome_page.Asked(dt.datetime(2026, 1, 10, 23, 10, tzinfo=dt.UTC), missed_cost=4.0)
    found = outcome_page.read(store, asked)
    listed = outcome_page.at_risk(store, found, asked, actions=())

    assert len(listed) == 1
    assert listed.loc[0, "abandoned"] == 0
    assert listed[["factor_1", "points_1", "factor_3"]].isna().all(axis=None)
    assert not listed["alarm"].any()
    assert outcome_results.importance(found, asked).empty
    # Nothing to choose a threshold by: the false alarm's cost over both.
    assert found.threshold.threshold == pytest.approx(1 / 5)


def test_one_is_looked_at_for_a_day_of_silence_however_late_it_was_closed():
    store = talk((("abandoned", 80), ("resolved", 80)))
    found = learned(store, as_of=dt.date(2026, 2, 1), seed=0)
    rows = judged_rows(found).iloc[:2].assign(quiet_seconds=[30 * 86_400.0, 600.0])
    looks = snapshots(found, rows)
    few = snapshots(found, pd.concat([rows.iloc[:1]] * 40).assign(conversation_id=range(40)), most=2_880)

    assert looks["quiet_seconds"].max() <= 86_400
    assert len(looks) == 288 + 2
    assert 0 < few["conversation_id"].nunique() < 30
    assert (few["conversation_id"].value_counts() == 288).all()


def test_conversations_at_risk_come_with_their_reasons(model, world, now):
    asked = outcome_page.choose(world[1], as_of=now, risk="abandoned", false_alarm_cost=1, missed_cost=4)
    costs = {"false_alarm_cost": asked.false_alarm_cost, "missed_cost": asked.missed_cost}
    decided = model.decide(risk="abandoned", **costs)
    found = outcome_page.Found(model, "fitted", threshold=decided, fitted=model)
    listed = outcome_page.at_risk(world[1], found, asked, actions=())

    assert listed["abandoned"].is_monotonic_decreasing
    assert (listed["alarm"] == (listed["abandoned"] >= decided.threshold)).all()
    assert listed["factor_1"].iloc[0] == "silence"
    assert outcome_results.figures(found, listed, asked)["alarms"] == listed["alarm"].sum()
