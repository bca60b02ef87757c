"""Simpler views, what is at stake, thresholds and hold-outs, by numbers worked out by hand."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.metrics.rates import Rates
from analytics_lib.models import churn_views
from analytics_lib.models.churn_decision import Costs, decide, message_price, thresholds_of
from analytics_lib.models.churn_holdout import assign, detectable, judge, planned
from analytics_lib.models.churn_value import stakes
from analytics_lib.models.lifetime_repeat import RepeatModel
from analytics_lib.models.validation import NEVER
from analytics_lib.store import Store

# Of four gaps after the first day two ended, after 2 and 4 days; two go on since 5 and 8 days.
GAPS = pd.DataFrame(
    {"first_gap": True, "ended": [True, True, False, False], "days": [2, 4, 5, 8], "gaps": [1, 1, 1, 1]}
)


def test_survival_view_is_the_share_of_gaps_that_go_on():
    """Ŝ(2) = 3/4, Ŝ(4) = 1/2: silent for 3 days and 2 more, (1/2) / (3/4) = 2/3."""
    people = pd.DataFrame({"occasions": [1, 1, 2], "silent_days": [0.0, 3.0, 3.0]})
    left = churn_views.by_survival(people, GAPS, horizon=dt.timedelta(days=2))

    assert left[:2] == pytest.approx([3 / 4, 2 / 3])
    assert np.isnan(left[2])


def test_curve_counts_whom_it_still_watches():
    curve = churn_views.survival(GAPS, until_days=5)

    assert curve["survival"].tolist() == pytest.approx([1, 1, 3 / 4, 3 / 4, 1 / 2, 1 / 2])
    assert curve["at_risk"].tolist() == [4, 4, 4, 3, 3, 2]


def test_gaps_of_a_store_are_counted_by_length():
    """A wrote on day 0, 2 and 5, B on day 1 alone; the cutoff is the morning of day 8."""
    at = [pd.Timestamp("2026-03-01 15:00", tz="UTC") + pd.Timedelta(days=day) for day in (0, 2, 5, 1)]
    orders = pd.DataFrame(
        {
            "order_id": ["o1", "o2", "o3", "o4"],
            "user_id": ["a", "a", "a", "b"],
            "ordered_at": at,
            "amount": 1.0,
            "currency": "COP",
        }
    )
    cutoff = dt.datetime(2026, 3, 9, 5, tzinfo=dt.UTC)
    found = churn_views.gaps(Store.in_memory(orders=orders), cutoff=cutoff, activity="order")

    assert found.to_dict("records") == [
        {"first_gap": False, "ended": False, "days": 3, "gaps": 1},
        {"first_gap": False, "ended": True, "days": 3, "gaps": 1},
        {"first_gap": True, "ended": True, "days": 2, "gaps": 1},
        {"first_gap": True, "ended": False, "days": 7, "gaps": 1},
    ]


def test_silence_of_a_repeat_model_is_dead_or_alive_and_not_ordering():
    """BG/NBD .55, 10, .8, 2.5; x = 2, t_x = 20, T = 30: alive .677502, quiet for 12 (40/52)^2.55."""
    model = RepeatModel("bg_nbd", 0.55, 10.0, 0.8, 2.5, unit="week")
    row = pd.DataFrame({"frequency": [2], "recency": [20.0], "age": [30.0]})
    left = churn_views.silent_for(model, row, dt.timedelta(weeks=12))

    assert left[0] == pytest.approx(1 - 0.677502 * (1 - (40 / 52) ** 2.55), abs=1e-6)


def orders_of(*bought):
    """Orders as ``(user, days after 1 January, amount)``."""
    rows = pd.DataFrame(bought, columns=["user_id", "day", "amount"])
    at = pd.Timestamp("2026-01-01 12:00", tz="UTC") + pd.to_timedelta(rows["day"], unit="D")
    ids = [f"o{place}" for place in range(len(rows))]
    return rows.drop(columns="day").assign(order_id=ids, ordered_at=at, currency="COP")


def watched(**left):
    rows = pd.DataFrame({"user_id": list(left), "left": list(left.values())})
    rows.attrs = {"cutoff": dt.datetime(2026, 2, 1, tzinfo=dt.UTC), "horizon": dt.timedelta(days=30)}
    return rows


def test_who_never_bought_is_worth_the_mean_of_such_people_who_stayed():
    """Of a and b, who stayed, a spent 60 in the window: 30 each, drawn out from 30 to 90 days."""
    store = Store.in_memory(orders=orders_of(("a", 40, 60.0), ("gone", 45, 999.0), ("buyer", 3, 10.0)))
    found = stakes(
        store,
        pd.DataFrame({"user_id": ["new", "buyer"]}),
        as_of=dt.date(2026, 4, 1),
        seen=watched(a=False, b=False, gone=True, buyer=False),
        horizon=dt.timedelta(days=90),
    )
    means = found.means.set_index("bought")

    assert means.loc[False, ["users", "mean"]].tolist() == [2, 90.0]
    assert means.loc[True, ["users", "mean"]].tolist() == [1, 0.0]
    assert found.values["spend_if_stays"].tolist() == [90.0, 0.0]
    assert found.values["source"].tolist() == ["mean", "mean"]
    assert found.problems == ("unfitted",)


def test_without_any_order_nobody_is_worth_anything_known():
    found = stakes(
        Store.in_memory(),
        pd.DataFrame({"user_id": ["a"]}),
        as_of=dt.date(2026, 4, 1),
        seen=watched(a=False),
        horizon=dt.timedelta(days=90),
    )

    assert found.values["spend_if_stays"].isna().all()
    assert found.currency == ""


def test_threshold_is_chosen_on_one_cutoff_and_reported_on_the_next():
    """A false alarm costs 10, a miss 0.1 (1,000 - 9) - 1 = 98.1 - writing from 0.4 on misses nobody."""
    before = pd.DataFrame({"left": [False, False, True, True], "probability": [0.1, 0.2, 0.4, 0.9]})
    tested = pd.DataFrame({"left": [False, True, True, False], "probability": [0.5, 0.3, 0.7, 0.1]})
    decided = decide(thresholds_of(tested, before), value=1_000.0, costs=Costs(1.0, offer=9.0, save_rate=0.1))
    found = decided.costs.set_index("metric")["value"]

    assert (decided.threshold, decided.source) == (0.4, "validated")
    assert (decided.false_alarm, decided.missed) == pytest.approx((10.0, 98.1))
    assert found[["alarms", "false_alarms", "missed"]].tolist() == [2, 1, 1]
    assert found["cost"] == pytest.approx(108.1)


def test_without_an_earlier_cutoff_the_threshold_is_where_both_errors_cost_the_same():
    """False alarm 10, miss 0.1 · 400 - 10 = 30: from 10 / 40 on."""
    tested = pd.DataFrame({"left": [False, True], "probability": [0.5, 0.3]})
    decided = decide(thresholds_of(tested, None), value=400.0, costs=Costs(10.0, save_rate=0.1))

    assert (decided.threshold, decided.source) == (0.25, "formula")


def test_a_message_that_never_pays_is_sent_to_nobody_and_an_unknown_value_decides_nothing():
    tested = pd.DataFrame({"left": [False, True], "probability": [0.5, 1.0]})
    dear = decide(thresholds_of(tested, tested), value=100.0, costs=Costs(10.0, save_rate=0.05))
    blind = decide(thresholds_of(tested, tested), value=float("nan"), costs=Costs(10.0))

    assert (dear.threshold, dear.source) == (NEVER, "pays_never")
    assert (blind.threshold, blind.source) == (None, "unknown")


def test_price_of_a_message_is_that_in_force_on_the_day():
    rates = Rates("COP", ((dt.date(2026, 1, 1), 1.0, 55.0, 1.0), (dt.date(2026, 10, 1), 1.0, 62.0, 1.0)))

    assert message_price(rates, on=dt.date(2026, 9, 30)) == 55.0
    assert message_price(rates, on=dt.date(2026, 10, 1)) == 62.0
    with pytest.raises(RequestError, match="begin on 2026-01-01"):
        message_price(rates, on=dt.date(2025, 12, 31))


@pytest.mark.parametrize("wrong", [{"message": -1.0}, {"offer": -1.0}, {"save_rate": 2.0}, {"margin": 0.0}])
def test_costs_that_cannot_be_are_refused(wrong):
    with pytest.raises(RequestError, match="expected"):
        Costs(**{"message": 1.0} | wrong)


def listed(probabilities):
    return pd.DataFrame(
        {"user_id": [f"u{place:04d}" for place in range(len(probabilities))], "probability": probabilities}
    )


@given(
    probabilities=st.lists(st.floats(0, 1), min_size=1, max_size=60),
    share=st.floats(0.05, 0.95),
    seed=st.integers(0, 9),
)
@settings(max_examples=40)
def test_hold_out_is_the_share_of_each_band_and_of_no_order_of_the_rows(probabilities, share, seed):
    rows = listed(probabilities)
    drawn = assign(rows, share=share, seed=seed)
    turned = assign(rows[::-1], share=share, seed=seed)

    assert drawn.set_index("user_id")["group"].equals(turned.set_index("user_id")["group"][rows["user_id"]])
    for low, of_band in drawn.groupby("band"):
        assert of_band["probability"].between(low, low + 0.2 + 1e-9).all()
        held = (of_band["group"] == "hold_out").sum()
        assert abs(held - share * len(of_band)) <= 0.5 + 1e-9


def test_another_seed_leaves_others_alone():
    rows = listed([0.5] * 40)
    held = [
        set(rows["user_id"][assign(rows, share=0.25, seed=seed)["group"] == "hold_out"]) for seed in (1, 2)
    ]

    assert len(held[0]) == len(held[1]) == 10
    assert held[0] != held[1]


def test_smallest_difference_that_shows_is_that_of_two_shares():
    """(1.959964 + 0.841621) √(0.5 · 0.5 (1/800 + 1/200)) = 0.110742."""
    assert detectable(0.5, campaign=800, hold_out=200) == pytest.approx(0.110742, abs=1e-6)
    assert np.isnan(detectable(0.5, campaign=800, hold_out=0))


def test_plan_is_by_band_and_of_all():
    plan = planned(assign(listed([0.1] * 10 + [0.9] * 30), share=0.2, seed=0))

    assert plan["band"].tolist()[:2] == [0.0, 0.8]
    assert plan[["campaign", "hold_out"]].to_numpy().tolist() == [[8, 2], [24, 6], [32, 8]]
    assert plan["expected_rate"].tolist() == pytest.approx([0.1, 0.9, 0.7])


def test_a_campaign_is_judged_by_all_who_were_assigned():
    """8 of 10 left alone leave, 10 of 20 written to; Newcombe from Wilson .4902-.9433, .2993-.7007."""
    groups = pd.DataFrame(
        {"user_id": [f"u{place}" for place in range(30)], "group": ["hold_out"] * 10 + ["campaign"] * 20}
    )
    effect = judge(groups, stayed=["u0", "u1", *(f"u{place}" for place in range(10, 20))])

    assert effect.saved == pytest.approx(0.3)
    assert effect.low == pytest.approx(0.3 - np.hypot(0.8 - 0.490162, 0.700702 - 0.5), abs=1e-5)
    assert effect.high == pytest.approx(0.3 + np.hypot(0.943318 - 0.8, 0.5 - 0.299298), abs=1e-5)
    assert effect.groups[["users", "left"]].to_numpy().tolist() == [[20, 10], [10, 8]]


def test_a_campaign_without_a_hold_out_cannot_be_judged():
    with pytest.raises(NotEnoughDataError, match="hold_out"):
        judge(pd.DataFrame({"user_id": ["a"], "group": ["campaign"]}), stayed=[])


@pytest.mark.parametrize("share", [0, 1, -0.1])
def test_a_share_that_leaves_nobody_or_everybody_is_refused(share):
    with pytest.raises(RequestError, match="above 0 and below 1"):
        assign(listed([0.5]), share=share, seed=0)
