"""What a notebook reads: the store, at the versions its run was given."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from analytics_lib.config import Settings, load_settings
from analytics_lib.errors import NotFoundError, RequestError
from analytics_lib.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping


def open_store(path: str) -> Store:
    """The store of a notebook; in a supervised run at the versions recorded for it, else at the newest.

    The default path means the store of the settings, wherever that is. A relative path is looked for in the
    working folder and in those above it: JupyterLab works in the
    notebook's folder, a run in the project's root.

    Raises:
        NotFoundError: If there is no such folder.
    """
    asked = Path(path)
    return Store.open(_find(load_settings().store if asked == Settings().store else asked))


def pinned(parameters: Mapping[str, object]) -> dict[str, int]:
    """The versions of the store that a notebook with these parameters will open.

    Raises:
        RequestError: If they name a folder that is not there.
    """
    asked = Path(str(parameters.get("store_path") or Settings().store))
    path = load_settings().store if asked == Settings().store else asked
    if asked != Settings().store and not path.is_dir():
        raise RequestError(f"store_path is {str(asked)!r}, and there is no such folder.")
    with Store.open(path) as store:
        return store.versions


def _find(path: Path) -> Path:
    above = [Path.cwd(), *Path.cwd().parents]
    found = next((folder / path for folder in above if (folder / path).is_dir()), None)
    if found is None:
        raise NotFoundError(
            f"There is no store at {str(path)!r} in {Path.cwd().name} or above. "
            "Make one by `analytics ingest` or `analytics simulate`, or give another path."
        )
    return found
