"""What small pictures are drawn with: rectangles, and the colours of the charts."""

from __future__ import annotations

from dataclasses import dataclass

# Okabe and Ito (2008), as the charts use them.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")
LEAST_SIZE = 0.6


@dataclass(frozen=True)
class Box:
    """A rectangle of a picture."""

    x: float
    y: float
    width: float
    height: float

    def inner(self, edge: float) -> Box:
        """The rectangle without an edge of this width."""
        return Box(self.x + edge, self.y + edge, self.width - 2 * edge, self.height - 2 * edge)


def rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    """A filled rectangle as SVG; one that would not be seen is made as large as a stroke."""
    width, height = max(LEAST_SIZE, width), max(LEAST_SIZE, height)
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'
