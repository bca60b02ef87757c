"""What the pictures of one conversation are given, whoever made it: frames and facts under these names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import pandas as pd


class Told(Protocol):
    """One conversation in the order it happened; ``seconds`` count from its start."""

    @property
    def conversation(self) -> pd.DataFrame:
        """One row, or none: ``conversation_id ended_seconds escalated_seconds``."""

    @property
    def messages(self) -> pd.DataFrame:
        """What was written, in order.

        ``position sent_local sender kind text intent confidence true_intent seconds response_time_seconds``,
        and ``sentiment`` where it was read.
        """

    @property
    def actions(self) -> pd.DataFrame:
        """``name started_local duration_ms succeeded error seconds``."""

    @property
    def events(self) -> pd.DataFrame:
        """``name occurred_local seconds``."""


class LanguageFacts(Protocol):
    """How it was written."""

    @property
    def main(self) -> str | None:
        """Its language: es, en or None."""

    @property
    def sentiment(self) -> pd.DataFrame:
        """One row per message of known sentiment: ``position seconds sentiment scored level``."""

    @property
    def mean_sentiment(self) -> float:
        """From -1 to 1, or NaN."""

    @property
    def sentiment_trend(self) -> float:
        """The last third less the first, or NaN."""

    @property
    def bot_quality(self) -> pd.DataFrame:
        """One row per measure: ``measure count n value detail``."""


class ServiceFacts(Protocol):
    """How it was served."""

    @property
    def waits(self) -> pd.DataFrame:
        """``replier replies first_seconds median_seconds longest_seconds longest_position``."""

    @property
    def recognition(self) -> pd.Series:
        """``detections scored mean_confidence low_confidence fallbacks reviewed correct``."""

    @property
    def actions(self) -> pd.DataFrame:
        """``name calls succeeded failed unknown median_ms``."""

    @property
    def escalation(self) -> pd.Series | None:
        """``seconds reason turns_before failures_before wait_seconds``, or None."""


class BusinessFacts(Protocol):
    """What it was worth."""

    @property
    def products(self) -> pd.DataFrame:
        """``product_id product category stage``."""

    @property
    def stage(self) -> str | None:
        """The furthest stage of the funnel, or None."""

    @property
    def orders(self) -> pd.DataFrame:
        """One row per order."""

    @property
    def revenue(self) -> float:
        """The sum of the orders, or NaN."""

    @property
    def currency(self) -> str | None:
        """Of the revenue, or None."""

    @property
    def comparable(self) -> pd.DataFrame:
        """``measure value low high n`` for conversion, revenue and satisfaction."""

    @property
    def foreseen_conversion(self) -> float:
        """What a model gave a purchase last, before another end was decided, or NaN."""


class Reviewed(Protocol):
    """One conversation, read closely."""

    @property
    def metadata(self) -> pd.Series:
        """What it was and how it ended.

        ``channel started_local entry_point city outcome resolved csat nps duration_seconds observed_seconds
        messages user_messages bot_messages agent_messages turns over``.
        """

    @property
    def timeline(self) -> Told:
        """What happened."""

    @property
    def key_moments(self) -> pd.DataFrame:
        """In order of time: ``kind seconds position name value related``."""

    @property
    def language(self) -> LanguageFacts:
        """How it was written."""

    @property
    def performance(self) -> ServiceFacts:
        """How it was served."""

    @property
    def business(self) -> BusinessFacts:
        """What it was worth."""

    @property
    def opportunities(self) -> pd.DataFrame:
        """The most worthwhile first: ``rank kind name position n value``."""
