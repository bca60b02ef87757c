"""Readers of live pages while the store is written as fast as it can be: no error, no page at odds."""

import datetime as dt
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from serving import cell, make_project, serving

from analytics_lib.config import Settings
from analytics_lib.ingest import Source, ingest

READERS = 10
ROWS = 20
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
# Two counts with time between them, in one page: both must be of one version, and of whole deliveries.
FIRST = """\
import time
from IPython.display import HTML
from analytics_lib.runs.inputs import open_store
store = open_store(store_path)
first = store.query("select count(*) as n from messages")["n"].iloc[0]
time.sleep(0.3)"""
SECOND = """\
second = store.query("select count(*) as n from messages")["n"].iloc[0]
HTML(f"<p>counted {first} {second}</p>")"""


def write_file(folder, number):
    """The messages of one delivery, in a file as a source names it."""
    lines = [
        {
            "message_id": f"m{number}-{each}",
            "conversation_id": f"c{number}",
            "user_id": "u1",
            "sent_at": f"2026-05-{1 + number % 28:02d}T12:00:{each:02d}Z",
            "sender": "user",
            "kind": "text",
        }
        for each in range(ROWS)
    ]
    path = folder / f"delivery-{number}" / "messages.ndjson"
    path.parent.mkdir()
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_ten_readers_see_whole_versions_while_the_store_is_written(tmp_path):
    project = make_project(tmp_path / "project", shop=(cell(FIRST), cell(SECOND, "page", "block-counts")))
    settings = replace(Settings(), store=project / "data/store", keys=tmp_path / "keys")
    done, accepted = threading.Event(), []

    def write():
        while not done.is_set():
            path = write_file(tmp_path, len(accepted))
            [report] = ingest(Source(name="contract", time_zone="UTC"), [path], now=NOW, settings=settings)
            accepted.append(report.accepted)

    with serving(project, cap=READERS) as server:
        writer = threading.Thread(target=write)
        writer.start()
        with ThreadPoolExecutor(READERS) as readers:
            answers = list(readers.map(lambda _: server.ask("/live/shop"), range(READERS * 2)))
        done.set()
        writer.join()
    assert set(accepted) == {ROWS}
    assert {status for status, _, _ in answers} == {200}
    counted = [text.split("counted ")[1].split("</p>")[0].split() for _, _, text in answers]
    assert all(first == second and int(first) % ROWS == 0 for first, second in counted)
    assert len({first for first, _ in counted}) > 1
