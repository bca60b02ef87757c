import hashlib

import pytest
from comparing import chat, groups_of, store_of

from analytics_lib.analysis.group_sample import moments, read_sample, words
from analytics_lib.errors import RequestError


def says(text, second=0):
    return "user", second, {"text": text}


def sample_of(store, *, sample=1_500, **asked):
    return read_sample(store, groups_of(store, **asked), sample=sample)


def test_sample_is_the_conversations_whose_hashed_id_comes_first():
    store = store_of(
        *[chat(f"u{n}", "escalated", says("hola")) for n in range(12)],
        *[chat(f"v{n}", "resolved", says("hola")) for n in range(12)],
    )
    found = sample_of(store, sample=5).members

    def first_of(ids):
        return sorted(ids, key=lambda name: hashlib.md5(name.encode()).hexdigest())[:5]  # noqa: S324

    by_side = {side: list(rows["conversation_id"]) for side, rows in found.groupby("side")}
    assert by_side == {
        "first": first_of([f"c{n}" for n in range(12)]),
        "second": first_of([f"c{n}" for n in range(12, 24)]),
    }


def test_conversation_without_a_message_of_the_user_is_not_sampled():
    store = store_of(
        chat("u1", "escalated", ("bot", 0)),
        chat("u2", "escalated", says("hola")),
        chat("u3", "resolved", says("hola")),
    )
    assert list(sample_of(store).members["conversation_id"]) == ["c1", "c2"]


def test_sample_of_none_is_refused():
    store = store_of(chat("u1", "escalated", says("hola")))
    with pytest.raises(RequestError, match="sample is 0; expected at least 1"):
        sample_of(store, sample=0)


def test_moment_that_happens_twice_in_a_conversation_counts_once():
    person = "quiero hablar con un asesor"
    store = store_of(
        chat("u1", "escalated", says(person), ("bot", 5), says(person, 9), ("bot", 12)),
        chat("u2", "escalated", says("gracias")),
        chat("u3", "resolved", says("gracias")),
    )
    found = moments(sample_of(store)).set_index("name")

    assert found.loc["escalation_request", "first_conversations"] == 1
    assert found.loc["escalation_request", "first_share"] == 0.5
    assert found.loc["escalation_request", "second_share"] == 0


def test_silence_counts_from_the_seconds_asked_for():
    waiting = [says("¿cuánto vale la falda?"), ("bot", 90)]
    store = store_of(chat("u1", "escalated", *waiting), chat("u2", "resolved", says("gracias"), ("bot", 90)))
    read = sample_of(store)

    assert "long_silence" not in set(moments(read)["name"])
    assert "long_silence" in set(moments(read, long_silence_seconds=60)["name"])


def test_groups_without_messages_have_no_moments_and_no_words():
    read = sample_of(store_of(chat("u1", "escalated"), chat("u2", "resolved")))
    assert moments(read).empty
    assert words(read).empty


def crowd(size, outcome, text, prefix):
    return [chat(f"{prefix}{n}", outcome, says(text)) for n in range(size)]


def test_words_of_each_group_stand_at_their_end():
    store = store_of(
        *crowd(40, "escalated", "devolver vestido", "u"), *crowd(40, "resolved", "comprar vestido", "v")
    )
    found = words(sample_of(store))

    assert list(found["word"]) == ["devolver", "vestido", "comprar"]
    assert list(found["first_users"]) == [40, 40, 0]
    assert list(found["real"]) == [True, False, True]
    assert found["z"].iloc[0] == pytest.approx(-found["z"].iloc[2])


def test_chatty_user_counts_once_for_a_word():
    chatty = [chat("u0", "escalated", says("zapato zapato"), says("zapato", 5))] * 30
    store = store_of(*chatty, *crowd(40, "escalated", "falda", "u"), *crowd(40, "resolved", "falda", "v"))
    found = words(sample_of(store), least_users=1).set_index("word")

    assert found.loc["zapato", "first_users"] == 1
    # u0 wrote both words, so 40 users wrote any.
    assert found.loc["zapato", "first_total"] == 40
    assert not found.loc["zapato", "real"]
    assert "zapato" not in set(words(sample_of(store))["word"])


def test_stop_words_numbers_and_single_letters_mark_nothing():
    text = "quiero la talla 38 o 2x1 para the x falda"
    store = store_of(*crowd(20, "escalated", text, "u"), *crowd(20, "resolved", text, "v"))
    assert set(words(sample_of(store))["word"]) == {"talla", "falda"}


def test_words_are_normalised():
    store = store_of(*crowd(10, "escalated", "Camisón", "u"), *crowd(10, "resolved", "camison!!", "v"))
    assert list(words(sample_of(store))["word"]) == ["camison"]


def test_words_of_the_bot_are_left_out():
    said = [
        chat(f"u{n}", o, says("falda"), ("bot", 1, {"text": "camisa"}))
        for n in range(9)
        for o in ("escalated", "resolved")
    ]
    assert list(words(sample_of(store_of(*said)), least_users=5)["word"]) == ["falda"]


def test_beside_an_empty_group_no_word_marks_the_other():
    assert words(sample_of(store_of(*crowd(40, "escalated", "falda", "u")))).empty
