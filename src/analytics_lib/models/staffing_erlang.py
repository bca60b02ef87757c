"""How long people wait for one of several agents: Erlang-C, and Erlang-A where some give up.

Load is in erlangs: arrivals a second times handle time in seconds. Arrivals come at random at one rate,
handle times are exponential, whoever has waited longest is served next. Under Erlang-C everybody waits until
served, so with as much load as servers the queue grows without end: everybody waits, nobody is served in
time. Under Erlang-A each gives up after a time that is exponential as well (its mean is
``patience_seconds``).

Every function takes numbers or arrays, which are broadcast. A load of 0 with no server is served: nobody
comes.

Sources: Erlang (1917); recursion and series as in Cooper, Introduction to Queueing Theory (1981); Erlang-A as
    in Garnett, Mandelbaum and Reiman (2002), its waits as in Zeltyn and Mandelbaum (2005).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammainc, gammaincc, gammaln, xlogy

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_ENOUGH = 1e-13
_TINY = 1e-200


def erlang_b(load: ArrayLike, servers: ArrayLike) -> Floats:
    """Share of arrivals that find every server taken, if nobody waits.

    Where there are at least as many servers as load, by the incomplete gamma function; where there are fewer,
    by ``B(0) = 1, B(k) = A B(k-1) / (k + A B(k-1))``, in as many steps as there are servers.
    """
    a, n = _together(load, servers)
    found = np.ones_like(a)
    plenty = n >= a
    found[plenty] = _many_servers(a[plenty], n[plenty])
    found[~plenty] = _few_servers(a[~plenty], n[~plenty])
    return found


def _many_servers(a: Floats, n: Floats) -> Floats:
    # The chance of exactly n of a Poisson number with mean a, by the chance of at most n.
    found: Floats = np.exp(xlogy(n, a) - a - gammaln(n + 1)) / gammaincc(n + 1, a)
    return found


def _few_servers(a: Floats, n: Floats) -> Floats:
    found = np.ones_like(a)
    for k in range(1, int(n.max(initial=0)) + 1):
        found = np.where(k <= n, a * found / (k + a * found), found)
    return found


def erlang_c(load: ArrayLike, servers: ArrayLike) -> Floats:
    """Share of arrivals that have to wait, 0 to 1: ``B / (1 - (A / N) (1 - B))``, and 1 where A >= N."""
    a, n = _together(load, servers)
    found = np.where(a > 0, 1.0, 0.0)
    enough = n > a
    few, many = a[enough], n[enough]
    blocked = _many_servers(few, many)
    found[enough] = blocked / (1 - few / many * (1 - blocked))
    return found


def service_level(
    load: ArrayLike, servers: ArrayLike, *, handle_time_seconds: ArrayLike, target_wait_seconds: float
) -> Floats:
    """Share of arrivals that wait no longer than the target: ``1 - P(wait) exp(-(N - A) T / AHT)``."""
    a, n = _together(load, servers)
    spare = np.maximum(n - a, 0) * target_wait_seconds / np.asarray(handle_time_seconds, dtype=float)
    found: Floats = 1 - erlang_c(a, n) * np.exp(-spare)
    return found


def mean_wait(load: ArrayLike, servers: ArrayLike, *, handle_time_seconds: ArrayLike) -> Floats:
    """Mean wait of all arrivals, those who do not wait among them, in seconds: ``P(wait) AHT / (N - A)``.

    Null where load comes up to the servers: the queue grows for as long as that lasts.
    """
    a, n = _together(load, servers)
    spare = np.where(n > a, n - a, np.where(a > 0, np.nan, 1.0))
    found: Floats = erlang_c(a, n) * np.asarray(handle_time_seconds, dtype=float) / spare
    return found


def occupancy(load: ArrayLike, servers: ArrayLike) -> Floats:
    """Share of their time that servers are busy, at most 1; null where there are none."""
    a, n = _together(load, servers)
    return np.minimum(a / np.where(n > 0, n, np.nan), 1.0)


def erlang_a(
    load: ArrayLike, servers: ArrayLike, *, handle_time_seconds: ArrayLike, patience_seconds: ArrayLike
) -> tuple[Floats, Floats]:
    """Share of arrivals that have to wait, and share that give up, where people do not wait for ever.

    Birth and death: with k in the house one leaves at the rate ``min(k, N) / AHT + max(k - N, 0) /
    patience``.
    """
    a, n = _together(load, servers)
    step, busy = _rates(a, n, handle_time_seconds, patience_seconds)
    waits, queue = _waiting(a, n, step, busy)
    # Of those who wait, the served: what N busy servers finish, while anybody is in the queue.
    served = np.divide(n, a, out=np.zeros_like(a), where=a > 0) * -np.expm1(-queue)
    return waits, np.clip(waits * (1 - served), 0, 1)


def patient_service_level(
    load: ArrayLike,
    servers: ArrayLike,
    *,
    handle_time_seconds: ArrayLike,
    patience_seconds: ArrayLike,
    target_wait_seconds: float,
) -> Floats:
    """Share of all arrivals that are served, and within the target: who gave up before it is not.

    The wait that an arrival would have has the density ``exp(x (1 - e^-v) - s v)`` at v patiences, with x =
    load and s = servers, each times patience / AHT; whoever would wait so long is still there with the chance
    ``e^-v``.
    """
    a, n = _together(load, servers)
    step, busy = _rates(a, n, handle_time_seconds, patience_seconds)
    waits, queue = _waiting(a, n, step, busy)
    patiences = target_wait_seconds / _like(a, patience_seconds)
    later = step * np.exp(-patiences)
    beyond = step - later - (busy + 1) * patiences + _log_series(busy + 1, later)
    soon = np.exp(_log_series(busy + 1, step) - queue) - np.exp(beyond - queue)
    found: Floats = np.clip(1 - waits + waits * busy / (busy + 1) * soon, 0, 1)
    return found


def in_time(
    load: ArrayLike,
    servers: ArrayLike,
    *,
    handle_time_seconds: ArrayLike,
    patience_seconds: ArrayLike | None,
    target_wait_seconds: float,
) -> Floats:
    """Share of the arrivals served within the target: by Erlang-C without a patience, else by Erlang-A."""
    if patience_seconds is None:
        return service_level(
            load, servers, handle_time_seconds=handle_time_seconds, target_wait_seconds=target_wait_seconds
        )
    return patient_service_level(
        load,
        servers,
        handle_time_seconds=handle_time_seconds,
        patience_seconds=patience_seconds,
        target_wait_seconds=target_wait_seconds,
    )


def _rates(a: Floats, n: Floats, handled: ArrayLike, patience: ArrayLike) -> tuple[Floats, Floats]:
    """Arrivals, and what all servers together finish, in the time that people are patient for."""
    ratio = _like(a, patience) / _like(a, handled)
    return a * ratio, n * ratio


def _waiting(a: Floats, n: Floats, step: Floats, busy: Floats) -> tuple[Floats, Floats]:
    """Share that waits; and the logarithm of how likely N or more are in the house beside exactly N."""
    queue = _log_series(busy, step)
    blocked = erlang_b(a, n)
    with np.errstate(divide="ignore"):
        fewer = np.log1p(-np.minimum(blocked, 1)) - np.log(blocked) - queue
    return 1 / (1 + np.exp(fewer)), queue


def _log_series(s: Floats, x: Floats) -> Floats:
    """Logarithm of ``1 + x / (s+1) + x^2 / ((s+1)(s+2)) + ...``: by the incomplete gamma, or summed."""
    part = gammainc(s, x)
    usable = part > _TINY
    found = np.zeros_like(x)
    b, y = s[usable], x[usable]
    found[usable] = y - xlogy(b, y) + gammaln(b + 1) + np.log(part[usable])
    b, y = s[~usable], x[~usable]
    term, total, k = np.ones_like(y), np.ones_like(y), 0
    while term.max(initial=0) > _ENOUGH:
        k += 1
        term = term * y / (b + k)
        total += term
    found[~usable] = np.log(total)
    return found


def fewest_servers(
    load: ArrayLike,
    *,
    handle_time_seconds: ArrayLike,
    target_wait_seconds: float,
    level: float,
    step: int = 1,
    patience_seconds: ArrayLike | None = None,
) -> Floats:
    """The fewest servers, a multiple of ``step``, with at least this service level; 0 where nobody comes."""
    shape = np.shape(load)
    a = np.atleast_1d(np.asarray(load, dtype=float))
    handled = _like(a, handle_time_seconds)
    patient = None if patience_seconds is None else _like(a, patience_seconds)

    def meets(units: Floats, at: NDArray[np.bool_]) -> NDArray[np.bool_]:
        patience = None if patient is None else patient[at]
        found = in_time(
            a[at],
            units * step,
            handle_time_seconds=handled[at],
            patience_seconds=patience,
            target_wait_seconds=target_wait_seconds,
        )
        return np.asarray(found >= level)

    # With fewer servers than load the queue of those who wait for ever grows; others may leave it.
    start = np.where(a > 0, np.floor(a / step), 0) if patient is None else np.zeros_like(a)
    return np.reshape(_first_that(meets, start, came=a > 0) * step, shape)


def _first_that(
    meets: Callable[[Floats, NDArray[np.bool_]], NDArray[np.bool_]], fails: Floats, *, came: NDArray[np.bool_]
) -> Floats:
    """Of each, the smallest whole number that ``meets`` and lies above ``fails``: doubling, then halving."""
    low, width = fails.copy(), np.ones_like(fails)
    open_ = came.copy()
    while open_.any():
        short = open_.copy()
        short[open_] = ~meets((low + width)[open_], open_)
        low[short] += width[short]
        width[short] *= 2
        open_ = short
    high = np.where(came, low + width, 0)
    while (open_ := came & (high - low > 1)).any():
        middle = np.floor((low + high) / 2)
        enough = open_.copy()
        enough[open_] = meets(middle[open_], open_)
        high[enough] = middle[enough]
        low[open_ & ~enough] = middle[open_ & ~enough]
    return high


def _like(shape: Floats, values: ArrayLike) -> Floats:
    return np.broadcast_to(np.asarray(values, dtype=float), shape.shape)


def _together(load: ArrayLike, servers: ArrayLike) -> tuple[Floats, Floats]:
    a, n = np.broadcast_arrays(np.asarray(load, dtype=float), np.asarray(servers, dtype=float))
    return a, n
