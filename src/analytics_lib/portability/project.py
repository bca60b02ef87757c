"""The whole project: every SQL constant of the package and every mapping of the sources."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import yaml

from analytics_lib.derived_tables import DERIVED_TABLES
from analytics_lib.portability.constants import SqlConstant, collect, misplaced
from analytics_lib.portability.queries import check, check_mapping
from analytics_lib.schema import EVERY_TABLE, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from analytics_lib.portability.problems import Problem

READABLE_TABLES = {**EVERY_TABLE, **DERIVED_TABLES}


def check_project(
    package_folder: Path, sources_folder: Path, tables: Mapping[str, Table] = READABLE_TABLES
) -> tuple[int, list[Problem]]:
    """How many SQL texts were checked, and what was found: first in the package, then in the mappings.

    Args:
        package_folder: Folder of Python files, read but not imported.
        sources_folder: Folder of the sources' YAML files; may be absent.
        tables: The contract.
    """
    constants = collect(package_folder)
    problems = misplaced(package_folder)
    for constant in constants:
        problems += _placed(constant, check(constant.sql, tables))
    mappings = [one for file in sorted(sources_folder.glob("*.yaml")) for one in _mappings(file)]
    for constant, table, raw in mappings:
        problems += _placed(constant, check_mapping(constant.sql, table, raw=raw, tables=tables))
    return len(constants) + len(mappings), problems


def _placed(constant: SqlConstant, problems: list[Problem]) -> list[Problem]:
    return [
        replace(problem, file=constant.file, name=constant.name, line=constant.line_of(problem.line))
        for problem in problems
    ]


def _mappings(file: Path) -> Iterator[tuple[SqlConstant, str, tuple[str, ...]]]:
    """The selects of one source with the table each fills and the raw columns they may use."""
    document = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    parts = _entries(document)
    raw = tuple(_entries(parts.get("raw")))
    for table, node in _entries(parts.get("tables")).items():
        if isinstance(node, yaml.ScalarNode):
            block = node.style in {"|", ">"}
            line = node.start_mark.line + (2 if block else 1)
            yield (
                SqlConstant(str(file), f"tables.{table}", line, str(node.value), node.style == "|"),
                table,
                raw,
            )


def _entries(node: yaml.Node | None) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {str(key.value): value for key, value in node.value}
