"""``analytics ingest`` and ``analytics simulate``: how rows get into the store."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click
import orjson
from tqdm import tqdm

from analytics_lib.analysis.prepared import EVERY_KEPT
from analytics_lib.cli.project import SOURCES, now
from analytics_lib.config import Settings, load_settings
from analytics_lib.errors import RequestError, StoreError
from analytics_lib.ingest import FileReport, ingest, load_source
from analytics_lib.periods import utc_moment
from analytics_lib.simulate import write_world
from analytics_lib.sources.files import expand
from analytics_lib.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@click.command("ingest")
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
    reports = _ingest(source, expand(paths), at=now(), again=again)
    _show_reports(reports, as_json=as_json)
    if any(report.status in ("refused", "failed") for report in reports):
        sys.exit(1)


def _ingest(source: str, paths: Sequence[Path], *, at: dt.datetime, again: bool = False) -> list[FileReport]:
    settings = load_settings()
    with tqdm(desc=f"ingest {source}", unit=" records", disable=not sys.stderr.isatty()) as bar:
        reports = ingest(
            load_source(source, SOURCES),
            paths,
            now=at,
            settings=settings,
            again=again,
            progress=bar.update,
        )
    if any(report.accepted for report in reports):
        _prepare(settings)
    return reports


def _prepare(settings: Settings) -> None:
    """Work out ahead what questions share; the rows are in the store already, whatever becomes of this."""
    try:
        with Store.open(settings.store, settings=settings) as store:
            store.prepare(*EVERY_KEPT)
    except (RequestError, StoreError) as error:
        click.echo(f"ingest: every row is stored; the first question will take longer: {error}", err=True)


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


@click.command()
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
        at = max(now(), utc_moment(last))
        _show_reports(_ingest("contract", expand([str(folder / "*.ndjson*")]), at=at), as_json=False)


def _say(text: str) -> None:
    click.echo(f"simulate: {text}", err=True)


COMMANDS = (ingest_command, simulate)
