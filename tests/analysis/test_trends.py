"""What moves against its own weeks before: the numbers by hand, a quiet world quiet, a loud one heard."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from topic_asking import chat, store_of

from analytics_lib.analysis.topic_messages import read_asked
from analytics_lib.analysis.trends import choose_weeks, compare, weekly
from analytics_lib.analysis.trends_tails import beta_shares, exact_limits, tails
from analytics_lib.analysis.trends_words import trending_products, trending_words
from analytics_lib.errors import RequestError

QUIET = [200] * 9


def test_shares_and_their_ratio_are_of_the_weeks_together():
    row = compare([[10, 10, 10, 10, 20]], [100, 100, 100, 100, 100], recent=1).iloc[0]
    assert (row["count_now"], row["total_now"], row["count_before"], row["total_before"]) == (
        20,
        100,
        40,
        400,
    )
    assert (row["share_now"], row["share_before"], row["ratio"]) == (0.2, 0.1, 2.0)
    assert row["ratio_low"] < 2 < row["ratio_high"]


def test_p_value_is_that_of_the_exact_conditional_test():
    row = compare([[10, 10, 10, 10, 20]], [100] * 5, recent=1).iloc[0]
    assert row["p_value"] == pytest.approx(2 * stats.binom.sf(19, 60, 1 / 5))


def test_weeks_that_differ_among_themselves_make_the_test_stricter():
    calm, wild = ([[10, 10, 10, 10, 20]], [[1, 19, 2, 18, 20]])
    p_values = [compare(counts, [100] * 5, recent=1)["p_value"].iloc[0] for counts in (calm, wild)]
    assert p_values[0] < 0.05 < p_values[1]


def test_thing_that_was_never_there_is_new_and_its_ratio_only_bounded_below():
    row = compare([[0] * 8 + [25], *[[20] * 9] * 5], QUIET, recent=1).iloc[0]
    assert row["verdict"] == "new"
    assert math.isnan(row["ratio"])
    assert row["ratio_low"] > 5


def test_rising_falling_and_steady_are_told_apart():
    frame = compare([[30] * 8 + [80], [80] * 8 + [20], [40] * 9], QUIET, recent=1)
    assert frame["verdict"].tolist() == ["rising", "falling", "steady"]


def test_more_of_all_is_no_trend():
    frame = compare([[20] * 8 + [60]], [200] * 8 + [600], recent=1)
    assert frame["ratio"].iloc[0] == 1
    assert frame["verdict"].iloc[0] == "steady"


def test_rare_thing_and_short_history_are_few_and_no_zero():
    rare, short = (
        compare([[1] * 9], QUIET, recent=1).iloc[0],
        compare([[50, 50, 90]], [200] * 3, recent=1).iloc[0],
    )
    for row in (rare, short):
        assert row["verdict"] == "few"
        assert math.isnan(row["p_value"])
        assert math.isnan(row["q_value"])


def test_in_quiet_worlds_no_more_moves_than_the_false_discovery_rate_allows():
    loud = 0
    for seed in range(20):
        random = np.random.default_rng(seed)
        totals = random.integers(150, 400, 9)
        shares = random.beta(0.5, 15, 60)
        frame = compare(random.binomial(totals, shares[:, None]), totals, recent=1)
        loud += bool(frame["verdict"].isin(["new", "rising", "falling"]).any())
    assert loud <= 1  # of twenty worlds one may have a false discovery


def test_in_quiet_worlds_p_values_are_no_smaller_than_chance_makes_them():
    random = np.random.default_rng(1)
    totals = np.full(9, 300)
    frame = compare(random.binomial(300, 0.1, (2_000, 9)), totals, recent=1)
    assert (frame["p_value"] <= 0.05).mean() <= 0.05


def test_what_was_planted_is_found_among_many_quiet_things():
    random = np.random.default_rng(3)
    counts = random.binomial(300, 0.05, (200, 9))
    counts[0, 8] = 60
    moved = compare(counts, [300] * 9, recent=1)["verdict"]
    assert moved[moved != "steady"].to_dict() == {0: "rising"}


@settings(max_examples=20)
@given(st.lists(st.lists(st.integers(0, 50), min_size=5, max_size=5), min_size=1, max_size=6))
def test_shares_stay_within_0_and_1_and_limits_around_their_ratio(counts):
    frame = compare(counts, [50] * 5, recent=1)
    assert frame["p_value"].dropna().between(0, 1).all()
    assert (frame["q_value"].dropna() >= frame["p_value"].dropna() - 1e-12).all()
    known = frame.dropna(subset=["ratio"])
    assert (known["ratio_low"] <= known["ratio"] + 1e-9).all()
    assert (known["ratio_high"].fillna(np.inf) >= known["ratio"] - 1e-9).all()


@given(st.floats(0.05, 500), st.floats(0.05, 500), st.floats(0, 1))
def test_incomplete_beta_is_that_of_scipy(a, b, x):
    found = beta_shares(np.array([a]), np.array([b]), np.array([x]))[0]
    assert found == pytest.approx(special.betainc(a, b, x), abs=1e-10)


def test_tails_and_limits_are_those_of_published_functions():
    least, most = tails(np.array([8.0]), np.array([20.0]), np.array([1 / 9]))
    assert least[0] == pytest.approx(stats.binom.sf(7, 20, 1 / 9))
    assert most[0] == pytest.approx(stats.binom.cdf(8, 20, 1 / 9))
    low, high = exact_limits(np.array([8.0, 0.0]), np.array([20.0, 20.0]))
    exact = stats.binomtest(8, 20).proportion_ci(method="exact")
    assert (low[0], high[0]) == pytest.approx((exact.low, exact.high))
    assert (low[1], high[1]) == pytest.approx((0, 0.16843), abs=1e-4)


def days(first, last):
    return store_of(chat(first, "a", "hola"), chat(last, "b", "hola"))


def test_weeks_are_full_and_begin_on_monday():
    # 2026-03-02 is a Monday; the data begin on a Wednesday and end on a Thursday.
    weeks = choose_weeks(days("2026-02-25", "2026-03-26"), until=dt.date(2026, 4, 1))
    assert weeks.starts == (dt.date(2026, 3, 2), dt.date(2026, 3, 9), dt.date(2026, 3, 16))
    assert (weeks.history, weeks.until) == (2, dt.date(2026, 3, 23))


def test_until_and_as_of_end_the_last_week():
    store = days("2026-01-01", "2026-03-26")
    for given_end in (
        {"until": dt.date(2026, 3, 10)},
        {"until": dt.date(2026, 5, 1), "as_of": dt.date(2026, 3, 10)},
    ):
        assert choose_weeks(store, **given_end, history=2).starts[-1] == dt.date(2026, 3, 2)


def test_no_weeks_to_compare_is_a_wrong_request():
    with pytest.raises(RequestError, match="0 recent weeks against 8 before"):
        choose_weeks(days("2026-01-01", "2026-03-26"), until=dt.date(2026, 3, 10), recent=0)


def test_each_week_has_its_share_and_an_empty_week_none():
    weeks = choose_weeks(days("2026-03-02", "2026-03-22"), until=dt.date(2026, 3, 23), history=2)
    frame = weekly([[5, 0, 2]], [10, 0, 4], weeks)
    assert frame["share"].tolist()[::2] == [0.5, 0.5]
    assert math.isnan(frame["share"].iloc[1])
    assert frame["recent"].tolist() == [False, False, True]


def market(recent_word, recent_users):
    """Eight weeks of a hundred users; in the last some write another word."""
    chats = []
    for week in range(8):
        for user in range(100):
            text = recent_word if week == 7 and user < recent_users else "busco chaqueta negra"
            day = dt.date(2026, 3, 2) + dt.timedelta(days=7 * week + user % 7)
            chats.append(chat(str(day), f"u{week}-{user}", text))
    return chats


def words_of(*chats):
    store = store_of(*chats)
    weeks = choose_weeks(store, until=dt.date(2026, 4, 27))
    window = {"since": dt.date(2026, 4, 20), "until": dt.date(2026, 4, 27)}
    return trending_words(read_asked(store, **window, weeks=weeks))


def test_words_that_come_up_are_new_and_the_pair_stands_for_its_words():
    frame = words_of(*market("madrugon ofertas", 30))
    new = frame[frame["verdict"] == "new"]
    assert new["word"].tolist() == ["madrugon oferta"] or new["word"].tolist() == ["madrugon ofertas"]
    assert (new["count_now"].iloc[0], new["total_now"].iloc[0], new["count_before"].iloc[0]) == (30, 100, 0)


def test_one_user_writing_a_word_many_times_is_one():
    loud = chat("2026-04-21", "loud", *[f"madrugon {word}" for word in ("uno", "dos", "tres")] * 5)
    assert "madrugon" not in words_of(*market("busco chaqueta negra", 0), loud)["word"].tolist()


def test_product_that_is_wanted_more_is_rising_and_orders_are_counted_apart():
    events, orders = [], []
    for week in range(8):
        for user in range(100):
            at = pd.Timestamp("2026-03-03 12:00", tz="UTC") + pd.Timedelta(days=7 * week)
            product = "p0" if user < (50 if week == 7 else 10) else "p1"
            who = {"user_id": f"u{week}-{user}"}
            events.append(
                {
                    **who,
                    "event_id": f"e{week}-{user}",
                    "occurred_at": at,
                    "name": "product_selected",
                    "product_id": product,
                }
            )
            if user < 20:
                items = '[{"product_id":"p1","quantity":1}]'
                order = {
                    "order_id": f"o{week}-{user}",
                    "ordered_at": at,
                    "amount": 1.0,
                    "currency": "COP",
                    "items": items,
                }
                orders.append({**who, **order})
    talks = market("busco chaqueta negra", 0)
    frames = {"events": pd.DataFrame(events), "orders": pd.DataFrame(orders)}
    store = store_of(*talks, products=["Jean azul", "Vestido"], **frames)
    frame = trending_products(store, choose_weeks(store, until=dt.date(2026, 4, 27)))
    rows = frame.set_index(["product", "measure"])
    assert rows.loc[("Jean azul", "wanted"), ["verdict", "count_now", "total_now"]].tolist() == [
        "rising",
        50,
        100,
    ]
    assert rows.loc[("Vestido", "ordered"), ["verdict", "count_now", "total_now"]].tolist() == [
        "steady",
        20,
        20,
    ]
    assert ("Jean azul", "ordered") not in rows.index


def test_store_without_events_or_orders_has_no_products_to_compare():
    store = store_of(*market("busco chaqueta negra", 0))
    assert trending_products(store, choose_weeks(store, until=dt.date(2026, 4, 27))).empty
