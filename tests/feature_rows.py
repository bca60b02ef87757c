"""A small shop whose features can be worked out by hand, and shops drawn at random on few moments."""

import datetime as dt

import numpy as np
import pandas as pd

from analytics_lib.schema import FUNNEL_STAGES

DAY = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)


def on(text):
    """An instant: a time of 1 September 2026, or a whole day and time."""
    return dt.datetime.fromisoformat(text if "-" in text else f"2026-09-01 {text}").replace(tzinfo=dt.UTC)


def talk(key, user, start, **columns):
    return {"conversation_id": key, "user_id": user, "channel": "web", "started_at": on(start), **columns}


def said(key, talk_key, user, when, sender="user", **columns):
    named = {"message_id": key, "conversation_id": talk_key, "user_id": user, "sender": sender}
    return {**named, "sent_at": on(when), "kind": "text", **columns}


def taken(intent, confidence, sentiment=None):
    return {"intent": intent, "confidence": confidence, "sentiment": sentiment}


def shop():
    """Ana bought once, left once and is now escalated; Luz is seen by an agent only; Eva never wrote."""
    conversations = [
        talk(
            *("c0", "ana", "2026-08-20 12:00"),
            ended_at=on("2026-08-20 12:10"),
            outcome="purchase",
            csat=5,
        ),
        talk(
            *("c00", "ana", "2026-08-31 09:30"),
            ended_at=on("2026-08-31 11:00"),
            outcome="abandoned",
            csat=1,
        ),
        talk(
            *("c1", "ana", "10:00"),
            ended_at=on("10:30"),
            outcome="escalated",
            csat=2,
            resolved=False,
            escalated_at=on("10:01:30"),
            entry_point="ad",
            city="Bogotá",
        ),
        talk("c2", "eva", "10:30", ended_at=on("11:00"), outcome="resolved", resolved=True),
        talk("c3", "luz", "10:45"),
    ]
    messages = [
        said("m00", "c0", "ana", "2026-08-20 12:00", text="hola", sentiment=0.4),
        said("m0", "c1", "ana", "10:00:00", "bot", text="Bienvenida", kind="template"),
        said("m1", "c1", "ana", "10:00:10", text="Hola", **taken("greeting", 0.9)),
        said("m2", "c1", "ana", "10:00:12", text="¿Precio?", **taken("price", 0.6, 0.5)),
        said("m3", "c1", "ana", "10:00:16", "bot", text="10"),
        said("m4", "c1", "ana", "10:01:16", text="¿precio? ", **taken("fallback", 0.2, -0.3)),
        said("m5", "c1", "ana", "10:01:18", "bot", text="…"),
        said("m6", "c1", "ana", "10:02:00", "agent", text="Soy Sol"),
        said("m7", "c1", "ana", "10:05:00", kind="image"),
        said("m8", "c2", "eva", "10:30", "agent", text="Hola"),
        said("m9", "c3", "luz", "10:45", text="Buenas"),
        said("ma", "c3", "luz", "10:50", "agent", text="Hola"),
    ]
    calls = [
        ("a1", "10:00:13", 2_000, False),
        ("a2", "10:01:17", 30_000, False),
        ("a3", "10:04:59", 5_000, False),
    ]
    actions = [
        {
            "action_id": key,
            "conversation_id": "c1",
            "started_at": on(when),
            "name": "get_price",
            "duration_ms": float(took),
            "succeeded": succeeded,
        }
        for key, when, took, succeeded in calls
    ]
    reached = [("conversation_started", "10:00"), ("products_viewed", "10:01:17"), ("cart_added", "10:06")]
    events = [
        {
            "event_id": f"e{number}",
            "user_id": "ana",
            "conversation_id": "c1",
            "occurred_at": on(when),
            "name": name,
        }
        for number, (name, when) in enumerate(reached)
    ]
    bought = [("o1", "2026-08-20 12:09", 100.0), ("o2", "2026-08-21 12:00", -40.0)]
    orders = [
        {"order_id": key, "user_id": "ana", "conversation_id": "c0", "ordered_at": on(when), "amount": amount}
        for key, when, amount in bought
    ]
    users = [
        {"user_id": "ana", "first_seen_at": on("2026-08-03 05:00"), "segment": "nuevo", "city": "Cali"},
        {"user_id": "luz", "first_seen_at": on("2026-09-05 00:00"), "segment": "oro", "city": "Cali"},
    ]
    return {
        "conversations": pd.DataFrame(conversations, dtype=object),
        "messages": pd.DataFrame(messages, dtype=object),
        "actions": pd.DataFrame(actions),
        "events": pd.DataFrame(events),
        "orders": pd.DataFrame(orders).assign(currency="COP"),
        "users": pd.DataFrame(users),
    }


