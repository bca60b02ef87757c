"""How good a model of outcomes is on conversations that began after all it had learned from had ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.models.outcome_asking import QUIET_FOR
from analytics_lib.models.outcome_decision import RISKS
from analytics_lib.models.outcome_fitting import probabilities
from analytics_lib.models.outcome_reasons import by_factor
from analytics_lib.models.outcome_rows import OUTCOMES
from analytics_lib.models.validation import baselines, calibration_curve, evaluate_classes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analytics_lib.models.outcome_fitting import Learned

TURNS = (1, 2, 4, 8)
SIMPLE = ("base_rate", "last_state")
DRAWS = 100
_FEWEST = 50
# Conversations in progress are looked at so often.
SNAPSHOT_SECONDS = 300
# Of more looks, those at conversations drawn by lot: a day of silence is 288 of them.
MOST_SNAPSHOTS = 500_000


def tested(learned: Learned) -> pd.DataFrame:
    """The rows that judge, with what is said of them.

    Returns:
        The columns of ``outcome_rows.labelled_rows``, a column for each outcome (its probability),
        ``new_user`` (had no conversation among those learned from), and for the simple answers a column
        ``base_rate_…`` and ``last_state_…`` for each outcome.
    """
    test, train = learned.test.reset_index(drop=True), learned.train
    found = _named(probabilities(learned.judged, test), "")
    simple = baselines(train, train["outcome"], test, state="stage", classes=OUTCOMES)
    parts = [test, found, *(_named(simple[name], f"{name}_") for name in SIMPLE)]
    return pd.concat(parts, axis=1).assign(new_user=~test["user_id"].isin(train["user_id"]))


def snapshots(
    learned: Learned, rows: pd.DataFrame, *, seed: int = 0, most: int = MOST_SNAPSHOTS
) -> pd.DataFrame:
    """Conversations in progress every five minutes, as they stood: after the last turn, and quiet since.

    One that has been quiet for over a day is not in progress (``outcome_asking.rows_asked``): it is not asked
    about any more, however late it was closed.

    Args:
        learned: Of which the judged recipe is asked.
        rows: Of ``tested``.
        seed: Of the conversations that are drawn where there are too many looks.
        most: About how many looks there are at most.

    Returns:
        ``rows`` with the probabilities of that moment, one row for each conversation and moment.
    """
    begin = rows["known_at"].astype("datetime64[us, UTC]").astype("int64").to_numpy() / 1e6
    first = np.ceil(begin / SNAPSHOT_SECONDS) * SNAPSHOT_SECONDS
    spare = np.minimum(rows["quiet_seconds"].to_numpy(), QUIET_FOR.total_seconds()) - (first - begin)
    times = np.where(spare > 0, np.ceil(spare / SNAPSHOT_SECONDS), 0).astype(np.int64)
    if times.sum() > most:
        numbers, names = pd.factorize(rows["conversation_id"])
        kept = np.random.default_rng(seed).random(len(names)) < most / times.sum()
        times = np.where(kept[numbers], times, 0)
    place = np.repeat(np.arange(len(rows)), times)
    earlier = np.arange(place.size) - np.repeat(np.cumsum(times) - times, times)
    quiet = (first - begin)[place] + earlier * SNAPSHOT_SECONDS
    seen = rows.iloc[place].reset_index(drop=True)
    found = probabilities(learned.judged, seen, quiet_seconds=pd.Series(quiet))
    return seen.assign(quiet_seconds=quiet, **dict(zip(OUTCOMES, found.T, strict=True)))


def evaluation(rows: pd.DataFrame, now: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Every measure of every part of the rows that judge.

    Args:
        rows: Of ``tested``.
        now: Of ``snapshots``.
        seed: Of the draws.

    Returns:
        One row per part, outcome and metric: ``metric value low high n`` (rows; see
        ``validation.evaluate_classes``), ``base_rate`` and ``last_state`` (the same measure of the base rate
        alone, and of the furthest stage alone), ``outcome`` (``all`` = together), ``turn`` (null = all) and
        ``population``: ``all``, ``new_users`` and ``known_users`` (without and with a conversation among
        those learned from), ``in_progress`` (see ``snapshots``). Parts of fewer than 50 rows are left out.
    """
    frames = [
        _measured(part, seed=seed).assign(turn=turn, population=population)
        for population, turn, part in _parts(rows, now)
        if len(part) >= _FEWEST or (population == "all" and turn is None)
    ]
    found = pd.concat(frames, ignore_index=True)
    columns = ["metric", "value", "low", "high", "n", *SIMPLE, "outcome", "turn", "population"]
    return found[columns].astype({"turn": "Int64"})


def curves(rows: pd.DataFrame) -> pd.DataFrame:
    """Predicted beside observed for each outcome, over all turns.

    Returns:
        ``outcome`` and the columns of ``validation.calibration_curve``.
    """
    frames = {
        name: calibration_curve(rows["outcome"] == name, rows[name], groups=rows["user_id"])
        for name in OUTCOMES
    }
    return pd.concat(frames, names=["outcome", None]).reset_index("outcome").reset_index(drop=True)


def importance(learned: Learned, rows: pd.DataFrame, *, seed: int, most: int = 5_000) -> pd.DataFrame:
    """How much each factor moves the score of each risk over the turns that judge, the most moving first.

    Args:
        learned: Of which the judged recipe is asked.
        rows: Of ``tested``.
        seed: Of the turns that are drawn where there are more than ``most``.
        most: How many turns are looked at.

    Returns:
        One row per risk and factor: ``risk``, ``factor``, ``importance`` (mean size of what it adds), ``low``
        ``high`` (what it adds to the turns at 10 % and at 90 %), ``n`` (turns). Risks that never occurred in
        training are absent.
    """
    looked = rows.sample(min(most, len(rows)), random_state=seed)
    frames = [pd.DataFrame(columns=["risk", "factor", "importance", "low", "high", "n"])]
    for risk in (name for name in RISKS if name in learned.judged.logit.known):
        parts = by_factor(learned.judged, looked, risk).drop(columns="base")
        told = {
            "risk": risk,
            "factor": parts.columns,
            "importance": parts.abs().mean().to_numpy(),
            "low": parts.quantile(0.1).to_numpy(),
            "high": parts.quantile(0.9).to_numpy(),
            "n": len(parts),
        }
        frames.append(pd.DataFrame(told).sort_values("importance", ascending=False, kind="stable"))
    return pd.concat(frames[1:] or frames, ignore_index=True)


def _parts(rows: pd.DataFrame, now: pd.DataFrame) -> Iterator[tuple[str, int | None, pd.DataFrame]]:
    yield "all", None, rows
    for turn in TURNS:
        yield "all", turn, rows[rows["turn"] == turn]
    yield "new_users", None, rows[rows["new_user"]]
    yield "known_users", None, rows[~rows["new_user"]]
    yield "in_progress", None, now


def _measured(rows: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    labels, users = rows["outcome"], rows["user_id"]
    said = rows[list(OUTCOMES)].to_numpy()
    found = evaluate_classes(labels, said, OUTCOMES, groups=users, seed=seed, draws=DRAWS)
    for name in SIMPLE:
        said = rows[[f"{name}_{outcome}" for outcome in OUTCOMES]].to_numpy()
        found[name] = evaluate_classes(labels, said, OUTCOMES, groups=users, seed=seed, draws=0)["value"]
    return found


def _named(values: np.ndarray, prefix: str) -> pd.DataFrame:
    return pd.DataFrame(values, columns=[f"{prefix}{name}" for name in OUTCOMES])
