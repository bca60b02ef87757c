"""The command line from outside: a process, its exit status and what it prints."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from analytics_lib.analysis.prepared import EVERY_KEPT
from analytics_lib.errors import StoreError
from analytics_lib.runs.processes import members
from analytics_lib.runs.record import RunRecord, write_record
from analytics_lib.store import Store, derived, lookups
from commanding import status

ANALYTICS = str(Path(sys.executable).with_name("analytics"))
PROJECT = Path(__file__).parents[1]
SIMULATE = ("simulate", "--seed", "7", "--until", "2026-06-01")


@pytest.fixture
def project(tmp_path):
    """A folder as the project's root: the real params, one small notebook."""
    (tmp_path / "params").symlink_to(PROJECT / "params")
    (tmp_path / "notebooks").mkdir()
    cells = [
        nbformat.v4.new_markdown_cell("# Small\n\n**Question:** does it run? **Reader:** a test."),
        nbformat.v4.new_code_cell(
            'channel: str = "web"  # which channel\nuntil: "date" = "2026-01-31"  # last day, excluded',
            metadata={"tags": ["parameters"]},
        ),
        nbformat.v4.new_code_cell(
            "from analytics_lib.runs import record_results\nrecord_results(channel=channel, until=until)"
        ),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "notebooks" / "small.ipynb")
    return tmp_path


@pytest.fixture
def here(project, monkeypatch):
    """The same folder as the working folder of this process."""
    monkeypatch.chdir(project)
    return project


def analytics(folder, *arguments):
    settings = {name: value for name, value in os.environ.items() if not name.startswith("ANALYTICS_")}
    return subprocess.run(
        [ANALYTICS, *arguments],
        cwd=folder,
        env=settings,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_simulated_world_is_written_ingested_and_listed(project):
    made = analytics(project, "simulate", "--conversations", "30", "--seed", "7", "--until", "2026-06-01")
    tables = json.loads(analytics(project, "store", "info", "--json").stdout)

    assert made.returncode == 0, made.stderr
    assert {row["table"]: row["rows"] for row in tables}["conversations"] == 30
    assert analytics(project, "store", "verify").returncode == 0


def test_what_large_questions_share_is_there_after_ingest(here, monkeypatch):
    monkeypatch.setattr(derived, "WORTH_KEEPING_ROWS", 20)
    monkeypatch.setattr(lookups, "WORTH_LOOKING_UP_ROWS", 20)
    assert (
        status("simulate", "--conversations", "30", "--seed", "7", "--until", "2026-06-01", folder=here) == 0
    )
    kept = {path.name.rpartition("-")[0] for path in (here / "data" / "store" / derived.FOLDER).iterdir()}
    assert kept == {rows.name for rows in EVERY_KEPT} - {"conversation_orders"}


def test_rows_are_stored_also_where_nothing_can_be_worked_out_ahead(here, monkeypatch, capsys):
    def fail(*_):
        raise StoreError("The query needs more memory.")

    monkeypatch.setattr(Store, "prepare", fail)
    assert (
        status("simulate", "--conversations", "10", "--seed", "7", "--until", "2026-06-01", folder=here) == 0
    )
    assert "every row is stored; the first question will take longer: The query" in capsys.readouterr().err
    with Store.open(here / "data" / "store") as store:
        assert len(store.query("select conversation_id from conversations")) == 10


def test_no_ingest_leaves_the_files_and_makes_no_store(project):
    made = analytics(project, "simulate", "--conversations", "10", "--until", "2026-06-01", "--no-ingest")

    assert made.returncode == 0, made.stderr
    assert list(project.glob("data/inbox/simulated-10-1-2026-06-01/messages.ndjson"))
    assert not (project / "data" / "store").exists()


def test_run_succeeds_is_published_and_listed(project):
    ran = analytics(project, "run", "small", "-p", "channel=whatsapp", "--as-of", "2026-03-01")
    rows = json.loads(analytics(project, "runs", "--json").stdout)

    assert ran.returncode == 0, ran.stderr
    assert (rows[0]["job"], rows[0]["status"]) == ("small", "succeeded")
    assert rows[0]["parameters"] == {"channel": "whatsapp", "until": "2026-03-01"}
    assert rows[0]["results"] == {"channel": "whatsapp", "until": "2026-03-01"}
    assert (project / "outputs" / "published" / "small" / "report.html").is_file()
    assert ran.stdout.strip().splitlines()[-1].endswith("outputs/index.html")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "small", "-p", "chanel=web"], ["chanel", "channel", "until"]),
        (["run", "small", "-p", "until=soon"], ["until", "soon"]),
        (["run", "small", "-p", "channel"], ["KEY=VALUE"]),
        (["run", "smal"], ["small"]),
        (["run"], ["--all"]),
        (["ingest", "contract", "x.ndjson"], ["x.ndjson"]),
        (["ingest", "bird", "nothing-*.ndjson"], ["nothing-*.ndjson"]),
        (["simulate", "--conversations", "0"], ["0"]),
        (["simulate", "--until", "tomorrow"], ["tomorrow"]),
        (["wander"], ["wander"]),
    ],
)
def test_wrong_request_is_refused_with_status_2_before_anything_starts(here, capsys, arguments, said):
    assert status(*arguments) == 2
    complaint = capsys.readouterr().err
    assert all(word in complaint for word in said), complaint
    assert not (here / "outputs").exists()


