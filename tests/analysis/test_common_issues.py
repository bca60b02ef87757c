"""What goes wrong again and again, and whether more than before."""

import datetime as dt

import pandas as pd
import pytest
from topic_asking import chat, store_of

from analytics_lib.analysis.common_issues import common_issues, unrecorded
from analytics_lib.analysis.topic_messages import read_asked
from analytics_lib.analysis.topics import topics
from analytics_lib.analysis.trends import choose_weeks

MONDAY = dt.date(2026, 3, 2)
LAST_WEEK = {"since": dt.date(2026, 4, 20), "until": dt.date(2026, 4, 27)}


def issues_of(store):
    asked = read_asked(store, **LAST_WEEK, weeks=choose_weeks(store, until=LAST_WEEK["until"]))
    frame = common_issues(store, asked, topics(asked), **LAST_WEEK)
    return frame.set_index("kind")


def weeks_of(texts, bot=None, outcome="resolved"):
    """A hundred conversations in each of eight weeks."""
    return [
        chat(
            str(MONDAY + dt.timedelta(days=7 * week + n % 7)),
            f"u{week}-{n}",
            *texts,
            bot=bot,
            outcome=outcome,
        )
        for week in range(8)
        for n in range(100)
    ]


def actions(failed, *, error="timeout", name="start_payment"):
    """One action in each conversation; of a week so many fail."""
    rows = []
    for week, n_failed in enumerate(failed):
        for n in range(100):
            at = pd.Timestamp(MONDAY, tz="UTC") + pd.Timedelta(days=7 * week + n % 7, hours=12)
            fails = n < n_failed
            rows.append(
                {
                    "action_id": f"a{week}-{n}", "conversation_id": f"c{100 * week + n:04}", "started_at": at,
                    "name": name, "succeeded": not fails, "error": error if fails else None,
                }
            )  # fmt: skip
    return pd.DataFrame(rows).astype({"error": "str"})


def test_failed_action_is_counted_for_every_thousand_conversations():
    row = issues_of(store_of(*weeks_of(["talla manejan"]), actions=actions([5] * 8))).loc["failed_action"]
    assert (row["name"], row["detail"]) == ("start_payment", "timeout")
    assert (row["conversations"], row["total"], row["per_thousand"]) == (5, 100, 50)
    assert row["low"] < 50 < row["high"]
    assert row["verdict"] == "steady"


def test_action_that_begins_to_fail_is_new():
    row = issues_of(store_of(*weeks_of(["talla manejan"]), actions=actions([0] * 7 + [25]))).loc[
        "failed_action"
    ]
    assert row["verdict"] == "new"
    assert (row["count_before"], row["count_now"]) == (0, 25)


def test_error_is_masked():
    store = store_of(
        *weeks_of(["talla manejan"]), actions=actions([5] * 8, error="no account ana@example.com")
    )
    assert issues_of(store).loc["failed_action", "detail"] == "no account [email]"


def test_dead_end_is_a_closed_conversation_whose_last_word_is_a_bots_that_did_not_help():
    lost = "No te entendí bien, ¿me lo dices de otra forma?"
    assert issues_of(store_of(*weeks_of(["talla manejan"], bot=lost))).loc["dead_end", "conversations"] == 100
    assert issues_of(store_of(*weeks_of(["talla manejan"], bot="Claro que sí."))).empty
    assert issues_of(store_of(*weeks_of(["talla manejan"], bot=lost, outcome=None))).empty


def test_same_question_again_is_repeated_and_another_is_not():
    again = issues_of(store_of(*weeks_of(["que tallas manejan", "tallas manejan??"])))
    assert again.loc["repeated", ["conversations", "total"]].tolist() == [100, 100]
    assert issues_of(store_of(*weeks_of(["que tallas manejan", "puedo pagar con tarjeta"]))).empty


def test_source_that_records_no_actions_and_intents_is_told_from_none_failing():
    store = store_of(*weeks_of(["talla manejan"]))
    assert unrecorded(store) == ["failed_action", "fallback"]
    assert unrecorded(store_of(*weeks_of(["talla manejan"]), actions=actions([0] * 8))) == ["fallback"]


@pytest.mark.parametrize("name", ["low", "high", "per_thousand"])
def test_empty_answer_has_its_columns(name):
    assert name in issues_of(store_of(*weeks_of(["hola"]))).columns
