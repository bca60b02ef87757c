"""How cohorts are written: their names, their groups, amounts, and the colours their lines take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.charts.measures import group_name
from analytics_lib.charts.texts import for_plotly
from analytics_lib.charts.words import Language, count, day, label, say

if TYPE_CHECKING:
    from collections.abc import Hashable

# Told apart by dash as well as by colour.
LINES = (("#0072B2", "dash"), ("#D55E00", "dot"), ("#009E73", "dashdot"), ("#CC79A7", "longdash"))


def cohort_name(start: object, period: str, language: Language) -> str:
    """A cohort by its start: a month by its name, else the day, an hour with its time."""
    moment = pd.Timestamp(start)  # type: ignore[arg-type]  # the start of a period
    written = day(moment, language)
    if period == "month":
        return written.split(" ", 1)[1] if language == "es" else written.replace(" 1,", "")
    return f"{written} {moment:%H}:00" if period == "hour" else written


def in_period(start: object, period: str, language: Language) -> str:
    """When a cohort came, such as ``en la semana del 12 oct 2026``."""
    return say(f"cohorts.in.{period}", language, cohort=cohort_name(start, period, language))


def named_groups(rows: pd.DataFrame, by: str, language: Language) -> dict[Hashable, str]:
    """What readers call each group, made inert for plotly."""
    return {group: for_plotly(group_name(by, group, language), width=40) for group in rows[by].unique()}


def written_group(by: str, group: object, period: str, language: Language) -> str:
    """A group of a comparison: a cohort by its start, else its name."""
    return cohort_name(group, period, language) if by == "cohort" else group_name(by, group, language)


def dimension(by: str, language: Language) -> str:
    """What readers call what cohorts are told apart by."""
    return (
        label("cohorts.dimension", by, language)
        if by in {"cohort", "category"}
        else label("dimension", by, language)
    )


def money(amount: float, language: Language) -> str:
    """An amount without its currency, whole."""
    return count(round(amount) if amount == amount else amount, language)  # noqa: PLR0124  # NaN stays NaN


def at_age(age: int, period: str, language: Language) -> str:
    """An age in words, such as ``al mes 1``."""
    return say(f"cohorts.at_age.{period}", language, age=count(age, language))
