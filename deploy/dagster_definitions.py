"""What Dagster loads: an asset, its partitions, a run and a schedule for each job of ``params/jobs.yaml``.

    dagster dev -m deploy.dagster_definitions

An asset runs one slot of its job by our own command line, in a process of its own; what came of it is taken
from the exit status and ``run.json``. Dagster keeps each slot once; the ledger of one machine is not used.
"""

# Annotations are not postponed here: Dagster looks at them.
import datetime as dt
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster

from analytics_lib.config import load_settings
from analytics_lib.errors import RequestError
from analytics_lib.runs.jobs import ScheduledJob, family, load_jobs
from deploy import slots
from deploy.windows import BY_SLOT, Windows, is_made_up_for, key_of, names_between, slot_of, windows_of

SCHEDULED = "analytics/scheduled"
_FIRST_DAY = "2024-01-01"
_YEAR = (dt.date(2025, 1, 1), dt.date(2026, 1, 1))
_SPRING = (dt.date(2025, 3, 1), dt.date(2025, 4, 15))
_A_DAY = dt.timedelta(days=1)
_REMEDY = "Write it another way, or leave the job to `analytics schedule` (ANALYTICS_DAGSTER_JOBS)."
_POLL_SECONDS = 5
_PATIENCE_MINUTES = 10


def definitions(root: Path) -> dagster.Definitions:
    """The definitions of a project: of all of its jobs, or of those that this machine is to run.

    Read from the environment: ``ANALYTICS_DAGSTER_JOBS``, names of jobs with commas between them (all, unless
    given); ``ANALYTICS_FIRST_DAY``, the first day that can be filled in; ``ANALYTICS_PAGES_URL``, where the
    outputs are served.

    Raises:
        RequestError: If the file of jobs is wrong, or Dagster would run a job at other times than we do.
    """
    path = root / "params" / "jobs.yaml"
    jobs = load_jobs(path, notebooks=root / "notebooks", time_zone=load_settings().time_zone)
    chosen = _chosen(jobs, os.environ.get("ANALYTICS_DAGSTER_JOBS", ""))
    for job in chosen:
        _check_times(job)
    return dagster.Definitions(
        assets=[_asset(job, jobs=jobs, root=root) for job in chosen],
        schedules=[_schedule(job) for job in chosen],
        # A run is one step: a second process for it would cost time and memory only.
        executor=dagster.in_process_executor,
    )


def _chosen(jobs: Sequence[ScheduledJob], names: str) -> list[ScheduledJob]:
    wanted = {name.strip() for name in names.split(",")} - {""}
    known = {family(job.name) for job in jobs}
    if wanted - known:
        raise RequestError(
            f"ANALYTICS_DAGSTER_JOBS names {', '.join(sorted(wanted - known))}; "
            f"params/jobs.yaml has {', '.join(sorted(known)) or 'no jobs'}."
        )
    return [job for job in jobs if not wanted or family(job.name) in wanted]


def _check_times(job: ScheduledJob) -> None:
    """Dagster reads cron its own way; a job it would run at other times than we do is refused."""
    # Spring, when most clocks are set; a whole year for a job of one slot a day.
    since, until = _YEAR if windows_of(job).by_day else _SPRING
    try:
        windows = _partitions(job, Windows(job.cron, BY_SLOT), since)
        begins = windows.get_partition_keys(dt.datetime.combine(until, dt.time(), dt.UTC) + _A_DAY)
    except dagster.DagsterInvalidDefinitionError as error:
        raise RequestError(f"Dagster cannot read the cron {job.cron!r} of {job.name}. {_REMEDY}") from error
    ours = names_between(job, since, until)
    moments = (dt.datetime.fromisoformat(begin) for begin in begins)
    theirs = {key_of(job, moment) for moment in moments if moment.date() < until}
    if ours != theirs:
        differs = f"{'does not come' if ours - theirs else 'comes'} for {min(ours ^ theirs)}"
        asked = f"{job.cron!r} of {job.name} ({job.time_zone})"
        raise RequestError(f"Dagster reads the cron {asked} otherwise: it {differs}. {_REMEDY}")


def _partitions(
    job: ScheduledJob, windows: Windows, since: dt.date
) -> dagster.TimeWindowPartitionsDefinition:
    return dagster.TimeWindowPartitionsDefinition(
        start=dt.datetime.combine(since, dt.time()),
        fmt=windows.key_format,
        cron_schedule=windows.cron,
        timezone=job.time_zone,
        exclusions=list(windows.excluded) or None,
        # The window of a slot begins with it, and is there as soon as it has begun.
        end_offset=1,
    )


