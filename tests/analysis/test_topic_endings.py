"""Which topics end badly, against the conversations without them."""

import datetime as dt
import math

import pytest
from topic_asking import chat, store_of

from analytics_lib.analysis.topic_endings import endings, worse_first
from analytics_lib.analysis.topic_messages import read_asked
from analytics_lib.analysis.topics import topics
from analytics_lib.analysis.trends import choose_weeks

APRIL = {"since": dt.date(2026, 4, 1), "until": dt.date(2026, 5, 1)}


def endings_of(*chats):
    store = store_of(*chats)
    asked = read_asked(store, **APRIL, weeks=choose_weeks(store, until=APRIL["until"]))
    frame = endings(asked, topics(asked))
    frame["short"] = frame["topic"].str.split().str[0]
    return frame.set_index(["short", "ending"])


def many(n, text, bad, **more):
    ends = {"outcome": "abandoned"} if bad == "abandoned" else {"outcome": "escalated", "escalated": True}
    return [
        chat(
            "2026-04-10", f"{text}-{bad}-{place}", text, **(more | (ends if bad else {"outcome": "resolved"}))
        )
        for place in range(n)
    ]


SHOP = [
    *many(40, "pagar tarjeta", "abandoned"),
    *many(20, "pagar tarjeta", None),
    *many(20, "talla manejan", "abandoned"),
    *many(60, "talla manejan", None),
]


def test_share_with_the_topic_is_compared_with_that_without():
    row = endings_of(*SHOP).loc[("pagar", "abandoned")]
    assert (row["first_conversations"], row["first_total"]) == (40, 60)
    assert (row["second_conversations"], row["second_total"]) == (20, 80)
    assert row["difference"] == pytest.approx(40 / 60 - 20 / 80)
    assert row["low"] < row["difference"] < row["high"]
    assert row["real"]


def test_conversation_without_a_known_end_is_left_out_of_it():
    open_ones = [chat("2026-04-10", f"open{n}", "pagar tarjeta", outcome=None) for n in range(10)]
    frame = endings_of(*SHOP, *open_ones)
    assert frame.loc[("pagar", "abandoned"), "first_total"] == 60
    assert frame.loc[("pagar", "abandoned"), "second_total"] == 80


def test_unhappy_answers_are_of_those_who_answered():
    unhappy = many(30, "pagar tarjeta", None, csat=1)
    happy = many(30, "talla manejan", None, csat=5)
    row = endings_of(*unhappy, *happy, *SHOP).loc[("pagar", "low_csat")]
    assert (row["first_conversations"], row["first_total"], row["second_total"]) == (30, 30, 30)


def test_users_who_come_back_widen_the_interval():
    alone = [chat("2026-04-10", f"p{n}", "pagar tarjeta", outcome="abandoned") for n in range(60)]
    rest = (
        many(60, "talla manejan", None)
        + many(20, "talla manejan", "abandoned")
        + many(20, "pagar tarjeta", None)
    )
    same = [chat("2026-04-10", f"p{n % 6}", "pagar tarjeta", outcome="abandoned") for n in range(60)]
    apart, together = (endings_of(*each, *rest).loc[("pagar", "abandoned")] for each in (alone, same))
    assert together["difference"] == apart["difference"]
    assert together["high"] - together["low"] > apart["high"] - apart["low"]


def test_worse_topics_come_by_the_conversations_they_cost():
    frame = endings_of(*SHOP).reset_index()
    worse = worse_first(frame)
    assert worse[["short", "ending"]].to_numpy().tolist() == [["pagar", "abandoned"]]
    assert worse["excess"].iloc[0] == pytest.approx(60 * (40 / 60 - 20 / 80))


def test_few_conversations_are_never_real():
    frame = endings_of(*many(5, "pagar tarjeta", "abandoned"), *many(5, "talla manejan", None))
    assert frame["few"].all()
    assert not frame["real"].any()


def test_topic_of_every_conversation_has_nothing_to_be_compared_with():
    assert endings_of(*many(5, "pagar tarjeta", "abandoned")).empty
    assert math.isnan(endings_of(*SHOP)["low"].min()) is False
