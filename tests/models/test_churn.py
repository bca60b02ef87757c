"""Who leaves: labels by hand, nothing of the future, and the truth of the simulated shop."""

import datetime as dt
import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from analytics_lib.errors import ModelDamagedError, NotTrainableError, RequestError
from analytics_lib.models import churn
from analytics_lib.models.audit import audit
from analytics_lib.models.churn_activity import Span, labelled, recorded
from analytics_lib.models.churn_fitting import cutoffs_of
from analytics_lib.models.churn_life import Keeping, keep, usable_at
from analytics_lib.models.churn_reasons import by_reason, top_reasons
from analytics_lib.models.churn_rows import KINDS, REASONS, rows_at
from analytics_lib.store import Store
from churn_world import UNTIL, ChurnWorld, auc, ece

MONTH = dt.timedelta(days=30)
FORTY_DAYS = dt.timedelta(days=40)
QUICK = {"draws": 4, "compare_splits": False}
TEST_CUTOFF = UNTIL - MONTH
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def written(*said):
    """A store of conversations of one message of the user each: ``(user, days after noon of 1 March)``."""
    rows = pd.DataFrame(said, columns=["user_id", "day"])
    at = pd.Timestamp(NOON) + pd.to_timedelta(rows["day"], unit="D")
    ids = [f"c{place}" for place in range(len(rows))]
    chats = pd.DataFrame(
        {"conversation_id": ids, "user_id": rows["user_id"], "channel": "web", "started_at": at}
    )
    texts = chats[["conversation_id", "user_id"]].assign(
        message_id=ids, sent_at=at, sender="user", kind="text"
    )
    return Store.in_memory(conversations=chats, messages=texts)


def left(store, *, day, horizon, activity="contact"):
    cutoff = NOON + dt.timedelta(days=day)
    rows = labelled(store, cutoff=cutoff, horizon=dt.timedelta(days=horizon), activity=activity)
    return dict(zip(rows["user_id"], rows["left"], strict=True))


def test_where_no_message_is_stored_silence_and_pace_are_those_of_conversations():
    at = pd.Timestamp(NOON) + pd.to_timedelta([0, 0.1, 6, 9], unit="D")
    chats = pd.DataFrame(
        {"conversation_id": list("wxyz"), "user_id": "a", "channel": "web", "started_at": at}
    )
    with Store.in_memory(conversations=chats) as store:
        rows = rows_at(store, cutoff=NOON + dt.timedelta(days=8), horizon=MONTH, activity="contact")

    # Three conversations on two days before the cutoff; the fourth is the future.
    told = rows[["contacts", "recency_days", "first_contact_days", "recency_days_of_others", "contact_rate"]]
    assert told.iloc[0].tolist() == pytest.approx([2, 2, 8, 2, 2 / (8 + 7)])


def test_a_model_that_nobody_was_due_to_judge_is_none():
    """Everybody of March and April is long gone by the last cutoff, and newcomers are not yet there."""
    loyal = [(f"stays {user}", day + user / 100) for user in range(80) for day in range(0, 56, 3)]
    gone = [(f"left {user}", 1 + user / 100) for user in range(80)]
    late = [(f"new {user}", 116 + user / 100) for user in range(80)]
    with (
        written(*loyal, *gone, *late) as store,
        pytest.raises(NotTrainableError, match="Only 0 users"),
    ):
        churn.fit(store, as_of=dt.date(2026, 6, 29), horizon=dt.timedelta(days=20), **QUICK)


def test_where_those_due_are_too_few_to_compare_splits_there_is_a_model_all_the_same():
    """60 write every other day, 60 wrote once and are gone: due at the first cutoff alone."""
    loyal = [(f"stays {user}", day + user / 100) for user in range(60) for day in range(0, 46, 2)]
    gone = [(f"left {user}", 1 + user / 100) for user in range(60)]
    horizon = dt.timedelta(days=10)
    with written(*loyal, *gone) as store:
        model = churn.fit(store, as_of=dt.date(2026, 4, 16), horizon=horizon, look_back=horizon, draws=4)
        said = model.predict(store, as_of=dt.date(2026, 4, 16)).set_index("user_id")["probability"]

    assert model.splits.empty
    assert model.alarms == []
    assert said.filter(like="left").min() > 0.9
    assert said.filter(like="stays").max() < 0.1


@pytest.fixture(scope="module")
def world():
    return ChurnWorld(4_000, seed=2, until=UNTIL)


@pytest.fixture(scope="module")
def shop(world):
    with Store.in_memory(**world.frames()) as store:
        yield store


@pytest.fixture(scope="module")
def model(shop):
    return churn.fit(shop, as_of=UNTIL, horizon=MONTH, draws=40, compare_splits=False)


