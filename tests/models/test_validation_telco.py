"""Customers of a telephone company who left or stayed: IBM's fictional sample, through the same validation.

It is a cross-section without dates, so nothing here is split in time: customers are held out by their id.
Published models reach a ROC AUC of 0.83 to 0.86 on it; more would have to be explained.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics_lib.models import validation
from analytics_lib.models.logit import fit_logit

FILE = Path(__file__).parents[3] / "shared" / "data" / "churn-telco" / "Telco-Customer-Churn.csv.gz"
NUMBERS = ("tenure", "MonthlyCharges", "TotalCharges")
LEFT = ("stays", "leaves")


@pytest.fixture(scope="module")
def customers():
    if not FILE.exists():
        pytest.skip(f"{FILE.name} is not here; the data lie in ../shared/data beside the project")
    read = pd.read_csv(FILE, dtype=str, keep_default_na=False)
    # Eleven customers of no month yet have a blank total.
    numbers = {name: pd.to_numeric(read[name].str.strip().replace("", None)) for name in NUMBERS}
    return read.assign(**numbers, leaves=read.pop("Churn") == "Yes")


@pytest.fixture(scope="module")
def judged(customers):
    return validation.split_users(customers["customerID"], share=0.3)


def predicted(customers, judged, columns):
    kinds = {name: "number" if name in NUMBERS or name == "encoded" else "category" for name in columns}
    learned = customers[~judged]
    names = pd.Series(np.where(learned["leaves"], LEFT[1], LEFT[0]), index=learned.index)
    model = fit_logit(learned[columns], names, kinds=kinds, classes=LEFT)
    return model.probabilities(customers.loc[judged, columns])[:, 1]


def prefix_rate(rows, customers):
    """The share that left among the rows with the same first three digits of the id, which mean nothing."""
    rates = rows.groupby(rows["customerID"].str[:3])["leaves"].mean()
    return customers["customerID"].str[:3].map(rates).fillna(rows["leaves"].mean())


def test_model_of_held_out_customers_ranks_as_published_and_is_calibrated(customers, judged):
    columns = [name for name in customers if name not in ("customerID", "leaves")]
    rows, learned = customers[judged], customers[~judged]
    scores = predicted(customers, judged, columns)
    simple = validation.baselines(learned, learned["leaves"], rows, recency="tenure", state="Contract")
    found = validation.compare_models(
        rows["leaves"], {"model": scores, **simple}, groups=rows["customerID"], draws=100
    ).set_index(["model", "metric"])

    assert len(customers) == 7_043
    assert customers["leaves"].sum() == 1_869
    assert 0.83 <= found.loc[("model", "roc_auc"), "value"] <= 0.86
    ece, noise = (found.loc[("model", metric)] for metric in ("ece", "ece_noise"))
    assert ece["value"] <= 0.03
    assert ece["value"] <= noise["high"]
    assert (found.xs("roc_auc_gain", level="metric")["low"] > 0).all()
    assert (
        validation.alarms(
            found.loc["model"].reset_index(),
            features=customers[columns],
            labels=customers["leaves"],
            keys=customers["customerID"].str[:3].to_frame("prefix"),
            sides=(learned["customerID"], rows["customerID"]),
        )
        == []
    )


def test_target_encoded_on_all_rows_looks_better_and_is_caught(customers, judged):
    columns = ["tenure", "Contract", "encoded"]
    leaking = customers.assign(encoded=prefix_rate(customers, customers))
    honest = customers.assign(encoded=prefix_rate(customers[~judged], customers))
    keys = customers["customerID"].str[:3].to_frame("prefix")
    labels = customers["leaves"]
    aucs = {
        name: validation.roc_auc(labels[judged], predicted(rows, judged, columns))
        for name, rows in {"leaking": leaking, "honest": honest}.items()
    }
    [alarm] = validation.alarms(features=leaking[columns], labels=labels, keys=keys)

    assert aucs["leaking"] > aucs["honest"] + 0.05
    assert (alarm.code, alarm.values["feature"], alarm.values["key"]) == (
        "encoded_on_judged_rows", "encoded", "prefix",
    )  # fmt: skip
    assert alarm.values["roc_auc_out_of_fold"] == pytest.approx(0.5, abs=0.03)
    assert validation.alarms(features=honest[columns], labels=labels, keys=keys) == []


def test_invoice_that_closes_an_account_is_caught(customers):
    random = np.random.default_rng(4)
    closing = np.where(customers["leaves"], customers["MonthlyCharges"], 0) + random.normal(
        0, 5, len(customers)
    )
    features = customers[["tenure"]].assign(closing_invoice=closing)
    found = validation.alarms(features=features, labels=customers["leaves"])

    assert [alarm.values["feature"] for alarm in found] == ["closing_invoice"]
    assert found[0].code == "telling_feature"
