"""Log-odds worked out from counts, sums that add up, and what is said of values nobody had seen."""

import functools
import json
import operator
from math import exp, log

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from analytics_lib.errors import ModelDamagedError, NotTrainableError, RequestError
from analytics_lib.models import logit_fitting
from analytics_lib.models.logit import Logit, calibrate, fit_logit
from analytics_lib.models.logit_terms import number_text

# So small that the weights are those of the counts.
NONE = 1e-6
LEAVES = ("stays", "leaves")
ENDS = ("purchase", "resolved", "abandoned")


def rows(*groups):
    """``(feature's value, label, rows)`` each."""
    frame = pd.DataFrame(groups, columns=["x", "label", "rows"])
    frame = frame.loc[frame.index.repeat(frame["rows"])].reset_index(drop=True)
    return frame[["x"]], frame["label"]


def fitted(*groups, kind="category", classes=LEAVES, **more):
    features, labels = rows(*groups)
    return fit_logit(features, labels, kinds={"x": kind}, classes=classes, **{"penalty": NONE} | more)


def asked(model, *values):
    return model.probabilities(pd.DataFrame({"x": pd.Series(values, dtype=object)}))


def odds(probability):
    return log(probability / (1 - probability))


def test_probabilities_are_the_shares_of_the_training_rows():
    model = fitted(("web", "leaves", 30), ("web", "stays", 70), ("app", "leaves", 80), ("app", "stays", 20))

    assert asked(model, "web", "app") == pytest.approx(np.array([[0.7, 0.3], [0.2, 0.8]]), abs=1e-4)


def test_probabilities_of_three_outcomes_are_the_shares_of_the_training_rows():
    counts = {"web": (50, 30, 20), "app": (10, 10, 80)}
    groups = [(x, end, n) for x, each in counts.items() for end, n in zip(ENDS, each, strict=True)]

    found = asked(fitted(*groups, classes=ENDS), "app", "web")
    assert found == pytest.approx(np.array([[0.1, 0.1, 0.8], [0.5, 0.3, 0.2]]), abs=1e-4)


def test_base_is_the_score_of_the_mean_row_and_the_rest_is_added_by_the_feature():
    # Half of the rows have x = 1: the mean row lies in the middle between the two log-odds.
    model = fitted((0, "leaves", 30), (0, "stays", 70), (1, "leaves", 80), (1, "stays", 20), kind="number")
    middle, half = (odds(0.8) + odds(0.3)) / 2, (odds(0.8) - odds(0.3)) / 2

    found = model.contributions(pd.DataFrame({"x": [0, 1]}, index=[7, 8]), "leaves")
    assert found["base"].tolist() == pytest.approx([middle] * 2, abs=1e-3)
    assert found["x"].tolist() == pytest.approx([-half, half], abs=1e-3)
    assert found.index.tolist() == [7, 8]
    assert model.contributions(pd.DataFrame({"x": [1]}), "stays")["x"].item() == pytest.approx(
        -half, abs=1e-3
    )


def test_row_of_weight_two_counts_as_two_rows():
    weighed = fitted(
        ("web", "leaves", 30), ("web", "stays", 70), ("app", "leaves", 40), ("app", "stays", 20),
        weights=np.repeat([1.0, 1, 2, 1], [30, 70, 40, 20]),
    )  # fmt: skip

    assert asked(weighed, "app")[0, 1] == pytest.approx(80 / 100, abs=1e-4)


def test_value_with_19_rows_is_other_and_with_20_its_own():
    model = fitted(
        ("web", "leaves", 50), ("web", "stays", 50), ("fax", "leaves", 18), ("fax", "stays", 1),
        ("tel", "leaves", 4), ("tel", "stays", 16),
    )  # fmt: skip
    fax, tel, unseen, missing = asked(model, "fax", "tel", "pigeon", None)[:, 1]

    assert tel == pytest.approx(0.2, abs=1e-3)
    assert fax == unseen == missing == pytest.approx(18 / 19, abs=1e-3)


def test_value_never_seen_says_nothing_where_no_rare_ones_were():
    model = fitted(("web", "leaves", 30), ("web", "stays", 70), ("app", "leaves", 80), ("app", "stays", 20))

    assert model.contributions(pd.DataFrame({"x": ["pigeon"]}), "leaves")["x"].item() == 0


