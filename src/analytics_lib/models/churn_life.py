"""A churn model's life: it answers if it is kept, and replaces the current one if it is not worse."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from analytics_lib.models import registry
from analytics_lib.models.churn import ChurnModel
from analytics_lib.models.churn_evaluation import DUE
from analytics_lib.models.registry_rule import Holdout
from analytics_lib.models.registry_use import Usable, usable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    from analytics_lib.periods import Moment

KIND = "churn"


@dataclass(frozen=True)
class Keeping:
    """Where models are kept, and what is written down of their making.

    Attributes:
        folder: Of all models, where one is to be fitted and published; null = nothing is.
        kept: Of all models, where one is looked for if nothing is to be published; null = one is fitted.
        code_hash: Of the library's sources.
        versions: Of the store's tables.
    """

    folder: Path | None = None
    kept: Path | None = None
    code_hash: str = ""
    versions: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Kept:
    """The model to predict with.

    Attributes:
        model: Null where there is none: nothing could be fitted and nothing had been published.
        source: ``used`` (kept; none was fitted), ``fitted`` (just now, not published), ``first``,
            ``replaced``, ``kept`` (the earlier one was not beaten), ``stored`` (nothing could be fitted),
            ``none``.
        decision: As of ``registry.Decision``, by name; empty where nothing was to be published.
        missing: Why no kept model answers (see ``registry_use.Usable``), with ``problem`` likewise.
    """

    model: ChurnModel | None
    source: str
    decision: Mapping[str, Any]
    missing: str = ""
    problem: str = ""


def name_of(activity: str, horizon: dt.timedelta) -> str:
    """Under which name models of this question are kept: only they can be compared."""
    return f"churn_{activity}_{int(horizon.total_seconds() // 3600)}h"


def usable_at(name: str, keeping: Keeping, *, as_of: Moment, look_back: dt.timedelta) -> Usable[ChurnModel]:
    """The kept model that was in use at a moment, knew nothing from there on, and judged the same people."""
    return usable(
        (keeping.folder or keeping.kept, name),
        kind=KIND,
        as_of=as_of,
        read=ChurnModel.from_json,
        fits=lambda model: model.asked.look_back == look_back,
    )


def keep(model: ChurnModel | None, name: str, keeping: Keeping, *, use: Usable[ChurnModel]) -> Kept:
    """Publishes a fitted model, if it may and is not worse, and gives the one to predict with.

    Both are measured on those due at the candidate's latest cutoff, by log loss; neither was fitted to them.

    Args:
        model: Null where none could be fitted.
        name: As of ``name_of``.
        keeping: Where.
        use: As of ``usable_at``.
    """
    why = {"missing": use.missing, "problem": use.problem}
    if model is None:
        return Kept(use.model, "stored" if use.model else "none", {}, **why)
    if keeping.folder is None:
        return Kept(model, "fitted", {}, **why)
    decision = _published(model, name, keeping.folder, keeping)
    told = {key: value for key, value in vars(decision).items() if key != "entry"}
    if decision.outcome != "kept":
        return Kept(model, decision.outcome, told, **why)
    if use.model is None or decision.entry.published_at > model.asked.as_of.isoformat():
        # What is current knows later days or judged others: the one fitted now answers, and is not published.
        return Kept(model, "fitted", told, **why)
    return Kept(use.model, "kept", told, **why)


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
