"""Temporary folders: private, gone with what made them, and if that was killed with the next run."""

import contextlib
import gc
import os
import stat

import pytest

from analytics_lib.store.spill import spill_folder
from analytics_lib.temporary import temporary_folder


class Engine:
    """Something that spills."""


def left_by(make):
    """Call it in a process that is gone before it can remove anything."""
    pid = os.fork()
    if pid == 0:
        made = make()
        os._exit(0 if made else 1)
    assert os.waitpid(pid, 0)[1] == 0


def begun():
    """A folder in use."""
    using = temporary_folder("run")
    using.__enter__()
    return using


def spilling():
    """An engine that is not closed."""
    engine = Engine()
    return engine, spill_folder(engine)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Where temporary files of this process go."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_folder_is_private_and_goes_also_after_an_error(place):
    with contextlib.suppress(ZeroDivisionError), temporary_folder("run") as folder:
        (folder / "spilled").write_text("hola")
        assert (folder.parent, stat.S_IMODE(folder.stat().st_mode)) == (place, 0o700)
        raise ZeroDivisionError
    assert list(place.iterdir()) == []


def test_what_a_killed_process_left_goes_with_the_next_and_nothing_else(place):
    kept = place / "run-of-another-program"
    kept.mkdir()
    left_by(begun)
    left_by(spilling)
    assert len(list(place.iterdir())) == 3
    with temporary_folder("pages") as folder:
        assert sorted(place.iterdir()) == sorted([kept, folder])


def test_what_living_processes_hold_stays(place):
    _engine, (spill, _) = spilling()
    with temporary_folder("run") as first, temporary_folder("run") as second:
        assert sorted(map(str, place.iterdir())) == sorted([spill, str(first), str(second)])


def test_what_an_engine_spilled_into_is_private_and_goes_with_it(place):
    engine, (spill, _) = spilling()
    assert stat.S_IMODE(os.stat(spill).st_mode) == 0o700  # noqa: PTH116  # a name is what DuckDB is given
    del engine
    gc.collect()
    assert list(place.iterdir()) == []


def test_what_is_no_folder_is_left_alone_and_waited_for_by_nobody(place):
    link, pipe = place / "analytics-tmp-run-link", place / "analytics-tmp-run-pipe"
    link.symlink_to(place)
    os.mkfifo(pipe)  # to read from it would wait for a writer
    with temporary_folder("run"):
        pass
    assert sorted(place.iterdir()) == [link, pipe]
