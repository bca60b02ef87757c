import pytest

from analytics_lib.sources.record import (
    BadRecordError,
    first_scalar,
    first_value,
    first_word,
    impersonal,
    value_at,
)

RECORD = {
    "sender": {"contact": {"id": "c1"}},
    "parts": [{"reference": "w1"}],
    "empty": "",
    "none": None,
    "zero": 0,
}


def test_path_leads_through_objects_and_lists():
    assert value_at(RECORD, "sender.contact.id") == "c1"
    assert value_at(RECORD, "parts.0.reference") == "w1"


@pytest.mark.parametrize(
    "path", ["sender.contact.name", "parts.1.reference", "parts.x", "zero.more", "absent"]
)
def test_path_that_leads_nowhere_is_null(path):
    assert value_at(RECORD, path) is None


def test_empty_values_say_nothing_but_zero_does():
    assert first_value(RECORD, "none", "empty", "zero") == 0
    assert first_value({"a": [], "b": {}}, "a", "b") is None


def test_scalar_passes_over_objects():
    assert first_scalar(RECORD, "sender", "sender.contact.id") == "c1"


def test_word_is_trimmed_and_lower_case():
    assert first_word({"status": " Delivered "}, "status") == "delivered"
    assert first_word({"status": 3}, "status") is None


def test_refusal_tells_code_detail_and_column():
    error = BadRecordError("MISSING_FIELD", "no id", "message_id")
    assert (error.code, error.detail, error.column) == ("MISSING_FIELD", "no id", "message_id")
    assert str(error) == "MISSING_FIELD: no id"


def test_fields_named_after_a_person_or_a_link_are_not_kept():
    raw = {"displayName": "Ana", "contact": {"id": "c1"}, "mediaUrl": "x", "user_locale": "es-CO", "units": 1}
    assert impersonal(raw) == {"user_locale": "es-CO", "units": 1}


@pytest.mark.parametrize(
    "text",
    ["+573000000001", "300 000 00 01", "escribir a ana@example.co", "https://media.example/x", "z" * 501],
)
def test_texts_that_could_name_somebody_are_not_kept(text):
    assert impersonal({"note": text}) is None


@pytest.mark.parametrize(
    "text",
    ["0b5e1234-0000-4000-8000-123456789012", "2026-01-01T00:00:01.915Z", "Message expired", True, 12.5],
)
def test_ids_times_and_plain_words_are_kept(text):
    assert impersonal([text, None]) == [text]