def test_number_missing_in_training_has_an_effect_of_its_own():
    model = fitted(
        (1.0, "leaves", 50), (1.0, "stays", 50), (2.0, "leaves", 50), (2.0, "stays", 50),
        (None, "leaves", 90), (None, "stays", 10), kind="number",
    )  # fmt: skip

    assert asked(model, 1, 2, None)[:, 1] == pytest.approx([0.5, 0.5, 0.9], abs=1e-3)


def test_number_missing_only_now_stands_at_the_mean():
    model = fitted((0, "leaves", 30), (0, "stays", 70), (1, "leaves", 80), (1, "stays", 20), kind="number")
    nothing = pd.DataFrame({"x": [np.nan, np.inf]})

    assert model.contributions(nothing, "leaves")["x"].tolist() == [0, 0]


def test_number_beyond_the_training_rows_counts_as_the_farthest_of_them():
    model = fitted((0, "leaves", 30), (0, "stays", 70), (1, "leaves", 80), (1, "stays", 20), kind="number")

    assert asked(model, -1e300, 1e300)[:, 1] == pytest.approx([0.3, 0.8], abs=1e-4)


def test_line_bends_where_both_ends_leave_and_the_middle_stays():
    groups = [(x, label, n) for x in (1, 2, 9, 10) for label, n in (("leaves", 90), ("stays", 10))]
    groups += [(x, label, n) for x in (4, 5, 6) for label, n in (("leaves", 10), ("stays", 90))]

    low, middle, high = asked(fitted(*groups, kind="number"), 1, 5, 10)[:, 1]
    assert min(low, high) > 0.8
    assert middle < 0.2


def test_first_order_after_a_heap_of_zeros_has_a_bend_of_its_own():
    groups = [(0, "leaves", 400), (0, "stays", 100), (1, "leaves", 10), (1, "stays", 90)]
    groups += [(4, "leaves", 20), (4, "stays", 30)]

    assert asked(fitted(*groups, kind="number"), 0, 1, 4)[:, 1] == pytest.approx([0.8, 0.1, 0.4], abs=0.01)


def crossed(interactions=()):
    """Leaving needs both: web at night, or app by day."""
    cells = [("web", "night", 90), ("web", "day", 10), ("app", "night", 10), ("app", "day", 90)]
    parts = [pd.DataFrame({"channel": c, "hour": h, "leaves": np.arange(100) < n}) for c, h, n in cells]
    frame = pd.concat(parts, ignore_index=True)
    labels = frame["leaves"].map({True: "leaves", False: "stays"})
    kinds = dict.fromkeys(("channel", "hour"), "category")
    found = fit_logit(frame, labels, kinds=kinds, classes=LEAVES, interactions=interactions, penalty=NONE)
    return found, frame.iloc[[0, 100]]


def test_interaction_is_a_feature_of_its_own_name_and_tells_what_neither_feature_does():
    alone, two = crossed()
    both, _ = crossed([("channel", "hour")])

    assert alone.probabilities(two)[:, 1] == pytest.approx([0.5, 0.5], abs=1e-3)
    assert both.probabilities(two)[:, 1] == pytest.approx([0.9, 0.1], abs=1e-3)
    assert both.contributions(two, "leaves")["channel x hour"].tolist() == pytest.approx(
        [log(9), -log(9)], abs=0.01
    )


def test_constant_columns_are_left_out_and_named():
    features, labels = rows(
        ("web", "leaves", 30), ("web", "stays", 70), ("app", "leaves", 80), ("app", "stays", 20)
    )
    features = features.assign(land="CO", tenth=0.1, empty=np.nan)
    kinds = {"land": "category", "x": "category", "tenth": "number", "empty": "number"}
    model = fit_logit(features, labels, kinds=kinds, classes=LEAVES, interactions=[("x", "land")])

    assert model.left_out == ("land", "tenth", "empty", "x x land")
    assert model.features == ("x",)


