"""One template for a page, whether it is a snapshot or drawn by a kernel: head, one block a cell, tail.

The three are written one after another and none needs the others' content, so that a live page can be sent
cell by cell. Scripts and styles are files of ``/assets``; what a cell showed passes ``runs.outputs``.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from analytics_lib.atomic import write_atomically
from analytics_lib.charts.words import Language, say
from analytics_lib.dashboards.controls import Field, address, form_fields
from analytics_lib.dashboards.figures import dark_colours, for_both
from analytics_lib.dashboards.layout import place_of
from analytics_lib.dashboards.numbers import numbers_of, shown_text
from analytics_lib.runs.labels import LANGUAGES
from analytics_lib.runs.outputs import shown_output
from analytics_lib.runs.rendering import environment

if TYPE_CHECKING:
    from pathlib import Path

    import jinja2

    from analytics_lib.dashboards.pages import Page

State = Literal["snapshot", "live"]
Cell = Mapping[str, Any]

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'"
)
ASSETS = ("page.css", "page.js", "theme.js")
# Said in the page's first lines; the others stand below, folded.
_MAIN_FACTS = ("data_until", "window", "run_at", "time_zone")
_NARRATION = re.compile(r"<h2>(?P<title>.*?)</h2>(?P<how>(?:<p>.*?</p>)*)", re.DOTALL)
_STYLE = re.compile(r'style="([^"]*)"')
_HEIGHT = 440


@dataclass(frozen=True)
class View:
    """What one page shows to one reader.

    Attributes:
        page: Its entry in ``params/dashboards.yaml``.
        parameters: The values its address gives (``controls.from_address``); of others the defaults hold.
        language: es or en.
        state: ``snapshot`` of the last good runs, or ``live``.
        facts: What the numbers rest on, written for the reader, by name: ``data_until``, ``window``,
            ``run_at``, ``time_zone``, ``versions``, ``run``; another name is shown as it is.
        notice: A sentence shown on top, such as why this is not the live page; empty for none.
        choices: By control, the values a reader can choose from, such as the channels there are.
    """

    page: Page
    parameters: Mapping[str, object] = field(default_factory=dict)
    language: str = "es"
    state: State = "snapshot"
    facts: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)


def head(view: View) -> str:
    """Everything before the first block: head, header with facts and controls, the start of the grid."""
    query = address(view.page, view.parameters)
    return fill(
        "head.html.j2",
        view.language,
        view=view,
        title=view.page.title[view.language],
        main_facts=_named(view, _MAIN_FACTS),
        more_facts=_named(view, [name for name in view.facts if name not in _MAIN_FACTS]),
        fields=_fields(view),
        languages=_languages(view),
        tick=f"/tick/{view.page.name}{'?' if query else ''}{query}",
        is_filtered=bool(address(view.page, {**view.parameters, "language": view.page.default_language})),
    )


def block(cell: Cell, *, language: str, page: str = "") -> str:
    """A cell as one card of the grid; empty for a cell that is not tagged ``page`` and did not fail.

    Args:
        cell: A code cell of nbformat 4 with its outputs.
        language: es or en.
        page: Name of the page: a cell that failed leads to its snapshot.
    """
    if failure := failure_id(cell):
        return failed(page=page, failure=failure, language=language)
    place = place_of(cell)
    if place is None:
        return ""
    shown = _shown(cell, language)
    return fill("block.html.j2", language, place=place, **shown)


def inner(cell: Cell, *, language: str) -> str:
    """What stands inside the card of a cell: what ``/tick/NAME`` sends for it; empty if it is not shown."""
    place = place_of(cell)
    return fill("inner.html.j2", language, place=place, **_shown(cell, language)) if place else ""


def failed(*, page: str, failure: str, language: str) -> str:
    """The card in place of a cell that failed: a short id to find it in the log, a way back, no details."""
    return fill("failed.html.j2", language, page=page, failure=failure)


def failure_id(cell: Cell) -> str:
    """The short id of a cell's error, the same wherever it is asked for; empty if it has none."""
    errors = [one for one in cell.get("outputs", ()) if one.get("output_type") == "error"]
    if not errors:
        return ""
    told = json.dumps([errors[0].get(key) for key in ("ename", "evalue", "traceback")])
    return hashlib.sha256(told.encode()).hexdigest()[:8]


def tail(view: View) -> str:
    """Everything after the last block."""
    return fill("tail.html.j2", view.language, view=view)


