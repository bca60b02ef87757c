"""Direct questions to a simulated world, one planted size each: frames in, numbers to compare out.

Every planted rate is a known probability of each row, so observed - expected counts have mean zero and
variance sum p(1-p): `z_score` is standard normal when the world is what its truth says.
"""

import numpy as np
import orjson
import pandas as pd
from scipy.special import betaln, gammaln

from analytics_lib.schema import FUNNEL_STAGES


def read_table(path):
    frame = pd.DataFrame([orjson.loads(line) for line in path.read_bytes().splitlines()])
    for name in frame.columns:
        if name.endswith("_at"):
            frame[name] = pd.to_datetime(frame[name], format="ISO8601")
    return frame


def read_world(folder):
    return {path.name.partition(".")[0]: read_table(path) for path in sorted(folder.glob("*.ndjson"))}


def z_score(hits, chances):
    chances = np.asarray(chances, dtype=float)
    return float((np.sum(hits) - chances.sum()) / np.sqrt((chances * (1 - chances)).sum()))


def inside(moments, effect):
    return (moments >= effect.since) & (moments < effect.until)


def with_segment(frames):
    return frames["conversations"].merge(frames["users"][["user_id", "segment"]], on="user_id")


def funnel_trials(frames, funnel):
    """One row per conversation and step open to it: channel segment started_at target passed probability."""
    stages = frames["events"][frames["events"]["name"].isin(FUNNEL_STAGES)]
    reached = stages.groupby("conversation_id")["name"].nunique().rename("stages")
    chats = with_segment(frames).merge(reached, left_on="conversation_id", right_index=True)
    steps = funnel.assign(step=funnel.groupby(["channel", "segment"]).cumcount() + 1)
    trials = chats[["channel", "segment", "started_at", "stages"]].merge(steps, on=["channel", "segment"])
    trials = trials[trials["stages"] >= trials["step"]]
    return trials.assign(passed=trials["stages"] > trials["step"])


def expected_steps(trials, truth):
    """The probability of each trial with the bug and the release in force."""
    bug = truth.effect("checkout_bug", "step_conversion_rate purchase_completed")
    release = truth.effect("faster_bot", "step_conversion_rate products_viewed")
    hit = inside(trials["started_at"], bug) & (trials["channel"] == bug.value)
    bugged = hit & (trials["target"] == "purchase_completed")
    released = inside(trials["started_at"], release) & (trials["target"] == "products_viewed")
    factor = np.where(bugged, bug.ratio, np.where(released, release.ratio, 1.0))
    return trials.assign(expected=trials["probability"] * factor, bugged=bugged, released=released)


def escalations(frames, truth):
    """Closed conversations: escalated, base (probability outside the outage), in_outage."""
    chats = frames["conversations"]
    chats = chats[chats["ended_at"].notna()]
    return pd.DataFrame(
        {
            "escalated": chats["escalated_at"].notna(),
            "base": chats["channel"].map(truth.parameters["escalation_rate"]),
            "in_outage": inside(chats["started_at"], truth.effect("api_outage", "escalation_rate")),
        }
    )


def payment_calls(frames, truth):
    """start_payment calls outside the outage: failed, bugged."""
    outage = truth.effect("api_outage", "failure_rate")
    bug = truth.effect("checkout_bug", "failure_rate start_payment")
    chats = frames["conversations"][["conversation_id", "channel", "started_at"]]
    calls = frames["actions"].merge(chats, on="conversation_id", suffixes=("", "_chat"))
    calls = calls[(calls["name"] == "start_payment") & ~inside(calls["started_at"], outage)]
    bugged = inside(calls["started_at_chat"], bug) & (calls["channel"] == bug.value)
    return pd.DataFrame({"failed": ~calls["succeeded"].astype(bool), "bugged": bugged})


def bot_replies(frames, truth):
    """Each bot reply to a user: log_seconds, load (as the truth defines it), released."""
    chats = frames["conversations"][["conversation_id", "started_at"]]
    hour = chats["started_at"].dt.floor("h")
    hours = (truth.until - truth.since).days * 24
    load = hour.map(hour.value_counts()) / (len(chats) / hours)
    chats = chats.assign(load=load.clip(upper=truth.parameters["response_load_cap"]))
    messages = frames["messages"].sort_values(["conversation_id", "message_id"])
    before = messages.groupby("conversation_id")[["sent_at", "sender"]].shift()
    reply = (messages["sender"] == "bot") & (before["sender"] == "user")
    seconds = (messages["sent_at"] - before["sent_at"])[reply].dt.total_seconds()
    rows = pd.DataFrame(
        {"conversation_id": messages["conversation_id"][reply], "log_seconds": np.log(seconds)}
    )
    rows = rows.merge(chats, on="conversation_id")
    release = truth.effect("faster_bot", "median_response_time")
    return rows.assign(released=inside(rows["started_at"], release).astype(float))


