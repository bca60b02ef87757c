"""The systems behind the bot: its calls (actions), their access log, the queue of the agents, probes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analytics_lib.schema import FUNNEL_STAGES
from analytics_lib.simulate import funnel, intents
from analytics_lib.simulate.columns import constant, identifiers, moments, numbers, picked, table
from analytics_lib.simulate.turns import Turns, stage_rows

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from analytics_lib.simulate.world import World

ACTIONS = (
    "search_catalog",
    "check_stock",
    "get_price",
    "track_order",
    "open_return",
    "quote_shipping",
    "create_cart",
    "start_payment",
)
ACTION_BY_INTENT = {
    "search_product": "search_catalog",
    "sizes": "check_stock",
    "availability": "check_stock",
    "price": "get_price",
    "order_status": "track_order",
    "returns": "open_return",
    "shipping": "quote_shipping",
}
ACTION_BY_STAGE = {"cart_added": "create_cart", "purchase_initiated": "start_payment"}
NO_ACTION = -1
ERRORS = ("timeout", "not_found", "service unavailable (503)", "checkout failed (500)")

# Endpoint, method, share of the requests in percent, median milliseconds.
ENDPOINTS = (
    ("/catalog/v1/products", "GET", 28, 120),
    ("/catalog/v1/products/{id}", "GET", 22, 60),
    ("/stock/v1/products/{id}", "GET", 18, 80),
    ("/orders/v1/orders/{id}", "GET", 14, 140),
    ("/carts/v1/carts", "POST", 8, 160),
    ("/payments/v1/links", "POST", 6, 420),
    ("/messages/v1/webhook", "POST", 4, 30),
)
REQUESTS_PER_CONVERSATION = 3
REQUEST_SPREAD_MS = 600_000
OUTAGE_SLOWDOWN = 3.0
STATUS_CODES = (200, 404, 503)
GRID_MS = 300_000
PROBED = ("/catalog/v1/health", "/orders/v1/health", "/payments/v1/health")


def actions_table(world: World, chats: pd.DataFrame, turns: Turns, conversation_ids: pa.Array) -> pa.Table:
    """Calls of the bot between a user's message and its reply; more fail in the outage and the bug."""
    rng = world.stream("actions")
    action = _actions(chats, turns)
    wait_ms = (turns.reply_ms - turns.user_ms)[: turns.bot]
    started_ms = turns.user_ms[: turns.bot] + wait_ms // 10
    rows = np.flatnonzero((action != NO_ACTION) & (started_ms < world.window.until_ms))
    conversation, started_ms = turns.conversation[rows], started_ms[rows]
    in_outage = world.outage.holds(started_ms)
    started = chats["started_ms"].to_numpy()[conversation]
    broken = funnel.bugged(world, chats["channel"].to_numpy()[conversation], started)
    broken &= action[rows] == ACTIONS.index("start_payment")
    failed = rng.random(rows.size) < _failure_rates(world, in_outage, broken)
    error = np.select([in_outage, broken], [2, 3], default=rng.integers(0, 2, rows.size))
    return table(
        {
            "action_id": identifiers(f"a{world.seed}-", np.arange(rows.size)),
            "conversation_id": picked(conversation, conversation_ids),
            "started_at": moments(started_ms),
            "name": picked(action[rows], ACTIONS),
            "duration_ms": numbers(np.round(wait_ms[rows] * rng.uniform(0.3, 0.85, rows.size))),
            "succeeded": numbers(~failed),
            "error": picked(error, ERRORS, failed),
        }
    )


