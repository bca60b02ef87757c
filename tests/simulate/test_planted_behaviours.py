"""What was planted between the stages is found in the rows, and nothing else was touched by it.

Bounds are four standard errors, as in the recovery of every other planted size.
"""

import numpy as np
import pandas as pd
import pytest
import recovery
from recovery import read_table

from analytics_lib import simulate
from analytics_lib.metrics import CATALOG, measure_all
from analytics_lib.schema import FUNNEL_STAGES
from analytics_lib.simulate import behaviours
from analytics_lib.simulate.behaviours import BEHAVIOURS
from analytics_lib.store import Store
from planted import UNTIL

BOUND = 4.0
STAGES = len(FUNNEL_STAGES)
PLANTED = [behaviour.name for behaviour in BEHAVIOURS if behaviour.planted]


@pytest.fixture(scope="module")
def told(world):
    """(truth, one row a conversation that was over a day before the window's end, their events)."""
    truth, frames, _ = world
    chats = frames["conversations"].merge(truth.tables["conversations"], on="conversation_id")
    end = pd.Timestamp(UNTIL).tz_localize("America/Bogota") - pd.Timedelta("1D")
    chats = chats[chats["started_at"] < end]
    events = frames["events"][frames["events"]["conversation_id"].isin(chats["conversation_id"])]
    return truth, chats, events


def shown(told, behaviour):
    """Conversations that reached the stage of a behaviour: shown, buyer."""
    _, chats, events = told
    reached = chats[chats["stages"] > FUNNEL_STAGES.index(behaviour.after_stage)]
    showing = events.loc[events["name"] == behaviour.name, "conversation_id"]
    buyer = reached["stages"] == STAGES
    return pd.DataFrame({"shown": reached["conversation_id"].isin(showing), "buyer": buyer})


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour.name)
def test_buyers_and_leavers_show_a_behaviour_at_its_rates(told, behaviour):
    rows = shown(told, behaviour)

    for buyer, rate in ((True, behaviour.rate_buyers), (False, behaviour.rate_leavers)):
        of_these = rows["shown"][rows["buyer"] == buyer]
        assert abs(recovery.z_score(of_these, np.full(len(of_these), rate))) < BOUND


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour.name)
def test_ratio_of_risk_given_the_stage_is_the_one_in_the_truth(told, behaviour):
    truth, rows = told[0], shown(told, behaviour)
    table = truth.tables["behaviours"].set_index("name")
    (with_buyers, with_n), (without_buyers, without_n) = (
        (int(rows["buyer"][rows["shown"] == seen].sum()), int((rows["shown"] == seen).sum()))
        for seen in (True, False)
    )

    log_ratio = np.log(with_buyers / with_n) - np.log(without_buyers / without_n)
    error = np.sqrt(1 / with_buyers - 1 / with_n + 1 / without_buyers - 1 / without_n)
    assert abs(log_ratio - np.log(table["risk_ratio"][behaviour.name])) < BOUND * error
    # What is planted would be noticed; of the others nothing is to be found.
    assert (abs(log_ratio) > BOUND * error) == behaviour.planted


def test_two_behaviours_after_one_stage_do_not_depend_on_each_other(told):
    by_name = {behaviour.name: shown(told, behaviour) for behaviour in BEHAVIOURS}
    shipping, discount = by_name["shipping_cost_asked"], by_name["discount_asked"]["shown"]

    # Both follow the cart; one of five asks for a discount, whatever else they ask.
    for seen in (True, False):
        of_these = discount[shipping["shown"] == seen]
        assert abs(recovery.z_score(of_these, np.full(len(of_these), 0.20))) < BOUND


def test_over_all_conversations_a_behaviour_that_tells_nothing_seems_to_tell_buyers(told):
    _, chats, events = told
    showing = chats["conversation_id"].isin(events.loc[events["name"] == "filter_used", "conversation_id"])
    buyer = chats["stages"] == STAGES

    # Nobody filters who has not come as far as the products: the trap that conditioning on the stage avoids.
    assert buyer[showing].mean() / buyer[~showing].mean() > 1.5


def test_planted_behaviours_stand_among_the_effects(told):
    found = [effect for effect in told[0].effects if effect.name == "telling_behaviour"]

    assert [effect.metric for effect in found] == [
        "size_guide_opened_rate after size_selected",
        "shipping_cost_asked_rate after cart_added",
    ]
    assert [effect.ratio for effect in found] == pytest.approx([0.45 / 0.22, 0.18 / 0.40])


def loops(told):
    """Conversations that began to pay: rounds (checkouts after the first), hit (meets the bug), lost."""
    truth, chats, events = told
    bug = truth.effect("checkout_bug", "loop_rate purchase_initiated")
    began = chats[chats["stages"] >= STAGES - 1]
    checkouts = events[events["name"] == "purchase_initiated"].groupby("conversation_id").size()
    return began.assign(
        rounds=began["conversation_id"].map(checkouts) - 1,
        hit=recovery.inside(began["started_at"], bug) & (began["channel"] == bug.value),
    )


