"""How satisfied the silent are in figures: by channel, in the test, and whom to call back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.charts.feature_words import feature_name, feature_value
from analytics_lib.charts.person_answer import short_id
from analytics_lib.charts.row_table import row_table
from analytics_lib.charts.satisfaction import written_interval
from analytics_lib.charts.words import Language, absent, count, day, label, number, say, share

if TYPE_CHECKING:
    import pandas as pd

    from analytics_lib.charts.pages import Html
    from analytics_lib.charts.style import Record

_SHARES = {"coverage", "coverage_silent"}
_TWO_DIGITS = 2


def groups(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """The satisfied share of each channel, as answered, corrected and between its bounds.

    Args:
        frame: One row per channel, measure and estimate: ``channel measure estimate value low high n``.
        language: es or en.
    """
    csat = frame[frame["measure"] == "csat"]
    rows = [
        _group_row(str(name), {str(row["estimate"]): row for row in part.to_dict("records")}, language)
        for name, part in csat.groupby("channel", sort=False)
    ]
    return row_table("satisfaction.groups.table", "satisfaction.groups.head", rows, language, texts=(0,))


def metrics(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """How the expectation did on answers that it had not seen.

    Args:
        frame: One row per ``metric``: ``value low high n``.
        language: es or en.
    """
    rows = [
        [
            say(f"satisfaction.metric.{row['metric']}", language),
            _written(row, "value", language),
            "" if absent(row["low"]) else say(
                "satisfaction.interval",
                language,
                low=_written(row, "low", language),
                high=_written(row, "high", language),
            ),
            count(row["n"], language),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    return row_table("satisfaction.metrics.table", "satisfaction.metrics.head", rows, language, texts=(0,))


def call_back(frame: pd.DataFrame, *, language: Language = "es") -> Html:
    """Silent conversations with the lowest expected answer, and what lowers it.

    Args:
        frame: One row per conversation: ``conversation_id known_at outcome expected low high`` and
            ``reasons``, pairs of a feature and its value.
        language: es or en.
    """
    rows = [
        [
            count(place, language),
            short_id(str(row["conversation_id"])),
            day(row["known_at"], language),
            label("outcome", "unknown" if absent(row["outcome"]) else row["outcome"], language),
            number(row["expected"], language),
            written_interval(row["low"], row["high"], language),
            _why(row, language),
        ]
        for place, row in enumerate(frame.to_dict("records"), 1)
    ]
    return row_table("satisfaction.list.table", "satisfaction.list.head", rows, language, texts=(1, 3, 6))


def _group_row(name: str, part: dict[str, Record], language: Language) -> list[str]:
    raw, corrected = part["raw"], part["corrected"]
    text = share(corrected["value"], language)
    if not absent(corrected["low"]):
        ends = {side: share(corrected[side], language) for side in ("low", "high")}
        text += f" ({say('satisfaction.interval', language, **ends)})"
    bounds = {
        "low": share(part["worst"]["value"], language),
        "high": share(part["best"]["value"], language),
    }
    return [
        label("channel", name, language),
        share(raw["value"], language),
        text,
        say("satisfaction.interval", language, **bounds),
        count(raw["n"], language),
        count(part["worst"]["n"], language),
    ]


def _written(row: Record, name: str, language: Language) -> str:
    if row["metric"] in _SHARES:
        return share(row[name], language)
    return number(row[name], language, digits=_TWO_DIGITS)


def _why(row: Record, language: Language) -> str:
    return ", ".join(
        say(
            "satisfaction.why.lowers",
            language,
            name=feature_name(feature, language),
            value=feature_value(feature, value, language),
        )
        for feature, value in row["reasons"]
    )
