"""A figure in a few strokes: the true shape of its first traces, without axes and words."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from analytics_lib.dashboards.figures import for_dark, plain_values
from analytics_lib.dashboards.ribbons import ribbons
from analytics_lib.dashboards.strokes import COLOURS, LEAST_SIZE, Box, rect

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_WITH_BARS = ("bar", "histogram", "funnel")
_MOST_TRACES, _MOST_MARKS, _MOST_POINTS, _MOST_CELLS, _MOST_SHAPES = 6, 24, 48, 14, 60

Trace = Mapping[str, Any]


def sketch(figure: Mapping[str, Any], box: Box) -> list[str]:
    """SVG elements that show the first traces of a plotly figure inside a box; none if it shows nothing.

    Marks too dark for a dark page get a lighter colour there, as in the figure itself.
    """
    try:
        shapes = _shapes(figure, box)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        # A figure may be made in ways that nobody thought of here: then its card stays empty.
        return []
    return [_COLOUR.sub(lambda found: for_dark(found[0]), shape) for shape in shapes]


def _shapes(figure: Mapping[str, Any], box: Box) -> list[str]:
    traces = [trace for trace in figure.get("data", ()) if trace.get("visible", True) is True]
    kinds = {trace.get("type", "scatter") for trace in traces}
    alone = next((kind for kind in _ALONE if kind in kinds), None)
    if alone:
        trace = next(trace for trace in traces if trace.get("type") == alone)
        return list(islice(_ALONE[alone](trace, box), 4 * _MOST_SHAPES))
    return list(_on_axes(traces[:_MOST_TRACES], box, figure.get("layout") or {}))


def _on_axes(traces: Sequence[Trace], box: Box, layout: Mapping[str, Any]) -> Iterator[str]:
    axis = layout.get("yaxis") or {}
    turned = axis.get("autorange") == "reversed" or _falls(plain_values(axis.get("range")))
    across = _Scale([value for trace in traces for value in plain_values(trace.get("x"))])
    down = _Scale([value for trace in traces for value in plain_values(trace.get("y"))], turned=turned)
    bars = [trace for trace in traces if trace.get("type") in _WITH_BARS]
    stacked = layout.get("barmode") in ("stack", "relative")
    lengths = [_lengths(trace) for trace in bars]
    most = (
        max([*_sums(lengths), 0.0] if stacked else [one for each in lengths for one in each] or [0.0]) or 1.0
    )
    before: list[float] = []
    for position, trace in enumerate(traces):
        colour = _colour(trace, position)
        if trace.get("type") in _WITH_BARS:
            yield from _bars(trace, box, colour, before=before, most=most, turned=turned)
            before = _sums([before, _lengths(trace)]) if stacked else []
        else:
            yield from _points(trace, box, (across, down), colour)


def _lies(trace: Trace) -> bool:
    return trace.get("orientation") == "h" or trace.get("type") == "funnel"


def _lengths(trace: Trace) -> list[float]:
    """How long the bars of a trace are; of a histogram, how many values each holds."""
    if trace.get("type") == "histogram":
        return _counts(plain_values(trace.get("x")))
    values = plain_values(trace.get("x" if _lies(trace) else "y"))
    return [abs(value) for value in values if isinstance(value, int | float)][:_MOST_MARKS]


def _sums(lengths: Sequence[Sequence[float]]) -> list[float]:
    return [sum(each) for each in itertools.zip_longest(*lengths, fillvalue=0.0)]


def _falls(ends: Sequence[Any]) -> bool:
    return len(ends) == 2 and all(isinstance(end, int | float) for end in ends) and ends[0] > ends[1]


class _Scale:
    """Where values lie between 0 and 1: numbers by size, anything else by order."""

    def __init__(self, values: Sequence[Any], *, turned: bool = False) -> None:
        self._turned = turned
        known = [value for value in values if value is not None]
        self._numbers = all(isinstance(value, int | float) for value in known)
        if self._numbers:
            self._low, self._high = min(known, default=0.0), max(known, default=1.0)
        else:
            names = list(dict.fromkeys(map(str, known)))
            dated = sorted(names) if all(re.match(r"\d{4}-\d\d", name) for name in names) else names
            self._places = {name: at for at, name in enumerate(dated)}

    def at(self, value: float | str | None) -> float | None:
        """The place of a value; null for none."""
        if value is None:
            return None
        if self._numbers and not isinstance(value, str):
            place = float((value - self._low) / (self._high - self._low or 1))
        else:
            place = (self._places[str(value)] + 0.5) / len(self._places)
        return 1 - place if self._turned else place


def _bars(  # what a bar's rectangle rests on
    trace: Trace, box: Box, colour: str, *, before: Sequence[float], most: float, turned: bool
) -> Iterator[str]:
    """The bars of a trace, each where those ``before`` it in its stack end."""
    lengths = _lengths(trace)
    room = (box.height if _lies(trace) else box.width) / max(1, len(lengths))
    thick = max(LEAST_SIZE, 0.72 * room)
    for at, length in enumerate(lengths):
        begin, share = (before[at] if at < len(before) else 0.0) / most, length / most
        if _lies(trace):
            # The first bar of a lying chart is its lowest, unless its axis is turned round.
            place = at if turned or trace.get("type") == "funnel" else len(lengths) - 1 - at
            yield rect(box.x + begin * box.width, box.y + place * room, share * box.width, thick, colour)
        else:
            top = box.y + (1 - begin - share) * box.height
            yield rect(box.x + at * room, top, thick, share * box.height, colour)


def _counts(values: Sequence[Any]) -> list[float]:
    numbers = [value for value in values if isinstance(value, int | float)]
    low, high = min(numbers, default=0), max(numbers, default=1)
    counts = [0.0] * 16
    for value in numbers:
        counts[min(15, int(16 * (value - low) / (high - low or 1)))] += 1
    return counts


def _points(trace: Trace, box: Box, scales: tuple[_Scale, _Scale], colour: str) -> Iterator[str]:
    if trace.get("mode") == "text":
        return
    strokes = list(_strokes(trace, box, scales))
    if "lines" not in str(trace.get("mode") or "lines"):
        for x, y in [spot for stroke in strokes for spot in stroke][:_MOST_POINTS]:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.7" fill="{colour}"/>'
        return
    # Of an outline in many pieces, such as a map, the long ones.
    for stroke in sorted(strokes, key=len, reverse=True)[:_MOST_SHAPES]:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in stroke[:: max(1, len(stroke) // _MOST_POINTS)])
        width = 1.4 if len(strokes) <= _MOST_TRACES else LEAST_SIZE
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


def _strokes(trace: Trace, box: Box, scales: tuple[_Scale, _Scale]) -> Iterator[list[tuple[float, float]]]:
    """The marks of a trace in the box, parted where it has a gap."""
    stroke: list[tuple[float, float]] = []
    for value in zip(plain_values(trace.get("x")), plain_values(trace.get("y")), strict=False):
        x, y = (scale.at(part) for scale, part in zip(scales, value, strict=True))
        if x is None or y is None:
            yield from [stroke] if stroke else []
            stroke = []
        else:
            stroke.append((box.x + x * box.width, box.y + (1 - y) * box.height))
    if stroke:
        yield stroke


def _pie(trace: Trace, box: Box) -> Iterator[str]:
    values = [
        value for value in plain_values(trace.get("values")) if isinstance(value, int | float) and value > 0
    ]
    radius, total, angle = min(box.width, box.height) / 2, sum(values), -math.pi / 2
    middle = (box.x + box.width / 2, box.y + box.height / 2)
    colours = plain_values((trace.get("marker") or {}).get("colors"))
    for at, value in enumerate(values):
        # A full circle has no arc: it begins where it ends.
        turn = min(2 * math.pi * value / total, 2 * math.pi - 0.001)
        ends = [
            (middle[0] + radius * math.cos(angle + part), middle[1] + radius * math.sin(angle + part))
            for part in (0.0, turn)
        ]
        colour = _own(colours[at] if at < len(colours) else None, at)
        start, end = (f"{x:.1f} {y:.1f}" for x, y in ends)
        arc = f"A{radius:.1f} {radius:.1f} 0 {int(turn > math.pi)} 1 {end}"
        yield f'<path d="M{middle[0]:.1f} {middle[1]:.1f}L{start}{arc}Z" fill="{colour}"/>'
        angle += turn


def _heatmap(trace: Trace, box: Box) -> Iterator[str]:
    rows = [row[:: max(1, len(row) // _MOST_CELLS)][:24] for row in plain_values(trace.get("z"))][
        :_MOST_CELLS
    ]
    known = [value for row in rows for value in row if isinstance(value, int | float)]
    low, high = min(known, default=0), max(known, default=1)
    for at, row in enumerate(rows):
        height, width = box.height / len(rows), box.width / max(1, len(row))
        for column, value in enumerate(row):
            strength = (
                0.05 + 0.95 * (value - low) / (high - low or 1) if isinstance(value, int | float) else 0
            )
            y = box.y + box.height - (at + 1) * height
            shape = rect(box.x + column * width, y, width - 0.5, height - 0.5, COLOURS[0])
            yield shape.replace("/>", f' opacity="{strength:.2f}"/>')


def _gauge(trace: Trace, box: Box) -> Iterator[str]:
    """A half circle filled as far as the value lies in its range."""
    low, high = ((trace.get("gauge") or {}).get("axis") or {}).get("range") or (0, 1)
    value = trace.get("value")
    share = min(1.0, max(0.0, (float(value) - low) / ((high - low) or 1))) if value is not None else 0.0
    radius, x, y = min(box.width / 2, box.height) - 3, box.x + box.width / 2, box.y + box.height - 2
    for part, style in ((1.0, 'class="t-gauge"'), (share, f'stroke="{COLOURS[0]}"')):
        end = math.pi * (1 - part)
        tip = f"{x + radius * math.cos(end):.1f} {y - radius * math.sin(end):.1f}"
        path = f"M{x - radius:.1f} {y:.1f}A{radius:.1f} {radius:.1f} 0 0 1 {tip}"
        yield f'<path d="{path}" fill="none" {style} stroke-width="5"/>'


def _map(trace: Trace, box: Box) -> Iterator[str]:
    """The outlines of a map's places, each as strong as its value."""
    geojson = trace.get("geojson")
    features = geojson.get("features", ()) if isinstance(geojson, Mapping) else ()
    rings = [ring for feature in features for ring in _rings(feature.get("geometry") or {})][:_MOST_SHAPES]
    spots = [spot for ring in rings for spot in ring]
    if not spots:
        return
    west, east = min(x for x, _ in spots), max(x for x, _ in spots)
    south, north = min(y for _, y in spots), max(y for _, y in spots)
    scale = min(box.width / (east - west or 1), box.height / (north - south or 1))
    left = box.x + (box.width - scale * (east - west)) / 2
    for ring in rings:
        path = " ".join(f"{left + scale * (x - west):.1f},{box.y + scale * (north - y):.1f}" for x, y in ring)
        yield f'<polygon points="{path}" fill="{COLOURS[5]}" fill-opacity=".6" class="t-edge"/>'


def _rings(geometry: Mapping[str, Any]) -> Iterator[list[tuple[float, float]]]:
    polygons = geometry.get("coordinates") or ()
    for polygon in [polygons] if geometry.get("type") == "Polygon" else polygons:
        outer = polygon[0] if polygon else []
        yield [(float(spot[0]), float(spot[1])) for spot in outer[:: max(1, len(outer) // _MOST_CELLS)]]


_ALONE: dict[str, Callable[[Trace, Box], Iterator[str]]] = {
    "pie": _pie,
    "sankey": ribbons,
    "heatmap": _heatmap,
    "indicator": _gauge,
    "choropleth": _map,
}


def _colour(trace: Trace, position: int) -> str:
    for part in ("marker", "line"):
        own = (trace.get(part) or {}).get("color")
        if isinstance(own, str) and _COLOUR.fullmatch(own):
            return own
    return COLOURS[position % len(COLOURS)]


def _own(colour: object, position: int) -> str:
    fits = isinstance(colour, str) and _COLOUR.fullmatch(colour)
    return str(colour) if fits else COLOURS[position % len(COLOURS)]
