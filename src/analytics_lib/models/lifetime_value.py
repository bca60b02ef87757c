"""What each buyer is worth over a horizon.

Value = the sum over the units of time of expected orders times expected spend times margin, discounted by
(1 + rate)^t. It is of what is yet to come, of those who have bought; what they have paid already is no part.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.models.lifetime_holdout import MOST_REPEATS
from analytics_lib.models.lifetime_summary import checked, grouped

if TYPE_CHECKING:
    import datetime as dt

    from analytics_lib.models.lifetime_repeat import RepeatModel
    from analytics_lib.models.lifetime_spend import SpendModel

SEED = 20_100_101
DRAWS = 200
SAMPLE = 20_000
CLEARLY = 2.0
# Weeks since the last order at which a column of the picture begins.
SILENCES = (0, 2, 4, 8, 12, 26)


def better(bg_nbd: RepeatModel, mbg_nbd: RepeatModel) -> RepeatModel:
    """The model that the data tell for: both have four parameters, so their likelihoods can be compared.

    BG/NBD holds everybody alive who bought once; it is taken only where it is ahead by more than 2, which is
    seven times as likely, and its fit has no problem that the other has not.
    """
    ahead = bg_nbd.log_likelihood - mbg_nbd.log_likelihood > CLEARLY
    return bg_nbd if ahead and not set(bg_nbd.problems) - set(mbg_nbd.problems) else mbg_nbd


def value(
    model: RepeatModel,
    spend: SpendModel,
    summary: pd.DataFrame,
    *,
    horizon: dt.timedelta | float,
    margin: float,
    yearly_rate: float,
) -> pd.DataFrame:
    """What each buyer is expected to bring over the horizon, most valuable first.

    Args:
        model: How often.
        spend: How much a time.
        summary: Whom (see ``summarize``).
        horizon: A timedelta, or a number of the model's units of time.
        margin: Share of the spend that is earned.
        yearly_rate: What money loses in a year.

    Returns:
        One row per buyer: ``user_id frequency recency age monetary`` as in the summary,
        ``probability_alive``, ``expected_purchases`` (over the horizon), ``expected_spend`` (a time),
        ``value`` (discounted, times margin; null where the spend has no mean).

    Raises:
        RequestError: If the horizon or the rate is negative or not finite.
        NotTrainableError: If a row cannot be.
    """
    worth = model.discounted_purchases(summary, horizon, yearly_rate=yearly_rate)
    spent = spend.expected_spend(summary)
    rows = summary.assign(
        probability_alive=model.probability_alive(summary),
        expected_purchases=model.expected_purchases(summary, horizon),
        expected_spend=spent,
        value=worth * spent * margin,
    )
    return rows.sort_values(["value", "user_id"], ascending=[False, True], kind="stable", ignore_index=True)


def totals(model: RepeatModel, summary: pd.DataFrame, *, horizon: dt.timedelta | float) -> dict[str, float]:
    """Orders expected of all together, and the 95 % limits that the parameters leave.

    The limits are of the expectation: chance, which moves the orders themselves, comes on top. Parameters are
    drawn 200 times from the normal distribution of their logarithms.

    Returns:
        ``orders orders_low orders_high``; the limits null where the fit has a problem.
    """
    rows = grouped(checked(summary))
    different = pd.DataFrame(
        {
            name: each.values[each.places]
            for name, each in (
                ("frequency", rows.by_frequency),
                ("recency", rows.by_recency),
                ("age", rows.by_age),
            )
        }
    )
    expected = float(rows.weights @ model.expected_purchases(different, horizon))
    if model.fit is None or model.problems or not expected > 0:
        return {"orders": expected, "orders_low": np.nan, "orders_high": np.nan}
    # The limits are shares of the total, which some of the buyers show as well as all.
    step = max(len(different) // SAMPLE, 1)
    some, weights = different.iloc[::step], rows.weights[::step]
    drawn = np.random.default_rng(SEED).multivariate_normal(np.log(model.values), model.fit.covariance, DRAWS)
    sums = [
        weights @ replace(model, r=r, alpha=alpha, a=a, b=b, fit=None).expected_purchases(some, horizon)
        for r, alpha, a, b in np.exp(drawn).tolist()
    ]
    middle = weights @ model.expected_purchases(some, horizon)
    low, high = expected * np.quantile(sums, [0.025, 0.975]) / middle
    return {"orders": expected, "orders_low": float(low), "orders_high": float(high)}


def concentration(values: pd.DataFrame) -> pd.DataFrame:
    """How much of all value lies with which tenth of the buyers, the most valuable first.

    Returns:
        One row per tenth, fewer where there are fewer buyers: ``tenth`` (from 1), ``users``, ``share`` (of
        the value of all), ``share_up_to`` (of it and those before). No row where nothing is of value.
    """
    known = np.sort(values["value"].dropna().to_numpy(dtype=float))[::-1]
    columns = ["tenth", "users", "share", "share_up_to"]
    if not known.sum() > 0:
        return pd.DataFrame(columns=columns)
    tenth = np.minimum(np.arange(known.size) * 10 // known.size, 9)
    rows = pd.DataFrame({"tenth": tenth + 1, "share": known / known.sum()}).groupby("tenth")["share"]
    found = rows.agg(["size", "sum"]).reset_index().set_axis(["tenth", "users", "share"], axis="columns")
    return found.assign(share_up_to=found["share"].cumsum())[columns]


def alive_by_silence(values: pd.DataFrame) -> pd.DataFrame:
    """How likely buyers are still active, by how often they bought again and how long they have been quiet.

    Args:
        values: As ``value`` gives, times in weeks.

    Returns:
        One row per cell with a buyer: ``frequency`` (7 = above 6), ``weeks`` (since the last order: the start
        of 0-2, 2-4, 4-8, 8-12, 12-26, 26 and more), ``users``, ``probability_alive`` (mean).
    """
    quiet = (values["age"] - values["recency"]).to_numpy(dtype=float)
    starts = np.array(SILENCES, dtype=float)
    cells = pd.DataFrame(
        {
            "frequency": np.minimum(values["frequency"], MOST_REPEATS + 1),
            "weeks": starts[np.searchsorted(starts, quiet + 1e-9, side="right") - 1].astype(int),
            "probability_alive": values["probability_alive"],
        }
    )
    grouped_ = cells.groupby(["frequency", "weeks"])["probability_alive"]
    return (
        grouped_.agg(["size", "mean"]).set_axis(["users", "probability_alive"], axis="columns").reset_index()
    )
