"""How journeys are written: the names of events in words, wrapped and made inert, and what was counted.

Events called ``start``, ``end``, ``ended`` and ``other`` are the marks that a journey begins or ends at and
the rest of many; any other name is somebody's data and may hold anything.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Literal

from analytics_lib.charts.texts import cut, for_plotly
from analytics_lib.charts.words import Language, count, counted, label, say

if TYPE_CHECKING:
    from collections.abc import Sequence

Unit = Literal["conversation", "user", "session"]

START, END, ENDED, OTHER = "start", "end", "ended", "other"
# At the end of a path that was cut.
CUT = "…"
MARKS = (START, END, ENDED, OTHER)
# Told apart without full colour vision as far as ten can be (Okabe and Ito; Tol's muted); never alone: each
# has its name beside it.
COLOURS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#882255",
    "#999933",
    "#332288",
    "#6B4C2A",
)
GREY, PALE_GREY = "#8B96A5", "#C9D0D9"

_LONGEST = 48
_TIMES = "\N{MULTIPLICATION SIGN}"
_MOST_LINES = 3
_PIECES = re.compile(r"[^\s_\-./]+[_\-./]*|[_\-./]+")


def event_name(name: object, language: Language) -> str:
    """What readers call an event or a mark, as plain text of bounded length in one line."""
    kind = "journeys.mark" if name in MARKS else "event"
    said = "".join(letter if letter.isprintable() else " " for letter in label(kind, name, language))
    return cut(said.strip() or say("journeys.unnamed", language), _LONGEST, language)


def event_lines(name: object, language: Language, *, width: int) -> str:
    """The name for plotly in at most three lines of so many characters, broken where it can be."""
    lines = [""]
    for piece in _pieces(event_name(name, language), width):
        gap = " " if lines[-1] and lines[-1][-1] not in "_-./" else ""
        if len(lines[-1]) + len(gap) + len(piece) <= width:
            lines[-1] += gap + piece
        else:
            lines.append(piece)
    shown = [line for line in lines if line]
    if len(shown) > _MOST_LINES:
        shown = [*shown[: _MOST_LINES - 1], shown[_MOST_LINES - 1][: width - 1] + "…"]
    return "<br>".join(for_plotly(line) for line in shown)


def path_text(path: Sequence[object], language: Language, *, most: int = 12) -> str:
    """A path in words; an event repeated at once is written once, with how many times.

    Args:
        path: Names of events; ``…`` at the end of one that was cut.
        language: es or en.
        most: How many names are written; of more, how many are left out is said.
    """
    runs: list[tuple[object, int]] = []
    for name in path:
        if runs and runs[-1][0] == name:
            runs[-1] = (name, runs[-1][1] + 1)
        else:
            runs.append((name, 1))
    parts = [
        _name_in_path(name, language) + (f" {_TIMES}{times}" if times > 1 else "")
        for name, times in runs[:most]
    ]
    left = sum(times for _, times in runs[most:])
    parts += [say("journeys.path.more", language, n=count(left, language))] if left else []
    return " → ".join(parts)


def is_rest(path: Sequence[object]) -> bool:
    """Whether this is the last row of paths, which holds all that are not listed."""
    return list(path) == [OTHER]


def units(n: float, unit: Unit, language: Language) -> str:
    """So many journeys, named by what one of them is: ``3.705 conversaciones``."""
    return counted(n, f"journeys.unit.{unit}", language)


def colours(names: Sequence[object]) -> dict[object, str]:
    """A colour for each event in the order given; the rest and the ends are grey."""
    events = [name for name in names if name not in MARKS]
    found: dict[object, str] = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(events)}
    return found | {START: GREY, OTHER: GREY, END: PALE_GREY, ENDED: PALE_GREY}


def _name_in_path(name: object, language: Language) -> str:
    return CUT if name == CUT else event_name(name, language)


def _pieces(text: str, width: int) -> list[str]:
    """Words, and parts of words too long for a line; no mark is parted from its letter."""
    pieces = []
    for piece in _PIECES.findall(text):
        rest = piece
        while len(rest) > width:
            end = width
            while end > 1 and unicodedata.combining(rest[end]):
                end -= 1
            pieces.append(rest[:end])
            rest = rest[end:]
        pieces.append(rest)
    return pieces
