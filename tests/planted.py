"""A simulated world large enough for every planted effect to show: made once for all tests of a run."""

import datetime as dt
import os
from dataclasses import dataclass, replace
from pathlib import Path

from analytics_lib import simulate
from analytics_lib.config import Settings
from analytics_lib.ingest import FileReport, Source, ingest
from analytics_lib.simulate.truth import Truth
from once import made_once

UNTIL = dt.date(2026, 7, 1)
# SIMULATED_CONVERSATIONS=100000 sizes effects more sharply and takes a minute.
CONVERSATIONS = int(os.environ.get("SIMULATED_CONVERSATIONS", "20000"))
SEED = 11


@dataclass(frozen=True)
class Planted:
    """What was planted, the files it was written to, the store of it, and what ingest reported."""

    truth: Truth
    files: Path
    store: Path
    reports: list[FileReport]


def planted_world(tmp_path_factory):
    """The one world of this run of the tests; the first of its processes to ask makes it."""
    return made_once(tmp_path_factory, "planted", _make)


def _make(folder):
    files = folder / "files"
    files.mkdir()
    truth = simulate.write_world(files, conversations=CONVERSATIONS, seed=SEED, until=UNTIL)
    settings = replace(Settings(), store=folder / "store", keys=folder / "keys")
    now = dt.datetime.combine(UNTIL, dt.time(), tzinfo=dt.UTC)
    source = Source(name="contract", time_zone="UTC")
    reports = ingest(source, sorted(files.glob("*.ndjson")), now=now, settings=settings)
    return Planted(truth, files, settings.store, list(reports))
