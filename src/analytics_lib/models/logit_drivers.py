"""What a model says of each value of each feature: how much it raises or lowers the odds of an outcome."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.models.logit_terms import MISSING, OTHER, CategoryTerm, CrossTerm, NumberTerm, number_text

if TYPE_CHECKING:
    from analytics_lib.models.logit import Logit

# A value that no category has, to ask what all rare ones share.
_NO_LEVEL = "\0no level"
# Its exponential is still a number.
_FAR = 700.0


def drivers(model: Logit) -> pd.DataFrame:
    """One row for each outcome, feature and level; see ``Logit.drivers``."""
    outcomes = model.known[-1:] if len(model.known) == 2 else model.known
    rows, begin = [], 0
    for term in model.terms:
        levels = _levels(term)
        columns = term.filled(pd.DataFrame({name: _column(term, name, levels) for name in levels}))
        place = slice(begin, begin + term.columns)
        begin += term.columns
        for outcome in outcomes:
            _, weights = model.sum_of(outcome)
            rows.append(_frame(outcome, term.feature, levels, columns @ weights[place]))
    return _sorted(pd.concat(rows, ignore_index=True))


def _sorted(found: pd.DataFrame) -> pd.DataFrame:
    """Features with the widest effects first; outcomes and levels in their order."""
    by = found.groupby(["outcome", "feature"], sort=False)["effect"]
    width = by.transform("max") - by.transform("min")
    outcome = pd.factorize(found["outcome"])[0]
    order = np.lexsort((np.arange(len(found)), found["feature"], -width, outcome))
    return found.iloc[order].reset_index(drop=True)


def _frame(outcome: str, feature: str, levels: dict[str, list[object]], effects: object) -> pd.DataFrame:
    named = [" x ".join(_name(value) for value in values) for values in zip(*levels.values(), strict=True)]
    frame = pd.DataFrame({"outcome": outcome, "feature": feature, "level": named, "effect": effects})
    return frame.assign(odds_ratio=np.exp(frame["effect"].clip(-_FAR, _FAR)))


def _levels(term: NumberTerm | CategoryTerm | CrossTerm) -> dict[str, list[object]]:
    """The values to tell of, in one list for each column the term reads."""
    if isinstance(term, CrossTerm):
        pairs = list(product(_extremes(term.first), _extremes(term.second)))
        return {
            term.first.feature: [first for first, _ in pairs],
            term.second.feature: [second for _, second in pairs],
        }
    return {term.feature: _values(term)}


def _values(term: NumberTerm | CategoryTerm) -> list[object]:
    if isinstance(term, NumberTerm):
        return [*term.points, *([] if term.missing is None else [None])]
    return [*term.levels, *([] if term.other is None else [_NO_LEVEL])]


def _extremes(term: NumberTerm | CategoryTerm) -> list[object]:
    """Of a number its low and its high value only: pairs of all would be too many to read."""
    if isinstance(term, NumberTerm) and term.centers:
        return [term.points[0], term.points[-1]]
    return _values(term)


def _column(
    term: NumberTerm | CategoryTerm | CrossTerm, name: str, levels: dict[str, list[object]]
) -> pd.Series:
    singles = (term.first, term.second) if isinstance(term, CrossTerm) else (term,)
    number = any(isinstance(one, NumberTerm) and one.feature == name for one in singles)
    return pd.Series(levels[name], dtype="float64" if number else "object")


def _name(value: object) -> str:
    if value is None:
        return MISSING
    if isinstance(value, float):
        return number_text(value)
    return OTHER if value == _NO_LEVEL else str(value)
