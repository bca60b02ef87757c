"""Expected satisfaction against a world in which everybody's satisfaction is known."""

import datetime as dt

import pandas as pd
import pytest

from analytics_lib.errors import ModelDamagedError, NotTrainableError, RequestError
from analytics_lib.models import satisfaction, satisfaction_page
from analytics_lib.models.satisfaction_rows import SURVEY_HOURS, closed_rows
from analytics_lib.store import Store
from planted import UNTIL

TOLERANCE = 0.03


@pytest.fixture(scope="module")
def rows(planted):
    with Store.open(planted.store) as store:
        return closed_rows(store, as_of=UNTIL)


@pytest.fixture(scope="module")
def model(rows):
    return satisfaction.fit_rows(rows)


@pytest.fixture(scope="module")
def truth(planted, rows):
    """What each customer would have answered, by conversation."""
    told = planted.truth.tables["conversations"].set_index("conversation_id")["satisfaction"]
    known = rows["conversation_id"].map(told)
    assert known.notna().all()
    return known


@pytest.mark.parametrize("measure", ["csat", "csat_mean"])
def test_corrected_satisfaction_is_nearer_to_the_truth_than_the_raw_one(rows, model, truth, measure):
    over = rows["survey_over"]
    actual = {"csat": (truth[over] >= 4).mean(), "csat_mean": truth[over].mean()}[measure]
    found = model.overall(rows)
    value = found[found["measure"] == measure].set_index("estimate")["value"]

    assert abs(value["corrected"] - actual) < abs(value["raw"] - actual) / 3
    assert value["worst"] <= actual <= value["best"]


def test_interval_of_the_corrected_share_holds_the_truth(rows, model, truth):
    found = model.overall(rows)
    row = found[(found["measure"] == "csat") & (found["estimate"] == "corrected")].iloc[0]

    assert row["low"] <= (truth[rows["survey_over"]] >= 4).mean() <= row["high"]


def test_intervals_of_the_silent_hold_what_they_promise(rows, model, truth):
    late = rows[(rows["known_at"] >= model.cutoff) & rows["csat"].isna() & rows["survey_over"]]
    said = model.expect(late)
    real = late["conversation_id"].map(dict(zip(rows["conversation_id"], truth, strict=True))).to_numpy()
    inside = ((real >= said["low"]) & (real <= said["high"])).mean()

    assert len(late) > 2000
    assert inside == pytest.approx(model.level, abs=TOLERANCE)


def test_later_answers_are_expected_better_than_by_how_conversations_end(model):
    value = model.evaluation.set_index("metric")["value"]

    assert value["rmse"] < value["rmse_by_outcome"] < value["rmse_of_mean"]
    assert abs(value["bias"]) < 0.1
    assert value["response_ece"] < TOLERANCE


def test_parts_of_an_expectation_add_up_to_it(rows, model):
    few = rows.head(50)
    odds = model.explain(few).sum(axis=1)
    expected = 1 + 4 / (1 + (-odds).map(lambda value: 2.718281828459045**value))

    assert expected.to_numpy() == pytest.approx(model.expect(few)["expected"].to_numpy(), abs=1e-9)


def test_model_reads_back_from_its_text_and_says_the_same(rows, model):
    again = satisfaction.SatisfactionModel.from_json(model.to_json())

    assert again.to_json() == model.to_json()
    pd.testing.assert_frame_equal(again.expect(rows.head(20)), model.expect(rows.head(20)))


@pytest.mark.parametrize(
    "text", ["", "{}", '{"kind":"logit","format":1}', '{"kind":"satisfaction","format":1}']
)
def test_text_of_something_else_is_refused(text):
    with pytest.raises(ModelDamagedError):
        satisfaction.SatisfactionModel.from_json(text)


def small(*, ended, csat):
    """Conversations of ten minutes that ended at these moments, answered so."""
    ends = pd.to_datetime(pd.Series(ended), utc=True)
    frame = pd.DataFrame(
        {
            "conversation_id": [f"c{place}" for place in range(len(ends))],
            "user_id": [f"u{place}" for place in range(len(ends))],
            "channel": "web",
            "started_at": ends - pd.Timedelta(minutes=10),
            "ended_at": ends,
            "outcome": "resolved",
            "csat": pd.Series(csat, dtype="Int64"),
        }
    )
    return Store.in_memory(conversations=frame)


