"""The constructs that give another answer, or none, on Spark: one row each, as measured on both engines.

SQLGlot translated every one of them without a warning. A row that is ``typed`` looks at the query after its
columns were resolved, since the construct is wrong for some types only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from analytics_lib.portability import constructs as has

Finds = Callable[[exp.Expr], bool]


@dataclass(frozen=True)
class Rule:
    """One construct to keep out of a query.

    Attributes:
        name: What the construct is called.
        why: What Spark makes of it.
        instead: What gives the same answer on both.
        finds: Whether a node of the parsed query is the construct.
        typed: Whether ``finds`` needs the types of the columns.
    """

    name: str
    why: str
    instead: str
    finds: Finds
    typed: bool = False


_QUANTILE = "row_number() and count(*) over (), h = 1 + q * (n - 1), interpolate; median(x) is exact on both"
_SECONDS = "date_diff('microsecond', a, b) / 1000000.0"
_WEEKDAY = "date_diff('day', date '1900-01-01', d) % 7 + 1 on a DATE (Monday 1 to Sunday 7)"

RULES: tuple[Rule, ...] = (
    Rule(
        "quantile",
        "Spark refuses it, or answers with an approximation",
        _QUANTILE,
        has.node(exp.PercentileCont, exp.PercentileDisc, exp.ApproxQuantile, exp.Quantile),
    ),
    Rule(
        "date_diff",
        "DuckDB counts boundaries crossed, Spark whole units elapsed",
        f"both sides truncated to the unit (date_trunc, or cast to date for days); for durations {_SECONDS}",
        has.untruncated_date_diff,
        typed=True,
    ),
    Rule("date_sub", "Spark has another function of this name", _SECONDS, has.call("date_sub", "datesub")),
    Rule(
        "day_of_week",
        "the days are numbered differently, or Spark refuses the part",
        _WEEKDAY,
        has.any_of(
            has.node(exp.DayOfWeek, exp.DayOfWeekIso),
            has.call("weekday", "dow", "isodow"),
            has.part("dow", "dayofweek", "weekday", "isodow"),
        ),
    ),
    Rule(
        "ordered_list",
        "the order is lost: Spark collects in any order",
        "string_agg(x, ' > ' order by t), arg_min(x, t), or lag and lead",
        has.ordered(exp.ArrayAgg),
    ),
    Rule(
        "ordered_first",
        "Spark cannot parse it",
        "arg_min(x, t) or arg_max(x, t)",
        has.ordered(exp.First, exp.Last),
    ),
    Rule(
        "time_bucket",
        "Spark has no such function",
        "date_trunc('hour', t) + cast(floor(minute(t) / 15) as int) * interval 15 minute",
        has.node(exp.DateBin),
    ),
    Rule(
        "epoch",
        "fractions of a second are dropped, or Spark refuses it",
        _SECONDS,
        has.any_of(
            has.node(exp.TimeToUnix),
            has.call("epoch_us", "epoch_ns"),
            has.part("epoch"),
            has.milliseconds,
        ),
    ),
    Rule("timezone", "Spark has no such function", "the `_local` column", has.call("timezone")),
    Rule(
        "nested_unnest",
        "Spark allows a generator only by itself",
        "unnest in a subselect, the expression around it outside",
        has.nested_unnest,
    ),
    Rule(
        "series_as_table",
        "Spark has no such table function",
        "from unnest(generate_series(0, n)) as g(k)",
        has.series_as_table,
    ),
    Rule("date_plus_bigint", "DuckDB refuses it", "date + k::int", has.date_plus_bigint, typed=True),
    Rule(
        "date_minus_date",
        "a number of days in DuckDB, an interval in Spark",
        "date_diff('day', a, b)",
        has.date_minus_date,
        typed=True,
    ),
    Rule(
        "list_length", "Spark takes the length of texts only", "count(*) in SQL", has.list_length, typed=True
    ),
    Rule("log", "log10 in DuckDB, ln in Spark", "ln(x) or log10(x)", has.bare_log),
    Rule(
        "division_by_zero",
        "infinity, NaN or null in DuckDB, an error in Spark",
        "x / nullif(y, 0)",
        has.unguarded_division,
    ),
    Rule(
        "decimal_division",
        "a double in DuckDB, a decimal of few digits in Spark",
        "a side cast to double: x::double / 3.0",
        has.decimal_division,
        typed=True,
    ),
    Rule(
        "join_kind",
        "Spark reads asof and positional as a name of the table",
        "window functions",
        has.join_method("ASOF", "POSITIONAL"),
    ),
    Rule("star_replace", "Spark has no replace", "the columns by name", has.star_replace),
    Rule(
        "pivot",
        "Spark pivots by other rules",
        "max(x) filter (where k = 'a') for each column",
        has.node(exp.Pivot),
    ),
    Rule(
        "union_by_name",
        "Spark has no union by name",
        "union all with columns in one order",
        has.union_by_name,
    ),
    Rule("similar_to", "Spark has no similar to", "regexp_matches(x, '…')", has.node(exp.SimilarTo)),
    Rule("rank_without_order", "Spark refuses it", "over (order by …)", has.rank_without_order),
    Rule(
        "date_plus_interval",
        "a timestamp in DuckDB, a date in Spark",
        "cast(d + interval 1 month as date)",
        has.date_plus_interval,
        typed=True,
    ),
    Rule("date_add", "Spark adds days only", "cast(d + interval 1 month as date)", has.node(exp.DateAdd)),
    Rule(
        "calendar_name",
        "Spark answers differently, or not at all",
        "date_trunc('week', t) for weeks; a chart writes names of days and months",
        has.any_of(has.node(exp.Week, exp.Monthname, exp.Dayname), has.call("yearweek", "julian")),
    ),
    Rule(
        "interval_function",
        "Spark has no such function",
        "k * interval 1 hour",
        has.any_of(has.node(exp.ToDays), has.call(*has.INTERVAL_FUNCTIONS)),
    ),
    Rule(
        "other_function",
        "Spark answers differently, or not at all",
        "another measure, or the step in Python on the small frame",
        has.any_of(
            has.node(exp.Kurtosis, exp.Format),
            has.call("kurtosis_pop", "strlen", "hash", "histogram", "mad", "entropy", "lgamma", "row"),
        ),
    ),
    Rule(
        "lambda",
        "DuckDB and Spark write them differently",
        "unnest, and aggregate again",
        has.node(exp.Lambda),
    ),
    Rule("zoned_text", "Spark leaves out the offset", "strftime(t, '…')", has.zoned_text, typed=True),
    Rule(
        "clock",
        "the answer changes from one run to the next, on any engine",
        "a bound $as_of",
        has.any_of(
            has.node(exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.Localtimestamp),
            has.call("now", "get_current_timestamp", "transaction_timestamp"),
        ),
    ),
)