def test_all_begins_with_what_took_longest_last_time_and_before_it_with_what_never_ran(here, monkeypatch):
    """Two at a time then end together; the newest good run of each counts."""
    for name in ("brief", "long", "new"):
        (here / "notebooks" / f"{name}.ipynb").write_bytes((here / "notebooks" / "small.ipynb").read_bytes())
    for name, day, status_then, seconds in [
        ("brief", 1, "succeeded", 99.0),
        ("brief", 2, "succeeded", 2.0),
        ("small", 2, "succeeded", 5.0),
        ("long", 2, "succeeded", 60.0),
        ("long", 3, "failed", 0.1),
    ]:
        at = f"2026-03-{day:02}T12:00:00+00:00"
        record = RunRecord(name, f"2026030{day}T120000Z-00000000", status_then, at, seconds=seconds)
        (here / "outputs" / record.folder).mkdir(parents=True)
        write_record(here / "outputs", record)
    begun = []

    def run(job, **_):
        begun.append(job.name)
        raise OSError("not run here")

    monkeypatch.setattr("analytics_lib.cli.runs.run", run)
    assert status("run", "--all", "--at-once", "1") == 1
    assert begun == ["new", "long", "small", "brief"]


def test_unknown_source_is_refused_with_the_nearest_name(here, capsys):
    (here / "x.ndjson").write_text("{}\n")

    assert status("ingest", "contrat", "x.ndjson") == 2
    assert "'contract'" in capsys.readouterr().err


def test_failing_cell_ends_in_status_1_and_leaves_what_was_published(project):
    assert analytics(project, "run", "small").returncode == 0
    good = (project / "outputs" / "published" / "small" / "report.html").read_bytes()
    path = project / "notebooks" / "small.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[-1].source = "1 / 0"
    nbformat.write(notebook, path)

    failed = analytics(project, "run", "small")

    assert failed.returncode == 1
    assert "ZeroDivisionError" in failed.stderr
    assert (project / "outputs" / "published" / "small" / "report.html").read_bytes() == good


def test_interrupted_run_is_recorded_as_cancelled_and_leaves_no_process(project):
    cells = [
        nbformat.v4.new_code_cell('mark: str = "x"  # a parameter', metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("import time\ntime.sleep(60)"),
    ]
    for name in ("hangs", "hangs_too"):
        nbformat.write(nbformat.v4.new_notebook(cells=cells), project / "notebooks" / f"{name}.ipynb")
    settings = {name: value for name, value in os.environ.items() if not name.startswith("ANALYTICS_")}
    command = [ANALYTICS, "run", "hangs", "hangs_too", "small", "--at-once", "2"]
    # A worker of the tests ignores interrupts, and so would whatever it starts.
    running = subprocess.Popen(
        command,
        cwd=project,
        env=settings,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    folders = until_true(lambda: [path.parent for path in project.glob("outputs/runs/*/*/state.json")], 2)
    running.send_signal(signal.SIGINT)
    assert running.wait(30) == 1
    records = [json.loads((folder / "run.json").read_text()) for folder in folders]
    assert {record["job"]: record["status"] for record in records} == {
        "hangs": "cancelled",
        "hangs_too": "cancelled",
    }
    assert [members(folder) for folder in folders] == [[], []]
    assert not (project / "outputs/runs/small").exists()


def until_true(look, count, seconds=60):
    """What ``look`` finds once it finds so many."""
    for _ in range(seconds * 10):
        if len(found := look()) == count:
            return found
        time.sleep(0.1)
    raise AssertionError(found)


def test_help_lists_every_command(project):
    said = analytics(project, "--help").stdout

    assert all(f"  {name} " in said for name in ("ingest", "run", "runs", "simulate", "store"))
