"""A folder for a store, and processes that work on it, for one test."""

import pytest
from store_process import started


@pytest.fixture
def root(tmp_path):
    """A folder that holds no store yet."""
    return tmp_path / "store"


@pytest.fixture
def process(root):
    """Start a function of ``store_process`` on the store; whatever still runs at the end is ended."""
    children = []

    def start(target, *arguments):
        children.append(started(target, root, *arguments))
        return children[-1]

    yield start
    for child in children:
        child.killed()
        child.says.close()
