"""Patterns of behaviour: what many units do alike, and what tells those who buy from those who leave.

A unit (conversation, user or session) contains a pattern if its events occur in this order, with at most
``max_gap`` others between two that follow each other. Support is the share of units that contain it. Absent
rows are patterns too rare for the limits asked for; a null share or ratio has nothing to be compared with.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.analysis import pattern_ends, pattern_tells
from analytics_lib.analysis.pattern_closed import mine
from analytics_lib.analysis.pattern_events import choose, code_of, read_journeys, read_people, users_of
from analytics_lib.analysis.pattern_growth import Rules, distinct
from analytics_lib.errors import RequestError
from analytics_lib.metrics.intervals import wilson_limits
from analytics_lib.periods import Moment, utc_moment

if TYPE_CHECKING:
    from analytics_lib.analysis.pattern_events import Asked, Journeys, Segment
    from analytics_lib.store import Store

__all__ = [
    "Rules",
    "drop_off_patterns",
    "frequent_paths",
    "sequential_patterns",
    "success_patterns",
    "tells",
]

OVER_AFTER = dt.timedelta(hours=24)
PATTERN_RULES = Rules()
# Every pattern tested makes the correction for the others stricter: short ones say most.
TELL_RULES = Rules(max_length=3, max_gap=None)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def frequent_paths(
    store: Store,
    *,
    since: Moment,
    until: Moment,
    unit: str = "conversation",
    segment: Segment | None = None,
    limit: int = 20,
) -> pd.DataFrame:
    """The whole paths that most units take.

    Args:
        store: Read: ``events``, ``conversations``, ``users``.
        since: First moment of the window.
        until: The first moment after it.
        unit: conversation, user or session (a pause of more than 30 minutes ends one).
        segment: Only units with this value of a dimension (channel, entry_point, city, region, country,
            segment), such as ``("channel", "whatsapp")``; ``unknown`` = the value is not known.
        limit: Most rows.

    Returns:
        One row per path, most frequent first: ``path`` (list of event names), ``units`` with exactly this
        path, ``users`` of theirs, ``units_total``, ``support`` (units / units_total). Empty without events.

    Raises:
        RequestError: If the unit, the dimension, its value or the limit is refused, the window is empty of
            time, or it holds more events than memory.
    """
    _at_least_one("limit", limit)
    journeys = read_journeys(store, choose(since, until, unit=unit, segment=segment))
    world = distinct(journeys, least=1)
    shown = np.lexsort((np.arange(len(world.units)), -world.units))[:limit]
    users = users_of(journeys, world.of_unit)
    paths = [world.codes[world.starts[one] : world.starts[one + 1]] for one in shown]
    frame = pd.DataFrame(
        {"path": _named(journeys, paths), "units": world.units[shown], "users": users[shown]}
    )
    return frame.assign(units_total=len(journeys), support=frame["units"] / max(len(journeys), 1))


def sequential_patterns(
    store: Store,
    *,
    since: Moment,
    until: Moment,
    unit: str = "conversation",
    segment: Segment | None = None,
    rules: Rules = PATTERN_RULES,
) -> pd.DataFrame:
    """The closed patterns that enough units contain: no longer pattern is contained in just the same units.

    Args:
        store: Read: ``events``, ``conversations``, ``users``.
        since: First moment of the window.
        until: The first moment after it.
        unit: conversation, user or session.
        segment: As ``frequent_paths``.
        rules: Length, gap and support of a pattern.

    Returns:
        One row per pattern, most frequent first, then longer first: ``pattern`` (list of event names),
        ``length``, ``units`` that contain it, ``units_total``, ``users_total``, ``support``
        (units / units_total), ``low`` and ``high`` (95 %, Wilson, as sure as if each user counted once).

    Raises:
        RequestError: As ``frequent_paths``, or if the search would be too large; the message says what to do.
    """
    journeys = read_journeys(store, choose(since, until, unit=unit, segment=segment))
    least = rules.least(len(journeys))
    found = mine(distinct(journeys, least=least), rules, least=least)
    units = np.array([one.units for one in found], dtype=np.int64)
    users = len(np.unique(journeys.people))
    support = units / max(len(journeys), 1)
    low, high = wilson_limits(support * users, np.full(len(found), float(users)))
    return pd.DataFrame(
        {
            "pattern": _named(journeys, [one.pattern for one in found]),
            "length": np.array([len(one.pattern) for one in found], dtype=np.int64),
            "units": units,
            "units_total": len(journeys),
            "users_total": users,
            "support": support,
            "low": low,
            "high": high,
        }
    )


def tells(
    store: Store,
    *,
    outcome: str,
    since: Moment,
    until: Moment,
    unit: str = "conversation",
    segment: Segment | None = None,
    rules: Rules = TELL_RULES,
) -> pd.DataFrame:
    """Patterns that tell units that reach an outcome from those that do not.

    Journeys are cut at the first outcome. Lifts are Mantel-Haenszel ratios within strata of length (deciles)
    and segment of the user, tested on half of the users (by a hash of their id); ``flow_`` compares at the
    same point of the flow (``pattern_strata``), and ``held_out_`` does so on the other half. Patterns with 30
    units or more on either side are looked at, one, the shortest, for each set of units that have the same.
    Units without the outcome whose last event is less than 24 hours before ``until`` may reach it yet and are
    left out. With ``unit="user"`` a pattern that spans two conversations says above all that the first one
    ended without the outcome.

    Args:
        store: Read: ``events``, ``conversations``, ``users``.
        outcome: Name of the event that counts as success.
        since: First moment of the window.
        until: The first moment after it.
        unit: conversation, user or session.
        segment: As ``frequent_paths``.
        rules: Length, gap and support of a pattern.

    Returns:
        One row per pattern, tells first: ``pattern`` (list of event names), ``length``, ``verdict``:

        - ``buyers`` or ``leavers``: a tell; its flow lift is above or below 1 with 5 % false discoveries
          (Benjamini and Hochberg 1995), and so on held-out users;
        - ``structural``: 99 % or more of the units that reach the outcome have it, so it is not tested;
        - ``flow``: differs by length only because of how far its units got;
        - ``length``: differs at the same point of the flow only because its units have more events;
        - ``not_replicated``: the other half of the users does not show it;
        - ``chance``: does not differ; ``few``: under 30 units to compare on a side.

        ``part_of`` (the shortest tell of the same verdict inside it; null = none); ``units`` with it,
        ``outcome_units`` of them that reached the outcome, ``other_units`` and ``other_outcome_units``
        without it, ``units_total``, ``support``; ``outcome_rate``, ``other_outcome_rate`` and their quotient
        ``naive_lift``; ``lift low high p_value adjusted_p_value structural``; ``flow_lift flow_low flow_high
        flow_p_value flow_adjusted_p_value``; ``length_lift length_p_value length_adjusted_p_value`` (the
        flow's, within strata of the number of events so far; null where the flow's p-value is above 5 %);
        ``held_out_lift held_out_low held_out_high replicated`` (null = under 30 held-out units on a side).
        Intervals are 95 %; null where nothing can be compared.

    Raises:
        RequestError: As ``sequential_patterns``, if the outcome is no event of the window (with the nearest
            name), or if more than 2,000 patterns would have to be tested.
        NotEnoughDataError: If nobody or everybody reached the outcome.
    """
    given = _outcomes(store, choose(since, until, unit=unit, segment=segment), outcome, until)
    return pattern_tells.tested_patterns(given, rules)


def drop_off_patterns(  # noqa: PLR0913  # which units, and what of them
    store: Store,
    *,
    outcome: str,
    since: Moment,
    until: Moment,
    unit: str = "conversation",
    segment: Segment | None = None,
    last: int = 3,
    limit: int = 20,
) -> pd.DataFrame:
    """The last events of journeys that ended without the outcome, beside those that went on from the same.

    Args:
        store: Read: ``events``, ``conversations``, ``users``.
        outcome: Name of the event that was not reached.
        since: First moment of the window.
        until: The first moment after it; what ended less than 24 hours before it may go on and is left out.
        unit: conversation, user or session.
        segment: As ``frequent_paths``.
        last: How many events are looked at, ``start`` being the one before the first.
        limit: Most rows.

    Returns:
        One row per run of events, the one most ended with first: ``pattern`` (list), ``units`` in which these
        occur directly one after the other before the outcome, ``ended`` of them there without the outcome,
        ``went_on`` the others, ``outcome_units`` of all that reached it, ``ended_rate`` (ended / units) with
        ``low`` and ``high`` (95 %, Wilson on the effective size), ``share`` (ended / all units that ended
        without the outcome), ``last_event_ended_rate`` (ended there / units with the last event alone) and
        ``lift`` (ended_rate / last_event_ended_rate).

    Raises:
        RequestError: As ``tells``.
        NotEnoughDataError: As ``tells``.
    """
    _at_least_one("limit", limit)
    _at_least_one("last", last)
    given = _outcomes(store, choose(since, until, unit=unit, segment=segment), outcome, until)
    return pattern_ends.ends_without(given, last=last, limit=limit)


def success_patterns(  # noqa: PLR0913  # which units, and what of them
    store: Store,
    *,
    outcome: str,
    since: Moment,
    until: Moment,
    unit: str = "conversation",
    segment: Segment | None = None,
    last: int = 3,
    limit: int = 20,
) -> pd.DataFrame:
    """The events directly before the outcome, and how often it is reached by units that have them.

    Args:
        store: Read: ``events``, ``conversations``, ``users``.
        outcome: Name of the event that counts as success.
        since: First moment of the window.
        until: The first moment after it.
        unit: conversation, user or session.
        segment: As ``frequent_paths``.
        last: How many events are looked at, ``start`` being the one before the first.
        limit: Most rows.

    Returns:
        One row per run of events, most frequent first: ``pattern`` (list), ``before`` (units whose outcome
        came directly after it), ``share`` (before / units that reached the outcome), ``units`` in which the
        run occurs before the outcome, ``outcome_units`` of them that reached it, ``outcome_rate`` with
        ``low`` and ``high`` (95 %, Wilson on the effective size), ``lift`` (Mantel-Haenszel at the same
        point of the flow, or by length where there is none, against units without the run) with ``lift_low``
        and ``lift_high`` (bootstrap over users), ``structural`` (99 % or more of the units that reach the
        outcome have it). Lifts are null where structural, or with under 30 units on a side.

    Raises:
        RequestError: As ``tells``.
        NotEnoughDataError: As ``tells``.
    """
    _at_least_one("limit", limit)
    _at_least_one("last", last)
    given = _outcomes(store, choose(since, until, unit=unit, segment=segment), outcome, until)
    return pattern_ends.before_outcome(given, last=last, limit=limit)


def _outcomes(store: Store, asked: Asked, outcome: str, until: Moment) -> pattern_tells.Outcomes:
    journeys = read_journeys(store, asked)
    code = code_of(journeys, outcome)
    decided_before = (utc_moment(until) - OVER_AFTER - _EPOCH) // dt.timedelta(microseconds=1)
    people = read_people(store, asked)
    return pattern_tells.until_outcome(journeys, code, people=people, decided_before=decided_before)


def _named(journeys: Journeys, runs: list[np.ndarray] | list[tuple[int, ...]]) -> pd.Series:
    return pd.Series([[journeys.names[code] for code in run] for run in runs], dtype=object)


def _at_least_one(name: str, value: int) -> None:
    """Refuse a number that would ask for nothing.

    Raises:
        RequestError: If it is below 1.
    """
    if value < 1:
        raise RequestError(f"{name} is {value}; expected at least 1.")
