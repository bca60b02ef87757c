import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from tiny_notebooks import FULL, HOSTILE, NOON, RECORD, write_notebook

from analytics_lib.errors import RequestError
from analytics_lib.runs import processes
from analytics_lib.runs.processes import members
from analytics_lib.runs.publish import publish
from analytics_lib.runs.record import read_record
from analytics_lib.runs.runner import Job, run


def saved(outputs, record):
    return json.loads((outputs / record.folder / "run.json").read_text())


def test_succeeded_run_says_what_it_ran_on_and_what_it_found(full_run):
    outputs, record = full_run
    assert record.status == "succeeded", record.error
    found = saved(outputs, record)
    assert found["status"] == "succeeded"
    assert found["reason"] is None
    assert found["versions"] == {"messages": 3}
    assert found["started_at"] == "2026-03-01T12:00:00+00:00"
    assert found["title"] == "Conversaciones & más"
    assert found["question"] == "How many?"
    assert found["reader"] == "the shop"
    assert found["peak_memory_mb"] > 50
    assert {len(found["library_hash"]), len(found["notebook_hash"])} == {64}


def test_runs_side_by_side_talk_to_their_own_kernels_and_leave_no_socket_behind(tmp_path, monkeypatch):
    # Sockets in the working folder were shared: runs heard each other's kernels, or none at all.
    notebook = write_notebook(tmp_path / "tiny.ipynb", *FULL)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def run_one(number):
        job = Job(f"tiny_{number}", notebook, {"note": str(number)})
        return run(job, outputs=tmp_path / "outputs", versions={}, now=lambda: NOON)

    with ThreadPoolExecutor(3) as pool:
        records = list(pool.map(run_one, range(3)))

    assert [record.status for record in records] == ["succeeded"] * 3, [r.error for r in records]
    assert [record.results["note"] for record in records] == ["0", "1", "2"]
    assert list((tmp_path / "work").iterdir()) == []


def test_parameters_reach_the_notebook_as_data_whatever_they_hold(full_run):
    _, record = full_run
    assert record.results["note"] == 'it\'s "quoted"\\ \n' + HOSTILE


def test_results_are_plain_json(full_run):
    _, record = full_run
    assert record.results["users"] == 3
    assert record.results["since"] == "2026-01-01T00:00:00"
    assert record.results["undefined"] is None
    assert record.results["channel"] is None


def test_notebook_is_told_the_versions_to_read(full_run):
    _, record = full_run
    assert record.results["versions"] == {"messages": 3}


def test_run_folder_holds_the_four_things_and_the_log(full_run):
    outputs, record = full_run
    names = {path.name for path in (outputs / record.folder).iterdir()}
    assert names == {"run.json", "notebook.ipynb", "report.html", "artifacts", "log.txt"}


def test_run_folder_is_named_by_time_and_key(full_run):
    _, record = full_run
    assert record.run.startswith("20260301T120000Z-")
    assert len(record.run) == len("20260301T120000Z-") + 8


def test_error_in_a_cell_is_a_failure_with_its_cell_and_text(execute, tmp_path):
    record = execute("x = 1", "raise ValueError('no \\x1b[31mstock')", RECORD)
    assert (record.status, record.reason, record.failed_cell) == ("failed", "cell_error", 2)
    assert record.error == "ValueError: no stock"
    assert "ValueError" in (tmp_path / "outputs" / record.folder / "report.html").read_text()


def test_window_that_the_library_refuses_is_a_bad_parameter(execute):
    record = execute(
        "from analytics_lib.errors import RequestError\nraise RequestError('since after until')", RECORD
    )
    assert (record.status, record.reason) == ("failed", "bad_parameter")


def test_killed_kernel_fails_and_leaves_what_was_published(execute, full_run, tmp_path):
    published = publish(*full_run)
    shutil.copytree(full_run[0] / "runs", tmp_path / "outputs/runs")
    publish(tmp_path / "outputs", full_run[1])
    record = execute(
        "x = 1", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", RECORD, name="conversations"
    )
    assert (record.status, record.reason, record.failed_cell) == ("failed", "kernel_died", 2)
    with pytest.raises(RequestError, match="only a succeeded run"):
        publish(tmp_path / "outputs", record)
    kept = tmp_path / "outputs/published/conversations/report.html"
    assert kept.read_bytes() == (published / "report.html").read_bytes()


def test_killed_papermill_fails_and_its_kernel_ends(execute, tmp_path):
    record = execute(
        "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nimport time; time.sleep(60)", RECORD
    )
    assert (record.status, record.reason, record.failed_cell) == ("failed", "kernel_died", 1)
    assert "SIGKILL" in record.error
    assert members((tmp_path / "outputs" / record.folder).resolve()) == []


