"""Simpler views of who leaves, to hold a churn model against: others' gaps, and how often somebody came.

- ``survival``: of all gaps between days with activity, how many that had lasted so long lasted the horizon
  more (Kaplan and Meier, first gaps and later ones apart): ``S(silent + horizon) / S(silent)``.
- ``repeat``: MBG/NBD over the days with activity: left unless active and active again in the horizon,
  ``1 - P(alive) (1 - ((alpha + T) / (alpha + T + h))^(r + x))``.
- ``orders``: MBG/NBD over days with an order, for who has bought: ``1 - P(alive)``, the probability that no
  order will ever come; it knows of no other contact.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.errors import NotTrainableError
from analytics_lib.metrics.survival import kaplan_meier
from analytics_lib.models.lifetime_repeat import fit_mbg_nbd

if TYPE_CHECKING:
    from analytics_lib.models.churn_activity import Activity
    from analytics_lib.models.lifetime_fitting import Floats
    from analytics_lib.models.lifetime_repeat import RepeatModel
    from analytics_lib.store import Store

DAYS_A_WEEK = 7.0
LONGEST_DAYS = 365

_CONTACT_GAPS = """
with moments as (
    select user_id, sent_local::date as day from messages where sender = 'user' and sent_at < $cutoff
    union all
    select conversations.user_id, conversations.started_local::date as day
    from conversations
    left join messages on conversations.conversation_id = messages.conversation_id
    where messages.conversation_id is null and conversations.started_at < $cutoff
),
days as (
    select distinct user_id, day from moments
),
gaps as (
    select
        day,
        lead(day) over (partition by user_id order by day) as next_day,
        row_number() over (partition by user_id order by day) as number
    from days
)
select
    number = 1 as first_gap,
    next_day is not null as ended,
    date_diff('day', day, coalesce(next_day, $last_day::date))::bigint as days,
    count(*)::bigint as gaps
from gaps
group by number = 1, next_day is not null, date_diff('day', day, coalesce(next_day, $last_day::date))
order by first_gap, days, ended
"""

_ORDER_GAPS = """
with days as (
    select distinct user_id, ordered_local::date as day
    from orders
    where amount > 0 and ordered_at < $cutoff
),
gaps as (
    select
        day,
        lead(day) over (partition by user_id order by day) as next_day,
        row_number() over (partition by user_id order by day) as number
    from days
)
select
    number = 1 as first_gap,
    next_day is not null as ended,
    date_diff('day', day, coalesce(next_day, $last_day::date))::bigint as days,
    count(*)::bigint as gaps
from gaps
group by number = 1, next_day is not null, date_diff('day', day, coalesce(next_day, $last_day::date))
order by first_gap, days, ended
"""

_GAPS = {"contact": _CONTACT_GAPS, "order": _ORDER_GAPS}


def gaps(store: Store, *, cutoff: dt.datetime, activity: Activity) -> pd.DataFrame:
    """How long the gaps between days with activity lasted, those still going on at the cutoff among them.

    Returns:
        One row per length: ``first_gap`` (the one after a user's first day), ``ended``, ``days``, ``gaps``.
    """
    last = pd.Timestamp(cutoff) - pd.Timedelta(microseconds=1)
    return store.query(_GAPS[activity], cutoff=cutoff, last_day=last.date())


def survival(found: pd.DataFrame, *, until_days: int) -> pd.DataFrame:
    """The share of gaps that lasted longer than each number of days.

    Args:
        found: As ``gaps`` gives.
        until_days: How far to look.

    Returns:
        One row per group and day from 0: ``first_gap days survival low high at_risk``.
    """
    times = np.arange(min(until_days, LONGEST_DAYS) + 1, dtype=float)
    frames = []
    for first, rows in found.groupby("first_gap"):
        lengths = np.repeat(rows["days"].to_numpy(dtype=float), rows["gaps"])
        curve = kaplan_meier(lengths, np.repeat(rows["ended"].to_numpy(dtype=bool), rows["gaps"]), times)
        frames.append(pd.DataFrame({"first_gap": first, "days": times.astype(int), **curve._asdict()}))
    columns = ["first_gap", "days", "survival", "low", "high", "at_risk"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def by_survival(people: pd.DataFrame, found: pd.DataFrame, *, horizon: dt.timedelta) -> Floats:
    """P(left) of each row by how long others' gaps lasted; null where no gap lasted as long.

    Args:
        people: ``occasions silent_days``, as ``labelled`` gives.
        found: As ``gaps`` gives, at the same cutoff.
        horizon: How far the prediction looks.
    """
    silent, span = people["silent_days"].to_numpy(dtype=float), horizon / dt.timedelta(days=1)
    once = people["occasions"].to_numpy() == 1
    left = np.full(len(people), np.nan)
    for first, rows in found.groupby("first_gap"):
        mine = once == bool(first)
        lengths = np.repeat(rows["days"].to_numpy(dtype=float), rows["gaps"])
        ended = np.repeat(rows["ended"].to_numpy(dtype=bool), rows["gaps"])
        times, place = np.unique(np.concatenate([silent[mine], silent[mine] + span]), return_inverse=True)
        read = kaplan_meier(lengths, ended, times).survival[place]
        now, then = read[: mine.sum()], read[mine.sum() :]
        left[mine] = np.where(now > 0, then / np.where(now > 0, now, 1), np.nan)
    return left


def by_repeats(
    people: pd.DataFrame, *, cutoff: dt.datetime, horizon: dt.timedelta | None
) -> tuple[Floats, RepeatModel | None]:
    """P(left) of each row by MBG/NBD over days with activity, and the model; null where it cannot be fitted.

    Args:
        people: ``occasions first_at silent_days``, as ``labelled`` gives.
        cutoff: The same.
        horizon: How far the prediction looks; null = for ever: the probability of having dropped out.
    """
    weeks = pd.Timedelta(days=DAYS_A_WEEK)
    age = ((pd.Timestamp(cutoff) - pd.to_datetime(people["first_at"], utc=True)) / weeks).astype(float)
    repeated = people["occasions"] > 1
    recency = np.where(repeated, (age - people["silent_days"] / DAYS_A_WEEK).clip(lower=0), 0.0)
    summary = pd.DataFrame({"frequency": people["occasions"] - 1, "recency": recency, "age": age})
    try:
        model = fit_mbg_nbd(summary)
    except NotTrainableError:
        return np.full(len(people), np.nan), None
    if horizon is None:
        return 1 - model.probability_alive(summary), model
    return silent_for(model, summary, horizon), model


def silent_for(model: RepeatModel, summary: pd.DataFrame, horizon: dt.timedelta) -> Floats:
    """P(no order in the horizon) of each row: dead, or alive and not ordering."""
    time = model.units(horizon)
    x, age = (summary[name].to_numpy(dtype=float) for name in ("frequency", "age"))
    quiet = ((model.alpha + age) / (model.alpha + age + time)) ** (model.r + x)
    left: Floats = 1 - model.probability_alive(summary) * (1 - quiet)
    return left
