"""What the pictures of the operations page are given, whoever made it: frames and facts under these names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Set as AbstractSet

    import pandas as pd

    from analytics_lib.metrics import HealthScore


class Told(Protocol):
    """How things stand at one moment."""

    @property
    def as_of_local(self) -> dt.datetime:
        """The moment, on the wall clock of the business."""

    @property
    def seen_local(self) -> dt.datetime:
        """When somebody looks, on the same clock."""

    @property
    def behind_seconds(self) -> float:
        """From the last row to then; NaN where the day before has none."""

    @property
    def stale(self) -> bool:
        """Whether that is too long."""

    @property
    def channel(self) -> str | None:
        """Only conversations of this channel."""

    @property
    def segment(self) -> str | None:
        """Only users of this segment."""

    @property
    def tiles(self) -> pd.DataFrame:
        """One row per number.

        ``name unit value low high numerator denominator few``, ``usual usual_low usual_high weeks``,
        ``verdict missing``.
        """

    @property
    def health(self) -> HealthScore:
        """The health score with its parts."""

    @property
    def minutes(self) -> pd.DataFrame:
        """``at messages users complete``."""

    @property
    def hours(self) -> pd.DataFrame:
        """``at conversations usual``."""

    @property
    def queue(self) -> pd.DataFrame:
        """``queue at depth readings``."""

    @property
    def api(self) -> pd.DataFrame:
        """``at requests timed p50_ms p95_ms errors error_rate low high few``."""

    @property
    def top(self) -> pd.DataFrame:
        """``list kind name count of share usual_share verdict``."""

    @property
    def sources(self) -> pd.DataFrame:
        """``source recorded last_local behind_seconds stale``."""

    @property
    def recorded(self) -> AbstractSet[str]:
        """Which sources, and of them ``intents`` and ``products``, hold anything at all."""