@pytest.mark.parametrize(
    ("groups", "reason"),
    [
        ([("web", "leaves", 10), ("app", "leaves", 10)], "All 20 training rows have the label 'leaves'"),
        ([("web", "leaves", 50), ("web", "stays", 50)], "All 1 features have one value over all 100"),
        ([("web", "gone", 50), ("web", "stays", 50)], "50 of 100 labels are 'gone'"),
        ([("web", None, 50), ("web", "stays", 50)], "50 of 100 labels are"),
    ],
)
def test_what_cannot_be_fitted_is_refused_with_the_reason(groups, reason):
    with pytest.raises((NotTrainableError, RequestError), match=reason):
        fitted(*groups)


def test_requests_that_do_not_fit_are_refused():
    features, labels = rows(("web", "leaves", 30), ("app", "stays", 70))

    with pytest.raises(RequestError, match="'y' has no column"):
        fit_logit(features, labels, kinds={"y": "number"}, classes=LEAVES)
    with pytest.raises(RequestError, match="kind of 'x' is 'text'"):
        fit_logit(features, labels, kinds={"x": "text"}, classes=LEAVES)
    with pytest.raises(RequestError, match="'x' is taken as a number, but holds"):
        fit_logit(features, labels, kinds={"x": "number"}, classes=LEAVES)
    with pytest.raises(RequestError, match="names 'y', which is no feature"):
        fit_logit(features, labels, kinds={"x": "category"}, classes=LEAVES, interactions=[("x", "y")])
    with pytest.raises(RequestError, match="100 rows of features but 99 labels"):
        fit_logit(features, labels[:-1], kinds={"x": "category"}, classes=LEAVES)
    with pytest.raises(RequestError, match="weights"):
        fit_logit(features, labels, kinds={"x": "category"}, classes=LEAVES, weights=np.r_[-1, np.ones(99)])
    with pytest.raises(RequestError, match="reads the column 'x'"):
        fitted(("web", "leaves", 30), ("app", "stays", 70)).probabilities(pd.DataFrame({"y": [1]}))


def test_outcome_that_never_occurred_has_probability_zero_and_no_reasons():
    model = fitted(("web", "purchase", 30), ("app", "resolved", 70), classes=ENDS)

    assert asked(model, "web")[0, 2] == 0
    assert asked(model, "web").sum() == pytest.approx(1)
    with pytest.raises(RequestError, match="No training row had the outcome 'abandoned'"):
        model.contributions(pd.DataFrame({"x": ["web"]}), "abandoned")


def test_more_rows_than_the_limit_are_drawn_from_a_seed_and_the_model_says_so(monkeypatch):
    monkeypatch.setattr(logit_fitting, "ROWS", 150)
    groups = [("web", "leaves", 30), ("web", "stays", 70), ("app", "leaves", 80), ("app", "stays", 20)]
    model = fitted(*groups)

    assert (model.training.rows, model.training.rows_used) == (200, 150)
    assert model.training.counts == {"leaves": 110, "stays": 90}
    assert fitted(*groups).to_json() == model.to_json()


def test_drivers_are_the_odds_of_each_value_against_the_mean_row():
    model = fitted(("web", "leaves", 30), ("web", "stays", 70), ("app", "leaves", 80), ("app", "stays", 20))
    found = model.drivers.set_index("level")

    half = (odds(0.8) - odds(0.3)) / 2
    assert found["effect"].to_dict() == pytest.approx({"web": -half, "app": half}, abs=1e-3)
    assert found.loc["app", "odds_ratio"] == pytest.approx(exp(half), abs=0.01)
    assert set(found["outcome"]) == {"leaves"}


def test_drivers_name_quantiles_missing_others_and_pairs():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"days": random.integers(0, 11, 400).astype(float), "channel": ["web", "app"] * 200})
    frame.loc[:29, "days"] = np.nan
    frame.loc[390:, "channel"] = "fax"
    labels = pd.Series(random.choice(LEAVES, 400))
    kinds = {"days": "number", "channel": "category"}
    model = fit_logit(frame, labels, kinds=kinds, classes=LEAVES, interactions=[("days", "channel")])
    levels = model.drivers.groupby("feature")["level"].agg(set)

    low, middle, high = np.quantile(frame["days"].dropna(), [0.1, 0.5, 0.9])
    assert levels["days"] == {f"{low:g}", f"{middle:g}", f"{high:g}", "missing"}
    assert levels["channel"] == {"web", "app", "other"}
    assert levels["days x channel"] == {f"{d:g} x {c}" for d in (low, high) for c in ("web", "app", "other")}


