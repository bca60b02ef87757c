import sys
from pathlib import Path

import nbformat
import pytest

# `deploy` lies beside the library and is not installed with it.
sys.path.insert(0, str(Path(__file__).parents[2]))

BODY = """
import pathlib, time
mark = pathlib.Path(f"tried_{channel}")
tried_before = mark.exists()
mark.touch()
if channel == "bad" or (channel == "once" and not tried_before):
    raise MemoryError(channel)
if channel == "slow":
    time.sleep(600)
"""


@pytest.fixture
def write_project(tmp_path):
    """Make a project of one notebook, which ends as its ``channel`` says, and of jobs given as YAML."""
    return lambda jobs: _written(tmp_path, jobs)


def _written(folder, jobs):
    (folder / "notebooks").mkdir()
    (folder / "params").mkdir()
    declared = 'until: "date" = "2026-01-31"  # last day, excluded\nchannel: str = ""  # which'
    recorded = "from analytics_lib.runs import record_results\nrecord_results(channel=channel, until=until)"
    cells = [
        nbformat.v4.new_code_cell(declared, metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(BODY),
        nbformat.v4.new_code_cell(recorded),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "notebooks" / "small.ipynb")
    (folder / "params" / "jobs.yaml").write_text(jobs)
    return folder
