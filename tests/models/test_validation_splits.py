"""Which rows teach and which judge, what is simple, and one model beside another."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.models import validation

DAY, MONTH = dt.timedelta(days=1), dt.timedelta(days=30)


def test_latest_label_ends_at_as_of_and_labels_do_not_overlap():
    found = validation.cutoffs(dt.date(2026, 10, 1), horizon=MONTH, count=3)

    assert found == [dt.date(2026, 7, 3), dt.date(2026, 8, 2), dt.date(2026, 9, 1)]


def test_step_may_be_shorter_than_the_horizon():
    found = validation.cutoffs(dt.date(2026, 10, 1), horizon=MONTH, count=2, step=7 * DAY)

    assert found == [dt.date(2026, 8, 25), dt.date(2026, 9, 1)]


def test_horizon_of_hours_gives_instants_counted_from_midnight_in_the_business_zone():
    found = validation.cutoffs(dt.date(2026, 10, 1), horizon=dt.timedelta(hours=6), count=1)

    # Midnight in Bogota is five in the morning in UTC.
    assert found == [dt.datetime(2026, 9, 30, 23, tzinfo=dt.UTC)]


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 8))
@settings(max_examples=30)
def test_models_learn_at_cutoffs_earlier_by_the_horizon(horizon_days, step_days, count):
    horizon, as_of = horizon_days * DAY, dt.date(2026, 10, 1)
    moments = validation.cutoffs(as_of, horizon=horizon, count=count, step=step_days * DAY)

    assert max(moments) + horizon == as_of
    if (moments[-1] - moments[0]) < horizon:
        with pytest.raises(NotEnoughDataError, match="apart"):
            validation.splits(moments, horizon=horizon)
        return
    found = validation.splits(moments, horizon=horizon)
    assert found[-1].test == moments[-1]
    for split in found:
        assert split.train == tuple(moment for moment in moments if moment + horizon <= split.test)


def test_cutoff_earlier_by_just_the_horizon_teaches():
    early, late = dt.date(2026, 8, 2), dt.date(2026, 9, 1)

    assert validation.splits([late, early], horizon=MONTH) == [validation.Split((early,), late)]
    with pytest.raises(NotEnoughDataError, match="No two of 2 cut-offs are 31 days"):
        validation.splits([late, early], horizon=MONTH + DAY)


@pytest.mark.parametrize(
    ("given_values", "message"),
    [
        ({"horizon": 0 * DAY}, "horizon is 0:00:00"),
        ({"horizon": DAY, "step": -DAY}, "step is -1 day"),
        ({"horizon": DAY, "count": 0}, "0 cut-offs"),
    ],
)
def test_cutoffs_without_time_between_them_are_refused(given_values, message):
    with pytest.raises(RequestError, match=message):
        validation.cutoffs(dt.date(2026, 10, 1), **given_values)


def test_user_is_on_one_side_and_stays_there_as_others_come():
    users = [f"u{number}" for number in range(2_000)]
    held = validation.split_users(users, share=0.25)
    more = validation.split_users(["new", *users[::-1], *users], share=0.25)

    assert more[-2_000:].tolist() == held.tolist()
    assert more[1:2_001].tolist() == held[::-1].tolist()
    assert held.mean() == pytest.approx(0.25, abs=0.04)
    assert (validation.split_users(users, share=0.25, seed=1) != held).any()


def test_rows_whose_label_came_after_the_cutoff_neither_teach_nor_judge():
    moments = pd.to_datetime(["2026-05-01", "2026-05-02", "2026-05-03", "2026-05-04"]).tz_localize("UTC")
    known = moments + pd.to_timedelta([1, 36, 1, 1], unit="h")
    cutoff = dt.datetime(2026, 5, 3, tzinfo=dt.UTC)
    found = validation.split_time(moments, cutoff=cutoff, known_at=known)

    assert found.train.tolist() == [True, False, False, False]
    assert found.test.tolist() == [False, False, True, True]


def test_date_means_midnight_in_the_business_zone():
    moments = pd.to_datetime(["2026-05-03 04:59", "2026-05-03 05:00"]).tz_localize("UTC")

    assert validation.split_time(moments, cutoff=dt.date(2026, 5, 3)).test.tolist() == [False, True]
    wall_clock = pd.to_datetime(["2026-05-02 23:59", "2026-05-03 00:00"])
    assert validation.split_time(wall_clock, cutoff=dt.date(2026, 5, 3)).test.tolist() == [False, True]


def test_users_kept_apart_teach_or_judge_but_never_both():
    users, moments = np.tile(np.arange(50), 4), np.repeat([1, 2, 3, 4], 50)
    found = validation.split_time(moments, cutoff=3, groups=users)

    assert not set(users[found.train]) & set(users[found.test])
    assert moments[found.train].max() < 3 <= moments[found.test].min()
    assert found.train.sum() > 10
    assert found.test.sum() > 10


def test_recency_rule_lies_on_lines_between_the_rates_of_the_tenths():
    train = pd.DataFrame({"recency_days": [1.0, 2, 3, 4]})
    test = pd.DataFrame({"recency_days": [1, 2.5, 9, np.nan]})
    found = validation.baselines(train, [0, 0, 1, 1], test, recency="recency_days")

    # Four tenths of one row each, drawn half way to the base rate; null was never seen.
    assert found["recency_rule"].tolist() == pytest.approx([0.25, 0.5, 0.75, 0.5])
    assert found["base_rate"].tolist() == [0.5] * 4


def test_user_without_recency_has_the_rate_of_those_without():
    train = pd.DataFrame({"recency_days": [1.0, 2, np.nan, np.nan]})
    found = validation.baselines(
        train, [0, 0, 1, 1], pd.DataFrame({"recency_days": [np.nan]}), recency="recency_days"
    )

    assert found["recency_rule"].tolist() == pytest.approx([(2 + 0.5) / 3])


def test_last_state_has_its_rate_and_a_new_one_the_base_rate():
    train, test = pd.DataFrame({"stage": list("aabb")}), pd.DataFrame({"stage": ["a", "b", "new"]})
    found = validation.baselines(train, [1, 1, 0, 0], test, state="stage")

    assert found["last_state"].tolist() == pytest.approx([2.5 / 3, 0.5 / 3, 0.5])
    assert list(found) == ["base_rate", "last_state"]


def test_baselines_of_several_outcomes_have_a_column_each_that_add_up():
    train, test = pd.DataFrame({"stage": list("aab")}), pd.DataFrame({"stage": ["a", "b"]})
    found = validation.baselines(train, ["x", "y", "z"], test, state="stage", classes=("x", "y", "z"))

    assert found["last_state"][0].tolist() == pytest.approx([(1 + 1 / 3) / 3] * 2 + [1 / 9])
    assert found["last_state"].sum(axis=1).tolist() == pytest.approx([1, 1])
    assert found["base_rate"].shape == (2, 3)


def test_baseline_of_a_column_that_is_missing_is_refused():
    frame = pd.DataFrame({"stage": ["a"]})

    with pytest.raises(RequestError, match=r"'recency'.*there are stage"):
        validation.baselines(frame, [1], frame, recency="recency")


def test_gain_over_a_baseline_is_measured_on_the_same_users():
    random = np.random.default_rng(2)
    scores = random.random(600)
    labels, other = random.random(600) < scores, np.clip(scores + random.normal(0, 0.05, 600), 0, 1)
    found = validation.compare_models(
        labels,
        {"model": scores, "other": other, "same": scores, "base": np.full(600, 0.5)},
        groups=None,
        draws=60,
    )
    of = found.set_index(["model", "metric"])

    assert of.loc[("same", "roc_auc_gain"), ["value", "low", "high"]].tolist() == [0, 0, 0]
    base = of.loc[("base", "roc_auc_gain")]
    assert base["value"] == pytest.approx(of.loc[("model", "roc_auc"), "value"] - 0.5)
    assert base["low"] > 0
    close, alone = of.loc[("other", "roc_auc_gain")], of.loc[("model", "roc_auc")]
    assert close["high"] - close["low"] < 0.5 * (alone["high"] - alone["low"])
    brier = of.xs("brier", level="metric")["value"]
    assert of.loc[("base", "brier_gain"), "value"] == pytest.approx(brier["base"] - brier["model"])
    gain = of.loc[("base", "brier_gain")]
    assert gain["low"] <= gain["value"] <= gain["high"]
    assert ("model", "roc_auc_gain") not in of.index


def test_rows_of_one_moment_cannot_be_split_in_time():
    features = pd.DataFrame({"x": range(40)})

    with pytest.raises(NotEnoughDataError, match="temporal split of 40 rows leaves 0 to learn from"):
        validation.compare_splits(
            lambda *_: lambda rows: rows["x"],
            features,
            labels=[0, 1] * 20,
            groups=range(40),
            moments=[1] * 40,
        )