def test_notebook_that_records_nothing_fails(execute):
    record = execute("x = 1")
    assert (record.status, record.reason) == ("failed", "no_sentinel")
    assert "record_results" in record.error


def test_notebook_that_exits_after_recording_but_before_its_last_cell_fails(execute):
    record = execute(RECORD, "import sys\nsys.exit(0)", "x = 1")
    assert (record.status, record.reason, record.failed_cell) == ("failed", "no_sentinel", 2)


def test_kernel_that_leaves_with_exit_code_0_before_its_last_cell_fails(execute):
    record = execute(RECORD, "import os\nos._exit(0)", "x = 1")
    assert (record.status, record.reason, record.failed_cell) == ("failed", "kernel_died", 2)


def test_hanging_cell_is_stopped_and_nothing_of_it_lives_on(execute, tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "GRACE_SECONDS", 1.0)
    hanging = """
import os, signal, subprocess, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
subprocess.Popen(["sleep", "300"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
while True:
    time.sleep(1)
"""
    record = execute("x = 1", hanging, RECORD, timeout_seconds=8)
    assert (record.status, record.reason, record.failed_cell) == ("timed_out", None, 2)
    assert record.error == "Stopped after 8 s in cell 2 of 3."
    assert members((tmp_path / "outputs" / record.folder).resolve()) == []
    asleep = [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "300"]]
    assert asleep == []


SUPERVISOR = """
import datetime as dt, sys
from pathlib import Path
from analytics_lib.runs.runner import Job, run
job = Job("tiny", Path(sys.argv[1]))
run(job, outputs=Path(sys.argv[2]), versions={}, now=lambda: dt.datetime.now(dt.UTC))
"""


def test_run_whose_supervisor_is_killed_is_lost_and_its_kernel_and_temporary_files_go(tmp_path, monkeypatch):
    outputs = tmp_path / "outputs"
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    started = tmp_path / "started"
    notebook = write_notebook(
        tmp_path / "tiny.ipynb", f"open({str(started)!r}, 'w')\nimport time\ntime.sleep(300)", RECORD
    )
    supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISOR, str(notebook), str(outputs)])
    deadline = time.monotonic() + 60
    while not started.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    folder = next((outputs / "runs/tiny").iterdir())
    assert read_record(folder).status == "running"
    assert len(members(folder.resolve())) >= 2
    os.kill(supervisor.pid, signal.SIGKILL)
    supervisor.wait()
    assert read_record(folder).status == "lost"
    deadline = time.monotonic() + 5
    while _left(tmp_path, folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _left(tmp_path, folder) == []


def _left(tmp_path, folder):
    """The processes of a run and its temporary files."""
    return [*members(folder.resolve()), *(tmp_path / "temporary").iterdir()]


def test_interrupted_run_is_cancelled_and_its_processes_end(tmp_path):
    def interrupt(done, total):
        if done == 1:
            raise KeyboardInterrupt

    outputs = tmp_path / "outputs"
    job = Job("tiny", write_notebook(tmp_path / "tiny.ipynb", "import time\ntime.sleep(300)", RECORD))
    with pytest.raises(KeyboardInterrupt):
        run(job, outputs=outputs, versions={}, now=lambda: NOON, on_progress=interrupt)
    folder = next((outputs / "runs/tiny").iterdir())
    assert read_record(folder).status == "cancelled"
    assert members(folder.resolve()) == []


@pytest.mark.parametrize("name", ["../evil", "", "A", "a/b", "a-b"])
def test_job_name_that_is_no_folder_name_is_refused(tmp_path, name):
    notebook = write_notebook(tmp_path / "tiny.ipynb", RECORD)
    with pytest.raises(RequestError, match="cannot name a job"):
        run(Job(name, notebook), outputs=tmp_path / "outputs", versions={}, now=lambda: NOON)


def test_unknown_parameter_is_refused_before_anything_is_made(tmp_path):
    notebook = write_notebook(tmp_path / "tiny.ipynb", *FULL)
    with pytest.raises(RequestError, match="Did you mean 'channel'"):
        run(
            Job("tiny", notebook, {"chanel": "web"}),
            outputs=tmp_path / "outputs",
            versions={},
            now=lambda: NOON,
        )
    assert not (tmp_path / "outputs").exists()


def test_braces_in_a_path_are_only_a_path(full_run):
    outputs, record = full_run
    assert "{run} {0}" in str(outputs)
    assert record.status == "succeeded"
