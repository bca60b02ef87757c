"""``analytics run`` and ``analytics runs``: notebooks run when somebody asks, and what ran."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING

import click
import orjson
from tqdm import tqdm

from analytics_lib.cli.project import NOTEBOOKS, PARAMETERS, now
from analytics_lib.config import load_settings
from analytics_lib.errors import RequestError
from analytics_lib.runs import catalog
from analytics_lib.runs.batch import few_at_a_time
from analytics_lib.runs.inputs import pinned
from analytics_lib.runs.parameters import declared, default_parameters, resolve
from analytics_lib.runs.publish import publish
from analytics_lib.runs.runner import Job, run

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path
    from threading import Event


@click.command("run")
@click.argument("names", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every notebook in notebooks/.")
@click.option("-p", "--parameter", "given", multiple=True, metavar="KEY=VALUE", help="Set a parameter.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day up to which data are known.")
@click.option("--at-once", type=click.IntRange(1, 64), default=2, show_default=True, help="Side by side.")
def run_command(
    names: tuple[str, ...],
    given: tuple[str, ...],
    as_of: dt.datetime | None,
    at_once: int,
    *,
    everything: bool,
) -> None:
    """Run notebooks by NAME with Papermill; publish what succeeds and write the catalogue.

    Parameters are checked against what the notebook declares before anything starts. Exit status 1 if a run
    failed; what was published before stays then.
    """
    jobs = [_job(name, _parameters(given), as_of) for name in _chosen(names, everything=everything)]
    settings = load_settings()
    ready = [(job, pinned(job.parameters)) for job in jobs]
    succeeded = few_at_a_time(partial(_run_one, settings.outputs), ready, at_once=at_once)
    index = catalog.write_index(settings.outputs)
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


def _run_one(outputs: Path, ready: tuple[Job, Mapping[str, int]], stopping: Event) -> bool:
    """Run and publish; whether both went well. The next notebook runs either way."""
    job, versions = ready
    with tqdm(desc=f"run {job.name}", unit=" cells", disable=not sys.stderr.isatty()) as bar:

        def show(cell: int, cells: int) -> None:
            bar.total = cells
            bar.update(cell - bar.n)

        record = run(job, outputs=outputs, versions=versions, now=now, on_progress=show, stopping=stopping)
    try:
        if record.status == "succeeded":
            page = publish(outputs, record) / "report.html"
            click.echo(f"{job.name}: succeeded in {record.seconds:.1f} s: {page}")
            return True
        problem = f"{record.status} ({record.reason}): {str(record.error).rstrip('.')}."
    except OSError as error:
        problem = f"succeeded, but could not be published: {error}; what was published before stays"
    click.echo(f"{job.name}: {problem} See {outputs / record.folder}", err=True)
    return False


@click.command("runs")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
def runs_command(*, as_json: bool) -> None:
    """List the runs, newest first."""
    rows = catalog.runs(load_settings().outputs)
    if as_json:
        click.echo(orjson.dumps(rows).decode())
        return
    click.echo(f"{'job':24}{'status':12}{'started (UTC)':28}{'seconds':>8}  reason")
    for row in rows:
        seconds = "" if row["seconds"] is None else f"{row['seconds']:.1f}"
        line = f"{row['job']:24}{row['status']:12}{row['started_at']:28}{seconds:>8}  {row['reason'] or ''}"
        click.echo(line.rstrip())


COMMANDS = (run_command, runs_command)
