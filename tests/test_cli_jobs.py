"""Jobs from outside: real schedulers, real kernels, real kills; what is on disk afterwards."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from analytics_lib.runs.processes import members

ANALYTICS = str(Path(sys.executable).with_name("analytics"))
QUICK = "pass"
DIES_ONCE = """
import os, pathlib, signal
mark = pathlib.Path("died")
if not mark.exists():
    mark.touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""
HANGS_ONCE = """
import pathlib, time
mark = pathlib.Path("hung")
if not mark.exists():
    mark.touch()
    time.sleep(600)
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "params").mkdir()
    return tmp_path


def write_notebook(project, name, body):
    cells = [
        nbformat.v4.new_code_cell(
            'until: "date" = "2026-01-31"  # last day, excluded\nchannel: str = ""  # which',
            metadata={"tags": ["parameters"]},
        ),
        nbformat.v4.new_code_cell(body),
        nbformat.v4.new_code_cell(
            "from analytics_lib.runs import record_results\nrecord_results(channel=channel, until=until)"
        ),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), project / "notebooks" / f"{name}.ipynb")


def write_jobs(project, text):
    (project / "params" / "jobs.yaml").write_text(text)


def start(project, *arguments):
    settings = {name: value for name, value in os.environ.items() if not name.startswith("ANALYTICS_")}
    return subprocess.Popen(
        [ANALYTICS, *arguments],
        cwd=project,
        env=settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def ended(process, seconds=240):
    """Exit status and what was printed."""
    printed, _ = process.communicate(timeout=seconds)
    return process.returncode, printed


def records(project, job="*"):
    """The records of runs, oldest first."""
    found = [json.loads(path.read_text()) for path in project.glob(f"outputs/runs/{job}/*/run.json")]
    return sorted(found, key=lambda record: (record["started_at"], record["attempt"]))


def wait_for(look, seconds=60):
    for _ in range(seconds * 10):
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError(look)


def test_two_schedulers_started_together_on_ten_due_jobs_make_ten_runs(project):
    write_notebook(project, "quick", QUICK)
    channels = ", ".join(f"c{number}" for number in range(10))
    write_jobs(
        project, f'jobs:\n  ten: {{notebook: quick, cron: "0 0 * * *", each: {{channel: [{channels}]}}}}'
    )
    both = [start(project, "schedule", "--once") for _ in range(2)]
    assert [ended(process)[0] for process in both] == [0, 0]
    found = records(project)
    assert sorted(record["results"]["channel"] for record in found) == [f"c{number}" for number in range(10)]
    assert {record["status"] for record in found} == {"succeeded"}
    assert len(list(project.glob("outputs/published/ten__c*/report.html"))) == 10


def test_a_kernel_killed_in_a_middle_cell_is_a_failure_and_is_tried_once_more(project):
    write_notebook(project, "fragile", DIES_ONCE)
    write_jobs(project, 'jobs:\n  a: {notebook: fragile, cron: "0 0 * * *"}')
    status, printed = ended(start(project, "schedule", "--once"))
    assert [(record["status"], record["reason"], record["attempt"]) for record in records(project)] == [
        ("failed", "kernel_died", 1),
        ("succeeded", None, 2),
    ]
    assert status == 0, printed
    assert json.loads((project / "outputs/published/a/run.json").read_text())["attempt"] == 2


def test_a_killed_scheduler_leaves_no_process_and_the_next_one_goes_on(project):
    write_notebook(project, "slow", HANGS_ONCE)
    write_jobs(project, 'jobs:\n  a: {notebook: slow, cron: "0 0 * * *", retries: {lost: 1}}')
    scheduler = start(project, "schedule")
    wait_for((project / "hung").exists)
    (folder,) = [path.parent for path in project.glob("outputs/runs/a/*/run.json")]
    scheduler.send_signal(signal.SIGKILL)
    scheduler.communicate()
    wait_for(lambda: not members(folder), seconds=10)
    status, printed = ended(start(project, "schedule", "--once"))
    assert status == 0, printed
    assert [(one["status"], one["attempt"]) for one in records(project)] == [("running", 1), ("succeeded", 2)]
    _, listed = ended(start(project, "runs", "--json"))
    assert [row["status"] for row in json.loads(listed)] == ["succeeded", "lost"]


def test_a_stopped_service_writes_down_what_it_cancelled(project):
    write_notebook(project, "slow", HANGS_ONCE)
    write_jobs(project, 'jobs:\n  a: {notebook: slow, cron: "0 0 * * *"}')
    scheduler = start(project, "schedule")
    wait_for((project / "hung").exists)
    scheduler.send_signal(signal.SIGTERM)
    assert ended(scheduler, seconds=20)[0] == 1
    ((status, folder),) = [
        (record["status"], project / "outputs/runs/a" / record["run"]) for record in records(project)
    ]
    assert status == "cancelled"
    assert members(folder) == []


def test_a_backfill_stopped_in_the_middle_goes_on_where_it_ended(project):
    write_notebook(project, "daily", "import time\ntime.sleep(0.5)")
    ask = ("backfill", "daily", "--from", "2026-02-01", "--to", "2026-02-06", "--at-once", "1")
    first = start(project, *ask)
    done = wait_for(lambda: [one for one in records(project) if one["status"] == "succeeded"])
    first.send_signal(signal.SIGTERM)
    assert ended(first)[0] == 1
    status, printed = ended(start(project, *ask))
    assert status == 0, printed
    assert "daily: 5 of 5 slots have succeeded." in printed
    succeeded = [one["parameters"]["until"] for one in records(project) if one["status"] == "succeeded"]
    assert sorted(succeeded) == [f"2026-02-0{day}" for day in range(1, 6)]
    assert done[0]["run"] in {one["run"] for one in records(project)}
    assert not (project / "outputs/published").exists()


def test_cancel_and_retry_by_the_name_of_a_run(project):
    write_notebook(project, "slow", HANGS_ONCE)
    write_jobs(project, 'jobs:\n  a: {notebook: slow, cron: "0 0 * * *"}')
    scheduler = start(project, "schedule", "--once")
    wait_for((project / "hung").exists)
    (running,) = records(project)
    assert ended(start(project, "cancel", running["run"])) == (0, "a: cancelled\n")
    assert ended(scheduler)[0] == 1
    status, printed = ended(start(project, "retry", running["run"]))
    assert status == 0, printed
    assert [(one["status"], one["attempt"]) for one in records(project)] == [
        ("cancelled", 1),
        ("succeeded", 2),
    ]
    refused, printed = ended(start(project, "cancel", running["run"]))
    assert refused == 2
    assert "only what is running can be cancelled" in printed


def test_gc_lists_before_it_deletes_and_keeps_what_is_shown(project):
    write_notebook(project, "quick", QUICK)
    write_jobs(project, 'jobs:\n  quick: {notebook: quick, cron: "0 0 * * *", keep_runs: 1}')
    for _ in range(2):
        assert ended(start(project, "run", "quick"))[0] == 0
    old, new = (record["run"] for record in records(project))
    status, printed = ended(start(project, "gc", "--dry-run"))
    assert (status, f"quick {old} (succeeded)" in printed) == (0, True)
    assert len(records(project)) == 2
    assert ended(start(project, "gc"))[0] == 0
    assert [record["run"] for record in records(project)] == [new]
    assert (project / "outputs/published/quick/report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("schedule", "--once"), "There is no params/jobs.yaml"),
        (("backfill", "nope", "--from", "2026-02-01", "--to", "2026-02-02"), "neither a job nor a notebook"),
        (("backfill", "quick", "--from", "2026-02-02", "--to", "2026-02-02"), "must not be empty"),
        (("retry", "2026"), "names 0 runs"),
    ],
)
def test_a_wrong_request_is_refused_with_status_2(project, arguments, said):
    write_notebook(project, "quick", QUICK)
    status, printed = ended(start(project, *arguments))
    assert (status, said in printed) == (2, True), printed
