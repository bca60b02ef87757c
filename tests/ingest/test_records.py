"""What a single record may look like, and what becomes of it: ids, types, people."""

import itertools
import json

import pytest
from workshop import Workshop, conversation, message

from analytics_lib.ingest import Source


def ingest_messages(shop, *records, **more):
    return shop.ingest(shop.write("messages.ndjson", list(records)), **more)


def test_a_message_id_twice_with_the_same_content_is_one_row(shop):
    """F23."""
    report = ingest_messages(shop, message(1), message(1))
    assert (report.accepted, report.duplicates, report.flags) == (1, 1, {})


def test_a_delivery_status_never_goes_backwards_whatever_the_order(tmp_path):
    """F24, F25: every permutation, in one file and in a file each."""
    versions = [message(1, status=status) for status in ("sent", "read", "delivered")]
    for place, some in enumerate(itertools.permutations(versions)):
        one, each = (Workshop(tmp_path / f"{kind}{place}") for kind in ("one", "each"))
        for shop in (one, each):
            shop.folder.mkdir()
        ingest_messages(one, *some)
        each.ingest(*(each.write(f"messages-{number}.ndjson", [row]) for number, row in enumerate(some)))
        assert one.rows("messages", "status") == each.rows("messages", "status") == [{"status": "read"}]


def test_a_failed_delivery_is_final(shop):
    """F24."""
    ingest_messages(shop, message(1, status="failed"), message(1, status="read"))
    assert shop.rows("messages", "status") == [{"status": "failed"}]


def test_of_two_versions_the_newer_is_kept(shop):
    """F24."""
    old, new = (message(1, text=text, updated_at=f"2026-06-0{day}") for day, text in ((1, "old"), (2, "new")))
    ingest_messages(shop, new, old)
    assert shop.rows("messages", "text") == [{"text": "new"}]


def test_of_two_versions_of_which_neither_is_newer_one_is_kept_in_every_order_and_counted(tmp_path):
    """F24."""
    kept = []
    for place, some in enumerate(itertools.permutations([message(1, text="a"), message(1, text="b")])):
        shop = Workshop(tmp_path / str(place))
        shop.folder.mkdir()
        report = ingest_messages(shop, *some)
        assert (report.accepted, report.duplicates, report.flags) == (1, 1, {"CONFLICT": 1})
        kept.append(shop.rows("messages", "text"))
    assert kept[0] == kept[1]


def test_unknown_words_are_kept_as_unknown_and_counted(shop):
    """F34."""
    rows = [conversation(1, channel="pigeon", outcome="sold"), conversation(2, channel="unknown:x")]
    report = shop.ingest(shop.write("conversations.ndjson", rows))
    assert report.flags == {"UNKNOWN_VALUE": 2}
    got = shop.rows("conversations", "channel, outcome", order="conversation_id")
    assert got[0] == {"channel": "unknown:pigeon", "outcome": "unknown:sold"}
    assert got[1]["channel"] == "unknown:x"


def test_a_missing_required_field_is_quarantined_with_its_name(shop):
    """F35: absent, null and empty."""
    without = message(1)
    del without["sender"]
    report = ingest_messages(shop, without, message(2, sender=None), message(3, sender=""))
    assert report.codes == {"MISSING_FIELD": 3}
    assert {row["column_name"] for row in shop.rows("quarantine", "column_name")} == {"sender"}


def test_a_missing_optional_field_is_null(shop):
    """F35."""
    ingest_messages(shop, message(1, text=None))
    assert shop.query("select * from messages where text is null and intent is null").shape[0] == 1


def test_fields_the_contract_does_not_name_are_kept_in_extra_and_masked(shop):
    """F35."""
    strange = {"ciudad": "Cali", "contact": {"phone": 3001234567, "mails": ["ana@example.com"]}}
    report = ingest_messages(
        shop, message(1, **strange), message(2, extra={"a": 1}, b=2), message(3, extra='{"a":1}', b=2)
    )
    assert report.flags == {"EXTRA_FIELD": 3}
    got = [json.loads(row["extra"]) for row in shop.rows("messages", "extra", order="message_id")]
    assert got[0] == {"ciudad": "Cali", "contact": {"phone": "[phone]", "mails": ["[email]"]}}
    assert got[1] == got[2] == {"a": 1, "b": 2}


