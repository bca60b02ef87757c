"""A folder for a store, one a test."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("store_process.py")


@pytest.fixture
def root(tmp_path):
    """A folder that holds no store yet."""
    return tmp_path / "store"


@pytest.fixture
def process(root):
    """Start a process of ``store_process`` on the store; whatever still runs at the end is ended."""
    started = []

    def start(*arguments):
        command = [
            sys.executable,
            "-W",
            "error",
            str(SCRIPT),
            arguments[0],
            str(root),
            *map(str, arguments[1:]),
        ]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()
        child.communicate()
