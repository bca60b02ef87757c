"""What the load forecast is held to: published series, real ones, the simulated shop, and seconds.

    python bench/load.py                    # everything, some ten minutes on two idle cores
    python bench/load.py --only speed       # one of: peyton m4 nab shop speed

``peyton`` is Prophet alone, as its documentation uses it (365 days ahead, and its cross-validation). ``m4``
holds out the last 48 hours of a fixed sample of the hourly M4 series; ``nab`` rolls through real series
resampled to hours; ``shop`` asks whether what the simulator planted is found. Data: ``../shared/data``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import logging
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from analytics_lib import simulate
from analytics_lib.models import load
from analytics_lib.models.load_backtest import METHODS
from analytics_lib.models.load_prophet import fit_prophet, predict_prophet
from analytics_lib.models.load_scores import mase_scale
from analytics_lib.simulate.arrivals import HOUR_FACTORS

DATA = Path(__file__).parents[2] / "shared/data"
NO_DAYS = load.Calendar(country=None, paydays=())
SERIES, HELD, SEED = 60, 48, 1
TRUE_HOURS = np.array(HOUR_FACTORS) / np.mean(HOUR_FACTORS)
# Means of a utilisation, sums of a count.
MEANS = ("cpu", "TravelTime", "occupancy", "speed", "exchange", "temperature", "disk_write", "rogue")
CALENDARS = ("Twitter", "elb_request", "exchange")


def peyton() -> dict[str, object]:
    from prophet.diagnostics import cross_validation, performance_metrics  # noqa: PLC0415  # slow

    logging.getLogger("cmdstanpy").disabled = True
    series = pd.read_csv(DATA / "load-prophet/example_wp_log_peyton_manning.csv", parse_dates=["ds"])
    model = fit_prophet(series)
    said = predict_prophet(model, model.make_future_dataframe(periods=365)).set_index("ds")["yhat"]
    tested = cross_validation(
        model, initial="730 days", period="180 days", horizon="365 days", disable_tqdm=True
    )
    rmse = performance_metrics(tested).set_index("horizon")["rmse"]
    return {
        "yhat 2017-01-15 (8.213)": round(float(said["2017-01-15"]), 3),
        "yhat 2017-01-16 (8.538)": round(float(said["2017-01-16"]), 3),
        "RMSE at 38 days (0.706)": round(float(rmse[pd.Timedelta(days=38)]), 3),
    }


def m4(methods: tuple[str, ...]) -> dict[str, object]:
    table = pd.read_csv(DATA / "load-m4-hourly/Hourly-train.csv.gz", index_col=0)
    chosen = np.sort(np.random.default_rng(SEED).choice(len(table), SERIES, replace=False))
    rows = []
    for place in chosen:
        values = table.iloc[place].dropna().to_numpy(dtype=float)
        seen, held = values[:-HELD], values[-HELD:]
        # No dates are given: a start is invented.
        at = pd.date_range("2024-01-01", periods=len(seen), freq="h", unit="us")
        made = load.forecast(
            pd.DataFrame({"at": at, "value": seen}), horizon="48h", calendar=NO_DAYS, methods=methods
        )
        scale = mase_scale(seen, season=24)
        row = {"series": table.index[place], "method": made.method, "ours": made.frame["expected"]}
        row |= {name: made.methods[name] for name in made.methods if name in METHODS}
        errors = {
            name: float(np.abs(said.to_numpy() - held).mean() / scale)
            for name, said in row.items()
            if name not in {"series", "method"}
        }
        inside = (held >= made.frame["low_95"]) & (held <= made.frame["high_95"])
        rows.append(
            {"series": row["series"], "method": made.method, **errors, "inside": float(inside.mean())}
        )
    found = pd.DataFrame(rows)
    names = [name for name in found if name not in {"series", "method", "inside"}]
    return {
        "series": SERIES,
        "median MASE(24)": {str(name): round(float(found[name].median()), 3) for name in names},
        "mean MASE(24)": {str(name): round(float(found[name].mean()), 3) for name in names},
        "coverage 95": round(float(found["inside"].mean()), 3),
        "chosen": found["method"].value_counts().to_dict(),
        "worse than both naives": int(
            (found["ours"] > found[["seasonal_naive", "yesterday"]].max(axis=1)).sum()
        ),
    }


def nab() -> dict[str, object]:
    rows = []
    for path in sorted((DATA / "load-nab").glob("real*/*.csv.gz")):
        raw = pd.read_csv(path, parse_dates=["timestamp"])
        hourly = raw.groupby(raw["timestamp"].dt.floor("h"))["value"]
        values = hourly.mean() if any(word in path.name for word in MEANS) else hourly.sum()
        if len(values) < 24 * 35:
            continue
        history = values.rename_axis("at").reset_index()
        made = load.forecast(history, horizon="24h", calendar=NO_DAYS, methods=METHODS[:3])
        best = made.backtest[made.backtest["chosen"]].iloc[0]
        naive = made.backtest.set_index("method").loc["seasonal_naive", "mase"]
        rows.append(
            {
                "series": path.name.removesuffix(".csv.gz"),
                "method": made.method,
                "mase": best["mase"],
                "naive": naive,
                "coverage": best["coverage_95"],
                "busiest": best["coverage_busy_95"],
                "origins": best["origins"],
            }
        )
    found = pd.DataFrame(rows)
    print(found.round(3).to_string(index=False), file=sys.stderr)
    calls = found[found["series"].str.contains("|".join(CALENDARS))]
    return {
        "series of 5 weeks or more": len(found),
        "coverage 95, all": round(float(found["coverage"].mean()), 3),
        "busiest four hours, all": round(float(found["busiest"].mean()), 3),
        "least and most": [round(float(found["coverage"].agg(which)), 3) for which in ("min", "max")],
        "coverage 95, counts of people": round(float(calls["coverage"].mean()), 3),
        "busiest four hours, counts of people": round(float(calls["busiest"].mean()), 3),
        "better than seasonal naive": int((found["mase"] < found["naive"]).sum()),
        "outage": outage(),
    }


def outage() -> dict[str, float]:
    """By how much 36 hours of zeros, two weeks before the end, move what is expected of the next week."""
    raw = pd.read_csv(DATA / "load-nab/realTweets/Twitter_volume_AMZN.csv.gz", parse_dates=["timestamp"])
    values = raw.groupby(raw["timestamp"].dt.floor("h"))["value"].sum().iloc[: 24 * 50]
    broken = values.copy()
    broken.iloc[-24 * 14 : -24 * 14 + 36] = 0
    whole, bent = (
        load.forecast(
            one.rename_axis("at").reset_index(), horizon="7d", calendar=NO_DAYS, methods=METHODS[:3]
        ).methods["regression"]
        for one in (values, broken)
    )
    return {"regression moves by": round(float(bent.sum() / whole.sum() - 1), 4)}


def shop(world: Path | None) -> dict[str, object]:
    """What the simulator planted, and what is found: effects of days, hours of the day, and the peak."""
    with tempfile.TemporaryDirectory() as made:
        folder = world or Path(made)
        if world is None:
            simulate.write_world(folder, conversations=200_000, seed=3, until=dt.date(2026, 11, 1))
        truth = pd.read_parquet(folder / "truth/calendar.parquet")
        started = pd.read_json(folder / "conversations.ndjson", lines=True)["started_at"]
    local = pd.to_datetime(started, utc=True).dt.tz_convert("America/Bogota").dt.tz_localize(None)
    at = pd.date_range(truth["day"].min(), periods=24 * len(truth), freq="h", unit="us")
    counts = local.dt.floor("h").value_counts().reindex(at, fill_value=0)
    history = pd.DataFrame({"at": at, "value": counts.to_numpy(dtype=float)})
    campaigns = truth[truth["campaign"] != ""].groupby("campaign")
    day = pd.Timedelta(days=1)
    events = [
        {"name": name, "since": rows["day"].min(), "until": pd.Timestamp(rows["day"].max()) + day}
        for name, rows in campaigns
    ]
    found = load.forecast(history, horizon="24h", calendar=load.Calendar(events=load.read_events(events)))
    parts = found.components[found.components["source"] == "regression"].set_index("item")["factor"]
    planted = {"holiday": 0.70, "payday": 1.35}
    planted |= {f"event:{name}": float(rows["campaign_factor"].iloc[0]) for name, rows in campaigns}
    regression = found.components[found.components["source"] == "regression"]
    hours = regression[regression["component"] == "hour"].set_index("item")["factor"]
    off = (
        hours[[str(hour) for hour in range(24)]].to_numpy() / np.array(HOUR_FACTORS) * np.mean(HOUR_FACTORS)
        - 1
    )
    best = found.backtest[found.backtest["chosen"]].iloc[0]
    return {
        "conversations a day": round(len(local) / len(truth)),
        "planted and found": {name: [size, round(float(parts[name]), 2)] for name, size in planted.items()},
        "hours of the day, largest error": round(float(np.abs(off).max()), 3),
        "method": found.method,
        "days whose peak was hit within an hour": round(float(best["peak_hit"]), 3),
        "of those who know the true rates": round(peak_of_the_knowing(len(local) / len(truth)), 3),
        "backtest": found.backtest[["method", "mase", "wape", "bias", "coverage_95", "coverage_busy_95"]]
        .round(3)
        .to_dict("records"),
    }


def peak_of_the_knowing(a_day: float) -> float:
    """How often the peak lies within an hour of the truly busiest hour: more cannot be foreseen."""
    rates = np.array(HOUR_FACTORS) / sum(HOUR_FACTORS) * a_day
    drawn = np.random.default_rng(0).poisson(rates, (20_000, 24)).argmax(axis=1)
    return max(float((np.abs(drawn - hour) <= 1).mean()) for hour in range(24))


def hourly(days: int, *, seed: int = 1, mean: float = 20.0) -> pd.DataFrame:
    at = pd.date_range("2024-11-01", periods=24 * days, freq="h", unit="us")
    week = np.array([0.98, 0.96, 0.97, 1.02, 1.12, 1.20, 0.75])
    day = np.exp(-(((np.arange(24) - 19) / 5) ** 2)) + 0.6 * np.exp(-(((np.arange(24) - 12) / 3) ** 2)) + 0.05
    year = 1 + 0.2 * np.sin(2 * np.pi * np.asarray(at.day_of_year) / 365.25)
    rate = mean * day[at.hour] * week[at.day_of_week] * year
    drawn = np.random.default_rng(seed).negative_binomial(10, 10 / (10 + rate))
    return pd.DataFrame({"at": at, "value": drawn.astype(float)})


def speed() -> dict[str, object]:
    one = timed(lambda: load.forecast(hourly(730), horizon="24h"))
    many = pd.concat([hourly(730, seed=seed).assign(channel=f"channel {seed:02d}") for seed in range(12)])
    twelve = timed(lambda: load.forecast_by(many, horizon="24h", workers=2))
    return {"one series of two years": one, "twelve channels, two processes": twelve}


def timed(work) -> dict[str, float]:  # noqa: ANN001
    began, used = time.perf_counter(), processor()
    work()
    return {
        "seconds": round(time.perf_counter() - began, 1),
        "processor_seconds": round(processor() - used, 1),
    }


def processor() -> float:
    """Of this process and of those it has started, Prophet's fits among them."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = [resource.getrusage(kind) for kind in kinds]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", choices=["peyton", "m4", "nab", "shop", "speed"], action="append")
    parser.add_argument("--world", type=Path, help="a simulated world that is there already, for shop")
    parser.add_argument("--quick", action="store_true", help="without Prophet in m4")
    given = parser.parse_args()
    parts = {
        "peyton": peyton,
        "m4": lambda: m4(METHODS[:3] if given.quick else METHODS),
        "nab": nab,
        "shop": lambda: shop(given.world),
        "speed": speed,
    }
    for name in given.only or parts:
        print(json.dumps({name: parts[name]()}, indent=2, default=str), flush=True)


if __name__ == "__main__":
    main()
