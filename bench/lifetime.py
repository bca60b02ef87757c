"""How long a million buyers take to fit and to predict, beside the same models computed buyer by buyer.

    python bench/lifetime.py
    python bench/lifetime.py --buyers 100000
    python bench/lifetime.py --recovery 20

Buyers are drawn once from the seed, over a year and a half, on whole days as a shop's are. Ours fits BG/NBD,
MBG/NBD and Gamma-Gamma and predicts a year for everybody, discounted week by week. The peer is what a plain
implementation does: the likelihood of BG/NBD summed buyer by buyer and searched without derivatives, then the
expected orders buyer by buyer, on a sample, scaled to all. Each runs in a process of its own.

``--recovery`` asks something else. The buyers of ``simulate`` order by BG/NBD on the clock of a shop that is
busier on some days than on others, lose orders to a bug and send some back. In how many of so many of its
worlds does each planted parameter lie within two standard errors of the fitted one? Without these frictions
it would be nineteen in twenty.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import subprocess
import sys
import tempfile
import time
from math import exp, lgamma, log
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import hyp2f1

from analytics_lib import simulate
from analytics_lib.models import lifetime
from analytics_lib.models.lifetime_value import totals, value
from analytics_lib.store import Store

CONVERSATIONS, UNTIL = 20_000, dt.date(2026, 11, 1)
BUYERS, SAMPLE, DAYS = 1_000_000, 1_000, 548
ASKED_SECONDS, ASKED_MIB = 60, 4_096


def buyers_of(size: int, *, seed: int = 1) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    age = random.integers(0, DAYS, size)
    per_day = random.gamma(0.8, 1 / 42.0, size)
    leaves = random.beta(0.7, 2.2, size)
    frequency, last = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    active = np.arange(size)
    while active.size:
        # On another day: two orders of one day are one.
        last_of = last[active] + np.maximum(np.ceil(random.exponential(1 / per_day[active])), 1)
        within = last_of <= age[active]
        active = active[within]
        last[active] = last_of[within].astype(np.int64)
        frequency[active] += 1
        active = active[random.random(active.size) >= leaves[active]]
    scale = random.gamma(4.0, 1 / 85_000, size)
    times = np.maximum(frequency, 1)
    spent = np.where(frequency > 0, random.gamma(6.0 * times, 1 / scale) / times, np.nan)
    ids = np.arange(size).astype(str)
    columns = {"user_id": ids, "frequency": frequency, "recency": last / 7, "age": age / 7, "monetary": spent}
    return pd.DataFrame(columns)


def ours(size: int) -> dict[str, object]:
    rows = buyers_of(size)
    began, used = time.perf_counter(), time.process_time()
    bg_nbd, mbg_nbd = lifetime.fit_bg_nbd(rows), lifetime.fit_mbg_nbd(rows)
    spend = lifetime.fit_gamma_gamma(rows)
    fitted = time.perf_counter()
    worth = value(mbg_nbd, spend, rows, horizon=52, margin=0.5, yearly_rate=0.12)
    predicted = time.perf_counter()
    total = totals(mbg_nbd, rows, horizon=52)
    ended = time.perf_counter()
    return {
        "seconds": round(ended - began, 1),
        "processor_seconds": round(time.process_time() - used, 1),
        "fit_seconds": round(fitted - began, 1),
        "value_seconds": round(predicted - fitted, 1),
        "interval_seconds": round(ended - predicted, 1),
        "bg_nbd": [round(each, 3) for each in bg_nbd.values.tolist()],
        "problems": [*bg_nbd.problems, *mbg_nbd.problems, *spend.problems],
        "orders": round(total["orders"]),
        "value": round(float(worth["value"].sum())),
    }


def plain(size: int) -> dict[str, object]:
    """BG/NBD alone, one buyer after the other."""
    rows = buyers_of(SAMPLE)[["frequency", "recency", "age"]].to_numpy().tolist()
    began = time.perf_counter()
    found = minimize(
        lambda logs: -sum(_height(row, *map(exp, logs)) for row in rows), np.zeros(4), method="Nelder-Mead"
    )
    fitted = time.perf_counter()
    r, alpha, a, b = map(exp, found.x)
    orders = sum(_expected(row, r, alpha, a, b) for row in rows)
    seconds = time.perf_counter() - began
    return {
        "buyers": SAMPLE,
        "seconds": round(seconds, 1),
        "seconds_scaled": round(seconds * size / SAMPLE),
        "fit_seconds": round(fitted - began, 1),
        "bg_nbd": [round(each, 3) for each in (r, alpha, a, b)],
        "orders": round(orders),
    }


def _beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def _height(row: list[float], r: float, alpha: float, a: float, b: float) -> float:
    x, t, age = row
    shared = lgamma(r + x) - lgamma(r) + r * log(alpha) - _beta(a, b)
    here = _beta(a, b + x) - (r + x) * log(alpha + age)
    if x == 0:
        return shared + here
    gone = _beta(a + 1, b + x - 1) - (r + x) * log(alpha + t)
    return shared + max(here, gone) + log(1 + exp(-abs(here - gone)))


def _expected(row: list[float], r: float, alpha: float, a: float, b: float) -> float:
    x, t, age = row
    series = float(hyp2f1(r + x, b + x, a + b + x - 1, 52 / (alpha + age + 52)))
    orders = (a + b + x - 1) / (a - 1) * (1 - ((alpha + age) / (alpha + age + 52)) ** (r + x) * series)
    dead = a / (b + x - 1) * ((alpha + age) / (alpha + t)) ** (r + x) if x else 0.0
    return orders / (1 + dead)


def recovery(seeds: int, conversations: int) -> dict[str, object]:
    """Of how many worlds each planted parameter is within two standard errors, and how far off it is."""
    asked = {"conversations": conversations, "until": UNTIL}
    found = pd.DataFrame([_off(seed, asked) for seed in range(1, seeds + 1)])
    off = found.drop(columns="buyers")
    return {
        "worlds": seeds,
        "conversations": conversations,
        "buyers": round(float(found["buyers"].mean())),
        "within_two_errors": {name: int((off[name].abs() <= 2).sum()) for name in off},
        "mean_errors_off": {name: round(float(off[name].mean()), 2) for name in off},
        "undefined": int(off.isna().any(axis=1).sum()),
    }


def _off(seed: int, asked: dict[str, object]) -> dict[str, float]:
    """By how many of its standard errors each fitted parameter lies above the planted one."""
    with tempfile.TemporaryDirectory() as folder:
        truth = simulate.write_world(Path(folder), seed=seed, **asked)  # type: ignore[arg-type]  # each by its name
        lines = (Path(folder) / "orders.ndjson").read_bytes().splitlines()
    orders = pd.DataFrame([json.loads(line) for line in lines])
    orders["ordered_at"] = pd.to_datetime(orders["ordered_at"], utc=True)
    orders["ordered_local"] = orders["ordered_at"].dt.tz_convert("America/Bogota").dt.tz_localize(None)
    with Store.in_memory(orders=orders) as store:
        rows = lifetime.summarize(store, until=UNTIL)
    found: dict[str, float] = {"buyers": len(rows)}
    fitted = {"bg_nbd": lifetime.fit_bg_nbd(rows), "gamma_gamma": lifetime.fit_gamma_gamma(rows)}
    for kind, model in fitted.items():
        errors = model.standard_errors
        for name, planted in truth.parameters[kind].items():
            found[name] = (getattr(model, name) - planted) / errors[name]
    return found


def in_its_own_process(name: str, size: int) -> dict[str, object]:
    command = [sys.executable, __file__, "--only", name, "--buyers", str(size)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return dict(json.loads(told.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--buyers", type=int, default=BUYERS)
    parser.add_argument("--only", choices=["ours", "plain"])
    parser.add_argument("--recovery", type=int, metavar="WORLDS", help="how often what was planted is found")
    parser.add_argument("--conversations", type=int, default=CONVERSATIONS, help="of each of these worlds")
    given = parser.parse_args()
    if given.recovery:
        print(json.dumps(recovery(given.recovery, given.conversations), indent=2))
        return
    if given.only:
        found = {"ours": ours, "plain": plain}[given.only](given.buyers)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(found | {"peak_mib": round(peak)}))
        return
    us, peer = (in_its_own_process(name, given.buyers) for name in ("ours", "plain"))
    held = us["seconds"] <= ASKED_SECONDS and us["peak_mib"] <= ASKED_MIB  # type: ignore[operator]  # numbers
    print(json.dumps({"buyers": given.buyers, "ours": us, "plain": peer, "as_asked": held}, indent=2))


if __name__ == "__main__":
    main()
