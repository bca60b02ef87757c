"""What users ask, in topics: what is counted."""

import datetime as dt

import pandas as pd
import pytest
from topic_asking import chat, store_of

from analytics_lib.analysis.topic_messages import read_asked
from analytics_lib.analysis.topic_model import LEAST_COVERED, features, learn
from analytics_lib.analysis.topics import growth, topics
from analytics_lib.analysis.trends import choose_weeks
from analytics_lib.errors import RequestError

APRIL = {"since": dt.date(2026, 4, 1), "until": dt.date(2026, 5, 1)}
# Ten users ask when their order comes, five whether they can pay by card, one writes something else.
ORDERS = [
    chat("2026-04-10", f"o{n}", text) for n in range(10) for text in [f"cuando llega el pedido {n}00{n}"]
]
CARDS = [chat("2026-04-11", f"k{n}", "puedo pagar con tarjeta") for n in range(5)]


def asked(store, segment=None, outcome=None, **window):
    window = window or APRIL
    weeks = choose_weeks(store, until=window["until"])
    return read_asked(store, **window, weeks=weeks, segment=segment, outcome=outcome)


def rows_of(store, **window):
    return topics(asked(store, **window)).rows.set_index("topic")


def test_messages_users_and_conversations_of_a_topic_are_counted():
    again = chat("2026-04-12", "k0", "puedo pagar con tarjeta?", "Puedo pagar con tarjeta")
    rows = rows_of(store_of(*ORDERS, *CARDS, again))
    card = rows[rows.index.str.contains("tarjeta")].iloc[0]
    assert (card["messages"], card["conversations"], card["users"]) == (7, 6, 5)
    assert card["share"] == pytest.approx(7 / 17)
    assert card["user_share"] == pytest.approx(5 / 15)
    assert card["low"] < card["user_share"] < card["high"]


def test_courtesy_asks_nothing_and_is_counted_apart():
    found = topics(asked(store_of(*CARDS, chat("2026-04-12", "polite", "muchas gracias", "hola"))))
    assert (found.messages, found.courtesy, found.users) == (7, 2, 5)
    assert found.rows["messages"].sum() == 5


def test_message_without_a_telling_word_is_unknown_and_counted():
    rows = rows_of(store_of(*CARDS, chat("2026-04-12", "short", "y eso?", "20418")))
    assert rows.loc["unknown", ["messages", "users"]].tolist() == [2, 1]


def test_shares_of_all_rows_sum_to_one():
    rows = rows_of(store_of(*ORDERS, *CARDS, chat("2026-04-12", "odd", "zapatilla roja brillante", "eso")))
    assert rows["share"].sum() == pytest.approx(1)


def test_only_conversations_that_started_in_the_window_are_counted():
    early, late = (chat(day, "x", "puedo pagar con tarjeta") for day in ("2026-03-31", "2026-05-01"))
    assert rows_of(store_of(*CARDS, early, late))["messages"].sum() == 5


def test_segment_and_outcome_choose_conversations():
    store = store_of(
        *CARDS, chat("2026-04-12", "i", "pagar con tarjeta", channel="instagram", outcome="abandoned")
    )
    assert topics(asked(store, segment=("channel", "instagram"))).users == 1
    assert topics(asked(store, outcome="resolved")).users == 5
    with pytest.raises(
        RequestError, match="Unknown dimension 'chanel'; expected one of channel, entry_point"
    ):
        asked(store, segment=("chanel", "web"))


def test_examples_are_masked_and_name_nobody():
    secret = chat("2026-04-12", "s", "pagar con tarjeta desde el correo ana.gomez@example.com")
    named = chat("2026-04-12", "t", "mi nombre es Fulanito, pagar con tarjeta")
    rows = rows_of(store_of(*CARDS, *[secret] * 2, *[named] * 3))
    shown = " ".join(text for texts in rows["examples"] for text in texts)
    assert "example.com" not in shown
    assert "Fulanito" not in shown
    assert "puedo pagar con tarjeta" in shown


def test_nobody_writing_gives_no_rows():
    store = store_of(*CARDS)
    found = topics(asked(store, since=dt.date(2025, 1, 1), until=dt.date(2025, 2, 1)))
    assert found.rows.empty
    assert found.users == 0


def test_one_message_is_one_topic_or_none_without_a_failure():
    found = topics(asked(store_of(chat("2026-04-12", "only", "pagar con tarjeta"))))
    assert found.rows["messages"].tolist() == [1]


def test_topics_are_the_same_whatever_the_order_of_rows():
    chats = [*ORDERS, *CARDS]
    first, second = (topics(asked(store_of(*each))) for each in (chats, chats[::-1]))
    pd.testing.assert_frame_equal(first.rows, second.rows)


def test_fewest_topics_that_cover_enough_are_taken():
    documents = {(word, f"{word}{place}"): 5 for word in "abcdefgh" for place in range(4)}
    model = learn(documents, candidates=(8, 10))
    assert list(model.covered) == [8]
    assert model.covered[8] >= LEAST_COVERED
    assert len({model.topics[words] for words in documents if words[0] == "a"}) == 1


def test_number_alone_is_no_feature_but_beside_a_word_it_is():
    assert features(("pedido", "#")) == ["pedido", "pedido #"]
    assert features(("#",)) == []


def test_topic_that_doubles_in_the_last_full_week_is_rising_and_the_others_are_not():
    monday = dt.date(2026, 3, 2)
    chats = []
    for week in range(8):
        cards = 60 if week == 7 else 20
        texts = (
            ["puedo pagar con tarjeta"] * cards + ["donde queda la tienda"] * 60 + ["que talla manejan"] * 60
        )
        day = monday + dt.timedelta(days=7 * week + 1)
        chats += [chat(str(day), f"u{week}-{n}", text) for n, text in enumerate(texts)]
    store = store_of(*chats)
    window = {"since": dt.date(2026, 3, 2), "until": dt.date(2026, 4, 27)}
    # The last day anything happened on is a Tuesday: its week is not over.
    full = store_of(*chats, chat("2026-04-26", "last", "hola"))
    assert len(asked(store, **window).weeks.starts) == 6
    read = asked(full, **window)
    grown, weeks = growth(read, topics(read))
    verdicts = dict(zip(grown["topic"], grown["verdict"], strict=True))
    assert [name for name, verdict in verdicts.items() if verdict == "rising"] == [
        name for name in verdicts if "tarjeta" in name
    ]
    last = weeks[weeks["topic"].str.contains("tarjeta") & weeks["recent"]].iloc[0]
    assert (last["count"], last["total"]) == (60, 180)
