import html
import os

import psutil
import pytest

from analytics_lib.runs.catalog import runs, write_index
from analytics_lib.runs.publish import publish
from analytics_lib.runs.record import RunRecord, read_record, write_record


@pytest.fixture
def write(tmp_path):
    def write(job, day, status="succeeded", **fields):
        record = RunRecord(
            job, f"202603{day:02}T120000Z-00000000", status, f"2026-03-{day:02}T12:00:00+00:00", **fields
        )
        (tmp_path / record.folder / "artifacts").mkdir(parents=True)
        write_record(tmp_path, record)
        (tmp_path / record.folder / "report.html").write_text("<main></main>")
        return record

    return write


def test_rows_come_newest_first(tmp_path, write):
    write("a", 1, parameters={"limit": 3})
    write("b", 2, "failed", reason="cell_error")
    rows = [(row["job"], row["status"], row["parameters"], row["started_at"]) for row in runs(tmp_path)]
    assert rows == [
        ("b", "failed", {}, "2026-03-02T12:00:00+00:00"),
        ("a", "succeeded", {"limit": 3}, "2026-03-01T12:00:00+00:00"),
    ]


def test_no_runs_are_no_rows_and_still_a_page(tmp_path):
    assert runs(tmp_path) == []
    assert "Todavía no se ha ejecutado nada." in write_index(tmp_path).read_text()


def test_record_of_a_living_process_is_running(tmp_path, write):
    started = psutil.Process().create_time()
    write("a", 1, "running", pid=os.getpid(), pid_started=started)
    assert runs(tmp_path)[0]["status"] == "running"


def test_record_of_a_reused_process_number_is_lost(tmp_path, write):
    started = psutil.Process().create_time()
    write("a", 1, "running", pid=os.getpid(), pid_started=started - 3600)
    assert runs(tmp_path)[0]["status"] == "lost"


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"job": "a"}'])
def test_folder_without_a_whole_record_is_a_lost_run(tmp_path, content):
    folder = tmp_path / "runs/a/20260301T120000Z-00000000"
    folder.mkdir(parents=True)
    if content is not None:
        (folder / "run.json").write_text(content)
    record = read_record(folder)
    assert (record.job, record.status, record.started_at) == ("a", "lost", "2026-03-01T12:00:00+00:00")
    assert "perdido" in write_index(tmp_path).read_text()


def test_page_says_what_is_there_how_fresh_and_what_failed(tmp_path, write):
    good = write("a", 1, title="Retention <b>", reader="the shop", versions={"messages": 3})
    publish(tmp_path, good)
    write("a", 2, "failed", reason="kernel_died", title="Retention <b>")
    page = write_index(tmp_path, language="en").read_text()
    assert '<a href="published/a/report.html">Retention &lt;b&gt;</a>' in page
    assert "1 Mar 2026, 07:00" in page
    assert "messages 3" in page
    assert "2 Mar 2026, 07:00: the process was killed or crashed" in page
    assert 'href="runs/a/20260302T120000Z-00000000/report.html"' in page


def test_old_failure_is_history_once_a_later_run_was_good(tmp_path, write):
    write("a", 1, "failed", reason="cell_error")
    publish(tmp_path, write("a", 2))
    page = write_index(tmp_path).read_text()
    assert "una celda terminó en error" in page
    assert 'class="bad"' not in page


def test_page_asks_for_nothing_from_elsewhere(tmp_path, write):
    write("a", 1)
    page = html.unescape(write_index(tmp_path).read_text())
    assert "script-src 'none'" in page
    assert "http://" not in page
    assert "https://" not in page
