"""A run looked at again: a copy of its executed notebook, with its parameters, on the data it read."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analytics_lib.atomic import write_atomically
from analytics_lib.config import Settings, load_settings
from analytics_lib.errors import NotFoundError, RequestError, StoreError
from analytics_lib.hashes import library_hash
from analytics_lib.runs.inputs import store_folder, store_id
from analytics_lib.runs.record import NOTEBOOK_FILE, RunRecord
from analytics_lib.runs.results import RUN_FOLDER_VARIABLE
from analytics_lib.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Notebook = dict[str, Any]

_INJECTED = "injected-parameters"
# Papermill marks the cell that failed with cells of its own.
_MARKER = "papermill-error-cell-tag"


@dataclass(frozen=True)
class Copy:
    """A run's notebook made ready to be opened.

    Attributes:
        notebook: The copy; the run's own stays as it is.
        environment: What the program that opens it must be started with.
        notes: What is no longer as it was when it ran, one sentence each.
    """

    notebook: Path
    environment: Mapping[str, str]
    notes: tuple[str, ...]


def make_copy(record: RunRecord, outputs: Path) -> Copy:
    """A copy of the run's notebook, as far as it came, to be opened on the versions of the tables it read.

    Raises:
        NotFoundError: If these versions or the notebook are gone; the message says how to go on without.
    """
    _check_versions(record)
    notebook = _with_parameters(_read(outputs / record.folder / NOTEBOOK_FILE, record), record.parameters)
    path = next(path for path in _names(outputs / "debug" / record.job, record.run) if not path.exists())
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(notebook, ensure_ascii=False, indent=1))
    return Copy(path.resolve(), _environment(record), _notes(record))


def _check_versions(record: RunRecord) -> None:
    go_on = f"With today's data instead: analytics run {record.job}, or the notebook in JupyterLab."
    if record.store_id is not None and store_id(record.parameters) != record.store_id:
        raise NotFoundError(f"The store that {record.run} read is not the one that is there now. {go_on}")
    try:
        Store.open(store_folder(record.parameters), versions=record.versions).close()
    except (RequestError, StoreError) as error:
        raise NotFoundError(f"The data that {record.run} read are gone: {error} {go_on}") from error


def _read(path: Path, record: RunRecord) -> Notebook:
    try:
        notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NotFoundError(
            f"The notebook of {record.run} cannot be read: {error}. Run it again: analytics run {record.job}."
        ) from error
    return notebook


def _with_parameters(notebook: Notebook, parameters: Mapping[str, object]) -> Notebook:
    """The notebook with the run's parameters in the cell after its own; a run that ended early has none."""
    cells = [cell for cell in notebook["cells"] if not {_INJECTED, _MARKER} & _tags(cell)]
    place = next((at for at, cell in enumerate(cells, 1) if "parameters" in _tags(cell)), 0)
    # Values are JSON and names declared ones, so each line is an assignment of a literal.
    lines = ["# Parameters of the run", *(f"{name} = {value!r}" for name, value in parameters.items())]
    cell: Notebook = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {"tags": [_INJECTED]},
        "outputs": [],
        "source": "\n".join(lines),
    }
    if notebook.get("nbformat_minor", 0) >= 5:
        cell["id"] = "parameters-of-the-run"
    return {**notebook, "cells": [*cells[:place], *([cell] if parameters else []), *cells[place:]]}


def _tags(cell: Notebook) -> set[str]:
    return set(cell.get("metadata", {}).get("tags", []))


def _names(folder: Path, run: str) -> Iterator[Path]:
    """Names for a copy; somebody may have worked in those that are there."""
    yield folder / f"{run}.ipynb"
    number = 2
    while True:
        yield folder / f"{run}-{number}.ipynb"
        number += 1


def _environment(record: RunRecord) -> dict[str, str]:
    """Of this process, with the run's versions and time zone; folders absolute: kernels start elsewhere."""
    settings: Settings = load_settings()
    folders = {name: getattr(settings, name) for name in ("store", "keys", "inbox", "outputs")}
    inherited = {name: value for name, value in os.environ.items() if name != RUN_FOLDER_VARIABLE}
    return {
        **inherited,
        **{f"ANALYTICS_{name.upper()}": str(folder.resolve()) for name, folder in folders.items()},
        "ANALYTICS_TIME_ZONE": record.time_zone,
        "ANALYTICS_STORE_VERSIONS": json.dumps(record.versions),
    }


def _notes(record: RunRecord) -> tuple[str, ...]:
    if record.library_hash == library_hash():
        return ()
    return ("The library has changed since: its functions may answer otherwise than they did.",)
