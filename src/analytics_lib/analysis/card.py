"""Which metrics the card shows, in which order and family."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from analytics_lib.metrics import CATALOG, Metric
from analytics_lib.metrics.rates import load_rates

if TYPE_CHECKING:
    from analytics_lib.metrics.rates import Rates

CARD = {
    "conversations": (
        *("conversations", "users", "messages", "peak_concurrency"),
        *("messages_per_conversation", "median_duration"),
    ),
    "resolution": (
        *("containment_rate", "assumed_resolution_rate", "resolution_rate", "autonomous_resolution_rate"),
        *("durable_resolution_rate", "first_contact_resolution"),
        *("unclassifiable_share", "abandonment_rate", "escalation_rate"),
    ),
    "satisfaction": ("csat", "csat_response_rate", "nps", "negative_sentiment_share"),
    "waiting": (
        *("average_response_time", "median_response_time", "first_response_time", "agent_response_time"),
        *("escalation_wait", "unanswered_rate"),
    ),
    "ai": (
        *("fallback_rate", "low_confidence_rate", "mean_confidence", "intent_accuracy"),
        "action_success_rate",
    ),
    "business": (
        *("conversion_rate", "orders", "revenue", "revenue_per_conversation", "time_to_conversion"),
        *("cost_per_resolution", "cost_per_order"),
    ),
    "infrastructure": ("requests", "error_rate", "latency_p95", "queue_depth"),
}
LADDER = CARD["resolution"][:7]
MAIN_RATES = (
    *("resolution_rate", "escalation_rate", "abandonment_rate", "csat", "unanswered_rate", "conversion_rate"),
)
_GROUPS = {name: group for group, names in CARD.items() for name in names}


def read_rates(path: str) -> Rates | None:
    """The rates of a file, looked for in the working folder and those above it; null where there is none.

    Raises:
        RequestError: If the file is not one of rates.
    """
    above = [Path.cwd(), *Path.cwd().parents]
    found = next((folder / path for folder in above if (folder / path).is_file()), None)
    return load_rates(found) if found else None


def card_metrics(rates: Rates | None, *, within_days: int = 1) -> list[Metric]:
    """The metrics of the card, in its order.

    Args:
        rates: What the service costs; costs get its currency as their unit. Null = costs are not known.
        within_days: How long nobody may come back for a resolution to last.
    """
    return [_bound(CATALOG[name], rates, within_days) for name in _GROUPS]


def main_rates() -> list[Metric]:
    """The rates that are told apart by group."""
    return [CATALOG[name] for name in MAIN_RATES]


def group_of(metric: Metric) -> str:
    """The family of the card a metric belongs to; of others, that of the catalogue."""
    return _GROUPS.get(metric.name, metric.group)


def _bound(metric: Metric, rates: Rates | None, within_days: int) -> Metric:
    days = {"within_days": within_days} if "within_days" in metric.parameters else {}
    if "rates" not in metric.parameters:
        return metric.bound(**days)
    if rates is None:
        return metric.bound(**days, rates=[])
    return replace(metric.bound(**days, rates=rates.bound()), unit=rates.currency)