def test_interaction_with_a_number_that_is_only_ever_missing_or_one_value_tells_of_both():
    frame = pd.DataFrame({"first": [7.0, np.nan] * 100, "channel": ["web"] * 100 + ["app"] * 100})
    labels = pd.Series((["leaves"] * 3 + ["stays"] * 2) * 40)
    kinds = {"first": "number", "channel": "category"}
    model = fit_logit(frame, labels, kinds=kinds, classes=LEAVES, interactions=[("first", "channel")])
    levels = model.drivers.groupby("feature")["level"].agg(set)

    assert_adds_up(model, frame)
    assert levels["first"] == {"7", "missing"}
    assert levels["first x channel"] == {"7 x web", "7 x app", "missing x web", "missing x app"}


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.123456, "0.1235"), (12.0, "12"), (123_456.7, "123457"), (1e20, "1e+20"), (-0.5, "-0.5")],
)
def test_numbers_are_written_as_people_do(value, text):
    assert number_text(value) == text


def test_importance_is_the_mean_absolute_contribution():
    model = fitted((0, "leaves", 30), (0, "stays", 70), (1, "leaves", 80), (1, "stays", 20), kind="number")
    half = (odds(0.8) - odds(0.3)) / 2

    found = model.importance(pd.DataFrame({"x": [0, 1, 1, np.nan]}))
    assert found.to_dict("records") == [{"feature": "x", "importance": pytest.approx(half * 3 / 4, abs=1e-3)}]


def test_calibration_brings_scores_to_the_shares_of_later_rows():
    early = [("web", "leaves", 100), ("web", "stays", 900), ("app", "leaves", 900), ("app", "stays", 100)]
    later = [("web", "leaves", 4000), ("web", "stays", 6000), ("app", "leaves", 7000), ("app", "stays", 3000)]

    found = calibrate(fitted(*early), *rows(*later))
    assert asked(found, "web", "app")[:, 1] == pytest.approx([0.4, 0.7], abs=0.002)


def test_calibration_of_three_outcomes_keeps_sums_exact_and_is_better_on_its_rows():
    counts = {"web": (50, 30, 20), "app": (10, 10, 80)}
    groups = [(x, end, n) for x, each in counts.items() for end, n in zip(ENDS, each, strict=True)]
    features, labels = rows(*[(x, end, 110 - n) for x, end, n in groups])
    model = fitted(*groups, classes=ENDS)
    found = calibrate(model, features, labels)

    codes = labels.map({end: place for place, end in enumerate(ENDS)}).to_numpy()
    before, after = (
        -np.log(one.probabilities(features)[np.arange(len(codes)), codes]).mean() for one in (model, found)
    )
    assert after < before - 0.1
    assert_adds_up(found, features)


def test_rows_are_scored_alike_alone_and_among_many():
    model = fitted((0, "leaves", 30), (0, "stays", 70), (1, "leaves", 80), (1, "stays", 20), kind="number")
    many = pd.DataFrame({"x": np.arange(40_000) % 3 / 2})

    assert model.probabilities(many)[-3:] == pytest.approx(model.probabilities(many[-3:]), abs=1e-12)
    assert len(model.contributions(many, "leaves")) == 40_000


def test_whole_number_that_became_a_fraction_is_the_same_category():
    model = fitted((5, "leaves", 30), (5, "stays", 70), (6, "leaves", 80), (6, "stays", 20))

    assert asked(model, 5.0, 6.0)[:, 1] == pytest.approx([0.3, 0.8], abs=1e-4)


def test_yes_no_columns_with_gaps_are_numbers():
    features, labels = rows(
        (True, "leaves", 80), (True, "stays", 20), (False, "leaves", 30), (False, "stays", 70)
    )
    features["x"] = features["x"].astype("boolean").mask(np.arange(200) < 5)
    model = fit_logit(features, labels, kinds={"x": "number"}, classes=LEAVES, penalty=NONE)

    assert asked(model, 0, 1)[:, 1] == pytest.approx([0.3, 0.8], abs=0.02)


