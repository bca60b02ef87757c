"""One query: is it a single select over the contract's columns, and would Spark answer it alike."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

import sqlglot
from sqlglot import ErrorLevel, exp
from sqlglot.errors import OptimizeError, SqlglotError, UnsupportedError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from analytics_lib.portability.problems import Problem
from analytics_lib.portability.rules import RULES
from analytics_lib.schema import EVERY_TABLE, Table, Type

Columns = Mapping[str, Mapping[str, str]]

_DUCKDB_TYPE: dict[Type, str] = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "json": "VARCHAR",
    "int": "BIGINT",
    "float": "DOUBLE",
    "bool": "BOOLEAN",
    "at": "TIMESTAMPTZ",
    "local": "TIMESTAMP",
}


def check(sql: str, tables: Mapping[str, Table] = EVERY_TABLE) -> list[Problem]:
    """What keeps a question from being asked of the contract on DuckDB and on Spark alike.

    Args:
        sql: One select; ``$parameters`` are allowed.
        tables: The contract its tables and columns are looked up in.

    Returns:
        One problem for each finding, lines counted in ``sql``; empty where there is none.
    """
    tree, problems = _parse(sql)
    if tree is None:
        return problems
    columns = {
        name: {column.name: _DUCKDB_TYPE[column.type] for column in table.columns}
        for name, table in tables.items()
    }
    problems = _broken_rules(tree, typed=False)
    resolved, unknown = _resolve(tree, columns)
    if resolved is not None:
        problems += _broken_rules(resolved, typed=True)
    return list(dict.fromkeys(problems + unknown + _translation(tree)))


def check_mapping(
    sql: str, table: str, *, raw: Iterable[str], tables: Mapping[str, Table] = EVERY_TABLE
) -> list[Problem]:
    """What keeps a source's select from filling a contract table; it runs in DuckDB only.

    Args:
        sql: One select over the table ``raw``. It gives columns of the contract, the ``line`` each row came
            from and, where it groups, how many ``records`` a row stands for.
        table: The contract table it fills.
        raw: The columns of ``raw`` that the source declares; ``extra`` and ``line`` are always there.
        tables: The contract.

    Returns:
        One problem for each finding, lines counted in ``sql``; empty where there is none.
    """
    tree, problems = _parse(sql)
    if tree is None:
        return problems
    if table not in tables:
        return [_unknown("table", table, tables, 1)]
    _, problems = _resolve(tree, {"raw": dict.fromkeys([*raw, "extra", "line"], "VARCHAR")})
    known = tables[table].column
    given = {select.alias_or_name: select for select in tree.selects}
    strange = [name for name in given if name not in {"", "*", "line", "records", *known}]
    problems += [_unknown("column", name, known, _line(given[name])) for name in strange]
    if given.keys().isdisjoint({"line", "*"}):
        why = "a row must say which record it came from"
        problems.append(Problem("line_missing", table, why, "line, or min(line) as line where it groups"))
    return problems


def _parse(sql: str) -> tuple[exp.Query | None, list[Problem]]:
    try:
        statements = [tree for tree in sqlglot.parse(sql, read="duckdb") if tree is not None]
    except SqlglotError as error:
        return None, [_unparsed(sql, error)]
    if len(statements) == 1 and isinstance(statements[0], exp.Select | exp.SetOperation):
        return statements[0], []
    found = "; ".join(type(tree).__name__.lower() for tree in statements) or "nothing"
    return None, [Problem("one_select", found, "a question is asked by one statement", "one select")]


def _unparsed(sql: str, error: SqlglotError) -> Problem:
    details = getattr(error, "errors", None) or [{}]
    line = details[0].get("line") or 1
    found = details[0].get("highlight") or " ".join(sql.split())[:60]
    why = details[0].get("description") or str(error).splitlines()[0]
    return Problem("syntax", found, f"SQLGlot cannot read it ({why})", "valid DuckDB SQL", line)


def _broken_rules(tree: exp.Expr, *, typed: bool) -> list[Problem]:
    rules = [rule for rule in RULES if rule.typed == typed]
    return [
        Problem(rule.name, _short(node), rule.why, rule.instead, _line(node))
        for node in tree.walk()
        for rule in rules
        if rule.finds(node)
    ]


def _resolve(tree: exp.Query, columns: Columns) -> tuple[exp.Expr | None, list[Problem]]:
    """The query with every column traced to its table and typed, or the names that cannot be traced."""
    unknown = _unknown_tables(tree, columns)
    if unknown:
        return None, unknown
    schema: dict[str, object] = {name: dict(types) for name, types in columns.items()}
    try:
        qualified = qualify(tree.copy(), schema=schema, dialect="duckdb", quote_identifiers=False)
    except OptimizeError as error:
        return None, _unknown_columns(tree, columns, error)
    return annotate_types(qualified, schema=schema, dialect="duckdb"), []


def _unknown_tables(tree: exp.Query, columns: Columns) -> list[Problem]:
    steps = {step.alias.lower() for step in tree.find_all(exp.CTE)}
    used = [table for table in tree.find_all(exp.Table) if not isinstance(table.this, exp.GenerateSeries)]
    names = [(table, table.sql("duckdb") if table.db or not table.name else table.name) for table in used]
    return [
        _unknown("table", name, columns, _line(table))
        for table, name in names
        if name.lower() not in steps | set(columns)
    ]


def _unknown_columns(tree: exp.Query, columns: Columns, error: OptimizeError) -> list[Problem]:
    used = {table.name.lower() for table in tree.find_all(exp.Table)} & set(columns)
    known = {name for table in used for name in columns[table]}
    known |= {alias.alias.lower() for alias in tree.find_all(exp.Alias)}
    known |= {name.name.lower() for alias in tree.find_all(exp.TableAlias) for name in alias.columns}
    strange = [column for column in tree.find_all(exp.Column) if column.name.lower() not in known | {"*", ""}]
    if strange:
        return [_unknown("column", column.name, known, _line(column)) for column in strange]
    # Every name exists somewhere: one stands where it cannot be seen, or in two tables at once.
    why = "a column is not visible where it stands, or more than one table has it"
    return [Problem("unknown_column", str(error).split(". Line")[0], why, "table.column, of a table in from")]


def _unknown(kind: str, name: str, known: Iterable[str], line: int) -> Problem:
    near = difflib.get_close_matches(name.lower(), sorted(known), n=1, cutoff=0.5)
    names = ", ".join(sorted(known)[:12])
    return Problem(
        f"unknown_{kind}", name, f"no such {kind} here", near[0] if near else f"one of {names}", line
    )


def _translation(tree: exp.Query) -> list[Problem]:
    try:
        tree.sql(dialect="spark", unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        return [
            Problem("translation", _short(tree), f"no Spark SQL for it ({error})", "what both engines have")
        ]
    return []


def _line(node: exp.Expr) -> int:
    return next((part.meta["line"] for part in node.walk() if "line" in part.meta), 1)


def _short(node: exp.Expr) -> str:
    text = " ".join(node.sql("duckdb", comments=False).split())
    return text if len(text) <= 80 else text[:79] + "…"
