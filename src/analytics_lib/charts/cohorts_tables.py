"""Cohorts in figures: every cell, and every comparison with its two parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.charts.cohorts_words import cohort_name, written_group
from analytics_lib.charts.compared import points
from analytics_lib.charts.pages import Html, table
from analytics_lib.charts.words import Language, count, number, say, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics_lib.charts.style import Record


def cells(rows: pd.DataFrame, *, period: str, language: Language = "es") -> Html:
    """Every observed cell.

    Args:
        rows: One row per cell: ``cohort age users active_users retention low high``.
        period: hour, day, week or month.
        language: es or en.
    """
    lines = [
        [
            cohort_name(row["cohort"], period, language),
            *(count(row[name], language) for name in ("age", "users", "active_users")),
            _with_limits(row, language),
        ]
        for row in rows.to_dict("records")
    ]
    return _table(lines, ("cohort", "age", "users", "active", "retention"), "cohorts.table", language)


def life(rows: pd.DataFrame, *, period: str, language: Language = "es") -> Html:
    """Who came and went in each period.

    Args:
        rows: One row per period: ``period active new returning resurrected dormant quick_ratio``.
        period: hour, day, week or month.
        language: es or en.
    """
    states = ("active", "new", "returning", "resurrected", "dormant")
    lines = [
        [
            cohort_name(row["period"], period, language),
            *(count(row[name], language) for name in states),
            number(row["quick_ratio"], language, digits=2),
        ]
        for row in rows.to_dict("records")
    ]
    return _table(lines, ("period", *states, "quick_ratio"), "cohorts.table.life", language)


def compared(rows: pd.DataFrame, *, by: str, period: str, language: Language = "es") -> Html:
    """Every cohort against the rest, with what mix and behaviour explain.

    Args:
        rows: As for ``cohorts_compared.against_rest``.
        by: What they are told apart by.
        period: hour, day, week or month.
        language: es or en.
    """
    lines = [
        [
            written_group(by, row[by], period, language),
            count(row["users"], language),
            share(row["retention"], language),
            share(row["rest_retention"], language),
            say(
                "cohorts.cell.difference",
                language,
                **{part: points(row[part], language) for part in ("difference", "low", "high")},
            ),
            *(points(row[part], language) for part in ("mix", "behaviour")),
            say(f"cohorts.verdict.{_verdict(row)}", language),
        ]
        for row in rows.to_dict("records")
    ]
    names = ("group", "users", "retention", "rest", "difference", "mix", "behaviour", "verdict")
    return _table(lines, names, "cohorts.table.compared", language)


def _verdict(row: Record) -> str:
    return "real" if row["real"] else "few" if row["few"] else "same"


def _with_limits(row: Record, language: Language) -> str:
    shares = {part: share(row[part], language) for part in ("retention", "low", "high")}
    return say("cohorts.cell.rate", language, **shares)


def _table(lines: Sequence[Sequence[str]], names: Sequence[str], title: str, language: Language) -> Html:
    columns = [say(f"cohorts.column.{name}", language) for name in names]
    return table(pd.DataFrame(list(lines), columns=columns), title=title, language=language)
