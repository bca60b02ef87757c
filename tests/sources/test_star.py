"""A STAR dialogue becomes what was shown of it, and the published file adds up."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest
import yaml

from analytics_lib.schema import TABLES
from analytics_lib.sources import star
from analytics_lib.sources.record import BadRecordError

ROOT = Path(__file__).parents[2]
DESCRIPTION = yaml.safe_load((ROOT / "params/sources/star.yaml").read_text())
OPTIONS = DESCRIPTION["options"]
PUBLISHED = ROOT.parent / "shared/data/conversations-star/star_dialogues_early.jsonl.gz"
DONE = "Did the AI Assistant book your flight?"
CALM = "Did the AI Assistant stay calm and helpful throughout the dialogue?"

EVENTS = [
    {"Agent": "UserGuide", "Action": "instruct", "Text": "Be brief.", "UnixTime": 100},
    {"Agent": "User", "Action": "utter", "Text": "A table, please", "UnixTime": 103},
    {"Agent": "Wizard", "Action": "request_suggestions", "Text": "search", "UnixTime": 105},
    {
        "Agent": "Wizard",
        "Action": "query",
        "APIName": "restaurant_search",
        "Constraints": [{"City": '"Cali"'}, {"CustomerName": '"Ana"'}],
        "UnixTime": 106,
    },
    {
        "Agent": "KnowledgeBase",
        "Action": "return_item",
        "APIName": "restaurant_search",
        "Item": {"id": 1},
        "TotalItems": 1,
    },
    {
        "Agent": "Wizard",
        "Action": "pick_suggestion",
        "ActionLabel": "ask_time",
        "Text": "At what time?",
        "UnixTime": 107,
    },
    {"Agent": "Wizard", "Action": "utter", "Text": "Hello?", "UnixTime": 107},
    {"Agent": "User", "Action": "complete", "UnixTime": 120},
]


def dialogue(events=EVENTS, *, level="Complete", answers=(), **more):
    return {
        "DialogueID": 7,
        "BatchID": "woz_1",
        "AnonymizedUserWorkerID": "user-a",
        "AnonymizedWizardWorkerID": "wizard-b",
        "CompletionLevel": level,
        "Events": events,
        "Scenario": {"Happy": True, "UserTask": "You are Ana."},
        "UserQuestionnaire": [{"Question": question, "Answer": answer} for question, answer in answers],
        **more,
    }


def tables(record):
    found = {"conversations": [], "messages": [], "actions": []}
    for table, row in star.rows(record, OPTIONS):
        found[table].append(row)
    return found


def conversation(record):
    return tables(record)["conversations"][0]


def action_after(answer):
    query = {"Agent": "Wizard", "Action": "query", "APIName": "x", "Constraints": [], "UnixTime": 1}
    reply = {"Agent": "KnowledgeBase", "Action": "return_item", **answer}
    action = tables(dialogue([query, reply]))["actions"][0]
    return action["succeeded"], action["error"]


def test_only_turns_that_were_shown_become_messages():
    messages = tables(dialogue())["messages"]
    assert [(m["sender"], m["text"], m["sent_at"]) for m in messages] == [
        ("user", "A table, please", 103),
        ("bot", "At what time?", 107),
        ("bot", "Hello?", 107),
    ]


def test_ids_keep_the_order_of_turns_within_one_second():
    ids = [message["message_id"] for message in tables(dialogue())["messages"]]
    assert ids == ["star-7-0001", "star-7-0005", "star-7-0006"]


def test_label_of_a_suggestion_is_no_intent():
    message = tables(dialogue())["messages"][1]
    assert message["extra"] == {"action_label": "ask_time"}
    assert "intent" not in message


def test_conversation_runs_from_the_first_message_to_the_last_event():
    row = conversation(dialogue())
    assert (row["conversation_id"], row["user_id"], row["channel"]) == ("star-7", "user-a", "web")
    assert (row["started_at"], row["ended_at"]) == (103, 120)


def test_conversation_without_a_message_starts_with_its_first_event():
    assert conversation(dialogue(EVENTS[:1]))["started_at"] == 100


def test_query_is_an_action_with_its_constraints_but_no_person():
    (action,) = tables(dialogue())["actions"]
    assert action["action_id"] == "star-7-0003"
    assert (action["name"], action["started_at"], action["succeeded"]) == ("restaurant_search", 106, True)
    assert action["extra"] == {"constraints": [{"City": '"Cali"'}, {"CustomerName": "[withheld]"}]}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"TotalItems": 3, "Item": {"id": 1}}, (True, None)),
        ({"TotalItems": -1, "Item": {"Message": "Unavailable"}}, (True, None)),
        ({"TotalItems": -1, "Item": {"Message": "Reservation Failed"}}, (False, "Reservation Failed")),
        ({"TotalItems": -1, "Item": {"RequestStatus": "Request Failed"}}, (False, "Request Failed")),
        ({"TotalItems": 0}, (False, "nothing found")),
        ({"TotalItems": -1}, (None, None)),
        ({"Action": "complete"}, (None, None)),
    ],
)
def test_answer_tells_whether_an_action_succeeded(answer, outcome):
    assert action_after(answer) == outcome


def test_query_at_the_end_has_an_unknown_outcome():
    assert tables(dialogue(EVENTS[:4]))["actions"][0]["succeeded"] is None


@pytest.mark.parametrize(
    ("answers", "resolved", "outcome"),
    [
        ([(DONE, True), (CALM, False)], True, "resolved"),
        ([(DONE, False), (CALM, True)], False, None),
        ([(DONE, True), ("Did the AI Assistant tell you the weather?", False)], False, None),
        ([("Did the AI Assistant say something about rain?", False)], None, None),
        ([(CALM, True), ("Did you enjoy this task?", True)], None, None),
        ([], None, None),
    ],
)
def test_questionnaire_tells_whether_the_task_was_done(answers, resolved, outcome):
    row = conversation(dialogue(answers=answers))
    assert (row["resolved"], row["outcome"]) == (resolved, outcome)
    assert "csat" not in row


def test_dialogue_that_was_not_completed_is_abandoned():
    row = conversation(dialogue(level="DisconnectDuringDialogue"))
    assert (row["outcome"], row["resolved"]) == ("abandoned", None)


def test_other_fields_are_kept_but_the_played_part_and_the_wizard():
    extra = conversation(dialogue())["extra"]
    assert (extra["batch_id"], extra["scenario"]) == ("woz_1", {"Happy": True})
    assert "wizard-b" not in json.dumps(tables(dialogue()))


def test_leading_event_without_time_takes_the_first_time_there_is():
    first = {"Agent": "User", "Action": "utter", "Text": "Hi"}
    assert conversation(dialogue([first, *EVENTS]))["started_at"] == 100


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (dialogue([]), "BAD_TIME"),
        (dialogue([{"Agent": "User", "Action": "utter", "Text": "Hi"}]), "BAD_TIME"),
        (dialogue(None), "UNKNOWN_SHAPE"),
        (dialogue(DialogueID=None), "MISSING_FIELD"),
        (dialogue(AnonymizedUserWorkerID=""), "MISSING_FIELD"),
    ],
)
def test_dialogue_that_cannot_be_placed_is_refused(record, code):
    with pytest.raises(BadRecordError) as refusal:
        star.rows(record, OPTIONS)
    assert refusal.value.code == code


def test_rows_hold_columns_of_the_contract_only():
    for table, row in star.rows(dialogue(), OPTIONS):
        assert row.keys() <= TABLES[table].column.keys()


@pytest.fixture(scope="module")
def published():
    if not PUBLISHED.exists():
        pytest.skip(f"{PUBLISHED.name} is not here; it is no part of the repository")
    with gzip.open(PUBLISHED, "rt") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def mapped(published):
    rows, refused = [], Counter()
    for record in published:
        try:
            rows += star.rows(record, OPTIONS)
        except BadRecordError as error:
            refused[error.code] += 1
    return rows, refused


def test_published_dialogues_without_any_time_are_the_only_ones_refused(mapped):
    rows, refused = mapped
    assert refused == {"BAD_TIME": 111}
    assert sum(table == "conversations" for table, _ in rows) == 3899 - 111
    assert DESCRIPTION["bad_share_limit"] > 111 / 3899


def test_published_messages_are_as_many_as_the_file_shows(mapped):
    # SOURCE.md of the file counts them; the dialogues without time hold no event.
    senders = Counter(row["sender"] for table, row in mapped[0] if table == "messages")
    labelled = sum(table == "messages" and "extra" in row for table, row in mapped[0])
    assert senders == {"user": 24_493, "bot": 20_640 + 3_669}
    assert labelled == 20_640 + 12  # 12 utterances of the wizard carry a label as well
    assert sum(table == "actions" for table, _ in mapped[0]) == 9_355


def test_published_share_of_abandoned_dialogues_is_the_known_one(mapped):
    abandoned = sum(row.get("outcome") == "abandoned" for table, row in mapped[0] if table == "conversations")
    assert (abandoned + 111) / 3899 == pytest.approx(0.127, abs=0.0005)
    assert abandoned / 3788 == pytest.approx(0.101, abs=0.0005)


def test_published_ids_are_unique(mapped):
    keys = {"conversations": "conversation_id", "messages": "message_id", "actions": "action_id"}
    ids = Counter((table, row[keys[table]]) for table, row in mapped[0])
    assert max(ids.values()) == 1
