"""A load forecast in figures: when the peaks are, how the methods did, what was left out, and the parts."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from analytics_lib.charts.load_words import between, counts, method, moment
from analytics_lib.charts.pages import Html
from analytics_lib.charts.row_table import row_table
from analytics_lib.charts.words import Language, count, day, label, number, say, share

if TYPE_CHECKING:
    import pandas as pd

_MOST_ROWS = 20
_LEVEL = 0.95
# Of fewer days no share is told with limits.
FEW_DAYS = 5


def peak_table(frame: pd.DataFrame, *, limit: int = 7, language: Language = "es") -> Html:
    """The steps that may be the busiest of each day, with how likely each is.

    Args:
        frame: ``day at rank probability expected low high``.
        limit: How many days.
        language: es or en.
    """
    days = frame["day"].drop_duplicates().head(limit)
    rows = [
        [
            moment(row["at"], language),
            share(row["probability"], language),
            counts(row["expected"], language),
            between(row["low"], row["high"], language),
        ]
        for row in frame[frame["day"].isin(days) & (frame["rank"] <= 2)].to_dict("records")
    ]
    return row_table("load.peaks.table", "load.peaks.head", rows, language, texts=(0,))


def backtest_table(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """How each method did on the past, the best first; the one that is used is marked.

    Args:
        frame: ``method mase season wape bias peak_hit origins steps n chosen coverage_95 coverage_busy_95``.
        language: es or en.
    """
    rows = [
        [
            f"{method(row['method'], language)}{' ✓' if row['chosen'] else ''}",
            number(row["mase"], language, digits=2),
            share(row["wape"], language),
            share(row["bias"], language),
            share(row["coverage_95"], language),
            share(row["coverage_busy_95"], language),
            share(row["peak_hit"], language),
            count(row["n"], language),
        ]
        for row in frame.to_dict("records")
    ]
    return row_table("load.backtest.table", "load.backtest.head", rows, language, texts=(0,))


def coverage_table(frame: pd.DataFrame, *, used: str, language: Language = "es") -> Html:
    """Where the 95 % interval of the method used held: by weekday and by kind of day, with how sure that is.

    Args:
        frame: ``method level by item n days coverage low high``.
        used: The method.
        language: es or en.
    """
    rows = [
        [
            say(f"weekday.{row['item']}", language)
            if row["by"] == "weekday"
            else say(f"load.coverage.{row['item'] or row['by']}", language),
            share(row["coverage"], language),
            say("load.coverage.few", language)
            if row["days"] < FEW_DAYS
            else say(
                "load.interval", language, low=share(row["low"], language), high=share(row["high"], language)
            ),
            count(row["days"], language),
            count(row["n"], language),
        ]
        for row in frame[(frame["method"] == used) & (frame["level"] == _LEVEL)].to_dict("records")
    ]
    if not rows:
        return Html(f"<p>{html.escape(say('load.coverage.none', language))}</p>")
    return row_table("load.coverage.table", "load.coverage.head", rows, language, texts=(0, 2))


def anomaly_table(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """What of the history no fit saw, and where the level moved, latest first.

    Args:
        frame: ``since until kind steps value expected``.
        language: es or en.
    """
    if frame.empty:
        return Html(f"<p>{html.escape(say('load.anomalies.none', language))}</p>")
    rows = [
        [
            day(row["since"], language),
            f"{row['since']:%H:%M}",
            label("load.kind", row["kind"], language),
            count(row["steps"], language),
            counts(row["value"], language),
            counts(row["expected"], language),
        ]
        for row in frame.iloc[::-1].head(_MOST_ROWS).to_dict("records")
    ]
    body = row_table("load.anomalies.table", "load.anomalies.head", rows, language, texts=(0, 2)).html
    summary = say("load.anomalies.summary", language, n=count(len(frame), language), shown=len(rows))
    return Html(f"<details><summary>{html.escape(summary)}</summary>{body}</details>")


def part_table(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """The forecast of each part, the largest first, and how its 95 % interval held.

    Args:
        frame: ``part expected low high peak_at method mase coverage coverage_low coverage_high n``.
        language: es or en.
    """
    if frame.empty:
        return Html(f"<p>{html.escape(say('load.none', language))}</p>")
    rows = [
        [
            label("channel", row["part"], language),
            counts(row["expected"], language),
            between(row["low"], row["high"], language),
            moment(row["peak_at"], language),
            method(row["method"], language),
            number(row["mase"], language, digits=2),
            say(
                "load.coverage.share",
                language,
                value=share(row["coverage"], language),
                low=share(row["coverage_low"], language),
                high=share(row["coverage_high"], language),
            ),
            count(row["n"], language),
        ]
        for row in frame.head(_MOST_ROWS).to_dict("records")
    ]
    body = row_table("load.parts.table", "load.parts.head", rows, language, texts=(0, 3, 4, 6)).html
    return Html(f"{body}<p>{html.escape(say('load.parts.quick', language))}</p>")


def comparison_table(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """What is expected of each day, beside the same day a week and a year ago.

    Args:
        frame: One row a step: ``at expected last_week last_year``.
        language: es or en.
    """
    names = ["expected", "last_week", "last_year"]
    keys = frame["at"].dt.normalize()
    sums = frame[names].groupby(keys).sum()
    # A day of which an hour is unknown has no sum.
    sums = sums.mask(frame[names].isna().groupby(keys).any()).rename_axis("day").reset_index()
    rows = [
        [
            say(f"weekday.{row['day'].isoweekday()}", language) + f" {day(row['day'], language)}",
            *(counts(row[name], language) for name in names),
        ]
        for row in sums.head(_MOST_ROWS).to_dict("records")
    ]
    return row_table("load.days.table", "load.days.head", rows, language, texts=(0,))
