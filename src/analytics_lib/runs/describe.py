"""What a notebook says about itself in its first markdown cell: title, question and reader."""

from __future__ import annotations

import json
import re
from typing import TypedDict

_TITLE = re.compile(r"^\s{0,3}#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
_LINES = {
    "question": re.compile(r"^\W*(?:question|pregunta)\W*:[\s*_]*(.+)$", re.MULTILINE | re.IGNORECASE),
    "reader": re.compile(
        r"^\W*(?:reader|readers|lector|lectores|para qui[eé]n)\W*:[\s*_]*(.+)$", re.MULTILINE | re.IGNORECASE
    ),
}


class Description(TypedDict):
    """The title, and the lines ``Question: …`` (or ``Pregunta: …``) and ``Reader: …`` (or ``Lector: …``)."""

    title: str | None
    question: str | None
    reader: str | None


def describe(notebook: bytes) -> Description:
    """What the notebook's first markdown cells say; null where they do not."""
    cells = json.loads(notebook)["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    first = {name: _first(pattern, text) for name, pattern in _LINES.items()}
    return Description(title=_first(_TITLE, text), question=first["question"], reader=first["reader"])


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return re.sub(r"[*_`]", "", found.group(1)).strip() if found else None
