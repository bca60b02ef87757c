"""The big numbers of the page of operations: each with its counts, interval and what is usual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from analytics_lib.analysis.differences import SMALL_N, Share, newcombe
from analytics_lib.analysis.operations_rows import by_week, verdicts
from analytics_lib.metrics import CATALOG
from analytics_lib.metrics.bootstrap import ratio_limits
from analytics_lib.metrics.health_score import WEIGHTS, HealthScore, weigh
from analytics_lib.metrics.intervals import Z_95, effective_size, wilson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from analytics_lib.analysis.operations_rows import Rows

    Floats = NDArray[np.float64]
    Tile = dict[str, Any]

_ACTIVE = {"active_users": "users", "active_conversations": "conversations", "messages": "messages"}
_NUMBERS = ["value", "low", "high", "numerator", "denominator", "usual", "usual_low", "usual_high", "weeks"]


class Percentile(NamedTuple):
    """A percentile of waits with the limits of its 95 % interval; NaN where unknown."""

    value: float
    low: float
    high: float


def tiles(rows: Rows, health: HealthScore, api: pd.Series, weeks: Sequence[int]) -> pd.DataFrame:
    """One row per number; see ``operations.Now.tiles``."""
    found = [*_counts(rows, weeks), _resolution(rows, health, weeks), *_waits(rows, weeks)]
    found += [_health(health), _queue(rows), *_systems(api)]
    frame = pd.DataFrame(found).reindex(columns=["name", "unit", *_NUMBERS, "verdict"])
    frame["verdict"] = frame["verdict"].fillna("unknown")
    frame["few"] = [_few(row) for row in frame.to_dict("records")]
    return frame


def health_of(rows: Rows) -> HealthScore:
    """The health score of the day so far, as ``metrics.health_score`` defines it."""
    pairs = {name: _pair(rows, name) for name in WEIGHTS}

    def side_by_side(names: Sequence[str]) -> Floats:
        joined = pd.concat([pairs[name].add_suffix(name) for name in names], axis="columns")
        return joined.sort_index().fillna(0.0).to_numpy(dtype=float)

    measured = pd.DataFrame([_part(name, pair) for name, pair in pairs.items()])
    return weigh(measured, side_by_side)


def percentile(values: Floats, users: pd.Series, quantile: float) -> Percentile:
    """A percentile (type 7) with Woodruff's interval, widened where users wait again and again."""
    n = len(values)
    if not n:
        return Percentile(np.nan, np.nan, np.nan)
    value = float(np.quantile(values, quantile))
    per_user = pd.DataFrame({"below": values <= value, "n": 1}).groupby(users.to_numpy()).sum()
    share = per_user["below"].sum() / n
    errors = float(((per_user["below"] - share * per_user["n"]) ** 2).sum())
    size = effective_size(share, total=n, users=len(per_user), squared_errors=errors)
    half = Z_95 * float(np.sqrt(quantile * (1 - quantile) * n * n / size))
    ordered = np.sort(values)
    low, high = int(np.floor(quantile * n - half)), int(np.ceil(quantile * n + half)) + 1
    return Percentile(
        value,
        float(ordered[low - 1]) if low >= 1 else np.nan,
        float(ordered[high - 1]) if high <= n else np.nan,
    )


def _counts(rows: Rows, weeks: Sequence[int]) -> list[Tile]:
    active, begun = rows["active"], rows["hour"]
    chosen = {
        **{tile: active[active["name"] == name] for tile, name in _ACTIVE.items()},
        "conversations": begun,
    }
    counts = np.array([by_week(found, weeks) for found in chosen.values()])
    judged = verdicts(counts)
    return [
        {"name": name, "unit": "count", "value": each[0], **_usual(each[1:]), "verdict": verdict}
        for name, each, verdict in zip(chosen, counts, judged, strict=True)
    ]


def _usual(before: Floats) -> Tile:
    if not len(before):
        return {"weeks": 0}
    ends = {"usual_low": before.min(), "usual_high": before.max()}
    return {"usual": before.mean(), **ends, "weeks": len(before)}


def _resolution(rows: Rows, health: HealthScore, weeks: Sequence[int]) -> Tile:
    part = health.parts.set_index("metric").loc["resolution_rate"]
    size = _part("resolution_rate", _pair(rows, "resolution_rate"))["size"]
    before = rows["usual"][rows["usual"]["week"].isin(weeks)]
    resolved, known = before["value"].sum(), before["n"].sum()
    tile: Tile = {name: part[name] for name in ("value", "low", "high", "numerator", "denominator")}
    usual = resolved / known if known else np.nan
    tile |= {
        "name": "resolution_rate",
        "unit": "share",
        "usual": usual,
        "weeks": int((before["n"] > 0).sum()),
    }
    few = tile["denominator"] < SMALL_N or known < SMALL_N
    return {**tile, "verdict": "few" if few else _apart(Share(tile["value"], size), Share(usual, known))}


