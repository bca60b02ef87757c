"""Whether a model's score can be trusted: which one it is, what a kinder split would show, every alarm."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any, Protocol

from analytics_lib.charts.feature_words import feature_name
from analytics_lib.charts.pages import Html
from analytics_lib.charts.texts import for_page
from analytics_lib.charts.words import Language, absent, count, counted, day, number, say

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    import pandas as pd

# Two weekly trainings have been missed.
OLD_DAYS = 14
_COUNTS = ("n", "users", "test_users")


class Alarmed(Protocol):
    """A reason to distrust a score: its code and its figures."""

    @property
    def code(self) -> str:
        """Which alarm."""

    @property
    def values(self) -> Mapping[str, float | int | str]:
        """Figures and names, by name."""


def made(told: Mapping[str, Any], *, n: str, since: dt.date, language: Language = "es") -> str:
    """Which model is in use, until when it learned, how old it is, on what it was measured: as Markdown.

    Args:
        told: ``source missing problem model_as_of model_age_days`` (see the models' ``figures``).
        n: On how many it was measured, with their noun.
        since: From which day on those are.
        language: es or en.
    """
    source, age = told["source"], told["model_age_days"]
    about = {
        "day": day(told["model_as_of"], language),
        "age": _age(age, language),
        "n": n,
        "since": day(since, language),
    }
    said = [say(f"model.{source}", language, **about)]
    if source == "fitted" and told["missing"]:
        said.append(say(f"model.missing.{told['missing']}", language))
    if source == "used" and age > OLD_DAYS:
        said.append(say("model.old", language, limit=counted(OLD_DAYS, "model.days", language)))
    if told["problem"]:
        said.append(say("model.problem", language))
    return " ".join(said)


def _age(days: int, language: Language) -> str:
    if not days:
        return say("model.age.today", language)
    return say("model.age", language, days=counted(days, "model.days", language))


def trust(comparison: pd.DataFrame, alarms: Sequence[Alarmed], *, language: Language = "es") -> Html:
    """The gap between a random and a temporal split in a sentence, and each alarm in one.

    Args:
        comparison: One row per ``metric``: ``roc_auc_random roc_auc_users_apart roc_auc_temporal
            roc_auc_gap`` with ``value low high n``; without rows where nothing could be compared.
        alarms: What looks too good to be true.
        language: es or en.
    """
    said = [_alarm(alarm, language) for alarm in alarms] or [html.escape(say("trust.none", language))]
    items = "".join(f"<li>{item}</li>" for item in said)
    return Html(f"<p>{html.escape(_gap(comparison, language))}</p><ul>{items}</ul>")


def _gap(comparison: pd.DataFrame, language: Language) -> str:
    rows = {str(row["metric"]): row for row in comparison.to_dict("records")}
    if "roc_auc_gap" not in rows or absent(rows["roc_auc_gap"]["value"]):
        return say("trust.unknown", language)
    gap = rows["roc_auc_gap"]
    split = {
        name: number(rows[f"roc_auc_{key}"]["value"], language, digits=3)
        for name, key in (("random", "random"), ("apart", "users_apart"), ("temporal", "temporal"))
    }
    ends = {side: number(gap[side], language, digits=3) for side in ("low", "high")}
    size = number(gap["value"], language, digits=3)
    n = count(rows["roc_auc_temporal"]["n"], language)
    return say("trust.gap", language, gap=size, n=n, **split, **ends)


def _alarm(alarm: Alarmed, language: Language) -> str:
    values = {name: _written(name, value, language) for name, value in alarm.values.items()}
    head = html.escape(say("trust.alarm", language))
    return f"<strong>{head}:</strong> {for_page(say(f'trust.{alarm.code}', language, **values))}"


def _written(name: str, value: float | str, language: Language) -> str:
    if isinstance(value, str):
        return feature_name(value, language)
    return count(value, language) if name in _COUNTS else number(value, language, digits=3)
