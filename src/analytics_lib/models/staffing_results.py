"""What a plan comes to in small frames and plain numbers, for pictures, tables and the record of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.models.staffing_advice import open_rows
from analytics_lib.models.staffing_draws import middle
from analytics_lib.models.staffing_roster import SHIFTS

if TYPE_CHECKING:
    from analytics_lib.models.staffing_page import Plan

HALF_HOURS = (
    *("at", "open", "needed", "agents", "on_duty", "held", "given", "held_given"),
    *("contacts", "contacts_low", "contacts_high", "service_level"),
)
DAYS = (
    *("day", "contacts", "peak", "paid_hours", "cost", "service_level", "service_level_low"),
    *("service_level_high", "held_day", "held_every", "service_level_one_less", "service_level_one_more"),
    *("cost_one_agent", "held_day_given"),
)


def half_hours(found: Plan) -> pd.DataFrame:
    """The plan by half-hour.

    Returns:
        One row a half-hour, also while closed: ``at open``, ``needed`` (people on duty that the forecast asks
        for), ``agents`` (of them answering), ``on_duty`` and ``held`` (of the cheapest roster, and the
        probability that the service level is held with it), ``given`` and ``held_given`` (the same of the
        roster that is there; null without one), ``contacts contacts_low contacts_high`` (expected, and
        between which 80 % lie), ``service_level`` (with the cheapest roster). No row without a study.
    """
    if found.study is None or found.held is None:
        return pd.DataFrame(columns=list(HALF_HOURS))
    frame, slots = found.study.frame, found.held.slots
    given = None if found.given is None else found.given.slots
    return pd.DataFrame(
        {
            **{name: slots[name] for name in ("at", "open", "needed", "on_duty", "held", "service_level")},
            **{name: frame[name] for name in ("agents", "contacts", "contacts_low", "contacts_high")},
            "given": np.nan if given is None else given["on_duty"],
            "held_given": np.nan if given is None else given["held"],
        },
        columns=list(HALF_HOURS),
    )


def days(found: Plan) -> pd.DataFrame:
    """The plan by day.

    Returns:
        One row a day: ``day``, ``contacts`` (mean of the draws, while open), ``peak`` (most people needed on
        duty), ``paid_hours cost`` (of the shifts of the cheapest roster that start on it), how that roster
        does: ``service_level`` with ``_low`` and ``_high``, ``held_day held_every`` (see ``hold_days``),
        ``service_level_one_less``, ``service_level_one_more`` and ``cost_one_agent`` (of one who answers all
        day), and ``held_day_given`` of the roster that is there (null without one). No row without a study.
    """
    if found.held is None or found.roster is None or found.held.days.empty:
        return pd.DataFrame(columns=list(DAYS))
    rows = found.held.days.set_index("day")
    frame, worked = open_rows(found), found.roster.shifts
    by_day = frame.groupby(frame["at"].dt.normalize())
    changed = found.held.changed.pivot_table(
        index="day", columns="change", values="service_level", dropna=False
    )
    one = found.held.changed[found.held.changed["change"] == 1].set_index("day")
    hours = (worked["paid_hours"] * worked["agents"]).groupby(worked["day"]).sum()
    told = rows.assign(
        peak=by_day["rostered"].max(),
        paid_hours=hours,
        cost=worked.groupby("day")["cost"].sum(),
        service_level_one_less=changed.get(-1, np.nan),
        service_level_one_more=changed.get(1, np.nan),
        cost_one_agent=one["cost"],
        held_day_given=np.nan if found.given is None else found.given.days.set_index("day")["held_day"],
    )
    nobody = told[["paid_hours", "cost"]].fillna(0.0)
    return told.assign(paid_hours=nobody["paid_hours"], cost=nobody["cost"]).reset_index()[list(DAYS)]


def shifts(found: Plan) -> pd.DataFrame:
    """The cheapest roster, a row per kind of shift that is worked (see ``Roster.shifts``)."""
    return pd.DataFrame(columns=list(SHIFTS)) if found.roster is None else found.roster.shifts


def figures(found: Plan) -> dict[str, object]:
    """What a run records and the answer says: plain numbers, null where not known."""
    asked, inputs = found.asked, found.inputs
    rate, handled = inputs.escalation_rate, inputs.handle_time_seconds
    told: dict[str, object] = {
        "staffing_reason": found.reason,
        "target_wait_seconds": asked.target_wait_seconds,
        "service_level": asked.service_level,
        "confidence": asked.assumptions.confidence,
        "shrinkage": asked.assumptions.shrinkage,
        "handle_time_seconds": None
        if found.handle_time_seconds is None
        else middle(found.handle_time_seconds),
        "handle_time_low": None if handled is None else handled[1],
        "handle_time_high": None if handled is None else handled[2],
        "handled": inputs.handled if asked.handle_time_seconds is None else None,
        "escalation_rate": None if found.escalation_rate is None else middle(found.escalation_rate),
        "escalated": rate[0] if rate and asked.escalation_rate is None else None,
        "closed": rate[1] if rate and asked.escalation_rate is None else None,
        "chats_at_once": found.study.service.concurrency if found.study else asked.chats_at_once,
        "chats_measured": inputs.chats_at_once,
        "called_after_seconds": inputs.called_after_seconds,
        "currency": found.rules.currency,
        "replicas": None if found.replicas is None else int(found.replicas["replicas"].max()),
    }
    return told | _rostered(found)


def _rostered(found: Plan) -> dict[str, object]:
    """Of the roster; all null without one."""
    names = (
        *("staffed_since", "staffed_until", "agents_peak", "agents_peak_at", "shifts", "roster_cost"),
        *("roster_hours", "roster_people", "held_day_least", "short", "proven", "held_day_given"),
    )
    if found.study is None or found.roster is None or found.held is None:
        return dict.fromkeys(names)
    frame, at = open_rows(found), found.study.frame["at"]
    busiest = frame.iloc[int(frame["rostered"].argmax())] if len(frame) else None
    held, given = found.held.days["held_day"], found.given
    values = (
        at.iloc[0].date(),
        (at.iloc[-1] + found.study.slot - pd.Timedelta(microseconds=1)).date() + pd.Timedelta(days=1),
        None if busiest is None else int(busiest["rostered"]),
        None if busiest is None else busiest["at"],
        int(found.roster.shifts["agents"].sum()),
        found.roster.cost,
        found.roster.hours,
        found.roster.people,
        float(held.min()) if len(held) else None,
        int(found.roster.missing["short"].sum()),
        found.roster.proven,
        None if given is None or given.days.empty else float(given.days["held_day"].min()),
    )
    return dict(zip(names, values, strict=True))
