"""Whether an earlier run stands for a new one: only if nothing it rests on has changed, and it is whole."""

import datetime as dt
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from tiny_notebooks import NOON, RECORD, code, write_notebook

from analytics_lib.cli import runs as commands
from analytics_lib.runs import record as records
from analytics_lib.runs import reuse, scheduled
from analytics_lib.runs.checks import read_expectations
from analytics_lib.runs.inputs import Snapshot, store_id
from analytics_lib.runs.jobs import ScheduledJob
from analytics_lib.runs.publish import published_record
from analytics_lib.runs.record import write_record
from analytics_lib.runs.reuse import reusable
from analytics_lib.runs.runner import Job, begun
from analytics_lib.runs.scheduled import Places, run_slot

SETS = {"sets": [{"messages": {"id": "first-store", "version": 3}}]}
VERSIONS = {"messages": 3}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A working folder with a store's record of versions and one notebook; its job."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "data/store/_meta").mkdir(parents=True)
    (tmp_path / "data/store/_meta/versions.json").write_text(json.dumps(SETS))
    parameters = code('channel: str = "web"\nuntil: "date" = "2026-03-01"', "parameters")
    notebook = write_notebook(tmp_path / "notebooks/tiny.ipynb", parameters, RECORD)
    return Job("tiny", notebook, {"channel": "web"})


def ran(job, at=NOON, status="succeeded", **changed):
    """What a run of the job would have left behind."""
    record = begun(job, job.notebook.read_bytes(), versions=VERSIONS, now=at)
    record = replace(record, run=f"{at:%Y%m%dT%H%M%SZ}-12345678", status=status, results={"answer": 42})
    record = replace(record, **changed)
    folder = Path("outputs") / record.folder
    (folder / "artifacts").mkdir(parents=True)
    (folder / "notebook.ipynb").write_bytes(job.notebook.read_bytes())
    (folder / "report.html").write_text("<main></main>")
    write_record(Path("outputs"), record)
    return record


def found(job, versions=VERSIONS):
    return reusable(job, outputs=Path("outputs"), versions=versions, now=NOON)


def test_an_unchanged_run_that_succeeded_stands(project):
    assert found(project) is None
    first = ran(project)
    assert found(project).run == first.run


def test_anything_it_rests_on_that_changed_makes_it_run_again(project, monkeypatch, tmp_path):
    ran(project)
    assert found(replace(project, parameters={"channel": "whatsapp"})) is None
    assert found(replace(project, language="en")) is None
    assert found(replace(project, name="other")) is None
    assert found(project, versions={"messages": 4}) is None
    with monkeypatch.context() as changed:
        changed.setattr("analytics_lib.runs.runner.library_hash", lambda: "another")
        assert found(project) is None
    with monkeypatch.context() as changed:
        changed.setenv("ANALYTICS_TIME_ZONE", "Europe/Madrid")
        assert found(project) is None
    assert found(project) is not None
    (tmp_path / "requirements.lock").write_text("pandas==3.0")
    assert found(project) is None
    (tmp_path / "requirements.lock").unlink()
    write_notebook(project.notebook, "x = 1", RECORD)
    assert found(replace(project, parameters={})) is None


def test_a_store_made_anew_with_the_same_numbers_is_another_store(project, tmp_path):
    ran(project)
    before = store_id({})
    other = json.dumps(SETS).replace("first-store", "second-store")
    (tmp_path / "data/store/_meta/versions.json").write_text(other)
    assert store_id({}) != before
    assert found(project) is None
    shutil.rmtree(tmp_path / "data/store")
    assert store_id({}) is None
    assert found(project) is None


@pytest.mark.parametrize("status", ["failed", "timed_out", "cancelled"])
def test_the_same_tried_later_without_success_is_run_again(project, status):
    ran(project)
    ran(project, at=NOON + dt.timedelta(hours=1), status=status)
    assert found(project) is None


def test_a_later_run_with_other_parameters_does_not_matter(project):
    first = ran(project)
    ran(replace(project, parameters={"channel": "whatsapp"}), at=NOON + dt.timedelta(hours=1))
    assert found(project).run == first.run


@pytest.mark.parametrize("lost", ["report.html", "notebook.ipynb", "artifacts", "run.json"])
def test_a_folder_that_is_not_whole_is_not_reused(project, tmp_path, lost):
    path = tmp_path / "outputs" / ran(project).folder / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert found(project) is None


def test_results_that_miss_a_check_declared_since_are_not_reused(project):
    ran(project)
    assert found(replace(project, expects=read_expectations({"answer": {"least": 42}}))) is not None
    assert found(replace(project, expects=read_expectations({"answer": {"least": 43}}))) is None


def test_a_slot_of_a_job_that_reuses_is_answered_by_the_earlier_run_and_says_so(
    project, tmp_path, monkeypatch
):
    monkeypatch.setattr(scheduled, "snapshot", lambda parameters: Snapshot(VERSIONS, {"messages": 7}))
    first = ran(project, parameters={"channel": "web", "until": "2026-03-01"})
    assert first.slot_at is None
    job = ScheduledJob("tiny", "tiny", "0 * * * *", "UTC", {"until": "{as_of}"}, reuse=True)
    places = Places(tmp_path / "notebooks", tmp_path / "params", tmp_path / "outputs")
    record = run_slot(job, NOON, attempt=1, places=places, now=lambda: NOON)
    assert (record.status, record.reason, record.run) == ("succeeded", "reused", first.run)
    assert record.error == f"Nothing it rests on has changed since {first.run}, which stands for it."
    assert record.slot_at == "2026-03-01T12:00:00+00:00"
    assert published_record(tmp_path / "outputs", "tiny").run == first.run
    kept = records.read_record(tmp_path / "outputs" / first.folder)
    assert (kept.slot_at, kept.reason) == (None, None)


def test_what_is_reused_is_published_again_only_if_another_is_shown(project, tmp_path, monkeypatch):
    outputs, published = tmp_path / "outputs", []
    monkeypatch.setattr(reuse, "publish", lambda _outputs, record: published.append(record.run))
    first = ran(project)
    reuse.show(first, outputs)
    monkeypatch.setattr(reuse, "published_record", lambda _outputs, _job: first)
    reuse.show(first, outputs)
    assert published == [first.run]


def test_run_with_reuse_runs_once_and_then_names_the_run_that_stands(project, monkeypatch):
    begun_runs = []

    def run(job, **_rest):
        begun_runs.append(job.name)
        return ran(job, seconds=1.0)

    monkeypatch.setattr(commands, "snapshot", lambda parameters: Snapshot(VERSIONS, {}))
    monkeypatch.setattr(commands, "run", run)
    first, second = (CliRunner().invoke(commands.run_command, ["tiny", "--reuse"]) for _ in range(2))
    assert (first.exit_code, second.exit_code, begun_runs) == (0, 0, ["tiny"]), second.output
    assert "tiny: succeeded in 1.0 s: outputs/published/tiny/report.html" in first.output
    assert "tiny: nothing has changed since 20260301T120000Z-12345678, which is reused" in second.output
