"""A kept model of outcomes: when it answers, when one is trained, and whose threshold is used."""

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest

from analytics_lib.models import outcome, outcome_page, outcome_results
from analytics_lib.models.outcome import OutcomeModel
from analytics_lib.models.outcome_page import Asked
from analytics_lib.periods import local_moment
from outcome_worlds import talk

LEARNED = dt.datetime(2026, 1, 20, tzinfo=dt.UTC)
LATER = LEARNED + dt.timedelta(days=3, hours=1)
COSTS = {"false_alarm_cost": 1.0, "missed_cost": 4.0}


@pytest.fixture(scope="module")
def store():
    return talk([("resolved", 200), ("abandoned", 150)])


@pytest.fixture(scope="module")
def model(store):
    return outcome.fit(store, as_of=LEARNED)


@pytest.fixture
def folder(model, store, tmp_path, monkeypatch):
    """Where the model was published; to train another is refused from then on."""
    read(store, LEARNED, folder=tmp_path, fitted=model, monkeypatch=monkeypatch)
    monkeypatch.setattr(outcome, "fit", refuse)
    return tmp_path


def refuse(*_, **__):
    raise AssertionError("a model was trained")


def read(store, as_of, *, fitted=None, monkeypatch=None, **more):
    if fitted is not None:
        monkeypatch.setattr(outcome, "fit", lambda *_, **__: fitted)
    return outcome_page.read(store, Asked(as_of, **COSTS), **more)


def test_a_kept_model_answers_without_training_and_says_its_age(store, model, folder):
    found = read(store, LATER, kept=folder)
    asked = Asked(LATER, **COSTS)
    listed = outcome_page.at_risk(store, found, asked, actions=())
    told = outcome_results.figures(found, listed, asked)
    anew = outcome_page.at_risk(
        store, outcome_page.Found(model, "fitted", threshold=found.threshold), asked, actions=()
    )

    assert (found.source, found.missing, found.problem) == ("used", "", "")
    assert (told["model_as_of"], told["model_age_days"]) == (local_moment(LEARNED), 3)
    assert told["judged"] == model.counts["judged"]
    pd.testing.assert_frame_equal(listed, anew)
    assert outcome_results.frames(found, asked).curve["n"].sum() == 4 * len(model.tested)
    assert outcome_results.trusted(found, asked).comparison["metric"].tolist()[-1] == "roc_auc_user_gap"
    assert outcome_results.drifted(store, found, asked)["n"].gt(0).all()


def test_a_kept_model_that_knows_later_days_does_not_answer(store, model, folder, monkeypatch):
    earlier = LEARNED - dt.timedelta(seconds=1)
    with pytest.raises(AssertionError, match="was trained"):
        read(store, earlier, kept=folder)
    found = read(store, earlier, kept=folder, fitted=replace(model, as_of=earlier), monkeypatch=monkeypatch)
    published = read(store, earlier, folder=folder)

    assert (found.source, found.missing) == ("fitted", "later")
    # Neither where models are published, though the current one stays there.
    assert (published.source, published.decision["outcome"]) == ("fitted", "kept")
    assert published.model.as_of == earlier
    assert outcome_page.outlook(store, "c0001", folder=folder, as_of=earlier) is None
    assert len(outcome_page.outlook(store, "c0001", folder=folder, as_of=None)) > 0


def test_without_a_kept_model_one_is_trained_and_it_is_said_why(store, model, tmp_path, monkeypatch):
    found = read(store, LEARNED, kept=tmp_path, fitted=model, monkeypatch=monkeypatch)

    assert (found.source, found.missing) == ("fitted", "none")
    assert not list(tmp_path.iterdir())


def test_a_swapped_model_does_not_answer(store, model, folder, monkeypatch):
    for file in folder.rglob("model.json"):
        file.write_text(replace(model, counts={**model.counts, "judged": 1}).to_json())
    found = read(store, LEARNED, kept=folder, fitted=model, monkeypatch=monkeypatch)

    assert (found.source, found.missing) == ("fitted", "damaged")
    assert "was changed or swapped" in found.problem


def test_threshold_is_that_of_the_model_in_use_where_the_new_one_is_worse(store, model, folder, monkeypatch):
    """The new one says the opposite, from 77 % on, and so loses on the same conversations."""
    logit = replace(model.judged.logit, coefficients=-model.judged.logit.coefficients)
    worse = replace(
        model,
        as_of=LATER,
        judged=model.judged._replace(logit=logit),
        thresholds=model.thresholds.assign(threshold=0.77),
    )
    found = read(store, LATER, folder=folder, fitted=worse, monkeypatch=monkeypatch)

    assert worse.decide(risk="abandoned", **COSTS).threshold == 0.77
    assert found.source == "kept"
    expected = model.decide(risk="abandoned", **COSTS).threshold
    assert found.threshold.threshold == pytest.approx(expected) != 0.77


@pytest.mark.parametrize("costs", [(1, 4), (4, 1), (0, 1), (1, 0)])
def test_a_model_read_back_decides_as_before_at_any_costs(model, costs):
    given = dict(zip(("false_alarm_cost", "missed_cost"), costs, strict=True))
    before, after = (
        one.decide(risk="abandoned", **given) for one in (model, OutcomeModel.from_json(model.to_json()))
    )

    assert after.threshold == pytest.approx(before.threshold, abs=1e-14)
    assert (after.threshold > 1) == (before.threshold > 1)
    pd.testing.assert_frame_equal(after.costs, before.costs)
    pd.testing.assert_frame_equal(after.warning, before.warning, check_dtype=False)
