"""What was planted, so that every question asked of the sample data can be held against the answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from analytics_lib.simulate.world import Window, World


@dataclass(frozen=True)
class Effect:
    """One planted change of one metric.

    Attributes:
        name: Which effect; one effect may change several metrics.
        table: Where the metric is read.
        metric: What changes.
        dimension: Column by which only some rows are hit, or None; ``value`` is the one that is hit.
        assigned_by: The moment (table.column) that decides whether a row lies in the window.
        since: Start of the window, UTC.
        until: Its end, excluded.
        baseline: The metric outside, or None where it differs by row.
        during: The metric inside, or None likewise.
        ratio: during / baseline, of rates, hazards or medians.
    """

    name: str
    table: str
    metric: str
    dimension: str | None
    value: str | None
    assigned_by: str
    since: dt.datetime
    until: dt.datetime
    baseline: float | None
    during: float | None
    ratio: float


@dataclass(frozen=True)
class Truth:
    """What a world was made of.

    Attributes:
        seed: Its seed.
        since: First local day.
        until: Day after the last.
        parameters: Every planted size, by the names of ``world.Parameters``.
        effects: The planted effects.
        rows: Rows written, by table.
        facts: What was counted while making it, such as ``mean_satisfaction`` of all closed conversations.
        tables: Finer truth, written as Parquet: funnel calendar confusions effects conversations.
    """

    seed: int
    since: dt.date
    until: dt.date
    parameters: Mapping[str, Any]
    effects: tuple[Effect, ...]
    rows: Mapping[str, int]
    facts: Mapping[str, float]
    tables: Mapping[str, pd.DataFrame]

    def effect(self, name: str, metric: str) -> Effect:
        """One effect by its name and metric."""
        return next(effect for effect in self.effects if (effect.name, effect.metric) == (name, metric))

    def write(self, folder: Path) -> None:
        """Writes ``truth.json`` and one Parquet file a table."""
        folder.mkdir(exist_ok=True)
        plain = {name: getattr(self, name) for name in ("seed", "since", "until", "rows", "facts", "parameters")}
        plain["effects"] = [asdict(effect) for effect in self.effects]
        options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
        (folder / "truth.json").write_bytes(orjson.dumps(plain, option=options))
        for name, frame in self.tables.items():
            frame.to_parquet(folder / f"{name}.parquet", index=False)


def planted_effects(world: World) -> tuple[Effect, ...]:
    """Every planted effect of this world."""
    return (*_outage(world), *_bug(world), *_release(world), _churn(world))


def _outage(world: World) -> tuple[Effect, ...]:
    sizes = world.parameters
    conversations, actions = ("conversations.started_at", "actions.started_at")
    rates = (
        ("actions", "failure_rate", actions, sizes.action_failure_rate, sizes.outage_action_failure_rate),
        (
            "api_requests",
            "server_error_rate",
            "api_requests.requested_at",
            sizes.server_error_rate,
            sizes.outage_server_error_rate,
        ),
        ("probes", "ok_rate", "probes.probed_at", sizes.probe_ok_rate, sizes.outage_probe_ok_rate),
    )
    escalation = _effect(
        ("api_outage", "conversations", "escalation_rate"),
        world.outage,
        assigned_by=conversations,
        ratio=sizes.outage_escalation_ratio,
    )
    return escalation, *(
        _effect(("api_outage", table, metric), world.outage, assigned_by=assigned_by, rates=(before, during))
        for table, metric, assigned_by, before, during in rates
    )


def _bug(world: World) -> tuple[Effect, ...]:
    sizes, channel = world.parameters, ("channel", world.parameters.bug_channel)
    started = "conversations.started_at"
    return (
        _effect(
            ("checkout_bug", "events", "step_conversion_rate purchase_completed"),
            world.bug,
            assigned_by=started,
            ratio=sizes.bug_factor,
            dimension=channel,
        ),
        _effect(
            ("checkout_bug", "actions", "failure_rate start_payment"),
            world.bug,
            assigned_by=started,
            rates=(sizes.action_failure_rate, sizes.bug_payment_failure_rate),
            dimension=channel,
        ),
    )


def _release(world: World) -> tuple[Effect, ...]:
    sizes, started = world.parameters, "conversations.started_at"
    ratios = (
        ("messages", "median_response_time", sizes.release_response_factor),
        ("events", "step_conversion_rate products_viewed", sizes.release_conversion_factor),
        ("events", "conversion_rate", sizes.release_conversion_factor),
    )
    return tuple(
        _effect(("faster_bot", table, metric), world.release, assigned_by=started, ratio=ratio)
        for table, metric, ratio in ratios
    )


def _churn(world: World) -> Effect:
    sizes = world.parameters
    rate = sizes.churn_rate_per_day
    return _effect(
        ("churning_segment", "conversations", "churn_hazard_per_day before the first order"),
        world.window,
        assigned_by="conversations.started_at",
        rates=(rate, rate * sizes.churn_hazard_ratio),
        dimension=("segment", sizes.churn_segment),
    )


def _effect(
    names: tuple[str, str, str],
    window: Window,
    *,
    assigned_by: str,
    ratio: float | None = None,
    rates: tuple[float, float] | None = None,
    dimension: tuple[str, str] | tuple[None, None] = (None, None),
) -> Effect:
    baseline, during = rates or (None, None)
    size = ratio if rates is None else rates[1] / rates[0]
    bounds = (dt.datetime.fromtimestamp(ms / 1000, dt.UTC) for ms in (window.since_ms, window.until_ms))
    return Effect(*names, *dimension, assigned_by, *bounds, baseline, during, float(size or 0))
