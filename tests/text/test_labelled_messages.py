"""The hand-labelled messages keep their form; what the labels mean is in LABELS.md beside them."""

import csv
from collections import Counter
from pathlib import Path

import pytest

COLUMNS = ["language", "label", "irony", "topic", "text"]


@pytest.fixture(scope="module")
def lines():
    with Path(__file__).with_name("labelled_messages.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.fixture(scope="module")
def messages(lines):
    return [dict(zip(COLUMNS, line, strict=True)) for line in lines[1:]]


def test_header_names_the_five_columns(lines):
    assert lines[0] == COLUMNS


def test_every_line_has_five_fields_without_outer_space(lines):
    assert [line for line in lines if len(line) != 5 or any(f != f.strip() or not f for f in line)] == []


def test_no_text_is_labelled_twice(messages):
    texts = Counter(message["text"] for message in messages)

    assert [text for text, count in texts.items() if count > 1] == []


@pytest.mark.parametrize(
    ("column", "known"),
    [
        ("language", {"es", "en", "mixed"}),
        ("label", {"positive", "negative", "neutral", "unknown"}),
        ("irony", {"yes", "no"}),
    ],
)
def test_column_holds_each_of_its_known_words_and_no_other(messages, column, known):
    assert {message[column] for message in messages} == known


def test_enough_messages_of_each_language_for_a_score(messages):
    counts = Counter(message["language"] for message in messages)

    assert counts["es"] >= 360
    assert counts["en"] >= 90
    assert counts["mixed"] >= 20


def test_neutral_is_a_fair_share_and_unknown_and_irony_are_few(messages):
    labels = Counter(message["label"] for message in messages)
    ironic = sum(message["irony"] == "yes" for message in messages)

    assert 0.3 <= labels["neutral"] / len(messages) <= 0.5
    assert 10 <= labels["unknown"] <= 25
    assert 10 <= ironic <= 20


def test_unknown_messages_hold_no_word_of_three_letters_outside_links_and_codes(messages):
    unknown = [m["text"] for m in messages if m["label"] == "unknown" and "://" not in m["text"]]
    wordy = {word for text in unknown for word in text.split() if len(word) > 2 and word.isalpha()}

    assert wordy == {"talla"}
