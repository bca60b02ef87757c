"""What a person types: ``analytics COMMAND``. Exit status 0 = done, 1 = it failed, 2 = the request was wrong.

The clock is read here and handed down; nothing below knows what time it is.
"""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click
import orjson
from tqdm import tqdm

from analytics_lib.config import load_settings
from analytics_lib.errors import AnalyticsError, ContractError, RequestError
from analytics_lib.ingest import FileReport, ingest, load_source
from analytics_lib.periods import utc_moment
from analytics_lib.simulate import write_world
from analytics_lib.sources.files import expand
from analytics_lib.store import upkeep

if TYPE_CHECKING:
    from collections.abc import Sequence

SOURCES = Path("params/sources")


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
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def ingest_command(source: str, paths: tuple[str, ...], *, as_json: bool) -> None:
    """Bring files of SOURCE into the store; PATHS are files, folders or patterns.

    SOURCE is described by params/sources/SOURCE.yaml. A file ingested before is skipped by its content; a bad
    record goes to the table `quarantine` and stops nothing; exit status 1 if a file was refused.
    """
    reports = _ingest(source, expand(paths), now=dt.datetime.now(dt.UTC))
    _show_reports(reports, as_json=as_json)
    if any(report.status == "refused" for report in reports):
        sys.exit(1)


def _ingest(source: str, paths: Sequence[Path], *, now: dt.datetime) -> list[FileReport]:
    settings = load_settings()
    with tqdm(desc=f"ingest {source}", unit=" records", disable=not sys.stderr.isatty()) as bar:
        return ingest(
            load_source(source, SOURCES),
            paths,
            now=now,
            settings=settings,
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
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Excluded last day; today unless given.")
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
        now = max(dt.datetime.now(dt.UTC), utc_moment(last))
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
    keep = _versions_of_runs(settings.outputs)
    done = upkeep.compact(settings.store.resolve(), memory_limit_gb=settings.memory_limit_gb, keep=keep)
    for table, (joined, swept) in done.items():
        click.echo(f"{table}: {joined} files joined, {swept} deleted")


def _versions_of_runs(outputs: Path) -> list[dict[str, int]]:
    records = (orjson.loads(path.read_bytes()) for path in sorted(outputs.glob("runs/*/*/run.json")))
    return [record["versions"] for record in records if record.get("versions")]


@store.command("verify")
def store_verify() -> None:
    """Check every log, file and recorded version; changes nothing. Exit status 1 if something is wrong."""
    problems = upkeep.verify(load_settings().store.resolve())
    for problem in problems:
        click.echo(f"{problem.table}: {problem.code}: {problem.message}")
    if problems:
        sys.exit(1)
    click.echo("The store is whole.")
