"""``analytics run-slot`` from outside: what an orchestrator of several machines asks for."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from commanding import status

ANALYTICS = str(Path(sys.executable).with_name("analytics"))
BODY = "import pathlib, time\npathlib.Path('began').touch()\nif channel == 'slow':\n    time.sleep(600)"


@pytest.fixture
def project(tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "params").mkdir()
    declared = 'until: "date" = "2026-01-31"  # last day, excluded\nchannel: str = ""  # which'
    recorded = "from analytics_lib.runs import record_results\nrecord_results(until=until)"
    cells = [
        nbformat.v4.new_code_cell(declared, metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(BODY),
        nbformat.v4.new_code_cell(recorded),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "notebooks" / "small.ipynb")
    (tmp_path / "params" / "jobs.yaml").write_text(
        "jobs:\n"
        '  daily: {notebook: small, cron: "30 5 * * *", parameters: {until: "{as_of}"}}\n'
        '  slow: {notebook: small, cron: "30 5 * * *", parameters: {channel: slow}}\n'
    )
    return tmp_path


def run_slot(project, *arguments):
    settings = {name: value for name, value in os.environ.items() if not name.startswith("ANALYTICS_")}
    return subprocess.Popen(
        [ANALYTICS, "run-slot", *arguments],
        cwd=project,
        env=settings,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(process):
    printed, _ = process.communicate(timeout=240)
    return process.returncode, printed


def records(project, job):
    found = [json.loads(path.read_text()) for path in project.glob(f"outputs/runs/{job}/*/run.json")]
    return sorted(found, key=lambda record: record["attempt"])


def published(project):
    return json.loads((project / "outputs/published/daily/run.json").read_text())["slot_at"]


@pytest.fixture
def asked(project, capsys):
    """What the command makes of its arguments, in this process: exit status and what it printed."""

    def asked(*arguments):
        ended = status("run-slot", *arguments, folder=project)
        return ended, "".join(capsys.readouterr())

    return asked


def test_a_slot_is_run_once_and_what_is_published_never_goes_back(project, asked):
    newer, older = "2026-02-03T10:30:00+00:00", "2026-02-02T05:30:00-05:00"
    for _ in range(2):
        assert asked("daily", "--slot", newer) == (0, f"daily for {newer}: succeeded\n")
    assert [(one["attempt"], one["results"]) for one in records(project, "daily")] == [
        (1, {"until": "2026-02-03"})
    ]
    assert asked("daily", "--slot", older)[0] == 0
    assert published(project) == newer
    # The ledger of one machine is left alone.
    assert not (project / "outputs/ledger.sqlite").exists()


def test_what_is_not_to_be_published_is_once_somebody_asks_and_again_means_again(project, asked):
    slot = ("daily", "--slot", "2026-02-03T10:30:00+00:00")
    assert asked(*slot, "--no-publish")[0] == 0
    assert not (project / "outputs/published").exists()
    assert asked(*slot, "--again")[0] == 0
    assert [one["attempt"] for one in records(project, "daily")] == [1, 2]
    assert published(project) == "2026-02-03T10:30:00+00:00"


def test_a_run_is_cancelled_once_whoever_asked_for_it_is_gone(project):
    process = run_slot(project, "slow", "--slot", "2026-02-03T10:30:00+00:00", "--until-stdin-ends")
    while not (project / "began").exists():
        time.sleep(0.1)
    assert ended(process) == (1, "slow for 2026-02-03T10:30:00+00:00: cancelled\n")
    assert [one["status"] for one in records(project, "slow")] == ["cancelled"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nope", "--slot", "2026-02-03T10:30:00+00:00"), "There is no job 'nope'"),
        (
            ("daily", "--slot", "2026-02-03T10:31:00+00:00"),
            "is no slot of daily; the one before is 2026-02-03T10:30",
        ),
        (("daily", "--slot", "2099-02-03T10:30:00+00:00"), "has not come yet"),
        (("daily", "--slot", "2026-02-03T10:30:00"), "does not say its offset from UTC"),
        (("daily", "--slot", "today"), "is no time"),
    ],
)
def test_a_wrong_request_is_refused_with_status_2(asked, arguments, said):
    ended, printed = asked(*arguments)
    assert (ended, said in printed) == (2, True), printed
