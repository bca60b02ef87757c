"""However a run ends, nothing of it stays in the folders for temporary files."""

from pathlib import Path

import pytest
from tiny_notebooks import RECORD

from analytics_lib.runs import processes

WRITES = """
import os, signal, tempfile, time
from pathlib import Path
(Path(tempfile.mkdtemp()) / "spilled").write_text("hola")
Path(os.environ["TOLD"]).write_text(os.environ["JUPYTER_RUNTIME_DIR"])
"""
HANGS = "signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    time.sleep(1)"


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Where temporary files go, and a file that tells where a kernel's sockets were."""
    place, told = tmp_path / "temporary", tmp_path / "told"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr("tempfile.tempdir", str(place))
    monkeypatch.setenv("TOLD", str(told))
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.2)
    return place, told


@pytest.mark.parametrize(
    ("cell", "status"),
    [
        pytest.param("x = 1", "succeeded", id="well"),
        pytest.param("1 / 0", "failed", id="by an error"),
        pytest.param("os.kill(os.getpid(), signal.SIGKILL)", "failed", id="kernel killed"),
        pytest.param(
            "os.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(60)", "failed", id="papermill killed"
        ),
        pytest.param(HANGS, "timed_out", id="too late"),
    ],
)
def test_nothing_of_a_run_stays_in_temporary_folders_however_it_ends(execute, places, cell, status):
    place, told = places
    record = execute(WRITES, cell, RECORD, cell_timeout_seconds=2)
    assert record.status == status, record.error
    assert list(place.iterdir()) == []
    assert not Path(told.read_text()).exists()
