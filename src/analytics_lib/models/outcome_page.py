"""The question of how conversations will end as a page asks it: what is left open is filled in from the data.

What cannot be trained is said, with the reason; a model published earlier then stands in, if there is one.
"""

from __future__ import annotations

import datetime as dt
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from analytics_lib.errors import ModelDamagedError, NotFoundError, NotTrainableError, RequestError
from analytics_lib.models import outcome, registry
from analytics_lib.models.outcome import OUTCOMES, OutcomeModel
from analytics_lib.models.outcome_actions import Action, read_actions, recommended
from analytics_lib.models.outcome_asking import EVER, rows_asked, said
from analytics_lib.models.outcome_reasons import by_factor, strongest
from analytics_lib.models.outcome_text import KIND
from analytics_lib.models.registry_rule import Holdout
from analytics_lib.models.validation import NEVER
from analytics_lib.periods import day_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics_lib.models.outcome_decision import Decision
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

NAME = "outcome"
LISTED = ("conversation_id", "turn", "quiet_seconds", "stage", "channel", *OUTCOMES)

LAST_MESSAGE = "select max(sent_at) as last_at from messages"


@dataclass(frozen=True)
class Asked:
    """What a page is asked.

    Attributes:
        as_of: Nothing from here on is known.
        risk: The end to prevent: ``abandoned`` or ``escalated``.
        false_alarm_cost: Of stepping in where it would not have ended so.
        missed_cost: Of not stepping in where it does.
        seed: Of draws.
    """

    as_of: Moment
    risk: str = "abandoned"
    false_alarm_cost: float = 1.0
    missed_cost: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class Found:
    """What was found; nulls where nothing can be said.

    Attributes:
        fitted: The model fitted now; null where none could be, for the ``reason``.
        model: The one to predict with: the fitted one, or the published one where that is not beaten.
        source: ``fitted`` (not published), ``first``, ``replaced``, ``kept``, ``stored``, ``none``.
        decision: As of ``registry.Decision``, by name; empty where nothing was to be published.
        threshold: From which probability on to step in.
    """

    fitted: OutcomeModel | None
    model: OutcomeModel | None
    source: str
    reason: str
    decision: dict[str, Any]
    threshold: Decision | None


def actions_of(path: str) -> tuple[Action, ...]:
    """The actions of a file of the project; none for an empty text.

    Raises:
        RequestError: If there is no such file, or it cannot be read.
    """
    if not path:
        return ()
    above = [Path.cwd(), *Path.cwd().parents]
    return read_actions(next((one / path for one in above if (one / path).is_file()), Path(path)))


def says(actions: Sequence[Action]) -> dict[str, dict[str, str]]:
    """What each action says, by its name and language."""
    return {action.name: dict(action.says) for action in actions}


def choose(
    store: Store, *, as_of: Moment | str | None, risk: str, false_alarm_cost: float, missed_cost: float
) -> Asked:
    """The question somebody asked; without ``as_of`` it is the moment after the last message.

    Raises:
        RequestError: If a moment cannot be read, or the costs or the risk are none.
    """
    moment = day_of(as_of, "as_of") if isinstance(as_of, str) else as_of
    if moment is None:
        last = store.query(LAST_MESSAGE)["last_at"].iloc[0]
        moment = EVER if pd.isna(last) else last.to_pydatetime() + dt.timedelta(microseconds=1)
    if min(false_alarm_cost, missed_cost) < 0 or false_alarm_cost + missed_cost == 0:
        raise RequestError(
            f"The costs are {false_alarm_cost} and {missed_cost}; expected 0 or more, one above."
        )
    return Asked(moment, risk, false_alarm_cost, missed_cost)


