"""What buyers are worth, and how the models did on orders that they had not seen."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from analytics_lib.errors import RequestError
from analytics_lib.models import lifetime_page, lifetime_results
from analytics_lib.models.lifetime_holdout import usual_cutoff
from analytics_lib.models.lifetime_repeat import RepeatModel, fit_mbg_nbd
from analytics_lib.models.lifetime_spend import SpendModel
from analytics_lib.models.lifetime_value import alive_by_silence, better, concentration, totals, value
from analytics_lib.store import Store
from lifetime_buyers import drawn, orders_of

MODEL, SPEND = RepeatModel("mbg_nbd", 0.55, 10.0, 0.8, 2.5), SpendModel(6.0, 4.0, 15.0)
BUYERS = pd.DataFrame(
    {"user_id": ["a", "b"], "frequency": [0, 7], "recency": [0.0, 28], "age": 30.0, "monetary": [np.nan, 20]}
)


def test_value_is_orders_times_spend_times_margin_most_valuable_first():
    found = value(MODEL, SPEND, BUYERS, horizon=12, margin=0.5, yearly_rate=0.0)

    assert found["user_id"].tolist() == ["b", "a"]
    # E[Y(12)] of the published check values, times 6 (15 + 140) / (42 + 3) and the mean of all, 30.
    assert found["value"].tolist() == pytest.approx(
        [1.854064 * 6 * 155 / 45 / 2, 0.093964 * 30 / 2], rel=1e-5
    )


def test_discount_takes_from_each_week_what_it_has_lost_by_its_end():
    each = [MODEL.expected_purchases(BUYERS, weeks) for weeks in range(4)]
    kept = 1.5 ** (-7 / 365.25)
    by_hand = sum((each[week] - each[week - 1]) * kept**week for week in (1, 2, 3))

    assert MODEL.discounted_purchases(BUYERS, 3, yearly_rate=0.5) == pytest.approx(by_hand)
    assert MODEL.discounted_purchases(BUYERS, 3, yearly_rate=0.0) == pytest.approx(each[3])
    with pytest.raises(RequestError, match="yearly_rate"):
        MODEL.discounted_purchases(BUYERS, 3, yearly_rate=-0.1)


def test_totals_are_the_sum_and_their_limits_hold_it():
    rows = drawn(2_000, seed=2).assign(user_id="u")
    model = fit_mbg_nbd(rows)
    found = totals(model, rows, horizon=26)

    assert found["orders"] == pytest.approx(model.expected_purchases(rows, 26).sum())
    assert found["orders_low"] < found["orders"] < found["orders_high"]
    assert np.isnan(totals(MODEL, rows, horizon=26)["orders_low"])


def test_tenths_add_up_and_the_first_holds_most():
    values = pd.DataFrame({"value": [5.0, 1, 1, 1, 1, 1, 0, 0, 0, 0]})

    found = concentration(values)
    assert found["share"].tolist() == [0.5, 0.1, 0.1, 0.1, 0.1, 0.1, 0, 0, 0, 0]
    assert found["share_up_to"].iloc[-1] == pytest.approx(1)
    assert concentration(values.assign(value=np.nan)).empty


def test_silence_begins_at_the_last_order():
    values = pd.DataFrame(
        {"frequency": [0, 0, 9], "recency": [0, 0, 5], "age": [1, 2, 35], "probability_alive": [1, 0.5, 0.2]}
    )

    assert alive_by_silence(values).to_numpy().tolist() == [[0, 0, 1, 1], [0, 2, 1, 0.5], [7, 26, 1, 0.2]]


def test_mbg_nbd_is_preferred_unless_the_other_is_clearly_likelier():
    rows = drawn(3_000, seed=4)
    bg_nbd, mbg_nbd = lifetime_page.fit_bg_nbd(rows), lifetime_page.fit_mbg_nbd(rows)

    assert bg_nbd.log_likelihood > mbg_nbd.log_likelihood + 2
    assert better(bg_nbd, mbg_nbd) is bg_nbd
    assert better(mbg_nbd, mbg_nbd) is mbg_nbd


def shop_of(rows, *, until):
    """A store in which these ordered (see ``orders_of``)."""
    return Store.in_memory(orders=orders_of(rows, until=until))


UNTIL = dt.date(2026, 7, 1)


@pytest.fixture(scope="module")
def page():
    store = shop_of(drawn(1_500, seed=8), until=UNTIL)
    asked = lifetime_page.choose(store, until=UNTIL)
    return asked, lifetime_page.read(store, asked)


def test_page_of_a_shop_holds_a_model_its_test_and_all_buyers(page):
    asked, found = page
    told = lifetime_results.figures(found, asked=asked)

    assert found.reason == ""
    assert told["buyers"] == len(found.values) == 1_500
    assert told["model"] == "mbg_nbd"
    assert found.held.models["model"].tolist() == ["bg_nbd", "mbg_nbd"]
    known = (found.summary["age"] * 7).round() >= (UNTIL - asked.cutoff).days
    assert found.held.by_frequency["users"].sum() == known.sum()
    assert len(set(found.held.models["actual"])) == 1
    assert told["expected_low"] < told["expected_orders"] < told["expected_high"]
    assert told["value"] == pytest.approx(found.values["value"].sum())
    assert len(lifetime_results.parameters(found)) == 4 + 4 + 3


def test_shop_in_which_nobody_came_back_says_so():
    rows = drawn(200, seed=8)
    store = shop_of(rows[rows["frequency"] == 0], until=UNTIL)
    asked = lifetime_page.choose(store, until=UNTIL)
    found = lifetime_page.read(store, asked)

    assert found.reason == "repeaters"
    assert lifetime_results.figures(found, asked=asked)["value"] is None
    assert lifetime_results.buyers(found).ranked.empty


def test_shop_of_one_price_and_shop_of_nobody_say_so():
    rows = drawn(200, seed=8)
    alike = shop_of(rows.assign(monetary=50_000.0), until=UNTIL)
    nobody = shop_of(rows.head(1), until=UNTIL)

    assert lifetime_page.read(alike, lifetime_page.choose(alike, until=UNTIL)).reason == "spread"
    early = lifetime_page.choose(nobody, until=dt.date(2020, 1, 1))
    assert lifetime_page.read(nobody, early).reason == "orders"


def test_test_begins_where_the_last_share_of_the_past_does():
    assert usual_cutoff(dt.date(2026, 1, 1), dt.date(2026, 4, 1), share=1 / 3) == dt.date(2026, 3, 2)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"until": "1 July"}, "until is '1 July'"),
        ({"horizon_weeks": 0}, "horizon_weeks"),
        ({"holdout_share": 0.9}, "holdout_share"),
        ({"terms": lifetime_page.Terms(margin=0)}, "margin"),
        ({"terms": lifetime_page.Terms(model="pareto")}, "'pareto'"),
    ],
)
def test_question_that_is_none_is_refused(given, named):
    with pytest.raises(RequestError, match=named):
        lifetime_page.choose(Store.in_memory(), **({"until": str(UNTIL)} | given))


def test_rates_are_read_and_what_is_none_is_refused():
    assert lifetime_page.exchange_rates("USD=4000 EUR=4500.5") == {"USD": 4000.0, "EUR": 4500.5}
    assert lifetime_page.exchange_rates("") == {}
    with pytest.raises(RequestError, match="'USD'"):
        lifetime_page.exchange_rates("USD")
