import datetime as dt
import os
from dataclasses import replace

import pytest
from recovery import UNTIL, read_world

from analytics_lib import simulate
from analytics_lib.config import Settings
from analytics_lib.ingest import Source, ingest
from analytics_lib.schema import TABLES
from analytics_lib.store import Store

# Enough for every effect to show; SIMULATED_CONVERSATIONS=100000 sizes them more sharply and takes a minute.
CONVERSATIONS = int(os.environ.get("SIMULATED_CONVERSATIONS", "20000"))


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """(truth, frames by table, folder) of a world large enough for every planted effect to show."""
    folder = tmp_path_factory.mktemp("world")
    truth = simulate.write_world(folder, conversations=CONVERSATIONS, seed=11, until=UNTIL)
    return truth, read_world(folder), folder


@pytest.fixture(scope="session")
def stored_world(world, tmp_path_factory):
    """The same world as a query of the store shows it: (truth, frames by table, ingest reports)."""
    truth, _, folder = world
    root = tmp_path_factory.mktemp("stored")
    settings = replace(Settings(), store=root / "store", keys=root / "keys")
    now = dt.datetime.combine(UNTIL, dt.time(), tzinfo=dt.UTC)
    source = Source(name="contract", time_zone="UTC")
    reports = ingest(source, sorted(folder.glob("*.ndjson")), now=now, settings=settings)
    with Store.open(settings.store) as store:
        frames = {table: store.query(f"select * from {table}") for table in TABLES}
    return truth, frames, reports
