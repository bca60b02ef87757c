"""An ABCD chat keeps its turns and intents, loses its customer, and says that its times are made up."""

import datetime as dt
import json
from pathlib import Path

import pytest
import yaml

from analytics_lib.schema import TABLES
from analytics_lib.sources import abcd
from analytics_lib.sources.record import BadRecordError

ROOT = Path(__file__).parents[2]
OPTIONS = yaml.safe_load((ROOT / "params/sources/abcd.yaml").read_text())["options"]
PUBLISHED = ROOT.parent / "shared/data/conversations-abcd-sample/abcd_sample.json"

TURNS = [
    ("agent", "Hi!", None),
    ("customer", "I am Ana Wu, user anawu7. Wrong size", None),
    ("action", "Account has been pulled up for Ana Wu.", "pull-up-account"),
    ("agent", "Thanks Ana. Is it 12 Lexington Ave, 86229?", None),
    ("customer", "Yes", None),
]


def chat(turns=TURNS, **more):
    return {
        "convo_id": 2,
        "scenario": {
            "personal": {"customer_name": "ana wu", "username": "anawu7", "phone": "(727) 760-7806"},
            "order": {"street_address": "12 lexington ave", "zip_code": "86229", "order_id": "7916676427"},
            "flow": "product_defect",
            "subflow": "return_size_2",
        },
        "original": [[speaker, text] for speaker, text, _ in turns],
        "delexed": [{"targets": ["return_size", None, action, ["ana wu"], -1]} for _, _, action in turns],
        **more,
    }


def tables(record):
    found = {"conversations": [], "messages": [], "actions": []}
    for table, row in abcd.rows(record, OPTIONS):
        found[table].append(row)
    return found


def test_turns_keep_their_speaker_and_order():
    messages = tables(chat())["messages"]
    assert [(m["message_id"], m["sender"]) for m in messages] == [
        ("abcd-2-0000", "agent"),
        ("abcd-2-0001", "user"),
        ("abcd-2-0003", "agent"),
        ("abcd-2-0004", "user"),
    ]


def test_action_keeps_its_name_and_nothing_that_was_filled_in():
    (action,) = tables(chat())["actions"]
    assert (action["action_id"], action["name"]) == ("abcd-2-0002", "pull-up-account")
    assert "extra" not in action


def test_customer_is_not_named_in_what_is_kept():
    texts = [message["text"] for message in tables(chat())["messages"]]
    assert texts[1] == "I am [name], user [name]. Wrong size"
    assert texts[2] == "Thanks [name]. Is it [address], [address]?"
    kept = json.dumps(tables(chat()), default=str).lower()
    assert not any(
        part in kept for part in ("ana wu", "anawu7", "lexington", "86229", "760-7806", "7916676427")
    )


def test_intent_of_the_chat_is_the_true_intent_of_the_first_customer_message():
    found = tables(chat())
    assert [message.get("true_intent") for message in found["messages"]] == [None, "return_size", None, None]
    assert found["conversations"][0]["extra"]["intent"] == "return_size"


def test_times_are_made_up_by_the_stated_rule_and_say_so():
    found = tables(chat())
    start = dt.datetime(2020, 1, 1, 0, 2, tzinfo=dt.UTC)  # the third chat, a minute apart
    assert found["conversations"][0]["extra"]["times"] == "synthetic"
    assert found["conversations"][0]["started_at"] == start
    assert [m["sent_at"] for m in found["messages"]] == [
        start + dt.timedelta(seconds=s) for s in (0, 10, 30, 40)
    ]


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (chat(convo_id=None), "MISSING_FIELD"),
        (chat(original=None), "UNKNOWN_SHAPE"),
        (chat([]), "UNKNOWN_SHAPE"),
        (chat(delexed=[]), "UNKNOWN_SHAPE"),
    ],
)
def test_chat_that_cannot_be_read_is_refused(record, code):
    with pytest.raises(BadRecordError) as refusal:
        abcd.rows(record, OPTIONS)
    assert refusal.value.code == code


def test_rows_hold_columns_of_the_contract_only():
    for table, row in abcd.rows(chat(), OPTIONS):
        assert row.keys() <= TABLES[table].column.keys()


def test_published_sample_gives_every_turn_once():
    if not PUBLISHED.exists():
        pytest.skip(f"{PUBLISHED.name} is not here; it is no part of the repository")
    chats = json.loads(PUBLISHED.read_text())
    rows = [row for record in chats for row in abcd.rows(record, OPTIONS)]
    counts = [sum(table == name for table, _ in rows) for name in ("conversations", "messages", "actions")]
    assert counts == [3, 29 + 21 + 22 - 9, 4 + 2 + 3]
    assert all(row["name"] for table, row in rows if table == "actions")
