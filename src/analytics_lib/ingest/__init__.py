"""Ingest: files of a source in, rows of the contract out, the rest counted and kept with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.errors import FileRefusedError, RequestError, StoreError
from analytics_lib.ingest.conform import Rules
from analytics_lib.ingest.pipeline import FileReport, Place, ingest_file
from analytics_lib.ingest.source import Source, load_source
from analytics_lib.sources.files import sha256
from analytics_lib.store import Store
from analytics_lib.text.identity import load_key

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from analytics_lib.config import Settings

KNOWN_FILES = "select sha256 from ingested_files where source = $source"

__all__ = ["FileReport", "Source", "ingest", "load_source"]


def ingest(
    source: Source,
    paths: Sequence[Path],
    *,
    now: dt.datetime,
    settings: Settings,
    again: bool = False,
    progress: Callable[[int], object] = lambda _: None,
) -> list[FileReport]:
    """Bring files into the store, one after the other, each whole or not at all.

    Args:
        source: How the files are read.
        paths: The files.
        now: The moment of the ingest; times more than a day later are refused.
        settings: Where the store and the key are, and the business time zone.
        again: Read files that were ingested before, too, and let their rows replace the stored ones: for
            when a mapping was mended.
        progress: Called with the number of records each time some were read.

    Returns:
        One report a file, in the order given. A file ingested before (by its content), refused as a whole, or
        not stored because the store could not be written, has that status and does not stop the others.

    Raises:
        RequestError: If a file does not exist, or the source's mapping is wrong.
    """
    if settings.keys.resolve().is_relative_to(settings.store.resolve()):
        raise RequestError(
            f"The key folder {settings.keys} lies inside the store {settings.store}. Keep it apart."
        )
    key, key_id = load_key(settings.keys)
    rules = Rules(now, source.time_zone or settings.time_zone, settings.time_zone, key)
    place = Place(settings.store.resolve(), rules, key_id, settings.memory_limit_gb, again)
    known = set() if again else _known_files(settings.store, source)
    return [_ingest_one(source, path, place, known, progress) for path in paths]


def _ingest_one(
    source: Source, path: Path, place: Place, known: set[str], progress: Callable[[int], object]
) -> FileReport:
    try:
        digest = sha256(path)
        if digest in known:
            return FileReport(path.name, status="already ingested")
        report = ingest_file(source, path, digest, place, progress)
    except FileRefusedError as error:
        return FileReport(path.name, status="refused", reason=f"{error.code}: {error}")
    except StoreError as error:
        return FileReport(path.name, status="failed", reason=str(error))
    known.add(digest)
    return report


def _known_files(store: Path, source: Source) -> set[str]:
    with Store.open(store) as opened:
        found = opened.query(KNOWN_FILES, source=source.name)
    return set(found["sha256"])
