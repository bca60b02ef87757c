"""When contacts happen: a clock that runs fast at noon on payday and slowly at night on a holiday.

Contacts are drawn in *operational time*, in which nothing but the user matters, and the clock turns it into
calendar time: an hour with twice the intensity takes twice the operational time. Its mean speed is 1, so a
day of operational time is a day of calendar time but for the wobble within the week and around events.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import holidays
import numpy as np
import pandas as pd

from analytics_lib.simulate.world import CAMPAIGNS, MS_PER_HOUR, World

# Monday to Sunday; people write in the evening and on Saturday.
WEEKDAY_FACTORS = (0.98, 0.96, 0.97, 1.02, 1.12, 1.20, 0.75)
HOUR_FACTORS = (
    *(0.22, 0.12, 0.07, 0.05, 0.06, 0.14, 0.35, 0.65, 0.95, 1.20, 1.40, 1.50),
    *(1.55, 1.45, 1.35, 1.35, 1.40, 1.50, 1.65, 1.85, 1.90, 1.65, 1.15, 0.60),
)


@dataclass(frozen=True)
class Clock:
    """Operational time (days) at each hour's edge of the window, and back."""

    edges_ms: np.ndarray
    edges_days: np.ndarray

    def moments_ms(self, operational_days: np.ndarray) -> np.ndarray:
        """Calendar time, milliseconds since the epoch, always inside the window."""
        moments = np.interp(operational_days, self.edges_days, self.edges_ms).astype(np.int64)
        return np.asarray(np.minimum(moments, int(self.edges_ms[-1]) - 1))

    def operational_days(self, moments_ms: np.ndarray) -> np.ndarray:
        """Operational time in days since the start of the window."""
        return np.asarray(np.interp(moments_ms, self.edges_ms, self.edges_days))


def calendar(world: World) -> pd.DataFrame:
    """What each day multiplies contacts by.

    Returns:
        One row a day: ``day``, ``weekday_factor``, ``holiday_factor``, ``payday_factor``,
        ``campaign_factor``, ``campaign`` (its name or empty), ``intensity`` (their product).
    """
    days = [world.since + dt.timedelta(days=number) for number in range(world.days)]
    off = holidays.country_holidays("CO", years=range(world.since.year, world.until.year + 1))
    sizes = world.parameters
    running = _campaigns(world)
    frame = pd.DataFrame(
        {
            "day": days,
            "weekday_factor": [WEEKDAY_FACTORS[day.weekday()] for day in days],
            "holiday_factor": [sizes.holiday_factor if day in off else 1.0 for day in days],
            "payday_factor": [sizes.payday_factor if _is_payday(day) else 1.0 for day in days],
            "campaign_factor": [running.get(day, ("", 1.0))[1] for day in days],
            "campaign": [running.get(day, ("", 1.0))[0] for day in days],
        }
    )
    factors = ["weekday_factor", "holiday_factor", "payday_factor", "campaign_factor"]
    return frame.assign(intensity=frame[factors].prod(axis="columns"))


def clock(world: World, days: pd.DataFrame) -> Clock:
    """The clock of this calendar."""
    hours = np.outer(days["intensity"].to_numpy(), HOUR_FACTORS).ravel()
    passed = np.concatenate([[0.0], np.cumsum(hours)])
    edges_ms = world.window.since_ms + np.arange(passed.size, dtype=np.int64) * MS_PER_HOUR
    return Clock(edges_ms, passed * (world.days / passed[-1]))


def first_contacts(rng: np.random.Generator, world: World, users: int) -> np.ndarray:
    """Operational time of each user's first contact: a launch wave on a density growing by ``growth``."""
    sizes = world.parameters
    # Inverse of F(x) = (x + growth x² / 2) / (1 + growth / 2) on [0, 1].
    level = rng.random(users) * (1 + sizes.growth / 2)
    steady = world.days * (np.sqrt(1 + 2 * sizes.growth * level) - 1) / sizes.growth
    wave = rng.exponential(sizes.launch_days, users)
    return np.where((rng.random(users) < sizes.launch_share) & (wave < world.days), wave, steady)


def _is_payday(day: dt.date) -> bool:
    return day.day == 15 or (day + dt.timedelta(days=1)).day == 1


def _campaigns(world: World) -> dict[dt.date, tuple[str, float]]:
    return {
        world.since + dt.timedelta(days=int(world.days * begin) + number): (name, factor)
        for name, begin, length, factor in CAMPAIGNS
        for number in range(length)
    }
