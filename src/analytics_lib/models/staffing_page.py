"""Staffing as a page asks for it: what is left open comes from the store, what has no answer says why."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analytics_lib.config import load_settings
from analytics_lib.errors import RequestError
from analytics_lib.models.staffing_advice import recommendations
from analytics_lib.models.staffing_capacity import replicas
from analytics_lib.models.staffing_draws import steps_of
from analytics_lib.models.staffing_given import read_roster, shift_cost
from analytics_lib.models.staffing_held import hold_days, hold_slots, one_more_or_less
from analytics_lib.models.staffing_inputs import Inputs, staffing_inputs
from analytics_lib.models.staffing_play import played
from analytics_lib.models.staffing_results import days, figures, half_hours, shifts
from analytics_lib.models.staffing_roster import Roster, closest_roster, on_duty
from analytics_lib.models.staffing_rules import ShiftRules, read_rules
from analytics_lib.models.staffing_study import Study, study
from analytics_lib.models.staffing_terms import Assumptions, Service

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.models.staffing_draws import Uncertain
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

__all__ = [
    "Asked",
    "Assumptions",
    "Bot",
    "Held",
    "Plan",
    "days",
    "figures",
    "half_hours",
    "plan",
    "read",
    "recommendations",
    "shifts",
]


@dataclass(frozen=True)
class Bot:
    """What the bot promises: so many seconds for so large a share, on replicas of which so many are spare."""

    target_wait_seconds: float = 1.0
    service_level: float = 0.99
    messages_at_once: int = 8
    spare: int = 1


@dataclass(frozen=True)
class Asked:
    """What a page is asked; null = as measured.

    Attributes:
        target_wait_seconds: Longest wait for an agent that counts as in time.
        service_level: Share of the contacts that are to be in time.
        chats_at_once: Of an agent; null = as measured, rounded.
        handle_time_seconds: Null = as measured.
        escalation_rate: Null = as measured.
        assumptions: Confidence, patience and how it is drawn; a shrinkage of 0 means that of the rules.
        bot: What the bot's side promises.
        roster: One that is there already, as ``read_roster`` reads it; empty = none.
    """

    target_wait_seconds: float = 60.0
    service_level: float = 0.8
    chats_at_once: int | None = None
    handle_time_seconds: Uncertain | None = None
    escalation_rate: Uncertain | None = None
    assumptions: Assumptions = field(default_factory=Assumptions)
    bot: Bot = field(default_factory=Bot)
    roster: str = ""


@dataclass(frozen=True)
class Held:
    """How one roster does: by half-hour, by day, and with one agent more or less (see ``staffing_held``)."""

    slots: pd.DataFrame
    days: pd.DataFrame
    changed: pd.DataFrame
    cost: float


@dataclass(frozen=True)
class Plan:
    """What was found; what could not be is null, and ``reason`` says why.

    Attributes:
        asked: What was asked.
        inputs: What the store told.
        rules: What shifts may be.
        study: Agents by half-hour, in local time; over the days that the forecast covers whole.
        open_at: Slots of it in which people answer.
        handle_time_seconds: That was used.
        escalation_rate: That was used.
        roster: The cheapest under the rules.
        held: How it does.
        given: How the roster does that is there already.
        replicas: Of the bot, by half-hour.
        reason: ``measure`` (it is no forecast of conversations), ``escalations`` (no closed conversation
            tells the rate), ``handling`` (no agent's chat tells the time), or empty.
    """

    asked: Asked
    inputs: Inputs
    rules: ShiftRules
    study: Study | None = None
    open_at: NDArray[np.bool_] | None = None
    handle_time_seconds: Uncertain | None = None
    escalation_rate: Uncertain | None = None
    roster: Roster | None = None
    held: Held | None = None
    given: Held | None = None
    replicas: pd.DataFrame | None = None
    reason: str = ""


def read(
    store: Store,
    forecast: object,
    *,
    weeks: int,
    rules_path: str,
    asked: Asked | None = None,
    as_of: Moment | None = None,
    measure: str = "conversations",
) -> Plan:
    """The plan for a forecast, with what the weeks before it tell.

    Args:
        store: Read: ``conversations messages``.
        forecast: What ``load.forecast`` gives.
        weeks: Before its first step, in which escalations and handle times are measured.
        rules_path: File of the rules of shifts, looked for in the working folder and those above it.
        asked: What is promised and assumed; null = the defaults.
        as_of: Nothing later is known; null = everything in the store is.
        measure: What the forecast counts; only conversations can be staffed for.

    Raises:
        RequestError: As ``plan``; or if there are no weeks, or no such file.
    """
    if weeks < 1:
        raise RequestError(f"staffing_weeks is {weeks}; expected 1 or more.")
    zone = ZoneInfo(load_settings().time_zone)
    first = steps_of(forecast)["at"].iloc[0]
    until = (first if first.tzinfo else first.tz_localize(zone)).to_pydatetime()
    inputs = staffing_inputs(store, since=until - dt.timedelta(weeks=weeks), until=until, as_of=as_of)
    rules = read_rules(_find(rules_path))
    if measure != "conversations":
        return Plan(asked or Asked(), inputs, rules, reason="measure")
    return plan(forecast, inputs=inputs, rules=rules, asked=asked)


def _find(path: str) -> Path:
    above = [Path.cwd(), *Path.cwd().parents]
    found = next((folder / path for folder in above if (folder / path).is_file()), None)
    if found is None:
        raise RequestError(
            f"There is no file {path!r} here or above; copy params/staffing.yaml and change it."
        )
    return found


def plan(forecast: object, *, inputs: Inputs, rules: ShiftRules, asked: Asked | None = None) -> Plan:
    """Everything the page shows.

    Args:
        forecast: What ``load.forecast`` gives.
        inputs: What the store tells (see ``staffing_inputs``).
        rules: What shifts may be (see ``read_rules``).
        asked: What is promised and assumed; null = the defaults.

    Raises:
        RequestError: If a number given is none of its kind, the roster given cannot be read, or slots do not
            fit the rules.
    """
    question = _with_shrinkage(asked or Asked(), rules)
    rate = inputs.escalation_rate if question.escalation_rate is None else question.escalation_rate
    handled: Uncertain | None = question.handle_time_seconds
    handled = inputs.handle_time_seconds if handled is None else handled
    found = Plan(question, inputs, rules, handle_time_seconds=handled, escalation_rate=rate)
    found = replace(found, replicas=_replicas(forecast, inputs, question))
    if rate is None:
        return replace(found, reason="escalations")
    if handled is None:
        return replace(found, reason="handling")
    chats = question.chats_at_once or max(round(inputs.chats_at_once or 1), 1)
    service = Service(question.target_wait_seconds, question.service_level, chats)
    whole = study(
        forecast,
        handle_time_seconds=handled,
        escalation_rate=rate,
        service=service,
        assumptions=question.assumptions,
    )
    return _rostered(replace(found, study=_whole_days(_local(whole), rules)))


def _with_shrinkage(asked: Asked, rules: ShiftRules) -> Asked:
    """The question with the shrinkage of the rules, unless it has its own."""
    share = asked.assumptions.shrinkage or rules.shrinkage
    return replace(asked, assumptions=replace(asked.assumptions, shrinkage=share))


def _rostered(found: Plan) -> Plan:
    """The plan with its rosters."""
    if found.study is None:
        return found
    frame = found.study.frame
    open_at = found.rules.open_at(frame["at"])
    found = replace(found, open_at=open_at)
    roster = closest_roster(frame[["at"]].assign(needed=frame["rostered"]), found.rules)
    found = replace(found, roster=roster, held=_held(found, roster.cover["on_duty"], roster.cost))
    if not found.asked.roster.strip():
        return found
    shifts = read_roster(found.asked.roster, frame["at"])
    return replace(found, given=_held(found, on_duty(frame["at"], shifts), shift_cost(shifts, found.rules)))


def _held(found: Plan, there: pd.Series, cost: float) -> Held:
    if found.study is None or found.open_at is None:
        raise RequestError("There is no study to hold a roster against; ask plan for one first.")
    opened = found.open_at
    return Held(
        slots=hold_slots(found.study, there).assign(open=opened),
        days=hold_days(found.study, there, open_at=opened, course=played),
        changed=one_more_or_less(found.study, there, rules=found.rules, open_at=opened, course=played),
        cost=cost,
    )


def _replicas(forecast: object, inputs: Inputs, asked: Asked) -> pd.DataFrame | None:
    if inputs.messages_per_conversation is None or inputs.response_seconds is None:
        return None
    bot = asked.bot
    return replicas(
        forecast,
        messages_per_conversation=inputs.messages_per_conversation,
        response_seconds=inputs.response_seconds,
        service=Service(bot.target_wait_seconds, bot.service_level, bot.messages_at_once),
        spare=bot.spare,
        assumptions=replace(asked.assumptions, shrinkage=0.0, patience_seconds=None),
    )


def _local(found: Study) -> Study:
    """Times on the business's wall clock."""
    at = found.frame["at"]
    if at.dt.tz is None:
        return found
    local = at.dt.tz_convert(load_settings().time_zone).dt.tz_localize(None)
    return replace(found, frame=found.frame.assign(at=local))


def _whole_days(found: Study, rules: ShiftRules) -> Study:
    """Only the days of which every open slot is there; all, if there is none."""
    at = found.frame["at"]
    day = pd.Series(
        pd.date_range("2026-01-01", periods=24 * 60 // found.assumed.slot_minutes, freq=found.slot)
    )
    opens = int(rules.open_at(day).sum())
    there = (
        pd.Series(rules.open_at(at)).groupby(at.dt.normalize().to_numpy()).transform("sum").to_numpy()
        >= opens
    )
    keep = there if there.any() else np.ones(len(at), dtype=bool)
    return replace(
        found,
        frame=found.frame[keep].reset_index(drop=True),
        contacts=found.contacts[:, keep],
        needed=found.needed[:, keep],
    )
