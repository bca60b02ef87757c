"""What to do, as data: when, how many, why, and what it costs. Words are given to it where it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from analytics_lib.models.staffing_page import Plan

    Advice = dict[str, object]


def recommendations(found: Plan) -> list[Advice]:
    """What the plan comes to, most important first; nothing where there is no study.

    Returns:
        One dict each, with its ``code`` and: ``peak`` (``since until`` of the stretch with most on duty,
        ``agents`` on duty, ``answering``, ``contacts contacts_low contacts_high`` in it, ``held``, ``cost``
        of these hours), ``roster`` (``shifts hours people cost``, ``held_day`` of its worst day, ``day``,
        ``proven``), ``short`` (``at`` of the worst slot, ``missing`` there, ``slots``), ``given`` (``at`` of
        its worst half-hour, ``held``, ``on_duty needed``, ``held_day`` of its worst day ``day``, ``cost``,
        ``difference`` to the cheapest), ``mean`` (``at`` where the expected values alone mislead most,
        ``agents``, ``agents_expected``, ``held_expected``, ``slots``, ``of`` slots, ``cost`` of what is
        planned beyond them), ``more`` and ``less`` (the day on which one agent more helps most, or less hurts
        least: ``day``, ``service_level service_level_changed held_day held_day_changed cost``), ``outside``
        (``contacts`` that come while closed, ``share``), ``bot`` (``at replicas spare messages_per_second``).
    """
    if found.study is None or found.held is None or found.roster is None:
        return _bot(found)
    parts = (_short, _peak, _roster, _given, _mean, _changed, _outside, _bot)
    return [told for part in parts for told in part(found)]


def _peak(found: Plan) -> list[Advice]:
    frame, hourly = open_rows(found), _hourly(found)
    if frame.empty or not frame["rostered"].max() > 0:
        return []
    most = frame["rostered"] == frame["rostered"].max()
    # A stretch ends with the hours of a day. The longest; of equals the one with most contacts.
    begins = (most != most.shift()) | (frame["at"].dt.normalize() != frame["at"].dt.normalize().shift())
    stretches = frame[most].groupby(begins.cumsum()[most])["contacts"].agg(["size", "sum"])
    longest = stretches.sort_values(["size", "sum"]).index[-1]
    rows = frame.loc[begins.cumsum()[begins.cumsum() == longest].index]
    return [
        {
            "code": "peak",
            "since": rows["at"].iloc[0],
            "until": rows["at"].iloc[-1] + found.study.slot if found.study else None,
            "agents": int(rows["rostered"].iloc[0]),
            "answering": int(rows["agents"].max()),
            **{name: float(rows[name].sum()) for name in ("contacts", "contacts_low", "contacts_high")},
            "held": float(rows["held"].min()),
            "cost": float((rows["rostered"] * hourly[rows.index]).sum()),
        }
    ]


def _roster(found: Plan) -> list[Advice]:
    roster, days = found.roster, found.held.days if found.held else pd.DataFrame()
    if roster is None or roster.shifts.empty or days.empty:
        return []
    worst = _least(days, "held_day")
    return [
        {
            "code": "roster",
            "shifts": int(roster.shifts["agents"].sum()),
            "hours": roster.hours,
            "people": roster.people,
            "cost": roster.cost,
            "day": worst["day"],
            "held_day": float(worst["held_day"]),
            "proven": roster.proven,
        }
    ]


def _short(found: Plan) -> list[Advice]:
    missing = found.roster.missing if found.roster else pd.DataFrame()
    if missing.empty:
        return []
    worst = missing.iloc[int(missing["short"].argmax())]
    return [
        {"code": "short", "at": worst["at"], "missing": int(worst["short"]), "slots": len(missing)}
        | {"needed": int(worst["needed"])}
    ]


def _given(found: Plan) -> list[Advice]:
    if found.given is None or found.roster is None or found.given.days.empty:
        return []
    slots = found.given.slots
    slots = slots[slots["open"]]
    worst, day = _least(slots, "held"), _least(found.given.days, "held_day")
    return [
        {
            "code": "given",
            **{name: worst[name] for name in ("at", "held", "on_duty", "needed")},
            "day": day["day"],
            "held_day": float(day["held_day"]),
            "cost": found.given.cost,
            "difference": found.given.cost - found.roster.cost,
        }
    ]


def _mean(found: Plan) -> list[Advice]:
    frame, hourly = open_rows(found), _hourly(found)
    fewer = frame[frame["agents_expected"] < frame["agents"]]
    if fewer.empty or found.study is None:
        return []
    worst = _least(fewer, "held_expected")
    beyond = frame["rostered"] - found.study.assumed.rostered(frame["agents_expected"])
    return [
        {
            "code": "mean",
            "at": worst["at"],
            "agents": int(worst["agents"]),
            "agents_expected": int(worst["agents_expected"]),
            "held_expected": float(worst["held_expected"]),
            "slots": len(fewer),
            "of": len(frame),
            "cost": float((beyond * hourly[frame.index]).sum()),
        }
    ]


def _changed(found: Plan) -> list[Advice]:
    """Where one agent more brings most contacts into time, and where one less loses fewest of them."""
    held = found.given or found.held
    if held is None or not held.days["contacts"].sum() > 0:
        return []
    wide = held.changed.pivot_table(index="day", columns="change", values="in_time", aggfunc="first")
    days = {"more": (1, (wide[1] - wide[0]).idxmax()), "less": (-1, (wide[-1] - wide[0]).idxmax())}
    return [
        {"code": code, **_difference(held.changed[held.changed["day"] == day], change)}
        for code, (change, day) in days.items()
    ]


def _difference(of_day: pd.DataFrame, change: int) -> Advice:
    now, then = (of_day[of_day["change"] == each].iloc[0] for each in (0, change))
    names = ("service_level", "held_day")
    return (
        {"day": now["day"], "cost": float(then["cost"]), "contacts": float(then["in_time"] - now["in_time"])}
        | {name: float(now[name]) for name in names}
        | {f"{name}_changed": float(then[name]) for name in names}
    )


def _outside(found: Plan) -> list[Advice]:
    if found.study is None or found.open_at is None:
        return []
    contacts = found.study.frame["contacts"]
    closed = float(contacts[~found.open_at].sum())
    if not closed > 0:
        return []
    return [{"code": "outside", "contacts": closed, "share": closed / float(contacts.sum())}]


def _bot(found: Plan) -> list[Advice]:
    if found.replicas is None or not found.replicas["messages"].max() > 0:
        return []
    # Of half-hours that need as many, the busiest.
    worst = found.replicas.sort_values(["replicas", "messages"], kind="stable").iloc[-1]
    names = ("at", "replicas", "messages_per_second", "held")
    return [{"code": "bot", **{name: worst[name] for name in names}, "spare": found.asked.bot.spare}]


def open_rows(found: Plan) -> pd.DataFrame:
    """Of the study, the half-hours in which people answer; none without a study."""
    if found.study is None or found.open_at is None:
        return pd.DataFrame()
    return found.study.frame.loc[found.open_at]


def _least(rows: pd.DataFrame, column: str) -> pd.Series:
    """The row with the least of a column, of equals the first."""
    return rows.iloc[int(rows[column].argmin())]


def _hourly(found: Plan) -> pd.Series:
    """What one on duty costs in each slot."""
    if found.study is None:
        return pd.Series(dtype=float)
    hours = found.study.slot.total_seconds() / 3600
    return pd.Series(found.rules.hourly_cost(found.study.frame["at"]) * hours)