def _asset(job: ScheduledJob, *, jobs: Sequence[ScheduledJob], root: Path) -> dagster.AssetsDefinition:
    since = dt.date.fromisoformat(os.environ.get("ANALYTICS_FIRST_DAY", _FIRST_DAY))
    make = dagster.asset(
        name=job.name,
        group_name=family(job.name),
        description=f"Notebook {job.notebook} at {job.cron} ({job.time_zone}).",
        metadata={
            "notebook": job.notebook,
            "parameters": dict(job.parameters),
            "retries": dict(job.retries),
        },
        partitions_def=_partitions(job, windows_of(job), since),
        deps=[_dependency(job, before) for before in jobs if before.name in job.after],
        config_schema={
            "again": dagster.Field(bool, default_value=False, description="Even if it succeeded.")
        },
        # With a limit of one, which dagster.yaml sets, a job never runs beside itself.
        pool=job.name,
        output_required=False,
        kinds={"jupyter"},
    )

    def run(context: dagster.AssetExecutionContext) -> Iterator[dagster.MaterializeResult[Any]]:
        yield from _run(context, job, jobs=jobs, root=root)

    return make(run)


def _dependency(job: ScheduledJob, before: ScheduledJob) -> dagster.AssetDep:
    """What Dagster draws, and heeds when it fills in days; a scheduled slot asks ``slots.obstacle``."""
    same_days = windows_of(job).by_day and windows_of(before).by_day and job.time_zone == before.time_zone
    mapping = dagster.TimeWindowPartitionMapping() if same_days else dagster.AllPartitionMapping()
    return dagster.AssetDep(before.name, partition_mapping=mapping)


def _schedule(job: ScheduledJob) -> dagster.ScheduleDefinition:
    def tick(context: dagster.ScheduleEvaluationContext) -> dagster.RunRequest | dagster.SkipReason:
        return _tick(context, job)

    return dagster.ScheduleDefinition(
        name=f"schedule_{job.name}",
        job=dagster.define_asset_job(f"run_{job.name}", selection=[job.name]),
        cron_schedule=job.cron,
        execution_timezone=job.time_zone,
        execution_fn=tick,
        default_status=dagster.DefaultScheduleStatus.RUNNING,
    )


def _tick(
    context: dagster.ScheduleEvaluationContext, job: ScheduledJob
) -> dagster.RunRequest | dagster.SkipReason:
    key = key_of(job, context.scheduled_execution_time)
    if not is_made_up_for(job, slot_of(job, key), now=dt.datetime.now(dt.UTC)):
        return dagster.SkipReason("missed")
    tags = {SCHEDULED: "true"}
    if lost := job.retries.get("lost"):
        # For a run whose whole process is gone; run_retries in dagster.yaml heeds it for nothing else.
        tags["dagster/max_retries"] = str(lost)
    return dagster.RunRequest(run_key=key, partition_key=key, tags=tags)


def _run(
    context: dagster.AssetExecutionContext, job: ScheduledJob, *, jobs: Sequence[ScheduledJob], root: Path
) -> Iterator[dagster.MaterializeResult[Any]]:
    slot_at, outputs = slot_of(job, context.partition_key), root / load_settings().outputs
    scheduled = SCHEDULED in context.run.tags
    if scheduled and (kept := _waited(job, slot_at, jobs=jobs, outputs=outputs)):
        context.log.warning(f"{job.name} skipped for {slot_at.isoformat()}: {kept}")
        return
    known = slots.runs_of(outputs, job.name, slot_at)
    again = bool(context.op_execution_context.op_config["again"])
    line = slots.command(job, slot_at, publishes=scheduled, again=again)
    ended = slots.execute(line, root=root)
    outcome = slots.judge(ended, slots.runs_of(outputs, job.name, slot_at), known=known)
    context.log.info(outcome.told)
    if outcome.succeeded:
        yield dagster.MaterializeResult(metadata=_said(outcome, outputs))
        return
    failure = dagster.Failure(outcome.told, metadata=_said(outcome, outputs))
    if slots.is_tried_again(job, outcome.cause, attempt=context.retry_number + 1):
        # Not by a policy: Dagster would begin again what a person has stopped.
        raise dagster.RetryRequested(max_retries=job.retries[str(outcome.cause)]) from failure
    raise failure


def _waited(
    job: ScheduledJob, slot_at: dt.datetime, *, jobs: Sequence[ScheduledJob], outputs: Path
) -> str | None:
    """Wait for the jobs before this one; null once they have succeeded, else why the slot is skipped."""
    longest = max((one.timeout_minutes for one in jobs if one.name in job.after), default=0)
    patience = time.monotonic() + (longest + _PATIENCE_MINUTES) * 60
    while (kept := slots.obstacle(job, slot_at, jobs=jobs, outputs=outputs)) == slots.WAIT:
        if time.monotonic() > patience:
            return f"waited {longest + _PATIENCE_MINUTES:g} minutes for {', '.join(job.after)}"
        time.sleep(_POLL_SECONDS)
    return kept


def _said(outcome: slots.Outcome, outputs: Path) -> dict[str, Any]:
    if outcome.record is None:
        return {"cause": outcome.cause}
    page = slots.link(outcome.record, outputs, os.environ.get("ANALYTICS_PAGES_URL"))
    return {**slots.facts(outcome.record), "page": dagster.MetadataValue.url(page)}


defs = definitions(Path(__file__).parents[1])
