"""Where the SQL is: found in the source as written, without importing it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analytics_lib.portability.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Only all-lower and all-upper keywords count: "Select a period" is a sentence.
_QUERY = re.compile(
    r"\s*(?:--[^\n]*\n\s*)*"
    r"(?:(?:with|WITH)\s+(?:(?:recursive|RECURSIVE)\s+)?\w+\s*(?:\([^)]*\)\s*)?(?:as|AS)\b"
    r"|(?:select|SELECT)\s.*?\b(?:from|FROM|as|AS)\b)",
    re.DOTALL,
)
# The store speaks to its engine, and the ledger of runs to SQLite: neither is ever asked of another.
_OWN_ENGINE = {"store", "ledger", "ledger_sql"}
_MISPLACED = ("sql_is_a_constant", "SQL inside a function is neither found nor checked by its name")
_COMPOSED = (
    "sql_is_literal",
    "SQL put together at run time cannot be read, checked or translated as written",
)


@dataclass(frozen=True)
class SqlConstant:
    """One SQL text of the source: the constant that holds it and the line its text starts on."""

    file: str
    name: str
    line: int
    sql: str
    lines_match: bool = True

    def line_of(self, sql_line: int) -> int:
        """The line in the file of a line of the SQL; the first where the text is joined from pieces."""
        return self.line + sql_line - 1 if self.lines_match else self.line


def looks_like_query(text: str) -> bool:
    """Whether a text starts as a query does: ``select … from`` or ``with name as``."""
    return _QUERY.match(text) is not None


def collect(package_folder: Path) -> list[SqlConstant]:
    """The queries held by module-level UPPER_CASE constants, in the order of files and lines."""
    return [constant for file in _files(package_folder) for constant in _constants(file)]


def misplaced(package_folder: Path) -> list[Problem]:
    """Queries that are no plain module constant: inside a function, under another name, or composed."""
    return [problem for file in _files(package_folder) for problem in _misplaced(file)]


def _files(package_folder: Path) -> list[Path]:
    files = sorted(package_folder.rglob("*.py"))
    return [
        file
        for file in files
        if not _OWN_ENGINE & set(file.relative_to(package_folder).with_suffix("").parts)
    ]


def _constants(file: Path) -> Iterator[SqlConstant]:
    for name, value in _assignments(ast.parse(file.read_text(encoding="utf-8"))):
        composed = {id(part) for node in ast.walk(value) if _is_composed(node) for part in ast.walk(node)}
        for node in ast.walk(value):
            sql = _query_text(node)
            if isinstance(node, ast.Constant) and sql is not None and id(node) not in composed:
                matches = (node.end_lineno or node.lineno) - node.lineno == sql.count("\n")
                yield SqlConstant(str(file), name, node.lineno, sql, matches)


def _assignments(module: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for statement in module.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        names = [target.id for target in targets if isinstance(target, ast.Name) and target.id.isupper()]
        if names and isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            yield names[0], statement.value


def _misplaced(file: Path) -> Iterator[Problem]:
    module = ast.parse(file.read_text(encoding="utf-8"))
    placed = {id(node): name for name, value in _assignments(module) for node in ast.walk(value)}
    pieces = {
        id(part) for node in ast.walk(module) if _is_composed(node) for part in list(ast.walk(node))[1:]
    }
    documentation = _docstrings(module)
    for node in ast.walk(module):
        if id(node) in pieces or id(node) in documentation:
            continue
        if _is_composed(node):
            yield _problem(_COMPOSED, file, placed.get(id(node), ""), node)
        elif _query_text(node) is not None and id(node) not in placed:
            yield _problem(_MISPLACED, file, "", node)


def _is_composed(node: ast.AST) -> bool:
    """Whether the node joins a text that starts as a query: f-string, ``+``, ``%`` or ``.format``."""
    if isinstance(node, ast.JoinedStr):
        return bool(node.values) and looks_like_query(_literal_text(node))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return looks_like_query(_literal_text(node.left)) and not isinstance(node.left, ast.JoinedStr)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return looks_like_query(_literal_text(node.func.value))
    return False


def _literal_text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_literal_text(part) or "x" for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _query_text(node: ast.AST) -> str | None:
    text = _literal_text(node) if isinstance(node, ast.Constant) else ""
    return text if looks_like_query(text) else None


def _docstrings(module: ast.Module) -> set[int]:
    """Every string that stands alone as a statement: documentation, wherever it stands."""
    return {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}


def _problem(kind: tuple[str, str], file: Path, name: str, node: ast.AST) -> Problem:
    found = " ".join(ast.unparse(node).split())[:60]
    instead = "one literal string in a module-level UPPER_CASE constant, values bound as $parameters"
    return Problem(kind[0], found, kind[1], instead, getattr(node, "lineno", 1), str(file), name)
