"""The page's question: what is left open, what cannot be trained, whom to write to."""

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest

from analytics_lib.errors import NotTrainableError, RequestError
from analytics_lib.models import churn_page, churn_results
from analytics_lib.models.churn_decision import Costs
from analytics_lib.models.churn_life import Keeping
from analytics_lib.store import Store
from churn_world import ChurnWorld

UNTIL = dt.date(2026, 6, 1)


@pytest.fixture(scope="module")
def shop():
    """Too few people to learn from, but enough time."""
    with Store.in_memory(**ChurnWorld(60, seed=1, until=UNTIL, days=120).frames()) as store:
        yield store


def read(store, **more):
    wanted = churn_page.choose(store, **more)
    found = churn_page.read(store, wanted, costs=Costs(62.0, "COP"), keeping=Keeping())
    return found, churn_results.figures(found, wanted=wanted)


def test_left_open_it_asks_as_of_the_day_after_the_last_activity(shop):
    last = pd.Timestamp(shop.query("select max(sent_at) as moment from messages")["moment"][0])
    wanted = churn_page.choose(shop)

    assert wanted.as_of == last.tz_convert("America/Bogota").date() + dt.timedelta(days=1)
    assert (wanted.horizon.days, wanted.look_back.days) == (30, 60)
    assert wanted.seed == wanted.as_of.toordinal()
    assert churn_page.choose(shop, as_of="2026-05-01", horizon_days=14, seed=7).look_back.days == 28


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"as_of": "2026-06-01"}, "few"),
        ({"as_of": "2026-06-01", "horizon_days": 60}, "time"),
        ({"as_of": "2020-01-01"}, "activity"),
    ],
)
def test_what_cannot_be_trained_is_told_with_its_reason_and_shows_nothing(shop, asked, reason):
    found, told = read(shop, **asked)

    assert (told["reason"], told["source"], told["due"]) == (reason, "none", 0)
    assert told["detail"]
    assert told["value_at_risk"] is None
    assert churn_results.by_cutoff(found).empty
    assert churn_results.by_population(found).empty
    assert churn_results.calibration(found).empty
    assert churn_results.views(found).empty
    assert churn_results.drivers(found).empty


def test_orders_in_two_currencies_leave_worth_unknown_and_say_who_leaves():
    frames = ChurnWorld(400, seed=1, until=UNTIL, days=150).frames()
    frames["orders"].loc[::3, "currency"] = "USD"
    with Store.in_memory(**frames) as store, pytest.warns(UserWarning, match="several cannot be added"):
        found, told = read(store, as_of="2026-06-01")

    assert told["source"] == "fitted"
    assert told["due"] > 50
    assert (told["value_at_risk"], told["threshold_source"]) == (None, "unknown")
    assert found.listed["probability"].is_monotonic_decreasing


@pytest.fixture(scope="module")
def full():
    with Store.in_memory(**ChurnWorld(400, seed=1, until=UNTIL, days=150).frames()) as store:
        yield store


def asked(store, **keeping):
    wanted = churn_page.choose(store, as_of=UNTIL, seed=1)
    found = churn_page.read(store, wanted, costs=Costs(62.0, "COP"), keeping=Keeping(**keeping))
    return found, churn_results.figures(found, wanted=wanted)


@pytest.fixture(scope="module")
def first(full, tmp_path_factory):
    """Where the first model was published, and what was found with it then."""
    folder = tmp_path_factory.mktemp("models")
    return folder, *asked(full, folder=folder)


def test_a_kept_model_says_of_everybody_what_it_said_when_it_was_fitted(full, first, monkeypatch):
    folder, fitted, before = first
    monkeypatch.setattr(churn_page.churn, "fit", lambda *_, **__: pytest.fail("a model was trained"))
    found, told = asked(full, kept=folder)

    assert (before["source"], told["source"], told["missing"]) == ("first", "used", "")
    assert (told["model_as_of"], told["model_age_days"]) == (UNTIL, 0)
    pd.testing.assert_frame_equal(found.listed, fitted.listed)
    pd.testing.assert_frame_equal(found.plan, fitted.plan)
    same = ("value_at_risk", "threshold", "campaign", "hold_out", "roc_auc", "n")
    assert {name: told[name] for name in same} == pytest.approx({name: before[name] for name in same})
    calibration = churn_results.calibration(found)
    pd.testing.assert_frame_equal(calibration, churn_results.calibration(fitted), check_like=True)
    assert churn_results.drifted(found)["n"].iloc[0] == len(found.now)


def test_threshold_is_that_of_the_model_in_use_where_the_new_one_is_worse(full, first, monkeypatch):
    folder, fitted, before = first
    logit = replace(fitted.fitted.logit, coefficients=-fitted.fitted.logit.coefficients)
    other = fitted.fitted.thresholds.assign(threshold=0.87)
    worse = replace(fitted.fitted, logit=logit, thresholds=other)
    monkeypatch.setattr(churn_page.churn, "fit", lambda *_, **__: worse)
    _, told = asked(full, folder=folder)

    assert told["source"] == "kept"
    assert told["threshold"] == pytest.approx(before["threshold"])
    assert told["threshold"] != 0.87


def test_without_any_activity_there_is_no_day_to_ask_about():
    with pytest.raises(NotTrainableError, match="no contact"):
        churn_page.choose(Store.in_memory())


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"horizon_days": 0}, "horizon_days is 0"),
        ({"value_weeks": 0}, "value_weeks is 0"),
        ({"holdout_share": 1.0}, "holdout_share is 1.0"),
        ({"as_of": "mañana"}, "such as 2026-01-31"),
        ({"activity": "visit"}, "contact, order"),
    ],
)
def test_what_is_no_question_is_refused(shop, asked, message):
    with pytest.raises(RequestError, match=message):
        churn_page.choose(shop, **asked)


def test_price_of_a_message_comes_from_the_rates_and_without_them_is_nothing(shop, tmp_path, monkeypatch):
    wanted = churn_page.choose(shop, as_of="2026-05-01")
    terms = {"offer": 1.0, "save_rate": 0.1, "margin": 0.5}
    (tmp_path / "rates.yaml").write_text(
        "currency: COP\nrates:\n"
        "  - {since: 2026-01-01, agent_minute: 1, template_message: 55, conversation: 1}\n"
    )
    monkeypatch.chdir(tmp_path)

    assert churn_page.read_costs(wanted, path="rates.yaml", **terms) == Costs(55.0, "COP", 1.0, 0.1, 0.5)
    assert churn_page.read_costs(wanted, path="none.yaml", **terms).message == 0.0
