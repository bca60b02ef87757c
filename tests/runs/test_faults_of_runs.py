"""Faults on purpose: a full disk, cells without end, runs stopped in the middle, data that are gone."""

import datetime as dt
import json
import socket
import sqlite3
import subprocess
import sys
from dataclasses import replace

import click
import pandas as pd
import pytest
from small_disks import disk_of
from tiny_notebooks import NOON, RECORD, code, write_notebook

from analytics_lib.cli import jobs as commands
from analytics_lib.errors import NotFoundError, StoreError
from analytics_lib.runs import processes
from analytics_lib.runs.debug import make_copy
from analytics_lib.runs.inputs import snapshot, store_id
from analytics_lib.runs.ledger import Ledger
from analytics_lib.runs.processes import Limits, members
from analytics_lib.runs.publish import publish, published_record
from analytics_lib.runs.record import RunRecord, read_record, write_record
from analytics_lib.runs.runner import Job, run
from analytics_lib.store import Store

MEGABYTES = 16
# The cell swallows the error: nothing but the runner notices that the disk is full.
FILLS_THE_DISK = """
import contextlib, os
if not os.path.exists('freed'):
    with contextlib.suppress(OSError), open(os.environ['FILL'], 'wb', buffering=0) as filling:
        while True:
            filling.write(b'x' * 4096)
"""


@pytest.fixture
def small_disk(tmp_path):
    """A folder with a disk of its own, of ``MEGABYTES``."""
    with disk_of(tmp_path / "disk", megabytes=MEGABYTES) as folder:
        yield folder


