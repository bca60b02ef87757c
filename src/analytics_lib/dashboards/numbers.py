"""The numbers of a figure as a table, for those who cannot see it or want to know them exactly."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from analytics_lib.charts.words import Language, absent, number, say, share
from analytics_lib.dashboards.figures import plain_values
from analytics_lib.runs.labels import write_day

_MARKUP = re.compile(r"<[^<>]*>")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?")
_MOST_ROWS = 120
_LONGEST_TEXT = 120
_WHOLE_DIGITS, _DIGITS = 100, 3

Row = tuple[str, ...]
Trace = Mapping[str, Any]


@dataclass(frozen=True)
class Numbers:
    """A small table of texts.

    Attributes:
        left_out: How many rows more there are.
    """

    head: Row
    rows: tuple[Row, ...]
    left_out: int = 0


def numbers_of(figure: Mapping[str, Any], *, language: Language) -> Numbers | None:
    """The numbers a figure shows; null where it shows none.

    What a mark says when it is pointed at is taken as it is: it knows units, intervals and n. Else the places
    of the marks are read, as their axes name and write them.
    """
    traces = [trace for trace in figure.get("data", ()) if _is_meant_to_be_read(trace)]
    layout = figure.get("layout", {})
    told = [row for trace in traces for row in _hovers(trace)]
    rows = list(dict.fromkeys(told or [row for trace in traces for row in _read(trace, layout, language)]))
    if not rows:
        return None
    heads = _heads({"type": "told"} if told else traces[0], layout, language)
    head: Row = (say("dashboard.series", language), *heads)
    if len({row[0] for row in rows}) == 1:
        head, rows = head[1:], [row[1:] for row in rows]
    return Numbers(head, tuple(rows[:_MOST_ROWS]), max(0, len(rows) - _MOST_ROWS))


def _is_meant_to_be_read(trace: Trace) -> bool:
    return trace.get("visible", True) is True and trace.get("hoverinfo") != "skip"


def _hovers(trace: Trace) -> Iterator[Row]:
    """What the marks of a trace say: the first line of each, and the others."""
    held = trace.get("link", trace) if trace.get("type") == "sankey" else trace
    texts: list[Any] = next(
        (held[key] for key in ("hovertext", "customdata") if isinstance(held.get(key), list)), []
    )
    if not all(isinstance(text, str) for text in texts):
        return
    for text in texts:
        first, *others = [line for part in text.split("<br>") if (line := shown_text(part))] or [""]
        if first:
            yield "", first, " · ".join(others)


def shown_text(value: object) -> str:
    """A text of a figure without its markup, on one line."""
    return " ".join(_MARKUP.sub(" ", str(value)).split())[:_LONGEST_TEXT]


def _read(trace: Trace, layout: Mapping[str, Any], language: Language) -> list[Row]:
    """The rows of a trace; none of one that is not made as its kind usually is."""
    try:
        return list(islice(_rows(trace, layout, language), _MOST_ROWS * 10))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return []


def _rows(trace: Trace, layout: Mapping[str, Any], language: Language) -> Iterator[Row]:
    """What a trace shows: its name, a place and a value a row."""
    name = shown_text(trace.get("name") or "")
    kind = trace.get("type", "scatter")
    for place, value in _READERS.get(kind, _along_axes)(trace):
        if value is not None and not absent(value):
            yield (
                name,
                _written(place, _axis(trace, layout, "x"), language),
                _value(trace, layout, value, language),
            )


def _value(trace: Trace, layout: Mapping[str, Any], value: object, language: Language) -> str:
    axis = _axis(trace, layout, "y") if trace.get("type", "scatter") in _WITH_AXES else {}
    return _written(value, axis, language)


def _along_axes(trace: Trace) -> Iterator[tuple[object, object]]:
    """Along the axes; lying bars are read from their other side."""
    yield from zip(plain_values(trace.get("x")), plain_values(trace.get("y")), strict=False)


def _parts(trace: Trace) -> Iterator[tuple[object, object]]:
    yield from zip(plain_values(trace.get("labels")), plain_values(trace.get("values")), strict=False)


def _flows(trace: Trace) -> Iterator[tuple[object, object]]:
    link, names = trace.get("link", {}), plain_values(trace.get("node", {}).get("label"))
    ends = zip(*(plain_values(link.get(key)) for key in ("source", "target", "value")), strict=False)
    for source, target, value in ends:
        yield f"{names[int(source)]} \N{RIGHTWARDS ARROW} {names[int(target)]}", value


def _cells(trace: Trace) -> Iterator[tuple[object, object]]:
    across, down = plain_values(trace.get("x")), plain_values(trace.get("y"))
    for place, row in zip(down, plain_values(trace.get("z")), strict=False):
        for other, value in zip(across, row, strict=False):
            yield f"{place} · {other}", value


def _places(trace: Trace) -> Iterator[tuple[object, object]]:
    names = plain_values(trace.get("text")) or plain_values(trace.get("locations"))
    values = plain_values(trace.get("z")) or plain_values(trace.get("marker", {}).get("size"))
    yield from zip(names, values, strict=False)


def _one(trace: Trace) -> Iterator[tuple[object, object]]:
    yield (trace.get("title") or {}).get("text") or trace.get("name") or "", trace.get("value")


_READERS: dict[str, Callable[[Trace], Iterator[tuple[object, object]]]] = {
    "pie": _parts,
    "sankey": _flows,
    "heatmap": _cells,
    "choropleth": _places,
    "scattergeo": _places,
    "indicator": _one,
}
_WITH_AXES = ("scatter", "bar", "histogram", "box", "violin", "funnel", "waterfall", "scattergl")


def _axis(trace: Trace, layout: Mapping[str, Any], letter: str) -> Mapping[str, Any]:
    name = str(trace.get(f"{letter}axis") or letter).replace(letter, f"{letter}axis", 1)
    found = layout.get(name)
    return found if isinstance(found, Mapping) else {}


def _heads(trace: Trace, layout: Mapping[str, Any], language: Language) -> Sequence[str]:
    usual = {"x": say("dashboard.place", language), "y": say("dashboard.value", language)}
    if trace.get("type", "scatter") not in _WITH_AXES:
        return tuple(usual.values())
    named = {
        letter: (_axis(trace, layout, letter).get("title") or {}).get("text") or word
        for letter, word in usual.items()
    }
    return tuple(shown_text(text) for text in named.values())


def _written(value: object, axis: Mapping[str, Any], language: Language) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        named = dict(
            zip(
                map(str, plain_values(axis.get("tickvals"))), plain_values(axis.get("ticktext")), strict=False
            )
        )
        if str(value) in named:
            return shown_text(named[str(value)])
        if str(axis.get("tickformat", "")).endswith("%"):
            return share(value, language)
        return number(value, language, digits=_digits(value))
    if isinstance(value, str) and _DAY.fullmatch(value) and len(value) <= len("2026-01-31"):
        return write_day(value, language=language)
    return shown_text(value)


def _digits(value: float) -> int:
    if float(value).is_integer():
        return 0
    return 1 if abs(value) >= _WHOLE_DIGITS else _DIGITS
