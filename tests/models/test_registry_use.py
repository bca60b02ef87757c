"""Which kept model may answer a question about a moment."""

import datetime as dt
import json

import pytest

from analytics_lib.models.registry_use import usable
from publishing_models import published

DAYS = ("2026-01-05T05:00:00+00:00", "2026-01-12T05:00:00+00:00")


def of(folder, as_of, **more):
    """The loss that stands in the text of the model found."""
    return usable(
        (folder, "churn"), kind="constant", as_of=as_of, read=lambda text: json.loads(text)["loss"], **more
    )


@pytest.fixture
def folder(tmp_path):
    """0.5 from 5 January on, 0.4 from 12 January on, midnight in Bogotá."""
    for loss, day in zip((0.5, 0.4), DAYS, strict=True):
        published(tmp_path, loss, at=day)
    return tmp_path


@pytest.mark.parametrize(
    ("as_of", "loss", "missing"),
    [
        (dt.date(2026, 1, 4), None, "later"),
        (dt.date(2026, 1, 5), 0.5, ""),
        (dt.datetime(2026, 1, 12, 4, 59, 59, tzinfo=dt.UTC), 0.5, ""),
        (dt.date(2026, 1, 12), 0.4, ""),
        (dt.date(2026, 9, 1), 0.4, ""),
    ],
)
def test_the_newest_that_knows_nothing_from_the_moment_on_answers(folder, as_of, loss, missing):
    found = of(folder, as_of)

    assert (found.model, found.missing, found.problem) == (loss, missing, "")


def test_where_nothing_is_kept_it_is_said(tmp_path):
    assert of(tmp_path, dt.date(2026, 1, 5)).missing == "none"
    assert of(None, dt.date(2026, 1, 5)).missing == "none"


def test_what_answers_another_question_does_not_answer_nor_what_it_replaced(folder):
    found = of(folder, dt.date(2026, 2, 1), fits=lambda loss: loss == 0.5)

    assert (found.model, found.missing) == (None, "other")


def test_a_swapped_model_makes_way_for_the_one_before_and_is_named(folder):
    changed = next(path for path in folder.rglob("model.json") if json.loads(path.read_text())["loss"] == 0.4)
    changed.write_text(changed.read_text().replace("0.4", "0.1"))
    found = of(folder, dt.date(2026, 2, 1))

    assert found.model == 0.5
    assert str(changed) in found.problem


def test_harmed_models_and_moments_that_are_none_are_not_used(folder):
    for path in folder.rglob("entry.json"):
        path.write_text(path.read_text().replace("2026-01-", "2026-99-"))
    (folder / "churn" / "current.json").write_text("{")
    found = of(folder, dt.date(2026, 2, 1))

    assert (found.model, found.missing) == (None, "damaged")
    assert "current.json" in found.problem
