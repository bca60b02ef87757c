import pytest
from recovery import UNTIL, read_world

from analytics_lib import simulate


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """(truth, frames by table, folder) of a world large enough for every planted effect to show."""
    folder = tmp_path_factory.mktemp("world")
    truth = simulate.write_world(folder, conversations=20_000, seed=11, until=UNTIL)
    return truth, read_world(folder), folder
