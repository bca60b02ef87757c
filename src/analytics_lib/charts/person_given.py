"""What the pictures of one person are given, whoever made it: frames and facts under these names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd


class TrendFacts(Protocol):
    """A measure of conversations over time; NaN where n does not allow it."""

    @property
    def n(self) -> int:
        """Conversations it is known of."""

    @property
    def mean(self) -> float:
        """Of these."""

    @property
    def slope(self) -> float:
        """Change in 30 days."""

    @property
    def low(self) -> float:
        """Lower end of its 95 % interval."""

    @property
    def high(self) -> float:
        """Upper end."""


class SatisfactionFacts(Protocol):
    """How satisfied the person was."""

    @property
    def conversations(self) -> pd.DataFrame:
        """``conversation_id started_local csat sentiment scored``."""

    @property
    def csat(self) -> TrendFacts:
        """Answers to the survey, 1 to 5."""

    @property
    def sentiment(self) -> TrendFacts:
        """Mean sentiment of conversations, -1 to 1."""

    @property
    def mean_sentiment(self) -> float:
        """Over all scored messages."""

    @property
    def scored(self) -> int:
        """Their number."""


class PurchaseFacts(Protocol):
    """What the person bought."""

    @property
    def orders(self) -> pd.DataFrame:
        """``order_id ordered_local conversation_id kind amount currency items``."""

    @property
    def by_currency(self) -> pd.DataFrame:
        """``currency purchases amount mean_amount refunds refunded net``."""

    @property
    def count(self) -> int | None:
        """Purchases; None where the store records no orders."""

    @property
    def per_30_days(self) -> float:
        """Purchases in 30 days of the window."""

    @property
    def median_days_between(self) -> float:
        """From one purchase to the next."""

    @property
    def recency_days(self) -> float:
        """From the last purchase to the window's end."""


class Person(Protocol):
    """One person's journey in a window."""

    @property
    def user_id(self) -> str:
        """A keyed hash; pages show its beginning."""

    @property
    def since(self) -> dt.datetime:
        """Start of the window, wall clock."""

    @property
    def until(self) -> dt.datetime:
        """Its end, excluded."""

    @property
    def known(self) -> frozenset[str]:
        """Which parts the store records at all."""

    @property
    def person(self) -> pd.Series:
        """``segment city first_local last_local days conversations messages own_messages events``."""

    @property
    def channels(self) -> pd.DataFrame:
        """``channel conversations own_messages share last_local``."""

    @property
    def times(self) -> pd.DataFrame:
        """``weekday hour days share``."""

    @property
    def preferences(self) -> pd.DataFrame:
        """``kind value name occasions share bought``."""

    @property
    def pain_points(self) -> pd.DataFrame:
        """``kind at_local conversation_id message_id action_id event_id name product n value text``."""

    @property
    def satisfaction(self) -> SatisfactionFacts:
        """Answers and moods over time."""

    @property
    def purchases(self) -> PurchaseFacts:
        """What the person bought."""

    @property
    def stages(self) -> pd.DataFrame:
        """``stage position events conversations first_local last_local``."""

    @property
    def conversations(self) -> pd.DataFrame:
        """``conversation_id channel started_local last_local outcome csat own_messages messages``."""

    @property
    def events(self) -> pd.DataFrame:
        """``event_id conversation_id occurred_local name product``."""

    @property
    def recommendations(self) -> pd.DataFrame:
        """``rank rule`` and the evidence: ids, ``at_local name product n value text``."""