def test_rounds_in_the_rows_are_those_in_the_truth(told):
    rows = loops(told)

    assert (rows["rounds"] == rows["loops"]).all()
    assert rows["rounds"].between(0, 3).all()


def test_who_is_lost_to_the_bug_meets_it_and_goes_round(told):
    lost = loops(told)
    lost = lost[lost["lost_to_bug"]]

    assert len(lost) >= 5
    assert (lost["rounds"] >= 1).all()
    assert lost["hit"].all()
    assert (lost["stages"] == STAGES - 1).all()


def test_loops_are_rare_outside_the_bug_and_by_their_ratio_more_in_it(told):
    effect = told[0].effect("checkout_bug", "loop_rate purchase_initiated")
    rows = loops(told)
    hit, usual = rows["rounds"][rows["hit"]] > 0, rows["rounds"][~rows["hit"]] > 0

    assert abs(recovery.z_score(usual, np.full(len(usual), 0.02))) < BOUND
    assert abs(recovery.z_score(hit, np.full(len(hit), 0.02 * effect.ratio))) < BOUND
    assert recovery.z_score(hit, np.full(len(hit), 0.02)) > BOUND


def test_a_loop_is_cart_and_checkout_in_turn_seconds_apart(told):
    _, _, events = told
    steps = events[events["name"].isin(["cart_added", "purchase_initiated"])]
    steps = steps.sort_values(["conversation_id", "occurred_at", "event_id"])
    position = steps.groupby("conversation_id").cumcount()
    seconds = steps.groupby("conversation_id")["occurred_at"].diff().dt.total_seconds()[position >= 2]

    assert (steps["name"] == np.where(position % 2, "purchase_initiated", "cart_added")).all()
    assert 5 < seconds.median() < 25
    assert seconds.max() < 300


def test_every_event_is_a_first_reach_a_behaviour_or_a_step_of_a_loop(told):
    _, chats, events = told
    beside = events["name"].isin([behaviour.name for behaviour in BEHAVIOURS]).sum()

    assert len(events) == chats["stages"].sum() + beside + 2 * chats["loops"].sum()


def test_order_of_event_ids_is_order_of_time_and_behaviours_have_no_value(world):
    events = world[1]["events"].sort_values("event_id")

    assert events["occurred_at"].is_monotonic_increasing
    assert events.loc[events["name"] != "purchase_completed", "value"].isna().all()


def test_a_product_is_named_from_its_choice_on_and_stays_the_same(world):
    events = world[1]["events"]
    products = events.groupby("conversation_id")["product_id"].nunique()

    early = [*FUNNEL_STAGES[:3], "store_hours_asked", "filter_used"]
    assert (events["product_id"].isna() == events["name"].isin(early)).all()
    assert products.max() == 1


def test_kpis_of_the_funnel_do_not_see_loops_and_behaviours(stored_world):
    _, frames, _ = stored_world
    firsts = frames["events"].sort_values("occurred_at").drop_duplicates(["conversation_id", "name"])
    firsts = firsts[firsts["name"].isin(FUNNEL_STAGES)]
    metrics = [metric for name, metric in CATALOG.items() if "conversion_rate" in name or "drop_off" in name]
    answers = []
    for events in (frames["events"], firsts):
        with Store.in_memory(conversations=frames["conversations"], events=events) as store:
            answers.append(measure_all(store, metrics, since=UNTIL.replace(month=1), until=UNTIL))

    assert len(metrics) >= 8
    pd.testing.assert_frame_equal(*answers)


def files(folder):
    simulate.write_world(folder, conversations=300, seed=5, until=UNTIL)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_behaviours_and_loops_leave_every_other_table_and_every_stage_as_it_was(tmp_path, monkeypatch):
    with_all = files(tmp_path / "all")
    monkeypatch.setattr(behaviours, "BEHAVIOURS", BEHAVIOURS[:1])
    monkeypatch.setattr(behaviours, "loop_rounds", lambda _, chats: np.zeros(len(chats), dtype=np.int64))
    with_few = files(tmp_path / "few")

    changed = {name for name in with_all if with_all[name] != with_few[name]}
    told_anew = {"truth/behaviours.parquet", "truth/conversations.parquet", "truth/truth.json"}
    assert "events.ndjson" in changed
    assert changed <= {"events.ndjson"} | told_anew
    first_reaches = [
        read_table(tmp_path / kind / "events.ndjson")
        .query("name in @FUNNEL_STAGES")
        .drop_duplicates(["conversation_id", "name"])
        .drop(columns="event_id")
        .reset_index(drop=True)
        for kind in ("all", "few")
    ]
    pd.testing.assert_frame_equal(*first_reaches)
