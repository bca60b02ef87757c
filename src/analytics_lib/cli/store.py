"""``analytics store``: what it holds, its upkeep, whether it is whole."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click
import orjson

from analytics_lib.config import load_settings
from analytics_lib.runs.record import all_records
from analytics_lib.store import upkeep


@click.group()
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


COMMANDS = (store,)
