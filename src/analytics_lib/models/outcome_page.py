"""The question of how conversations will end as a page asks it: what is left open is filled in from the data.

A page that publishes nothing is answered by the kept model that knew nothing from ``as_of`` on; only where
there is none is one trained. What cannot be trained is said, with the reason; a kept model then stands in.
All that is said of a model, thresholds too, is of the one in use.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from analytics_lib.errors import NotTrainableError, RequestError
from analytics_lib.models import outcome, registry
from analytics_lib.models.outcome import OUTCOMES, OutcomeModel
from analytics_lib.models.outcome_actions import Action, read_actions, recommended
from analytics_lib.models.outcome_asking import EVER, rows_asked, said
from analytics_lib.models.outcome_reasons import by_factor, strongest
from analytics_lib.models.outcome_text import KIND
from analytics_lib.models.outcome_trust import trust_of
from analytics_lib.models.registry_rule import Holdout
from analytics_lib.models.registry_use import Usable, usable
from analytics_lib.models.validation import NEVER
from analytics_lib.periods import day_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
        model: The one to predict with; null where there is none, for the ``reason``.
        source: ``used`` (kept; none was fitted), ``fitted`` (not published), ``first``, ``replaced``,
            ``kept`` (the earlier one is not beaten), ``stored`` (none could be fitted), ``none``.
        reason: Why none could be fitted; empty mostly.
        decision: As of ``registry.Decision``, by name; empty where nothing was to be published.
        threshold: From which probability on to step in; null without a model.
        missing: Why no kept model answers (see ``registry_use.Usable``), with ``problem`` likewise.
        fitted: The model fitted now, with its rows; null where none was.
    """

    model: OutcomeModel | None
    source: str
    reason: str = ""
    decision: dict[str, Any] = field(default_factory=dict)
    threshold: Decision | None = None
    missing: str = ""
    problem: str = ""
    fitted: OutcomeModel | None = None


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


def read(
    store: Store,
    asked: Asked,
    *,
    folder: Path | None = None,
    kept: Path | None = None,
    code_hash: str = "",
) -> Found:
    """The model to predict with: a kept one, or one fitted now, which is published if it is not worse.

    Args:
        store: Read as it was known at ``asked.as_of``.
        asked: See ``choose``.
        folder: Of all models, where one is to be fitted and published; null = nothing is.
        kept: Of all models, where one is looked for if nothing is to be published; null = one is fitted.
        code_hash: Of the library's sources, for the card.
    """
    use = usable_at(folder or kept, asked.as_of)
    if use.model and folder is None:
        found = Found(use.model, "used")
    else:
        try:
            fitted = outcome.fit(store, as_of=asked.as_of, seed=asked.seed)
        except NotTrainableError as error:
            found = Found(use.model, "stored" if use.model else "none", str(error))
        else:
            card = {"code_hash": code_hash, "tables": store.versions}
            found = _fitted(fitted, use, asked, folder, card)
    model = found.model
    costs = {"false_alarm_cost": asked.false_alarm_cost, "missed_cost": asked.missed_cost}
    decided = model.decide(risk=asked.risk, **costs) if model else None
    return replace(found, threshold=decided, missing=use.missing, problem=use.problem)


def usable_at(folder: Path | None, as_of: Moment) -> Usable[OutcomeModel]:
    """The model of a folder that was in use at a moment, and knew nothing from there on."""
    return usable((folder, NAME), kind=KIND, as_of=as_of, read=OutcomeModel.from_json)


def outlook(
    store: Store, conversation_id: str | None, *, folder: Path | None, as_of: Moment | None
) -> pd.DataFrame | None:
    """The path of a conversation by the published model; null without one, or without a conversation."""
    model = usable_at(folder, EVER if as_of is None else as_of).model
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


def _fitted(
    model: OutcomeModel,
    use: Usable[OutcomeModel],
    asked: Asked,
    folder: Path | None,
    card: Mapping[str, Any],
) -> Found:
    """What a model fitted now came to: in use, unless the kept one is not beaten."""
    if folder is None:
        return Found(model, "fitted", fitted=model)
    model = replace(model, trust={asked.risk: trust_of(model, risk=asked.risk, seed=asked.seed)})
    made = _publish(model, folder, card)
    told = {key: value for key, value in vars(made).items() if key != "entry"}
    if made.outcome != "kept":
        return Found(model, made.outcome, decision=told, fitted=model)
    if use.model is None or made.entry.published_at > model.as_of.isoformat():
        # What is current knows later days: the model fitted now answers, and is not published.
        return Found(model, "fitted", decision=told, fitted=model)
    return Found(use.model, "kept", decision=told, fitted=model)


def _publish(model: OutcomeModel, folder: Path, written: Mapping[str, Any]) -> registry.Decision:
    rows = model.tested
    if rows is None:
        raise RequestError(f"The model of {model.as_of:%Y-%m-%d} has no rows to be judged on; fit one.")
    holdout = Holdout(lambda text: OutcomeModel.from_json(text).losses(rows), groups=rows["user_id"])
    data = {**model.card.data, "tables": dict(written["tables"])}
    card = replace(model.card, code_hash=written["code_hash"], data=data)
    moment = model.as_of.isoformat()
    return registry.publish(folder, NAME, model.to_json(), card, holdout=holdout, published_at=moment)
