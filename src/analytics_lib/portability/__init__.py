"""Whether the project's SQL would give the same answer on Spark as it gives on DuckDB.

SQLGlot translates one into the other without a word where the answers differ, so every query is held to
the subset that was measured to agree: its tables and columns are those of the contract, it translates, and
it uses none of the constructs that ``rules`` lists. Queries are module constants, so that they can be found
without running anything. The folder ``store`` is left out: it is the engine, and its SQL never travels.
The mappings of ``params/sources`` run at ingest, in DuckDB only: they are held to valid SQL over their own
raw columns and to the contract's column names, not to Spark.

``python -m analytics_lib.portability`` checks the project and exits with 1 where something is found.
"""

from analytics_lib.portability.constants import SqlConstant, collect, misplaced
from analytics_lib.portability.problems import Problem
from analytics_lib.portability.project import check_project
from analytics_lib.portability.queries import check, check_mapping
from analytics_lib.portability.rules import RULES, Rule

__all__ = [
    "RULES",
    "Problem",
    "Rule",
    "SqlConstant",
    "check",
    "check_mapping",
    "check_project",
    "collect",
    "misplaced",
]