def random_shop(seed, *, talks=30):
    """Conversations of few users, at whole minutes of three days: much happens at one instant."""
    random = np.random.default_rng(seed)

    def minutes(size, last=3 * 24 * 60):
        return DAY + pd.to_timedelta(random.integers(0, last, size), unit="min")

    def some(values, size):
        return random.choice(np.array([*values, None], dtype=object), size)

    began = minutes(talks)
    owner = random.integers(0, 6, talks)
    ended = pd.Series(began + pd.to_timedelta(random.integers(0, 600, talks), unit="min"))
    closed = random.random(talks) < 0.8
    outcome = np.where(closed, some(("purchase", "resolved", "escalated", "abandoned"), talks), None)
    escalated = ended.where(random.random(talks) < 0.3)
    conversations = pd.DataFrame(
        {
            "conversation_id": [f"c{number}" for number in range(talks)],
            "user_id": [f"u{number}" for number in owner],
            "channel": random.choice(["web", "whatsapp"], talks),
            "started_at": began,
            "ended_at": ended.where(closed),
            "outcome": outcome,
            "resolved": np.where(closed, some((True, False), talks), None),
            "escalated_at": escalated,
            "csat": np.where(closed, some((1, 2, 3, 4, 5), talks), None),
        }
    )

    def within(size):
        """Rows of conversations, some minutes after their start; a few of them before."""
        chosen = random.integers(0, talks, size)
        when = began[chosen] + pd.to_timedelta(random.integers(-1, 12, size), unit="min")
        return (
            conversations["conversation_id"].to_numpy()[chosen],
            conversations["user_id"].to_numpy()[chosen],
            when,
        )

    key, user, when = within(talks * 6)
    size = len(key)
    messages = pd.DataFrame(
        {
            "message_id": [f"m{number:03}" for number in random.permutation(size)],
            "conversation_id": key,
            "user_id": user,
            "sent_at": when,
            "sender": random.choice(["user", "bot", "agent"], size, p=[0.5, 0.4, 0.1]),
            "kind": random.choice(["text", "image"], size, p=[0.9, 0.1]),
            "text": some(("hola", "precio", "gracias"), size),
            "intent": some(("price", "greeting", "fallback"), size),
            "confidence": random.random(size).round(2),
            "sentiment": np.where(random.random(size) < 0.5, random.uniform(-1, 1, size).round(2), np.nan),
            "status": some(("read", "sent"), size),
            "true_intent": some(("price",), size),
        }
    )
    key, _, when = within(talks * 2)
    actions = pd.DataFrame(
        {
            "action_id": [f"a{number}" for number in range(talks * 2)],
            "conversation_id": key,
            "started_at": when,
            "name": "get_price",
            "duration_ms": np.where(
                random.random(talks * 2) < 0.8, random.integers(0, 20, talks * 2) * 30_000.0, np.nan
            ),
            "succeeded": some((True, False), talks * 2),
        }
    )
    key, user, when = within(talks * 2)
    events = pd.DataFrame(
        {
            "event_id": [f"e{number}" for number in range(talks * 2)],
            "user_id": user,
            "conversation_id": np.where(random.random(talks * 2) < 0.9, key, None),
            "occurred_at": when,
            "name": random.choice([*FUNNEL_STAGES, "product_shared"], talks * 2),
        }
    )
    key, user, when = within(talks)
    orders = pd.DataFrame(
        {
            "order_id": [f"o{number}" for number in range(talks)],
            "user_id": user,
            "conversation_id": key,
            "ordered_at": when,
            "amount": random.choice([10.0, 20.0, -5.0], talks),
            "currency": random.choice(["COP", "USD"], talks),
        }
    )
    users = pd.DataFrame(
        {
            "user_id": [f"u{number}" for number in range(5)],
            "first_seen_at": minutes(5),
            "segment": some(("nuevo", "oro"), 5),
        }
    )
    return {
        "conversations": conversations,
        "messages": messages,
        "actions": actions,
        "events": events,
        "orders": orders,
        "users": users,
    }
