"""Churn by inactivity on a gift shop's real orders, at three cutoffs, beside looking at silence alone."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from analytics_lib.models import churn
from analytics_lib.store import Store

FILE = Path(__file__).parents[3] / "shared" / "data" / "purchases-online-retail" / "online_retail.csv.gz"
AS_OF = dt.date(2011, 12, 10)


@pytest.fixture(scope="module")
def model():
    if not FILE.exists():
        pytest.skip(f"{FILE.name} is not here; the data lie in ../shared/data beside the project")
    columns = ["InvoiceNo", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"]
    lines = pd.read_csv(FILE, usecols=columns, dtype={"InvoiceNo": str}).dropna(subset="CustomerID")
    lines["amount"] = lines["Quantity"] * lines["UnitPrice"]
    orders = lines.groupby("InvoiceNo").agg(
        user_id=("CustomerID", "first"), ordered_at=("InvoiceDate", "min"), amount=("amount", "sum")
    )
    orders = orders.reset_index(names="order_id").assign(currency="GBP")
    orders["user_id"] = orders["user_id"].astype(int).astype(str)
    orders["ordered_at"] = pd.to_datetime(orders["ordered_at"]).dt.tz_localize("Europe/London")
    with Store.in_memory(orders=orders) as store:
        yield churn.fit(
            store,
            as_of=AS_OF,
            horizon=dt.timedelta(days=60),
            activity="order",
            draws=12,
            compare_splits=False,
        )


def test_model_beats_silence_at_each_of_three_cutoffs(model):
    due = model.measured[(model.measured["population"] == "due") & (model.measured["metric"] == "roc_auc")]
    scores = due.pivot_table(index="cutoff", columns="model", values="value")

    assert len(scores) == 3
    assert (scores["churn"] - scores["recency_rule"] > 0.05).all()
    assert scores["churn"].between(0.68, 0.80).all()
    assert model.alarms == []


def test_who_bought_once_can_hardly_be_told_apart(model):
    """An honest limit: with one order there is little to go by, and the table says so."""
    latest = model.measured[model.measured["cutoff"] == model.asked.test_cutoff]
    scores = latest[(latest["metric"] == "roc_auc") & (latest["model"] == "churn")].set_index("population")

    assert scores.loc["once", "value"] < 0.65
    assert scores.loc["once", "n"] > 500
    assert scores.loc["once", "value"] < scores.loc["repeat", "value"]
