"""The kernel of a live page, in a process that has made its imports; it ends when its server is gone."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading

import plotly.graph_objects as go
import plotly.io as pio
import psutil  # type: ignore[import-untyped]  # ships no types
import seaborn as sns  # noqa: F401
from ipykernel.iostream import OutStream
from ipykernel.kernelapp import IPKernelApp

import analytics_lib.store  # noqa: F401  # no engine is opened here: it would not survive a fork
from analytics_lib.charts.words import say
from analytics_lib.dashboards.kernel_tree import adopt_orphans, descendants
from analytics_lib.errors import RequestError

_MOST_PRINTED = 1_000_000


class PageStream(OutStream):
    """What a notebook prints; one that never stops would fill the memory of the server that collects it."""

    _printed = 0

    def write(self, string: str) -> int:
        """Pass it on.

        Raises:
            RequestError: If far more was printed than a page can show.
        """
        self._printed += len(string)
        if self._printed > _MOST_PRINTED:
            raise RequestError(f"{self._printed} characters were printed; a page shows {_MOST_PRINTED}.")
        return super().write(string) or 0


def main() -> int:
    """Be a kernel, as ``ipykernel_launcher`` with the same arguments would."""
    adopt_orphans()
    threading.Thread(target=_end_with_server, daemon=True).start()
    kernel = IPKernelApp.instance(outstream_class=f"{__name__}.PageStream")
    kernel.initialize(sys.argv[1:])  # type: ignore[no-untyped-call]
    kernel.start()  # type: ignore[no-untyped-call]
    return 0


def _end_with_server() -> None:
    while os.read(0, 1):
        continue
    for process in descendants(os.getpid()):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    os.killpg(0, signal.SIGKILL)


def _draw_once() -> None:
    """The first figure of a process takes over a second: traces and their checks are imported by name.

    The first word takes half of one: the catalogue of messages is read.
    """
    say("dashboard.loading", "es")
    kinds = (go.Bar, go.Scatter, go.Sankey, go.Funnel, go.Heatmap, go.Indicator, go.Pie, go.Histogram)
    for kind in kinds:
        figure = go.Figure(kind()).update_layout(title="x", xaxis={"title": "x"}, yaxis={"title": "y"})
        pio.renderers["plotly_mimetype"].to_mimebundle(figure.to_dict())


_draw_once()
