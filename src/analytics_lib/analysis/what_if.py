"""What if more went from one event to another: conversion in an absorbing Markov chain (``journey_chain``).

A journey is cut at its first outcome; outcome and end absorb. To improve a transition is to raise its share
of what leaves the source by so many points, and to shrink the other shares of the source to fit.

The chain of all journeys gives back their conversion by construction, so that alone proves nothing. It is
also asked what it makes of the source and of the target: of the visits to each, how many end in the outcome.
Where that lies outside the interval of what was observed, what follows depends on more than the last event,
and there is no answer. Even where there is one, those who would be moved may be unlike those who went by
themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from analytics_lib.analysis.journey_chain import Chain, cut, moves
from analytics_lib.analysis.journey_counts import shares
from analytics_lib.analysis.journey_events import SESSION_GAP, check_event, load
from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.metrics.bootstrap import DRAWS, SEED, percentiles
from analytics_lib.schema import FUNNEL_STAGES

if TYPE_CHECKING:
    import datetime as dt

    from analytics_lib.analysis.journey_chain import Moves
    from analytics_lib.analysis.journey_events import Journeys
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

PARTS = (0.0, 0.25, 0.5, 1.0)
OVERALL = "overall"


@dataclass(frozen=True)
class WhatIf:
    """What an improved transition would come to.

    Attributes:
        source: The event that is left.
        target: The event that more would go to.
        outcome: The event that counts as conversion.
        unit: What a journey is.
        journeys: How many there are.
        users: Whose.
        conversions: How many journeys have the outcome.
        grid: One row for none, a quarter, half and all of the improvement: ``improvement`` (points added to
            the share, 0 to 1), ``probability`` (that share then), ``conversion`` of journeys with its 95 %
            limits ``low`` ``high``, ``effect`` on it with ``effect_low`` ``effect_high``,
            ``extra_conversions`` (effect times journeys), ``steps`` (expected events before the end). Limits
            are percentiles of a bootstrap over users; null for fewer than two users.
        checks: How the unchanged model meets what was observed; a row each for ``overall``, the source and
            the target (unless it is the outcome): ``state``, ``visits`` (of ``overall`` the journeys),
            ``converted`` of them, ``observed`` with its limits ``low`` ``high``, ``model``.
        draws: Of the bootstrap.
        seed: Of its random numbers.
    """

    source: str
    target: str
    outcome: str
    unit: str
    journeys: int
    users: int
    conversions: int
    grid: pd.DataFrame
    checks: pd.DataFrame
    draws: int
    seed: int


class _Question(NamedTuple):
    """The events asked about, as places among all that occur."""

    source: int
    target: int
    outcome: int

    def chain(self, counts: np.ndarray) -> Chain:
        return Chain(counts, self.outcome, self.source, self.target)


def what_if(  # noqa: PLR0913  # what a page may ask
    store: Store,
    *,
    source: str,
    target: str,
    improvement: float,
    since: Moment,
    until: Moment,
    unit: str = "conversation",
    outcome: str = FUNNEL_STAGES[-1],
    gap: dt.timedelta = SESSION_GAP,
) -> WhatIf:
    """Conversion if a greater share of what leaves one event went to another.

    Args:
        store: Read: ``events``.
        source: The event that is left.
        target: The event that should follow it more often; may be the outcome.
        improvement: Points added to the share of the target, above 0 and at most what the others have.
        since: Start of the window; an edge of the window cuts journeys.
        until: Its end, excluded.
        unit: What a journey is: conversation, user or session.
        outcome: The event that counts as conversion.
        gap: The longest pause within a session.

    Raises:
        RequestError: As ``journey_events.load``; if an event is unknown, source and target or outcome are
            the same, the improvement is out of range, or journeys would never end.
        NotEnoughDataError: If no journey leaves the source before the outcome, none reaches the target, or
            the unchanged model does not give back what was observed.
    """
    journeys = load(store, since=since, until=until, unit=unit, gap=gap)
    asked = _question(journeys.names, source, target, outcome)
    short = cut(journeys, asked.outcome)
    counted = moves(short, asked.outcome)
    chain = asked.chain(counted.observed())
    _check_visited(short, asked)
    _check_improvement(improvement, chain, asked, journeys.names)
    checks = _checks(short, chain, asked)
    _refuse_misfit(checks, unit)
    return WhatIf(
        source=source,
        target=target,
        outcome=outcome,
        unit=unit,
        journeys=len(short),
        users=int(counted.users.sum()),
        conversions=int(checks["converted"].iloc[0]),
        grid=_grid(counted, chain, asked, improvement, len(short)),
        checks=checks,
        draws=DRAWS,
        seed=SEED,
    )


def _question(names: list[str], source: str, target: str, outcome: str) -> _Question:
    given = {"source": source, "target": target, "outcome": outcome}
    places = [check_event(name, role, names) for role, name in given.items()]
    if source in (target, outcome):
        raise RequestError(
            f"source is {source!r}, and so is the {'target' if source == target else 'outcome'}. Give a "
            "source that leads to another event before the outcome."
        )
    return _Question(*places)


def _check_visited(journeys: Journeys, asked: _Question) -> None:
    visits = np.bincount(journeys.codes, minlength=len(journeys.names))
    for place in (asked.source, asked.target):
        if not visits[place]:
            name, outcome = journeys.names[place], journeys.names[asked.outcome]
            raise NotEnoughDataError(
                f"No journey has {name!r} before its first {outcome!r}, so nothing is known of what follows. "
                "Choose another event, or a longer window."
            )


def _check_improvement(improvement: float, chain: Chain, asked: _Question, names: list[str]) -> None:
    left = 1 - chain.probability
    pair = f"{names[asked.source]} → {names[asked.target]}"
    # Who asks for all of the rest means it, though 1 - 0.8 is a little less than 0.2.
    if not 0 < improvement <= left + 1e-9:
        raise RequestError(
            f"improvement is {improvement}; expected points above 0 and at most {left:.4f}, since the share "
            f"of {pair} is {chain.probability:.4f} already."
        )
    try:
        chain.answer(improvement)
    except ZeroDivisionError as error:
        raise RequestError(
            f"With an improvement of {improvement} of {pair} journeys would never end. Give a smaller one."
        ) from error


def _checks(journeys: Journeys, chain: Chain, asked: _Question) -> pd.DataFrame:
    """What the unchanged model says beside what was observed."""
    converted = journeys.codes[journeys.starts[1:] - 1] == asked.outcome
    own = shares(converted.astype(np.int64), journeys.users, width=2, wanted=np.array([1]))
    rows = [(OVERALL, own, chain.answer().conversion)]
    numbers = journeys.numbers
    for state in dict.fromkeys((asked.source, asked.target)):
        if state != asked.outcome:
            visited = numbers[journeys.codes == state]
            keys = converted[visited].astype(np.int64)
            own = shares(keys, journeys.users[visited], width=2, wanted=np.array([1]))
            rows.append((journeys.names[state], own, float(chain.converting[state])))
    frames = [
        pd.DataFrame(
            {"state": state, "visits": own.totals, "converted": own.counts, **own.columns(), "model": model}
        )
        for state, own, model in rows
    ]
    return pd.concat(frames, ignore_index=True).rename(columns={"share": "observed"})


def _refuse_misfit(checks: pd.DataFrame, unit: str) -> None:
    # The model repeats the observed share up to a rounding where nothing is left to chance.
    missed = checks[(checks["model"] < checks["low"] - 1e-9) | (checks["model"] > checks["high"] + 1e-9)]
    for row in missed.to_dict("records"):
        raise NotEnoughDataError(
            f"The unchanged model gives a conversion of {row['model']:.4f} for {row['state']!r}, where "
            f"{row['converted']:,} of {row['visits']:,} were observed: {row['observed']:.4f}, 95 % interval "
            f"{row['low']:.4f} to {row['high']:.4f}. What follows an event here depends on more than that "
            f"event, so the model cannot say what a change would do. Try another unit than {unit!r}, or a "
            "window in which less changed."
        )


def _grid(counted: Moves, chain: Chain, asked: _Question, improvement: float, journeys: int) -> pd.DataFrame:
    steps = np.array(PARTS) * improvement
    answers = [chain.answer(step) for step in steps]
    conversion = np.array([answer.conversion for answer in answers])
    drawn = _drawn(counted, asked, steps) if counted.users.sum() > 1 else np.empty((0, len(steps)))
    limits, effects = (
        np.array([percentiles(column) for column in each.T]) for each in (drawn, drawn - drawn[:, :1])
    )
    return pd.DataFrame(
        {
            "improvement": steps,
            "probability": (chain.probability + steps).clip(max=1.0),
            "conversion": conversion,
            "low": limits[:, 0],
            "high": limits[:, 1],
            "effect": conversion - conversion[0],
            "effect_low": effects[:, 0],
            "effect_high": effects[:, 1],
            "extra_conversions": (conversion - conversion[0]) * journeys,
            "steps": [answer.steps for answer in answers],
        }
    )


def _drawn(counted: Moves, asked: _Question, steps: np.ndarray) -> np.ndarray:
    """Conversion in every draw: a row for each draw in which anybody leaves the source."""
    rows = []
    for counts in counted.drawn(DRAWS, SEED):
        if counts[asked.source].any():
            chain = asked.chain(counts)
            try:
                rows.append([chain.answer(step).conversion for step in steps])
            except ZeroDivisionError:
                continue
    return np.array(rows).reshape(len(rows), len(steps))
