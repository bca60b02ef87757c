"""Scans over rows counted before say what scans over the rows themselves say, ties and gaps included."""

import datetime as dt
import random

import pandas as pd
import pytest

from analytics_lib.analysis import candidates as chosen
from analytics_lib.analysis.closer_scan import MESSAGE_TEXTS
from analytics_lib.analysis.scans import CALLED, CHECKOUTS, SCAN
from analytics_lib.analysis.scope import bounds
from analytics_lib.analysis.signal_scans import CALLED_SIGNALS, CHECKOUTS_SIGNALS, SCAN_SIGNALS
from analytics_lib.analysis.signals import CONVERSATION_SIGNALS, signals_known
from analytics_lib.analysis.worth_reading import find
from analytics_lib.store import Store, derived

NOON = pd.Timestamp("2026-03-02T12:00:00Z")
LATER = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
WINDOW = {"since": dt.date(2026, 3, 2), "until": dt.date(2026, 3, 4)}


def at(draw, *, hours=1):
    """A moment on a grid of minutes, so that many are the same."""
    return NOON + pd.Timedelta(minutes=draw.randrange(60 * hours))


def conversation(draw, number):
    started = at(draw, hours=60)
    later = [started + pd.Timedelta(minutes=draw.randrange(0, 50, 10)) for _ in range(2)]
    return {
        "conversation_id": f"c{number}",
        "user_id": f"u{number % 7}",
        "channel": draw.choice(["web", "whatsapp"]),
        "started_at": started,
        "ended_at": draw.choice([None, later[0]]),
        "outcome": None,
        "escalated_at": draw.choice([None, later[1]]),
    }


def message(draw, number, talk):
    sender = draw.choice(["user", "user", "bot", "agent"])
    return {
        "message_id": f"m{number}",
        "conversation_id": talk["conversation_id"],
        "user_id": talk["user_id"],
        "sent_at": talk["started_at"] + pd.Timedelta(minutes=draw.randrange(0, 40, 5)),
        "sender": sender,
        "kind": "text",
        "text": draw.choice(["donde esta mi pedido", "gracias", "pésimo servicio", "quiero un asesor", None]),
        "intent": draw.choice(["greet", "order_status", "order_statut", None]),
        "sentiment": draw.choice([None, -0.5, 0.25]),
    }


def action(draw, number, talk):
    return {
        "action_id": f"a{number}",
        "conversation_id": talk["conversation_id"],
        "started_at": talk["started_at"] + pd.Timedelta(minutes=draw.randrange(0, 50, 10)),
        "name": "stock",
        "succeeded": draw.choice([True, False, None]),
    }


def event(draw, number, talk):
    return {
        "event_id": f"e{number}",
        "conversation_id": draw.choice([talk["conversation_id"], talk["conversation_id"], None]),
        "user_id": talk["user_id"],
        "occurred_at": talk["started_at"] + pd.Timedelta(minutes=draw.randrange(0, 40, 5)),
        "name": draw.choice(["cart_added", "cart_added", "purchase_initiated", "purchase_completed", "seen"]),
        "product_id": draw.choice([None, "p1", "p2"]),
        "value": draw.choice([None, 10.0, 20.0]),
    }


def order(draw, number, talk):
    return {
        "order_id": f"o{number}",
        "conversation_id": draw.choice([talk["conversation_id"], None]),
        "user_id": talk["user_id"],
        "ordered_at": talk["started_at"],
        "amount": draw.choice([-5.0, 0.0, 30.0]),
        "currency": "COP",
    }


def shop(seed):
    draw = random.Random(seed)
    talks = [conversation(draw, number) for number in range(40)]
    # Some conversations have no messages, and some rows are of none that is known.
    spoken = [*talks[5:], {**talks[0], "conversation_id": "elsewhere"}]
    made = {
        name: pd.DataFrame([make(draw, number, draw.choice(spoken)) for number in range(count)])
        for name, make, count in (
            ("messages", message, 200),
            ("actions", action, 40),
            ("events", event, 120),
            ("orders", order, 10),
        )
    }
    products = pd.DataFrame({"product_id": ["p1", "p2"], "name": ["a", "b"], "price": [15.0, None]})
    return Store.in_memory(conversations=pd.DataFrame(talks), products=products, **made)