def read(store: Store, asked: Asked, *, folder: Path | None = None, code_hash: str = "") -> Found:
    """Fits a model, publishes it if it may and is not worse, and gives the one to predict with.

    Args:
        store: Read as it was known at ``asked.as_of``.
        asked: See ``choose``.
        folder: Of all models; null = nothing is published, and nothing published is read.
        code_hash: Of the library's sources, for the card.
    """
    try:
        fitted = outcome.fit(store, as_of=asked.as_of, seed=asked.seed)
    except NotTrainableError as error:
        stored = published(folder)
        return Found(None, stored, "stored" if stored else "none", str(error), {}, None)
    costs = {"false_alarm_cost": asked.false_alarm_cost, "missed_cost": asked.missed_cost}
    decided = fitted.decide(risk=asked.risk, **costs)
    if folder is None:
        return Found(fitted, fitted, "fitted", "", {}, decided)
    told = _publish(fitted, folder, code_hash, store.versions)
    stored = published(folder) if told["outcome"] == "kept" else None
    return Found(fitted, stored or fitted, told["outcome"], "", told, decided)


def published(folder: Path | None) -> OutcomeModel | None:
    """The current model of a folder; null where there is none, with a warning where none can be read."""
    if folder is None:
        return None
    try:
        return OutcomeModel.from_json(registry.load(folder, NAME, kind=KIND, fallback=True).text)
    except NotFoundError:
        return None
    except ModelDamagedError as error:
        warnings.warn(f"No published model can be used: {error}", stacklevel=2)
        return None


def outlook(
    store: Store, conversation_id: str | None, *, folder: Path | None, as_of: Moment | None
) -> pd.DataFrame | None:
    """The path of a conversation by the published model; null without one, or without a conversation."""
    model = published(folder)
    if model is None or conversation_id is None:
        return None
    return model.path(store, conversation_id, as_of=as_of)


def at_risk(store: Store, found: Found, asked: Asked, *, actions: Sequence[Action]) -> pd.DataFrame:
    """Conversations in progress, those most at risk first, with why and what to do.

    Returns:
        One row per conversation in progress whose end is not decided: ``conversation_id turn quiet_seconds
        stage channel``, the probability of each end, ``factor_1`` to ``factor_3`` (what raises the risk) with
        ``points_…`` (null where the risk never occurred in training), ``alarm`` (the risk reaches the
        threshold; null where there is none), ``action cost effect saving`` (see
        ``outcome_actions.recommended``; null below the threshold).
    """
    if found.model is None:
        return pd.DataFrame(columns=[*LISTED, "alarm", "action"])
    model = found.model
    rows = rows_asked(store, as_of=asked.as_of)
    rows = rows[~rows["decided"].isin(model.certain)].reset_index(drop=True)
    probable = said(model.final, rows, certain=model.certain, quiet=rows["quiet_seconds"])
    parts = pd.DataFrame(index=rows.index)
    if asked.risk in model.final.logit.known:
        parts = by_factor(model.final, rows, asked.risk, quiet=rows["quiet_seconds"])
    full = pd.concat([rows, probable[list(OUTCOMES)]], axis=1)
    limit = NEVER if found.threshold is None else found.threshold.threshold
    full["alarm"] = full[asked.risk] >= limit
    todo = recommended(full, parts, actions=actions, risk=asked.risk, missed_cost=asked.missed_cost)
    listed = full[[*LISTED, "alarm"]].join(strongest(parts, against=False))
    listed = listed.join(todo.where(full["alarm"]))
    order = [asked.risk, "conversation_id"]
    return listed.sort_values(order, ascending=[False, True], ignore_index=True)


def _publish(model: OutcomeModel, folder: Path, code_hash: str, versions: dict[str, int]) -> dict[str, Any]:
    rows = model.tested
    if rows is None:
        raise RequestError(f"The model of {model.as_of:%Y-%m-%d} has no rows to be judged on; fit one.")
    holdout = Holdout(lambda text: OutcomeModel.from_json(text).losses(rows), groups=rows["user_id"])
    card = replace(model.card, code_hash=code_hash, data={**model.card.data, "tables": dict(versions)})
    moment = model.as_of.isoformat()
    made = registry.publish(folder, NAME, model.to_json(), card, holdout=holdout, published_at=moment)
    return {key: value for key, value in vars(made).items() if key != "entry"}