def test_who_is_active_at_the_cutoff_stays_and_who_is_at_the_end_of_the_horizon_left():
    store = written(("a", 0), ("a", 10), ("b", 0), ("b", 15), ("c", 0), ("d", 10))

    assert left(store, day=10, horizon=5) == {"a": False, "b": True, "c": True}
    assert left(store, day=10, horizon=5.001) == {"a": False, "b": False, "c": True}


def test_a_message_of_the_shop_is_no_contact_and_a_conversation_without_messages_is_one():
    at = pd.Timestamp(NOON)
    chats = pd.DataFrame(
        {
            "conversation_id": ["begun by the shop", "without messages"],
            "user_id": ["a", "b"],
            "channel": "web",
            "started_at": [at, at],
        }
    )
    said = pd.DataFrame(
        {
            "message_id": ["m"],
            "conversation_id": ["begun by the shop"],
            "user_id": ["a"],
            "sent_at": [at],
            "sender": ["bot"],
            "kind": ["template"],
        }
    )

    assert left(Store.in_memory(conversations=chats, messages=said), day=1, horizon=1) == {"b": True}


def test_a_refund_is_no_order():
    orders = pd.DataFrame(
        {
            "order_id": ["o1", "o2", "o3"],
            "user_id": ["a", "a", "b"],
            "ordered_at": [pd.Timestamp(NOON) + pd.Timedelta(days=day) for day in (0, 6, 0)],
            "amount": [10.0, -10.0, -5.0],
            "currency": "COP",
        }
    )

    assert left(Store.in_memory(orders=orders), day=5, horizon=5, activity="order") == {"a": True}


def test_two_messages_of_a_day_are_one_occasion():
    store = written(("a", 0), ("a", 0.1), ("b", 0), ("b", 3))
    rows = labelled(store, cutoff=NOON + dt.timedelta(days=5), horizon=MONTH, activity="contact")

    assert rows["occasions"].tolist() == [1, 2]
    assert rows["silent_days"].tolist() == pytest.approx([4.9, 2.0])


def test_windows_end_with_the_records_where_nothing_is_recorded_any_more():
    """The last message is of 11 March at noon: recorded to the midnight after it in Bogotá."""
    store = written(("a", 0), ("b", 10))
    span = recorded(store, as_of=dt.date(2026, 6, 1), activity="contact")

    assert span.until == dt.datetime(2026, 3, 12, 5, tzinfo=dt.UTC)
    assert recorded(store, as_of=dt.date(2026, 3, 5), activity="contact").until.day == 2


def test_labels_of_different_cutoffs_do_not_overlap(model):
    cutoffs = model.asked.cutoffs
    apart = {late - early for early, late in pairwise(cutoffs)}

    assert apart == {MONTH}
    assert cutoffs[-1] + MONTH == model.asked.as_of
    assert len(cutoffs) == 5


def test_model_comes_nine_tenths_of_the_way_to_the_truth(model, world):
    rows = model.tested.assign(truth=model.tested["user_id"].map(world.truth(TEST_CUTOFF, horizon_days=30)))
    due = rows[rows["in_due"]]
    for people in (due, rows):
        best = auc(people["left"], people["truth"]) - 0.5
        assert auc(people["left"], people["probability"]) - 0.5 >= 0.9 * best
    assert auc(due["left"], due["probability"]) > auc(due["left"], due["silent_days"]) + 0.01
    assert ece(rows["left"], rows["probability"]) <= 0.03
    assert ece(rows["left"], rows["truth"]) <= 0.03


def test_evaluation_is_of_those_due_at_the_latest_cutoff(model):
    due = model.tested[model.tested["silent_days"] < 60]
    rows = model.evaluation.set_index("metric")

    assert rows.loc["roc_auc", "value"] == pytest.approx(auc(due["left"], due["probability"]))
    assert rows.loc["base_rate", "value"] == pytest.approx(due["left"].mean())
    assert (rows["n"] == len(due)).all()
    assert set(rows["population"]) == {"due"}
    assert (rows["low"] <= rows["value"]).all()
    assert (rows["value"] <= rows["high"]).all()
    gain = rows.loc["roc_auc", "value"] - rows.loc["roc_auc", "recency_rule"]
    assert rows.loc["roc_auc_gain", "value"] == pytest.approx(gain)


def test_counting_those_long_gone_makes_the_score_look_better(model):
    latest = model.measured[model.measured["cutoff"] == model.asked.test_cutoff]
    found = latest[(latest["metric"] == "roc_auc") & (latest["model"] == "churn")]
    scores = found.set_index("population")["value"]

    assert scores["recent"] < scores["due"] < scores["all"]


def test_nothing_of_as_of_or_later_changes_a_prediction(model, shop, world):
    with Store.in_memory(**before(world.frames(), TEST_CUTOFF)) as past:
        expected = model.predict(past, as_of=TEST_CUTOFF)

    pd.testing.assert_frame_equal(model.predict(shop, as_of=TEST_CUTOFF), expected)


