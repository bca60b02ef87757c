"""Jobs from outside: real schedulers, real kernels, real kills; what is on disk afterwards."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

import commanding
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


def start(project, *arguments, command=ANALYTICS):
    settings = {name: value for name, value in os.environ.items() if not name.startswith("ANALYTICS_")}
    return subprocess.Popen(
        [command, *arguments],
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


def listed(project):
    """What ``analytics runs`` says, newest first."""
    return json.loads(ended(start(project, "runs", "--json"))[1])


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


def test_a_killed_scheduler_leaves_no_process_and_the_next_one_goes_on_also_with_what_waited(project):
    write_notebook(project, "slow", HANGS_ONCE)
    write_notebook(project, "quick", QUICK)
    write_jobs(
        project,
        'jobs:\n  a: {notebook: slow, cron: "0 0 * * *", retries: {lost: 1}}\n'
        '  b: {notebook: quick, cron: "0 0 * * *", after: [a]}',
    )
    scheduler = start(project, "schedule")
    wait_for((project / "hung").exists)
    assert [(row["job"], row["status"], row["reason"]) for row in listed(project)] == [
        ("b", "queued", "after a"),
        ("a", "running", None),
    ]
    (folder,) = [path.parent for path in project.glob("outputs/runs/a/*/run.json")]
    scheduler.send_signal(signal.SIGKILL)
    scheduler.communicate()
    wait_for(lambda: not members(folder), seconds=10)
    status, printed = ended(start(project, "schedule", "--once"))
    assert status == 0, printed
    assert "b for " in printed
    assert ": queued (waits for a)" in printed
    found = [(one["status"], one["attempt"]) for one in records(project, "a")]
    assert found == [("running", 1), ("succeeded", 2)]
    assert [(row["job"], row["status"]) for row in listed(project)] == [
        ("b", "succeeded"),
        ("a", "succeeded"),
        ("a", "lost"),
    ]


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


# The command itself, with runs that only say that they began; in one of them it is killed the first time.
COUNTED = """
import os, pathlib, signal
from analytics_lib import cli
from analytics_lib.cli import jobs
from analytics_lib.runs.record import RunRecord

def run_slot(job, slot_at, **_):
    day = f"{slot_at:%Y-%m-%d}"
    with open("began", "a") as began:
        began.write(f"{day}\\n")
    mark = pathlib.Path("killed")
    if day == "2026-02-15" and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return RunRecord(job.name, day, "succeeded", slot_at.isoformat(), slot_at=slot_at.isoformat())

jobs.run_slot = run_slot
cli.main()
"""


def test_a_backfill_of_thirty_days_killed_in_the_middle_runs_no_finished_day_again(project):
    write_notebook(project, "daily", QUICK)
    ask = ("-c", COUNTED, "backfill", "daily", "--from", "2026-02-01", "--to", "2026-03-03", "--at-once", "1")
    assert ended(start(project, *ask, command=sys.executable))[0] == -signal.SIGKILL
    before, begun = slots(project), len(days_begun(project))
    assert list(before.values()) == ["succeeded"] * 14 + ["running"] + ["queued"] * 15

    status, printed = ended(start(project, *ask, command=sys.executable))
    assert status == 0, printed
    assert "daily: 30 of 30 slots have succeeded." in printed
    assert list(slots(project).values()) == ["succeeded"] * 30
    again = days_begun(project)[begun:]
    assert sorted(again) == [day for day, state in before.items() if state != "succeeded"]


def days_begun(project):
    """The days whose runs began, in that order."""
    path = project / "began"
    return path.read_text().split() if path.exists() else []


def slots(project):
    """The state of each slot by its day, as the ledger holds it."""
    with contextlib.closing(sqlite3.connect(project / "outputs/ledger.sqlite")) as ledger:
        found = ledger.execute("select substr(slot_at, 1, 10), state from slots order by slot_at")
        return dict(found.fetchall())


def test_cancel_and_retry_by_the_name_of_a_run_also_of_one_that_waits(project):
    write_notebook(project, "slow", HANGS_ONCE)
    write_jobs(
        project,
        'jobs:\n  a: {notebook: slow, cron: "0 0 * * *"}\n  b: {notebook: slow, cron: "0 0 * * *"}',
    )
    scheduler = start(project, "schedule", "--once", "--at-once", "1")
    wait_for((project / "hung").exists)
    (running,) = records(project)
    waiting = listed(project)[0]
    assert (waiting["job"], waiting["status"], waiting["reason"]) == ("b", "queued", "no_place")
    assert "espera un lugar libre" in (project / "outputs/index.html").read_text()
    assert ended(start(project, "cancel", waiting["run"])) == (0, "b: cancelled before it began\n")
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


def test_gc_lists_before_it_deletes_and_keeps_what_is_shown(project, capsys):
    write_notebook(project, "quick", QUICK)
    write_jobs(project, 'jobs:\n  quick: {notebook: quick, cron: "0 0 * * *", keep_runs: 1}')
    for _ in range(2):
        assert commanding.status("run", "quick", folder=project) == 0
    old, new = (record["run"] for record in records(project))
    assert commanding.status("gc", "--dry-run", folder=project) == 0
    assert f"quick {old} (succeeded)" in capsys.readouterr().out
    assert len(records(project)) == 2
    assert commanding.status("gc", folder=project) == 0
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
def test_a_wrong_request_is_refused_with_status_2(project, capsys, arguments, said):
    write_notebook(project, "quick", QUICK)
    assert commanding.status(*arguments, folder=project) == 2
    assert said in capsys.readouterr().err
