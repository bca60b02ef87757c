import datetime as dt
import html
import os
import re

import psutil
import pytest

from analytics_lib.runs.catalog import Surroundings, runs, write_index
from analytics_lib.runs.jobs import ScheduledJob
from analytics_lib.runs.ledger import Slot
from analytics_lib.runs.publish import publish
from analytics_lib.runs.record import RunRecord, read_record, write_record


@pytest.fixture
def write(tmp_path):
    def write(job, day, status="succeeded", **fields):
        named = {
            "run": f"202603{day:02}T120000Z-00000000",
            "started_at": f"2026-03-{day:02}T12:00:00+00:00",
        }
        record = RunRecord(job=job, status=status, **{**named, **fields})
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
    assert "messages 3" not in page
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


def plan(name, **fields):
    return ScheduledJob(name, "notebook", "30 5 * * *", "America/Bogota", **fields)


def test_page_says_how_old_the_data_are_and_when_the_next_run_is_due(tmp_path, write):
    write("a", 1, results={"until": "2026-03-01"}, slot_at="2026-03-01T10:30:00+00:00")
    now = dt.datetime(2026, 3, 2, 3, 0, tzinfo=dt.UTC)
    page = write_index(tmp_path, around=Surroundings(jobs=[plan("a")], now=now)).read_text()
    # 3 in the morning UTC is still the first of March in Bogotá.
    assert "28 feb 2026 · hace 1 día" in page
    assert "<dd>2 mar 2026, 05:30</dd>" in page
    assert "debió correr" not in page


def test_slot_that_nobody_ran_is_overdue_after_an_hour(tmp_path, write):
    write("a", 1, slot_at="2026-03-01T10:30:00+00:00")
    for hour, said in ((11, False), (12, True)):
        now = dt.datetime(2026, 3, 2, hour, 0, tzinfo=dt.UTC)
        page = write_index(tmp_path, around=Surroundings(jobs=[plan("a")], now=now)).read_text()
        assert ("debió correr: 2 mar 2026, 05:30" in page) == said


def test_planned_job_that_has_not_run_is_shown_after_the_reports(tmp_path, write):
    write("b", 1)
    page = write_index(tmp_path, around=Surroundings(jobs=[plan("a")])).read_text()
    assert page.index('id="b"') < page.index('id="a"')
    assert "todavía no ha corrido" in page
    assert not (tmp_path / "jobs/a.html").exists()


def test_what_waits_is_said_on_the_index_on_the_page_of_its_job_and_in_the_list(tmp_path, write):
    write("a", 1)
    at = dt.datetime(2026, 3, 2, 11, tzinfo=dt.UTC)
    slots = [Slot("a", at, "queued", 0, None, "after first"), Slot("new", at, "queued", 0, None, "no_place")]
    index = write_index(tmp_path, language="en", around=Surroundings(queued=slots)).read_text()
    cards = {
        name: index.partition(f'<article id="{name}"')[2].partition("</article>")[0] for name in ("a", "new")
    }
    assert "2 Mar 2026, 06:00: waits for first" in cards["a"]
    assert "2 Mar 2026, 06:00: waits for a free place" in cards["new"]
    assert '<span class="pill queued">queued</span>' in cards["new"]
    assert "2 Mar 2026, 06:00: waits for first" in (tmp_path / "jobs" / "a.html").read_text()
    first, second, third = runs(tmp_path, queued=slots)
    assert (first["run"], first["status"], first["reason"]) == (
        "new@2026-03-02T11:00:00+00:00",
        "queued",
        "no_place",
    )
    assert (second["job"], second["status"], third["status"]) == ("a", "queued", "succeeded")
    write_index(tmp_path, language="en", around=Surroundings())
    assert "waits for" not in (tmp_path / "jobs" / "a.html").read_text()


def test_history_holds_the_last_thirty_newest_on_the_right_each_with_its_page(tmp_path, write):
    for day in range(1, 29):
        write("a", day)
    for day in range(1, 6):
        write(
            "a", day, "failed", run=f"202604{day:02}T120000Z", started_at=f"2026-04-{day:02}T12:00:00+00:00"
        )
    strip = write_index(tmp_path).read_text().partition('class="strip"')[2].partition("</ol>")[0]
    links = re.findall('href="([^"]*)"', strip)
    assert len(links) == 30
    assert links[-1] == "runs/a/20260405T120000Z/report.html"
    assert links[0] == "runs/a/20260304T120000Z-00000000/report.html"
    # Shape says what colour says.
    assert strip.count("<circle") == 25
    assert strip.count("M3 3l10 10M13 3L3 13") == 5


def test_summary_counts_what_fails_and_leads_there(tmp_path, write):
    publish(tmp_path, write("good", 1))
    write("bad", 1, "timed_out")
    page = write_index(tmp_path).read_text()
    assert "al día: 1" in page
    assert "con falla: 1" in page
    assert '<a href="#bad">bad</a>' in page


def test_status_and_reason_of_another_library_are_shown_by_their_names(tmp_path, write):
    write("a", 1, "half_done", reason="tired")
    assert "half_done, tired" in write_index(tmp_path).read_text()
