"""A churn model as text and as a card: plain JSON around its logit, without the people it was judged on."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pandas as pd

from analytics_lib.errors import ModelDamagedError, RequestError
from analytics_lib.models.card import Card, records
from analytics_lib.models.churn_activity import check_activity
from analytics_lib.models.churn_evaluation import DUE, MODELS
from analytics_lib.models.churn_fitting import Asked, check_horizon
from analytics_lib.models.churn_reasons import CLASSES
from analytics_lib.models.churn_rows import KINDS
from analytics_lib.models.features import USER_FEATURES
from analytics_lib.models.logit import Logit
from analytics_lib.models.logit_text import canonical
from analytics_lib.models.validation_trust import from_plain, plain

if TYPE_CHECKING:
    from analytics_lib.models.churn import ChurnModel

KIND, FORMAT = "churn", 2
_FRAMES = ("evaluation", "measured", "calibration", "thresholds", "drivers", "views")
_SHOWN = ("roc_auc", "brier", "ece")

INTENDED_USE = (
    "Listing users who may stay away, so that people of the shop decide whom to write to, with a "
    "hold-out left alone to judge it."
)
NOT_FOR = "Deciding alone about a person, prices for one person, or what somebody's silence means."
LIMITS = (
    "Leaving means no activity within the horizon; who left may come back later.",
    "It says who will stay away, not whom a message would bring back: only a hold-out shows that.",
    "Who has been silent for longer than the look-back was not judged.",
    "A change of the shop, such as a campaign or an outage, between learning and now is not known to it.",
    "It was learned at cutoffs that lie two horizons or more before as_of.",
)


def written(model: ChurnModel) -> str:
    """The model as canonical text."""
    asked = model.asked
    content = {
        "kind": KIND,
        "format": FORMAT,
        "as_of": asked.as_of.isoformat(),
        "horizon_seconds": asked.horizon.total_seconds(),
        "activity": asked.activity,
        "look_back_seconds": asked.look_back.total_seconds(),
        "cutoffs": [cutoff.isoformat() for cutoff in asked.cutoffs],
        "seed": asked.seed,
        "draws": asked.draws,
        "logit": json.loads(model.logit.to_json()),
        **{name: _rows(getattr(model, name)) for name in _FRAMES},
        "trust": plain(model.trust),
    }
    return canonical(content)


def read(text: str) -> dict[str, Any]:
    """The fields of the model in this text.

    Raises:
        ModelDamagedError: If it is not JSON, not of this kind and format, or does not fit together.
    """
    try:
        content = json.loads(text)
        return _fields(content)
    # A request that is refused stands here for a horizon or an activity that was tampered with.
    except (RequestError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ModelDamagedError(
            f"The text is not a model of kind {KIND!r}: {type(error).__name__} {error}. Load an earlier "
            "version, or train a new one."
        ) from error


def _fields(content: dict[str, Any]) -> dict[str, Any]:
    given = (content["kind"], content["format"])
    if given != (KIND, FORMAT):
        raise ValueError(f"it holds kind and format {given}; expected {(KIND, FORMAT)}")
    horizon, look_back = (
        dt.timedelta(seconds=content[name]) for name in ("horizon_seconds", "look_back_seconds")
    )
    check_activity(content["activity"])
    check_horizon(horizon, look_back)
    cutoffs = tuple(dt.datetime.fromisoformat(cutoff) for cutoff in content["cutoffs"])
    as_of = dt.datetime.fromisoformat(content["as_of"])
    logit = Logit.from_json(json.dumps(content["logit"]))
    if logit.classes != CLASSES or not set(logit.features) <= set(KINDS):
        raise ValueError(f"the classes {logit.classes} or features are not those of churn")
    drawn = int(content["seed"]), int(content["draws"])
    asked = Asked(as_of, horizon, content["activity"], look_back, cutoffs, *drawn)
    frames = {name: pd.DataFrame(content[name]) for name in _FRAMES}
    frames["measured"] = frames["measured"].assign(cutoff=pd.to_datetime(frames["measured"]["cutoff"]))
    return {"asked": asked, "logit": logit, "trust": from_plain(content["trust"]), **frames}


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain values; what is undefined is null, a moment its ISO text."""
    text = frame.to_json(orient="records", double_precision=15, date_format="iso", date_unit="us")
    found: list[dict[str, Any]] = json.loads(text)
    return found


def card(model: ChurnModel) -> Card:
    """The model's card; the hash of the code and the versions of the tables are for who publishes it."""
    asked = model.asked
    latest = model.measured[model.measured["cutoff"] == asked.test_cutoff]
    shown = latest[latest["metric"].isin(_SHOWN)]
    due = shown[(shown["population"] == DUE) & (shown["model"] != MODELS[0])]
    segments = shown[(shown["population"] != DUE) & (shown["model"] == MODELS[0])]
    left_out = ", ".join(model.logit.left_out) or "none"
    columns = ["metric", "value", "low", "high", "n"]
    return Card(
        title="Churn",
        intended_use=INTENDED_USE,
        not_for=NOT_FOR,
        data={
            "as_of": asked.as_of.isoformat(),
            "activity": asked.activity,
            "horizon_days": asked.horizon / dt.timedelta(days=1),
            "look_back_days": asked.look_back / dt.timedelta(days=1),
            "learned_at": ", ".join(f"{cutoff:%Y-%m-%d}" for cutoff in asked.cutoffs[:-1]),
            "judged_at": f"{asked.test_cutoff:%Y-%m-%d}",
            "population": "active before a cutoff; judged: those silent for less than the look-back",
        },
        training=asdict(model.logit.training) | {"constant_features": left_out},
        code_hash="",
        features=[_feature(name) for name in model.logit.features],
        evaluation=records(model.evaluation[columns]),
        baselines=records(due[["model", *columns]]),
        segments=records(segments[["population", *columns]]),
        limits=LIMITS,
        language="en",
    )


def _feature(name: str) -> dict[str, str]:
    known = USER_FEATURES.get(name)
    family, when = (known.family, known.known_when) if known else ("derived", "row")
    return {"name": name, "family": family, "known_when": when}