def assert_adds_up(model, features):
    sums = np.column_stack([model.contributions(features, name).sum(axis=1) for name in model.known])
    probabilities = model.probabilities(features)[:, [model.classes.index(name) for name in model.known]]
    # With two classes the sum is the whole log-odds: one of the two scores stands at 0.
    scores = np.column_stack([np.zeros(len(sums)), sums[:, 1]]) if len(model.known) == 2 else sums
    assert softmax(scores, axis=1) == pytest.approx(probabilities, abs=1e-9)
    assert np.abs(sums.sum(axis=1)).max() < 1e-9


numbers = st.one_of(st.none(), st.floats(-1e6, 1e6), st.sampled_from([0.0, 1.0, np.inf, -1e300]))
words = st.one_of(st.none(), st.sampled_from(["web", "app", "|", ""]), st.text(max_size=3))


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 1_000),
    classes=st.sampled_from([LEAVES, ENDS]),
    later=st.lists(st.tuples(numbers, numbers, words), min_size=1, max_size=6),
)
def test_contributions_add_up_and_the_text_gives_the_same_model_back(seed, classes, later):
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({
        "a": random.lognormal(size=120),
        "b": np.where(random.random(120) < 0.2, np.nan, random.poisson(0.5, 120)),
        "c": random.choice(["web", "app", "fax"], 120, p=[0.5, 0.4, 0.1]),
    })  # fmt: skip
    labels = pd.Series(random.choice(classes, 120))
    crosses = [("a", "c"), ("a", "b")]
    kinds = {"a": "number", "b": "number", "c": "category"}
    model = fit_logit(frame, labels, kinds=kinds, classes=classes, interactions=crosses)
    rows_later = pd.DataFrame(later, columns=["a", "b", "c"]).astype({"a": float, "b": float, "c": object})

    assert_adds_up(model, rows_later)
    again = Logit.from_json(model.to_json())
    assert again.to_json() == model.to_json()
    assert again.probabilities(rows_later) == pytest.approx(model.probabilities(rows_later), abs=1e-12)
    assert again.drivers.equals(model.drivers)


TEXT = fitted(("web", "leaves", 30), ("app", "stays", 70)).to_json()


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "[]",
        "[" * 100_000,
        TEXT[:-1],
        TEXT.replace('"logit"', '"churn"'),
        TEXT.replace('"format":1', '"format":2'),
        TEXT.replace('"known":["stays","leaves"]', '"known":["stays"]'),
        TEXT.replace('"intercepts":[', '"intercepts":[NaN,'),
        TEXT.replace('"intercepts":[', '"intercepts":[1e999,'),
        TEXT.replace('"type":"category"', '"type":"number"'),
        TEXT.replace('"shares":[', '"shares":["a",', 1),
        TEXT.replace('"rows":100', '"lines":100'),
        TEXT.replace('"classes":["stays","leaves"]', '"classes":["stays","leaves","leaves"]'),
        TEXT.replace('"levels":["app","web"]', '"levels":["app",["web"]]'),
    ],
)
def test_text_that_is_no_such_model_is_refused(damaged):
    assert damaged != TEXT
    with pytest.raises(ModelDamagedError):
        Logit.from_json(damaged)


def places(value, way=()):
    yield way
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*way, key))


def test_any_one_part_that_was_swapped_is_refused_or_gives_a_model_that_still_answers():
    features, labels = rows(*[(x, end, 10 + x) for x in (1, 2, 3, 4) for end in LEAVES])
    frame = features.assign(y=(["a"] * 5 + ["b"] * 4) * 11 + ["a"])
    kinds = {"x": "number", "y": "category"}
    text = fit_logit(frame, labels, kinds=kinds, classes=LEAVES, interactions=[("x", "y")]).to_json()
    refused = 0
    for place in list(places(json.loads(text)))[1:]:
        for other in (None, -1, 1e308, "x", [], {}):
            content = json.loads(text)
            functools.reduce(operator.getitem, place[:-1], content)[place[-1]] = other
            try:
                model = Logit.from_json(json.dumps(content))
                assert np.isfinite(model.probabilities(frame[:3])).all()
            except (ModelDamagedError, RequestError):
                refused += 1
    assert refused > 500
