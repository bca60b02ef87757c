"""A store of conversations told in a line each: who wrote what on which day, and how it ended."""

import pandas as pd

from analytics_lib.store import Store


def chat(day, user, *texts, hour=12, outcome="resolved", csat=None, channel="web", escalated=False, bot=None):
    """One conversation: the user's texts, a minute apart, and the bot's last word if any."""
    start = pd.Timestamp(day, tz="UTC") + pd.Timedelta(hours=hour)
    return {
        "user_id": user,
        "texts": texts,
        "start": start,
        "outcome": outcome,
        "csat": csat,
        "channel": channel,
        "escalated": escalated,
        "bot": bot,
    }


def store_of(*chats, products=(), **frames):
    """A store of these conversations, numbered in order, and of products by name; UTC is the wall clock."""
    conversations, messages = [], []
    for number, told in enumerate(chats):
        whose = {"conversation_id": f"c{number:04}", "user_id": told["user_id"]}
        start = told["start"]
        conversations.append(
            {
                **whose,
                "channel": told["channel"],
                "started_at": start,
                "started_local": start.tz_localize(None),
                "ended_at": start + pd.Timedelta(hours=1) if told["outcome"] else pd.NaT,
                "outcome": told["outcome"],
                "escalated_at": start + pd.Timedelta(minutes=30) if told["escalated"] else pd.NaT,
                "csat": told["csat"],
            }
        )
        said = [("user", text) for text in told["texts"]] + ([("bot", told["bot"])] if told["bot"] else [])
        for place, (sender, text) in enumerate(said):
            at = start + pd.Timedelta(minutes=place)
            row = {"message_id": f"m{number:04}-{place}", "sent_at": at, "sent_local": at.tz_localize(None)}
            messages.append({**whose, **row, "sender": sender, "kind": "text", "text": text})
    tables = {"conversations": pd.DataFrame(conversations), "messages": pd.DataFrame(messages)}
    tables["conversations"]["csat"] = tables["conversations"]["csat"].astype("Int64")
    if products:
        ids = [f"p{number}" for number in range(len(products))]
        tables["products"] = pd.DataFrame({"product_id": ids, "name": list(products)})
    return Store.in_memory(**tables, **frames)
