"""What buyers are worth in figures: who comes first, how the models were fitted, how they did."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from analytics_lib.charts.pages import Html
from analytics_lib.charts.person_answer import short_id
from analytics_lib.charts.row_table import row_table
from analytics_lib.charts.verdict import money
from analytics_lib.charts.words import Language, count, label, number, say, share

if TYPE_CHECKING:
    import pandas as pd

    from analytics_lib.charts.style import Record


def buyer_table(frame: pd.DataFrame, *, currency: str, limit: int, language: Language = "es") -> Html:
    """The buyers of whom most is expected, first.

    Args:
        frame: One row per buyer, most valuable first: ``user_id frequency recency age probability_alive
            expected_purchases expected_spend value``, times in weeks.
        currency: Of the amounts.
        limit: How many rows.
        language: es or en.
    """
    if frame.empty:
        return Html(f"<p>{html.escape(say('lifetime.none', language))}</p>")
    rows = [
        [
            count(place, language),
            short_id(str(row["user_id"])),
            money(row["value"], currency, language),
            share(row["probability_alive"], language),
            number(row["expected_purchases"], language),
            money(row["expected_spend"], "", language),
            count(row["frequency"] + 1, language),
            number(row["age"] - row["recency"], language),
        ]
        for place, row in enumerate(frame.head(limit).to_dict("records"), 1)
    ]
    return row_table("lifetime.buyers.table", "lifetime.buyers.head", rows, language, texts=(1,))


def fit_table(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """The parameters with their standard errors, and what is wrong with each fit.

    Args:
        frame: One row per parameter: ``model parameter value standard_error low high log_likelihood customers
            problems`` (codes, separated by commas).
        language: es or en.
    """
    if frame.empty:
        return Html(f"<p>{html.escape(say('lifetime.none', language))}</p>")
    rows = [
        [
            label("lifetime.model", row["model"], language),
            label("lifetime.parameter", row["parameter"], language),
            _size(row["value"], language),
            _size(row["standard_error"], language),
            say(
                "lifetime.interval",
                language,
                low=_size(row["low"], language),
                high=_size(row["high"], language),
            ),
            number(row["log_likelihood"], language),
            count(row["customers"], language),
            _problems(row["problems"], language),
        ]
        for row in frame.to_dict("records")
    ]
    body = row_table("lifetime.fit.table", "lifetime.fit.head", rows, language, texts=(0, 1, 7)).html
    summary = html.escape(say("lifetime.fit.table", language))
    return Html(f"<details><summary>{summary}</summary>{body}</details>")


def model_table(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """How each model did on the orders it had not seen.

    Args:
        frame: One row per model: ``model predicted actual slope slope_low slope_high error baseline_error
            verdict``.
        language: es or en.
    """
    if frame.empty:
        return Html("")
    rows = [
        [
            label("lifetime.model", row["model"], language),
            number(row["predicted"], language, digits=0),
            count(row["actual"], language),
            _slope(row, language),
            number(row["error"], language, digits=2),
            number(row["baseline_error"], language, digits=2),
            say(f"lifetime.verdict.{row['verdict']}", language),
        ]
        for row in frame.to_dict("records")
    ]
    return row_table("lifetime.models.table", "lifetime.models.head", rows, language, texts=(0, 6))


def _slope(row: Record, language: Language) -> str:
    said = {name: number(row[name], language, digits=2) for name in ("slope", "slope_low", "slope_high")}
    return say("lifetime.slope", language, **said)


def _size(value: float, language: Language) -> str:
    return number(value, language, digits=0 if abs(value) >= 1000 else 3)


def _problems(codes: str, language: Language) -> str:
    said = [say(f"lifetime.problem.{code}", language) for code in str(codes).split(",") if code]
    return ", ".join(said) or say("lifetime.problem.none", language)
