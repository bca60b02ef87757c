"""Planted troubles are where the truth says, by checks of their definitions on the rows alone."""

import re
import unicodedata
from collections import Counter
from difflib import SequenceMatcher

import pandas as pd
import pytest

from analytics_lib.errors import RequestError
from analytics_lib.simulate.trouble_phrases import phrasebook
from analytics_lib.simulate.troubles import KINDS, planted_conversations
from analytics_lib.store import Store

CONVERSATIONS = 1200
TABLES = ("conversations", "messages", "actions", "events")


@pytest.fixture(scope="module")
def planted():
    return planted_conversations(conversations=CONVERSATIONS, seed=5)


@pytest.fixture(scope="module")
def messages(planted):
    """In order, with ``words`` (bare), ``gap`` in seconds, ``previous`` sender, ``kinds`` planted."""
    rows = planted.messages.sort_values(["conversation_id", "sent_at", "message_id"]).reset_index(drop=True)
    chats = rows.groupby("conversation_id")
    kinds = planted.truth.groupby("message_id")["kind"].agg(set)
    return rows.assign(
        words=rows["text"].map(bare, na_action="ignore"),
        gap=chats["sent_at"].diff().dt.total_seconds(),
        previous=chats["sender"].shift(),
        position=chats.cumcount(),
        left=chats.cumcount(ascending=False),
        kinds=rows["message_id"].map(kinds).map(lambda found: found if isinstance(found, set) else set()),
    )


def bare(text):
    plain = unicodedata.normalize("NFD", text.lower())
    return " ".join(re.findall(r"[a-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c))))


def of_kind(messages, kind):
    return messages[[kind in kinds for kinds in messages["kinds"]]]


def before(messages, row):
    return messages[messages["position"] < row.position]


def alike(first, second):
    """Share of the words of the shorter text that the other holds, give or take a letter."""
    short, long = sorted((first.split(), second.split()), key=len)
    found = [max(SequenceMatcher(None, word, other).ratio() for other in long) >= 0.75 for word in short]
    return sum(found) / len(found)


def pool(name):
    return {bare(text) for language in ("es", "en") for text in phrasebook(language).pools[name]}


@pytest.mark.parametrize("table", [*TABLES, "truth"])
def test_same_seed_gives_the_same_rows_and_another_seed_others(planted, table):
    again = planted_conversations(conversations=CONVERSATIONS, seed=5)
    other = planted_conversations(conversations=CONVERSATIONS, seed=6)

    pd.testing.assert_frame_equal(getattr(planted, table), getattr(again, table))
    assert not getattr(planted, table).equals(getattr(other, table))


def test_fewer_conversations_are_the_first_of_more(planted):
    fewer = planted_conversations(conversations=50, seed=5)

    pd.testing.assert_frame_equal(fewer.messages, planted.messages.head(len(fewer.messages)))


def test_store_takes_the_frames_as_they_are(planted):
    with Store.in_memory(**{table: getattr(planted, table) for table in TABLES}) as store:
        counts = {table: len(store.query(f"select * from {table}")) for table in TABLES}

    assert counts == {table: len(getattr(planted, table)) for table in TABLES}
    assert counts["conversations"] == CONVERSATIONS


@pytest.mark.parametrize(("conversations", "seed"), [(0, 1), (1, -1)])
def test_impossible_size_or_seed_is_refused_with_what_was_given(conversations, seed):
    with pytest.raises(RequestError, match=str(min(conversations, seed))):
        planted_conversations(conversations=conversations, seed=seed)


def test_truth_names_rows_that_exist_in_the_conversation_it_names(planted):
    said = set(zip(planted.messages["conversation_id"], planted.messages["message_id"], strict=True))
    called = set(zip(planted.actions["conversation_id"], planted.actions["action_id"], strict=True))
    calls = planted.truth[planted.truth["kind"] == "failed_action"]
    others = planted.truth[planted.truth["kind"] != "failed_action"]

    assert set(zip(others["conversation_id"], others["message_id"], strict=True)) <= said
    assert set(zip(calls["conversation_id"], calls["action_id"], strict=True)) <= called
    assert calls["message_id"].isna().all()
    assert others["action_id"].isna().all()
    assert not planted.truth.duplicated().any()


def test_every_kind_is_planted_often_and_most_conversations_hold_none(planted):
    counts = Counter(planted.truth["kind"])
    kinds_each = planted.truth.groupby("conversation_id")["kind"].nunique()

    assert set(counts) == set(KINDS)
    assert min(counts.values()) >= 40
    assert 0.55 <= 1 - len(kinds_each) / CONVERSATIONS <= 0.65
    assert (kinds_each >= 3).sum() >= 20


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "failed_action"])
def test_kind_comes_in_at_least_twelve_wordings(messages, kind):
    assert of_kind(messages, kind)["words"].nunique() >= 12


