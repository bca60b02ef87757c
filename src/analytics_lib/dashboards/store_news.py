"""What a server has to know of the stores behind its pages, asked at most twice a minute for all readers."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analytics_lib.analysis.operations_ends import end_of
from analytics_lib.dashboards.choices import known_choices
from analytics_lib.errors import NotEnoughDataError
from analytics_lib.runs.inputs import open_store
from analytics_lib.runs.labels import write_moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analytics_lib.dashboards.pages import Page

_FRESH_SECONDS = 30.0


@dataclass(frozen=True)
class News:
    """What is in a store now.

    Attributes:
        choices: By control, the values that a reader can choose.
        versions: The version of each table.
        until: The moment of the last thing that happened, in ISO; null without one.
    """

    choices: Mapping[str, Sequence[str]]
    versions: Mapping[str, int]
    until: str | None


@dataclass
class StoreNews:
    """The news of each store by its path, kept for some seconds."""

    _kept: dict[str, tuple[float, News]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, page: Page) -> News:
        """The news of the store that the page's first notebook reads.

        Raises:
            AnalyticsError: If there is no such store.
        """
        path = store_path(page)
        with self._lock:
            read_at, news = self._kept.get(path, (-_FRESH_SECONDS, None))
            if news is None or time.monotonic() - read_at >= _FRESH_SECONDS:
                news = _read(path)
                self._kept[path] = (time.monotonic(), news)
            return news


def store_path(page: Page) -> str:
    """The store that the page's first notebook reads."""
    return str(next(values["store_path"] for values in page.values.values() if "store_path" in values))


def live_facts(news: News, *, now: str, time_zone: str, language: str) -> dict[str, str]:
    """What the header of a live page says its numbers rest on, by the names that ``View.facts`` knows."""
    told = {"run_at": write_moment(now, time_zone=time_zone, language=language), "time_zone": time_zone}
    if news.until:
        told["data_until"] = write_moment(news.until, time_zone=time_zone, language=language)
    told["versions"] = ", ".join(f"{table} {version}" for table, version in news.versions.items())
    return told


def _read(path: str) -> News:
    with open_store(path) as store:
        try:
            until = end_of(store, None).at.isoformat()
        except NotEnoughDataError:
            until = None
        return News(known_choices(store), store.versions, until)
