"""Real dialogues: what measure answers is what loops over the raw rows count."""

import datetime as dt
from collections import defaultdict

import pytest
from workshop import ROOT, Workshop

from analytics_lib.ingest import load_source
from analytics_lib.metrics import CATALOG, measure, measure_all
from analytics_lib.store import Store
from once import made_once

FILE = ROOT.parent / "shared" / "data" / "conversations-star" / "star_dialogues_early.jsonl.gz"
MAY = {"since": dt.date(2020, 5, 1), "until": dt.date(2020, 6, 1)}
NAMES = (
    *("conversations", "users", "abandonment_rate", "resolution_rate", "unclassifiable_share"),
    *(
        "messages_per_conversation",
        "duration",
        "unanswered_rate",
        "average_response_time",
        "first_response_time",
    ),
    "action_success_rate",
)


def ingested(folder):
    """As ``tests/ingest/test_real_data.py`` does: the store is one for both."""
    shop = Workshop(folder)
    return shop, shop.ingest(FILE, source=load_source("star", ROOT / "params" / "sources"))


@pytest.fixture(scope="module")
def star(tmp_path_factory):
    if not FILE.exists():
        pytest.skip(f"{FILE.name} is not here; the data lie in ../shared/data beside the project")
    shop, _ = made_once(tmp_path_factory, "star", ingested)
    with Store.open(shop.settings.store) as store:
        yield store


@pytest.fixture(scope="module")
def found(star):
    frame = measure_all(star, [CATALOG[name] for name in NAMES], **MAY)
    return frame.set_index("metric")


@pytest.fixture(scope="module")
def dialogues(star):
    return star.query("select * from conversations").to_dict("records")


@pytest.fixture(scope="module")
def messages(star):
    """The messages of each dialogue in the order they were shown."""
    told = defaultdict(list)
    rows = star.query("select * from messages").to_dict("records")
    for row in sorted(rows, key=lambda row: (row["sent_at"], row["message_id"])):
        told[row["conversation_id"]].append(row)
    return told


@pytest.fixture(scope="module")
def waits(messages):
    """``(seconds or None, whether it is the dialogue's first)`` of each stretch, by a walk."""
    found = []
    for said in messages.values():
        waiting, stretches = None, 0
        for message in said:
            if message["sender"] == "user" and waiting is None:
                waiting = message["sent_at"]
                stretches += 1
            elif message["sender"] != "user" and waiting is not None:
                found.append(((message["sent_at"] - waiting).total_seconds(), stretches == 1))
                waiting = None
        if waiting is not None:
            found.append((None, stretches == 1))
    return found


def numbers(found, name):
    row = found.loc[name]
    return row["numerator"], row["denominator"], row["value"]


def test_every_dialogue_is_counted_once(found, dialogues):
    assert found.loc["conversations", "value"] == len(dialogues) == 3_788
    assert found.loc["users", "value"] == len({one["user_id"] for one in dialogues})


def test_share_not_completed_is_that_of_the_labels(found, dialogues):
    known = [one["outcome"] for one in dialogues if isinstance(one["outcome"], str)]
    given_up = known.count("abandoned")
    assert numbers(found, "abandonment_rate") == (given_up, len(known), pytest.approx(given_up / len(known)))


def test_resolution_is_that_of_the_questionnaires(found, dialogues):
    known = [one["resolved"] for one in dialogues if one["resolved"] in (True, False)]
    assert numbers(found, "resolution_rate") == (
        sum(known),
        len(known),
        pytest.approx(sum(known) / len(known)),
    )


def test_unclassifiable_are_those_without_label_and_answer(found, dialogues):
    neither = [
        one
        for one in dialogues
        if not isinstance(one["outcome"], str) and one["resolved"] not in (True, False)
    ]
    assert numbers(found, "unclassifiable_share")[:2] == (len(neither), len(dialogues))


def test_messages_per_conversation_is_a_division(found, dialogues, messages):
    sent = sum(map(len, messages.values()))
    assert numbers(found, "messages_per_conversation") == (
        sent,
        len(dialogues),
        pytest.approx(sent / len(dialogues)),
    )


def test_duration_is_from_first_message_to_last_event(found, dialogues):
    lasted = [(one["ended_at"] - one["started_at"]).total_seconds() for one in dialogues]
    lasted = [seconds for seconds in lasted if seconds >= 0]
    assert numbers(found, "duration") == (sum(lasted), len(lasted), pytest.approx(sum(lasted) / len(lasted)))


def test_average_response_time_is_that_of_a_walk_through_the_messages(found, waits):
    seconds = [wait for wait, _ in waits if wait is not None]
    expected = (pytest.approx(sum(seconds)), len(seconds), pytest.approx(sum(seconds) / len(seconds)))
    assert numbers(found, "average_response_time") == expected


def test_unanswered_rate_is_that_of_a_walk_through_the_messages(found, waits):
    nobody = sum(wait is None for wait, _ in waits)
    assert numbers(found, "unanswered_rate")[:2] == (nobody, len(waits))


def test_first_response_time_is_one_a_dialogue(found, waits):
    seconds = [wait for wait, first in waits if first and wait is not None]
    assert numbers(found, "first_response_time")[:2] == (pytest.approx(sum(seconds)), len(seconds))


def test_median_response_time_is_the_middle_one(star, waits):
    seconds = sorted(wait for wait, _ in waits if wait is not None)
    middle, odd = divmod(len(seconds), 2)
    expected = seconds[middle] if odd else (seconds[middle - 1] + seconds[middle]) / 2
    row = measure(star, CATALOG["median_response_time"], **MAY).iloc[0]
    assert (row["value"], row["denominator"]) == (expected, len(seconds))
    assert row["low"] <= expected <= row["high"]


def test_action_success_is_that_of_the_answers(star, found):
    known = [one for one in star.query("select * from actions")["succeeded"].tolist() if one in (True, False)]
    assert numbers(found, "action_success_rate")[:2] == (sum(known), len(known))


def test_days_of_bogota_add_up(star, dialogues):
    by_day = measure(star, CATALOG["conversations"], period="day", **MAY).set_index("period")["value"]
    expected = defaultdict(int)
    for one in dialogues:
        expected[(one["started_at"].tz_convert("America/Bogota")).date()] += 1
    assert {day.date(): count for day, count in by_day.items() if count} == expected
