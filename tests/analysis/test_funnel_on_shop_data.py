"""Funnels of a web shop's clickstream, compared with an independent reading of the file."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from funnel_by_loops import funnel_by_loops, users

from analytics_lib.analysis.funnels import ANY_EVENT, between, funnel
from analytics_lib.store import Store

FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "journeys-simple-shop"
WHOLE = {"since": dt.date(2019, 11, 1), "until": dt.date(2020, 5, 1)}
BUYING = ["catalog", "cart", "payment_done"]


def clicks(name):
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"{name} is not here; the data lie in ../shared/data beside the project")
    read = pd.read_csv(path)
    read = read[read["event"] != "lost"].reset_index(drop=True)
    times = pd.to_datetime(read["timestamp"])
    return read.assign(
        event_id=[f"e{place:06}" for place in range(len(read))],
        user_id=read["client_id"].astype(str),
        occurred_local=times,
        occurred_at=times.dt.tz_localize("America/Bogota").dt.tz_convert("UTC"),
        name=read["event"],
    )


def stored(read, **tables):
    columns = ["event_id", "user_id", "occurred_at", "occurred_local", "name"]
    return Store.in_memory(events=read[columns], **tables)


@pytest.fixture(scope="module")
def shop():
    return clicks("simple-onlineshop.csv.gz")


@pytest.fixture(scope="module")
def trial():
    """The same users in an experiment: the store, with the arm of each as their segment."""
    read = clicks("ab_test_demo.csv.gz")
    arms = read.drop_duplicates("user_id")[["user_id", "user_backet"]]
    return stored(read, users=arms.rename(columns={"user_backet": "segment"}))


def test_catalog_to_cart_to_payment_is_3611_1924_653(shop):
    assert users(funnel(stored(shop), stages=BUYING, **WHOLE)) == [3611, 1924, 653]


def test_an_hour_is_what_plain_loops_give_for_it(shop):
    hour = dt.timedelta(hours=1)
    rows = list(shop[["user_id", "occurred_local", "event_id", "name"]].itertuples(index=False, name=None))
    rows = rows[:6000]
    bounds = {end: pd.Timestamp(WHOLE[end]) for end in WHOLE}
    expected = funnel_by_loops(rows, BUYING, within=hour, **bounds)
    reached = [sum(len(own) > place for _, own in expected.values()) for place in range(3)]

    assert users(funnel(stored(shop.head(6000)), stages=BUYING, within=hour, **WHOLE)) == reached


def test_payment_of_all_users_is_22_7_percent_in_test_and_14_8_in_control(trial):
    found = funnel(trial, stages=[ANY_EVENT, "payment_done"], by="segment", **WHOLE)
    last = found[found["position"] == 2].set_index("segment")

    assert last.loc["test", ["entered", "users"]].tolist() == [554, 126]
    assert last.loc["control", ["entered", "users"]].tolist() == [573, 85]
    assert last["conversion_rate"].round(3)[["test", "control"]].tolist() == [0.227, 0.148]


def test_difference_of_the_arms_is_7_9_points_and_real(trial):
    found = funnel(trial, stages=[ANY_EVENT, "payment_done"], by="segment", **WHOLE)
    row = between(found, "test", "control", by="segment").iloc[0]

    # Newcombe's interval from Wilson's of 126/554 and 85/573, worked out by hand.
    assert row["difference"] == pytest.approx(126 / 554 - 85 / 573)
    assert (row["low"], row["high"]) == pytest.approx((0.0335, 0.1245), abs=1e-4)
    assert row["real"]
