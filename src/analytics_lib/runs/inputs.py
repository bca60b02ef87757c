"""What a notebook reads: the store, at the versions its run was given."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analytics_lib.config import Settings, load_settings
from analytics_lib.errors import NotFoundError, RequestError
from analytics_lib.store import Store
from analytics_lib.store.counts import row_counts
from analytics_lib.store.versions import recorded_sets

if TYPE_CHECKING:
    from collections.abc import Mapping

MODELS = Path("data/models")


def open_store(path: str) -> Store:
    """The store of a notebook; in a supervised run at the versions recorded for it, else at the newest.

    The default path means the store of the settings, wherever that is. A relative path is looked for in the
    working folder and in those above it: JupyterLab works in the notebook's folder, a run in the project's
    root.

    Raises:
        NotFoundError: If there is no such folder.
    """
    asked = Path(path)
    return Store.open(_find(load_settings().store if asked == Settings().store else asked))


@dataclass(frozen=True)
class Snapshot:
    """What a run is to read: the version of each table, and how many rows it has there."""

    versions: Mapping[str, int]
    rows: Mapping[str, int]


def snapshot(parameters: Mapping[str, object]) -> Snapshot:
    """The store that a notebook with these parameters will open, as it is now.

    Raises:
        RequestError: If they name a folder that is not there.
    """
    path = store_folder(parameters)
    if path != load_settings().store and not path.is_dir():
        raise RequestError(f"store_path is {str(path)!r}, and there is no such folder.")
    with Store.open(path) as store:
        return Snapshot(store.versions, row_counts(store))


def store_id(parameters: Mapping[str, object]) -> str | None:
    """Which store a notebook with these parameters will open: SHA-256 over its tables' ids; null without one.

    The versions of two stores both count from 0; a store that was deleted and made again has another id.
    """
    sets = recorded_sets(store_folder(parameters))
    if not sets:
        return None
    ids = sorted((table, str(held["id"])) for table, held in sets[0].items())
    return hashlib.sha256(json.dumps(ids).encode()).hexdigest()


def store_folder(parameters: Mapping[str, object]) -> Path:
    """The folder of the store that a notebook with these parameters will open, whether it is there or not."""
    asked = Path(str(parameters.get("store_path") or Settings().store))
    return load_settings().store if asked == Settings().store else asked


def models_folder(path: str) -> Path | None:
    """Where a notebook keeps the models it trains; null for an empty text, which keeps none.

    ``data/models`` means the folder beside the store of the settings, wherever that is.

    Raises:
        RequestError: If the path is absolute or leads out of the project.
        NotFoundError: If the folder that should hold it is not there.
    """
    if not path:
        return None
    asked = Path(path)
    if asked.is_absolute() or ".." in asked.parts or path.startswith("~"):
        raise RequestError(f"models_path is {path!r}; expected a folder inside the project, as {MODELS}.")
    if asked == MODELS:
        return _find(load_settings().store).parent / MODELS.name
    return _find(asked.parent) / asked.name


def kept_models(store_path: str) -> Path | None:
    """Where a notebook looks for models kept earlier: ``data/models``, beside the store of the settings.

    Null for any other store: its people are not those the models learned from.

    Raises:
        NotFoundError: If there is no such store.
    """
    return models_folder(str(MODELS)) if Path(store_path) == Settings().store else None


def _find(path: Path) -> Path:
    above = [Path.cwd(), *Path.cwd().parents]
    found = next((folder / path for folder in above if (folder / path).is_dir()), None)
    if found is None:
        raise NotFoundError(
            f"There is no store at {str(path)!r} in {Path.cwd().name} or above. "
            "Make one by `analytics ingest` or `analytics simulate`, or give another path."
        )
    return found
