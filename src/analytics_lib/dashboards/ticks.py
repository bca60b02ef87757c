"""The page of operations as it is now: its blocks drawn anew, for all who look at the same view at once.

As long as no rows came, a tick costs reading one small file: which versions belong together. Only when they
have changed is the store opened again and asked, with as many queries as ``operations.now`` says. What is
told of the age of the data is written anew at every tick.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from analytics_lib.analysis import operations
from analytics_lib.charts import operations as pictures
from analytics_lib.charts import operations_tiles, operations_top, pages
from analytics_lib.dashboards.template import inner
from analytics_lib.runs.inputs import open_store, store_folder
from analytics_lib.runs.outputs import PLOTLY
from analytics_lib.store.versions import recorded_sets

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from analytics_lib.analysis.operations import Now
    from analytics_lib.charts.words import Language
    from analytics_lib.store import Store

FRESH_SECONDS = 5.0
_MOST_VIEWS = 64
_ASKED = ("channel", "segment", "hours", "limit")
_STALE_MINUTES = 15

Shown = list[object]
Blocks = dict[str, str]


def _with(key: str, *shown: object, language: Language) -> Shown:
    return [pages.narrate(f"operations.{key}", language), *shown]


# What each block shows, in the order of the notebook's cells: a test holds the two equal.
BLOCKS: Mapping[str, Callable[[Now, Language], Shown]] = {
    "status": lambda told, language: [
        pictures.status(told, language=language),
        pictures.answer(told, language=language),
    ],
    "tiles": lambda told, language: _with(
        "tiles",
        operations_tiles.tiles(told, language=language),
        operations_tiles.numbers(told, language=language),
        language=language,
    ),
    "minutes": lambda told, language: _with(
        "minutes", pictures.minutes(told, language=language), language=language
    ),
    "queue": lambda told, language: _with(
        "queue", pictures.queue(told, language=language), language=language
    ),
    "api": lambda told, language: _with("api", pictures.api(told, language=language), language=language),
    "queries": lambda told, language: _with(
        "queries", operations_top.top(told, "queries", language=language), language=language
    ),
    "products": lambda told, language: _with(
        "products", operations_top.top(told, "products", language=language), language=language
    ),
    "issues": lambda told, language: _with(
        "issues", operations_top.top(told, "issues", language=language), language=language
    ),
    "alerts": lambda _, language: _with(
        "alerts", operations_top.alerts(language=language), language=language
    ),
}
# The one block that changes while no rows come: it tells their age.
_AGEING = "status"


@dataclass
class _Kept:
    """What is known of one view."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    versions: object = None
    told: Now | None = None
    blocks: Blocks = field(default_factory=dict)
    at: dt.datetime | None = None
    answer: dict[str, object] = field(default_factory=dict)


class Ticker:
    """Answers ticks; those of the same view within ``fresh_seconds`` get the same answer.

    Args:
        fresh_seconds: How long an answer holds.
        ask: What is asked of the store; a test counts its calls.
    """

    def __init__(
        self, *, fresh_seconds: float = FRESH_SECONDS, ask: Callable[..., Now] = operations.now
    ) -> None:
        self._fresh_seconds, self._ask = fresh_seconds, ask
        self._lock = threading.Lock()
        self._views: OrderedDict[str, _Kept] = OrderedDict()
        self._stores: dict[str, tuple[object, Store]] = {}

    def tick(
        self, store_path: str, parameters: Mapping[str, object], *, now: dt.datetime
    ) -> dict[str, object]:
        """What the page shows now.

        Args:
            store_path: Folder of the store.
            parameters: Of the notebook ``operations``; others are of no meaning here.
            now: When somebody looks.

        Returns:
            ``as_of`` (ISO), ``stale``, and ``blocks``: the inside of each card by its name.

        Raises:
            NotEnoughDataError: If nothing ever happened in the store.
            RequestError: If a parameter cannot be (see ``operations.now``).
            NotFoundError: If there is no store.
        """
        kept = self._view(json.dumps([store_path, sorted(parameters.items())], default=str))
        with kept.lock:
            if kept.at is None or not 0 <= (now - kept.at).total_seconds() < self._fresh_seconds:
                kept.answer = self._drawn(kept, store_path, parameters, now)
                kept.at = now
            return kept.answer

    def _view(self, key: str) -> _Kept:
        with self._lock:
            kept = self._views.setdefault(key, _Kept())
            self._views.move_to_end(key)
            while len(self._views) > _MOST_VIEWS:
                self._views.popitem(last=False)
            return kept

    def _drawn(
        self, kept: _Kept, path: str, parameters: Mapping[str, object], now: dt.datetime
    ) -> dict[str, object]:
        language: Language = "en" if parameters.get("language") == "en" else "es"
        versions, store = self._newest(path)
        fresh = kept.told is None or kept.versions != versions
        if fresh:
            kept.told = self._ask(store, **_asked(parameters))
            kept.versions = versions
        minutes = int(str(parameters.get("stale_minutes") or _STALE_MINUTES))
        told = operations.looked_at(kept.told, now, stale_minutes=minutes)  # type: ignore[arg-type]  # just asked
        names = BLOCKS if fresh else (_AGEING,)
        kept.blocks = {**kept.blocks, **{name: draw(name, told, language) for name in names}}
        return {"as_of": told.as_of.isoformat(), "stale": told.stale, "blocks": kept.blocks}

    def _newest(self, path: str) -> tuple[object, Store]:
        """The store at its newest versions, opened again only where they have changed."""
        with self._lock:
            sets = recorded_sets(store_folder({"store_path": path}))
            versions = sets[0] if sets else None
            held = self._stores.get(path)
            if held is None or held[0] != versions:
                # Not closed: another reader may still be asking it; it goes with the last of them.
                held = (versions, open_store(path))
                self._stores[path] = held
            return held


def draw(name: str, told: Now, language: Language) -> str:
    """The inside of the card of a block, as the template makes it of the notebook's cell."""
    outputs = [
        {"output_type": "display_data", "metadata": {}, "data": _bundle(shown)}
        for shown in BLOCKS[name](told, language)
    ]
    tags = ["page", f"block-{name}"]
    cell = {"cell_type": "code", "source": "", "metadata": {"tags": tags}, "outputs": outputs}
    return inner(cell, language=language)


def _asked(parameters: Mapping[str, object]) -> dict[str, Any]:
    given = {name: parameters[name] for name in _ASKED if parameters.get(name) is not None}
    as_of = parameters.get("as_of")
    return {**given, "as_of": operations.read_moment(str(as_of) if as_of else None)}


def _bundle(shown: object) -> dict[str, object]:
    """What a notebook keeps of something it shows."""
    if isinstance(shown, go.Figure):
        return {PLOTLY: json.loads(shown.to_json())}
    if isinstance(shown, pages.Markdown):
        return {"text/markdown": shown.text}
    return {"text/html": shown.html} if isinstance(shown, pages.Html) else {"text/plain": str(shown)}


_SHARED = Ticker()
tick = _SHARED.tick