def test_repeated_question_resembles_an_earlier_message_of_its_user(messages):
    rows = of_kind(messages, "repeated_question")
    chats = dict(list(messages[messages["sender"] == "user"].groupby("conversation_id")))
    likeness = [
        max(alike(row.words, text) for text in before(chats[row.conversation_id], row)["words"])
        for row in rows.itertuples()
    ]

    assert set(rows["sender"]) == {"user"}
    assert min(likeness) >= 0.5
    assert sum(likeness) / len(likeness) >= 0.9


def test_user_says_the_same_words_again_only_as_planted_or_as_courtesy_or_button(messages):
    users = messages[messages["sender"] == "user"]
    again = users[users.duplicated(["conversation_id", "words"]) & (users["kind"] == "text")]
    courtesies = pool("user_hello") | pool("user_thanks") | pool("follow_ups")
    unplanted = again[[("repeated_question" not in kinds) for kinds in again["kinds"]]]

    assert len(unplanted) >= 20
    assert set(unplanted["words"]) <= courtesies


def test_bot_loop_is_exactly_a_text_said_before_that_is_no_courtesy(messages):
    bot = messages[(messages["sender"] == "bot") & messages["words"].notna()]
    again = bot[bot.duplicated(["conversation_id", "words"])]
    courtesy = again["words"].isin(pool("courtesies"))

    assert set(again.loc[~courtesy, "message_id"]) == set(of_kind(messages, "bot_loop")["message_id"])
    assert courtesy.sum() >= 10
    assert (again["previous"] == "user").all()


def test_not_understood_is_the_bots_and_no_near_miss_says_the_same(messages):
    rows = of_kind(messages, "not_understood")
    kept = pool("bot_understand") | pool("user_understand") | pool("agent_unclear")

    assert set(rows["sender"]) == {"bot"}
    assert set(rows["message_id"]) == set(
        messages.loc[messages["words"].isin(pool("not_understood")), "message_id"]
    )
    assert len(messages[messages["words"].isin(kept)]) >= 20
    assert not kept & set(rows["words"])


def test_dead_end_is_the_last_message_and_the_bots(messages):
    rows = of_kind(messages, "dead_end")

    assert set(rows["left"]) == {0}
    assert set(rows["sender"]) == {"bot"}


def test_conversation_ends_on_a_refusal_only_where_a_dead_end_is_planted(messages):
    last = messages[(messages["left"] == 0) & messages["words"].isin(pool("cannot") | pool("not_understood"))]

    assert len(last) >= 20
    assert all("dead_end" in kinds for kinds in last["kinds"])


def test_after_an_unanswered_question_only_the_user_writes(messages):
    rows = of_kind(messages, "unanswered_question").set_index("conversation_id")["position"]
    rest = messages[messages["position"] >= messages["conversation_id"].map(rows).fillna(10**6)]
    first = of_kind(messages, "unanswered_question")

    assert set(rest["sender"]) == {"user"}
    assert "user" not in set(first["previous"])


def test_conversation_that_ends_on_the_user_otherwise_ends_on_thanks(messages, planted):
    unanswered = planted.truth.loc[planted.truth["kind"] == "unanswered_question", "conversation_id"]
    last = messages[(messages["left"] == 0) & (messages["sender"] == "user")]
    others = last[~last["conversation_id"].isin(unanswered)]

    assert len(others) >= 50
    assert set(others["words"]) <= pool("user_thanks")


def test_long_silence_lasts_two_minutes_or_more_while_the_user_waits(messages):
    rows = of_kind(messages, "long_silence")
    after_agent = rows[rows["previous"] != "user"]
    spoken = messages.set_index(["conversation_id", "position"])["words"]
    said_before = {spoken[row.conversation_id, row.position - 1] for row in after_agent.itertuples()}

    assert rows["gap"].min() == 120
    assert set(after_agent["sender"]) == {"agent"}
    assert said_before <= pool("handover") | pool("agent_wait")


