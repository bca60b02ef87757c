import gc
import os
import sys

import pytest
from hypothesis import HealthCheck, settings

import once
from visiting import chromium

# The tests start hundreds of processes. Where Python is told to keep no bytecode, as in many containers, each
# of them would compile the library again, which takes longer than most of what they do.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A grammar of addresses that takes seconds to import, as in runs/papermill_imports.py. None: "not installed".
sys.modules.setdefault("rfc3987_syntax", None)

# A slow machine is no failure. In CI the examples are the same each time; elsewhere new ones are tried.
settings.register_profile(
    "project",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("project")


# Where files are spread over processes (make test) those that take longest come first, so that all end
# together: what waits (for a server, a kill, a reader) beside what computes.
LONGEST = (
    "dashboards/test_server",
    "notebooks/test_by_hand",
    "ingest/test_crash",
    "dashboards/test_served_pages_browser",
    "notebooks/test_conversation_compare",
    "test_cli_jobs",
    "notebooks/test_kpis",
    "store/test_crash",
    "notebooks/test_load",
    "ingest/test_real_data",
    "notebooks",
    "test_cli",
    "dashboards",
    "simulate",
    "models/test_satisfaction",
    "store/test_upkeep",
    "store/test_concurrency",
    "runs",
    "metrics/test_measure_properties",
    "ingest",
    "store",
)


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: _turn(item.nodeid.removeprefix("tests/")))


def _turn(name):
    return next((turn for turn, start in enumerate(LONGEST) if name.startswith(start)), len(LONGEST))


def pytest_collection_finish():
    # What was imported and collected stays to the end: to look through it again and again for what may go is
    # a tenth of what the tests take.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_unconfigure():
    gc.unfreeze()  # or DuckDB reports as leaked what stays frozen to the end


@pytest.fixture(scope="session", autouse=True)
def _what_is_made_once(tmp_path_factory):
    once.begin(tmp_path_factory)


@pytest.fixture(scope="session")
def browser():
    with chromium() as opened:
        yield opened
