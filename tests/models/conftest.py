import pytest

from planted import planted_world


@pytest.fixture(scope="session")
def planted(tmp_path_factory):
    """A simulated world with its truth: large enough for every planted effect to show."""
    return planted_world(tmp_path_factory)