def test_what_comes_after_as_of_changes_no_model():
    """The same small shop, once with all that came later, once without."""
    early = UNTIL - dt.timedelta(days=78)
    small = ChurnWorld(2_000, seed=3, until=UNTIL).frames()
    with Store.in_memory(**small) as whole, Store.in_memory(**before(small, early)) as past:
        models = [churn.fit(store, as_of=early, horizon=FORTY_DAYS, **QUICK) for store in (whole, past)]

    assert models[0].to_json() == models[1].to_json()


def before(frames, day):
    """What had been written and ordered before the day."""
    cut = pd.Timestamp(day, tz="America/Bogota")
    moments = {"conversations": "started_at", "messages": "sent_at", "orders": "ordered_at"}
    cut_off = {name: frames[name].loc[frames[name][at] < cut] for name, at in moments.items()}
    return {**frames, **cut_off}


def test_whatever_changes_from_the_cutoff_on_changes_no_feature_of_the_model():
    """The rows the model reads, but for the label, which is what comes after."""
    day = dt.date(2026, 4, 1)
    frames = ChurnWorld(60, seed=5, until=dt.date(2026, 5, 1), days=60).frames()
    cutoff = dt.datetime(2026, 4, 1, 5, tzinfo=dt.UTC)

    def told(store):
        rows = rows_at(store, cutoff=cutoff, horizon=dt.timedelta(0), activity="contact")
        return rows[["user_id", "occasions", "silent_days", *KINDS]]

    assert audit(frames, told, cutoff=day, keys=("user_id",)).empty


def test_prediction_is_of_everybody_and_the_sum_of_its_reasons(model, shop):
    told = model.predict(shop, as_of=UNTIL)
    with shop.known_at(UNTIL) as known:
        rows = rows_at(known, cutoff=model.asked.as_of, horizon=dt.timedelta(0), activity="contact")
    parts = by_reason(model.logit, rows)
    summed = 1 / (1 + np.exp(-parts.sum(axis="columns")))
    said = told.set_index("user_id")["probability"].reindex(rows["user_id"])

    assert len(told) == shop.query("select count(distinct user_id) as n from messages")["n"][0]
    assert set(parts.columns) - {"base"} <= set(REASONS)
    assert said.to_numpy() == pytest.approx(summed.to_numpy())
    assert (told["due"] == (told["silent_days"] < 60)).all()
    assert told["probability"].is_monotonic_decreasing


def test_a_store_without_activity_has_nobody_to_predict(model):
    with Store.in_memory() as empty:
        told = model.predict(empty, as_of=UNTIL)

    assert told.empty
    assert {"user_id", "probability", "reason_1"} <= set(told)


def test_a_segment_never_seen_in_training_is_predicted_like_any_other(model, world):
    frames = world.frames()
    frames["users"] = frames["users"].assign(segment="never seen")
    with Store.in_memory(**frames) as store:
        told = model.predict(store, as_of=UNTIL)

    assert told["probability"].between(0, 1).all()


def test_who_was_there_once_gets_nothing_from_gaps_that_they_do_not_have(model, shop):
    with shop.known_at(UNTIL) as known:
        rows = rows_at(known, cutoff=model.asked.as_of, horizon=dt.timedelta(0), activity="contact")
    once = rows[rows["contacts"] == 1]
    parts = model.logit.contributions(once, "leaves")

    assert len(once) > 100
    assert once["mean_gap_days"].isna().all()
    for name in ("mean_gap_days", "recency_in_gaps"):
        assert np.ptp(parts[name]) == 0


def test_the_reason_that_adds_most_comes_first_and_small_ones_are_not_told():
    parts = pd.DataFrame(
        {"base": [9.0, 9.0], "silence": [0.5, -1.0], "pace": [0.7, 0.05], "orders": [0.2, 0.0]}
    )
    told = top_reasons(parts)

    assert told.loc[0, ["reason_1", "reason_2", "reason_3"]].tolist() == ["pace", "silence", "orders"]
    assert told.loc[0, "points_1"] == 0.7
    assert told.loc[1, ["reason_1", "reason_2", "reason_3"]].isna().all()


def test_a_model_is_the_same_after_it_was_written_and_read(model, shop):
    again = churn.ChurnModel.from_json(model.to_json())

    assert again.to_json() == model.to_json()
    pd.testing.assert_frame_equal(again.predict(shop, as_of=UNTIL), model.predict(shop, as_of=UNTIL))
    with pytest.raises(RequestError, match="was loaded"):
        _ = again.due


def turned(model):
    """The same model with every weight turned round: it points to those who stay."""
    logit = replace(model.logit, coefficients=-model.logit.coefficients)
    return replace(model, logit=logit)


