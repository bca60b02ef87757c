"""Every planted size is recovered from the rows alone.

Bounds are four standard errors (a false alarm in 16,000 draws) or a likelihood ratio at the same level; the
world's seed is fixed, so a failure is a change of the code. Where an effect could hide in the noise, a second
assertion shows that its absence would have been noticed.
"""

import numpy as np
import pandas as pd
import pytest
import recovery
from scipy import optimize, stats

BOUND = 4.0


@pytest.fixture(scope="module")
def steps(stored_world):
    truth, frames, _ = stored_world
    trials = recovery.funnel_trials(frames, truth.tables["funnel"])
    return recovery.expected_steps(trials, truth)


def test_every_funnel_step_of_every_channel_and_segment_has_its_probability(steps):
    scores = [
        recovery.z_score(cell["passed"], cell["expected"])
        for _, cell in steps.groupby(["channel", "segment", "target"])
    ]

    assert len(scores) == 3 * 4 * 7
    # Bonferroni: the largest of 84 standard normal scores stays under 4.9 as often as one stays under 4.
    assert np.abs(scores).max() < 4.9
    assert stats.chi2.cdf(np.square(scores).sum(), df=84) < 0.9999


def test_outage_multiplies_the_escalation_rate_by_its_ratio(stored_world):
    truth, frames, _ = stored_world
    rows = recovery.escalations(frames, truth)
    ratio = truth.effect("api_outage", "escalation_rate").ratio
    outage, usual = rows[rows["in_outage"]], rows[~rows["in_outage"]]

    assert abs(recovery.z_score(usual["escalated"], usual["base"])) < BOUND
    assert abs(recovery.z_score(outage["escalated"], outage["base"] * ratio)) < BOUND
    assert recovery.z_score(outage["escalated"], outage["base"]) > BOUND


@pytest.mark.parametrize(
    ("table", "metric", "time", "hit"),
    [
        ("api_requests", "server_error_rate", "requested_at", lambda rows: rows["status_code"] >= 500),
        ("probes", "ok_rate", "probed_at", lambda rows: rows["ok"]),
        ("actions", "failure_rate", "started_at", lambda rows: ~rows["succeeded"]),
    ],
)
def test_outage_shows_in_the_systems_with_its_rate(stored_world, table, metric, time, hit):
    truth, frames, _ = stored_world
    effect, rows = truth.effect("api_outage", metric), frames[table]
    if table == "actions":
        # Payments on the channel with the checkout bug fail at a rate of their own.
        rows = rows[rows["name"] != "start_payment"]
    during = recovery.inside(rows[time], effect)

    expected = np.where(during, effect.during, effect.baseline)
    assert abs(recovery.z_score(hit(rows[during]), expected[during])) < BOUND
    assert abs(recovery.z_score(hit(rows[~during]), expected[~during])) < BOUND


def test_checkout_bug_cuts_the_last_step_on_its_channel_by_its_factor(steps):
    bugged = steps[steps["bugged"]]

    assert abs(recovery.z_score(bugged["passed"], bugged["expected"])) < BOUND
    assert recovery.z_score(bugged["passed"], bugged["probability"]) < -BOUND


def test_checkout_bug_shows_in_failing_payment_calls(stored_world):
    truth, frames, _ = stored_world
    effect = truth.effect("checkout_bug", "failure_rate start_payment")
    rows = recovery.payment_calls(frames, truth)

    expected = np.where(rows["bugged"], effect.during, effect.baseline)
    for hit in (True, False):
        of_these = rows["bugged"] == hit
        assert abs(recovery.z_score(rows["failed"][of_these], expected[of_these])) < BOUND


def test_faster_bot_and_load_change_response_times_by_their_sizes(stored_world):
    truth, frames, _ = stored_world
    rows = recovery.bot_replies(frames, truth)
    found, errors = recovery.least_squares(rows, ["load", "released"], "log_seconds")

    slope = truth.parameters["response_slope"]
    ratio = truth.effect("faster_bot", "median_response_time").ratio
    median = np.log(truth.parameters["response_median_seconds"])
    assert np.abs((found - [median - slope, slope, np.log(ratio)]) / errors).max() < BOUND