def test_a_full_disk_fails_the_run_keeps_what_was_published_and_is_over_when_space_is_freed(
    small_disk, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FILL", str(small_disk / "filling"))
    outputs = small_disk / "outputs"
    good = _published(outputs)
    page = outputs / "published/tiny/report.html"
    before = page.read_bytes()
    job = Job("tiny", write_notebook(tmp_path / "tiny.ipynb", "x = 1", FILLS_THE_DISK, "y = 2", RECORD))

    full = run(job, outputs=outputs, versions={}, now=lambda: NOON)
    assert (full.status, full.reason) == ("failed", "out_of_space"), full.error
    assert full.failed_cell == 2
    assert read_record(outputs / full.folder) == full
    assert page.read_bytes() == before
    assert published_record(outputs, "tiny").run == good.run

    (small_disk / "filling").unlink()
    (tmp_path / "freed").touch()
    again = run(job, outputs=outputs, versions={}, now=lambda: NOON)
    assert again.status == "succeeded", again.error
    publish(outputs, again)
    assert published_record(outputs, "tiny").run == again.run


def _published(outputs):
    record = RunRecord("tiny", "20260228T120000Z-12345678", "succeeded", "2026-02-28T12:00:00+00:00")
    (outputs / record.folder / "artifacts").mkdir(parents=True)
    write_record(outputs, record)
    (outputs / record.folder / "report.html").write_text("<head></head><main></main>")
    publish(outputs, record)
    return record


def test_no_run_begins_on_a_full_disk_and_none_is_left_half_made(small_disk, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outputs = small_disk / "outputs"
    good = _published(outputs)
    ledger = Ledger(outputs)
    assert ledger.claim("tiny", NOON, now=NOON)
    _fill(small_disk / "filling")
    job = Job("tiny", write_notebook(tmp_path / "tiny.ipynb", RECORD))
    with pytest.raises(OSError, match="No space left on device"):
        run(job, outputs=outputs, versions={}, now=lambda: NOON)
    with pytest.raises(OSError, match="No space left on device"):
        publish(outputs, good)
    assert [path.name for path in (outputs / "runs/tiny").iterdir()] == [good.run]
    assert published_record(outputs, "tiny") == good
    with pytest.raises(StoreError, match="The disk is full"):
        _claim_many(ledger)
    (small_disk / "filling").unlink()
    ledger.finish("tiny", NOON, good)
    assert Ledger(outputs).newest("tiny", at=NOON).state == "succeeded"


def _claim_many(ledger):
    for minute in range(1, 1_000):
        ledger.claim("tiny", NOON + dt.timedelta(minutes=minute), now=NOON)


def _fill(path):
    with path.open("wb", buffering=0) as filling:
        try:
            while True:
                filling.write(b"x" * 4096)
        except OSError:
            return


HANGS = """
import os, signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
while True:
    time.sleep(1)
"""


def test_a_cell_that_takes_longer_than_a_cell_may_ends_the_run_and_is_gone(execute, tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.5)
    record = execute("x = 1", HANGS, RECORD, timeout_seconds=200, cell_timeout_seconds=3)
    assert (record.status, record.reason, record.failed_cell) == ("timed_out", None, 2)
    assert record.error == "Stopped: cell 2 of 3 took longer than the 3 s that a cell may take."
    assert members((tmp_path / "outputs" / record.folder).resolve()) == []


@pytest.fixture
def timer(monkeypatch):
    """What is to be done at a time in a cell, of a run of 100 s and cells of 10 s."""
    clock = [0.0]
    monkeypatch.setattr(processes.time, "monotonic", lambda: clock[0])
    timing = processes._Timer(Limits(100, 10))

    def at(seconds, cell):
        clock[0] = seconds
        return timing.next_step(cell), timing.stopped_for

    return at


def test_each_cell_has_its_own_time_and_the_run_one_for_all(timer):
    calm = [timer(9, 0), timer(15, 1), timer(24, 1), timer(25, 2), timer(34, 2)]
    assert calm == [(None, None)] * 5
    assert timer(35, 2) == ("interrupt", "cell")
    assert [timer(39.9, 2), timer(40, 2)] == [(None, "cell"), ("kill", "cell")]


def test_a_run_of_short_cells_ends_with_its_own_time(timer):
    assert {timer(9 * cell, cell) for cell in range(1, 12)} == {(None, None)}
    assert timer(100, 12) == ("interrupt", "run")


def test_before_the_first_cell_only_the_time_of_the_run_counts(timer):
    assert timer(99, 0) == (None, None)


def test_a_backfill_of_30_days_stopped_twice_runs_each_day_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notebooks").mkdir()
    until = code('until: "date" = "2026-01-31"', "parameters")
    write_notebook(tmp_path / "notebooks/daily.ipynb", until, RECORD)
    succeeded, stop_at = [], [7]

    def run_slot(job, slot_at, *, attempt, stopping, **_places):
        if len(succeeded) >= stop_at[0]:
            raise KeyboardInterrupt
        succeeded.append(job.parameters_at(slot_at.date())["until"])
        return RunRecord(job.name, f"run-{slot_at:%m%d}-{attempt}", "succeeded", slot_at.isoformat())

    monkeypatch.setattr(commands, "run_slot", run_slot)
    ask = ["daily", "--from", "2026-01-01", "--to", "2026-01-31", "--at-once", "2"]
    for then in (19, 1_000):
        with pytest.raises(click.Abort):
            commands.backfill.main(ask, standalone_mode=False)
        _end_claims(tmp_path / "outputs")
        stop_at[0] = then
    assert 19 <= len(succeeded) < 30
    commands.backfill.main(ask, standalone_mode=False)
    assert sorted(succeeded) == [f"2026-01-{day:02}" for day in range(1, 31)]


def _end_claims(outputs):
    """The process that was stopped is gone: what it held is lost, as the next one would find."""
    with sqlite3.connect(outputs / "ledger.sqlite") as ledger:
        owner = f"{socket.gethostname()} 1 1.0"
        ledger.execute("update slots set owner = ? where state = 'running'", [owner])


@pytest.fixture
def debugged(tmp_path, monkeypatch):
    """A run that failed on a store with one order, to which another came since; its outputs folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANALYTICS_OUTPUTS", str(tmp_path / "outputs"))
    with Store.open(tmp_path / "data/store") as store:
        store.append("orders", _order("first"))
    versions = snapshot({}).versions
    record = RunRecord(
        "tiny",
        "20260301T120000Z-12345678",
        "failed",
        "2026-03-01T12:00:00+00:00",
        parameters={"channel": 'it\'s "web"\n', "day": None},
        versions=versions,
        store_id=store_id({}),
        time_zone="America/Bogota",
    )
    folder = tmp_path / "outputs" / record.folder
    folder.mkdir(parents=True)
    write_record(tmp_path / "outputs", record)
    injected = code("channel = 'as Papermill wrote it'", "injected-parameters")
    marker = {"cell_type": "markdown", "metadata": {"tags": ["papermill-error-cell-tag"]}, "source": "x"}
    write_notebook(
        folder / "notebook.ipynb",
        marker,
        code('channel: str = "default"\nday: str | None = "2026-01-01"', "parameters"),
        injected,
        COUNTS,
    )
    with Store.open(tmp_path / "data/store") as store:
        store.append("orders", _order("second"))
    return record, tmp_path / "outputs"


COUNTS = """
import json, pathlib
from analytics_lib.runs.inputs import open_store
orders = open_store("data/store").query("select count(*) as n from orders")["n"][0]
pathlib.Path("found.json").write_text(json.dumps([channel, day, int(orders)]))
"""


def _order(name):
    row = {"order_id": name, "user_id": "u", "ordered_at": pd.Timestamp("2026-02-01T12:00:00Z")}
    return pd.DataFrame([{**row, "amount": 10.0, "currency": "COP"}])


def test_a_run_is_debugged_in_a_copy_with_its_parameters_on_the_data_it_read(debugged):
    record, outputs = debugged
    before = (outputs / record.folder / "notebook.ipynb").read_bytes()
    copy = make_copy(record, outputs)
    execute = [sys.executable, "-m", "jupyter", "execute", str(copy.notebook)]
    done = subprocess.run(execute, env=copy.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads((copy.notebook.parent / "found.json").read_text())
    assert found == ['it\'s "web"\n', None, 1]
    assert (outputs / record.folder / "notebook.ipynb").read_bytes() == before
    assert make_copy(record, outputs).notebook.name == f"{record.run}-2.ipynb"


def test_data_that_are_gone_are_said_to_be_and_what_to_do_instead(debugged, tmp_path):
    record, outputs = debugged
    with pytest.raises(NotFoundError, match=r"version 9\. With today's data instead: analytics"):
        make_copy(replace(record, versions={"orders": 9}), outputs)
    with pytest.raises(NotFoundError, match="not the one that is there now"):
        make_copy(replace(record, store_id="another"), outputs)
    for file in (tmp_path / "data/store/orders").rglob("*.parquet"):
        file.unlink()
    with pytest.raises(NotFoundError, match="FILE_MISSING"):
        make_copy(record, outputs)
    assert not (outputs / "debug").exists()


def test_a_notebook_that_was_torn_is_said_to_be(debugged):
    record, outputs = debugged
    (outputs / record.folder / "notebook.ipynb").write_text('{"cells": [')
    with pytest.raises(NotFoundError, match="cannot be read"):
        make_copy(record, outputs)


def test_debug_says_what_it_opens(debugged, capsys):
    record, _ = debugged
    commands.debug.main([record.run[:8], "--no-open"], standalone_mode=False)
    said = capsys.readouterr().out
    assert f"outputs/debug/tiny/{record.run}.ipynb" in said
    assert "orders = 0" in said
    assert "ANALYTICS_STORE_VERSIONS=" in said
    assert "The library has changed since" in said