def kept(model, folder, *, as_of=UNTIL, look_back=2 * MONTH, **keeping):
    where = Keeping(folder, code_hash="abc", **keeping)
    use = usable_at("churn", where, as_of=as_of, look_back=look_back)
    return keep(model, "churn", where, use=use)


def test_a_worse_model_does_not_replace_the_current_one_and_a_better_one_does(model, tmp_path):
    first, second, third = (kept(one, tmp_path) for one in (turned(model), model, turned(model)))

    assert [one.source for one in (first, second, third)] == ["first", "replaced", "kept"]
    assert third.model.to_json() == model.to_json()
    assert third.decision["current"] == pytest.approx(model.losses(model.due).mean())


def test_where_none_can_be_fitted_the_published_one_stands_in(model, tmp_path):
    assert kept(None, tmp_path).source == "none"
    kept(model, tmp_path)
    stored = kept(None, tmp_path)

    assert (stored.source, stored.model.to_json()) == ("stored", model.to_json())
    assert kept(model, None).source == "fitted"


def test_a_published_model_answers_no_question_but_its_own_and_no_earlier_one(model, tmp_path):
    kept(model, tmp_path)
    earlier = kept(None, tmp_path, as_of=UNTIL - dt.timedelta(days=1))
    others = kept(None, tmp_path, look_back=3 * MONTH)

    assert (earlier.model, earlier.missing) == (None, "later")
    assert (others.model, others.missing) == (None, "other")
    # What is current knows later days: the one fitted now is used, but is not published.
    young = replace(model, asked=replace(model.asked, as_of=model.asked.as_of - dt.timedelta(days=1)))
    again = kept(young, tmp_path, as_of=UNTIL - dt.timedelta(days=1))
    assert (again.source, again.model) == ("fitted", young)


def test_a_swapped_file_is_not_predicted_with(model, tmp_path):
    kept(model, tmp_path)
    for file in tmp_path.rglob("model.json"):
        file.write_text(turned(model).to_json())
    found = kept(None, tmp_path)

    assert (found.model, found.source) == (None, "none")
    assert found.problem


@pytest.mark.parametrize(
    "change",
    [{"kind": "logit"}, {"activity": "visits"}, {"horizon_seconds": 1}, {"cutoffs": 5}, {"logit": {}}],
    ids=lambda change: next(iter(change)),
)
def test_a_text_that_was_tampered_with_is_refused(model, change):
    with pytest.raises(ModelDamagedError):
        churn.ChurnModel.from_json(json.dumps(json.loads(model.to_json()) | change))


def test_card_names_the_population_and_nobody(model):
    card = model.card
    text = card.markdown() + card.to_json() + model.to_json()

    assert card.data["look_back_days"] == 60
    assert {row["population"] for row in card.segments} >= {"once", "repeat", "all"}
    assert not [user for user in model.tested["user_id"] if user in text]


def test_what_cannot_be_trained_says_why():
    few = written(*((f"u{place}", place + again) for place in range(30) for again in (0, 35, 70)))
    nobody = written(*((f"u{place}", place % 100) for place in range(400)))
    with pytest.raises(NotTrainableError, match="a model needs 50"):
        churn.fit(few, as_of=dt.date(2026, 6, 9), horizon=MONTH)
    with pytest.raises(NotTrainableError, match=r"All \d+ rows have the outcome"):
        churn.fit(nobody, as_of=dt.date(2026, 6, 9), horizon=MONTH)
    with pytest.raises(NotTrainableError, match="no contact before 2026-01-01"):
        churn.fit(few, as_of=dt.date(2026, 1, 1), horizon=MONTH)
    with pytest.raises(NotTrainableError, match="no order before"):
        churn.fit(few, as_of=dt.date(2026, 6, 9), horizon=MONTH, activity="order")


def test_too_little_time_says_from_when_on_it_is_enough():
    """From 1 March noon, two and a half times 40 days end on 9 June noon."""
    store = written(("a", 0), ("b", 60))
    with pytest.raises(NotTrainableError, match="as_of from 2026-06-10 on"):
        churn.fit(store, as_of=dt.date(2026, 5, 1), horizon=FORTY_DAYS)
    enough = Span(NOON, dt.datetime(2026, 6, 10, tzinfo=dt.UTC))
    assert len(cutoffs_of(enough, horizon=FORTY_DAYS)) == 2


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"horizon": dt.timedelta(hours=1)}, "a day or more"),
        ({"horizon": 30}, "a timedelta of a day"),
        ({"look_back": dt.timedelta(days=3)}, "the horizon. or more"),
        ({"activity": "visit"}, "contact, order"),
    ],
)
def test_what_is_no_question_is_refused(more, message):
    with pytest.raises(RequestError, match=message):
        churn.fit(written(("a", 0)), as_of=UNTIL, **{"horizon": MONTH, "look_back": MONTH} | more)
