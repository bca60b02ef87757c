"""A leak of each kind, planted: its alarm fires, and the honest variant beside it is silent."""

import numpy as np
import pandas as pd
import pytest

from analytics_lib.errors import RequestError
from analytics_lib.models import validation, validation_suspects

N, USERS, DAYS = 4_000, 1_300, 20


@pytest.fixture(scope="module")
def world():
    """Rows of users over days: what happens depends on one honest feature, on the user and on the day."""
    random = np.random.default_rng(7)
    user, day = random.integers(0, USERS, N), np.sort(random.integers(0, DAYS, N))
    honest = random.normal(size=N)
    of_user, of_day = random.normal(0, 2, USERS)[user], random.normal(0, 2, DAYS)[day]
    label = random.random(N) < 1 / (1 + np.exp(-(honest + of_user + of_day - 0.5)))
    return pd.DataFrame({"user": user, "day": day, "honest": honest, "label": label})


def remembers(column):
    """A model that knows the rate of each value it has seen of a column, and nothing else."""

    def fit(features, labels):
        rates = labels.groupby(features[column]).mean()
        return lambda rows: rows[column].map(rates).fillna(labels.mean())

    return fit


def compared(world, fit):
    features, labels = world.drop(columns="label"), world["label"]
    return validation.compare_splits(fit, features, labels=labels, groups=world["user"], moments=world["day"])


def codes(found):
    return {alarm.code for alarm in found}


def suspects(world, **features):
    frame = pd.DataFrame({"honest": world["honest"], **features})
    found = validation.alarms(features=frame, labels=world["label"], keys=world[["user"]])
    return [(alarm.code, alarm.values["feature"]) for alarm in found]


def test_honest_features_and_splits_raise_no_alarm(world):
    comparison = compared(world, lambda *_: lambda rows: rows["honest"])
    evaluation = validation.evaluate(
        world["label"], 1 / (1 + np.exp(-world["honest"])), groups=world["user"], draws=5
    )
    channel = np.where(world["user"] % 3, "web", "whatsapp")

    assert validation.alarms(evaluation, comparison=comparison) == []
    assert suspects(world, channel=channel, rows=world["user"].map(world["user"].value_counts())) == []


def test_later_label_as_a_feature_is_caught(world):
    noise = np.random.default_rng(1).normal(0, 0.2, N)

    assert suspects(world, survey=world["label"] + noise) == [("telling_feature", "survey")]
    assert suspects(world, survey=noise - world["label"]) == [("telling_feature", "survey")]


def test_feature_that_is_null_where_it_happened_is_caught(world):
    closed = np.where(world["label"], np.nan, world["honest"])

    assert suspects(world, closed=closed) == [("telling_feature", "closed")]


def test_feature_that_tells_by_its_middle_is_caught(world):
    noise = np.random.default_rng(1).normal(0, 0.1, N)
    side = np.where(world["user"] % 2, 1, -1)

    assert suspects(world, change=np.where(world["label"], 0, side) + noise) == [
        ("telling_feature", "change")
    ]


def test_category_that_names_the_outcome_is_caught(world):
    reason = np.where(world["label"], "left", "stays")

    assert suspects(world, reason=reason) == [("telling_feature", "reason")]


def test_aggregate_of_later_events_is_caught(world):
    # Contacts over all time, where leaving means that none come after the cut-off.
    random = np.random.default_rng(1)
    before, after = random.poisson(1, N), np.where(world["label"], 0, 1 + random.poisson(6, N))

    assert suspects(world, contacts_before=before) == []
    assert suspects(world, contacts=before + after) == [("telling_feature", "contacts")]


def test_recency_measured_after_the_cutoff_is_caught():
    # Contacts over 90 days; who leaves has none in the last 30 of them. Counted from day 90 their recency
    # says nothing else; counted from day 60, the cut-off, it is a good rule and no more.
    random = np.random.default_rng(11)
    contacts = pd.DataFrame({"user": random.integers(0, 900, 4_500), "day": random.random(4_500) * 90})
    contacts["day"] *= (0.3 + 0.7 * random.random(900))[contacts["user"]]
    early = contacts[contacts["day"] < 60].groupby("user")["day"].max()
    last = contacts.groupby("user")["day"].max().reindex(early.index)
    leaves = (last < 60).to_numpy()

    def judged(recency):
        found = validation.baselines(
            recency.to_frame("days"), leaves, recency.to_frame("days"), recency="days"
        )
        evaluation = validation.evaluate(leaves, found["recency_rule"], groups=early.index, draws=0)
        return codes(validation.alarms(evaluation, features=recency.to_frame("days"), labels=leaves))

    assert 0.1 < leaves.mean() < 0.9
    assert judged(90 - last) == {"score_too_good", "telling_feature"}
    assert judged(60 - early) == set()


