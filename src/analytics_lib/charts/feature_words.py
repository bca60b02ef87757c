"""What models know, in a reader's words: names of features, their values, and reasons for a prediction."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from analytics_lib.charts.words import Language, label, number, say, share

if TYPE_CHECKING:
    import pandas as pd

_CROSS = " x "
_CATEGORIES = {
    "channel": "channel",
    "last_channel": "channel",
    "outcome": "outcome",
    "last_outcome": "outcome",
    "last_intent": "intent",
    "segment": "segment",
    "entry_point": "entry_point",
}
_LEVELS = ("other", "none")
_WHOLE_FROM = 20
_YES_NO = ("answered", "escalated", "resolved")


def feature_name(feature: str, language: Language) -> str:
    """What readers call a feature; an interaction ('a x b') is both."""
    first, cross, second = feature.partition(_CROSS)
    if not cross:
        return label("feature", feature, language)
    names = {"first": label("feature", first, language), "second": label("feature", second, language)}
    return say("feature.and", language, **names)


def feature_value(feature: str, value: object, language: Language) -> str:
    """One value of a feature; a model's ``missing`` and ``other`` have words of their own."""
    if value is None or (isinstance(value, float) and math.isnan(value)) or value == "missing":
        return say("feature.level.missing", language)
    if feature in _YES_NO:
        return say("feature.yes" if float(str(value)) else "feature.no", language)
    if feature not in _CATEGORIES and _is_number(value):
        return _number(feature, float(str(value)), language)
    if value in _LEVELS:
        return say(f"feature.level.{value}", language)
    return label(_CATEGORIES.get(feature, feature), value, language)


def reasons(contributions: pd.DataFrame, *, most: int = 3) -> list[list[tuple[str, float]]]:
    """Of each row of ``Logit.contributions``, the features that say most, strongest first."""
    parts = contributions.drop(columns="base")
    names, values = list(parts.columns), parts.to_numpy()
    order = (-abs(values)).argsort(axis=1, kind="stable")[:, :most]
    return [
        [(names[place], float(row[place])) for place in places]
        for row, places in zip(values, order, strict=True)
    ]


def _is_number(value: object) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return True


def _number(feature: str, value: float, language: Language) -> str:
    if feature.endswith(("_share", "_confidence")):
        return share(value, language)
    return number(value, language, digits=0 if value.is_integer() or abs(value) >= _WHOLE_FROM else 1)
