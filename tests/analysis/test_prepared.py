"""What is kept before anybody asks is all that anybody asks for."""

import importlib
import pkgutil

import pytest
import sqlglot
from sqlglot import exp

import analytics_lib
from analytics_lib.analysis import numbered_events
from analytics_lib.analysis.prepared import EVERY_KEPT
from analytics_lib.derived_tables import DERIVED_TABLES
from analytics_lib.schema import TABLES
from analytics_lib.store import Derived, Lookup


def declared():
    """Rows to be kept that stand in any module of the layers that ask questions."""
    found = {}
    for layer in ("metrics", "analysis"):
        package = importlib.import_module(f"{analytics_lib.__name__}.{layer}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            values = vars(importlib.import_module(module.name)).values()
            found |= {id(value): value for value in values if isinstance(value, Derived | Lookup)}
    return list(found.values())


def test_all_rows_that_the_library_keeps_are_prepared():
    assert {rows.name for rows in declared()} == {rows.name for rows in EVERY_KEPT}


def test_rows_that_questions_name_have_their_columns_declared_and_all_read_the_contract():
    for rows in EVERY_KEPT:
        assert (rows.name in DERIVED_TABLES) == isinstance(rows, Derived), "SQL cannot name what is looked up"
        assert set(rows.reads) <= set(TABLES)


def tables_of(sql):
    tree = sqlglot.parse_one(sql, read="duckdb")
    steps = {step.alias for step in tree.find_all(exp.CTE)}
    return {table.name for table in tree.find_all(exp.Table) if table.name} - steps


@pytest.mark.parametrize("rows", EVERY_KEPT, ids=lambda rows: rows.name)
def test_kept_rows_say_which_tables_they_are_made_of(rows):
    sql = rows.make if isinstance(rows.make, str) else numbered_events.IN_ORDER
    assert tables_of(sql) == set(rows.reads), "rows kept of one table would outlive the rows of another"


def test_no_two_kept_rows_share_a_name():
    assert len({rows.name for rows in declared()}) == len(declared())
