"""The simulated shop: every number that shapes it, and where in the window each planted effect lies.

A fashion retailer in Colombia answers on WhatsApp, Instagram and the web with a bot that opened on the first
day of the window. Sizes are fixed here; a world adds its seed, its window and its number of conversations.
"""

from __future__ import annotations

import datetime as dt
import zlib
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np

from analytics_lib.errors import RequestError

ZONE = ZoneInfo("America/Bogota")
MS_PER_HOUR = 3_600_000
MS_PER_DAY = 24 * MS_PER_HOUR
SHORTEST_DAYS = 28

CHANNELS = {"whatsapp": 0.62, "instagram": 0.20, "web": 0.18}
SEGMENTS = {"nuevo": 0.50, "frecuente": 0.27, "vip": 0.08, "mayorista": 0.15}
OUTCOMES = ("purchase", "resolved", "escalated", "abandoned")
AGENTS = tuple(f"agente-{number:02d}" for number in range(1, 13))
ENTRY_POINTS = {"organic": 0.42, "ad": 0.26, "link": 0.14, "post": 0.12, "qr": 0.06}
ESCALATION_REASONS = {
    "user_request": 0.40,
    "low_confidence": 0.25,
    "complaint": 0.17,
    "payment_problem": 0.12,
    "api_error": 0.06,
}
CAMPAIGNS = (("madrugon", 0.20, 3, 1.8), ("aniversario", 0.45, 4, 1.5), ("temporada", 0.85, 3, 2.0))
"""Name, where it begins (share of the window), its days, and what it multiplies contacts by."""


@dataclass(frozen=True)
class Parameters:
    """Every size that is planted; shares are 0 to 1, rates are of operational time (see ``arrivals``).

    Attributes:
        bg_nbd: Repeat orders of buyers: purchase rate a week ~ Gamma(r, alpha), dropout ~ Beta(a, b).
        gamma_gamma: Order amounts in COP: Gamma(p, nu) of a user with nu ~ Gamma(q, v).
        chat_share: Share of repeat orders placed in a conversation; the others carry no conversation_id.
        return_rate_per_day: Rate at which a user who has not bought comes back.
        churn_rate_per_day: Hazard of never coming back, so that P(gone after a gap g) = 1 - exp(-rate * g).
        churn_hazard_ratio: What ``churn_segment`` multiplies that hazard by.
        loop_rate: Of the conversations that begin to pay and are not lost to the checkout bug, the share that
            goes back to the cart and to the checkout again; of those that are lost, all do.
        loop_again: Of those that do, the share that goes round twice or more; its square, three times.
        bug_loop_again: The same of those lost to the bug.
        growth: New users a day at the end of the window, against its start, minus 1; without the launch.
        launch_share: Share of users who first write because the bot has just opened.
        launch_days: Mean days of those after the opening.
        escalation_rate: By channel, outside the outage.
        response_slope: Rise of log response time per unit of load (see ``response_load_cap``).
        response_load_cap: Load = conversations started in that hour / the mean over all hours, at most this.
        survey_rate: Probability of answering csat, by outcome.
        recommend_rate: Probability of answering nps, by outcome.
        never_closed_rate: Share of conversations the platform never closes: no end, no outcome.
    """

    bg_nbd: dict[str, float] = field(default_factory=lambda: {"r": 0.8, "alpha": 6.0, "a": 0.7, "b": 2.2})
    gamma_gamma: dict[str, float] = field(default_factory=lambda: {"p": 6.0, "q": 4.0, "v": 85_000.0})
    chat_share: float = 0.4
    refund_rate: float = 0.03
    return_rate_per_day: float = 1 / 18
    churn_rate_per_day: float = 1 / 40
    churn_segment: str = "mayorista"
    churn_hazard_ratio: float = 2.0
    growth: float = 0.10
    launch_share: float = 0.20
    launch_days: float = 14.0
    payday_factor: float = 1.35
    holiday_factor: float = 0.70
    escalation_rate: dict[str, float] = field(
        default_factory=lambda: {"whatsapp": 0.11, "instagram": 0.14, "web": 0.09}
    )
    outage_escalation_ratio: float = 3.0
    outage_action_failure_rate: float = 0.45
    outage_server_error_rate: float = 0.30
    outage_probe_ok_rate: float = 0.10
    bug_channel: str = "instagram"
    bug_factor: float = 0.4
    bug_payment_failure_rate: float = 0.45
    bug_loop_again: float = 0.5
    loop_rate: float = 0.02
    loop_again: float = 0.15
    release_response_factor: float = 0.6
    release_conversion_factor: float = 1.12
    action_failure_rate: float = 0.03
    server_error_rate: float = 0.004
    client_error_rate: float = 0.02
    probe_ok_rate: float = 0.9995
    response_median_seconds: float = 2.4
    response_sigma: float = 0.45
    response_slope: float = 0.25
    response_load_cap: float = 4.0
    agent_wait_median_seconds: float = 240.0
    agent_wait_sigma: float = 0.7
    misrecognition_rate: float = 0.08
    misrecognition_rate_escalated: float = 0.22
    reviewed_share: float = 0.05
    sentiment_share: float = 0.6
    resolved_rate_service: float = 0.68
    resolved_rate_shopping: float = 0.42
    agent_resolved_rate: float = 0.72
    resolved_unknown_rate: float = 0.06
    never_closed_rate: float = 0.01
    survey_rate: dict[str, float] = field(
        default_factory=lambda: {"purchase": 0.35, "resolved": 0.22, "escalated": 0.28, "abandoned": 0.06}
    )
    recommend_rate: dict[str, float] = field(
        default_factory=lambda: {"purchase": 0.18, "resolved": 0.10, "escalated": 0.12, "abandoned": 0.03}
    )


