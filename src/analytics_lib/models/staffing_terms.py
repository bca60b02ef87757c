"""What staffing is asked to hold, and what it assumes."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analytics_lib.errors import RequestError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from analytics_lib.models.staffing_draws import Uncertain

    Whole = NDArray[np.int64]

# So that 8 / (1 - 0.2) is 10 and not 11.
_HAIR = 1e-9


@dataclass(frozen=True)
class Service:
    """What is promised: ``service_level`` of the contacts wait at most ``target_wait_seconds``.

    Attributes:
        target_wait_seconds: 0 or more.
        service_level: A share above 0 and below 1.
        concurrency: Chats that an agent has at once, a whole number from 1.
    """

    target_wait_seconds: float
    service_level: float
    concurrency: int = 1

    def __post_init__(self) -> None:
        chats, wait = self.concurrency, self.target_wait_seconds
        if not (_is_number(chats) and chats >= 1 and chats == int(chats)):
            raise RequestError(f"concurrency is {chats}; expected chats at once, a whole number from 1.")
        if not (_is_number(wait) and wait >= 0):
            raise RequestError(f"target_wait_seconds is {wait}; expected 0 or more.")
        _check_share(self.service_level, "service_level")


@dataclass(frozen=True)
class Assumptions:
    """What staffing assumes beside what it is told.

    Attributes:
        shrinkage: Share of the paid time in which an agent does not answer (training, illness, pauses that
            are no break of the roster): 0 to below 1.
        confidence: Share of the draws in which the service level is to be held, above 0 and below 1.
        patience_seconds: Mean time after which people give up, for Erlang-A; null = they wait (Erlang-C).
        slot_minutes: Length of what is staffed; a whole part of the forecast's steps, or the step if
            that is shorter.
        draws: How many.
        seed: Of the draws.
    """

    shrinkage: float = 0.0
    confidence: float = 0.8
    patience_seconds: Uncertain | None = None
    slot_minutes: int = 30
    draws: int = 1_000
    seed: int = 0

    def __post_init__(self) -> None:
        _check_share(self.confidence, "confidence")
        if not 0 <= self.shrinkage < 1:
            raise RequestError(f"shrinkage is {self.shrinkage}; expected a share from 0 to below 1.")
        for name in ("draws", "slot_minutes"):
            if not getattr(self, name) >= 1:
                raise RequestError(f"{name} is {getattr(self, name)}; expected 1 or more.")

    def rostered(self, agents: ArrayLike) -> Whole:
        """How many have to be on duty so that so many answer: ``agents / (1 - shrinkage)``, rounded up."""
        whole: Whole = np.ceil(np.asarray(agents, dtype=float) / (1 - self.shrinkage) - _HAIR).astype(
            np.int64
        )
        return whole

    def answering(self, on_duty: ArrayLike) -> Whole:
        """How many of those on duty answer at a time: ``on_duty (1 - shrinkage)``, rounded down."""
        whole: Whole = np.floor(np.asarray(on_duty, dtype=float) * (1 - self.shrinkage) + _HAIR).astype(
            np.int64
        )
        return whole


def _is_number(value: object) -> bool:
    return isinstance(value, numbers.Real) and math.isfinite(value)


def _check_share(value: float, name: str) -> None:
    if not (_is_number(value) and 0 < value < 1):
        raise RequestError(f"{name} is {value}; expected a share above 0 and below 1, such as 0.8.")
