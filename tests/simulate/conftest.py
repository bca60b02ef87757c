import datetime as dt

import orjson
import pandas as pd
import pytest

from analytics_lib import simulate

UNTIL = dt.date(2026, 7, 1)


def read_table(path):
    frame = pd.DataFrame([orjson.loads(line) for line in path.read_bytes().splitlines()])
    for name in frame.columns:
        if name.endswith("_at"):
            frame[name] = pd.to_datetime(frame[name], format="ISO8601")
    return frame


def read_world(folder):
    return {path.name.partition(".")[0]: read_table(path) for path in sorted(folder.glob("*.ndjson"))}


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """(truth, frames by table, folder) of a world large enough for every planted effect to show."""
    folder = tmp_path_factory.mktemp("world")
    truth = simulate.write_world(folder, conversations=20_000, seed=11, until=UNTIL)
    return truth, read_world(folder), folder
