"""Frames of journeys written by hand, as the questions give them."""

import pandas as pd

NAN = float("nan")


def paths(*each, total=None, users=None):
    """Each a list of names and a count; what is missing to the total is the last row ``other``."""
    total = sum(n for _, n in each) if total is None else total
    rows = [*each, (["other"], total - sum(n for _, n in each))]
    frame = pd.DataFrame({"path": [path for path, _ in rows], "journeys": [n for _, n in rows]})
    frame["share"] = frame["journeys"] / total if total else NAN
    frame["low"], frame["high"] = frame["share"] - 0.01, frame["share"] + 0.01
    return frame.assign(total_journeys=total, total_users=total if users is None else users)


def transitions(*each):
    """Each ``(source, target, transitions)``; a user makes one of them."""
    frame = pd.DataFrame(each, columns=["source", "target", "transitions"])
    frame["source_transitions"] = frame.groupby("source")["transitions"].transform("sum")
    frame["share"] = frame["transitions"] / frame["source_transitions"]
    frame["users"], frame["source_users"] = frame["transitions"], frame["source_transitions"]
    frame["reach"] = frame["share"]
    for name in ("share", "reach"):
        prefix = "" if name == "share" else "reach_"
        frame[f"{prefix}low"], frame[f"{prefix}high"] = frame[name] - 0.02, frame[name] + 0.02
    return frame.assign(median_seconds=90.0)


def matrix(**steps):
    """By event, its journeys at each step; ``ended`` is one of them, and every step adds up to the first."""
    rows = [
        (step, event, n)
        for step in range(1, 1 + max(len(counts) for counts in steps.values()))
        for event, counts in steps.items()
        for n in [counts[step - 1]]
    ]
    frame = pd.DataFrame(rows, columns=["step", "event", "journeys"])
    total = int(frame.loc[frame["step"] == 1, "journeys"].sum())
    return frame.assign(share=frame["journeys"] / max(total, 1), total_journeys=total)


def counted(*each, **more):
    """Each ``(event, journeys, total_journeys)``."""
    frame = pd.DataFrame(each, columns=["event", "journeys", "total_journeys"])
    frame["share"] = frame["journeys"] / frame["total_journeys"]
    frame["low"], frame["high"] = frame["share"] - 0.01, frame["share"] + 0.01
    return frame.assign(**more)


def difference(value=0.1, *, real=True, p_value=0.004, **keys):
    """One row of what two groups do differently, 300 of 1,000 against 40 of 200."""
    said = keys or {"source": "cart_added", "target": "purchase_initiated"}
    said |= {"first_count": 300, "first_total": 1000, "first_share": 0.3}
    said |= {"second_count": 40, "second_total": 200, "second_share": 0.2}
    said |= {"difference": value, "low": value - 0.05, "high": value + 0.04}
    return {**said, "p_value": p_value, "few": False, "real": real}
