"""The planted effects: which metric each one changes, for whom, when, and by how much."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analytics_lib.simulate.behaviours import BEHAVIOURS
from analytics_lib.simulate.funnel import step_probabilities
from analytics_lib.simulate.world import CHANNELS, SEGMENTS

if TYPE_CHECKING:
    from analytics_lib.simulate.world import Window, World

CONVERSATION_STARTED = "conversations.started_at"


@dataclass(frozen=True)
class Effect:
    """One planted change of one metric.

    Attributes:
        name: Which effect; one effect may change several metrics.
        table: Where the metric is read.
        metric: What changes.
        assigned_by: The moment (table.column) that decides whether a row lies in the window.
        since: Start of the window, UTC.
        until: Its end, excluded.
        ratio: The metric inside / outside the window: of rates, hazards or medians.
        baseline: The metric outside, or None where it differs by row.
        during: The metric inside, or None likewise.
        dimension: Column by which only some rows are hit, or None.
        value: The value of ``dimension`` that is hit.
    """

    name: str
    table: str
    metric: str
    assigned_by: str
    since: dt.datetime
    until: dt.datetime
    ratio: float
    baseline: float | None = None
    during: float | None = None
    dimension: str | None = None
    value: str | None = None


def planted_effects(world: World) -> tuple[Effect, ...]:
    """Every planted effect of this world."""
    return (*_outage(world), *_bug(world), *_release(world), _churn(world), *_behaviours(world))


def _outage(world: World) -> tuple[Effect, ...]:
    sizes, since, until = world.parameters, *_bounds(world.outage)
    rates = (
        (
            "actions",
            "failure_rate",
            "started_at",
            sizes.action_failure_rate,
            sizes.outage_action_failure_rate,
        ),
        (
            "api_requests",
            "server_error_rate",
            "requested_at",
            sizes.server_error_rate,
            sizes.outage_server_error_rate,
        ),
        ("probes", "ok_rate", "probed_at", sizes.probe_ok_rate, sizes.outage_probe_ok_rate),
    )
    return (
        Effect(
            name="api_outage",
            table="conversations",
            metric="escalation_rate",
            assigned_by=CONVERSATION_STARTED,
            since=since,
            until=until,
            ratio=sizes.outage_escalation_ratio,
        ),
        *(
            Effect(
                "api_outage", table, metric, f"{table}.{time}", since, until, during / usual, usual, during
            )
            for table, metric, time, usual, during in rates
        ),
    )


def _bug(world: World) -> tuple[Effect, ...]:
    sizes, since, until = world.parameters, *_bounds(world.bug)
    usual, during = sizes.action_failure_rate, sizes.bug_payment_failure_rate
    return (
        Effect(
            name="checkout_bug",
            table="events",
            metric="step_conversion_rate purchase_completed",
            assigned_by=CONVERSATION_STARTED,
            since=since,
            until=until,
            ratio=sizes.bug_factor,
            dimension="channel",
            value=sizes.bug_channel,
        ),
        Effect(
            name="checkout_bug",
            table="actions",
            metric="failure_rate start_payment",
            assigned_by=CONVERSATION_STARTED,
            since=since,
            until=until,
            ratio=during / usual,
            baseline=usual,
            during=during,
            dimension="channel",
            value=sizes.bug_channel,
        ),
        Effect(
            name="checkout_bug",
            table="events",
            metric="loop_rate purchase_initiated",
            assigned_by=CONVERSATION_STARTED,
            since=since,
            until=until,
            ratio=_loop_ratio(world),
            baseline=sizes.loop_rate,
            dimension="channel",
            value=sizes.bug_channel,
        ),
    )


def _release(world: World) -> tuple[Effect, ...]:
    sizes, since, until = world.parameters, *_bounds(world.release)
    ratios = (
        ("messages", "median_response_time", sizes.release_response_factor),
        ("events", "step_conversion_rate products_viewed", sizes.release_conversion_factor),
        ("events", "conversion_rate", sizes.release_conversion_factor),
    )
    return tuple(
        Effect("faster_bot", table, metric, CONVERSATION_STARTED, since, until, ratio)
        for table, metric, ratio in ratios
    )


def _churn(world: World) -> Effect:
    sizes, since, until = world.parameters, *_bounds(world.window)
    return Effect(
        name="churning_segment",
        table="conversations",
        metric="churn_hazard_per_day before the first order",
        assigned_by=CONVERSATION_STARTED,
        since=since,
        until=until,
        ratio=sizes.churn_hazard_ratio,
        baseline=sizes.churn_rate_per_day,
        during=sizes.churn_rate_per_day * sizes.churn_hazard_ratio,
        dimension="segment",
        value=sizes.churn_segment,
    )


def _loop_ratio(world: World) -> float:
    """Loop rate of those who begin to pay, in the bug / outside; segments weigh as their users do."""
    sizes = world.parameters
    last_step = step_probabilities()[list(CHANNELS).index(sizes.bug_channel), :, -1]
    lost = (1 - sizes.bug_factor) * float(last_step @ list(SEGMENTS.values()))
    return (lost + (1 - lost) * sizes.loop_rate) / sizes.loop_rate


def _behaviours(world: World) -> tuple[Effect, ...]:
    since, until = _bounds(world.window)
    return tuple(
        Effect(
            name="telling_behaviour",
            table="events",
            metric=f"{behaviour.name}_rate after {behaviour.after_stage}",
            assigned_by=CONVERSATION_STARTED,
            since=since,
            until=until,
            ratio=behaviour.rate_buyers / behaviour.rate_leavers,
            baseline=behaviour.rate_leavers,
            during=behaviour.rate_buyers,
            dimension="outcome",
            value="purchase",
        )
        for behaviour in BEHAVIOURS
        if behaviour.planted
    )


def _bounds(window: Window) -> tuple[dt.datetime, dt.datetime]:
    since, until = (dt.datetime.fromtimestamp(ms / 1000, dt.UTC) for ms in (window.since_ms, window.until_ms))
    return since, until
