import hashlib

import pandas as pd
import pytest
from comparing import START, chat, groups_of, store_of
from telling import at
from telling import store_of as told_store

from analytics_lib.analysis.group_sample import moments, read_sample, words
from analytics_lib.analysis.groups import choose_groups
from analytics_lib.analysis.scope import choose_scope
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


def moments_around(store, split_at):
    """Moments of March, after ``split_at`` against before it."""
    march = choose_scope(store, since="2026-03-01", until="2026-04-01")
    groups = choose_groups(store, march, compare="period", split_at=split_at)
    return moments(read_sample(store, groups)).set_index("name")


def left_alone(name, day, **more):
    """One conversation of one user, who asks and gets no reply."""
    asked = ("user", f"{day} 10:00", "¿cuánto vale la falda?")
    return name, f"{day} 10:00", [asked], {"user": name, **more}


def test_open_conversations_do_not_count_as_answered():
    # The old ones have been quiet for days, so they are over; the recent ones may get their reply yet.
    store = told_store(
        *[left_alone(f"old{n}", "2026-03-02") for n in range(40)],
        *[left_alone(f"recent{n}", "2026-03-20") for n in range(40)],
    )
    row = moments_around(store, "2026-03-10").loc["unanswered_question"]

    assert (row["second_conversations"], row["second_total"], row["second_share"]) == (40, 40, 1.0)
    assert (row["first_conversations"], row["first_total"]) == (0, 0)
    assert pd.isna(row["first_share"])
    assert pd.isna(row["difference"])
    assert not row["real"]


def test_only_conversations_that_are_over_tell_of_their_end():
    stuck = [("user", "2026-03-20 10:00", "¿hay falda?"), ("bot", "2026-03-20 10:01", "No te entendí")]
    store = told_store(
        left_alone("old", "2026-03-02"),
        left_alone("closed", "2026-03-20", end="2026-03-20 11:00"),
        ("stuck", "2026-03-20 10:00", stuck, {"user": "stuck", "end": "2026-03-20 11:00"}),
        left_alone("open", "2026-03-20"),
    )
    found = moments_around(store, "2026-03-10")

    assert list(found.loc[["dead_end", "unanswered_question", "not_understood"], "first_total"]) == [2, 2, 3]
    assert list(found.loc[["dead_end", "unanswered_question"], "first_conversations"]) == [1, 1]


def actions_of(**succeeded):
    """One action in each conversation named, with its result."""
    rows = [
        {"action_id": name, "conversation_id": name, "name": "stock", "succeeded": result}
        for name, result in succeeded.items()
    ]
    return pd.DataFrame(rows).assign(started_at=at(str(START)), started_local=START)


@pytest.mark.parametrize(
    ("results", "total", "share"),
    [
        ({"failed": False}, 0, None),
        ({"failed": False, "other": None}, 0, None),
        ({"failed": False, "other": True}, 2, 0.0),
    ],
)
def test_failed_actions_are_unknown_in_a_group_without_a_known_result(results, total, share):
    store = told_store(
        left_alone("failed", "2026-03-02"),
        left_alone("other", "2026-03-20"),
        left_alone("silent", "2026-03-20"),
        actions=actions_of(**results),
    )
    row = moments_around(store, "2026-03-10").loc["failed_action"]

    assert (row["second_conversations"], row["second_total"]) == (1, 1)
    assert (row["first_conversations"], row["first_total"]) == (0, total)
    assert pd.isna(row["first_share"]) if share is None else row["first_share"] == share


def test_user_with_several_conversations_widens_the_interval_of_a_moment():
    person = "quiero hablar con un asesor"
    one_user = [chat("u0", "escalated", says(person))] * 10 + [chat("u1", "escalated", says("hola"))] * 10
    many = [chat(f"m{n}", "resolved", says(person if n < 10 else "hola")) for n in range(20)]
    row = moments(sample_of(store_of(*one_user, *many))).set_index("name").loc["escalation_request"]

    assert (row["first_share"], row["second_share"]) == (0.5, 0.5)
    assert row["first_high"] - row["first_low"] > row["second_high"] - row["second_low"]


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
