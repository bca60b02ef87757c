"""A folder for a store, one a test."""

import pytest


@pytest.fixture
def root(tmp_path):
    """A folder that holds no store yet."""
    return tmp_path / "store"
