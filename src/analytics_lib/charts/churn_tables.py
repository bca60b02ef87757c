"""A churn model in figures: for whom it works, beside what, whom it names, what a hold-out can show."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from analytics_lib.charts.churn_reasons import because
from analytics_lib.charts.pages import Html
from analytics_lib.charts.person_answer import short_id
from analytics_lib.charts.row_table import row_table
from analytics_lib.charts.verdict import money
from analytics_lib.charts.words import UNKNOWN, Language, absent, count, number, say, share

if TYPE_CHECKING:
    import pandas as pd

    from analytics_lib.charts.style import Record


def populations(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """How the model did for whom.

    Args:
        frame: One row per population: ``population n base_rate roc_auc low high recency_auc ece ece_noise``.
        language: es or en.
    """
    if frame.empty:
        return _nothing(language)
    rows = [
        [
            say(f"churn.population.{row['population']}", language),
            share(row["base_rate"], language),
            _ranged(row, language),
            _two(row["recency_auc"], language),
            _off(row, language),
            count(row["n"], language),
        ]
        for row in frame.to_dict("records")
    ]
    return row_table("churn.populations", "churn.populations.head", rows, language, texts=(0,))


def views(frame: pd.DataFrame, *, activity: str, language: Language = "es") -> Html:
    """The model beside simpler views on the same people.

    Args:
        frame: One row per population and view: ``population model n roc_auc brier ece``.
        activity: contact or order: among orders buyers are all, and are not told apart.
        language: es or en.
    """
    shown = frame if activity == "contact" else frame[frame["population"] == "due"]
    if shown.empty:
        return _nothing(language)
    rows = [
        [
            say(f"churn.population.{row['population']}", language),
            say(f"churn.model.{row['model']}", language),
            _two(row["roc_auc"], language),
            number(row["brier"], language, digits=3),
            number(row["ece"], language, digits=3),
            count(row["n"], language),
        ]
        for row in shown.to_dict("records")
    ]
    return row_table("churn.views", "churn.views.head", rows, language, texts=(0, 1))


def people(frame: pd.DataFrame, *, currency: str, limit: int, language: Language = "es") -> Html:
    """Who is due to leave and why, most at risk first.

    Args:
        frame: One row per user: ``user_id probability value_at_risk source`` and what
            ``churn_reasons.because`` reads.
        currency: Of the amounts.
        limit: How many rows.
        language: es or en.
    """
    if frame.empty:
        return _nothing(language)
    rows = [
        [
            count(place, language),
            short_id(str(row["user_id"])),
            share(row["probability"], language),
            _worth(row, currency, language),
            because(row, language),
        ]
        for place, row in enumerate(frame.head(limit).to_dict("records"), 1)
    ]
    return row_table("churn.list", "churn.list.head", rows, language, texts=(1, 4))


def hold_out(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """What a campaign with this hold-out can show.

    Args:
        frame: One row per band and a last one of all (``band`` null): ``band campaign hold_out expected_rate
            detectable``.
        language: es or en.
    """
    if frame.empty:
        return _nothing(language, "churn.nobody")
    rows = [
        [
            _band(row["band"], language),
            count(row["campaign"], language),
            count(row["hold_out"], language),
            share(row["expected_rate"], language),
            _points(row["detectable"], language),
        ]
        for row in frame.to_dict("records")
    ]
    return row_table("churn.plan", "churn.plan.head", rows, language, texts=(0,))


def _worth(row: Record, currency: str, language: Language) -> str:
    value = money(row["value_at_risk"], currency, language)
    return say("churn.about", language, value=value) if row["source"] == "mean" else value


def _band(low: float, language: Language) -> str:
    if absent(low):
        return say("churn.band.all", language)
    low_text, high_text = (number(100 * edge, language, digits=0) for edge in (low, low + 0.2))
    return say("churn.band", language, low=low_text, high=high_text)


def _points(value: float, language: Language) -> str:
    return UNKNOWN if absent(value) else say("churn.points", language, n=number(100 * value, language))


def _ranged(row: Record, language: Language) -> str:
    if absent(row["low"]):
        return _two(row["roc_auc"], language)
    said = {name: _two(row[name], language) for name in ("roc_auc", "low", "high")}
    return say("churn.ranged", language, value=said["roc_auc"], low=said["low"], high=said["high"])


def _off(row: Record, language: Language) -> str:
    said = {name: number(100 * row[name], language) for name in ("ece", "ece_noise")}
    return say("churn.off", language, ece=said["ece"], noise=said["ece_noise"])


def _two(value: float, language: Language) -> str:
    return number(value, language, digits=2)


def _nothing(language: Language, key: str = "churn.none") -> Html:
    return Html(f"<p>{html.escape(say(key, language))}</p>")
