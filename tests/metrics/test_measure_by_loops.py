"""Who came back, what was open at once: the metrics against loops that know no SQL, on random worlds."""

import datetime as dt
from collections import Counter

import pandas as pd
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from random_world import frames
from small_world import memory

from analytics_lib.metrics import CATALOG, measure, measure_all

AS_OF = pd.Timestamp("2026-03-16 05:00", tz="UTC")
ASKED = {"since": dt.date(2026, 3, 4), "until": dt.date(2026, 3, 14), "as_of": dt.date(2026, 3, 16)}
SINCE, UNTIL = pd.Timestamp("2026-03-04"), pd.Timestamp("2026-03-14")
NO_ISSUE = ("greeting", "fallback")

few = settings(max_examples=8, phases=(Phase.explicit, Phase.reuse, Phase.generate))
seeds = st.integers(0, 10**6)
sizes = st.integers(1, 40)


def rows(frame):
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def written_by_users(told):
    """The user messages known of each conversation, in order."""
    written = {one["conversation_id"]: [] for one in rows(told["conversations"])}
    for one in sorted(rows(told["messages"]), key=lambda one: (one["sent_at"], one["message_id"])):
        if one["sender"] == "user" and one["sent_at"] < AS_OF:
            written.setdefault(one["conversation_id"], []).append(one)
    return written


def chats_of(told):
    """Conversations known, with the ``moments`` of the user (the start, where no message is held at all)."""
    written, held = written_by_users(told), set(told["messages"]["conversation_id"])
    for one in rows(told["conversations"]):
        if one["started_at"] < AS_OF:
            moments = [message["sent_at"] for message in written[one["conversation_id"]]]
            unknown = one["conversation_id"] not in held
            yield {
                **one,
                "moments": [one["started_at"]] if unknown else moments,
                "intents": Counter(intents_of(written[one["conversation_id"]])),
            }


def intents_of(messages):
    named = [message.get("intent") for message in messages]
    return [intent for intent in named if intent is not None and intent not in NO_ISSUE]


def in_window(one):
    return SINCE <= one["started_local"] < UNTIL


def closed(one):
    return one["ended_at"] is not None and one["ended_at"] < AS_OF


def mature(one, days):
    return closed(one) and one["ended_at"] + pd.Timedelta(days=days) <= AS_OF


def issue(one):
    """The most frequent intent; of equally frequent ones the last by name."""
    return max(((times, intent) for intent, times in one["intents"].items()), default=(0, ""))[1]


@few
@given(seed=seeds, size=sizes, days=st.sampled_from([1, 3, 7]))
def test_durable_resolution_is_that_of_a_loop(seed, size, days):
    told = frames(seed, size)
    known = list(chats_of(told))
    resolved = [one for one in known if in_window(one) and one["resolved"] is True and mature(one, days)]
    returned = [
        one
        for one in resolved
        if any(
            one["ended_at"] < moment <= one["ended_at"] + pd.Timedelta(days=days)
            for other in known
            if other["user_id"] == one["user_id"]
            for moment in other["moments"]
        )
    ]
    metrics = [CATALOG[name].bound(within_days=days) for name in ("durable_resolution_rate", "reopen_rate")]
    found = measure_all(memory(**told), metrics, **ASKED)[["numerator", "denominator"]].sum()
    durable = measure(memory(**told), metrics[0], **ASKED)["numerator"].sum()
    assert durable == len(resolved) - len(returned)
    assert found.tolist() == [len(resolved), 2 * len(resolved)]


@few
@given(seed=seeds, size=sizes, days=st.sampled_from([1, 3]))
def test_first_contact_resolution_is_that_of_a_loop(seed, size, days):
    told = frames(seed, size)
    within = pd.Timedelta(days=days)
    known = [{**one, "first": min(one["moments"])} for one in chats_of(told) if one["moments"]]
    seen_since = min(one["started_at"] for one in rows(told["conversations"])) + within
    numerator = denominator = 0
    for one in known:
        if (
            not in_window(one)
            or one["resolved"] is None
            or not mature(one, days)
            or one["first"] < seen_since
        ):
            continue
        same = [
            other
            for other in known
            if other is not one and (other["user_id"], issue(other)) == (one["user_id"], issue(one))
        ]
        before = [other for other in same if other["first"] < one["first"]]
        if any(one["first"] <= ended(other) + within for other in before):
            continue
        denominator += 1
        later = [other["first"] for other in same if other["first"] > one["first"]]
        later += [moment for moment in one["moments"] if moment > one["ended_at"]]
        numerator += one["resolved"] and not any(moment <= one["ended_at"] + within for moment in later)
    found = measure(memory(**told), CATALOG["first_contact_resolution"].bound(within_days=days), **ASKED)
    assert found[["numerator", "denominator"]].sum().tolist() == [numerator, denominator]


def ended(one):
    """The end that is known, else the last word of the user."""
    return one["ended_at"] if one["ended_at"] is not None else max(one["moments"])


@few
@given(seed=seeds, size=sizes)
def test_peak_is_the_most_open_at_any_start(seed, size):
    told = frames(seed, size)
    spans = [
        (
            one["started_local"],
            one["ended_at"] and one["started_local"] + (one["ended_at"] - one["started_at"]),
        )
        for one in rows(told["conversations"])
    ]
    moments = [SINCE, *(start for start, _ in spans if SINCE <= start < UNTIL)]
    most = max(sum(start <= at and (end is None or at < end) for start, end in spans) for at in moments)
    assert measure(memory(**told), CATALOG["peak_concurrency"], **ASKED)["value"].sum() == most


@few
@given(seed=seeds, size=sizes)
def test_daily_peaks_are_those_of_a_loop(seed, size):
    told = frames(seed, size)
    store = memory(**told)
    by_day = measure(store, CATALOG["peak_concurrency"], period="day", **ASKED)
    for _, day in by_day.iterrows():
        window = {"since": day["period"].date(), "until": (day["period"] + pd.Timedelta(days=1)).date()}
        alone = measure(store, CATALOG["peak_concurrency"], as_of=ASKED["as_of"], **window)
        assert alone["value"].sum() == day["value"]


@few
@given(seed=seeds, size=sizes)
def test_waits_are_those_of_a_walk(seed, size):
    told = frames(seed, size)
    waits = []
    shown = sorted(
        rows(told["messages"]), key=lambda one: (one["conversation_id"], one["sent_at"], one["message_id"])
    )
    waiting = previous = None
    for one in [*shown, {"conversation_id": None, "sender": None}]:
        if one["conversation_id"] != previous:
            waits += [(waiting, None, None)] if waiting is not None else []
            waiting, previous = None, one["conversation_id"]
        if one["sender"] == "user" and waiting is None:
            waiting = one
        elif one["sender"] in ("bot", "agent") and waiting is not None:
            waits.append((waiting, one["sender"], (one["sent_at"] - waiting["sent_at"]).total_seconds()))
            waiting = None
    waits = [wait for wait in waits if SINCE <= wait[0]["sent_local"] < UNTIL]
    bots = [seconds for _, sender, seconds in waits if sender == "bot"]
    names = ("unanswered_rate", "average_response_time")
    found = measure_all(memory(**told), [CATALOG[name] for name in names], **ASKED)
    nobody = sum(sender is None for _, sender, _ in waits)
    assert found[["numerator", "denominator"]].to_numpy().tolist() == [
        [nobody, len(waits)],
        [sum(bots), len(bots)],
    ]