def test_faster_bot_raises_its_step_by_its_factor(steps):
    released = steps[steps["released"]]

    assert abs(recovery.z_score(released["passed"], released["expected"])) < BOUND
    assert recovery.z_score(released["passed"], released["probability"]) > BOUND


def test_users_come_back_with_the_probability_of_their_segments_churn(stored_world):
    truth, frames, _ = stored_world
    rows = recovery.returns_before_first_order(frames, truth, pd.Timedelta("60D"))

    churning = truth.parameters["churn_segment"]
    for segment, contacts in rows.groupby("segment"):
        chance = recovery.return_probability(truth, segment, 60)
        assert abs(recovery.z_score(contacts["back"], np.full(len(contacts), chance))) < BOUND
    usual = recovery.return_probability(truth, "nuevo", 60)
    contacts = rows[rows["segment"] == churning]
    assert recovery.z_score(contacts["back"], np.full(len(contacts), usual)) < -BOUND


def likelihood_ratio(log_likelihood, planted):
    """2 (ln L at its maximum - ln L of the planted parameters): chi-square with one degree a parameter."""
    best = optimize.minimize(
        lambda logs: -log_likelihood(*np.exp(logs)),
        np.log(planted),
        method="Nelder-Mead",
        options={"maxiter": 2000, "xatol": 1e-3, "fatol": 1e-3},
    )
    return 2 * (-best.fun - log_likelihood(*planted))


def test_repeat_orders_follow_the_planted_bg_nbd(stored_world):
    truth, frames, _ = stored_world
    summary = recovery.purchase_summary(frames, truth)
    planted = list(truth.parameters["bg_nbd"].values())

    assert summary["x"].sum() > 500
    ratio = likelihood_ratio(lambda *p: recovery.bg_nbd_log_likelihood(summary, *p), planted)
    assert ratio < stats.chi2.ppf(0.9999, df=4)


def test_order_amounts_follow_the_planted_gamma_gamma(stored_world):
    truth, frames, _ = stored_world
    planted = list(truth.parameters["gamma_gamma"].values())

    ratio = likelihood_ratio(lambda *p: recovery.gamma_gamma_log_likelihood(frames, *p), planted)
    assert ratio < stats.chi2.ppf(0.9999, df=3)


@pytest.mark.parametrize("factor", ["payday_factor", "holiday_factor"])
def test_special_days_are_busier_or_quieter_by_their_factor(stored_world, factor):
    truth, frames, _ = stored_world
    lift, error = recovery.day_lift(frames, truth.tables["calendar"], factor)

    assert abs(lift - truth.parameters[factor]) < BOUND * error


def test_reviewed_messages_show_the_misrecognition_rates_and_only_known_confusions(stored_world):
    truth, frames, _ = stored_world
    rows, sizes = recovery.reviewed(frames), truth.parameters
    rate = np.where(rows["escalated"], sizes["misrecognition_rate_escalated"], sizes["misrecognition_rate"])

    for escalated in (True, False):
        of_these = rows["escalated"] == escalated
        assert abs(recovery.z_score(rows["wrong"][of_these], rate[of_these])) < BOUND
    seen = set(rows.loc[rows["wrong"], ["true_intent", "intent"]].itertuples(index=False, name=None))
    known = truth.tables["confusions"][["true_intent", "intent"]].itertuples(index=False, name=None)
    assert seen <= set(known)


def test_answers_are_biased_and_the_known_propensities_correct_them(stored_world):
    truth, frames, _ = stored_world
    chats = frames["conversations"]
    closed = chats[chats["outcome"].notna()]
    mean, error = recovery.hajek_satisfaction(frames, truth)
    true_mean = truth.facts["mean_satisfaction"]

    rate = closed["outcome"].map(truth.parameters["survey_rate"])
    assert abs(recovery.z_score(closed["csat"].notna(), rate)) < BOUND
    assert abs(mean - true_mean) < BOUND * error
    assert closed["csat"].mean() - true_mean > 0.2
