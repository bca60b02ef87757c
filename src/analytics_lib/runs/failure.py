"""What a failed run tells: the cell, the error, the last lines, and what changed since the last good run.

The page of the run says it at length, ``failure_message`` in three lines. Both show texts as
``failure_private`` gives them.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analytics_lib.runs.failure_private import one_line, private, shown_value
from analytics_lib.runs.labels import labels, write_moment, write_number
from analytics_lib.runs.record import RunRecord, read_record
from analytics_lib.runs.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

LOG_FILE = "log.txt"
INJECTED_TAG = "injected-parameters"
_LAST_LINES = 15
_ERROR_LINES = 8
_LOG_BYTES = 16_384
_LONGEST_READ = 5_000
_LONGEST_LINE = 300
_LONGEST_MESSAGE_LINE = 300
_MOST_TOLD = 4
_RUN_NAME = re.compile(r"\d{8}T\d{6}Z-")


@dataclass(frozen=True)
class Change:
    """One thing a run was made of that was otherwise in the run before it.

    Attributes:
        kind: ``parameter``, ``store``, ``table``, ``library``, ``lock`` or ``notebook``.
        name: Of the parameter or table; empty for the others.
        before: As a reader sees it; null where there was none.
        after: Likewise.
    """

    kind: str
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Failure:
    """What the page of a failed run says before anything else.

    Attributes:
        cell: Position of the failing cell among the code cells, from 1; null where no cell failed.
        cells: How many code cells there are.
        source: Of the failing cell.
        error: Last lines of the error.
        output: Last lines that cells printed, up to the failing one.
        log: Last lines of the log of the process that ran the cells.
        good: The last good run of the job before this one.
        changes: What is not as it was then.
        same: What is, in words.
    """

    cell: int | None
    cells: int
    source: str
    error: str
    output: str
    log: str
    good: RunRecord | None
    changes: list[Change]
    same: list[str]


def failure_message(record: RunRecord, last_good: RunRecord | None, *, language: str | None = None) -> str:
    """What happened to a run in exactly three lines: where and why, the error, what changed since.

    Plain text without personal data and secrets. What cells printed is not in it: that stays on the page.

    Args:
        record: A run that has not succeeded.
        last_good: The last good run of its job before it, if there is one.
        language: ``es`` or ``en``; that of the run unless given.
    """
    language = language or record.language
    words = labels(language)
    where = f" {words['in_cell'].format(n=record.failed_cell)}" if record.failed_cell else ""
    why = f" ({words.get(record.reason, record.reason)})" if record.reason else ""
    at = write_moment(record.started_at, time_zone=record.time_zone, language=language)
    lines = (
        f"{record.job}: {words.get(record.status, record.status)}{where}{why}, {at}",
        f"{words['error']}: {private(record.error or words['not_there'])}",
        _told_changes(record, last_good, language),
    )
    return "\n".join(one_line(line, _LONGEST_MESSAGE_LINE) for line in lines)


def failure_of(record: RunRecord, folder: Path, notebook: Mapping[str, Any]) -> Failure:
    """What is told of a failed run whose folder holds the notebook as far as it came, and the log.

    The last good run is looked for among the folders beside it.
    """
    cells = [cell for cell in notebook["cells"] if _is_counted(cell)]
    at = record.failed_cell or 0
    cell = cells[at - 1] if 0 < at <= len(cells) else None
    good = last_good(folder.parent, record) if folder.name == record.run else None
    changed = changes(record, good, language=record.language) if good else []
    return Failure(
        cell=at if cell else None,
        cells=len(cells),
        source="".join(cell["source"]) if cell else "",
        error=_last((record.error or "").splitlines(), _ERROR_LINES),
        output=_last(_printed(cells[: at or None]), _LAST_LINES),
        log=_last(_log_lines(folder / LOG_FILE), _LAST_LINES),
        good=good,
        changes=changed,
        same=_same(record, changed) if good else [],
    )


def last_good(runs: Path, record: RunRecord) -> RunRecord | None:
    """The last succeeded run of a job that began before this one; ``runs`` holds the folders of its runs."""
    names = (entry.name for entry in os.scandir(runs) if _RUN_NAME.match(entry.name)) if runs.is_dir() else ()
    earlier = sorted((name for name in names if name < record.run), reverse=True)
    found = (read_record(runs / name) for name in earlier)
    return next((one for one in found if one.status == "succeeded"), None)


def changes(record: RunRecord, before: RunRecord, *, language: str) -> list[Change]:
    """What a run was made of that was otherwise in one before it: parameters, data, then the code."""
    found = [
        *_changed_parameters(record, before, language),
        # Records of before stores had ids say nothing of theirs.
        Change("store", "", _short(before.store_id or record.store_id), _short(record.store_id)),
        *_changed_tables(record, before, language),
        *_changed_code(record, before),
    ]
    return [change for change in found if change.before != change.after]


def _changed_parameters(record: RunRecord, before: RunRecord, language: str) -> Iterator[Change]:
    words = labels(language)
    for name in dict.fromkeys([*record.parameters, *before.parameters]):
        old, new = (
            shown_value(name, one.parameters[name]) if name in one.parameters else None
            for one in (before, record)
        )
        if record.parameters.get(name) != before.parameters.get(name) and old == new:
            # They differ in what is not shown.
            new = f"{new} ({words['changed']})"
        yield Change("parameter", name, old, new)


def _changed_tables(record: RunRecord, before: RunRecord, language: str) -> Iterator[Change]:
    for name in dict.fromkeys([*record.versions, *before.versions]):
        # Rows are told only if both runs counted them: a count beside none is no change.
        counted = name in record.rows and name in before.rows
        old, new = (
            data_state(one, name, language=language, counted=counted) if name in one.versions else None
            for one in (before, record)
        )
        yield Change("table", name, old, new)


def data_state(record: RunRecord, table: str, *, language: str, counted: bool = True) -> str:
    """The version of a table that a run read and, if they were counted, its rows."""
    words = labels(language)
    version = words["version"].format(n=record.versions[table])
    if not counted or table not in record.rows:
        return version
    return f"{version}, {words['rows'].format(n=write_number(record.rows[table], language=language))}"


def _changed_code(record: RunRecord, before: RunRecord) -> Iterator[Change]:
    yield Change("library", "", _short(before.library_hash), _short(record.library_hash))
    yield Change("lock", "", _short(before.lock_hash), _short(record.lock_hash))
    yield Change("notebook", "", _short(before.notebook_hash), _short(record.notebook_hash))


def _short(digest: str | None) -> str | None:
    return digest[:8] if digest else None


def _same(record: RunRecord, changed: Sequence[Change]) -> list[str]:
    """What did not change, in words: how many parameters and tables, and which code."""
    words = labels(record.language)
    counts = (
        ("parameters", len(record.parameters), "parameter"),
        ("tables_of_data", len(record.versions), "table"),
    )
    told = []
    for label, there, kind in counts:
        left = there - sum(change.kind == kind and change.after is not None for change in changed)
        if left > 0:
            told.append(f"{words[label].lower()} ({left})")
    kinds = {change.kind for change in changed}
    return told + [words[kind].lower() for kind in ("library", "lock", "notebook") if kind not in kinds]


def _told_changes(record: RunRecord, last_good: RunRecord | None, language: str) -> str:
    words = labels(language)
    if last_good is None:
        return words["no_earlier_good"]
    at = write_moment(last_good.started_at, time_zone=record.time_zone, language=language)
    found = changes(record, last_good, language=language)
    told = [_told(change, words) for change in found[:_MOST_TOLD]]
    if len(found) > _MOST_TOLD:
        told.append(words["more"].format(n=len(found) - _MOST_TOLD))
    return words["since_good"].format(moment=at) + ("; ".join(told) or words["nothing_changed"])


def _told(change: Change, words: Mapping[str, str]) -> str:
    if not change.name:
        return f"{words[change.kind]}: {words['changed']}"
    none = words["not_there"]
    return f"{change.name} {change.before or none} \N{RIGHTWARDS ARROW} {change.after or none}"


def _is_counted(cell: Mapping[str, Any]) -> bool:
    """Whether the cell has a number: code that is not empty and was not put in by Papermill."""
    tags = cell.get("metadata", {}).get("tags", [])
    return cell["cell_type"] == "code" and bool("".join(cell["source"]).strip()) and INJECTED_TAG not in tags


def _printed(cells: Sequence[Mapping[str, Any]]) -> list[str]:
    outputs = (output for cell in cells for output in cell.get("outputs", []))
    streams = (output for output in outputs if output["output_type"] == "stream")
    return "".join("".join(output["text"]) for output in streams).splitlines()


def _log_lines(log: Path) -> list[str]:
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _LOG_BYTES))
        return file.read().decode("utf-8", "replace").splitlines()


def _last(lines: Sequence[str], most: int) -> str:
    """The last lines that say something, without personal data, then each cut."""
    said = [line[:_LONGEST_READ].rstrip() for line in map(plain, lines) if line.strip()]
    hidden = private("\n".join(said[-most:])).splitlines()
    return "\n".join(line[:_LONGEST_LINE] for line in hidden)
