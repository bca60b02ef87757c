"""What a cell showed, as pages can show it: the richest safe form of each output, made inert."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analytics_lib.runs.failure_private import private
from analytics_lib.runs.sanitize import clean_html, figure_to_json, markdown_to_html
from analytics_lib.runs.text import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

PLOTLY = "application/vnd.plotly.v1+json"

Block = dict[str, Any]


def shown_output(output: Mapping[str, Any], name: str) -> Block:
    """An output of a cell as a block of a page, by its ``kind``.

    Args:
        output: As nbformat 4 holds it.
        name: Makes the id of a figure.

    Returns:
        ``chart`` with id, title and json; ``html`` or ``answer`` with html; ``image`` with source;
        ``text`` or ``messages`` (of standard error) with text; ``error`` with name, text and traceback.
        All html is clean; all other texts must be escaped.
    """
    if output["output_type"] == "stream":
        kind = "messages" if output["name"] == "stderr" else "text"
        return {"kind": kind, "text": private("".join(output["text"]))}
    if output["output_type"] == "error":
        return {
            "kind": "error",
            "name": private(output["ename"]),
            "text": private(output["evalue"]),
            "traceback": private("\n".join(output["traceback"])),
        }
    return _richest({kind: _joined(value) for kind, value in output["data"].items()}, name)


def _richest(data: Mapping[str, Any], name: str) -> Block:
    """The richest form of an output that a page can show safely."""
    if PLOTLY in data:
        title = data[PLOTLY].get("layout", {}).get("title", {}).get("text") or ""
        return {"kind": "chart", "id": f"chart-{name}", "title": title, "json": figure_to_json(data[PLOTLY])}
    if "text/html" in data:
        return {"kind": "html", "html": clean_html(data["text/html"])}
    if "text/markdown" in data:
        return {"kind": "answer", "html": markdown_to_html(data["text/markdown"])}
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            return {"kind": "image", "source": f"data:{kind};base64,{''.join(data[kind].split())}"}
    return {"kind": "text", "text": plain(str(data.get("text/plain", "")))}


def _joined(value: object) -> object:
    return "".join(value) if isinstance(value, list) else value
