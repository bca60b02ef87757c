"""The first notebook as its three users meet it: run unattended, opened as a page, run by hand."""

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from world import HOSTILE, UNTIL, make_store

from analytics_lib.runs.runner import Job, run
from analytics_lib.store import Store
from visiting import Visit

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "conversations.ipynb"
NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def store_path(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("notebook"))


def run_notebook(store_path, outputs, **parameters):
    with Store.open(store_path) as store:
        versions = store.versions
    job = Job("conversations", NOTEBOOK, {"store_path": str(store_path), **parameters})
    return run(job, outputs=outputs, versions=versions, now=lambda: NOON)


@pytest.fixture(scope="module")
def hostile_run(store_path, tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    record = run_notebook(
        store_path, outputs, conversation_id="hostile", since="2026-05-01", until=str(UNTIL)
    )
    return outputs, record


def test_run_succeeds_with_the_counts_of_the_window(hostile_run, store_path):
    _, record = hostile_run
    with Store.open(store_path) as store:
        starts = store.query("select started_local from conversations")["started_local"]

    assert record.status == "succeeded", record.error
    assert record.results["conversations"] == int((starts >= "2026-05-01").sum())
    assert record.results["conversation_id"] == "hostile"
    assert record.versions["messages"] >= 0


def test_window_without_data_succeeds_and_says_so(store_path, tmp_path):
    record = run_notebook(store_path, tmp_path, since="2020-01-01", until="2020-02-01")

    assert record.status == "succeeded", record.error
    assert record.results["conversations"] == 0


def test_hostile_conversation_is_inert_and_readable(hostile_run, browser):
    outputs, record = hostile_run
    visit = Visit(browser.new_page(viewport={"width": 1280, "height": 900}))
    visit.page.goto((outputs.absolute() / record.folder / "report.html").as_uri())
    visit.page.wait_for_selector(".main-svg")
    shown = visit.page.locator("main").inner_text()

    assert visit.dialogs == []
    assert visit.complaints == []
    assert {url.partition(":")[0] for url in visit.requests} <= {"file", "data"}
    assert visit.page.locator("[onerror], [onclick], main b:has-text('negrita')").count() == 0
    assert all(text in shown for text in (HOSTILE[0], HOSTILE[1], HOSTILE[2], "{{ 7*7 }}"))
    assert "1.000.000" in shown
    visit.page.close()


def test_megabyte_message_does_not_swell_the_page(hostile_run):
    outputs, record = hostile_run

    assert (outputs / record.folder / "report.html").stat().st_size < 1_500_000


def test_notebook_runs_by_hand_from_its_own_folder(store_path, tmp_path):
    """The smoke test of nbval: every cell executes with the defaults in a fresh kernel."""
    (tmp_path / "data").mkdir()
    shutil.copytree(store_path, tmp_path / "data" / "store")
    (tmp_path / "notebooks").mkdir()
    shutil.copy(NOTEBOOK, tmp_path / "notebooks")
    options = [
        "--nbval-lax",
        "--nbval-current-env",
        "--nbval-cell-timeout=120",
        "-p",
        "no:cacheprovider",
        "-q",
    ]
    ours = ("ANALYTICS_", "PYTEST_")
    settings = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "conversations.ipynb"],
        cwd=tmp_path / "notebooks",
        env=settings,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )

    cells = json.loads((tmp_path / "notebooks" / "conversations.ipynb").read_text())["cells"]
    code = sum(cell["cell_type"] == "code" for cell in cells)
    assert ran.returncode == 0, ran.stdout[-2000:]
    assert f"{code} passed" in ran.stdout
