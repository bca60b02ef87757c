"""The published pages as a server reads them: files of one folder, by name and language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analytics_lib.runs.labels import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from analytics_lib.dashboards.pages import Page


@dataclass(frozen=True)
class PublishedFolder:
    """``outputs/pages`` and what may be shown from it.

    Attributes:
        folder: As ``publish_pages`` fills it.
        pages: By name; only these are shown.
    """

    folder: Path
    pages: Mapping[str, Page]

    @property
    def live_folder(self) -> Path:
        """Where the notebooks of live pages are, and nothing else."""
        return self.folder / "live"

    def live_notebook(self, name: str) -> Path | None:
        """The notebook of a live page; null if none is published under this name."""
        path = self.live_folder / f"{name}.ipynb"
        return path if name in self.pages and path.is_file() else None

    def live_notebooks(self) -> list[Path]:
        """Those of all pages."""
        return [path for name in self.pages if (path := self.live_notebook(name))]

    def snapshot(self, name: str, language: str) -> Path | None:
        """The last good page in this language; null if there is none."""
        path = self.folder / f"{name}.{language}.html"
        return path if name in self.pages and language in LANGUAGES and path.is_file() else None

    def any_snapshot(self, name: str, language: str) -> Path | None:
        """The last good page, in another language where there is none in this."""
        found = (self.snapshot(name, each) for each in (language, *LANGUAGES))
        return next((path for path in found if path), None)

    def gallery(self, language: str) -> Path | None:
        """The list of pages; null before anything was published."""
        path = self.folder / f"index.{language}.html"
        return path if language in LANGUAGES and path.is_file() else None
