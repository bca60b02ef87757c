import os

import pytest
from hypothesis import HealthCheck, settings

from visiting import chromium

# A slow machine is no failure. In CI the examples are the same each time; elsewhere new ones are tried.
settings.register_profile(
    "project",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("project")


@pytest.fixture(scope="session")
def browser():
    with chromium() as opened:
        yield opened