@pytest.mark.parametrize("prior_rows", [0, 5])
def test_target_encoded_on_all_rows_is_caught_and_on_other_rows_is_not(world, prior_rows):
    def encoded(rows):
        sums = rows.groupby("user")["label"].agg(["sum", "size"])
        rates = (sums["sum"] + prior_rows * 0.4) / (sums["size"] + prior_rows)
        return world["user"].map(rates).fillna(0.4)

    learned = world[~validation.split_users(np.arange(N))]

    assert suspects(world, user_rate=encoded(world)) == [("encoded_on_judged_rows", "user_rate")]
    assert suspects(world, stays=1 - encoded(world)) == [("encoded_on_judged_rows", "stays")]
    assert suspects(world, user_rate=encoded(learned)) == []


def test_encoding_says_what_it_would_rank_without_the_labels_it_saw(world):
    # Four rows a user, and users who differ in nothing.
    random = np.random.default_rng(3)
    user, label = np.repeat(np.arange(500), 4), random.random(2_000) < 0.4
    rates = pd.Series(label).groupby(user).transform("mean")
    [alarm] = validation.alarms(
        features=pd.DataFrame({"rate": rates, "user": user.astype(str)}), labels=label
    )

    assert alarm.code == "encoded_on_judged_rows"
    assert alarm.values["key"] == "user"
    assert alarm.values["roc_auc"] > 0.75
    assert alarm.values["roc_auc_out_of_fold"] == pytest.approx(0.5, abs=0.04)


def test_user_on_both_sides_is_caught(world):
    comparison = compared(world, remembers("user")).set_index("metric")["value"]
    found = validation.alarms(comparison=compared(world, remembers("user")), sides=([1, 1, 2], [2, 3, 3]))

    assert comparison["roc_auc_users_apart"] == pytest.approx(0.5)
    assert comparison["roc_auc_user_gap"] > 0.05
    assert codes(found) == {"user_split_gap", "shared_users"}
    assert found[-1].values == {"users": 1, "test_users": 2}
    assert validation.alarms(sides=([1, 2], [3])) == []


def test_model_that_remembers_days_is_caught_by_the_gap_to_a_split_in_time(world):
    comparison = compared(world, remembers("day"))
    value = comparison.set_index("metric")["value"]
    found = validation.alarms(comparison=comparison)

    assert value["roc_auc_temporal"] == pytest.approx(0.5)
    assert value["roc_auc_gap"] == pytest.approx(value["roc_auc_random"] - 0.5)
    assert codes(found) == {"random_split_gap"}
    assert found[0].values["gap"] == value["roc_auc_gap"]


def test_comparison_of_splits_is_the_same_each_time_and_counts_who_judges(world):
    first, again = (compared(world, remembers("day")) for _ in range(2))

    pd.testing.assert_frame_equal(first, again)
    late = int((world["day"] >= world["day"].iloc[int(N * 0.75)]).sum())
    assert first.set_index("metric").loc["roc_auc_temporal", "n"] == late
    assert first["low"].lt(first["value"]).sum() >= 3


def test_copies_of_a_users_rows_do_not_narrow_the_comparison(world):
    def width(rows):
        found = compared(rows, lambda *_: lambda asked: asked["honest"]).set_index("metric")
        return found.loc["roc_auc_temporal", "high"] - found.loc["roc_auc_temporal", "low"]

    thrice = pd.concat([world] * 3).sort_values("day", ignore_index=True)

    assert width(thrice) > 0.85 * width(world)


def test_number_of_its_own_for_each_key_is_no_encoding():
    # Thirty plans with 300 customers each, hardly two with as many who left: their prices prove nothing.
    random = np.random.default_rng(6)
    plan, effect = np.repeat(np.arange(30), 300), random.normal(0, 1.5, 30)
    label = random.random(len(plan)) < 1 / (1 + np.exp(-effect[plan]))
    features = pd.DataFrame({"price": effect[plan], "plan": plan.astype(str)})

    assert validation_suspects.encoded_columns(features, label) == []


def test_score_too_good_names_the_outcome_it_is_of():
    labels = ["a"] * 20 + ["b"] * 20
    probabilities = np.repeat([[0.9, 0.1], [0.2, 0.8]], 20, axis=0)
    found = validation.alarms(
        validation.evaluate_classes(labels, probabilities, ("a", "b"), groups=None, draws=2)
    )

    assert [(alarm.code, alarm.values["outcome"]) for alarm in found] == [
        ("score_too_good", name) for name in ("a", "b", "all")
    ]
    assert found[0].values == {"roc_auc": 1.0, "limit": 0.95, "n": 40, "outcome": "a"}


def test_alarms_are_listed_with_their_values():
    found = validation.alarm_frame(validation.alarms(sides=(["a"], ["a", "b"])))

    assert found.to_dict("records") == [{"code": "shared_users", "users": 1, "test_users": 2}]
    assert validation.alarm_frame([]).columns.tolist() == ["code"]


def test_one_class_raises_no_alarm_of_features():
    features = pd.DataFrame({"x": [1.0, 2.0], "y": ["a", "b"]})

    assert validation.alarms(features=features, labels=[1, 1]) == []


def test_features_of_other_rows_are_refused():
    with pytest.raises(RequestError, match="1 rows of features and 2 labels"):
        validation.alarms(features=pd.DataFrame({"x": [1.0]}), labels=[0, 1])