def test_long_gap_that_is_not_planted_follows_an_answer(messages):
    slow = messages[messages["gap"] >= 120]
    others = slow[["long_silence" not in kinds for kinds in slow["kinds"]]]

    assert set(others["previous"]) == {"bot"}
    assert set(others["sender"]) == {"user", "bot"}
    assert others.loc[others["sender"] == "bot", "words"].isin(pool("nudges")).all()
    assert messages["gap"].between(95, 120, inclusive="left").sum() >= 20


def test_failed_actions_are_exactly_the_calls_that_did_not_succeed(planted):
    ends = planted.actions["succeeded"]
    failed = planted.actions.loc[[end is False for end in ends], "action_id"]

    assert set(failed) == set(planted.truth["action_id"].dropna())
    assert ends.isna().sum() >= 5
    assert (planted.actions.loc[[end is True for end in ends], "duration_ms"] > 10_000).sum() >= 5


def test_action_lies_between_the_messages_around_it(planted):
    ends = planted.actions["started_at"] + pd.to_timedelta(planted.actions["duration_ms"], unit="ms")
    first = planted.messages.groupby("conversation_id")["sent_at"].min()
    last = planted.messages.groupby("conversation_id")["sent_at"].max()

    assert (planted.actions["started_at"] > planted.actions["conversation_id"].map(first)).all()
    assert (ends < planted.actions["conversation_id"].map(last)).all()


def test_escalation_request_is_the_users_and_an_agent_comes_after_it(messages, planted):
    rows = of_kind(messages, "escalation_request")
    escalated = planted.conversations.dropna(subset="escalated_at")
    asked = escalated[escalated["escalation_reason"] == "user_request"]

    assert set(rows["sender"]) == {"user"}
    assert set(rows["conversation_id"]) == set(asked["conversation_id"])
    assert len(escalated) > len(asked)
    assert not set(rows["words"]) & pool("escalation_near")


def test_mood_falls_after_two_messages_of_the_user_and_stays(messages):
    users = messages[messages["sender"] == "user"].copy()
    users["turn"] = users.groupby("conversation_id").cumcount()
    angry = pool("angry_turn") | pool("angry_more")
    falls = of_kind(users, "sentiment_fall")
    turned = users[users["conversation_id"].isin(falls["conversation_id"])]
    turned = turned.assign(
        since=turned["turn"] - turned["conversation_id"].map(falls.set_index("conversation_id")["turn"])
    )

    assert falls["turn"].min() >= 3
    assert turned.groupby("conversation_id")["since"].max().min() >= 1
    assert set(turned.loc[turned["since"] >= 0, "words"]) <= angry
    assert not set(turned.loc[turned["since"] < 0, "words"]) & (angry | pool("mild"))


def test_angry_conversation_without_a_fall_is_angry_from_its_first_message(messages, planted):
    falls = planted.truth.loc[planted.truth["kind"] == "sentiment_fall", "conversation_id"]
    angry = messages[messages["words"].isin(pool("angry_turn")) & ~messages["conversation_id"].isin(falls)]

    assert len(angry) >= 10
    assert set(angry["position"]) == {0}


def test_some_write_at_night_and_some_conversations_cross_midnight(planted):
    hours = planted.conversations["started_local"].dt.hour
    days = planted.messages.groupby("conversation_id")["sent_local"].agg(lambda sent: sent.dt.date.nunique())

    assert 0.08 <= (hours < 6).mean() <= 0.2
    assert (days > 1).sum() >= 30


def test_messages_tie_and_their_ids_keep_the_order(planted):
    ordered = planted.messages.sort_values(["conversation_id", "sent_at", "message_id"])

    assert ordered["message_id"].tolist() == planted.messages["message_id"].tolist()
    assert planted.messages.duplicated(["conversation_id", "sent_at"]).sum() >= 20


def test_about_one_in_seven_conversations_is_english_and_channels_vary(messages, planted):
    english = {bare(text) for text in phrasebook("en").pools["bot_hello"]}
    greeted = messages[messages["words"].isin(pool("bot_hello"))].drop_duplicates("conversation_id")

    assert 0.1 <= greeted["words"].isin(english).mean() <= 0.2
    assert set(planted.conversations["channel"]) == {"whatsapp", "instagram", "web"}


def test_conversation_still_open_holds_no_trouble(planted):
    still_open = planted.conversations[planted.conversations["ended_at"].isna()]

    assert len(still_open) >= 5
    assert not set(still_open["conversation_id"]) & set(planted.truth["conversation_id"])
