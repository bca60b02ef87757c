"""What several files of tests need and is dear to make: made once for all processes of a run of the tests."""

import fcntl
import os
import pickle

_FACTORIES = []


def begin(tmp_path_factory):
    """A run of the tests begins in this process: where its folders are."""
    _FACTORIES.append(tmp_path_factory)


def made_for_all(name, make):
    """As ``made_once``, for helpers that are given no fixture."""
    return made_once(_FACTORIES[-1], name, make)


def made_once(tmp_path_factory, name, make):
    """What ``make(folder)`` returns, and what it leaves there; the first process that asks makes it."""
    folder = _shared_folder(tmp_path_factory)
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept, own = folder / f"{name}.pickle", folder / name
        if not kept.exists():
            own.mkdir()
            kept.write_bytes(pickle.dumps(make(own)))
        return pickle.loads(kept.read_bytes())  # noqa: S301  # written by these tests


def _shared_folder(tmp_path_factory):
    """A folder that all processes of this run of the tests share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
