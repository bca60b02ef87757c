"""Conversations of every shape: the review says what it cannot know, and never raises."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telling import store_of

from analytics_lib.analysis import conversations

START = "2026-03-02 10:00"
END = {"end": "2026-03-02 23:00"}
HOSTILE = "<script>alert('hola')</script> \u202egnp.exe =HYPERLINK('x') {{7*7}} [a](javascript:1)"


def reviewed(*said, start=START, **more):
    return conversations.review(store_of(("a", start, list(said), more)), "a")


def moment(seconds):
    return str(pd.Timestamp(START) + pd.Timedelta(seconds=seconds))


def test_no_message_at_all():
    review = reviewed(**END)

    assert review.metadata["messages"] == 0
    assert review.metadata["observed_seconds"] is None
    assert review.language.main is None
    assert review.key_moments.empty
    assert review.opportunities.empty


def test_no_conversation_chosen():
    review = conversations.review(store_of(), None)

    assert review.metadata["conversation_id"] is None
    assert review.metadata["messages"] == 0
    assert review.performance.escalation is None
    assert review.opportunities.empty


def test_one_message_of_the_user():
    review = reviewed(("user", START, "tienen jeans?"), **END)

    assert review.metadata["turns"] == 0
    assert review.performance.waits.empty
    assert review.key_moments["kind"].tolist() == ["unanswered_question"]


def test_no_bot():
    quality = reviewed(("user", START, "hola"), ("agent", moment(60), "Hola"), **END).language.bot_quality

    judged = quality[quality["measure"] != "unanswered"]
    assert judged["value"].isna().all()


def test_agents_alone():
    review = reviewed(("agent", START, "Hola"), ("agent", moment(60), "¿Sigue ahí?"), **END)

    assert review.metadata["user_messages"] == 0
    assert review.language.sentiment.empty
    assert math.isnan(review.language.mean_sentiment)
    assert review.key_moments.empty


def test_never_closed_is_open_and_its_duration_unknown():
    review = reviewed(("user", START, "tienen jeans?"))

    assert (review.metadata["over"], review.metadata["outcome"]) == (False, None)
    assert review.metadata["duration_seconds"] is None
    assert review.key_moments.empty


def test_ten_thousand_messages():
    said = [
        ("bot" if place % 2 else "user", moment(place), f"mensaje {place} del pedido")
        for place in range(10_000)
    ]
    review = reviewed(*said, **END)

    assert review.metadata["messages"] == 10_000
    assert review.performance.waits["replies"].tolist() == [5_000]


def test_times_that_tie_or_run_backwards_are_read_in_order_of_time_then_id():
    review = reviewed(
        ("user", moment(50), "tercero"), ("user", START, "primero"), ("bot", START, "segundo"), **END
    )

    assert review.timeline.messages["text"].tolist() == ["primero", "segundo", "tercero"]
    assert (review.timeline.messages["gap_seconds"].dropna() >= 0).all()


def test_conversation_that_ends_before_it_starts_shows_the_negative_duration():
    assert reviewed(("user", START, "hola"), end="2026-03-02 09:00").metadata["duration_seconds"] == -3600


def test_messages_before_the_start_keep_their_place():
    review = reviewed(("user", "2026-03-02 09:59", "hola"), ("bot", START, "¡Hola!"), **END)

    assert review.timeline.messages["seconds"].tolist() == [-60, 0]


def test_conversation_across_midnight():
    review = reviewed(
        ("user", "2026-03-02 23:59", "tienen jeans?"),
        ("bot", "2026-03-03 00:04", "Sí, mira"),
        start="2026-03-02 23:59",
        end="2026-03-03 00:10",
    )
    assert review.performance.waits["longest_seconds"].tolist() == [300]


def test_only_emoji():
    review = reviewed(("user", START, "😍😍"), ("bot", moment(2), "👗"), ("user", moment(4), "😡"), **END)

    assert review.language.main is None
    assert review.language.sentiment["sentiment"].gt(0).tolist() == [True, False]


def test_english_and_spanish_mixed():
    review = reviewed(
        ("user", START, "hola, do you have this en talla M?"),
        ("bot", moment(2), "Sí, hay en talla M"),
        ("user", moment(9), "great, thank you so much"),
        **END,
    )
    assert review.language.main in {"es", "en"}
    assert review.language.sentiment["position"].tolist()[-1] == 3


@pytest.mark.parametrize(
    "text", ["x" * 200_000, "palabra " * 100_000, "¿" * 50_000 + "?" * 50_000, "a b " * 50_000]
)
def test_wall_of_text(text):
    assert reviewed(("user", START, text), ("bot", moment(1), text), **END).metadata["messages"] == 2


def test_text_that_is_markup_stays_text():
    review = reviewed(("user", START, HOSTILE), ("bot", moment(1), HOSTILE), **END)

    assert review.timeline.messages["text"].tolist() == [HOSTILE, HOSTILE]


def test_messages_without_text():
    review = reviewed(("user", START, None), ("bot", moment(1), None), ("user", moment(2), ""), **END)

    assert review.timeline.messages["normalised"].fillna("").tolist() == ["", "", ""]
    assert review.language.main is None


texts = st.one_of(
    st.none(),
    st.text(max_size=60),
    st.sampled_from(
        ["hola", "dónde está mi pedido?", "no te entendí", "quiero un asesor", "😡", "pésimo servicio"]
    ),
)
said = st.lists(
    st.tuples(st.sampled_from(["user", "bot", "agent"]), st.integers(-500, 5_000), texts), max_size=14
)


@settings(max_examples=40)
@given(said, st.booleans(), st.booleans())
def test_any_conversation_can_be_reviewed(messages, closed, escalated):
    more = (END if closed else {}) | (
        {"escalated_at": pd.Timestamp("2026-03-02T15:10Z")} if escalated else {}
    )
    review = reviewed(*[(sender, moment(second), text) for sender, second, text in messages], **more)

    positions = set(review.timeline.messages["position"])
    assert review.metadata["messages"] == len(messages)
    assert set(review.key_moments["position"].dropna()) <= positions
    assert review.opportunities["rank"].tolist() == list(range(1, len(review.opportunities) + 1))
    assert review.key_moments["seconds"].is_monotonic_increasing
    assert review.language.sentiment["sentiment"].between(-1, 1).all()
