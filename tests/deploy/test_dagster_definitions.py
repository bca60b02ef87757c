"""Dagster's definitions, loaded and run; skipped where the extra (deploy/requirements.lock) is missing."""

import datetime as dt
import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

dagster = pytest.importorskip("dagster", reason="dagster is an extra: deploy/requirements.lock")

from dagster._core.instance.config import dagster_instance_config  # noqa: E402

from analytics_lib.errors import RequestError  # noqa: E402
from deploy import dagster_definitions as made  # noqa: E402

JOBS = """
jobs:
  daily:
    notebook: small
    cron: "30 5 * * *"
    parameters: {until: "{as_of}"}
    retries: {out_of_memory: 1, lost: 2}
  monday:
    notebook: small
    cron: "0 6 * * mon"
    parameters: {until: "{as_of}", channel: web}
    after: [daily]
  fanned:
    notebook: small
    cron: "0 * * * *"
    time_zone: America/New_York
    each: {channel: [web, bad]}
    after: [monday]
"""
# Monday 3 February 2025.
DAY = "2025-02-03"


@pytest.fixture
def root(write_project, monkeypatch):
    for name in [name for name in os.environ if name.startswith("ANALYTICS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "yes")
    return write_project(JOBS)


@pytest.fixture
def instance():
    with dagster.DagsterInstance.ephemeral() as instance:
        yield instance


def execute(root, instance, name, key, tags=None, **config):
    run = made.definitions(root).resolve_job_def(f"run_{name}")
    asked = {"ops": {name: {"config": config}}}
    return run.execute_in_process(
        instance=instance, partition_key=key, tags=tags, run_config=asked, raise_on_error=False
    )


def records(root, job):
    found = [json.loads(path.read_text()) for path in root.glob(f"outputs/runs/{job}/*/run.json")]
    return sorted(found, key=lambda record: record["attempt"])


def said(result):
    """The metadata of the one asset that was materialised."""
    (event,) = result.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


def test_the_jobs_of_this_project_load():
    names = {key.to_user_string() for key in made.defs.resolve_all_asset_keys()}
    assert {"kpis_daily", "conversations_daily__whatsapp"} <= names


def test_each_job_is_an_asset_behind_those_it_waits_for(root):
    graph = made.definitions(root).resolve_asset_graph()
    parents = {
        node.key.to_user_string(): {key.to_user_string() for key in node.parent_keys}
        for node in graph.asset_nodes
    }
    assert parents == {
        "daily": set(),
        "monday": {"daily"},
        "fanned__web": {"monday"},
        "fanned__bad": {"monday"},
    }


def test_each_job_has_a_schedule_on_its_own_clock(root):
    schedules = made.definitions(root).schedules
    assert {one.name: (one.cron_schedule, one.execution_timezone) for one in schedules} == {
        "schedule_daily": ("30 5 * * *", "America/Bogota"),
        "schedule_monday": ("0 6 * * mon", "America/Bogota"),
        "schedule_fanned__web": ("0 * * * *", "America/New_York"),
        "schedule_fanned__bad": ("0 * * * *", "America/New_York"),
    }


def test_a_weekly_job_has_a_partition_a_monday_joined_to_that_day(root):
    graph = made.definitions(root).resolve_asset_graph()
    monday, daily = (graph.get(dagster.AssetKey(name)) for name in ("monday", "daily"))
    february = [key for key in monday.partitions_def.get_partition_keys() if key.startswith("2025-02")]
    assert february == ["2025-02-03", "2025-02-10", "2025-02-17", "2025-02-24"]
    mapped = dagster.TimeWindowPartitionMapping().get_upstream_mapped_partitions_result_for_partitions(
        monday.partitions_def.subset_with_partition_keys([DAY]), monday.partitions_def, daily.partitions_def
    )
    assert list(mapped.partitions_subset.get_partition_keys()) == [DAY]


def test_a_partition_is_run_for_its_slot_and_says_what_came_of_it(root, instance):
    result = execute(root, instance, "daily", DAY)
    assert result.success
    (record,) = records(root, "daily")
    assert (record["status"], record["slot_at"]) == ("succeeded", "2025-02-03T10:30:00+00:00")
    told = said(result)
    assert told["results"] == {"channel": "", "until": DAY}
    assert (told["run"], told["data_versions"]) == (record["run"], record["versions"])
    assert Path(told["page"].removeprefix("file://")).name == "report.html"
    # A day filled in is not news.
    assert not (root / "outputs" / "published").exists()


def test_a_scheduled_slot_is_published(root, instance):
    execute(root, instance, "daily", DAY, tags={made.SCHEDULED: "true"})
    shown = json.loads((root / "outputs/published/daily/run.json").read_text())
    assert shown["slot_at"] == "2025-02-03T10:30:00+00:00"


def test_a_slot_that_has_succeeded_is_taken_over_and_run_again_only_on_request(root, instance):
    for _ in range(2):
        assert execute(root, instance, "daily", DAY).success
    assert [record["attempt"] for record in records(root, "daily")] == [1]
    assert execute(root, instance, "daily", DAY, again=True).success
    assert [record["attempt"] for record in records(root, "daily")] == [1, 2]


def test_a_failure_is_one_in_dagster_too_with_its_cause(root, instance):
    result = execute(root, instance, "fanned__bad", "2025-02-03T10:00-0500")
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    told = failure.step_failure_data.user_failure_data
    assert told.description.startswith("out_of_memory")
    assert told.metadata["failed_cell"].value == 2
    # The job names no retries for it.
    assert len(records(root, "fanned__bad")) == 1


def test_what_the_job_begins_again_is_begun_again(root, instance):
    text = JOBS.replace('parameters: {until: "{as_of}"}', 'parameters: {until: "{as_of}", channel: once}')
    (root / "params" / "jobs.yaml").write_text(text)
    assert execute(root, instance, "daily", DAY).success
    assert [record["reason"] for record in records(root, "daily")] == ["out_of_memory", None]


def test_a_scheduled_slot_is_skipped_after_a_failure_before_it(root, instance):
    text = JOBS.replace('parameters: {until: "{as_of}"}', 'parameters: {until: "{as_of}", channel: bad}', 1)
    (root / "params" / "jobs.yaml").write_text(text)
    assert not execute(root, instance, "daily", DAY).success
    result = execute(root, instance, "monday", DAY, tags={made.SCHEDULED: "true"})
    assert (result.success, result.get_asset_materialization_events()) == (True, [])
    assert records(root, "monday") == []


def test_a_run_that_is_stopped_is_written_down_as_cancelled_and_not_begun_again(root, instance):
    text = JOBS.replace('parameters: {until: "{as_of}"}', 'parameters: {until: "{as_of}", channel: slow}', 1)
    (root / "params" / "jobs.yaml").write_text(text)

    def stop():
        while not (root / "tried_slow").exists():
            time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=stop, daemon=True).start()
    assert not execute(root, instance, "daily", DAY).success
    assert [record["status"] for record in records(root, "daily")] == ["cancelled"]


def tick(root, name, moment):
    defs = made.definitions(root)
    context = dagster.build_schedule_context(
        scheduled_execution_time=moment, repository_def=defs.get_repository_def()
    )
    found = defs.resolve_schedule_def(f"schedule_{name}").evaluate_tick(context)
    return found.run_requests, found.skip_message


def test_a_tick_asks_for_the_slot_once_by_its_key(root):
    now = dt.datetime.now(dt.UTC)
    last = now.replace(minute=0, second=0, microsecond=0)
    (asked,), _ = tick(root, "fanned__web", last)
    assert asked.run_key == asked.partition_key
    assert dt.datetime.strptime(asked.partition_key, "%Y-%m-%dT%H:%M%z") == last
    assert asked.tags[made.SCHEDULED] == "true"


def test_a_tick_that_catch_up_leaves_out_is_skipped(root):
    assert tick(root, "fanned__web", dt.datetime(2025, 2, 3, 15, tzinfo=dt.UTC)) == ([], "missed")


def test_a_machine_may_have_some_of_the_jobs(root, monkeypatch):
    monkeypatch.setenv("ANALYTICS_DAGSTER_JOBS", "monday, fanned")
    names = {one.name for one in made.definitions(root).schedules}
    assert names == {"schedule_monday", "schedule_fanned__web", "schedule_fanned__bad"}


def test_a_machine_with_a_job_that_is_none_is_refused(root, monkeypatch):
    monkeypatch.setenv("ANALYTICS_DAGSTER_JOBS", "dayly")
    with pytest.raises(RequestError, match=r"names dayly; .* has daily, fanned, monday"):
        made.definitions(root)


def test_a_cron_that_dagster_reads_otherwise_is_refused(root):
    (root / "params" / "jobs.yaml").write_text('jobs:\n  a: {notebook: small, cron: "0 6 */2 * mon"}')
    with pytest.raises(RequestError, match=r"0 6 \*/2 \* mon.* otherwise: it comes for 2025-01-01"):
        made.definitions(root)


@pytest.mark.parametrize("home", ["one_machine", "several_machines"])
def test_dagster_accepts_its_homes(home, monkeypatch):
    for name in ("HOST", "USER", "PASSWORD", "DATABASE"):
        monkeypatch.setenv(f"ANALYTICS_PG_{name}", "somewhere")
    config, _ = dagster_instance_config(str(Path(made.__file__).parent / home))
    assert config["telemetry"] == {"enabled": False}
