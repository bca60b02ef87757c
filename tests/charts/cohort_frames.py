"""Small frames of cohorts as the questions give them."""

import pandas as pd


def share(active, users):
    return {"users": users, "active_users": active, "retention": active / users, "low": 0.1, "high": 0.6}


CELLS = pd.DataFrame(
    [
        {"cohort": pd.Timestamp(start), "age": age, **share(active, 100), "clock": "calendar"}
        for start, counts in (("2026-01-01", (100, 40, 0)), ("2026-02-01", (100, 20)), ("2026-03-01", (100,)))
        for age, active in enumerate(counts)
    ]
)
WHOLE = pd.DataFrame(
    [
        {"age": age, "cohorts": cohorts, **share(active, 100 * cohorts)}
        for age, cohorts, active in ((0, 3, 300), (1, 2, 60), (2, 1, 0))
    ]
)
LIFE = pd.DataFrame(
    {
        "period": pd.to_datetime(["2026-01-01", "2026-02-01"]),
        "active": [100, 140],
        "new": [100, 100],
        "returning": [0, 40],
        "resurrected": [0, 0],
        "dormant": [0, 60],
        "quick_ratio": [float("nan"), 100 / 60],
    }
)
TOGETHER = pd.DataFrame(
    {
        "age": [0, 1],
        "cohorts": [2, 1],
        "users": [200, 100],
        "revenue": [2e6, 3e6],
        "revenue_per_user": [1e4, 3e4],
    }
).assign(currency="COP")
WORTH = TOGETHER.assign(cohort=pd.Timestamp("2026-01-01"))


def compared(by, *rows):
    """Each ``(group, active, users, difference, real, mix)``."""
    return pd.DataFrame(
        [
            {
                by: group,
                **share(active, users),
                "rest_users": 200,
                "rest_active_users": 100,
                "rest_retention": 0.5,
                "difference": difference,
                "p_value": 0.001,
                "few": users < 30,
                "real": real,
                "mix": mix,
                "behaviour": difference - mix,
            }
            for group, active, users, difference, real, mix in rows
        ]
    )