@dataclass(frozen=True)
class Window:
    """A stretch of time in milliseconds since the epoch, half-open."""

    since_ms: int
    until_ms: int

    def holds(self, moments_ms: np.ndarray) -> np.ndarray:
        """Whether each moment lies inside."""
        return (moments_ms >= self.since_ms) & (moments_ms < self.until_ms)


@dataclass(frozen=True)
class World:
    """One world: its seed, its window ``[since, until)`` of whole local days, its size."""

    seed: int
    conversations: int
    since: dt.date
    until: dt.date
    parameters: Parameters = field(default_factory=Parameters)

    @property
    def days(self) -> int:
        """Length of the window."""
        return (self.until - self.since).days

    @property
    def window(self) -> Window:
        """The whole window."""
        return Window(local_midnight_ms(self.since), local_midnight_ms(self.until))

    @property
    def outage(self) -> Window:
        """When the APIs behind the bot fail: 36 hours from 08:00 on a day after a third of the window."""
        begin = self._day_ms(0.35) + 8 * MS_PER_HOUR
        return Window(begin, begin + 36 * MS_PER_HOUR)

    @property
    def bug(self) -> Window:
        """When the checkout of one channel is broken: two weeks (a quarter of a shorter window)."""
        begin = self._day_ms(0.50)
        return Window(begin, begin + min(14, self.days // 4) * MS_PER_DAY)

    @property
    def release(self) -> Window:
        """From the release of the faster bot to the end."""
        return Window(self._day_ms(0.76), self.window.until_ms)

    def stream(self, name: str) -> np.random.Generator:
        """The random numbers of one part, so that a change in one part leaves the others alone."""
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])

    def _day_ms(self, share: float) -> int:
        return self.window.since_ms + int(self.days * share) * MS_PER_DAY


def local_midnight_ms(day: dt.date) -> int:
    """Midnight of the day in Bogotá, in milliseconds since the epoch."""
    return int(dt.datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp()) * 1000


def create_world(*, conversations: int, seed: int, until: dt.date, days: int) -> World:
    """A world of that size, checked.

    Raises:
        RequestError: If there is no conversation, the seed is negative, or the window is too short.
    """
    if conversations < 1:
        raise RequestError(f"conversations is {conversations}; expected 1 or more.")
    if seed < 0:
        raise RequestError(f"seed is {seed}; expected 0 or more.")
    if days < SHORTEST_DAYS:
        raise RequestError(f"days is {days}; the planted effects need {SHORTEST_DAYS} or more.")
    return World(seed, conversations, until - dt.timedelta(days=days), until)
