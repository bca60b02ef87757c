"""Agents beside each other, so that luck is not ranked: who differs from the team, and nothing more.

Of every agent, over the conversations of the window that they took over:

- ``resolution``: of those closed whose result is known, the share that met the customer's need;
- ``csat``: of the answered surveys, the share of 4 or 5;
- ``handling``: how long the agent's part lasts, from the agent's first message to the last, where there are
  two or more; the geometric mean, since such times spread over orders of magnitude.

Each value has its own 95 % interval. It *differs* if it lies outside the limits between which it would stay
if the agent's conversations had been drawn by lot from those of the whole team: for a share the
hypergeometric distribution (Fisher's exact test against the others), for handling the normal one of a mean
drawn without replacement, both widened where the same users come back. The limits are those of a funnel plot
(Spiegelhalter 2005, Statistics in Medicine 24:1185), at 5 % divided by all that is compared (Bonferroni), so
that a team of equals is left in peace 19 times out of 20, whatever its size. Agents with fewer than
``FEWEST`` to count are shown and not judged. What kind of conversations an agent gets is not adjusted for.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from analytics_lib.analysis import overview_queries as queries
from analytics_lib.metrics.intervals import Z_95, effective_sizes, wilson_limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.analysis.overview_scope import Asked
    from analytics_lib.store import Store

    Floats = NDArray[np.float64]

MEASURES = ("resolution", "csat", "handling")
FEWEST = 20
ERROR_RATE = 0.05
COLUMNS = ("agent_id", "conversations", "measure", "n", "value", "low", "high")
JUDGED = ("team", "team_n", "limit_low", "limit_high", "few", "differs")


class _Counted(NamedTuple):
    """One measure of every agent: rows, their sum and squares, and what they are worth where users repeat."""

    n: Floats
    y: Floats
    yy: Floats
    size: Floats


def agents(store: Store, asked: Asked) -> pd.DataFrame:
    """Every agent and measure, with the limits of the team.

    Args:
        store: Read: ``conversations messages users``.
        asked: What was asked for.

    Returns:
        One row per measure and agent, agents by falling number of conversations: ``agent_id``,
        ``conversations`` (taken over), ``measure``, ``n`` (of the measure), ``value`` (a share of 0 to 1; of
        handling seconds; null where n is 0), ``low high`` (its 95 % interval), ``team`` and ``team_n``
        (everybody together), ``limit_low limit_high`` (see above; null where not judged), ``few``,
        ``differs``. No row where no conversation has an agent; of a measure that no conversation has, every
        ``n`` is 0.
    """
    return compare(store.query(queries.HANDLED, **asked.bound))


def apart(found: pd.DataFrame) -> list[str]:
    """The agents of whom any measure differs."""
    return list(dict.fromkeys(found.loc[found["differs"].astype(bool), "agent_id"].astype(str)))


def compare(handled: pd.DataFrame) -> pd.DataFrame:
    """What ``agents`` gives, of counts.

    Args:
        handled: One row per agent and user: ``agent_id user_id conversations``, of the two shares
            ``<measure>_n <measure>_y``, and of the logarithms of handling seconds ``handling_n handling_y
            handling_yy``.
    """
    if handled.empty:
        return pd.DataFrame(columns=[*COLUMNS, *JUDGED])
    totals = handled.groupby("agent_id")["conversations"].sum().sort_values(ascending=False, kind="stable")
    counted = {measure: _counted(handled, measure, totals.index) for measure in MEASURES}
    judged = {measure: _enough(found.n) for measure, found in counted.items()}
    comparisons = max(sum(int(enough.sum()) for enough in judged.values()), 1)
    parts = []
    for measure, found in counted.items():
        limits = _times if measure == "handling" else _shares
        columns = limits(found, judged[measure], ERROR_RATE / comparisons)
        named = {"agent_id": totals.index, "conversations": totals.to_numpy(), "measure": measure}
        parts.append(pd.DataFrame({**named, "n": found.n.astype("int64"), **columns}))
    frame = pd.concat(parts, ignore_index=True)
    outside = (frame["value"] < frame["limit_low"]) | (frame["value"] > frame["limit_high"])
    return frame.assign(few=frame["n"] < FEWEST, differs=outside)[[*COLUMNS, *JUDGED]]


def _counted(handled: pd.DataFrame, measure: str, agents: pd.Index) -> _Counted:
    n, y = (handled[f"{measure}_{part}"].to_numpy(dtype=float) for part in ("n", "y"))
    yy = handled["handling_yy"].to_numpy(dtype=float) if measure == "handling" else y
    sums = pd.DataFrame({"n": n, "y": y, "yy": yy, "users": n > 0, "ss": y * y, "sn": y * n, "nn": n * n})
    each = sums.groupby(handled["agent_id"].to_numpy()).sum().reindex(agents).astype(float)
    with np.errstate(invalid="ignore"):
        mean = (each["y"] / each["n"]).to_numpy()
    errors = (each["ss"] - 2 * mean * each["sn"] + mean**2 * each["nn"]).to_numpy()
    of = {name: each[name].to_numpy() for name in ("n", "y", "yy", "users")}
    if measure == "handling":
        size = _mean_sizes(of["n"], of["users"], errors, of["yy"] - of["n"] * mean**2)
    else:
        size = effective_sizes(mean, of["n"], of["users"], errors)
    return _Counted(of["n"], of["y"], of["yy"], size)


def _mean_sizes(n: Floats, users: Floats, errors: Floats, squares: Floats) -> Floats:
    """How many independent rows a mean rests on: n by the design effect over users, at least 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        effect = users / (users - 1) * errors / squares
    return np.where((users < n) & (users > 1) & (squares > 0), n / np.fmax(effect, 1.0), np.fmin(n, users))


