"""Which runs a page is made of, and what its readers are told about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.runs.labels import write_day, write_moment
from analytics_lib.runs.publish import published_record
from analytics_lib.runs.record import NOTEBOOK_FILE, RunRecord
from analytics_lib.runs.report import data_facts, data_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from analytics_lib.dashboards.pages import Page
    from analytics_lib.runs.jobs import ScheduledJob

# A scheduled job looks at the days of its slot: that is its own view, not a viewer's.
_TIMES = frozenset({"since", "until", "as_of"})
_LANGUAGE = "language"


def runs_for(
    page: Page, *, language: str, outputs: Path, jobs: Sequence[ScheduledJob] = ()
) -> Mapping[str, RunRecord] | None:
    """The newest published run of each of the page's notebooks in one language, by its stem.

    A run counts if the page's controls and fixed parameters have the page's own values in it; the window of
    a scheduled job may be its slot's.

    Returns:
        Null if a notebook has no such run, or the newest one's folder is no longer there.
    """
    notebooks = {job.name: job.notebook for job in jobs}
    found: dict[str, RunRecord] = {}
    for path in page.notebooks:
        stem = path.stem
        fitting = [
            record
            for record in _published(outputs)
            if notebooks.get(record.job, record.job) == stem
            and _fits(page, stem, record, language, is_scheduled=record.job in notebooks)
        ]
        newest = max(fitting, key=lambda record: (record.started_at, record.run), default=None)
        if newest is None or not (outputs / newest.folder / NOTEBOOK_FILE).is_file():
            return None
        found[stem] = newest
    return found


def facts_of(runs: Mapping[str, RunRecord], *, language: str) -> dict[str, str]:
    """What a page's numbers rest on, as its header says it, by the names that ``View.facts`` knows.

    Of several runs the oldest counts for freshness; windows and versions are told apart where they differ.
    """
    records = list(runs.values())
    days = [day for record in records if (day := data_until(record))]
    oldest = min(records, key=lambda record: record.started_at)
    told = {
        "data_until": write_day(min(days), language=language) if days else "",
        "window": _each(
            runs, {stem: data_facts(one, language).get("window", "") for stem, one in runs.items()}
        ),
        "run_at": write_moment(oldest.started_at, time_zone=oldest.time_zone, language=language),
        "time_zone": oldest.time_zone,
        "versions": _each(runs, {stem: _versions(one) for stem, one in runs.items()}),
        "run": " · ".join(f"{record.job} {record.run}" for record in records),
    }
    return {name: text for name, text in told.items() if text}


def _published(outputs: Path) -> Iterator[RunRecord]:
    for link in sorted((outputs / "published").glob("[a-z]*")):
        record = published_record(outputs, link.name)
        if record and record.status == "succeeded":
            yield record


def _fits(page: Page, stem: str, record: RunRecord, language: str, *, is_scheduled: bool) -> bool:
    usual = page.values.get(stem, {})
    if _LANGUAGE in usual and record.language != language:
        return False
    free = {_LANGUAGE} | (_TIMES if is_scheduled else frozenset())
    held = {*page.controls, *page.parameters} - free
    return all(record.parameters.get(name) == usual[name] for name in held if name in usual)


def _each(runs: Mapping[str, RunRecord], texts: Mapping[str, str]) -> str:
    """One text where all runs agree; else each with the name of its notebook."""
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    return " · ".join(f"{runs[stem].title or stem}: {text}" for stem, text in texts.items() if text)


def _versions(record: RunRecord) -> str:
    return ", ".join(f"{table} {version}" for table, version in record.versions.items())
