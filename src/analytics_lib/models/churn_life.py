"""A churn model's life: it replaces the current one if it is not worse on the same hold-out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from analytics_lib.errors import ModelDamagedError, NotFoundError
from analytics_lib.models import registry
from analytics_lib.models.churn import ChurnModel
from analytics_lib.models.churn_evaluation import DUE
from analytics_lib.models.registry_rule import Holdout

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

KIND = "churn"


@dataclass(frozen=True)
class Keeping:
    """Where models are kept, and what is written down of their making.

    Attributes:
        folder: Of all models; null = nothing is published, and nothing published is read.
        code_hash: Of the library's sources.
        versions: Of the store's tables.
    """

    folder: Path | None = None
    code_hash: str = ""
    versions: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Kept:
    """The model to predict with.

    Attributes:
        model: Null where there is none: nothing could be fitted and nothing had been published.
        source: ``fitted`` (just now, not published), ``first``, ``replaced``, ``kept`` (the earlier one was
            not beaten), ``stored`` (nothing could be fitted), ``none``.
        decision: As of ``registry.Decision``, by name; empty where nothing was to be published.
        problem: Why a stored model could not be read; empty mostly.
    """

    model: ChurnModel | None
    source: str
    decision: Mapping[str, Any]
    problem: str = ""


def name_of(activity: str, horizon: dt.timedelta) -> str:
    """Under which name models of this question are kept: only they can be compared."""
    return f"churn_{activity}_{int(horizon.total_seconds() // 3600)}h"


def keep(model: ChurnModel | None, name: str, keeping: Keeping) -> Kept:
    """Publishes a fitted model, if it may and is not worse, and gives the one to predict with.

    Both are measured on those due at the candidate's latest cutoff, by log loss; neither was fitted to them.
    """
    if keeping.folder is None:
        return Kept(model, "fitted" if model else "none", {})
    if model is None:
        return _stored(name, keeping.folder)
    decision = _published(model, name, keeping.folder, keeping)
    told = {key: value for key, value in vars(decision).items() if key != "entry"}
    if decision.outcome != "kept":
        return Kept(model, decision.outcome, told)
    stored = _stored(name, keeping.folder)
    return replace(stored, source="kept", decision=told) if stored.model else Kept(model, "fitted", told)


def _published(model: ChurnModel, name: str, folder: Path, keeping: Keeping) -> registry.Decision:
    rows = model.due
    holdout = Holdout(lambda text: ChurnModel.from_json(text).losses(rows), groups=rows["user_id"])
    card = replace(
        model.card,
        code_hash=keeping.code_hash,
        data={**model.card.data, "tables": dict(keeping.versions or {}), "population_judged": DUE},
    )
    return registry.publish(
        folder,
        name,
        model.to_json(),
        card,
        holdout=holdout,
        published_at=model.asked.as_of.isoformat(),
    )


def _stored(name: str, folder: Path) -> Kept:
    try:
        stored = registry.load(folder, name, kind=KIND, fallback=True)
        return Kept(ChurnModel.from_json(stored.text), "stored", {}, stored.warning or "")
    except NotFoundError:
        return Kept(None, "none", {})
    except ModelDamagedError as error:
        return Kept(None, "none", {}, str(error))