def least_squares(rows, features, target):
    """Coefficients (intercept first) and their standard errors."""
    design = np.column_stack([np.ones(len(rows)), *(rows[name] for name in features)])
    coefficients, *_ = np.linalg.lstsq(design, rows[target].to_numpy(), rcond=None)
    noise = rows[target].to_numpy() - design @ coefficients
    covariance = np.linalg.inv(design.T @ design) * (noise @ noise) / (len(rows) - design.shape[1])
    return coefficients, np.sqrt(np.diag(covariance))


def returns_before_first_order(frames, truth, within):
    """Contacts of users without an order, followed up long enough: segment, back (within that time)."""
    orders = frames["orders"]
    first_order = orders.groupby("user_id")["ordered_at"].min()
    chats = with_segment(frames).sort_values(["user_id", "started_at"])
    # Two hours: an order is placed within the conversation in which it is decided.
    no_order = ~(chats["user_id"].map(first_order) < chats["started_at"] + pd.Timedelta("2h"))
    gap = chats.groupby("user_id")["started_at"].shift(-1) - chats["started_at"]
    until = pd.Timestamp(truth.until).tz_localize("America/Bogota")
    followed = chats["started_at"] + within <= until
    kept = chats[no_order & followed]
    return pd.DataFrame({"segment": kept["segment"], "back": gap[no_order & followed] <= within})


def return_probability(truth, segment, days):
    """P(back within that time) when return and churn are exponential clocks that compete."""
    sizes = truth.parameters
    churn = sizes["churn_rate_per_day"]
    churn *= sizes["churn_hazard_ratio"] if segment == sizes["churn_segment"] else 1
    both = sizes["return_rate_per_day"] + churn
    return sizes["return_rate_per_day"] / both * (1 - np.exp(-both * days))


def purchase_summary(frames, truth):
    """One row a buyer, weeks, as in the CDNOW papers: x repeat days, t_x their last, T age; no refunds."""
    orders = frames["orders"]
    orders = orders[orders["amount"] > 0]
    day = orders["ordered_at"].dt.tz_convert("America/Bogota").dt.tz_localize(None).dt.floor("D")
    grouped = orders.assign(day=day).groupby("user_id")["day"]
    last_day = pd.Timestamp(truth.until) - pd.Timedelta("1D")
    weeks = pd.Timedelta("7D")
    return pd.DataFrame(
        {
            "x": grouped.nunique() - 1,
            "t_x": (grouped.max() - grouped.min()) / weeks,
            "T": (last_day - grouped.min()) / weeks,
        }
    )


def bg_nbd_log_likelihood(summary, r, alpha, a, b):
    """Fader, Hardie, Lee 2005."""
    x, t_x, age = (summary[name].to_numpy(dtype=float) for name in ("x", "t_x", "T"))
    alive = betaln(a, b + x) - (r + x) * np.log(alpha + age)
    with np.errstate(invalid="ignore"):
        gone = betaln(a + 1, b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + t_x)
    gone = np.where(x > 0, gone, -np.inf)
    shared = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - betaln(a, b)
    return float((shared + np.logaddexp(alive, gone)).sum())


def gamma_gamma_log_likelihood(frames, p, q, v):
    """Fader and Hardie 2013 (note 025), over all orders of a user."""
    orders = frames["orders"]
    amounts = orders[orders["amount"] > 0].groupby("user_id")["amount"]
    x, mean = amounts.size().to_numpy(), amounts.mean().to_numpy()
    return float(
        (
            gammaln(p * x + q)
            - gammaln(p * x)
            - gammaln(q)
            + q * np.log(v)
            + (p * x - 1) * np.log(mean)
            + p * x * np.log(x)
            - (p * x + q) * np.log(x * mean + v)
        ).sum()
    )


def day_lift(frames, calendar, factor, days_around=10):
    """Conversations on the days with this factor / those expected from neighbours, and its standard error."""
    local = frames["conversations"]["started_at"].dt.tz_convert("America/Bogota").dt.date
    days = calendar.assign(count=calendar["day"].map(local.value_counts()).fillna(0))
    around = days[["count", "intensity"]].rolling(2 * days_around + 1, center=True, min_periods=1).sum()
    expected = around["count"] / around["intensity"] * days["intensity"] / days[factor]
    special = days[factor] != 1
    observed = days.loc[special, "count"].sum()
    return observed / expected[special].sum(), np.sqrt(observed) / expected[special].sum()


def reviewed(frames):
    """Messages with a reviewer's label: wrong, escalated, intent, true_intent."""
    escalated = frames["conversations"].set_index("conversation_id")["escalated_at"].notna()
    rows = frames["messages"][frames["messages"]["true_intent"].notna()]
    return rows.assign(
        wrong=rows["intent"] != rows["true_intent"], escalated=rows["conversation_id"].map(escalated)
    )


def hajek_satisfaction(frames, truth):
    """Mean satisfaction, answers weighted by 1 / response probability, and its standard error."""
    chats = frames["conversations"]
    answers = chats[chats["csat"].notna()]
    weight = 1 / answers["outcome"].map(truth.parameters["survey_rate"])
    mean = (weight * answers["csat"]).sum() / weight.sum()
    spread = (weight**2 * (answers["csat"] - mean) ** 2).sum()
    return float(mean), float(np.sqrt(spread) / weight.sum())
