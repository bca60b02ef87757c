import gc
import os

import pytest
from hypothesis import HealthCheck, settings

from visiting import chromium

# The tests start hundreds of processes. Where Python is told to keep no bytecode, as in many containers, each
# of them would compile the library again, which takes longer than most of what they do.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A slow machine is no failure. In CI the examples are the same each time; elsewhere new ones are tried.
settings.register_profile(
    "project",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("project")


def pytest_collection_finish():
    # What was imported and collected stays to the end: to look through it again and again for what may go is
    # a tenth of what the tests take.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def browser():
    with chromium() as opened:
        yield opened
