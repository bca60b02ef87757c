"""The models against published values, numeric derivatives and planted parameters."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import roots_jacobi

from analytics_lib.errors import NotTrainableError, RequestError
from analytics_lib.models import lifetime, lifetime_repeat, lifetime_spend
from analytics_lib.models.lifetime_fitting import maximize
from analytics_lib.models.lifetime_repeat import RepeatModel
from analytics_lib.models.lifetime_spend import SpendModel
from analytics_lib.models.lifetime_summary import checked, grouped
from lifetime_buyers import REPEAT, SPEND, drawn

# Four buyers with T = 30, and what the formulas of the papers give for r .55, alpha 10, a .8, b 2.5 and the
# next 12 units: ln L, P(alive), E[Y(12)]; confirmed by numerical integration.
BUYERS = pd.DataFrame({"frequency": [0, 2, 2, 7], "recency": [0.0, 20, 5, 28], "age": 30.0})
PUBLISHED = {
    "bg_nbd": (
        [-0.762462, -8.393944, -7.451534, -20.393231],
        [1, 0.677502, 0.264014, 0.878248],
        [0.156573, 0.481312, 0.187561, 1.816685],
    ),
    "mbg_nbd": (
        [-0.517773, -8.631938, -7.793755, -20.486982],
        [0.593143, 0.729805, 0.315637, 0.889650],
        [0.093964, 0.524271, 0.226745, 1.854064],
    ),
}
OFFSETS = {"bg_nbd": 0, "mbg_nbd": 1}
FITS = {"bg_nbd": lifetime.fit_bg_nbd, "mbg_nbd": lifetime.fit_mbg_nbd}
sizes = st.floats(0.05, 20)


def published(kind):
    return RepeatModel(kind, 0.55, 10.0, 0.8, 2.5)


@pytest.mark.parametrize("kind", PUBLISHED)
def test_likelihood_of_each_buyer_is_the_published_one(kind):
    model, (expected, _, _) = published(kind), PUBLISHED[kind]
    rows = [grouped(checked(BUYERS.iloc[[place]])) for place in range(4)]
    found = [lifetime_repeat.likelihood(model.values, one, offset=OFFSETS[kind])[0] for one in rows]

    assert found == pytest.approx(expected, abs=1e-6)
    together, _ = lifetime_repeat.likelihood(model.values, grouped(checked(BUYERS)), offset=OFFSETS[kind])
    assert together == pytest.approx(sum(expected), abs=4e-6)


@pytest.mark.parametrize("kind", PUBLISHED)
def test_probability_alive_and_expected_orders_are_the_published_ones(kind):
    model, (_, alive, expected) = published(kind), PUBLISHED[kind]

    assert model.probability_alive(BUYERS) == pytest.approx(alive, abs=1e-6)
    assert model.expected_purchases(BUYERS, 12) == pytest.approx(expected, abs=1e-6)
    assert model.expected_purchases(BUYERS, dt.timedelta(weeks=12)) == pytest.approx(expected, abs=1e-6)


def test_new_buyer_of_bg_nbd_is_expected_to_order_as_published():
    assert published("bg_nbd").expected_of_new(30) == pytest.approx(1.159724, abs=1e-6)


def test_gamma_gamma_gives_the_published_spend_and_likelihood():
    model = SpendModel(6.0, 4.0, 15.0)
    buyers = pd.DataFrame({"frequency": [1, 2, 5, 0], "monetary": [20.0, 20, 20, np.nan]})
    x = np.array([1.0, 2, 5])
    found = [
        lifetime_spend.likelihood(np.array([6.0, 4, 15]), x[[place]], np.array([0]), np.array([20.0]))[0]
        for place in range(3)
    ]

    assert model.expected_spend(buyers) == pytest.approx([23.333333, 22, 20.909091, 30], abs=1e-6)
    assert found == pytest.approx([-3.520042, -3.409105, -3.330450], abs=1e-6)


def numeric_slope(height, values):
    """Central differences, a millionth of each value to either side."""
    slopes = []
    for place, value in enumerate(values):
        step = np.zeros(len(values))
        step[place] = 1e-6 * value
        slopes.append((height(values + step) - height(values - step)) / (2e-6 * value))
    return np.array(slopes)


@pytest.mark.parametrize("kind", PUBLISHED)
@given(values=st.lists(sizes, min_size=4, max_size=4), seed=st.integers(0, 5))
@settings(max_examples=25)
def test_gradient_of_repeat_models_is_that_of_numeric_differentiation(kind, values, seed):
    rows, values = grouped(checked(drawn(200, seed=seed))), np.array(values)

    def height(at):
        return lifetime_repeat.likelihood(at, rows, offset=OFFSETS[kind])[0]

    _, slope = lifetime_repeat.likelihood(values, rows, offset=OFFSETS[kind])
    room = 1e-5 * np.abs(height(values)) / values + 1e-3
    assert np.all(np.abs(slope - numeric_slope(height, values)) <= room)


@given(values=st.lists(sizes, min_size=3, max_size=3), seed=st.integers(0, 5))
@settings(max_examples=25)
def test_gradient_of_gamma_gamma_is_that_of_numeric_differentiation(values, seed):
    rows = drawn(200, seed=seed).query("frequency > 0")
    x, places = np.unique(rows["frequency"].to_numpy(dtype=float), return_inverse=True)
    mean, values = rows["monetary"].to_numpy() / 100_000, np.array(values)

    def height(at):
        return lifetime_spend.likelihood(at, x, places, mean)[0]

    _, slope = lifetime_spend.likelihood(values, x, places, mean)
    room = 1e-5 * np.abs(height(values)) / values + 1e-3
    assert np.all(np.abs(slope - numeric_slope(height, values)) <= room)


@given(
    kind=st.sampled_from(sorted(PUBLISHED)),
    values=st.lists(st.floats(0.2, 8), min_size=4, max_size=4),
    frequency=st.integers(0, 400),
    age=st.floats(1, 100),
    horizon=st.floats(0.1, 100),
)
@settings(max_examples=60)
def test_expected_orders_are_the_integral_over_what_the_buyer_may_be(kind, values, frequency, age, horizon):
    """Given p, somebody active orders (1 - ((alpha+T)/(alpha+T+p t))^(r+x)) / p times; p is Beta(a, b+y)."""
    model = RepeatModel(kind, *values)
    points, weights = roots_jacobi(200, model.b + frequency + OFFSETS[kind] - 1, model.a - 1)
    p = (1 + points) / 2
    orders = -np.expm1(-(model.r + frequency) * np.log1p(p * horizon / (model.alpha + age))) / p
    row = pd.DataFrame({"frequency": [frequency], "recency": [age if frequency else 0.0], "age": [age]})
    found = model.expected_purchases(row, horizon) / model.probability_alive(row)

    assert found[0] == pytest.approx(float(weights @ orders / weights.sum()), rel=2e-3)


def test_dropout_that_hardly_varies_is_that_of_its_mean():
    """Where p is 0.2 for everybody, (1 - ((alpha+T)/(alpha+T+0.2 t))^(r+x)) / 0.2."""
    row = pd.DataFrame({"frequency": [3], "recency": [20.0], "age": [20.0]})
    model = RepeatModel("bg_nbd", 1.0, 5.0, 8e4, 3.2e5)
    found = model.expected_purchases(row, 50) / model.probability_alive(row)

    assert found[0] == pytest.approx((1 - (25 / (25 + 0.2 * 50)) ** 4) / 0.2, rel=1e-3)


def test_whole_numbers_are_parameters_like_any_other():
    """Here the hypergeometric function of SciPy is wrong."""
    row = pd.DataFrame({"frequency": [99], "recency": [1.0], "age": [1.0]})
    whole, near = (RepeatModel("bg_nbd", 1, 1, a, 1).expected_purchases(row, 19) for a in (2.0, 2.0001))

    assert whole == pytest.approx(near, rel=1e-3)


@pytest.mark.parametrize("a", [1.0, 1.0 + 1e-9, 1.0 - 1e-9])
def test_expected_orders_are_smooth_where_the_formula_is_nothing_by_nothing(a):
    below, above, at = (
        RepeatModel("bg_nbd", 0.5, 5, each, 2).expected_purchases(BUYERS, 12) for each in (0.999, 1.001, a)
    )

    assert at == pytest.approx((below + above) / 2, rel=1e-4)


def test_buyer_of_thousands_of_orders_overflows_nothing():
    busy = pd.DataFrame({"frequency": [5_000], "recency": [500.0], "age": [500.0]})
    for kind in PUBLISHED:
        model = published(kind)
        assert 0.9 < model.probability_alive(busy)[0] <= 1
        # Ten a week for a year, of whom few leave: one in 5,000 orders.
        assert 400 < model.expected_purchases(busy, 52)[0] < 520


@given(seed=st.integers(0, 1000))
@settings(max_examples=5)
def test_grouped_rows_have_the_likelihood_of_the_rows_one_by_one(seed):
    rows = drawn(60, seed=seed)
    rows["recency"], rows["age"] = np.ceil(rows["recency"]), np.ceil(rows["age"])
    rows = pd.concat([rows, rows.head(30)])
    values = np.array([0.7, 5.0, 0.9, 2.0])
    singly = [grouped(checked(rows.iloc[[place]])) for place in range(len(rows))]
    total = sum(lifetime_repeat.likelihood(values, one, offset=1)[0] for one in singly)

    assert lifetime_repeat.likelihood(values, grouped(checked(rows)), offset=1)[0] == pytest.approx(total)


def within(model, planted):
    errors = model.standard_errors
    return {name: abs(getattr(model, name) - value) <= 2 * errors[name] for name, value in planted.items()}


def test_planted_parameters_are_within_two_standard_errors_in_93_of_100_runs():
    summaries = [drawn(2_500, seed=seed) for seed in range(100)]
    repeat = pd.DataFrame([within(lifetime.fit_bg_nbd(rows), REPEAT) for rows in summaries])
    spend = pd.DataFrame([within(lifetime.fit_gamma_gamma(rows), SPEND) for rows in summaries])

    assert repeat.sum().min() >= 93, repeat.sum().to_dict()
    assert spend.sum().min() >= 93, spend.sum().to_dict()


def test_mbg_nbd_recovers_what_a_world_of_its_own_kind_holds():
    rows = drawn(8_000, seed=3, kind="mbg_nbd")
    model = lifetime.fit_mbg_nbd(rows)

    assert model.problems == ()
    assert all(within(model, REPEAT).values())
    assert model.log_likelihood > lifetime.fit_bg_nbd(rows).log_likelihood


def test_fitted_maximum_has_no_slope_and_the_total_likelihood():
    rows = drawn(1_000, seed=1)
    model = lifetime.fit_bg_nbd(rows)
    height, slope = lifetime_repeat.likelihood(model.values, grouped(checked(rows)), offset=0)

    assert model.log_likelihood == pytest.approx(height, abs=1e-6)
    assert np.abs(slope * model.values).max() < 1e-2
    assert model.customers == 1_000
    assert model.repeaters == (rows["frequency"] > 0).sum()


def test_likelihood_of_amounts_does_not_depend_on_the_currency_but_for_its_scale():
    rows = drawn(1_000, seed=1)
    pesos, thousands = (
        lifetime.fit_gamma_gamma(each) for each in (rows, rows.assign(monetary=rows["monetary"] / 1000))
    )

    assert (thousands.p, thousands.q) == pytest.approx((pesos.p, pesos.q), rel=1e-4)
    assert thousands.v == pytest.approx(pesos.v / 1000, rel=1e-4)
    assert thousands.log_likelihood - pesos.log_likelihood == pytest.approx(pesos.customers * np.log(1000))


def test_buyer_who_bought_once_is_alive_for_certain_in_bg_nbd_alone():
    once = pd.DataFrame({"frequency": [0], "recency": [0.0], "age": [200.0]})

    assert lifetime.fit_bg_nbd(drawn(500, seed=1)).probability_alive(once)[0] == 1
    assert lifetime.fit_mbg_nbd(drawn(500, seed=1)).probability_alive(once)[0] < 0.5


@pytest.mark.parametrize("fit", [*FITS.values(), lifetime.fit_gamma_gamma])
@pytest.mark.parametrize("repeats", [0, 9])
def test_fewer_than_ten_who_bought_again_are_refused_with_their_number(fit, repeats):
    rows = drawn(2_000, seed=1)
    kept = pd.concat([rows[rows["frequency"] == 0], rows[rows["frequency"] > 0].head(repeats)])

    with pytest.raises(NotTrainableError, match=f" {repeats} bought again"):
        fit(kept)


def test_nobody_is_refused():
    with pytest.raises(NotTrainableError, match="no row"):
        lifetime.fit_bg_nbd(drawn(5, seed=1).head(0))


def test_summary_without_its_columns_is_refused():
    with pytest.raises(RequestError, match="'recency'"):
        lifetime.fit_bg_nbd(drawn(50, seed=1).drop(columns="recency"))


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("frequency", np.nan, "finite"),
        ("age", np.inf, "finite"),
        ("recency", -1.0, "below 0"),
        ("frequency", 1.5, "whole"),
        ("recency", 99.0, "up to age"),
        ("recency", 0.0, "exactly where"),
    ],
)
def test_row_that_cannot_be_is_refused_and_shown(column, value, expected):
    rows = drawn(50, seed=1).query("frequency > 0").astype(float).reset_index(drop=True)
    rows.loc[3, column] = value

    with pytest.raises(NotTrainableError, match=expected):
        lifetime.fit_bg_nbd(rows)


def test_everybody_who_spends_the_same_leaves_nothing_to_learn():
    with pytest.raises(NotTrainableError, match="50000 a time"):
        lifetime.fit_gamma_gamma(drawn(500, seed=1).assign(monetary=50_000.0))


def test_buyers_without_an_amount_are_left_out_and_counted():
    rows = drawn(500, seed=1)
    again = rows.index[rows["frequency"] > 0]
    rows.loc[again[:3], "monetary"] = [0.0, -5.0, np.nan]
    model = lifetime.fit_gamma_gamma(rows)

    assert model.excluded == 3
    assert model.customers == len(again) - 3
    assert model.expected_spend(rows)[again[:3]] == pytest.approx([model.mean_spend] * 3)


def test_fit_that_the_data_do_not_bound_says_so():
    """All alike and nobody leaves: no spread of rates, and no dropout that a finite parameter describes."""
    rows = pd.DataFrame({"frequency": 10, "recency": 10.0, "age": 10.0}, index=range(50))

    assert "at_limit" in lifetime.fit_bg_nbd(rows).problems or "flat" in lifetime.fit_bg_nbd(rows).problems


def test_likelihood_without_a_finite_value_is_refused():
    with pytest.raises(NotTrainableError, match="no finite value"):
        maximize(lambda values: (float("nan"), np.zeros(1)), [(1.0,)])


def test_spend_without_a_mean_is_null_for_who_is_not_known_and_said():
    model = SpendModel(2.0, 0.9, 10.0)
    found = model.expected_spend(pd.DataFrame({"frequency": [0, 3], "monetary": [np.nan, 20.0]}))

    assert model.problems == ("no_mean",)
    assert np.isnan(found[0])
    # Of three at 20: p (v + 60) over p x + q - 1.
    assert found[1] == pytest.approx(2 * 70 / (6 + 0.9 - 1))


@pytest.mark.parametrize("horizon", [-1, np.inf, dt.timedelta(days=-1)])
def test_horizon_that_is_no_span_is_refused(horizon):
    with pytest.raises(RequestError, match="horizon"):
        published("bg_nbd").expected_purchases(BUYERS, horizon)


def test_nothing_is_expected_of_no_time():
    assert published("mbg_nbd").expected_purchases(BUYERS, 0) == pytest.approx([0, 0, 0, 0])


def test_spend_that_goes_with_frequency_warns():
    rows = pd.DataFrame({"frequency": range(1, 41), "monetary": np.arange(1, 41) ** 2.0})
    found = lifetime.dependence(rows)
    apart = lifetime.dependence(drawn(5_000, seed=1))

    assert found.warns
    assert found.correlation > 0.9
    assert not apart.warns
    assert apart.low < apart.correlation < apart.high