def _enough(n: Floats) -> NDArray[np.bool_]:
    """Whose n is enough, and that of the others too."""
    enough: NDArray[np.bool_] = (n >= FEWEST) & (n.sum() - n >= FEWEST)
    return enough


def _shares(found: _Counted, judged: NDArray[np.bool_], error_rate: float) -> dict[str, object]:
    n, y, size = found.n, found.y, found.size
    with np.errstate(divide="ignore", invalid="ignore"):
        value, team = y / n, y.sum() / n.sum()
        spread = np.sqrt(n / size)
    low, high = wilson_limits(value * size, size)
    ends = [_drawn(int(n.sum()), int(y.sum()), int(k), error_rate / 2) for k in n[judged]]
    limits = np.full((len(n), 2), np.nan)
    if ends:
        drawn = np.array(ends) / n[judged][:, None]
        limits[judged] = np.clip(team + (drawn - team) * spread[judged][:, None], 0, 1)
    return _columns(value, (low, high), (team, n.sum()), limits)


def _times(found: _Counted, judged: NDArray[np.bool_], error_rate: float) -> dict[str, object]:
    n, size, total = found.n, found.size, found.n.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        mean, team = found.y / n, found.y.sum() / total
        own = np.sqrt(np.clip((found.yy - n * mean**2) / (n - 1), 0, None) / size)
        variance = max((found.yy.sum() - total * team**2) / total, 0.0) if total else np.nan
        drawn = np.sqrt(variance / size * (total - n) / (total - 1))
    reach = NormalDist().inv_cdf(1 - error_rate / 2)
    limits = np.full((len(n), 2), np.nan)
    limits[judged] = np.exp(np.column_stack([team - reach * drawn, team + reach * drawn]))[judged]
    ends = (np.exp(mean - Z_95 * own), np.exp(mean + Z_95 * own))
    return _columns(np.exp(mean), ends, (float(np.exp(team)), total), limits)


def _columns(
    value: Floats, ends: tuple[Floats, Floats], team: tuple[float, float], limits: Floats
) -> dict[str, object]:
    columns: dict[str, object] = {"value": value, "low": ends[0], "high": ends[1]}
    columns |= {"team": team[0], "team_n": int(team[1])}
    return columns | {"limit_low": limits[:, 0], "limit_high": limits[:, 1]}


def _drawn(total: int, successes: int, size: int, tail: float) -> tuple[int, int]:
    """How few and how many successes so many drawn without replacement hold, but for a tail on each side."""
    least, most = max(0, size - (total - successes)), min(size, successes)
    counts = np.arange(least, most + 1, dtype=float)
    logs = _log_choose(successes, counts) + _log_choose(total - successes, size - counts)
    weights = np.exp(logs - logs.max())
    below = np.cumsum(weights) / weights.sum()
    above = np.cumsum(weights[::-1])[::-1] / weights.sum()
    # The least that is not rarer than the tail, together with all below it; and the most likewise.
    return least + int(np.argmax(below > tail)), most - int(np.argmax(above[::-1] > tail))


def _log_choose(n: int, k: Floats) -> Floats:
    return _LOG_FACTORIALS.of(n) - _LOG_FACTORIALS.of(k) - _LOG_FACTORIALS.of(n - k)


class _LogFactorials:
    """log n!, worked out once as far as it was asked for."""

    def __init__(self) -> None:
        self._known: Floats = np.zeros(1)

    def of(self, n: int | Floats) -> Floats:
        """The logarithms at whole numbers."""
        places = np.asarray(n, dtype=np.int64)
        if places.max(initial=0) >= len(self._known):
            self._known = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, 2 * places.max() + 2)))])
        found: Floats = self._known[places]
        return found


_LOG_FACTORIALS = _LogFactorials()
