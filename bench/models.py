"""How long a million rows of forty features take to train on and to score, and what that buys in quality.

    python bench/models.py
    python bench/models.py --rows 100000 --classes 2

Rows are drawn once from the seed: heavy-tailed and zero-heavy numbers, missing values, categories of 3 to 200
values, and outcomes that depend on them with bends, steps and two interactions. Ours (`fit_logit`) stands
beside a plain scikit-learn pipeline (impute, scale, one-hot, logistic regression) and gradient boosting, each
in a process of its own, on the same rows; `best` is the true probabilities. AUC is the mean of the outcomes'.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.special import softmax
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from analytics_lib.models.logit import Logit, fit_logit
from analytics_lib.models.registry import log_losses

ROWS, TESTED, CLASSES = 1_000_000, 200_000, 4
NUMBERS, LEVELS = 32, (3, 3, 4, 7, 8, 24, 60, 200)
TRAIN_SECONDS, SCORED_A_SECOND = 120, 50_000
NAMES = ("purchase", "resolved", "escalated", "abandoned")
Scored = Callable[[pd.DataFrame], np.ndarray]


def features_of(size: int, random: np.random.Generator) -> pd.DataFrame:
    columns: dict[str, object] = {}
    for place in range(NUMBERS):
        shape = place % 4
        values = (
            random.normal(size=size) if shape == 0
            else random.lognormal(sigma=1.2, size=size) if shape == 1
            else random.poisson(0.6, size).astype(float) if shape == 2
            else random.integers(0, 24, size).astype(float)
        )  # fmt: skip
        if place % 5 == 0:
            values[random.random(size) < 0.15] = np.nan
        columns[f"n{place}"] = values
    for place, levels in enumerate(LEVELS):
        weights = 1 / np.arange(1, levels + 1)
        codes = random.choice(levels, size, p=weights / weights.sum())
        columns[f"c{place}"] = np.array([f"v{level}" for level in range(levels)], dtype=object)[codes]
    return pd.DataFrame(columns)


def truth_of(rows: pd.DataFrame, classes: int) -> np.ndarray:
    """True probabilities."""
    random = np.random.default_rng(7)
    scores = np.tile(random.normal(0, 0.5, classes), (len(rows), 1))
    for name in rows.columns[:24]:
        values = rows[name].to_numpy()
        filled = np.where(np.isnan(values), np.nanmean(values), values)
        ranked = (filled - filled.mean()) / filled.std()
        bent = (np.tanh(2 * ranked), np.abs(ranked).clip(max=3), ranked > 1, ranked.clip(-2, 2))[
            int(name[1:]) % 4
        ]
        scores += np.outer(bent, random.normal(0, 0.25, classes))
    for place, levels in enumerate(LEVELS):
        effects = random.normal(0, 0.3, (levels, classes))
        scores += effects[rows[f"c{place}"].str[1:].astype(int)]
    mixed = rows["n1"].clip(upper=3) * (rows["c2"] == "v0")
    scores += np.outer(mixed, random.normal(0, 0.2, classes))
    scores += np.outer((rows["c1"] == "v1") & (rows["c3"] == "v0"), random.normal(0, 0.5, classes))
    return softmax(scores, axis=1)


def drawn(size: int, classes: int, *, seed: int) -> tuple[pd.DataFrame, pd.Series, np.ndarray]:
    random = np.random.default_rng(seed)
    rows = features_of(size, random)
    truth = truth_of(rows, classes)
    happened = (truth.cumsum(axis=1) < random.random(size)[:, None]).sum(axis=1).clip(max=classes - 1)
    return rows, pd.Series(np.array(NAMES[:classes], dtype=object)[happened]), truth


def ours(rows: pd.DataFrame, labels: pd.Series, classes: int) -> Scored:
    kinds = {name: "number" if name.startswith("n") else "category" for name in rows.columns}
    crosses = [("n1", "c2"), ("c1", "c3")]
    fitted = fit_logit(rows, labels, kinds=kinds, classes=NAMES[:classes], interactions=crosses)
    stored = Logit.from_json(fitted.to_json())
    return stored.probabilities


def plain(rows: pd.DataFrame, labels: pd.Series, classes: int) -> Scored:
    numbers = [name for name in rows.columns if name.startswith("n")]
    words = [name for name in rows.columns if name.startswith("c")]
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), numbers),
        (OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist"), words),
    )
    model = make_pipeline(columns, LogisticRegression(max_iter=300))
    return _in_order(model.fit(rows, labels), classes)


def boosted(rows: pd.DataFrame, labels: pd.Series, classes: int) -> Scored:
    words = [name for name in rows.columns if name.startswith("c")]
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, max_categories=250)
    columns = make_column_transformer((encoder, words), remainder="passthrough")
    trees = HistGradientBoostingClassifier(categorical_features=list(range(len(words))), random_state=0)
    return _in_order(make_pipeline(columns, trees).fit(rows, labels), classes)


def _in_order(model: object, classes: int) -> Scored:
    places = [list(model.classes_).index(name) for name in NAMES[:classes]]  # type: ignore[attr-defined]  # fitted
    return lambda rows: model.predict_proba(rows)[:, places]  # type: ignore[attr-defined,no-any-return]


def measured(name: str, size: int, classes: int) -> dict[str, object]:
    rows, labels, _ = drawn(size, classes, seed=1)
    tested, happened, truth = drawn(TESTED, classes, seed=2)
    began, used = time.perf_counter(), time.process_time()
    score = {"ours": ours, "plain": plain, "boosted": boosted}[name](rows, labels, classes)
    trained, trained_used = time.perf_counter(), time.process_time()
    found = score(tested)
    ended = time.perf_counter()
    return {
        "train_seconds": round(trained - began, 1),
        "train_processor_seconds": round(trained_used - used, 1),
        "scored_a_second": round(TESTED / (ended - trained)),
        **quality(happened, found, classes),
        "best": quality(happened, truth, classes),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def quality(happened: pd.Series, found: np.ndarray, classes: int) -> dict[str, float]:
    areas = [roc_auc_score(happened == name, found[:, place]) for place, name in enumerate(NAMES[:classes])]
    losses = log_losses(happened, found, NAMES[:classes])
    return {"roc_auc": round(float(np.mean(areas)), 4), "log_loss": round(float(losses.mean()), 4)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--classes", type=int, default=CLASSES, choices=range(2, 5))
    parser.add_argument("--only", choices=["ours", "plain", "boosted"])
    given = parser.parse_args()
    if given.only:
        print(json.dumps(measured(given.only, given.rows, given.classes)))
        return
    found = {}
    for name in ("ours", "plain", "boosted"):
        command = [sys.executable, __file__, "--only", name]
        command += ["--rows", str(given.rows), "--classes", str(given.classes)]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found[name] = json.loads(told.splitlines()[-1])
    us = found["ours"]
    held = us["train_seconds"] <= TRAIN_SECONDS and us["scored_a_second"] >= SCORED_A_SECOND
    print(json.dumps({"rows": given.rows, "classes": given.classes, **found, "as_asked": held}, indent=2))


if __name__ == "__main__":
    main()
