"""How many replicas of the bot a forecast needs: messages wait for one of several, as people do for agents.

Messages = conversations of the forecast times messages a conversation. A replica answers ``concurrency``
messages at once, each in ``response_seconds``; Erlang-C says how many replicas keep the wait for a free one
short. Messages of a conversation are taken to fall on its own step, one by one: where many people write at
the same second (a campaign's push) more is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.errors import RequestError
from analytics_lib.models.staffing_draws import arrivals, middle, seconds_drawn, step_of, steps_of
from analytics_lib.models.staffing_study import study

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.models.staffing_draws import Uncertain
    from analytics_lib.models.staffing_terms import Assumptions, Service

    Floats = NDArray[np.float64]

_STREAM = 7


@dataclass(frozen=True)
class _Messages:
    """A forecast of messages."""

    forecast: object
    per_conversation: Uncertain

    @property
    def frame(self) -> pd.DataFrame:
        steps = steps_of(self.forecast)
        numbers = steps.columns.drop("at")
        return steps.assign(**{str(name): steps[name] * middle(self.per_conversation) for name in numbers})

    @property
    def step(self) -> pd.Timedelta:
        return step_of(self.forecast)

    def samples(self, draws: int, *, seed: int = 0) -> Floats:
        random = np.random.default_rng([seed, _STREAM])
        each = seconds_drawn(self.per_conversation, "messages_per_conversation", draws=draws, random=random)
        return arrivals(self.forecast, draws=draws, seed=seed) * each[:, None]


def replicas(
    forecast: object,
    *,
    messages_per_conversation: Uncertain,
    response_seconds: Uncertain,
    service: Service,
    spare: int = 1,
    assumptions: Assumptions | None = None,
) -> pd.DataFrame:
    """Replicas of the bot for each half-hour of a forecast.

    Args:
        forecast: As for ``staffing``.
        messages_per_conversation: That the bot answers, above 0: a number, or ``(value, low, high)``.
        response_seconds: Mean time to answer one.
        service: Which share of the messages waits no longer than what for a replica, and how many messages
            one answers at once (``concurrency``).
        spare: Replicas beside those needed, so that some may fail: 0 or more.
        assumptions: As for ``staffing``; shrinkage counts as well (replicas that are being replaced).

    Returns:
        One row a half-hour: ``at``, ``replicas`` (needed, by 1 - shrinkage, and spare), ``needed`` (that hold
        the service level), ``messages`` (expected), ``messages_per_second``, ``load_erlangs`` (messages being
        answered at once), ``held`` (share of the draws in which those needed are enough), ``occupancy``.

    Raises:
        RequestError: If anything given is no number of its kind.
    """
    if spare < 0 or spare != int(spare):
        raise RequestError(f"spare is {spare}; expected replicas beside those needed, 0 or more.")
    found = study(
        _Messages(forecast, messages_per_conversation),
        handle_time_seconds=response_seconds,
        escalation_rate=1.0,
        service=service,
        assumptions=assumptions,
    )
    frame = found.frame
    return pd.DataFrame(
        {
            "at": frame["at"],
            "replicas": frame["rostered"] + int(spare),
            "needed": frame["agents"],
            "messages": frame["contacts"],
            "messages_per_second": frame["contacts"] / found.slot.total_seconds(),
            "load_erlangs": frame["load_erlangs"],
            "held": frame["held"],
            "occupancy": frame["occupancy"],
        }
    )
