"""One slot of a job, without Dagster: the command, what is judged from its end, and what it waits for."""

import datetime as dt
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from analytics_lib.runs.jobs import ScheduledJob
from analytics_lib.runs.record import RunRecord, write_record
from deploy.slots import (
    WAIT,
    Ended,
    command,
    execute,
    facts,
    is_tried_again,
    judge,
    link,
    obstacle,
    runs_of,
)

SLOT = dt.datetime(2026, 3, 2, 10, 30, tzinfo=dt.UTC)
DAILY = ScheduledJob(
    "daily", "small", cron="30 5 * * *", time_zone="America/Bogota", retries={"kernel_died": 1}
)
WEEKLY = ScheduledJob("weekly", "small", cron="0 6 * * mon", time_zone="America/Bogota", after=("daily",))
LAST = ScheduledJob("last", "small", cron="0 7 * * mon", time_zone="America/Bogota", after=("weekly",))
JOBS = [DAILY, WEEKLY, LAST]


def write(outputs, record):
    (outputs / record.folder).mkdir(parents=True, exist_ok=True)
    write_record(outputs, record)


def run(status, *, attempt=1, reason=None, slot_at=SLOT, job="daily"):
    name = f"2026030{attempt}T103001Z-0000000{attempt}"
    at = slot_at.isoformat(timespec="seconds")
    return RunRecord(job, name, status, at, reason=reason, error="so", slot_at=at, attempt=attempt)


def test_the_command_is_our_own_for_one_slot():
    first, *rest = command(DAILY, SLOT, publishes=True, again=False)
    assert Path(first) == Path(sys.executable).with_name("analytics")
    assert rest == ["run-slot", "daily", "--slot", "2026-03-02T10:30:00+00:00", "--until-stdin-ends"]


def test_a_day_filled_in_is_not_published_and_a_wish_to_run_again_is_passed_on():
    assert command(DAILY, SLOT, publishes=False, again=True)[-2:] == ["--no-publish", "--again"]


def test_a_command_is_run_in_the_root_and_its_last_lines_are_kept(tmp_path):
    code = "import os; print(*range(30), os.getcwd(), sep='\\n'); raise SystemExit(3)"
    ended = execute([sys.executable, "-c", code], root=tmp_path)
    assert (ended.exit_status, ended.printed.splitlines()[0]) == (3, "11")
    assert Path(ended.printed.splitlines()[-1]) == tmp_path.resolve()


def test_a_command_learns_that_whoever_asked_is_gone(tmp_path):
    """Interrupted while the command runs, as by a person who stops the run in the browser."""
    code = (
        "import pathlib, sys; pathlib.Path('began').touch(); sys.stdin.read(); pathlib.Path('told').touch()"
    )
    main = threading.main_thread()

    def interrupt():
        while not (tmp_path / "began").exists():
            time.sleep(0.05)
        signal.pthread_kill(main.ident, signal.SIGINT)

    # A worker of the tests ignores interrupts.
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=interrupt, daemon=True).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            execute([sys.executable, "-c", code], root=tmp_path)
    finally:
        signal.signal(signal.SIGINT, usual)
    assert (tmp_path / "told").exists()


def test_the_runs_of_a_slot_are_found_newest_first_as_they_are_written_down(tmp_path):
    other = SLOT + dt.timedelta(days=1)
    # Of no living process here: it may be living elsewhere.
    written = [run("failed"), run("running", attempt=2), run("succeeded", attempt=3, slot_at=other)]
    for record in written:
        write(tmp_path, record)
    (tmp_path / "runs/daily/torn").mkdir()
    (tmp_path / "runs/daily/torn/run.json").write_text("{")
    assert runs_of(tmp_path, "daily", SLOT) == [written[1], written[0]]
    assert runs_of(tmp_path, "weekly", SLOT) == []


GOOD, BAD = run("succeeded", attempt=2), run("failed", reason="out_of_memory")


@pytest.mark.parametrize(
    ("status", "runs", "known", "succeeded", "cause", "told"),
    [
        (0, [GOOD, BAD], [BAD], True, None, f"{GOOD.run} succeeded."),
        (0, [GOOD], [GOOD], True, None, f"{GOOD.run} had succeeded before."),
        (0, [], [], False, "not_started", "No run was written down. It said: said"),
        (1, [BAD], [], False, "out_of_memory", "out_of_memory: so"),
        (1, [run("timed_out")], [], False, "timed_out", "timed_out: so"),
        (-9, [run("running")], [], False, "lost", "lost: so"),
        (2, [], [], False, "not_started", "said"),
        (1, [BAD], [BAD], False, "not_started", "said"),
        (1, [GOOD], [], False, "exit_status", "exit status 1: said"),
    ],
)
def test_success_needs_the_exit_status_and_the_record(status, runs, known, succeeded, cause, told):
    outcome = judge(Ended(status, "said"), runs, known=known)
    assert (outcome.succeeded, outcome.cause, outcome.told) == (succeeded, cause, told)


@pytest.mark.parametrize(
    ("cause", "attempt", "again"),
    [("kernel_died", 1, True), ("kernel_died", 2, False), ("cell_error", 1, False), (None, 1, False)],
)
def test_a_run_is_begun_again_by_its_cause_and_so_often(cause, attempt, again):
    assert is_tried_again(DAILY, cause, attempt=attempt) is again


def obstacle_of(job, outputs, *written):
    for record in written:
        write(outputs, record)
    return obstacle(job, SLOT + dt.timedelta(minutes=30), jobs=JOBS, outputs=outputs)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ([], WAIT),
        ([run("running")], WAIT),
        ([run("failed", reason="kernel_died")], WAIT),
        (
            [run("failed", reason="kernel_died"), run("failed", attempt=2, reason="kernel_died")],
            "daily failed",
        ),
        ([run("timed_out")], "daily timed_out"),
        ([run("failed", reason="cell_error"), run("succeeded", attempt=2)], None),
        ([run("succeeded", slot_at=SLOT - dt.timedelta(days=1))], WAIT),
    ],
)
def test_a_slot_waits_for_the_newest_slot_of_the_jobs_before_it(tmp_path, before, expected):
    assert obstacle_of(WEEKLY, tmp_path, *before) == expected


def test_what_kept_the_job_before_keeps_the_one_after_it(tmp_path):
    slot_at = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
    assert obstacle(LAST, slot_at, jobs=JOBS, outputs=tmp_path) == WAIT
    write(tmp_path, run("failed", reason="cell_error"))
    assert obstacle(LAST, slot_at, jobs=JOBS, outputs=tmp_path) == "weekly skipped (daily failed)"


def test_a_job_that_waits_for_none_is_kept_by_nothing(tmp_path):
    assert obstacle(DAILY, SLOT, jobs=JOBS, outputs=tmp_path) is None


def test_what_is_unknown_of_a_run_is_not_said():
    told = facts(run("failed", reason="cell_error"))
    assert told["reason"] == "cell_error"
    assert not {"results", "seconds", "peak_memory_mb"} & told.keys()


def test_the_link_is_below_the_address_that_serves_the_outputs_or_a_file(tmp_path):
    record = run("failed")
    folder = f"runs/daily/{record.run}"
    assert link(record, tmp_path, "http://pages.example/") == f"http://pages.example/{folder}"
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "report.html").touch()
    assert link(record, tmp_path, None) == f"file://{tmp_path}/{folder}/report.html"
