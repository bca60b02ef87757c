"""An ingest that is killed at any moment and started again ends as one that was never disturbed."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal
from workshop import Workshop

FILES, RECORDS, KILLS = 10, 800, 25  # 8,000 records, 40,000 rows
HERE = Path(__file__).parent


def fill(shop):
    """Files of new conversations, each with some of the file before in a newer version and two bad lines."""
    for file in range(FILES):
        numbers = range(file * RECORDS, (file + 1) * RECORDS)
        records = [{"number": number, "version": 1} for number in numbers]
        records += [{"number": number, "version": 2} for number in range(max(numbers[0] - 20, 0), numbers[0])]
        shop.write(f"chats-{file:02}.ndjson", [*records, {"number": "none"}, {}])


def drive(shop, kills):
    command = [sys.executable, "crash_driver.py", str(shop.folder), str(kills), "7"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.timeout(240)
def test_an_ingest_killed_25_times_ends_in_the_same_store_as_an_undisturbed_one(tmp_path):
    """F61: the tables, the quarantine and the counts of every file are the same, row by row."""
    undisturbed, killed = Workshop(tmp_path / "a"), Workshop(tmp_path / "b")
    undisturbed.folder.mkdir()
    fill(undisturbed)
    drive(undisturbed, 0)
    for part in ("inbox", "keys"):
        shutil.copytree(undisturbed.folder / part, killed.folder / part)
    told = drive(killed, KILLS)
    assert told["killed"] == KILLS

    for table in ("conversations", "messages", "events", "quarantine", "ingested_files"):
        expected, got = (shop.query(f"select * from {table} order by all") for shop in (undisturbed, killed))
        assert_frame_equal(got, expected)
    counts = {
        table: killed.count(table) for table in ("conversations", "messages", "quarantine", "ingested_files")
    }
    assert list(counts.values()) == [FILES * RECORDS, 3 * FILES * RECORDS, 2 * FILES, FILES]
    assert killed.is_whole()

    # Readers saw whole files only, and never fewer than before.
    for moment in told["seen"]:
        assert moment["messages"] == 3 * moment["conversations"] == 3 * moment["events"]
    counts = [moment["conversations"] for moment in told["seen"]]
    assert counts == sorted(counts)
    assert all(count % RECORDS == 0 for count in counts)
    assert len(set(counts)) >= 2

    # What the killed left in staging was swept by those that came after them.
    assert 1 <= told["leftovers"] < KILLS
    assert list((killed.settings.store / "_meta" / "staging").iterdir()) == []
