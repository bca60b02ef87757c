"""Flows between nodes in a few strokes: each link a ribbon as wide as its value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analytics_lib.dashboards.figures import plain_values
from analytics_lib.dashboards.strokes import COLOURS, LEAST_SIZE, Box, rect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_MOST_LINKS, _MOST_LAYERS = 60, 14
_NODE_WIDTH = 3.0

Link = tuple[int, int, float]


def ribbons(trace: Mapping[str, Any], box: Box) -> Iterator[str]:
    """A Sankey trace of plotly inside a box, as SVG elements."""
    link = trace.get("link", {})
    ends = zip(*(plain_values(link.get(key)) for key in ("source", "target", "value")), strict=False)
    links = [(int(a), int(b), float(value)) for a, b, value in ends if value][:_MOST_LINKS]
    layers = _layers(links)
    places, scale = _places(links, layers, box)
    left, reached = dict.fromkeys(layers, 0.0), dict.fromkeys(layers, 0.0)
    for source, target, value in links:
        thick = max(LEAST_SIZE, scale * value)
        (x0, y0), (x1, y1) = places[source], places[target]
        begin = (x0 + _NODE_WIDTH, y0 + left[source] + thick / 2)
        end = (x1, y1 + reached[target] + thick / 2)
        left[source] += thick
        reached[target] += thick
        yield _ribbon(begin, end, thick, COLOURS[source % len(COLOURS)])
    for node, (x, y) in places.items():
        yield rect(x, y, _NODE_WIDTH, scale * _flow(links, node), COLOURS[node % len(COLOURS)])


def _ribbon(begin: tuple[float, float], end: tuple[float, float], thick: float, colour: str) -> str:
    (x0, y0), (x1, y1), middle = begin, end, (begin[0] + end[0]) / 2
    path = f"M{x0:.1f} {y0:.1f}C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-opacity=".4" stroke-width="{thick:.1f}"/>'


def _places(
    links: Sequence[Link], layers: Mapping[int, int], box: Box
) -> tuple[dict[int, tuple[float, float]], float]:
    """Where each node stands, layer by layer, and how many points high one unit of value is."""
    last = max(layers.values(), default=0)
    full = [sum(_flow(links, node) for node in layers if layers[node] == layer) for layer in range(last + 1)]
    scale = 0.8 * box.height / (max(full) or 1)
    gap = 0.2 * box.height / max(1, len(layers))
    tops = dict.fromkeys(range(last + 1), box.y)
    places = {}
    for node in sorted(layers):
        layer = layers[node]
        places[node] = (box.x + layer / (last or 1) * (box.width - _NODE_WIDTH), tops[layer])
        tops[layer] += scale * _flow(links, node) + gap
    return places, scale


def _layers(links: Sequence[Link]) -> dict[int, int]:
    """How many steps a node lies from the beginning; a loop ends the count."""
    layers = {node: 0 for source, target, _ in links for node in (source, target)}
    for _ in range(min(len(layers), _MOST_LAYERS)):
        for source, target, _value in links:
            if source != target:
                layers[target] = max(layers[target], min(layers[source] + 1, _MOST_LAYERS))
    used = sorted(set(layers.values()))
    return {node: used.index(layer) for node, layer in layers.items()}


def _flow(links: Sequence[Link], node: int) -> float:
    """What goes through a node: the larger of what comes and what leaves."""
    return max(
        sum(value for source, _, value in links if source == node),
        sum(value for _, target, value in links if target == node),
    )
