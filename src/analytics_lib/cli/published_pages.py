"""The pages for readers, made again once a run was published."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click

from analytics_lib.cli.project import NOTEBOOKS, PARAMETERS, jobs
from analytics_lib.config import load_settings
from analytics_lib.dashboards.choices import known_choices
from analytics_lib.dashboards.pages import read_pages
from analytics_lib.dashboards.snapshot import publish_pages
from analytics_lib.errors import AnalyticsError
from analytics_lib.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analytics_lib.runs.jobs import ScheduledJob

PAGES = PARAMETERS / "dashboards.yaml"


def refresh_pages() -> None:
    """Write the pages of the project anew where their runs have changed, and say what cannot be.

    A wrong file of pages costs no run its result: the pages of before stay.
    """
    if not PAGES.exists():
        return
    try:
        pages = read_pages(PAGES, NOTEBOOKS)
        written = publish_pages(load_settings().outputs, pages, jobs=_jobs(), choices=_choices())
    except (AnalyticsError, OSError) as error:
        click.echo(f"The pages for readers are as before: {error}", err=True)
        return
    for path in written:
        click.echo(f"Page: {path}")


def _jobs() -> Sequence[ScheduledJob]:
    """The jobs, if their file can be read; the commands that need them say what is wrong with it."""
    with contextlib.suppress(AnalyticsError):
        return jobs()
    return []


def _choices() -> Mapping[str, Sequence[str]]:
    with contextlib.suppress(AnalyticsError), Store.open(load_settings().store) as store:
        return known_choices(store)
    return {}
