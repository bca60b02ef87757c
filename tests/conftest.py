import pytest

from visiting import chromium


@pytest.fixture(scope="session")
def browser():
    with chromium() as opened:
        yield opened