def test_an_answer_counts_once_its_survey_is_over():
    day = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
    survey = dt.timedelta(hours=SURVEY_HOURS)
    store = small(ended=[day - survey, day - survey + dt.timedelta(seconds=1)], csat=[5, 1])
    rows = closed_rows(store, as_of=day)

    assert rows["survey_over"].tolist() == [True, False]
    assert rows["csat"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("as_of", "said"),
    [(dt.date(2020, 1, 1), "No conversation had ended"), (dt.date(2030, 1, 1), "of the latest")],
)
def test_too_few_answers_are_said_with_what_is_missing(as_of, said):
    days = [dt.datetime(2026, 3, day, tzinfo=dt.UTC) for day in range(1, 11)]
    store = small(ended=days, csat=[5] * 10)

    with pytest.raises(NotTrainableError, match=said):
        satisfaction.fit(store, as_of=as_of)


def test_answers_that_are_all_alike_teach_nothing():
    hours = [dt.datetime(2026, 3, 1, tzinfo=dt.UTC) + dt.timedelta(hours=place) for place in range(300)]
    store = small(ended=hours, csat=[5] * 300)

    with pytest.raises(NotTrainableError):
        satisfaction.fit(store, as_of=dt.date(2026, 6, 1))


def test_answers_of_one_user_cannot_be_tested_and_it_is_said():
    hours = [dt.datetime(2026, 3, 1, tzinfo=dt.UTC) + dt.timedelta(hours=place) for place in range(300)]
    rows = closed_rows(small(ended=hours, csat=[1, 5] * 150), as_of=dt.date(2026, 6, 1))
    rows = rows.assign(user_id="u", duration_seconds=rows.index.astype(float))

    with pytest.raises(NotTrainableError, match=r"of 1 user\(s\)"):
        satisfaction.fit_rows(rows)


def test_left_open_a_page_asks_as_of_the_day_after_the_last_conversation_where_there_are_no_messages():
    store = small(ended=[dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)], csat=[5])

    assert satisfaction_page.choose(store).as_of == dt.date(2026, 3, 11)


def test_level_that_is_no_share_is_refused(rows):
    with pytest.raises(RequestError, match=r"level is 1\.5"):
        satisfaction.fit(small(ended=[], csat=[]), as_of=UNTIL, level=1.5)


def test_predictions_are_of_those_who_ended_and_did_not_answer(planted, model):
    as_of = dt.date(2026, 5, 1)
    with Store.open(planted.store) as store:
        found = model.predict(store, as_of=as_of, since=dt.date(2026, 4, 20))
        with store.known_at(as_of) as known:
            silent = known.query(
                "select conversation_id from conversations where ended_at is not null and csat is null "
                "and started_local >= '2026-04-20'"
            )["conversation_id"]

    assert sorted(found["conversation_id"]) == sorted(silent)
    assert found["expected"].between(found["low"], found["high"]).all()
    assert found["low"].min() >= 1
    assert found["high"].max() <= 5


def test_a_kept_model_answers_for_its_days_and_later_ones_alone(rows, model, tmp_path, monkeypatch):
    monkeypatch.setattr(satisfaction_page, "closed_rows", lambda *_, **__: rows)
    monkeypatch.setattr(satisfaction_page, "fit_rows", lambda *_, **__: model)
    asked, later, earlier = (satisfaction_page.Asked(None, UNTIL + dt.timedelta(days=n)) for n in (0, 3, -1))
    store = Store.in_memory()
    first = satisfaction_page.read(store, asked, folder=tmp_path)
    used = satisfaction_page.read(store, later, kept=tmp_path)
    told = satisfaction_page.figures(used, asked=later)
    anew = satisfaction_page.read(store, earlier, kept=tmp_path)

    assert (first.life.source, used.life.source) == ("first", "used")
    assert (told["model_as_of"], told["model_age_days"]) == (UNTIL, 3)
    pd.testing.assert_frame_equal(used.silent, first.silent)
    assert (anew.life.source, anew.life.missing) == ("fitted", "later")
