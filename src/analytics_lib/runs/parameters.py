"""The parameters of a notebook: what it declares, what somebody gives, and whether the two agree.

The cell tagged ``parameters`` is read by its syntax tree, never run. Every line is an annotated assignment
with a literal default; the comment on its line, or on the lines above it, says what it means:

    since: "date" = "2026-01-01"  # first day of the window
    channel: str | None = None    # only this channel; all of them when null

Papermill injects parameters as code, so a name counts only if it is declared here.
"""

from __future__ import annotations

import ast
import difflib
import io
import json
import re
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from analytics_lib.errors import RequestError
from analytics_lib.runs.values import MISSING, SCALARS, Refused, ValueType, convert
from analytics_lib.yaml_files import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from analytics_lib.runs.results import Json

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,63}")


@dataclass(frozen=True)
class Parameter:
    """One declared parameter.

    Attributes:
        default: Its value as JSON knows it, or ``MISSING`` where the notebook gives none.
        comment: What the notebook says it means.
    """

    name: str
    type: ValueType
    default: Json | object = MISSING
    comment: str = ""

    def __str__(self) -> str:
        shown = "" if self.default is MISSING else f" = {json.dumps(self.default, ensure_ascii=False)}"
        return f"{self.name}: {self.type}{shown}" + (f"  # {self.comment}" if self.comment else "")


def declared(notebook: Path) -> tuple[Parameter, ...]:
    """The parameters a notebook declares, in its order; none if no cell is tagged ``parameters``.

    Raises:
        RequestError: If there is no such notebook, it is not one, or its cell holds something else than
            imports and annotated assignments of literals.
    """
    return declared_in(_parameters_cell(notebook), notebook=notebook.name)


def declared_in(source: str, *, notebook: str) -> tuple[Parameter, ...]:
    """The parameters that the source of a parameters cell declares; ``notebook`` is what an error calls it.

    Raises:
        RequestError: As ``declared``.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise RequestError(f"{notebook}, parameters cell, line {error.lineno}: {error.msg}.") from error
    comments = _comments(source)
    lines = [node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom)]
    try:
        return tuple(_parameter(node, comments) for node in lines)
    except Refused as error:
        raise RequestError(f"{notebook}, parameters cell, {error}") from error


def resolve(parameters: Sequence[Parameter], given: Mapping[str, object]) -> dict[str, Json]:
    """A value for every declared parameter: the one given, checked against its type, or its default.

    Text is read by the declared type: ``00123`` stays text where text is declared, ``2026-01-31`` is checked
    to be a day and stays text, ``a,b`` or ``["a", "b"]`` is a list, and empty text is null where null is
    allowed.

    Raises:
        RequestError: For every unknown name and every value that does not fit, all of them at once.
    """
    by_name = {parameter.name: parameter for parameter in parameters}
    problems = [_unknown(name, by_name) for name in given if name not in by_name]
    values: dict[str, Json] = {}
    for name, parameter in by_name.items():
        try:
            values[name] = _value(parameter, given)
        except Refused as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise RequestError(_refusal(problems, parameters))
    return values


def default_parameters(path: Path) -> dict[str, object]:
    """What ``params/<notebook>.yaml`` sets, as written there; nothing if there is no such file.

    Raises:
        RequestError: If the file is not one mapping of plain values, or names a key twice.
    """
    if not path.exists():
        return {}
    found = read_yaml(path)
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise RequestError(f"{path} must hold one mapping of parameter names to values, not {found!r:.80}.")
    return found


def _parameters_cell(notebook: Path) -> str:
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        sources = [
            "".join(cell["source"])
            for cell in cells
            if cell["cell_type"] == "code" and "parameters" in cell.get("metadata", {}).get("tags", [])
        ]
    except FileNotFoundError as error:
        raise RequestError(f"There is no notebook {notebook}.{_nearest_notebook(notebook)}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise RequestError(f"{notebook} is not a notebook of format 4: {error!r}.") from error
    if len(sources) > 1:
        raise RequestError(f"{notebook.name} has {len(sources)} cells tagged parameters; expected one.")
    return sources[0] if sources else ""


def _nearest_notebook(notebook: Path) -> str:
    return _nearest(notebook.stem, (path.stem for path in notebook.parent.glob("*.ipynb")))


def _parameter(node: ast.stmt, comments: Mapping[int, str]) -> Parameter:
    place = f"line {node.lineno}: "
    if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
        raise Refused(f"{place}expected `name: type = value`, found `{ast.unparse(node)}`.")
    name = node.target.id
    if not _NAME.fullmatch(name):
        raise Refused(f"{place}{name!r} is not a parameter name; use a-z, 0-9 and _ (at most 64).")
    comment = comments.get(node.end_lineno or node.lineno) or comments.get(-node.lineno, "")
    try:
        type_ = _type(node.annotation)
        default = MISSING if node.value is None else convert(ast.literal_eval(node.value), type_)
    except (Refused, ValueError) as error:
        raise Refused(f"{place}{name}: {error}") from error
    return Parameter(name, type_, default, comment)


def _type(annotation: ast.expr) -> ValueType:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = ast.parse(annotation.value, mode="eval").body
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        return _nullable(annotation)
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value).endswith("Literal"):
        choices = ast.literal_eval(annotation.slice)
        return ValueType("literal", choices=choices if isinstance(choices, tuple) else (choices,))
    kind = ast.unparse(annotation).removeprefix("datetime.").removeprefix("dt.")
    if kind not in SCALARS:
        raise Refused(f"the type `{kind}` is not one of {', '.join(SCALARS)}, Literal[...], or `... | None`.")
    return ValueType(kind)


def _nullable(union: ast.BinOp) -> ValueType:
    sides = [side for side in (union.left, union.right) if ast.unparse(side) != "None"]
    if len(sides) != 1:
        raise Refused(f"`{ast.unparse(union)}` is not a type with None.")
    inner = _type(sides[0])
    return ValueType(inner.kind, choices=inner.choices, nullable=True)


def _comments(source: str) -> dict[int, str]:
    """Comments by line: behind code under the line's number, above it under minus the next line's number."""
    found: dict[int, str] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        line, text = token.start[0], token.string.lstrip("#").strip()
        if token.line[: token.start[1]].strip():
            found[line] = text
        else:
            found[-(line + 1)] = f"{found.pop(-line, '')} {text}".strip()
    return found


def _value(parameter: Parameter, given: Mapping[str, object]) -> Json:
    if parameter.name in given:
        return convert(given[parameter.name], parameter.type)
    if parameter.default is MISSING:
        raise Refused(f"no value given, and the notebook has no default; expected {parameter.type}.")
    return cast("Json", parameter.default)


def _unknown(name: str, known: Iterable[str]) -> str:
    return f"unknown parameter {name!r}.{_nearest(name, known)}"


def _nearest(name: str, known: Iterable[str]) -> str:
    nearest = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" Did you mean {nearest[0]!r}?" if nearest else ""


def _refusal(problems: Sequence[str], parameters: Sequence[Parameter]) -> str:
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    known = [f"  {parameter}" for parameter in parameters] or ["  (none)"]
    return "\n".join(
        [f"{count} with the parameters:", *(f"  - {problem}" for problem in problems), "Declared:", *known]
    )