def test_a_renamed_required_field_is_both_missing_and_extra(shop):
    """F35."""
    renamed = message(1)
    renamed["fecha"] = renamed.pop("sent_at")
    assert ingest_messages(shop, renamed).codes == {"MISSING_FIELD": 1}


@pytest.mark.parametrize("nested", [200, 700, 5_000])
def test_an_extra_text_of_nested_brackets_breaks_nothing(shop, nested):
    """F15: JSON within a text of JSON."""
    report = ingest_messages(
        shop, message(1, extra="[" * nested + '"ana@example.com"' + "]" * nested), message(2)
    )
    assert report.records == 2
    assert b"ana@example.com" not in shop.stored_bytes()


def test_a_text_as_extra_that_is_no_json_is_kept_beside_unknown_fields(shop):
    ingest_messages(shop, message(1, extra="free words", more=1))
    assert json.loads(shop.rows("messages", "extra")[0]["extra"]) == {"extra": "free words", "more": 1}


LOSSLESS = {
    "csat": [(4, 4), ("4", 4), (4.0, 4), (" 5 ", 5)],
    "resolved": [(True, True), ("true", True), (0, False)],
}
LOSSY = {
    "csat": [4.5, "many", True, [4], {"a": 4}],
    "resolved": ["perhaps", 2, [True]],
    "city": [[1], {"a": 1}, 1.5, True],
}


@pytest.mark.parametrize(
    ("column", "given", "stored"), [(c, *pair) for c, pairs in LOSSLESS.items() for pair in pairs]
)
def test_a_value_is_cast_where_nothing_is_lost(shop, column, given, stored):
    """F36: alone, and beside a value of the right type."""
    right = {"csat": 3, "resolved": False}[column]
    rows = [conversation(1, **{column: given}), conversation(2, **{column: right})]
    shop.ingest(
        shop.write("conversations.ndjson", rows),
        shop.write("conversations-b.ndjson", [rows[0] | {"conversation_id": "c3"}]),
    )
    got = [row[column] for row in shop.rows("conversations", column, order="conversation_id")]
    assert got == [stored, right, stored]


@pytest.mark.parametrize(("column", "given"), [(c, value) for c, values in LOSSY.items() for value in values])
def test_a_value_that_would_lose_by_the_cast_is_quarantined(shop, column, given):
    """F36: 4.5 never becomes 4, alone or beside others."""
    bad = conversation(1, **{column: given})
    reports = shop.ingest(
        shop.write("conversations.ndjson", [bad]),
        shop.write("conversations-b.ndjson", [bad, conversation(2, **{column: None}), conversation(3)]),
    )
    assert [report.codes for report in reports] == [{"BAD_TYPE": 1}, {"BAD_TYPE": 1}]
    assert reports[1].accepted == 2


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e400", "9" * 30])
def test_a_number_that_is_none_is_null_and_counted_whatever_stands_beside_it(shop, number):
    """F18."""
    line = json.dumps(conversation(1, csat="@")).replace('"@"', number).encode()
    beside = json.dumps(conversation(2, csat="4")).encode()
    for name, content in (("conversations.ndjson", line), ("conversations-b.ndjson", line + b" \n" + beside)):
        report = shop.ingest(shop.write(name, content))
        assert (report.codes, report.flags) == ({}, {"NUM_RANGE": 1})
    assert shop.query("select csat from conversations order by conversation_id")["csat"].tolist()[1] == 4


def test_a_number_out_of_its_range_is_quarantined(shop):
    report = shop.ingest(
        shop.write("conversations.ndjson", [conversation(1, csat=6), conversation(2, nps=-1)])
    )
    assert report.codes == {"OUT_OF_RANGE": 2}


