"""How things stand at one moment, as the pictures of the operations page take it."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from analytics_lib.metrics import HealthScore

NAN = float("nan")
AT = pd.Timestamp("2026-03-31 12:00")
SOURCES = ("actions", "api_requests", "conversations", "events", "messages", "samples")
_TILES = {
    "active_users": ("count", 6, 2.0, "more"),
    "active_conversations": ("count", 4, 2.0, "same"),
    "messages": ("count", 90, 45.0, "same"),
    "conversations": ("count", 1480, 990.0, "more"),
    "resolution_rate": ("share", 0.8, 0.9, "less"),
    "median_response_time": ("seconds", 2.0, 1.5, "same"),
    "p90_response_time": ("seconds", 4.0, 3.0, "same"),
    "health_score": ("score", 0.65, NAN, "unknown"),
    "queue_depth": ("waiting", 3, NAN, "unknown"),
    "latency_p95": ("milliseconds", 367, NAN, "unknown"),
    "error_rate": ("share", 0.02, NAN, "unknown"),
}


def told(**other):
    """A moment at which everything is recorded; ``other`` replaces parts of it."""
    parts = {
        "as_of_local": AT.to_pydatetime(),
        "seen_local": AT.to_pydatetime(),
        "behind_seconds": 14.0,
        "stale": False,
        "channel": None,
        "segment": None,
        "tiles": tiles(),
        "health": health(),
        "minutes": minutes(),
        "hours": pd.DataFrame({"at": pd.date_range("2026-03-31", periods=12, freq="h"), "conversations": 2}),
        "queue": queue(("agents", 3.0)),
        "api": api(),
        "top": top(),
        "sources": sources(),
        "recorded": {*SOURCES, "intents", "products"},
    }
    return SimpleNamespace(**parts | other)


def tiles(**missing):
    """One row a number; ``missing`` names the source a number lacks."""
    rows = [
        {
            "name": name,
            "unit": unit,
            "value": NAN if name in missing else value,
            "low": value - 0.1 if unit == "share" else NAN,
            "high": value + 0.1 if unit == "share" else NAN,
            "numerator": 80.0,
            "denominator": 100.0,
            "few": False,
            "usual": usual,
            "usual_low": usual - 1 if unit == "count" else NAN,
            "usual_high": usual + 1 if unit == "count" else NAN,
            "weeks": 4,
            "verdict": verdict,
            "missing": missing.get(name, ""),
        }
        for name, (unit, value, usual, verdict) in _TILES.items()
    ]
    return pd.DataFrame(rows)


def health(lacking=()):
    """The health score; ``lacking`` parts have no data."""
    names = ["resolution_rate", "csat", "average_response_time", "escalation_rate"]
    parts = pd.DataFrame({"metric": names, "normalized": [NAN if name in lacking else 0.5 for name in names]})
    return HealthScore(0.65, 0.58, 0.73, 1.0, len(lacking) > 2, parts)


def minutes():
    """An hour with three messages in its last minute, which runs."""
    at = pd.date_range(AT - pd.Timedelta(minutes=59), AT, freq="min")
    return pd.DataFrame(
        {"at": at, "messages": [0] * 59 + [3], "users": [0] * 59 + [1], "complete": [True] * 59 + [False]}
    )


def queue(*depths):
    """A reading of each queue, by the value of its label and its depth."""
    rows = [
        {"queue": f'{{"queue":"{name}"}}', "at": AT, "depth": depth, "readings": 1} for name, depth in depths
    ]
    return pd.DataFrame(rows, columns=["queue", "at", "depth", "readings"])


def api():
    """Two quarters of an hour, the second with few requests."""
    at = [AT - pd.Timedelta(minutes=30), AT - pd.Timedelta(minutes=15)]
    ends = {"errors": 1.0, "error_rate": 0.05, "low": 0.0, "high": 0.2}
    numbers = {
        "requests": [40.0, 3.0],
        "timed": [40.0, 3.0],
        "p50_ms": 100.0,
        "p95_ms": 300.0,
        "few": [False, True],
    }
    return pd.DataFrame({"at": at, **ends, **numbers})


def top(*rows):
    """Rows of lists as ``(list, kind, name, count, verdict)``."""
    given = rows or (("queries", "query", "price", 7, "more"), ("issues", "escalation", "", 1, "few"))
    frame = pd.DataFrame(given, columns=["list", "kind", "name", "count", "verdict"])
    return frame.assign(of=10, share=frame["count"] / 10, usual_share=np.nan if not rows else 0.25)


def sources(silent=(), unrecorded=()):
    """Every source, fresh unless it is ``silent`` or never was recorded."""
    rows = [
        {
            "source": name,
            "recorded": name not in unrecorded,
            "last_local": AT,
            "behind_seconds": 7200.0 if name in silent else 14.0,
            "stale": name in silent,
        }
        for name in SOURCES
    ]
    return pd.DataFrame(rows)
