"""Buyers drawn from the processes that the lifetime models describe, with known parameters."""

import numpy as np
import pandas as pd

REPEAT = {"r": 0.8, "alpha": 6.0, "a": 0.7, "b": 2.2}
SPEND = {"p": 6.0, "q": 4.0, "v": 85_000.0}


def drawn(size, *, seed, kind="bg_nbd", weeks=26.0):
    """A summary of that many buyers, first seen evenly over so many weeks."""
    random = np.random.default_rng(seed)
    age = random.uniform(0, weeks, size)
    rate = random.gamma(REPEAT["r"], 1 / REPEAT["alpha"], size)
    leaves = random.beta(REPEAT["a"], REPEAT["b"], size)
    frequency, recency, now = np.zeros(size, dtype=int), np.zeros(size), np.zeros(size)
    active = np.arange(size)
    if kind == "mbg_nbd":
        active = active[random.random(size) >= leaves]
    while active.size:
        now[active] += random.exponential(1 / rate[active])
        active = active[now[active] <= age[active]]
        frequency[active] += 1
        recency[active] = now[active]
        active = active[random.random(active.size) >= leaves[active]]
    scale = random.gamma(SPEND["q"], 1 / SPEND["v"], size)
    mean = random.gamma(SPEND["p"] * np.maximum(frequency, 1), 1 / scale) / np.maximum(frequency, 1)
    monetary = np.where(frequency > 0, mean, np.nan)
    return pd.DataFrame({"frequency": frequency, "recency": recency, "age": age, "monetary": monetary})


def orders_of(rows, *, until):
    """Orders by which these buyers have their summary: evenly from their first day to their last."""
    orders = []
    for place, row in enumerate(rows.itertuples()):
        first = pd.Timestamp(until) - pd.Timedelta(days=1 + round(row.age * 7))
        for number in range(row.frequency + 1):
            at = first + pd.Timedelta(days=round(row.recency * 7) * number // max(row.frequency, 1), hours=12)
            amount = row.monetary if row.frequency else 50_000.0
            orders.append((f"o{place}-{number}", f"{place:032x}", at.tz_localize("UTC"), amount, "COP"))
    return pd.DataFrame(orders, columns=["order_id", "user_id", "ordered_at", "amount", "currency"])
