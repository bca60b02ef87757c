"""Why a number moved, in sentences: the change, what explains it most, and what it was compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.charts.driver_words import change_limits, driver_name, moved, real_rows, written
from analytics_lib.charts.measures import write_change, write_value
from analytics_lib.charts.pages import Markdown
from analytics_lib.charts.texts import inert
from analytics_lib.charts.words import Language, count, counted, days, say
from analytics_lib.metrics import CATALOG

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from analytics_lib.charts.style import Record

_MOST_MORE = 3


def answer(overall: Record, rows: pd.DataFrame, *, language: Language = "es") -> Markdown:
    """What changed and by how much, the first driver, and how the baseline was matched.

    Args:
        overall: The change: ``metric value0 value1 n0 denominator0 denominator1 change low high since until``
            and of the baseline ``baseline_since baseline_until compared_days special_days other_kind_days
            other_weekday_days``.
        rows: One row per group by rank: ``dimension_1 group_1 dimension_2 group_2 n0 denominator0
            denominator1 value0 value1 explained explained_low explained_high p_value real``.
        language: es or en.
    """
    metric = CATALOG[overall["metric"]]
    numbers = {
        **{f"value{side}": write_value(overall[f"value{side}"], metric.unit, language) for side in (0, 1)},
        "n0": count(overall["n0"], language),
        "n1": count(overall["denominator1"], language),
    }
    verb = "rose" if overall["change"] > 0 else "fell" if overall["change"] < 0 else "stayed"
    opening = say(
        "drivers.answer.change",
        language,
        metric=metric.label[language],
        verb=say(f"drivers.answer.{verb}", language),
        change=write_change(overall["change"], metric.unit, language),
        limits=change_limits(overall, metric.unit, language),
        days=days(overall["since"], overall["until"], language),
        **numbers,
    )
    doubt = [] if moved(overall) else [say("drivers.answer.unsure", language)]
    return Markdown(
        "\n\n".join(
            [
                " ".join([opening, *doubt]),
                _explained(overall, rows, metric.unit, language),
                " ".join([*_compared(overall, language), say("drivers.answer.caution", language)]),
            ]
        )
    )


def _explained(overall: Record, rows: pd.DataFrame, unit: str, language: Language) -> str:
    real = real_rows(rows)
    if real.empty:
        return say("drivers.answer.none", language, n=count(int(rows["p_value"].notna().sum()), language))
    records = real.to_dict("records")
    first = records[0]
    said = _sentence(first, overall, unit, language)
    more = [
        say(
            "drivers.answer.one",
            language,
            group=inert(driver_name(row, language)),
            explained=write_change(row["explained"], unit, language),
        )
        for row in records[1 : 1 + _MOST_MORE]
    ]
    return said + (" " + say("drivers.answer.more", language, groups=", ".join(more)) if more else "")


def _sentence(row: Record, overall: Record, unit: str, language: Language) -> str:
    numbers = {
        "group": inert(driver_name(row, language)),
        "change": write_change(overall["change"], unit, language),
        "rest": write_change(overall["change"] - row["explained"], unit, language),
        **written(row, overall, unit, language),
    }
    if not row["n0"]:
        return say("drivers.answer.new", language, **numbers)
    if not row["denominator1"]:
        return say("drivers.answer.gone", language, **numbers)
    return say("drivers.answer.first", language, **numbers)


def _compared(overall: Record, language: Language) -> Iterator[str]:
    shown = days(overall["baseline_since"], overall["baseline_until"], language)
    compared = counted(overall["compared_days"], "comparable_days", language)
    yield say("drivers.answer.baseline", language, compared=compared, days=shown)
    special, other = overall["special_days"], overall["other_kind_days"]
    numbers = {"special": count(special, language), "other": count(other, language)}
    if special and other:
        yield say("drivers.answer.season", language, **numbers)
    elif special:
        yield say("drivers.answer.matched", language, special=numbers["special"])
    elif other:
        yield say("drivers.answer.kind", language, other=numbers["other"])
    if overall["other_weekday_days"]:
        yield say("drivers.answer.weekday", language, other=count(overall["other_weekday_days"], language))
