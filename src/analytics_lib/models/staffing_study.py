"""Agents for each half-hour, with the draws they come from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from analytics_lib.errors import RequestError
from analytics_lib.models.staffing_draws import (
    arrivals,
    middle,
    seconds_drawn,
    share_drawn,
    step_of,
    steps_of,
)
from analytics_lib.models.staffing_erlang import (
    erlang_a,
    erlang_c,
    fewest_servers,
    in_time,
    mean_wait,
    occupancy,
)
from analytics_lib.models.staffing_terms import Assumptions, Service

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from analytics_lib.models.staffing_draws import Uncertain

    Floats = NDArray[np.float64]

_MOST_LOAD = 1e7
_HOUR = pd.Timedelta(hours=1)


@dataclass(frozen=True)
class Study:
    """Staffing with what it was drawn from.

    Attributes:
        frame: As ``staffing`` gives.
        contacts: Draws by slots: contacts that come.
        needed: Draws by slots: agents that hold the service level.
        handle_seconds: Of each draw: mean handle time.
        patience_seconds: Of each draw: mean patience; null under Erlang-C.
        service: What is promised.
        assumed: What was assumed.
    """

    frame: pd.DataFrame
    contacts: Floats = field(repr=False)
    needed: Floats = field(repr=False)
    handle_seconds: Floats = field(repr=False)
    patience_seconds: Floats | None = field(repr=False)
    service: Service
    assumed: Assumptions

    @property
    def slot(self) -> pd.Timedelta:
        """Length of a slot."""
        return pd.Timedelta(minutes=self.assumed.slot_minutes)

    def in_time(self, agents: ArrayLike) -> Floats:
        """Draws by slots: the service level with so many agents answering, one number a slot."""
        patience = self.patience_seconds
        return in_time(
            self.contacts * self.handle_seconds[:, None] / self.slot.total_seconds(),
            np.asarray(agents, dtype=float) * self.service.concurrency,
            handle_time_seconds=self.handle_seconds[:, None],
            patience_seconds=None if patience is None else patience[:, None],
            target_wait_seconds=self.service.target_wait_seconds,
        )

    def held(self, agents: ArrayLike) -> Floats:
        """Of each slot: the share of the draws in which so many hold the service level; null below 0."""
        given = np.asarray(agents, dtype=float)
        shares: Floats = (self.needed <= given).mean(axis=0)
        known: Floats = np.where(given >= 0, shares, np.nan)
        return known

    def pooled(self, agents: ArrayLike) -> Floats:
        """Of each slot: the share in time of all contacts of all draws; null where none comes, or below 0."""
        given = np.asarray(agents, dtype=float)
        total = self.contacts.sum(axis=0)
        met = (self.contacts * self.in_time(np.maximum(given, 0))).sum(axis=0)
        known = (total > 0) & (given >= 0)
        shares: Floats = np.divide(met, total, out=np.full(total.shape, np.nan), where=known)
        return shares


class _Means(NamedTuple):
    """The numbers themselves, without their intervals."""

    handle_seconds: float
    escalation_rate: float
    patience_seconds: float | None


def study(
    forecast: object,
    *,
    handle_time_seconds: Uncertain,
    escalation_rate: Uncertain,
    service: Service,
    assumptions: Assumptions | None = None,
) -> Study:
    """As ``staffing``, with the draws, so that rosters can be held against them.

    Raises:
        RequestError: As ``staffing``.
    """
    given = assumptions or Assumptions()
    steps, step = steps_of(forecast), step_of(forecast)
    # A slot is no longer than a step: a quarter-hourly forecast is staffed by the quarter-hour.
    assumed = replace(given, slot_minutes=min(given.slot_minutes, int(step.total_seconds() // 60)))
    parts = _parts(step, assumed)
    draws, patient = assumed.draws, assumed.patience_seconds
    came = arrivals(forecast, draws=draws, seed=assumed.seed)
    random = [np.random.default_rng([assumed.seed, place]) for place in range(3)]
    handled = seconds_drawn(handle_time_seconds, "handle_time_seconds", draws=draws, random=random[0])
    rate = share_drawn(escalation_rate, "escalation_rate", draws=draws, random=random[1])
    patience = None
    if patient is not None:
        patience = seconds_drawn(patient, "patience_seconds", draws=draws, random=random[2])
    contacts = came * rate[:, None] / parts
    needed = _needed(contacts, handled, patience, service, assumed)
    expected = steps["expected"].to_numpy(dtype=float) / parts
    found = Study(
        frame=pd.DataFrame({"at": _slots(steps, step, parts), "conversations": np.repeat(expected, parts)}),
        contacts=np.repeat(contacts, parts, axis=1),
        needed=np.repeat(needed, parts, axis=1),
        handle_seconds=handled,
        patience_seconds=patience,
        service=service,
        assumed=assumed,
    )
    means = _Means(
        middle(handle_time_seconds), middle(escalation_rate), None if patient is None else middle(patient)
    )
    return replace(found, frame=_told(found, means))


def _told(found: Study, means: _Means) -> pd.DataFrame:
    frame = found.frame
    # The smallest number that is enough in so many draws is one of those needed.
    agents = np.quantile(found.needed, found.assumed.confidence, axis=0, method="inverted_cdf")
    contacts = frame["conversations"].to_numpy(dtype=float) * means.escalation_rate
    load = contacts * means.handle_seconds / found.slot.total_seconds()
    plain = _fewest(load, np.array(means.handle_seconds), means.patience_seconds, found.service)
    low, high = np.quantile(found.contacts, [0.1, 0.9], axis=0)
    return pd.DataFrame(
        {
            "at": frame["at"],
            "agents": agents.astype(np.int64),
            "rostered": found.assumed.rostered(agents),
            "conversations": frame["conversations"],
            "contacts": contacts,
            "contacts_low": low,
            "contacts_high": high,
            "load_erlangs": load,
            "agents_expected": plain.astype(np.int64),
            "held": found.held(agents),
            "held_one_less": found.held(agents - 1),
            "held_one_more": found.held(agents + 1),
            "held_expected": found.held(plain),
            "in_time": found.pooled(agents),
            "service_level": _level(load, agents, means, found.service),
            "service_level_one_less": _level(load, agents - 1, means, found.service),
            "service_level_one_more": _level(load, agents + 1, means, found.service),
            **_waits(load, agents * found.service.concurrency, means),
        }
    )


def _level(load: Floats, agents: Floats, means: _Means, service: Service) -> Floats:
    """Service level at the expected load; null where nobody is expected, or below no agent."""
    level = in_time(
        load,
        np.maximum(agents, 0) * service.concurrency,
        handle_time_seconds=means.handle_seconds,
        patience_seconds=means.patience_seconds,
        target_wait_seconds=service.target_wait_seconds,
    )
    return np.where((load > 0) & (agents >= 0), level, np.nan)


def _waits(load: Floats, servers: Floats, means: _Means) -> dict[str, Floats]:
    """What waiting is like at the expected load."""
    handled, patience = means.handle_seconds, means.patience_seconds
    if patience is None:
        waits, abandoned = erlang_c(load, servers), np.full(load.shape, np.nan)
        seconds = mean_wait(load, servers, handle_time_seconds=handled)
    else:
        waits, abandoned = erlang_a(load, servers, handle_time_seconds=handled, patience_seconds=patience)
        # Of those who wait, one a patience gives up.
        seconds = abandoned * patience
    return {
        "wait_probability": waits,
        "mean_wait_seconds": seconds,
        "occupancy": occupancy(load * (1 - np.nan_to_num(abandoned)), servers),
        "abandoned": abandoned,
    }


def _needed(
    contacts: Floats, handled: Floats, patience: Floats | None, service: Service, assumed: Assumptions
) -> Floats:
    load = contacts * handled[:, None] / (60 * assumed.slot_minutes)
    if load.max(initial=0) > _MOST_LOAD:
        raise RequestError(f"A draw has {load.max():,.0f} chats at once; expected up to {_MOST_LOAD:,.0f}.")
    return _fewest(load, handled[:, None], None if patience is None else patience[:, None], service)


def _fewest(load: Floats, handled: Floats, patience: ArrayLike | None, service: Service) -> Floats:
    servers = fewest_servers(
        load,
        handle_time_seconds=handled,
        target_wait_seconds=service.target_wait_seconds,
        level=service.service_level,
        step=service.concurrency,
        patience_seconds=patience,
    )
    return servers / service.concurrency


def _slots(steps: pd.DataFrame, step: pd.Timedelta, parts: int) -> pd.Series:
    """Where each part of each step begins."""
    starts = steps["at"].repeat(parts).reset_index(drop=True)
    return starts + pd.Series(np.tile(np.arange(parts), len(steps))) * (step / parts)


def _parts(step: pd.Timedelta, assumed: Assumptions) -> int:
    if step > _HOUR:
        raise RequestError(
            f"A step of the forecast lasts {step}; people are staffed within the day, so expected an hour or "
            "less. Forecast by the hour."
        )
    minutes = assumed.slot_minutes
    if not minutes or step % pd.Timedelta(minutes=minutes) != pd.Timedelta(0):
        raise RequestError(
            f"slot_minutes is {minutes}; a step of the forecast lasts {step}, so expected a part."
        )
    return int(step // pd.Timedelta(minutes=minutes))
