"""Small frames as the questions on topics, trends and sequences give them."""

import pandas as pd

NAN = float("nan")


def compared(verdict="rising", **given):
    """One row of a comparison with the weeks before."""
    row = {
        "count_now": 30, "total_now": 100, "share_now": 0.3, "low_now": 0.22, "high_now": 0.4,
        "count_before": 80, "total_before": 800, "share_before": 0.1, "low_before": 0.08, "high_before": 0.12,
        "ratio": 3.0, "ratio_low": 1.9, "ratio_high": 4.6, "p_value": 0.0001, "q_value": 0.002,
        "verdict": verdict,
    }  # fmt: skip
    return row | given


def topics_of(*names):
    rows = [
        {
            "topic": name, "words": name.split(" · "), "messages": 40 - place, "share": 0.25,
            "conversations": 20, "users": 10, "user_share": 0.5, "low": 0.3, "high": 0.7,
            "examples": [f"ejemplo de {name}"],
        }
        for place, name in enumerate(names)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def ending(topic, difference, *, real=True, ending="escalated"):
    counts = {
        "first_conversations": 20,
        "first_total": 100,
        "first_share": 0.2,
        "first_low": 0.1,
        "first_high": 0.3,
    }
    others = {
        "second_conversations": 10,
        "second_total": 100,
        "second_share": 0.1,
        "second_low": 0.05,
        "second_high": 0.2,
    }
    test = {"difference": difference, "low": difference - 0.05, "high": difference + 0.05, "p_value": 0.001}
    return {"topic": topic, "ending": ending, **counts, **others, **test, "few": False, "real": real}


def issue(kind="failed_action", name="start_payment", detail="timeout", **given):
    row = {"kind": kind, "name": name, "detail": detail, "conversations": 30, "total": 1000}
    return row | {"per_thousand": 30.0, "low": 21.0, "high": 42.5} | compared(**given)


def pattern(names, **given):
    row = {
        "pattern": list(names), "length": len(names), "units": 200, "units_total": 1000,
        "support": 0.2, "low": 0.18, "high": 0.23, "outcome_units": 60, "outcome_rate": 0.3,
        "other_units": 800,
        "other_outcome_units": 80,
        "other_outcome_rate": 0.1, "flow_lift": 2.0, "flow_low": 1.5, "flow_high": 2.7,
        "flow_p_value": 0.001,
        "verdict": "buyers", "part_of": None,
    }  # fmt: skip
    return row | given


def hours_of(*cells, metric="conversations"):
    """All 168 hours of the week, empty but for ``(weekday, hour, numerator, denominator, few, real)``."""
    rows = {(day, hour): (0.0, NAN, True, False) for day in range(1, 8) for hour in range(24)}
    rows |= {(day, hour): rest for day, hour, *rest in cells}
    return pd.DataFrame(
        [
            {
                "metric": metric, "weekday": day, "hour": hour, "days": 4, "numerator": of, "denominator": n,
                "value": of / n, "few": few, "real": real,
            }
            for (day, hour), (of, n, few, real) in rows.items()
        ]
    )  # fmt: skip
