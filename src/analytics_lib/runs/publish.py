"""The last good run of each job, where readers look for it: replaced whole or not at all.

``outputs/published/<job>`` is a relative link to a folder beside it, made ready before the link is moved in
one step. The folder that was published before stays until the next time: somebody may be reading it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from analytics_lib.atomic import sync_folder, write_atomically
from analytics_lib.errors import RequestError
from analytics_lib.runs.record import RECORD_FILE, REPORT_FILE, RunRecord, read_record
from analytics_lib.runs.report import as_published

if TYPE_CHECKING:
    from collections.abc import Iterator

_PUBLISHED = "published"


def publish(outputs: Path, record: RunRecord) -> Path:
    """Make a succeeded run the published one of its job: its report, record and artifacts.

    Returns:
        The published folder.

    Raises:
        RequestError: If the run has not succeeded; what was published stays.
        OSError: If the disk is full; what was published stays.
    """
    if record.status != "succeeded":
        raise RequestError(
            f"Run {record.run} of {record.job} is {record.status}; only a succeeded run is published."
        )
    published = outputs / _PUBLISHED
    published.mkdir(parents=True, exist_ok=True)
    with _alone(published):
        fresh = Path(tempfile.mkdtemp(prefix=f".{record.job}-{record.run}-", dir=published))
        try:
            _fill(fresh, outputs / record.folder, record)
            before = _point(published / record.job, fresh.name)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        _sweep(published, record.job, keep={fresh.name, before})
    return published / record.job


def published_record(outputs: Path, job: str) -> RunRecord | None:
    """The record of the run that is published for the job, if there is one."""
    folder = outputs / _PUBLISHED / job
    return read_record(folder) if folder.exists() else None


@contextlib.contextmanager
def _alone(published: Path) -> Iterator[None]:
    """One publisher at a time: another's half-made folder must not be swept."""
    with (published / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fill(fresh: Path, run_folder: Path, record: RunRecord) -> None:
    report = (run_folder / REPORT_FILE).read_text(encoding="utf-8")
    write_atomically(fresh / REPORT_FILE, as_published(report))
    write_atomically(fresh / RECORD_FILE, json.dumps(asdict(record), ensure_ascii=False, indent=1))
    # Links are left out: a notebook must not be able to publish a file from elsewhere.
    shutil.copytree(run_folder / "artifacts", fresh / "artifacts", ignore=_links)
    fresh.chmod(0o755)
    sync_folder(fresh)


def _links(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if (Path(folder) / name).is_symlink()]


def _point(link: Path, target: str) -> str:
    """Make the link point to the target in one step; what it pointed to before, or nothing."""
    before = link.readlink().name if link.is_symlink() else ""
    temporary = link.with_name(f".{link.name}-link-{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target, target_is_directory=True)
    temporary.replace(link)
    sync_folder(link.parent)
    return before


def _sweep(published: Path, job: str, *, keep: set[str]) -> None:
    """Remove folders of earlier publications, and what a killed publisher left."""
    for path in published.glob(f".{job}-2*"):
        if path.name not in keep:
            shutil.rmtree(path, ignore_errors=True)
