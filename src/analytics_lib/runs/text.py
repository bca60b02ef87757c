"""Text of errors and logs as people may read it: without terminal colours and control characters."""

from __future__ import annotations

import re

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\x1b[@-Z\\-_]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def plain(text: str) -> str:
    """The text without ANSI sequences and control characters; new lines and tabs stay."""
    return _CONTROL.sub("", _ANSI.sub("", text))
