"""What to do about a conversation at risk: a table of actions, each tied to what raises the risk.

What an action averts is assumed, not measured; so is its cost. The saving it is expected to bring is
probability of the end x share of it that the action averts x what the end costs - what the action costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analytics_lib.errors import RequestError
from analytics_lib.models.outcome_decision import RISKS
from analytics_lib.models.outcome_reasons import LEAST, SILENCE
from analytics_lib.models.outcome_rows import KINDS
from analytics_lib.yaml_files import read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_KEYS = {"name", "risk", "feature", "at_least", "below", "is", "says", "cost", "effect"}
LANGUAGES = ("es", "en")


@dataclass(frozen=True)
class Action:
    """One thing that can be done.

    Attributes:
        name: Of its own.
        risks: The ends it may avert.
        feature: What must raise the risk; null = anything.
        at_least: The feature's lowest value; ``below`` the one it must not reach; ``values`` the ones it may
            have. Null = any.
        says: What to do, by language.
        cost: Per conversation.
        effect: Share of the risk that it averts, 0 to 1: assumed.
    """

    name: str
    risks: tuple[str, ...]
    says: Mapping[str, str]
    cost: float
    effect: float
    feature: str | None = None
    at_least: float | None = None
    below: float | None = None
    values: tuple[str, ...] | None = None


def read_actions(path: Path) -> tuple[Action, ...]:
    """The actions of a file such as ``params/outcome_actions.yaml``.

    Raises:
        RequestError: If the file is none, or an action lacks something or names what there is not.
    """
    if not path.is_file():
        raise RequestError(
            f"There is no file of actions at {path}; expected one such as params/outcome_actions.yaml."
        )
    content = read_yaml(path)
    listed = content.get("actions") if isinstance(content, dict) else None
    if not isinstance(listed, list):
        raise RequestError(f"{path} holds no list under the key actions.")
    return tuple(_action(one, path) for one in listed)


def recommended(
    rows: pd.DataFrame, parts: pd.DataFrame, *, actions: Sequence[Action], risk: str, missed_cost: float
) -> pd.DataFrame:
    """The action that is expected to save most, for each row.

    Args:
        rows: One row per conversation: the probability of the risk in a column of its name, and the features.
        parts: What each factor adds to its score (see ``outcome_reasons.by_factor``), the same rows.
        actions: See ``read_actions``.
        risk: The end that is to be prevented.
        missed_cost: What it costs.

    Returns:
        One row a row, with its index: ``action`` (its name; null where none is worth its cost), ``cost``,
        ``effect``, ``saving`` (expected, assumed; null likewise).
    """
    usable = [action for action in actions if risk in action.risks]
    best, chosen = np.zeros(len(rows)), np.full(len(rows), "", dtype=object)
    cost, effect = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for action in usable:
        saving = rows[risk].to_numpy() * action.effect * missed_cost - action.cost
        better = _fits(action, rows, parts) & (saving > best)
        best = np.where(better, saving, best)
        chosen[better] = action.name
        cost[better], effect[better] = action.cost, action.effect
    worth = chosen != ""
    names = pd.Series(chosen, index=rows.index, dtype=object).where(worth, None)
    saving = np.where(worth, best, np.nan)
    return pd.DataFrame({"action": names, "cost": cost, "effect": effect, "saving": saving}, index=rows.index)


def _fits(action: Action, rows: pd.DataFrame, parts: pd.DataFrame) -> np.ndarray:
    if action.feature is None:
        return np.ones(len(rows), dtype=bool)
    if action.feature not in parts.columns:
        return np.zeros(len(rows), dtype=bool)
    fits = parts[action.feature].to_numpy() >= LEAST
    if action.feature == SILENCE:
        return np.asarray(fits)
    value = rows[action.feature]
    if action.at_least is not None:
        fits = fits & (value >= action.at_least).to_numpy(dtype=bool, na_value=False)
    if action.below is not None:
        fits = fits & (value < action.below).to_numpy(dtype=bool, na_value=False)
    if action.values is not None:
        fits = fits & value.map(_text).isin(action.values).to_numpy()
    return np.asarray(fits)


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _action(given: object, path: Path) -> Action:
    if not isinstance(given, dict) or "name" not in given:
        raise RequestError(f"{path}: {given!r} is no action; each needs name, risk, says, cost and effect.")
    unknown = sorted(set(given) - _KEYS)
    if unknown:
        raise RequestError(
            f"{path}: {given['name']} has {unknown[0]!r}; expected {', '.join(sorted(_KEYS))}."
        )
    _check(given, path)
    return Action(
        name=str(given["name"]),
        risks=tuple(given["risk"]),
        says={name: str(given["says"][name]) for name in LANGUAGES},
        cost=float(given["cost"]),
        effect=float(given["effect"]),
        feature=given.get("feature"),
        at_least=given.get("at_least"),
        below=given.get("below"),
        values=tuple(str(value) for value in given["is"]) if "is" in given else None,
    )


def _check(given: dict[Any, Any], path: Path) -> None:
    name, says = given["name"], given.get("says")
    if not isinstance(says, dict) or not set(LANGUAGES) <= set(says):
        raise RequestError(f"{path}: {name} says {says!r}; expected a text in {' and in '.join(LANGUAGES)}.")
    risks = given.get("risk")
    if not isinstance(risks, list) or not risks or not set(risks) <= set(RISKS):
        raise RequestError(f"{path}: {name} has the risk {risks!r}; expected a list of {', '.join(RISKS)}.")
    feature = given.get("feature")
    if feature is not None and feature not in {*KINDS, SILENCE}:
        raise RequestError(
            f"{path}: {name} names {feature!r}; the features are {', '.join(KINDS)}, {SILENCE}."
        )
    for key, low, high in (("cost", 0.0, float("inf")), ("effect", 0.0, 1.0)):
        value = given.get(key)
        if not isinstance(value, int | float) or not low <= value <= high:
            raise RequestError(
                f"{path}: {name} has the {key} {value!r}; expected a number from {low} to {high}."
            )
