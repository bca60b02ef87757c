"""What a file, or this library, was at a moment, as one short text to compare."""

from __future__ import annotations

import hashlib
from pathlib import Path


def file_hash(*paths: Path) -> str:
    """SHA-256 over the contents of the files, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
        digest.update(b"\0")
    return digest.hexdigest()


def library_hash() -> str:
    """SHA-256 over the sources of this library, so that a record names the code that made it."""
    root = Path(__file__).parent
    found = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return file_hash(*sorted(found))
