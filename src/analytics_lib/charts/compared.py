"""How a difference between two groups is written: its rows named, its size signed, its hover spelled out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, TypedDict

from analytics_lib.charts.texts import cut, for_plotly
from analytics_lib.charts.words import Language, absent, count, duration, label, number, say, share

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from analytics_lib.charts.style import Record

Kind = Literal["intents", "stages", "moments"]
KINDS: tuple[Kind, ...] = ("intents", "stages", "moments")
SIDES = ("first", "second")
LONGEST_NAME = 40
# What readers call the rows of each kind: the prefix of their names in the catalogue.
_NAMES = {"intents": "intent", "stages": "event", "moments": "mark"}


class Found(TypedDict):
    """What was compared: the frames of ``charts.comparison``.

    Attributes:
        intents: Shares by intent.
        stages: Shares by stage of the funnel.
        moments: Shares by kind of key moment.
        waits: Median waits by replier.
        words: Words by falling z.
    """

    intents: pd.DataFrame
    stages: pd.DataFrame
    moments: pd.DataFrame
    waits: pd.DataFrame
    words: pd.DataFrame


def row_name(kind: Kind, name: str, language: Language) -> str:
    """What readers call an intent, a stage or a key moment."""
    return cut(label(_NAMES[kind], name, language), LONGEST_NAME, language)


def points(difference: float, language: Language) -> str:
    """A difference of shares with its sign, in percentage points without the unit."""
    rounded = difference if absent(difference) else round(100 * difference, 1)
    return _signed(rounded, number(abs(rounded), language))


def change(seconds: float, language: Language) -> str:
    """A difference of times with its sign; below a second to the hundredth."""
    size = abs(seconds)
    if not absent(size) and round(size, 2) < 1:
        rounded = round(seconds, 2)
        return _signed(
            rounded, say("compare.cell.seconds", language, seconds=number(abs(rounded), language, digits=2))
        )
    return _signed(seconds, duration(size, language))


def _signed(value: float, text: str) -> str:
    if absent(value) or not value:
        return text
    return f"+{text}" if value > 0 else f"\u2212{text}"


def share_hover(row: Record, kind: Kind, names: tuple[str, str], language: Language) -> str:
    """Both shares of a row with n and interval, and whether their difference is real; for plotly."""
    lines = [f"<b>{for_plotly(row_name(kind, row['name'], language), width=LONGEST_NAME)}</b>"]
    for side, name in zip(SIDES, names, strict=True):
        parts = {part: share(row[f"{side}_{part}"], language) for part in ("share", "low", "high")}
        counts = {"count": row[f"{side}_conversations"], "n": row[f"{side}_total"]}
        written = {part: count(value, language) for part, value in counts.items()}
        lines.append(say("compare.hover.share", language, group=for_plotly(name), **parts, **written))
    limits = {part: points(row[part], language) for part in ("difference", "low", "high")}
    return "<br>".join(
        [*lines, say("compare.hover.difference", language, **limits, verdict=verdict(row, language))]
    )


def wait_hover(row: Record, names: tuple[str, str], language: Language) -> str:
    """Both medians of a replier with n and interval, and their difference; for plotly."""
    lines = [f"<b>{label('replier', row['replier'], language)}</b>"]
    for side, name in zip(SIDES, names, strict=True):
        parts = {
            part: duration(row[f"{side}_{part}_seconds"], language) for part in ("median", "low", "high")
        }
        n = count(row[f"{side}_replies"], language)
        lines.append(say("compare.hover.wait", language, group=for_plotly(name), n=n, **parts))
    limits = {part: change(row[f"{part}_seconds"], language) for part in ("difference", "low", "high")}
    return "<br>".join(
        [*lines, say("compare.hover.change", language, **limits, verdict=verdict(row, language))]
    )


def word_hover(row: Record, names: tuple[str, str], language: Language) -> str:
    """How many users of each group wrote a word; for plotly."""
    lines = [f"<b>{for_plotly(cut(row['word'], LONGEST_NAME, language))}</b>"]
    for side, name in zip(SIDES, names, strict=True):
        used, total = row[f"{side}_users"], row[f"{side}_total"]
        part = share(used / total if total else math.nan, language)
        counts = {"count": count(used, language), "n": count(total, language)}
        lines.append(say("compare.hover.word", language, group=for_plotly(name), share=part, **counts))
    z = number(row["z"], language)
    return "<br>".join([*lines, say("compare.hover.z", language, z=z, verdict=verdict(row, language))])


def verdict(row: Record, language: Language) -> str:
    """Whether the difference is real, in words."""
    return say("compare.real" if row["real"] else "compare.not_real", language)


def limits_of(
    row: Record, unit: str, write: Callable[[float, Language], str], language: Language
) -> dict[str, str]:
    """A difference and its limits, written; ``unit`` ends the names of their columns."""
    return {part: write(row[f"{part}{unit}"], language) for part in ("difference", "low", "high")}
