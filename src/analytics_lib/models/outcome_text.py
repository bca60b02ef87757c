"""A model of outcomes as text and as a card: plain JSON around its logits, without those it was judged on."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pandas as pd

from analytics_lib.errors import ModelDamagedError
from analytics_lib.models.card import Card, records
from analytics_lib.models.features import TURN_FEATURES
from analytics_lib.models.logit import Logit
from analytics_lib.models.logit_text import canonical
from analytics_lib.models.outcome_fitting import Recipe
from analytics_lib.models.outcome_rows import KINDS, OUTCOMES, Slices
from analytics_lib.models.outcome_silence import Silence
from analytics_lib.models.validation_trust import from_plain, plain

if TYPE_CHECKING:
    from analytics_lib.models.outcome import OutcomeModel

KIND, FORMAT = "outcome", 2
_FRAMES = ("evaluation", "curve", "thresholds", "warning", "importance")
_RECIPES = ("final", "judged")
_COLUMNS = ["metric", "value", "low", "high", "n"]
_SHOWN = ("roc_auc", "brier_skill", "ece", "ece_noise")

INTENDED_USE = (
    "Showing, turn after turn, how a conversation is likely to end and why, so that people of the shop can "
    "step in where it is at risk; and telling at which turns it was decided."
)
NOT_FOR = (
    "Deciding alone about a person, judging an agent, or what would have happened had somebody stepped in."
)
LIMITS = (
    "It says what goes together with an end, not what brings it about: only a trial shows more.",
    "What is handed out was learned again from all that was known, once its recipe had been judged.",
    "A change of the shop or the bot after as_of is not known to it: watch the drift.",
    "Silence is weighed by the end alone, not by the features of the conversation.",
)


def written(model: OutcomeModel) -> str:
    """The model as canonical text."""
    return canonical(
        {
            "kind": KIND,
            "format": FORMAT,
            "as_of": model.as_of.isoformat(),
            "cut": [moment.isoformat() for moment in model.cut],
            "certain": list(model.certain),
            "counts": model.counts,
            **{name: _recipe(getattr(model, name)) for name in _RECIPES},
            **{name: _rows(getattr(model, name)) for name in _FRAMES},
            "trust": {risk: plain(one) for risk, one in model.trust.items()},
        }
    )


def read(text: str) -> dict[str, Any]:
    """The fields of the model in this text.

    Raises:
        ModelDamagedError: If it is not JSON, not of this kind and format, or does not fit together.
    """
    try:
        content = json.loads(text)
        found = (content["kind"], content["format"])
        return _fields(content, found)
    except ModelDamagedError:
        raise
    except Exception as error:
        raise ModelDamagedError(
            f"The text is not a model of kind {KIND!r}: {type(error).__name__} {error}. Load an earlier "
            "version, or train a new one."
        ) from error


def card(model: OutcomeModel) -> Card:
    """The model's card; the hash of the code and the versions of the tables are for who publishes it."""
    found = model.evaluation
    shown = found[found["metric"].isin(_SHOWN)]
    whole = shown[shown["turn"].isna() & (shown["population"] == "all")]
    kept = whole.drop(columns="value")
    simple = kept.melt(["metric", "outcome", "n"], ["base_rate", "last_state"], "model", "value")
    parts = shown[(shown["outcome"] == "all") & (shown["turn"].notna() | (shown["population"] != "all"))]
    logit = model.final.logit
    return Card(
        title="Outcome",
        intended_use=INTENDED_USE,
        not_for=NOT_FOR,
        data={
            "as_of": model.as_of.isoformat(),
            "judged_from": model.cut.judge_from.isoformat(),
            "calibrated_from": model.cut.calibrate_from.isoformat(),
            "rows": "one for each turn before its end was decided",
            **model.counts,
        },
        training=asdict(logit.training) | {"constant_features": ", ".join(logit.left_out) or "none"},
        code_hash="",
        features=[_feature(name) for name in logit.features],
        evaluation=records(whole[["outcome", *_COLUMNS]]),
        baselines=records(simple[["model", "outcome", "metric", "value", "n"]]),
        segments=records(parts[["population", "turn", *_COLUMNS]]),
        limits=LIMITS,
        language="en",
    )


def _recipe(given: Recipe) -> dict[str, Any]:
    return {"logit": json.loads(given.logit.to_json()), "silence": asdict(given.silence)}


def _fields(content: dict[str, Any], found: tuple[object, object]) -> dict[str, Any]:
    if found != (KIND, FORMAT):
        raise ModelDamagedError(
            f"The text holds kind {found[0]!r}, format {found[1]!r}; expected {KIND!r}, {FORMAT}. Load a "
            "model of this library, or train a new one."
        )
    calibrate_from, judge_from = (dt.datetime.fromisoformat(moment) for moment in content["cut"])
    certain = tuple(str(name) for name in content["certain"])
    if not set(certain) <= set(OUTCOMES):
        raise ValueError(f"{certain} are none of the outcomes")
    frames = {name: pd.DataFrame(content[name]) for name in _FRAMES}
    frames["evaluation"] = frames["evaluation"].astype({"turn": "Int64"})
    return {
        "as_of": dt.datetime.fromisoformat(content["as_of"]),
        "cut": Slices(calibrate_from, judge_from),
        "certain": certain,
        "counts": {str(name): int(number) for name, number in content["counts"].items()},
        **{name: _read_recipe(content[name]) for name in _RECIPES},
        "trust": {str(risk): from_plain(one) for risk, one in content["trust"].items()},
        **frames,
    }


def _read_recipe(content: dict[str, Any]) -> Recipe:
    logit = Logit.from_json(json.dumps(content["logit"]))
    if logit.classes != OUTCOMES or not set(logit.features) <= set(KINDS):
        raise ValueError(f"the classes {logit.classes} or features are not those of outcomes")
    seconds = tuple(float(step) for step in content["silence"]["seconds"])
    shares = tuple(tuple(float(share) for share in row) for row in content["silence"]["shares"])
    good = all(len(row) == len(seconds) and min(row) > 0 for row in shares) and seconds[0] == 0
    if len(shares) != len(OUTCOMES) or not good or sorted(seconds) != list(seconds):
        raise ValueError("the shares of silence are not one above 0 for each outcome and step")
    return Recipe(logit, Silence(seconds, shares))


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain values; what is undefined is null."""
    found: list[dict[str, Any]] = json.loads(frame.to_json(orient="records", double_precision=15))
    return found


def _feature(name: str) -> dict[str, str]:
    known = TURN_FEATURES.get(name)
    family, when = (known.family, known.known_when) if known else ("derived", "row")
    return {"name": name, "family": family, "known_when": when}
