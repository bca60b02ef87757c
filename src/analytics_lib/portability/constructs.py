"""Predicates over a parsed query: is this node one of the constructs that ``rules`` names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Callable

INTERVAL_FUNCTIONS = tuple(
    f"to_{unit}"
    for unit in ("years", "months", "weeks", "hours", "minutes", "seconds", "milliseconds", "microseconds")
)
# A side truncated to any of these is also truncated to the unit; a week starts in the middle of a month.
_TRUNCATED = {
    "second": {"second", "minute", "hour", "day", "week", "month", "quarter", "year"},
    "minute": {"minute", "hour", "day", "week", "month", "quarter", "year"},
    "hour": {"hour", "day", "week", "month", "quarter", "year"},
    "day": {"day", "week", "month", "quarter", "year"},
    "week": {"week"},
    "month": {"month", "quarter", "year"},
    "quarter": {"quarter", "year"},
    "year": {"year"},
}
_DECIMAL = re.compile(r"\d*\.\d*")
_POWER_OF_TEN = re.compile(r"10*(?:\.0*)?")
_RANKS = (
    exp.RowNumber,
    exp.Rank,
    exp.DenseRank,
    exp.PercentRank,
    exp.CumeDist,
    exp.Ntile,
    exp.Lag,
    exp.Lead,
)


def node(*kinds: type[exp.Expr]) -> Callable[[exp.Expr], bool]:
    """A predicate: the node is of one of these kinds."""
    return lambda found: isinstance(found, kinds)


def call(*names: str) -> Callable[[exp.Expr], bool]:
    """A predicate: the node calls a function of this name that SQLGlot knows nothing of."""
    return lambda found: isinstance(found, exp.Anonymous) and found.name.lower() in names


def part(*names: str) -> Callable[[exp.Expr], bool]:
    """A predicate: the node takes this part of a time, by ``extract`` or ``date_part``."""
    return lambda found: not _parts(found).isdisjoint(names)


def _parts(found: exp.Expr) -> set[str]:
    if isinstance(found, exp.Extract):
        return {found.name.lower()}
    if call("date_part", "datepart")(found) and found.expressions:
        return {text.name.lower() for text in found.expressions[0].find_all(exp.Literal)}
    return set()


def any_of(*predicates: Callable[[exp.Expr], bool]) -> Callable[[exp.Expr], bool]:
    """A predicate: one of these holds."""
    return lambda found: any(predicate(found) for predicate in predicates)


def ordered(*kinds: type[exp.Expr]) -> Callable[[exp.Expr], bool]:
    """A predicate: an aggregate of these kinds with an ``order by`` inside."""
    return lambda found: isinstance(found, kinds) and isinstance(found.this, exp.Order)


def join_method(*methods: str) -> Callable[[exp.Expr], bool]:
    """A predicate: a join by one of these methods."""
    return lambda found: isinstance(found, exp.Join) and found.method.upper() in methods


def milliseconds(found: exp.Expr) -> bool:
    """``epoch_ms(t)``, which SQLGlot reads as the making of a time out of milliseconds."""
    scale = found.args.get("scale") if isinstance(found, exp.UnixToTime) else None
    return scale is not None and scale.name == "3"


def untruncated_date_diff(found: exp.Expr) -> bool:
    """``date_diff`` by a unit above the microsecond of sides that are not visibly truncated to it."""
    if not isinstance(found, exp.DateDiff):
        return False
    unit = found.args.get("unit")
    name = unit.name.lower().removesuffix("s") if isinstance(unit, exp.Var | exp.Literal) else ""
    return name != "microsecond" and not all(
        _truncated(side, name) for side in (found.this, found.expression)
    )


def _truncated(side: exp.Expr, unit: str) -> bool:
    if unit in {"second", "minute", "hour", "day"} and _is(side, "date"):
        return True
    while isinstance(side, exp.Cast | exp.Paren):
        side = side.this
    if not isinstance(side, exp.TimestampTrunc | exp.DateTrunc):
        return False
    by = side.args["unit"]
    return isinstance(by, exp.Var | exp.Literal) and by.name.lower() in _TRUNCATED.get(unit, set())


def nested_unnest(found: exp.Expr) -> bool:
    """``unnest`` in a select list, inside of another expression."""
    holder = found.parent.parent if isinstance(found.parent, exp.Alias) else found.parent
    return isinstance(found, exp.Explode) and not isinstance(holder, exp.Select)


def series_as_table(found: exp.Expr) -> bool:
    """``from generate_series(…)`` or ``from range(…)``."""
    return isinstance(found, exp.Table) and isinstance(found.this, exp.GenerateSeries)


def date_plus_bigint(found: exp.Expr) -> bool:
    """A date plus or minus a number that is not known to be a 32-bit integer."""
    if not isinstance(found, exp.Add | exp.Sub):
        return False
    left, right = found.this, found.expression
    return (_is(left, "date") and _is(right, "bigint")) or (_is(left, "bigint") and _is(right, "date"))


def date_minus_date(found: exp.Expr) -> bool:
    """The difference of two dates by ``-``."""
    return isinstance(found, exp.Sub) and _is(found.this, "date") and _is(found.expression, "date")


def list_length(found: exp.Expr) -> bool:
    """``len`` or ``length`` of a list."""
    return isinstance(found, exp.Length) and (
        _is(found.this, "array", "list") or isinstance(found.this, exp.Split)
    )


def bare_log(found: exp.Expr) -> bool:
    """``log`` without a base."""
    return isinstance(found, exp.Log) and found.expression is None


def unguarded_division(found: exp.Expr) -> bool:
    """A division or remainder whose divisor might be zero."""
    return isinstance(found, exp.Div | exp.IntDiv | exp.Mod) and not _never_zero(found.expression)


def _never_zero(divisor: exp.Expr) -> bool:
    while isinstance(divisor, exp.Paren | exp.Cast | exp.Neg):
        divisor = divisor.this
    if isinstance(divisor, exp.Mul):
        return _never_zero(divisor.this) and _never_zero(divisor.expression)
    if isinstance(divisor, exp.Nullif):
        return _number(divisor.expression) == 0
    return _number(divisor) not in (None, 0)


def _number(literal: exp.Expr) -> float | None:
    return float(literal.name) if isinstance(literal, exp.Literal) and not literal.is_string else None


def decimal_division(found: exp.Expr) -> bool:
    """A division of decimals that no double takes part in.

    A power of ten as the divisor is exempt: Spark keeps as many digits as it has zeros, so nothing is lost.
    """
    if not isinstance(found, exp.Div):
        return False
    return _precision(found) == "decimal" and not _POWER_OF_TEN.fullmatch(found.expression.name)


def _precision(found: exp.Expr) -> str:
    """``decimal`` or ``double`` where the value is visibly one of them, else ``other``."""
    if isinstance(found, exp.Paren | exp.Neg):
        return _precision(found.this)
    if isinstance(found, exp.Add | exp.Sub | exp.Mul | exp.Div):
        sides = {_precision(found.this), _precision(found.expression)}
        return next((kind for kind in ("double", "decimal") if kind in sides), "other")
    if isinstance(found, exp.Literal):
        return "decimal" if not found.is_string and _DECIMAL.fullmatch(found.name) else "other"
    return "double" if _is(found, "double", "float", "unknown") else "other"


def star_replace(found: exp.Expr) -> bool:
    """``select * replace (…)``."""
    return isinstance(found, exp.Star) and bool(found.args.get("replace"))


def union_by_name(found: exp.Expr) -> bool:
    """``union all by name``."""
    return isinstance(found, exp.SetOperation) and bool(found.args.get("by_name"))


def rank_without_order(found: exp.Expr) -> bool:
    """A ranking or shifting window function over rows in no order."""
    if not isinstance(found, exp.Window):
        return False
    function = found.this.this if isinstance(found.this, exp.IgnoreNulls | exp.RespectNulls) else found.this
    return isinstance(function, _RANKS) and not _has_order(found)


def _has_order(window: exp.Window) -> bool:
    if window.args.get("order"):
        return True
    select = window.find_ancestor(exp.Select)
    named = select.args.get("windows") or [] if select else []
    return any(other.name == window.alias and other.args.get("order") for other in named if window.alias)


def date_plus_interval(found: exp.Expr) -> bool:
    """A date plus or minus an interval, unless the result is cast to date."""
    if not isinstance(found, exp.Add | exp.Sub):
        return False
    sides = (found.this, found.expression)
    if not (any(_is(side, "date") for side in sides) and any(_is_interval(side) for side in sides)):
        return False
    around = found.parent
    while isinstance(around, exp.Paren | exp.Add | exp.Sub):
        around = around.parent
    return not (isinstance(around, exp.Cast) and around.to.is_type("date"))


def _is_interval(side: exp.Expr) -> bool:
    return isinstance(side, exp.Interval) or (
        isinstance(side, exp.Mul | exp.Paren) and side.find(exp.Interval) is not None
    )


def zoned_text(found: exp.Expr) -> bool:
    """A moment with a zone, cast to text."""
    return (
        isinstance(found, exp.Cast) and found.to.is_type("text", "varchar") and _is(found.this, "timestamptz")
    )


def _is(found: exp.Expr, *types: str) -> bool:
    return found.type is not None and found.type.is_type(*types)
