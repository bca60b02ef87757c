"""``analytics run`` and ``analytics runs``: notebooks run when somebody asks, and what ran."""

from __future__ import annotations

import sys
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING

import click
import orjson
from tqdm import tqdm

from analytics_lib.cli.project import NOTEBOOKS, PARAMETERS, now, surroundings
from analytics_lib.cli.published_pages import refresh_pages
from analytics_lib.config import load_settings
from analytics_lib.errors import RequestError
from analytics_lib.runs import catalog
from analytics_lib.runs.batch import few_at_a_time
from analytics_lib.runs.failure import failure_message, last_good
from analytics_lib.runs.inputs import Snapshot, snapshot
from analytics_lib.runs.ledger import queued_slots
from analytics_lib.runs.parameters import declared, default_parameters, resolve
from analytics_lib.runs.record import all_records
from analytics_lib.runs.reuse import reusable, show
from analytics_lib.runs.runner import Job, run

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from threading import Event

    from analytics_lib.runs.record import RunRecord


@click.command("run")
@click.argument("names", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every notebook in notebooks/.")
@click.option("-p", "--parameter", "given", multiple=True, metavar="KEY=VALUE", help="Set a parameter.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day up to which data are known.")
@click.option("--at-once", type=click.IntRange(1, 64), default=2, show_default=True, help="Side by side.")
@click.option("--reuse", is_flag=True, help="Do not run again what has not changed since it succeeded.")
def run_command(
    names: tuple[str, ...],
    given: tuple[str, ...],
    as_of: dt.datetime | None,
    at_once: int,
    *,
    everything: bool,
    reuse: bool,
) -> None:
    """Run notebooks by NAME with Papermill; publish what succeeds and write the catalogue.

    Parameters are checked against what the notebook declares before anything starts. Exit status 1 if a run
    failed; what was published before stays then. With --reuse a notebook whose parameters, data and code are
    those of a run that succeeded is not run again: that run is named and shown.
    """
    settings = load_settings()
    chosen = _chosen(names, everything=everything)
    if everything:
        chosen = _longest_first(chosen, all_records(settings.outputs))
    jobs = [_job(name, _parameters(given), as_of) for name in chosen]
    ready = [(job, snapshot(job.parameters)) for job in jobs]
    succeeded = few_at_a_time(partial(_run_one, settings.outputs, reuse), ready, at_once=at_once)
    index = catalog.write_index(settings.outputs, around=surroundings())
    if any(succeeded):
        refresh_pages()
    click.echo(f"Catalogue: {index.resolve().as_uri()}")
    if not all(succeeded):
        sys.exit(1)


def _chosen(names: tuple[str, ...], *, everything: bool) -> list[str]:
    known = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
    if bool(names) == everything:
        raise RequestError(f"Give notebook names, or --all. There are: {', '.join(known) or 'none'}.")
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise RequestError(f"There is no notebook {name!r}.{hint} There are: {', '.join(known)}.")
    return known if everything else list(names)


def _longest_first(names: list[str], records: Iterable[RunRecord]) -> list[str]:
    """The names by how long each took last time, so that those side by side end together; unknown ones first.

    Args:
        names: Of jobs.
        records: Newest first.
    """
    took: dict[str, float] = {}
    for record in records:
        if record.status == "succeeded" and record.seconds is not None:
            took.setdefault(record.job, record.seconds)
    return sorted(names, key=lambda name: -took.get(name, float("inf")))


def _parameters(given: tuple[str, ...]) -> dict[str, object]:
    values: dict[str, object] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise RequestError(f"-p {text!r}: expected KEY=VALUE, as -p channel=whatsapp.")
        if name in values:
            raise RequestError(f"-p {name} is given twice: {values[name]!r} and {value!r}. Give it once.")
        values[name] = value
    return values


def _job(name: str, given: dict[str, object], as_of: dt.datetime | None) -> Job:
    """The notebook with its parameters: its file in params/, then what was given; all checked."""
    notebook = NOTEBOOKS / f"{name}.ipynb"
    parameters = declared(notebook)
    values = default_parameters(PARAMETERS / f"{name}.yaml") | given
    if as_of is not None:
        known = {parameter.name for parameter in parameters}
        bound = next((bound for bound in ("as_of", "until") if bound in known), None)
        if bound is None:
            raise RequestError(f"{name} declares neither as_of nor until, so --as-of means nothing to it.")
        values[bound] = as_of.date().isoformat()
    resolved = resolve(parameters, values)
    since, end = resolved.get("since"), resolved.get("until")
    if isinstance(since, str) and isinstance(end, str) and since >= end:
        raise RequestError(f"since is {since} and until {end}; the window must begin before it ends.")
    return Job(name, notebook, values, language=str(resolved.get("language", "es")))


def _run_one(
    outputs: Path,
    reuse: bool,  # noqa: FBT001  # bound by the command, whose option it is
    ready: tuple[Job, Snapshot],
    stopping: Event,
) -> bool:
    """Run and publish, or reuse; whether it went well. The next notebook runs either way."""
    job, versions = replace(ready[0], rows=ready[1].rows), ready[1].versions
    try:
        record = reusable(job, outputs=outputs, versions=versions, now=now()) if reuse else None
        told = f"nothing has changed since {record.run}, which is reused" if record else ""
        record = record or _run(job, versions, outputs, stopping)
        if record.status == "succeeded":
            show(record, outputs)
            page = outputs / "published" / job.name / "report.html"
            click.echo(f"{job.name}: {told or f'succeeded in {record.seconds:.1f} s'}: {page}")
            return True
        told = failure_message(record, last_good(outputs / "runs" / job.name, record), language="en")
        problem = f"{told}\nSee {outputs / record.folder}"
    except OSError as error:
        problem = f"{job.name}: could not be run or published: {error}. What was published before stays."
    click.echo(problem, err=True)
    return False


def _run(job: Job, versions: Mapping[str, int], outputs: Path, stopping: Event) -> RunRecord:
    with tqdm(desc=f"run {job.name}", unit=" cells", disable=not sys.stderr.isatty()) as bar:

        def follow(cell: int, cells: int) -> None:
            bar.total = cells
            bar.update(cell - bar.n)

        return run(job, outputs=outputs, versions=versions, now=now, on_progress=follow, stopping=stopping)


@click.command("runs")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
def runs_command(*, as_json: bool) -> None:
    """List the runs, newest first, and before them the slots that wait."""
    outputs = load_settings().outputs
    rows = catalog.runs(outputs, queued=queued_slots(outputs, now=now()))
    if as_json:
        click.echo(orjson.dumps(rows).decode())
        return
    click.echo(f"{'job':24}{'status':12}{'started (UTC)':28}{'seconds':>8}  {'run':28}reason")
    for row in rows:
        seconds = "" if row["seconds"] is None else f"{row['seconds']:.1f}"
        line = f"{row['job']:24}{row['status']:12}{row['started_at']:28}{seconds:>8}  {row['run']:28}"
        click.echo(f"{line}{row['reason'] or ''}".rstrip())


COMMANDS = (run_command, runs_command)
