"""A file that is damaged, hostile or none at all leaves no trace; once it is whole it comes in."""

import gzip
import os

import orjson
import pytest
from workshop import message

LINES = b"".join(orjson.dumps(message(number)) + b"\n" for number in range(500))
PACKED = gzip.compress(LINES)
BOMB = gzip.compress(bytes(2_000_000), mtime=0) * 100  # members one after the other are one file
TABLES = ("messages", "quarantine", "ingested_files")


def flipped(place):
    damaged = bytearray(PACKED)
    damaged[place] ^= 0xFF
    return bytes(damaged)


DAMAGED = {
    "cut after the header": (PACKED[:12], "TRUNCATED_GZIP"),
    "cut in the middle": (PACKED[: len(PACKED) // 2], "TRUNCATED_GZIP"),
    "without its last 8 bytes": (PACKED[:-8], "CORRUPT_GZIP"),
    "without its last byte": (PACKED[:-1], "CORRUPT_GZIP"),
    "a flipped byte in the data": (flipped(len(PACKED) // 2), "CORRUPT_GZIP"),
    "a flipped byte in the checksum": (flipped(len(PACKED) - 6), "CORRUPT_GZIP"),
    "garbage after the data": (PACKED + b"garbage", "NOT_GZIP"),
    "a bomb": (BOMB, "TOO_LARGE"),
    "UTF-16": (LINES.decode().encode("utf-16"), "BAD_ENCODING"),
    "Latin-1": ("\n".join(['{"text":"niño"}'] * 20).encode("latin-1"), "BAD_ENCODING"),
}


@pytest.mark.parametrize(("content", "code"), DAMAGED.values(), ids=DAMAGED.keys())
def test_nothing_of_a_damaged_file_is_stored_and_it_comes_in_once_it_is_whole(shop, content, code):
    """F03, F04, F06, F07, F09."""
    report = shop.ingest(shop.write("messages.ndjson.gz", content))
    assert (report.status, report.reason.split(":")[0]) == ("refused", code)
    assert [shop.count(table) for table in TABLES] == [0, 0, 0]
    assert list((shop.settings.store / "_meta" / "staging").iterdir()) == []
    whole = shop.ingest(shop.write("messages.ndjson.gz", PACKED))
    assert (whole.status, whole.accepted) == ("ingested", 500)


def test_a_damaged_file_leaves_what_was_stored_before(shop):
    """F03."""
    shop.ingest(shop.write("messages.ndjson", [message(1)]))
    shop.ingest(shop.write("messages-2.ndjson.gz", PACKED[:-100]))
    assert [shop.count(table) for table in TABLES] == [1, 0, 1]
    assert shop.is_whole()


def test_a_file_of_several_gzip_members_is_stored_whole(shop):
    """F05."""
    half = LINES.index(b"\n", len(LINES) // 2) + 1
    content = gzip.compress(LINES[:half]) + gzip.compress(LINES[half:])
    assert shop.ingest(shop.write("messages.ndjson", content)).accepted == 500


def test_text_named_gz_is_read_as_text(shop):
    """F06."""
    assert shop.ingest(shop.write("messages.ndjson.gz", LINES)).accepted == 500


@pytest.mark.timeout(60)
def test_links_pipes_devices_and_folders_are_refused(shop):
    """F22."""
    inbox = shop.write("messages.ndjson", [message(1)]).parent
    (inbox / "messages-link.ndjson").symlink_to(inbox / "messages.ndjson")
    os.mkfifo(inbox / "messages-pipe.ndjson")
    (inbox / "messages-folder.ndjson").mkdir()
    (inbox / "messages-zero.ndjson").symlink_to("/dev/zero")
    refused = [
        "messages-link.ndjson",
        "messages-pipe.ndjson",
        "messages-folder.ndjson",
        "messages-zero.ndjson",
    ]
    reports = shop.ingest(*(inbox / name for name in refused), inbox / "messages.ndjson")
    assert [report.reason.split(":")[0] for report in reports[:4]] == ["NOT_REGULAR"] * 4
    assert reports[4].accepted == 1


@pytest.mark.parametrize("name", ["messages-\n.ndjson", "messages-\x1b[2J.ndjson", "messages-\udcff.ndjson"])
def test_a_name_that_could_not_be_shown_is_refused(shop, name):
    """F21."""
    inbox = shop.write("orders.ndjson", []).parent
    (inbox / name).write_bytes(LINES)
    report = shop.ingest(inbox / name)
    assert report.reason.startswith("BAD_NAME")
    assert report.reason.isprintable()


def test_the_way_to_a_file_may_lead_through_other_folders_and_only_its_name_is_kept(shop):
    """F21."""
    path = shop.write("messages.ndjson", [message(1)])
    report = shop.ingest(path.parent / ".." / "inbox" / "messages.ndjson")
    assert (report.file, report.accepted) == ("messages.ndjson", 1)
    assert shop.rows("ingested_files", "file") == [{"file": "messages.ndjson"}]
