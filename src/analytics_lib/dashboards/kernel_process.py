"""The kernel of a live page, in a process that has made its imports; it ends when its server is gone."""

from __future__ import annotations

import os
import signal
import sys
import threading

import plotly.graph_objects as go
import plotly.io as pio
import seaborn as sns  # noqa: F401
from ipykernel.kernelapp import IPKernelApp

import analytics_lib.store  # noqa: F401  # no engine is opened here: it would not survive a fork


def main() -> int:
    """Be a kernel, as ``ipykernel_launcher`` with the same arguments would."""
    threading.Thread(target=_end_with_server, daemon=True).start()
    kernel = IPKernelApp.instance()
    kernel.initialize(sys.argv[1:])  # type: ignore[no-untyped-call]
    kernel.start()  # type: ignore[no-untyped-call]
    return 0


def _end_with_server() -> None:
    while os.read(0, 1):
        continue
    os.killpg(0, signal.SIGKILL)


def _draw_once() -> None:
    """The first figure of a process takes over a second: traces and their checks are imported by name."""
    kinds = (go.Bar, go.Scatter, go.Sankey, go.Funnel, go.Heatmap, go.Indicator, go.Pie, go.Histogram)
    for kind in kinds:
        figure = go.Figure(kind()).update_layout(title="x", xaxis={"title": "x"}, yaxis={"title": "y"})
        pio.renderers["plotly_mimetype"].to_mimebundle(figure.to_dict())


_draw_once()
