"""PSI worked out by hand, and when it is only noise."""

from math import log

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.models import drift
from analytics_lib.models.logit import Logit, calibrate, fit_logit


def category(*counts, names=("web", "app", "fax")):
    return pd.Series(
        [name for name, rows in zip(names, counts, strict=False) for _ in range(rows)], dtype=object
    )


def compared(bins, column):
    return drift.compare([bins], pd.DataFrame({bins.feature: column})).iloc[0]


def test_psi_of_a_category_is_the_sum_over_its_values():
    then = drift.category_bins("channel", category(5000, 5000), ["web", "app"])
    found = compared(then, category(6000, 4000))

    assert found["psi"] == pytest.approx(0.1 * log(0.6 / 0.5) - 0.1 * log(0.4 / 0.5))
    assert (found["bin"], found["share_then"], found["share_now"]) == ("app", 0.5, 0.4)
    assert found["status"] == "steady"


@pytest.mark.parametrize(("web", "status"), [(6000, "steady"), (6600, "watch"), (7500, "act")])
def test_from_a_tenth_on_watch_and_from_a_quarter_act(web, status):
    # PSI: 0.04 with 60 %, 0.106 with 66 %, 0.275 with 75 %.
    then = drift.category_bins("channel", category(5000, 5000), ["web", "app"])

    assert compared(then, category(web, 10_000 - web))["status"] == status


def test_value_never_seen_is_all_others_and_its_empty_bin_counts_as_half_a_row():
    then = drift.category_bins("channel", category(50, 50), ["web", "app"])
    found = compared(then, category(50, 25, 25))

    parts = -0.25 * log(0.25 / 0.5) + (0.25 - 0.005) * log(0.25 / 0.005)
    assert found["psi"] == pytest.approx(parts)
    assert (found["bin"], found["share_then"], found["share_now"]) == ("other", 0, 0.25)


def test_number_has_the_deciles_of_training_as_bins_and_one_for_missing():
    then = drift.number_bins("days", pd.Series(np.arange(1000.0)))
    later = pd.Series([*np.arange(900.0, 1000), *np.arange(0.0, 900, 9)])
    found = compared(then, later)

    assert len(then.edges) == 9
    assert then.shares == (*[0.1] * 10, 0)
    # Half the rows are in the last decile, which had a tenth; the other nine share the other half.
    assert found["psi"] == pytest.approx(0.4 * log(5) + (0.5 - 0.9) * log(0.5 / 0.9), rel=0.01)
    assert found["bin"] == ">= 900"


def test_number_that_goes_missing_has_moved():
    then = drift.number_bins("days", pd.Series(np.arange(1000.0)))
    found = compared(then, pd.Series([*np.arange(500.0) * 2, *[np.nan] * 500]))

    assert (found["bin"], found["share_now"], found["status"]) == ("missing", 0.5, "act")


def test_heap_of_zeros_is_one_bin():
    then = drift.number_bins("orders", pd.Series([0.0] * 80 + [1.0] * 15 + [2.0] * 5))

    assert then.names == ["< 1", ">= 1", "missing"]
    assert then.shares == (0.8, 0.2, 0)


def test_same_rows_have_not_moved_and_few_rows_cannot_tell():
    then = drift.number_bins("days", pd.Series(np.arange(1000.0)))

    assert compared(then, pd.Series(np.arange(1000.0)))["psi"] == 0
    assert compared(then, pd.Series([1.0, 350, 500, 720, 990]))["status"] == "too_few"


def test_noise_is_reached_by_one_comparison_in_twenty_when_nothing_moved():
    random = np.random.default_rng(3)
    then = drift.number_bins("days", pd.Series(random.normal(size=2000)))
    found = [compared(then, pd.Series(random.normal(size=400))) for _ in range(100)]

    # Binomial: 5 of 100, and 1 to 12 within what chance gives.
    assert 1 <= sum(one["psi"] > one["noise"] for one in found) <= 12


def model():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"days": random.integers(0, 100, 2000).astype(float), "channel": ["web", "app"] * 1000}
    )
    leaves = random.random(2000) < frame["days"] / 100
    labels = leaves.map({True: "leaves", False: "stays"})
    kinds = {"days": "number", "channel": "category"}
    return fit_logit(frame, labels, kinds=kinds, classes=("stays", "leaves")), frame, labels


def test_model_carries_its_reference_and_inputs_and_scores_are_compared():
    fitted, frame, _ = model()
    again = Logit.from_json(fitted.to_json())

    assert drift.psi(again, frame)["psi"].tolist() == [0, 0, 0]
    moved = drift.psi(again, frame.assign(days=frame["days"] + 30)).set_index("feature")
    assert moved["status"].to_dict() == {"days": "act", "score leaves": "act", "channel": "steady"}
    assert moved["kind"].to_dict() == {"days": "number", "score leaves": "score", "channel": "category"}


def test_scores_of_a_calibrated_model_are_compared_with_those_of_its_calibration_rows():
    fitted, frame, labels = model()
    later = frame.assign(days=frame["days"] + 30)
    found = drift.psi(calibrate(fitted, later, labels), later).set_index("feature")["psi"]

    assert found["score leaves"] == 0
    assert found["days"] > drift.ACT


def test_no_rows_and_missing_columns_are_refused():
    then = drift.number_bins("days", pd.Series([1.0, 2]))

    with pytest.raises(NotEnoughDataError, match="no rows to compare"):
        drift.compare([then], pd.DataFrame({"days": []}))
    with pytest.raises(RequestError, match="lacks the column 'days'"):
        drift.compare([then], pd.DataFrame({"day": [1.0]}))


values = st.lists(
    st.one_of(st.none(), st.floats(allow_nan=False), st.integers(0, 3)), min_size=1, max_size=40
)


@settings(max_examples=40, deadline=None)
@given(then=values, now=values)
def test_psi_is_never_negative_and_every_row_is_in_one_bin(then, now):
    first, second = (pd.Series(each, dtype=float) for each in (then, now))
    bins = drift.number_bins("x", first)

    assert sum(bins.shares) == pytest.approx(1)
    assert bins.counts(second).sum() == len(second)
    assert compared(bins, second)["psi"] >= 0