def _apart(now: Share, usual: Share) -> str:
    """Whether the interval of the difference leaves out 0."""
    low, high = newcombe(now, usual)
    return "more" if low > 0 else "less" if high < 0 else "same"


def _waits(rows: Rows, weeks: Sequence[int]) -> list[Tile]:
    waits = rows["wait"]
    here, before = waits[waits["week"] == 0], waits[waits["week"].isin(weeks)]
    return [
        _wait("median_response_time", here, before, 0.5),
        _wait("p90_response_time", here, before, 0.9),
    ]


def _wait(name: str, here: pd.DataFrame, before: pd.DataFrame, quantile: float) -> Tile:
    now, usual = (
        percentile(part["value"].to_numpy(dtype=float), part["person"], quantile) for part in (here, before)
    )
    tile: Tile = {"name": name, "unit": "seconds", **now._asdict(), "denominator": len(here)}
    tile |= {"usual": usual.value, "weeks": before["week"].nunique()}
    least = CATALOG["median_response_time"].minimum_n
    known = min(len(here), len(before)) >= least and not np.isnan([now.low, now.high]).any()
    # Intervals that do not touch: stricter than a test of the difference.
    apart = "more" if now.low > usual.high else "less" if now.high < usual.low else "same"
    return {**tile, "verdict": apart if known else "few"}


def _health(health: HealthScore) -> Tile:
    ends = {"low": health.low, "high": health.high}
    return {"name": "health_score", "unit": "score", "value": health.value, **ends, "verdict": None}


def _queue(rows: Rows) -> Tile:
    """What waits in all queues together, by the last reading of each."""
    read = rows["queue"].sort_values("moment").groupby("name")["value"].last()
    value = float(read.sum()) if len(read) else np.nan
    return {
        "name": "queue_depth",
        "unit": "waiting",
        "value": value,
        "denominator": len(read),
        "verdict": None,
    }


def _systems(api: pd.Series) -> list[Tile]:
    latency: Tile = {"name": "latency_p95", "unit": "milliseconds", "value": api["p95_ms"]}
    errors: Tile = {"name": "error_rate", "unit": "share", "value": api["error_rate"]}
    latency["denominator"], errors["denominator"] = api["timed"], api["requests"]
    return [latency, {**errors, "numerator": api["errors"], "low": api["low"], "high": api["high"]}]


def _pair(rows: Rows, name: str) -> pd.DataFrame:
    """What each user adds to a part of the health score: ``value`` of ``n``, in order of their ids."""
    chosen = rows["part"][rows["part"]["name"] == name]
    return chosen.sort_values("person").set_index("person")[["value", "n"]].astype(float)


def _part(name: str, pair: pd.DataFrame) -> dict[str, Any]:
    """A part of the health score over the users who add to it."""
    y, n = (pair[column].to_numpy(dtype=float) for column in ("value", "n"))
    total = n.sum()
    value = y.sum() / total if total else np.nan
    size, limits = float(total), (np.nan, np.nan)
    if CATALOG[name].kind == "share" and total:
        errors = float(((y - value * n) ** 2).sum())
        size = effective_size(value, total=int(total), users=len(pair), squared_errors=errors)
        limits = wilson(value * size, size)
    elif total:
        low, high = ratio_limits([(y, n)])[0]
        limits = (float(low), float(high))
    counts = {"numerator": y.sum() if total else np.nan, "denominator": total, "size": size}
    ends = {"low": limits[0], "high": limits[1], "few": total < CATALOG[name].minimum_n}
    return {"metric": name, "value": value, **counts, **ends}


def _few(row: Mapping[Any, Any]) -> bool:
    n, least = row["denominator"], _LEAST.get(row["name"])
    return least is not None and not np.isnan(n) and n < least


_LEAST = {
    "resolution_rate": CATALOG["resolution_rate"].minimum_n,
    "median_response_time": CATALOG["median_response_time"].minimum_n,
    "p90_response_time": CATALOG["median_response_time"].minimum_n,
    "latency_p95": CATALOG["latency_p95"].minimum_n,
    "error_rate": CATALOG["error_rate"].minimum_n,
}