def test_escaped_nul_half_emoji_and_double_keys_are_mended_and_counted(shop):
    """F11, F12, F16."""
    line = json.dumps(message(1, text="@")).encode()
    contents = [b'"a\\u0000b"', b'"a\\ud83d"', b'"x", "text": "y"']
    rows = [line.replace(b'"@"', text).replace(b"m1", b"m%d" % n) for n, text in enumerate(contents)]
    report = shop.ingest(shop.write("messages.ndjson", b"\n".join(rows)))
    assert report.flags == {"NUL_TEXT": 1, "SURROGATE": 1, "DUP_KEY": 1}
    texts = [row["text"] for row in shop.rows("messages", "text", order="message_id")]
    assert texts == ["a\ufffdb", "a\ufffd", "y"]


SPELLINGS = [
    "573001234567",
    "+57 300 123 4567",
    "00573001234567",
    "3001234567",
    "whatsapp:573001234567@c.us",
    573001234567,
    "573001234567.0",
]


def test_every_spelling_of_a_phone_number_is_one_person(shop):
    """F37."""
    ingest_messages(shop, *(message(n, user_id=spelling) for n, spelling in enumerate(SPELLINGS)))
    people = shop.query("select distinct user_id from messages")["user_id"].tolist()
    assert len(people) == 1
    assert len(people[0]) == 32
    assert shop.count("messages") == len(SPELLINGS)


@pytest.mark.parametrize("lossy", ["5.73E+11", "5,73e+11", 5.73e11])
def test_a_phone_number_in_scientific_notation_is_refused(shop, lossy):
    """F37."""
    report = ingest_messages(shop, message(1, user_id=lossy), message(2))
    assert (report.codes, report.accepted) == ({"PHONE_LOSSY": 1}, 1)


def test_a_foreign_number_is_a_person_of_its_own(shop):
    """F37."""
    ingest_messages(
        shop, message(1, user_id="+34 612 345 678"), message(2, user_id="0034612345678"), message(3)
    )
    assert shop.query("select count(distinct user_id) as n from messages")["n"][0] == 2


def test_a_conversation_of_one_message_and_one_that_never_closed_are_kept_as_they_are(shop):
    """F39."""
    shop.ingest(
        shop.write("conversations.ndjson", [conversation(1)]), shop.write("messages.ndjson", [message(1)])
    )
    open_ones = shop.query("select * from conversations where ended_at is null and outcome is null")
    assert len(open_ones) == 1


def test_a_bad_row_keeps_all_rows_of_its_record_out(shop, tmp_path, monkeypatch):
    """The third record gives a conversation and two messages, of which one is bad."""
    (tmp_path / "chat_source.py").write_text(
        "def rows(record, options):\n"
        "    return [('conversations', record['head']), *(('messages', one) for one in record['messages'])]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    source = Source("chat", python="chat_source")
    records = [
        {"head": conversation(n), "messages": [message(10 * n), message(10 * n + 1, sent_at=time)]}
        for n, time in ((1, "2026-06-01"), (2, "2026-06-01"), (3, "never"))
    ]
    report = shop.ingest(shop.write("chat.ndjson", records), source=source)
    assert (report.records, report.accepted, report.codes) == (3, 2, {"BAD_TIME": 1})
    assert report.rows == {"conversations": 2, "messages": 4}
    assert shop.query("select * from messages where message_id in ('m30', 'm31')").empty
    assert shop.query("select * from conversations where conversation_id = 'c3'").empty


def test_a_record_that_a_source_stumbles_over_is_quarantined(shop, tmp_path, monkeypatch):
    (tmp_path / "stumbling_source.py").write_text(
        "def rows(record, options):\n"
        "    return [('messages', record['message'])] if record['n'] / record['n'] else []\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    records = [{"n": 1, "message": message(1)}, {"n": 0}, {"n": "x"}, {}]
    report = shop.ingest(shop.write("a.ndjson", records), source=Source("s", python="stumbling_source"))
    assert (report.accepted, report.codes) == (1, {"UNKNOWN_SHAPE": 3})
