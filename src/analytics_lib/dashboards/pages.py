"""The pages of ``params/dashboards.yaml``: which notebooks make each, for whom, what a viewer may set.

The file is judged as a whole, together with the tags of the notebooks it names: every problem is told at
once, with its line.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analytics_lib.dashboards.layout import PAGE_TAG, place_of, tags_of, wrong_tags
from analytics_lib.dashboards.page_keys import check_name, nearest, read_key
from analytics_lib.errors import RequestError
from analytics_lib.runs.parameters import Parameter, declared, default_parameters, resolve
from analytics_lib.runs.values import Refused
from analytics_lib.yaml_files import Problems, read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

Notebook = dict[str, Any]

PARAMETERS_TAG = "parameters"
# A path is where a notebook reads: never for a viewer to choose.
_FIXED_ENDING = "_path"
_OWN_VALUES = "# Values of this page"
_NEEDED = ("notebooks", "title", "audience")


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes:
        name: Its address.
        notebooks: Files, run one after another in one kernel.
        title: By language; as ``audience``, for whom it is.
        controls: Names of the parameters a viewer may set.
        parameters: Fixed values.
        refresh_seconds: How often a live page asks for new numbers; null = never.
        declared: What each notebook declares, by its stem.
        values: The value of every parameter of each notebook unless a viewer sets it, by its stem: from
            ``params/<stem>.yaml``, then ``parameters``.
    """

    name: str
    notebooks: tuple[Path, ...]
    title: Mapping[str, str]
    audience: Mapping[str, str]
    controls: tuple[str, ...] = ()
    parameters: Mapping[str, object] = field(default_factory=dict)
    refresh_seconds: float | None = None
    declared: Mapping[str, tuple[Parameter, ...]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    @property
    def default_language(self) -> str:
        """The language of the page unless a viewer asks for another."""
        spoken = (values["language"] for values in self.values.values() if "language" in values)
        return str(next(spoken, "es"))

    def control(self, name: str) -> Parameter:
        """What the first notebook that declares a control says of it."""
        return next(one for known in self.declared.values() for one in known if one.name == name)

    def default(self, name: str) -> object:
        """The value of a control unless a viewer sets it, as the first notebook that declares it has it."""
        return next(values[name] for values in self.values.values() if name in values)


def read_pages(
    path: Path = Path("params/dashboards.yaml"), notebooks: Path = Path("notebooks")
) -> dict[str, Page]:
    """The pages of a file by name, in its order.

    Args:
        path: The file; the values of a notebook's own file beside it are its defaults.
        notebooks: Folder of the notebooks.

    Raises:
        RequestError: If anything in the file or in the tags of a notebook is wrong; the message lists every
            problem with its line.
    """
    if not path.exists():
        raise RequestError(f"There is no {path}. Write one: `pages:` with names of pages.")
    found = read_yaml(path) or {}
    if not isinstance(found, dict) or not isinstance(found.get("pages"), dict) or set(found) != {"pages"}:
        raise RequestError(f"{path} must hold one mapping `pages:` of names to pages.")
    problems = Problems(path, "pages")
    read = {
        str(name): _page(str(name), given, problems, path.parent, notebooks)
        for name, given in found["pages"].items()
    }
    problems.refuse()
    return {name: page for name, page in read.items() if page is not None}


def merged(page: Page) -> Notebook:
    """The page's notebooks as one, without outputs: their cells one after another.

    Behind each parameters cell stands one with the page's own values (``Page.values``); ``controls.inject``
    puts those of a viewer behind it.
    """
    cells = [cell for path in page.notebooks for cell in _cells_of(page, path)]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def assignments(values: Mapping[str, object]) -> str:
    """Plain values as the code that sets them; names must be checked before."""
    return "\n".join(f"{name} = {value!r}" for name, value in values.items())


def code_cell(source: str, *, name: str, tags: tuple[str, ...] = ()) -> Notebook:
    """A code cell that has not run; ``name`` is its id."""
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {"tags": list(tags)} if tags else {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def unique_id(stem: str, cell: Mapping[str, Any], position: int) -> str:
    """The id of a notebook's cell where it stands among those of other notebooks."""
    return f"{stem[:40]}-{str(cell.get('id') or position)[:20]}"


def _cells_of(page: Page, path: Path) -> list[Notebook]:
    """A notebook's cells, stripped; the page's own values stand behind its parameters cell."""
    cells: list[Notebook] = []
    for position, cell in enumerate(_read(path)["cells"]):
        name, source, tags = unique_id(path.stem, cell, position), "".join(cell["source"]), tags_of(cell)
        if cell["cell_type"] == "markdown":
            cells.append({"cell_type": "markdown", "id": name, "metadata": {}, "source": source})
        elif cell["cell_type"] == "code":
            cells.append(code_cell(source, name=name, tags=tags))
        if PARAMETERS_TAG in tags and page.values.get(path.stem):
            own = f"{_OWN_VALUES}\n{assignments(page.values[path.stem])}"
            cells.append(code_cell(own, name=f"{path.stem[:40]}-own-values"))
    return cells


def _read(path: Path) -> Notebook:
    notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def _page(name: str, given: object, problems: Problems, params: Path, notebooks: Path) -> Page | None:
    """The page of one entry; null where it cannot be read."""
    if wrong := check_name(name):
        problems.note(wrong, name)
        return None
    if not isinstance(given, dict):
        problems.note(f"expected a mapping with {', '.join(_NEEDED)}, not {given!r:.60}.", name)
        return None
    # What is wrong is noted and left out, so that the rest of the page is judged as well.
    values: dict[str, Any] = {}
    for key, value in given.items():
        try:
            values[str(key)] = read_key(str(key), value)
        except Refused as problem:
            problems.note(problem, name, str(key))
    for key in (key for key in _NEEDED if key not in given):
        problems.note(f"{key} is missing.", name)
    if not set(_NEEDED) <= values.keys():
        return None
    values["notebooks"] = tuple(notebooks / f"{stem}.ipynb" for stem in values["notebooks"])
    return _checked(Page(name, **values), problems, params)


def _checked(page: Page, problems: Problems, params: Path) -> Page:
    """The page with what its notebooks declare, once all of it was looked at."""
    known: dict[str, tuple[Parameter, ...]] = {}
    for path in page.notebooks:
        try:
            known[path.stem] = declared(path)
        except RequestError as problem:
            problems.note(problem, page.name, "notebooks")
    if len(known) == len(page.notebooks):
        _check_tags(page, problems)
        _check_controls(page, known, problems)
    values = {stem: _values(page, stem, found, params, problems) for stem, found in known.items()}
    for name in sorted(page.parameters.keys() - {one.name for found in known.values() for one in found}):
        problems.note(f"none of its notebooks declares {name!r}.", page.name, "parameters")
    return Page(**{**vars(page), "declared": known, "values": values})


def _values(
    page: Page, stem: str, known: tuple[Parameter, ...], params: Path, problems: Problems
) -> Mapping[str, object]:
    names = {parameter.name for parameter in known}
    fixed = {name: value for name, value in page.parameters.items() if name in names}
    try:
        return resolve(known, default_parameters(params / f"{stem}.yaml") | fixed)
    except RequestError as problem:
        wrong = [line.strip(" -") for line in str(problem).splitlines() if line.startswith("  - ")]
        for line in wrong or [str(problem)]:
            problems.note(f"{stem}: {line}", page.name, "parameters" if fixed else "notebooks")
        return {}


def _check_tags(page: Page, problems: Problems) -> None:
    """Every tag means something, something is shown, and no two cards have one name."""
    names: set[str] = set()
    shown = 0
    for path in page.notebooks:
        for position, cell in enumerate(_read(path)["cells"]):
            where = f"{path.stem}, cell {position + 1}"
            for problem in wrong_tags(cell):
                problems.note(f"{where}: {problem}", page.name, "notebooks")
            place = place_of(cell)
            if place and place.name in names:
                problems.note(f"{where}: the block {place.name!r} is there twice.", page.name, "notebooks")
            names |= {place.name} if place else set()
            shown += place is not None
        if not shown:
            problem = f"{path.stem}: no cell is tagged {PAGE_TAG!r}, so nothing of it would be shown."
            problems.note(problem, page.name, "notebooks")
        shown = 0


def _check_controls(page: Page, known: Mapping[str, tuple[Parameter, ...]], problems: Problems) -> None:
    """A control is declared, in one way by all that declare it, and no path."""
    types: dict[str, set[str]] = {}
    for parameter in (one for found in known.values() for one in found):
        types.setdefault(parameter.name, set()).add(str(parameter.type))
    for name in page.controls:
        if name.endswith(_FIXED_ENDING):
            problems.note(
                f"{name!r} is a path; no viewer may set where data are read.", page.name, "controls"
            )
        elif name not in types:
            problem = f"none of its notebooks declares {name!r}.{nearest(name, types)}"
            problems.note(problem, page.name, "controls")
        elif len(types[name]) > 1:
            kinds = " and ".join(sorted(types[name]))
            problems.note(f"its notebooks declare {name!r} as {kinds}.", page.name, "controls")