def requests_table(world: World, chats: pd.DataFrame) -> pa.Table:
    """Requests around the conversations, in order of time; many fail with 503 and slowly in the outage."""
    rng, sizes = world.stream("requests"), world.parameters
    count = REQUESTS_PER_CONVERSATION * len(chats)
    near = chats["started_ms"].to_numpy()[rng.integers(0, len(chats), count)]
    requested_ms = np.sort(near + rng.integers(0, REQUEST_SPREAD_MS, count))
    requested_ms = requested_ms[requested_ms < world.window.until_ms]
    in_outage = world.outage.holds(requested_ms)
    shares, medians = np.array([row[2:] for row in ENDPOINTS]).T
    endpoint = rng.choice(len(ENDPOINTS), requested_ms.size, p=shares / 100)
    drawn = rng.random(requested_ms.size)
    broken = drawn < np.where(in_outage, sizes.outage_server_error_rate, sizes.server_error_rate)
    refused = ~broken & (drawn > 1 - sizes.client_error_rate)
    typical = np.log(medians[endpoint] * np.where(in_outage, OUTAGE_SLOWDOWN, 1.0))
    return table(
        {
            "request_id": identifiers(f"q{world.seed}-", np.arange(requested_ms.size)),
            "requested_at": moments(requested_ms),
            "endpoint": picked(endpoint, [row[0] for row in ENDPOINTS]),
            "method": picked(endpoint, [row[1] for row in ENDPOINTS]),
            "status_code": numbers(np.array(STATUS_CODES)[np.select([broken, refused], [2, 1], default=0)]),
            "duration_ms": numbers(np.round(rng.lognormal(typical, 0.5), 1)),
        }
    )


def samples_table(world: World, chats: pd.DataFrame) -> pa.Table:
    """Every five minutes how many users wait for an agent."""
    at = _grid(world)
    waiting = chats[chats["escalated"]]
    called = np.searchsorted(np.sort(waiting["escalated_ms"].to_numpy()), at, side="right")
    joined = np.searchsorted(np.sort(waiting["joined_ms"].to_numpy()), at, side="right")
    return table(
        {
            "metric": constant("queue_depth", at.size),
            "labels": constant('{"queue":"agents"}', at.size),
            "sampled_at": moments(at),
            "value": numbers(called - joined),
        },
        json=("labels",),
    )


def probes_table(world: World) -> pa.Table:
    """Every five minutes one check of each endpoint; most fail in the outage."""
    rng, sizes = world.stream("probes"), world.parameters
    at = np.repeat(_grid(world), len(PROBED))
    rate = np.where(world.outage.holds(at), sizes.outage_probe_ok_rate, sizes.probe_ok_rate)
    ok = rng.random(at.size) < rate
    return table(
        {
            "endpoint": picked(np.tile(np.arange(len(PROBED)), at.size // len(PROBED)), PROBED),
            "probed_at": moments(at),
            "ok": numbers(ok),
            "status_code": numbers(np.where(ok, 200, 503)),
            "duration_ms": numbers(np.round(rng.lognormal(np.log(45.0), 0.4, at.size), 1)),
            "error": picked(np.zeros(at.size, dtype=np.int64), ("service unavailable",), ~ok),
        }
    )


def _actions(chats: pd.DataFrame, turns: Turns) -> np.ndarray:
    by_intent = np.full(len(intents.RECOGNISED), NO_ACTION)
    for intent, name in ACTION_BY_INTENT.items():
        by_intent[intents.CODE[intent]] = ACTIONS.index(name)
    action = np.asarray(by_intent[turns.taken[: turns.bot]])
    _, stage, turn = stage_rows(chats, turns)
    for name, call in ACTION_BY_STAGE.items():
        action[turn[stage == FUNNEL_STAGES.index(name)]] = ACTIONS.index(call)
    return action


def _failure_rates(world: World, in_outage: np.ndarray, broken: np.ndarray) -> np.ndarray:
    sizes = world.parameters
    rates = [sizes.outage_action_failure_rate, sizes.bug_payment_failure_rate]
    return np.select([in_outage, broken], rates, default=sizes.action_failure_rate)


def _grid(world: World) -> np.ndarray:
    return np.arange(world.window.since_ms, world.window.until_ms, GRID_MS, dtype=np.int64)
