"""The pages as files: each made of the last good published runs of its notebooks, replaced whole.

``outputs/pages`` holds what readers may see and nothing else. A page is made again only when its runs, its
definition or the library have changed; one that no run can be found for any more keeps what it showed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from analytics_lib.atomic import write_atomically
from analytics_lib.dashboards.gallery import gallery
from analytics_lib.dashboards.layout import place_of
from analytics_lib.dashboards.pages import Page, merged, unique_id
from analytics_lib.dashboards.published import facts_of, runs_for
from analytics_lib.dashboards.template import View, block, copy_assets, head, tail
from analytics_lib.dashboards.thumbnails import thumbnail
from analytics_lib.errors import RequestError
from analytics_lib.hashes import library_hash
from analytics_lib.runs.labels import LANGUAGES
from analytics_lib.runs.record import NOTEBOOK_FILE, RunRecord
from analytics_lib.runs.report import data_until

if TYPE_CHECKING:
    from pathlib import Path

    from analytics_lib.runs.jobs import ScheduledJob

PAGES_FOLDER = "pages"
LIST_FILE = "pages.json"
MOST_BYTES = 1_000_000

Entry = dict[str, Any]
Runs = Mapping[str, RunRecord]


@dataclass(frozen=True)
class _Press:
    """What all pages of one publication share."""

    outputs: Path
    choices: Mapping[str, Sequence[str]]
    code: str

    @property
    def folder(self) -> Path:
        return self.outputs / PAGES_FOLDER


def publish_pages(
    outputs: Path,
    pages: Mapping[str, Page],
    *,
    jobs: Sequence[ScheduledJob] = (),
    choices: Mapping[str, Sequence[str]] | None = None,
) -> list[Path]:
    """Write ``outputs/pages``: every page in each language there are good runs of, and the gallery.

    Written are ``NAME.LANG.html``, ``index.LANG.html``, ``live/NAME.ipynb`` (the merged notebook without
    outputs), ``assets/`` and ``pages.json``. A page that no run can be found for keeps what it showed before.

    Args:
        outputs: Folder of all outputs.
        pages: As ``read_pages`` gives them.
        jobs: Those of ``params/jobs.yaml``: what they run counts as well as a run a person asked for.
        choices: By control, the values a reader can choose from.

    Returns:
        The snapshots that were written anew.

    Raises:
        RequestError: If a page would be larger than 1 MB; it keeps what it showed, the others are written.
        OSError: If the disk is full; what was published stays.
    """
    press = _Press(outputs, choices or {}, library_hash())
    (press.folder / "live").mkdir(parents=True, exist_ok=True)
    with _alone(press.folder):
        copy_assets(press.folder / "assets")
        before = read_list(outputs)
        written: list[Path] = []
        problems: list[str] = []
        entries: list[Entry] = []
        for page in pages.values():
            found = partial(runs_for, page, outputs=outputs, jobs=jobs)
            entry = _entry(page, before.get(page.name, {}).get("languages", {}))
            for language in LANGUAGES:
                try:
                    written += _write(page, language, found(language=language), entry=entry, press=press)
                except RequestError as problem:
                    problems.append(str(problem))
            _write_json(press.folder / "live" / f"{page.name}.ipynb", merged(page))
            entries.append(entry)
        _remove(press.folder, before.keys() - pages.keys())
        _write_json(press.folder / LIST_FILE, {"pages": entries})
        for language in LANGUAGES:
            _write_text(press.folder / f"index.{language}.html", gallery(entries, language=language))
    if problems:
        raise RequestError("\n".join(problems))
    return written


def read_list(outputs: Path) -> dict[str, Entry]:
    """What ``pages.json`` says of each page, by name; nothing where there is none that can be read.

    An entry holds name, title and audience by language, controls, refresh_seconds, default_language, and
    languages: for each that is published its facts, run_at and data_until (ISO), runs and thumbnail.
    """
    try:
        found = json.loads((outputs / PAGES_FOLDER / LIST_FILE).read_text(encoding="utf-8"))
        return {entry["name"]: entry for entry in found["pages"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One publisher at a time, so that the list and the pages agree."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _entry(page: Page, languages: Mapping[str, Any]) -> Entry:
    return {
        "name": page.name,
        "title": dict(page.title),
        "audience": dict(page.audience),
        "controls": list(page.controls),
        "refresh_seconds": page.refresh_seconds,
        "default_language": page.default_language,
        "languages": dict(languages),
    }


def _write(page: Page, language: str, runs: Runs | None, *, entry: Entry, press: _Press) -> list[Path]:
    """Write the page in one language, if there are runs of it that it was not made of."""
    path = press.folder / f"{page.name}.{language}.html"
    if runs is None:
        return []
    made_of = _made_of(page, language, runs, press)
    if entry["languages"].get(language, {}).get("made_of") == made_of and path.exists():
        return []
    cells = [cell for stem, record in runs.items() for cell in _shown_cells(press.outputs, stem, record)]
    if not cells:
        return []
    facts = facts_of(runs, language=language)
    parameters = {"language": language} if "language" in page.controls else {}
    view = View(page, parameters, language, "snapshot", facts, choices=press.choices)
    html = head(view) + "".join(block(cell, language=language, page=page.name) for cell in cells) + tail(view)
    if (size := len(html.encode())) > MOST_BYTES:
        raise RequestError(
            f"The page {page.name} would have {size:,} bytes in {language}; at most {MOST_BYTES:,} are "
            "published. Show fewer cells, or fewer points in their figures."
        )
    write_atomically(path, html)
    days = [day.isoformat() for day in map(data_until, runs.values()) if day]
    entry["languages"][language] = {
        "facts": facts,
        "run_at": min(record.started_at for record in runs.values()),
        "data_until": min(days, default=None),
        "runs": {stem: f"{record.job}/{record.run}" for stem, record in runs.items()},
        "thumbnail": thumbnail(cells),
        "made_of": made_of,
    }
    return [path]


def _made_of(page: Page, language: str, runs: Runs, press: _Press) -> str:
    """What would change the page if it changed."""
    told = [record.run for record in runs.values()]
    definition = [page.title, page.audience, page.controls, page.values, press.choices]
    text = json.dumps([told, language, definition, press.code], default=dict, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _shown_cells(outputs: Path, stem: str, record: RunRecord) -> list[Entry]:
    """The cells of a run that the page shows, with ids of their own among those of other notebooks."""
    path = outputs / record.folder / NOTEBOOK_FILE
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    named = [{**cell, "id": unique_id(stem, cell, position)} for position, cell in enumerate(cells)]
    return [cell for cell in named if place_of(cell)]


def _remove(folder: Path, names: Sequence[str] | set[str]) -> None:
    """Remove what was published of pages that are no more."""
    for name in names:
        for path in (
            *(folder / f"{name}.{language}.html" for language in LANGUAGES),
            folder / "live" / f"{name}.ipynb",
        ):
            path.unlink(missing_ok=True)


def _write_json(path: Path, value: object) -> None:
    _write_text(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def _write_text(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_atomically(path, text)
