"""The page of a run: the executed notebook as one HTML file that works without the internet.

Code is folded away, tables are readable on a phone, plotly figures are drawn from their JSON by one shared
copy of plotly.js in ``outputs/assets``. Everything the notebook printed passes ``sanitize`` or is escaped.
"""

from __future__ import annotations

import datetime as dt
import importlib.resources
import json
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pygments import highlight  # type: ignore[import-untyped]  # ships no types
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]  # ships no types
from pygments.lexers import PythonLexer  # type: ignore[import-untyped]  # ships no types

from analytics_lib.atomic import write_atomically
from analytics_lib.runs.failure import INJECTED_TAG, failure_of
from analytics_lib.runs.failure_private import shown_value
from analytics_lib.runs.labels import (
    labels,
    write_day,
    write_moment,
    write_number,
    write_seconds,
    write_window,
)
from analytics_lib.runs.outputs import Block, shown_output
from analytics_lib.runs.record import NOTEBOOK_FILE, RunRecord
from analytics_lib.runs.rendering import environment
from analytics_lib.runs.sanitize import markdown_to_html

if TYPE_CHECKING:
    from pathlib import Path

    import jinja2

_ASSETS = "assets"
# Papermill marks the cell that failed with cells of its own; the page has its own way to say it.
_MARKER_TAG = "papermill-error-cell-tag"

Notebook = dict[str, Any]


def render(record: RunRecord, folder: Path) -> str:
    """The page of the run in ``folder``, as it stands there: links are relative to that folder.

    Args:
        record: What the banner says; its ``language`` is the page's.
        folder: Holds the executed notebook, as far as it came.
    """
    notebook = json.loads((folder / NOTEBOOK_FILE).read_text(encoding="utf-8"))
    failed = failure_of(record, folder, notebook) if record.status != "succeeded" else None
    return page(
        "report.html.j2",
        language=record.language,
        record=record,
        failure=failed,
        failed_source=_coloured(failed.source) if failed else "",
        facts=_facts(record),
        blocks=_blocks(notebook),
        root="../../..",
    )


def as_published(html: str) -> str:
    """The page for ``outputs/published/<job>``, one folder nearer to the assets than its run."""
    # Above `<main` every text is escaped: a quote followed by dots can only be one of the page's own links.
    head, main, rest = html.partition("<main")
    return head.replace('"../../../', '"../../') + main + rest


def page(template: str, *, language: str, **values: object) -> str:
    """A page made from one of the package's templates; texts are escaped, a missing value is an error."""
    words = labels(language)
    return _environment().get_template(template).render(words=words, language=language, **values)


def copy_assets(outputs: Path) -> None:
    """Put the scripts that reports share into ``outputs/assets``, where they are not there yet."""
    (outputs / _ASSETS).mkdir(parents=True, exist_ok=True)
    plotly = importlib.resources.files("plotly").joinpath("package_data", "plotly.min.js")
    ours = importlib.resources.files("analytics_lib.runs").joinpath("templates", "report.js")
    for source in (plotly, ours):
        path, text = outputs / _ASSETS / source.name, source.read_text(encoding="utf-8")
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            write_atomically(path, text)


@cache
def _environment() -> jinja2.Environment:
    made = environment("analytics_lib.runs")
    made.filters.update(
        moment=write_moment, day=write_day, number=write_number, seconds=write_seconds, value=_value
    )
    return made


def _value(value: object, name: str) -> str:
    return shown_value(name, value)


def data_facts(record: RunRecord, language: str | None = None) -> dict[str, str]:
    """Up to when the data are known and which window was looked at, as far as the run says.

    A notebook that chose its window from the data says so in its results. In the run's language unless given.
    """
    language = language or record.language
    given = {**(record.results or {}), **{name: v for name, v in record.parameters.items() if v}}
    facts: dict[str, str] = {}
    if given.get("as_of"):
        last = _last_day(given["as_of"], record.time_zone)
        facts["as_of"] = write_day(last or given["as_of"], language=language)
    if given.get("since") and given.get("until"):
        window = write_window(str(given["since"]), str(given["until"]), language=language)
        facts["window"] = window
    return facts


def data_until(record: RunRecord) -> dt.date | None:
    """The last day a run looked at, as far as it says: the last of its window, else before its ``as_of``."""
    given = {**(record.results or {}), **{name: v for name, v in record.parameters.items() if v}}
    found = (_last_day(given.get(name), record.time_zone) for name in ("until", "as_of"))
    return next((day for day in found if day), None)


def _last_day(end: object, time_zone: str) -> dt.date | None:
    """The last day before an excluded end, a moment or a day as its midnight; null for anything else."""
    try:
        moment = dt.datetime.fromisoformat(str(end))
    except ValueError:
        return None
    local = moment.astimezone(ZoneInfo(time_zone)) if moment.tzinfo else moment
    return (local - dt.timedelta(microseconds=1)).date()


def _facts(record: RunRecord) -> dict[str, str]:
    """The banner: what the numbers rest on, by the name of its label."""
    language = record.language
    facts = data_facts(record)
    run_at = write_moment(record.started_at, time_zone=record.time_zone, language=language)
    return {**facts, "run_at": run_at, "time_zone": record.time_zone}


def _blocks(notebook: Notebook) -> list[Block]:
    """The cells in order; code cells are numbered as in ``RunRecord.failed_cell``."""
    blocks: list[Block] = []
    number = 0
    for cell in notebook["cells"]:
        tags, source = cell.get("metadata", {}).get("tags", []), "".join(cell["source"])
        if _MARKER_TAG in tags or not source.strip():
            continue
        if cell["cell_type"] == "markdown":
            blocks.append({"kind": "markdown", "html": markdown_to_html(source)})
        elif cell["cell_type"] == "code":
            number += INJECTED_TAG not in tags
            blocks.append(_code_block(cell, source, number))
    return _gathered(blocks)


def _gathered(blocks: list[Block]) -> list[Block]:
    """Code cells in a row of which only the last shows something are folded away as one."""
    gathered: list[Block] = []
    for block in blocks:
        before = gathered[-1] if gathered else {"kind": "nothing"}
        if block["kind"] == before["kind"] == "code" and not before["outputs"]:
            gathered[-1] = {
                **block,
                "cells": before["cells"] + block["cells"],
                "messages": before["messages"] + block["messages"],
            }
        else:
            gathered.append(block)
    return gathered


def _code_block(cell: Notebook, source: str, number: int) -> Block:
    outputs = [shown_output(output, f"{number}-{at}") for at, output in enumerate(cell["outputs"])]
    return {
        "kind": "code",
        "cells": [{"number": number, "html": _coloured(source)}],
        "messages": "".join(output["text"] for output in outputs if output["kind"] == "messages"),
        "outputs": [output for output in outputs if output["kind"] != "messages"],
    }


def _coloured(source: str) -> str:
    return str(highlight(source, PythonLexer(), HtmlFormatter(nowrap=True)))
