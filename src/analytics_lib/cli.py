"""What a person types: ``analytics COMMAND``. Exit status 0 = done, 1 = it failed, 2 = the request was wrong.

The clock is read here and handed down; nothing below knows what time it is.
"""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import asdict
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click
import orjson
from tqdm import tqdm

from analytics_lib.config import Settings, load_settings
from analytics_lib.errors import AnalyticsError, ContractError, RequestError
from analytics_lib.ingest import FileReport, ingest, load_source
from analytics_lib.periods import utc_moment
from analytics_lib.runs import catalog
from analytics_lib.runs.batch import few_at_a_time
from analytics_lib.runs.parameters import declared, default_parameters, resolve
from analytics_lib.runs.publish import publish
from analytics_lib.runs.record import all_records
from analytics_lib.runs.runner import Job, run
from analytics_lib.simulate import write_world
from analytics_lib.sources.files import expand
from analytics_lib.store import Store, upkeep

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from threading import Event

NOTEBOOKS = Path("notebooks")
PARAMETERS = Path("params")
SOURCES = PARAMETERS / "sources"


def main() -> None:
    """Run the command line; what is refused is said in a line or two, without a stack trace."""
    try:
        cli(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except AnalyticsError as error:
        click.echo(f"analytics: {error}", err=True)
        sys.exit(2 if isinstance(error, RequestError | ContractError) else 1)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """The analytics workspace: bring data in, run notebooks, see what ran."""


@cli.command("ingest")
@click.argument("source")
@click.argument("paths", nargs=-1, required=True)
@click.option("--again", is_flag=True, help="Also files ingested before; their rows replace the stored ones.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def ingest_command(source: str, paths: tuple[str, ...], *, again: bool, as_json: bool) -> None:
    """Bring files of SOURCE into the store; PATHS are files, folders or patterns.

    SOURCE is described by params/sources/SOURCE.yaml. A file ingested before is skipped by its content; a bad
    record goes to the table `quarantine` and stops nothing; exit status 1 if a file was not stored.
    """
    load_source(source, SOURCES)
    reports = _ingest(source, expand(paths), now=_now(), again=again)
    _show_reports(reports, as_json=as_json)
    if any(report.status in ("refused", "failed") for report in reports):
        sys.exit(1)


def _ingest(source: str, paths: Sequence[Path], *, now: dt.datetime, again: bool = False) -> list[FileReport]:
    settings = load_settings()
    with tqdm(desc=f"ingest {source}", unit=" records", disable=not sys.stderr.isatty()) as bar:
        return ingest(
            load_source(source, SOURCES),
            paths,
            now=now,
            settings=settings,
            again=again,
            progress=bar.update,
        )


def _show_reports(reports: Sequence[FileReport], *, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps({"files": [asdict(report) for report in reports]}).decode())
        return
    for report in reports:
        counts = (
            f"{report.records:,} records = {report.accepted:,} accepted + {report.duplicates:,} duplicates "
            f"+ {report.quarantined:,} quarantined"
        )
        click.echo(f"{report.file}: {report.status}, {counts if report.reason is None else report.reason}")
        for title, values in (
            ("rows", report.rows),
            ("quarantined", report.codes),
            ("flagged", report.flags),
        ):
            if values:
                click.echo(f"  {title}: " + ", ".join(f"{name} {count:,}" for name, count in values.items()))


@cli.command()
@click.option("--conversations", type=click.IntRange(1, 10_000_000), default=20_000, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), help="The day after the last; today unless given."
)
@click.option("--no-ingest", is_flag=True, help="Only write the files.")
def simulate(conversations: int, seed: int, until: dt.datetime | None, *, no_ingest: bool) -> None:
    """Make sample data: a retailer's world with known truth, as files that are ingested like any source's."""
    settings = load_settings()
    last = until.date() if until else dt.datetime.now(ZoneInfo(settings.time_zone)).date()
    folder = settings.inbox / f"simulated-{conversations}-{seed}-{last}"
    write_world(folder, conversations=conversations, seed=seed, until=last, progress=_say)
    click.echo(f"Files and their truth: {folder}")
    if not no_ingest:
        # The world's own last day is its present, also where that lies ahead of the clock.
        now = max(_now(), utc_moment(last))
        _show_reports(_ingest("contract", expand([str(folder / "*.ndjson*")]), now=now), as_json=False)


def _say(text: str) -> None:
    click.echo(f"simulate: {text}", err=True)


@cli.group()
def store() -> None:
    """Look after the store: what it holds, its upkeep, whether it is whole."""


@store.command("info")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
def store_info(*, as_json: bool) -> None:
    """List the tables: version, rows, files, size."""
    tables = upkeep.info(load_settings().store.resolve())
    if as_json:
        click.echo(orjson.dumps([asdict(table) for table in tables]).decode())
        return
    click.echo(f"{'table':22}{'version':>8}{'rows':>14}{'files':>8}{'MB':>10}")
    for table in tables:
        size = table.bytes / 1e6
        click.echo(f"{table.table:22}{table.version:>8}{table.rows:>14,}{table.files:>8}{size:>10.1f}")


@store.command("compact")
def store_compact() -> None:
    """Join small files and delete those that no reader of the last week and no recorded run needs."""
    settings = load_settings()
    keep = [record.versions for record in all_records(settings.outputs)]
    done = upkeep.compact(settings.store.resolve(), memory_limit_gb=settings.memory_limit_gb, keep=keep)
    for table, (joined, swept) in done.items():
        click.echo(f"{table}: {joined} files joined, {swept} deleted")


@store.command("verify")
def store_verify() -> None:
    """Check every log, file and recorded version; changes nothing. Exit status 1 if something is wrong."""
    problems = upkeep.verify(load_settings().store.resolve())
    for problem in problems:
        click.echo(f"{problem.table}: {problem.code}: {problem.message}")
    if problems:
        sys.exit(1)
    click.echo("The store is whole.")


@cli.command("run")
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
    pinned = [(job, _pinned(job, settings.store)) for job in jobs]
    succeeded = few_at_a_time(partial(_run_one, settings.outputs), pinned, at_once=at_once)
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


def _pinned(job: Job, usual: Path) -> dict[str, int]:
    """The versions of the store that the notebook will open: the usual one, or another it was given."""
    asked = Path(str(job.parameters.get("store_path") or Settings().store))
    path = usual if asked == Settings().store else asked
    if path != usual and not path.is_dir():
        raise RequestError(f"store_path is {str(asked)!r}, and there is no such folder.")
    with Store.open(path) as store:
        return store.versions


def _run_one(outputs: Path, pinned: tuple[Job, Mapping[str, int]], stopping: Event) -> bool:
    """Run and publish; whether both went well. The next notebook runs either way."""
    job, versions = pinned
    with tqdm(desc=f"run {job.name}", unit=" cells", disable=not sys.stderr.isatty()) as bar:

        def show(cell: int, cells: int) -> None:
            if stopping.is_set():
                raise KeyboardInterrupt
            bar.total = cells
            bar.update(cell - bar.n)

        record = run(job, outputs=outputs, versions=versions, now=_now, on_progress=show)
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


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@cli.command("runs")
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
