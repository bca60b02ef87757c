import pytest
from recovery import read_world

from analytics_lib.schema import TABLES
from analytics_lib.store import Store
from planted import planted_world


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """(truth, frames by table, folder) of a world large enough for every planted effect to show."""
    made = planted_world(tmp_path_factory)
    return made.truth, read_world(made.files), made.files


@pytest.fixture(scope="session")
def stored_world(tmp_path_factory):
    """The same world as a query of the store shows it: (truth, frames by table, ingest reports)."""
    made = planted_world(tmp_path_factory)
    with Store.open(made.store) as store:
        frames = {table: store.query(f"select * from {table}") for table in TABLES}
    return made.truth, frames, made.reports