def message_page(*, title: str, text: str, language: str, back: str = "/") -> str:
    """A whole page that says one thing: a wrong address, no room for a live view, nothing published."""
    return fill("message.html.j2", language, title=title, text=text, back=back)


def copy_assets(folder: Path) -> None:
    """Put plotly.js and the pages' own styles and scripts into a folder, where they are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    plotly = importlib.resources.files("plotly").joinpath("package_data", "plotly.min.js")
    ours = importlib.resources.files("analytics_lib.dashboards").joinpath("templates")
    for source in (plotly, *(ours.joinpath(name) for name in ASSETS)):
        path, text = folder / source.name, source.read_text(encoding="utf-8")
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            write_atomically(path, text)


def fill(template: str, language: str, **values: object) -> str:
    """A template of this package; ``word`` in it says a text of the catalogue in the language."""
    told: Language = "en" if language == "en" else "es"

    def word(name: str, **holes: object) -> str:
        return say(f"dashboard.{name}", told, **holes)

    shared = {"word": word, "language": told, "policy": CONTENT_SECURITY_POLICY}
    return _environment().get_template(template).render(**shared, **values)


@cache
def _environment() -> jinja2.Environment:
    return environment("analytics_lib.dashboards")


def _named(view: View, names: Sequence[str]) -> list[tuple[str, str]]:
    told: Language = "en" if view.language == "en" else "es"
    known = ("data_until", "window", "run_at", "time_zone", "versions", "run")
    return [
        (say(f"dashboard.{name}", told) if name in known else name, view.facts[name])
        for name in names
        if view.facts.get(name)
    ]


def _fields(view: View) -> tuple[Field, ...]:
    return form_fields(view.page, view.parameters, language=view.language, choices=view.choices)


def _languages(view: View) -> list[dict[str, str]]:
    """The page in each language, with the view's other values; none if it speaks only one."""
    if "language" not in view.page.controls:
        return []
    base = "live" if view.state == "live" else "pages"
    links = []
    for language in LANGUAGES:
        query = address(view.page, {**view.parameters, "language": language})
        href = f"/{base}/{view.page.name}{'?' if query else ''}{query}"
        links.append({"code": language, "href": href, "current": "true" if language == view.language else ""})
    return links


def _shown(cell: Cell, language: str) -> dict[str, Any]:
    """What the inside of a card needs: its heading, what it shows, and what is told of it, folded.

    The first narration gives the heading and how to read the card; a later one is folded under its own title.
    """
    place = place_of(cell)
    name = place.name if place else ""
    found = [shown_output(one, f"{name}-{at}") for at, one in enumerate(cell["outputs"])]
    outputs = [one for one in found if one["kind"] not in ("messages", "error") and not _is_blank(one)]
    told = [(_narration(one), one) for one in outputs]
    notes = [(note["title"], note["how"]) for note, _ in told if note]
    title = notes[0][0] if notes and told[0][0] else ""
    how = [("" if title and at == 0 else note, text) for at, (note, text) in enumerate(notes) if text]
    return {
        "title": title,
        "notes": how,
        "outputs": [_for_page(one, language) for note, one in told if not note],
    }


def _narration(output: Mapping[str, Any]) -> re.Match[str] | None:
    """The heading and the paragraphs of an output that is nothing else (``charts.pages.narrate``)."""
    return _NARRATION.fullmatch(output["html"].strip()) if output["kind"] == "html" else None


def _is_blank(output: Mapping[str, Any]) -> bool:
    return output["kind"] == "text" and not output["text"].strip()


def _for_page(output: Mapping[str, Any], language: str) -> dict[str, Any]:
    """An output with what a card needs beside it: numbers of a figure, colours for a dark page."""
    if output["kind"] == "chart":
        figure = json.loads(output["json"])
        told: Language = "en" if language == "en" else "es"
        return {
            **output,
            "title": shown_text(output["title"]),
            "height": int(figure.get("layout", {}).get("height") or _HEIGHT),
            "numbers": numbers_of(figure, language=told),
            "dark": json.dumps(dark_colours(output["json"])),
        }
    if output["kind"] in ("html", "answer"):
        html = output["html"].replace("<h2>", "<h3>").replace("</h2>", "</h3>")
        return {**output, "html": _STYLE.sub(lambda style: f'style="{for_both(style[1])}"', html)}
    return dict(output)