def asked(channel=None):
    return bounds(**WINDOW, channel=channel)


@pytest.fixture(params=range(3))
def store(request):
    with shop(request.param) as made:
        made.derived(CONVERSATION_SIGNALS)
        yield made


@pytest.mark.parametrize("channel", [None, "web"])
@pytest.mark.parametrize("most", [3, 1_000])
def test_first_scan_chooses_the_same(store, most, channel):
    limits = dict.fromkeys(("lasting", "talkative", "unhappy", "unsure"), most)
    rows, counted = (
        store.query(sql, at_least=60.0, **limits, **asked(channel)) for sql in (SCAN, SCAN_SIGNALS)
    )
    order = ["kind", "conversation_id"]
    first, second = (frame.sort_values(order, ignore_index=True) for frame in (rows, counted))
    assert len(first)
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.parametrize("most", [3, 1_000])
def test_escalations_come_in_the_same_order(store, most):
    rows, counted = (store.query(sql, called=most, **asked()) for sql in (CALLED, CALLED_SIGNALS))
    assert rows["conversation_id"].tolist() == counted["conversation_id"].tolist() != []


@pytest.mark.parametrize("quiet_since", [None, (NOON + pd.Timedelta(hours=20)).to_pydatetime()])
def test_checkouts_come_in_the_same_order(store, quiet_since):
    rows, counted = (
        store.query(sql, candidates=1_000, quiet_since=quiet_since, **asked())
        for sql in (CHECKOUTS, CHECKOUTS_SIGNALS)
    )
    assert rows["conversation_id"].tolist() == counted["conversation_id"].tolist() != []


def test_list_is_the_same_either_way(store, monkeypatch):
    counted = find(store, **WINDOW)
    monkeypatch.setattr(chosen, "signals_known", lambda *_: False)
    assert len(counted)
    pd.testing.assert_frame_equal(find(store, **WINDOW), counted)


def test_list_of_an_earlier_moment_counts_what_was_known_then():
    with shop(1) as store:
        moment = (NOON + pd.Timedelta(hours=30)).to_pydatetime()
        told = find(store, **WINDOW, as_of=moment)
        known = store.query("select conversation_id from conversations where started_at < $at", at=moment)
        assert set(told["conversation_id"]) <= set(known["conversation_id"])
        assert not signals_known(store, moment)


def test_counted_rows_serve_once_the_last_of_them_is_known():
    written = [message(random.Random(1), 1, {"conversation_id": "c1", "user_id": "u", "started_at": NOON})]
    talk = {"conversation_id": "c1", "user_id": "u", "channel": "web", "started_at": NOON}
    with Store.in_memory(conversations=pd.DataFrame([talk]), messages=pd.DataFrame(written)) as store:
        last = written[0]["sent_at"].to_pydatetime()
        assert not signals_known(store, last)
        assert signals_known(store, last + dt.timedelta(microseconds=1))


def test_counted_rows_serve_where_there_are_none():
    with Store.in_memory() as store:
        assert signals_known(store, LATER)


def test_what_was_known_at_a_moment_is_counted_for_the_question(store):
    with store.known_at(LATER) as known:
        assert not signals_known(known, LATER)


def test_list_is_the_same_where_texts_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(derived, "WORTH_KEEPING_ROWS", 1)
    with shop(1) as told, Store.open(tmp_path / "store") as empty:
        for table in ("conversations", "messages", "actions", "events", "orders", "products"):
            empty.append(table, told.query(f"select * from {table}"))
        in_memory = find(told, **WINDOW)
    with Store.open(tmp_path / "store") as store:
        pd.testing.assert_frame_equal(find(store, **WINDOW), in_memory)
        assert store.prepare(MESSAGE_TEXTS) == ["message_texts"]
        pd.testing.assert_frame_equal(find(store, **WINDOW), in_memory)
