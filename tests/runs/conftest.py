"""Runs of tiny notebooks in real kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from small_disks import disk_of
from tiny_notebooks import FULL, HOSTILE, NOON, write_notebook

from analytics_lib.runs.runner import Job, run

if TYPE_CHECKING:
    from pathlib import Path

    from analytics_lib.runs.record import RunRecord


@pytest.fixture
def execute(tmp_path):
    """Run a notebook of these cells under ``tmp_path / "outputs"``."""

    def execute(*cells, name="tiny", **job) -> RunRecord:
        notebook = write_notebook(tmp_path / "tiny.ipynb", *cells)
        return run(Job(name, notebook, **job), outputs=tmp_path / "outputs", versions={}, now=lambda: NOON)

    return execute


@pytest.fixture
def tiny_disk(tmp_path):
    """A folder with a disk of its own, of one megabyte."""
    with disk_of(tmp_path / "tiny_disk", megabytes=1) as folder:
        yield folder


@pytest.fixture(scope="session")
def full_run(tmp_path_factory) -> tuple[Path, RunRecord]:
    """The outputs folder and the record of one succeeded run; its ``note`` is hostile."""
    folder = tmp_path_factory.mktemp("full") / "{run} {0}"
    folder.mkdir()
    notebook = write_notebook(folder / "full.ipynb", *FULL)
    progress = []
    record = run(
        Job("conversations", notebook, {"note": 'it\'s "quoted"\\ \n' + HOSTILE}),
        outputs=folder / "outputs",
        versions={"messages": 3},
        now=lambda: NOON,
        on_progress=lambda done, total: progress.append((done, total)),
    )
    assert progress[-1] == (7, 7)
    return folder / "outputs", record
