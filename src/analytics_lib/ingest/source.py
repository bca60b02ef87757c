"""What a source is: a YAML file that says how its files become rows of the contract.

One of three ways: ``raw`` columns and one SQL select a table (``tables``), a Python module with a ``rows``
function (``python``), or nothing at all where the files already hold the contract's columns.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.util import find_spec
from typing import TYPE_CHECKING, get_args
from zoneinfo import available_timezones

from analytics_lib.errors import RequestError
from analytics_lib.schema import EVERY_TABLE, Type
from analytics_lib.sources.formats import FORMATS
from analytics_lib.yaml_files import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

Rows = Callable[[Mapping[str, object], Mapping[str, object]], list[tuple[str, dict[str, object]]]]


@dataclass(frozen=True)
class Source:
    """How the files of one system are read.

    Attributes:
        name: The source's name, as in ``params/sources/<name>.yaml``.
        format: Format of files whose name tells none.
        time_zone: Zone of times without one; the business time zone unless given.
        delimiter: Between the fields of CSV files.
        raw: Raw column -> contract type, where SQL maps them.
        tables: Table -> select over ``raw``, with the column ``line`` (and ``records`` where it groups).
        whole_file: Whether the SQL must see all records of a file at once (it groups them).
        python: Module with ``rows(record, options)``, where SQL is not enough.
        options: Handed to ``rows``.
        bad_share_limit: Share of bad records above which a file is refused.
        bad_records_allowed: Number of bad records up to which no file is refused, whatever their share.
    """

    name: str
    format: str = "ndjson"
    time_zone: str | None = None
    delimiter: str = ","
    raw: Mapping[str, Type] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    whole_file: bool = False
    python: str | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    bad_share_limit: float = 0.01
    bad_records_allowed: int = 3

    @property
    def module(self) -> ModuleType | None:
        """The Python module of the source, if it has one."""
        return importlib.import_module(self.python) if self.python else None


def load_source(name: str, folder: Path) -> Source:
    """The source described by ``<folder>/<name>.yaml``.

    Raises:
        RequestError: If there is none, or its description is wrong; every problem is listed.
    """
    path = folder / f"{name}.yaml"
    known = sorted(child.stem for child in folder.glob("*.yaml"))
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise RequestError(f"Unknown source {name!r}.{hint} Known sources: {', '.join(known) or 'none'}.")
    given = read_yaml(path)
    problems = list(_problems(given, name))
    if problems or not isinstance(given, dict):
        raise RequestError(f"{path.name} is wrong:\n" + "\n".join(f"- {problem}" for problem in problems))
    return Source(name=given.pop("source"), **given)


def _problems(given: object, name: str) -> Iterator[str]:  # a generator of texts
    if not isinstance(given, dict):
        yield f"expected a mapping of settings, given {type(given).__name__}"
        return
    fields = {"source": str} | _FIELDS
    for key, value in given.items():
        if key not in fields:
            yield f"unknown setting {key!r}; known are {', '.join(fields)}"
        elif not isinstance(value, fields[key]):
            yield f"{key}: expected {_said(fields[key])}, given {value!r}"
    if given.get("source") != name:
        yield f"source: expected {name!r}, the file's name, given {given.get('source')!r}"
    yield from _mapping_problems(given)


def _mapping_problems(given: dict[str, object]) -> Iterator[str]:
    yield from _value_problems(given)
    if "python" in given and ("tables" in given or "raw" in given):
        yield "give either python, or raw and tables, not both"
    if ("tables" in given) != ("raw" in given):
        yield "raw and tables go together"
    yield from _sql_problems(given.get("tables"), given.get("raw"))


def _sql_problems(tables: object, raw: object) -> Iterator[str]:
    for table, sql in tables.items() if isinstance(tables, dict) else ():
        if table not in EVERY_TABLE:
            yield f"tables: the contract has no table {table!r}; it has {', '.join(EVERY_TABLE)}"
        elif not isinstance(sql, str):
            yield f"tables: {table} is to be one select, given {sql!r}"
    for column, kind in raw.items() if isinstance(raw, dict) else ():
        if kind not in get_args(Type):
            yield f"raw: {column} has the unknown type {kind!r}; known are {', '.join(get_args(Type))}"
        if column in ("line", "extra"):
            yield f"raw: {column} is a column that raw has already; a field of that name is found in extra"


def _value_problems(given: dict[str, object]) -> Iterator[str]:
    formats = sorted(set(FORMATS.values()))
    if given.get("format", "ndjson") not in formats:
        yield f"format: expected one of {', '.join(formats)}, given {given['format']!r}"
    if isinstance(zone := given.get("time_zone", "UTC"), str) and zone not in available_timezones():
        yield f"time_zone: unknown zone {zone!r}; give an IANA name such as America/Bogota"
    if isinstance(mark := given.get("delimiter", ","), str) and len(mark) != 1:
        yield f"delimiter: expected one character, given {mark!r}"
    if isinstance(share := given.get("bad_share_limit", 0), float | int) and not 0 <= share <= 1:
        yield f"bad_share_limit: expected a share from 0 to 1, given {share!r}"
    if isinstance(module := given.get("python", "sys"), str) and not _can_be_found(module):
        yield f"python: there is no module {module!r}"


def _can_be_found(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _said(kind: type | tuple[type, ...]) -> str:
    return " or ".join(k.__name__ for k in kind) if isinstance(kind, tuple) else kind.__name__


_FIELDS: dict[str, type | tuple[type, ...]] = {
    "format": str,
    "time_zone": str,
    "delimiter": str,
    "raw": dict,
    "tables": dict,
    "whole_file": bool,
    "python": str,
    "options": dict,
    "bad_share_limit": (float, int),
    "bad_records_allowed": int,
}
