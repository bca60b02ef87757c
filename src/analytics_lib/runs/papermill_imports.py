"""Papermill and what comes with it, without what no run needs: most of the time that a run takes to start."""

from __future__ import annotations

import sys

# A grammar of addresses (it takes as long as all the rest together), durations as ISO 8601 writes them, files
# on a Hadoop cluster: Papermill and the libraries below it import them where they can. None: "not installed".
sys.modules.update(dict.fromkeys(("rfc3987_syntax", "isoduration", "pyarrow")))  # type: ignore[arg-type]

import nbformat  # noqa: E402
import papermill  # noqa: E402
from nbclient.exceptions import DeadKernelError  # noqa: E402
from papermill.exceptions import PapermillExecutionError  # noqa: E402
from traitlets.config import Config  # noqa: E402

__all__ = ["Config", "DeadKernelError", "PapermillExecutionError", "nbformat", "papermill"]
