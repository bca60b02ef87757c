"""Notebooks as an analyst runs them: from their own folder, cell by cell, in a fresh kernel (nbval)."""

import json
import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from world import ROOT, make_store

# Stripped notebooks hold nothing to compare with, so that this is a smoke test only. A kernel that is killed
# is waited for as long as a cell may take.
OPTIONS = (
    "--nbval-lax",
    "--nbval-current-env",
    "--nbval-cell-timeout=120",
    "--timeout=150",
    "-p",
    "no:cacheprovider",
    "-q",
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project's root with the notebooks as they are, and their store."""
    folder = tmp_path_factory.mktemp("by_hand")
    make_store(folder / "data")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".*"))
    shutil.copytree(ROOT / "params", folder / "params")
    return folder


def smoke(project, *names):
    """What nbval makes of these notebooks: its exit status and what it printed."""
    ours = ("ANALYTICS_", "PYTEST_")
    settings = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *OPTIONS, *(f"{name}.ipynb" for name in names)],
        cwd=project / "notebooks",
        env=settings,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    return ran.returncode, ran.stdout


def code_cells(project, *names):
    cells = [
        cell
        for name in names
        for cell in json.loads((project / "notebooks" / f"{name}.ipynb").read_text())["cells"]
    ]
    return sum(cell["cell_type"] == "code" for cell in cells)


def test_a_notebook_runs_by_hand_from_its_own_folder(project):
    """Every cell executes with the defaults in a fresh kernel that is a program of its own.

    One of them, as each takes seconds to begin and all run with their parameters in tests of their own. What
    is different by hand is in it: the store and a file of ``params`` are found from the root above its
    folder, and there is no run's folder for the results.
    """
    status, printed = smoke(project, "kpis")

    assert status == 0, printed[-2000:]
    assert f"{code_cells(project, 'kpis')} passed" in printed


def test_a_cell_that_raises_fails_the_same_call(project):
    cells = [nbformat.v4.new_code_cell(source) for source in ("x = 1", "x / 0", "x = 2")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), project / "notebooks" / "raises.ipynb")
    status, printed = smoke(project, "raises")

    assert status == 1
    assert "ZeroDivisionError" in printed
    assert "1 failed" in printed
