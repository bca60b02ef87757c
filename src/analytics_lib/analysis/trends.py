"""What is asked, said or wanted more than usual: the last full weeks against the weeks before them.

Everything is compared with its own history, as a share of those who were there: more of all is no trend.
A week counts users, each once, so that nobody makes a trend alone. The test takes a count as drawn by chance
from its share before (binomial), widened by how much the weeks before differ among themselves, and corrects
for everything looked at beside it (Benjamini and Hochberg 1995). A thing too rare to say is null, not 0.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.analysis.differences import FALSE_DISCOVERY_RATE, adjusted_p_values
from analytics_lib.analysis.trends_tails import exact_limits, tails
from analytics_lib.errors import RequestError
from analytics_lib.metrics.intervals import wilson_limits
from analytics_lib.metrics.question import spans
from analytics_lib.periods import local_moment

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

    Floats = NDArray[np.float64]

RECENT_WEEKS, HISTORY_WEEKS = 1, 8
LEAST_HISTORY = 3
# Fewer in all weeks together cannot be told from chance.
LEAST_COUNT = 10
# Of today's share; what was rarer before is called new.
_NEW_BELOW = 0.1
WEEK = dt.timedelta(days=7)


@dataclass(frozen=True)
class Weeks:
    """Full weeks from Monday: those before, and the last ones that are compared with them.

    Attributes:
        starts: Their Mondays, ascending.
        recent: How many of the last are compared with those before.
    """

    starts: tuple[dt.date, ...]
    recent: int

    @property
    def since(self) -> dt.date | None:
        """First day; null without any week."""
        return self.starts[0] if self.starts else None

    @property
    def until(self) -> dt.date | None:
        """The day after the last; null without any week."""
        return self.starts[-1] + WEEK if self.starts else None

    @property
    def history(self) -> int:
        """How many weeks lie before the recent ones."""
        return max(len(self.starts) - self.recent, 0)

    def number(self, days: pd.Series) -> NDArray[np.int64]:
        """Which week each moment on the wall clock lies in, from 0; -1 for none of them."""
        if not self.starts:
            return np.full(len(days), -1)
        since = pd.Timestamp(self.starts[0])
        found = np.floor(((days - since) / pd.Timedelta(WEEK)).to_numpy(dtype=float))
        return np.where((found >= 0) & (found < len(self.starts)), found, -1).astype(np.int64)


def choose_weeks(
    store: Store,
    *,
    until: Moment,
    as_of: Moment | None = None,
    recent: int = RECENT_WEEKS,
    history: int = HISTORY_WEEKS,
) -> Weeks:
    """The last full weeks that end by ``until``, and those before them, as far as the conversations reach.

    Args:
        store: Read: the span of ``conversations``.
        until: The end, excluded.
        as_of: Nothing later is known.
        recent: Weeks that are compared.
        history: Weeks they are compared with, at most.

    Raises:
        RequestError: If ``recent`` or ``history`` is below 1.
    """
    if min(recent, history) < 1:
        raise RequestError(
            f"{recent} recent weeks against {history} before cannot be compared; expected 1 or more of each."
        )
    span = spans(store).loc["conversations"]
    if not span["rows_of"]:
        return Weeks((), recent)
    known = span["last_local"].floor("D") + pd.Timedelta(days=1)
    end = min(known, *(pd.Timestamp(local_moment(each)) for each in (until, as_of) if each is not None))
    last = (end.floor("D") - pd.Timedelta(days=end.weekday())).date()
    first = span["first_local"].floor("D")
    starts = [last - WEEK * back for back in range(recent + history, 0, -1)]
    return Weeks(tuple(start for start in starts if pd.Timestamp(start) >= first), recent)


def compare(counts: ArrayLike, totals: ArrayLike, *, recent: int) -> pd.DataFrame:
    """The share of each thing in the last weeks against its own share in the weeks before.

    A count of the last weeks is taken as binomial among all of that thing, ``π = n₁ / (n₁ + n₀)`` if nothing
    changed (the exact conditional test of two Poisson rates: Przyborowski and Wilenski 1940). Counts are
    divided by the dispersion: Pearson's χ² of the weeks before over their number less one, at least 1 and at
    least its median over all things (quasi-likelihood: McCullagh and Nelder 1989, 4.5). For common things
    this errs to saying nothing.

    Args:
        counts: One row per thing, one column per week: users (or conversations) with it.
        totals: Of each week, all of them.
        recent: How many of the last weeks are compared with those before.

    Returns:
        One row per thing in order: ``count_now total_now share_now low_now high_now`` (Wilson) and likewise
        ``…_before``, of the weeks together; ``ratio`` of the shares with its 95 % interval ``ratio_low
        ratio_high`` (null where there was none before); ``p_value``, and ``q_value`` corrected for all things
        tested; both null for what is rarer than 10 in all weeks, or with under 3 weeks before. ``verdict``:
        ``new`` (rising, from under a tenth of the share), ``rising``, ``falling``, ``steady``, or ``few``.
    """
    table, of = np.atleast_2d(np.asarray(counts, dtype=float)), np.asarray(totals, dtype=float)
    past = max(len(of) - recent, 0)
    now, before = table[:, past:].sum(axis=1), table[:, :past].sum(axis=1)
    n_now, n_before = np.full(len(now), of[past:].sum()), np.full(len(now), of[:past].sum())
    frame = pd.DataFrame(_side("now", now, n_now) | _side("before", before, n_before))
    spread = _dispersion(table[:, :past], of[:past])
    tested = (now + before >= LEAST_COUNT) & (past >= LEAST_HISTORY) & (n_now > 0) & (n_before > 0)
    compared = _ratios(*(each[tested] for each in (now, before, n_now, n_before, spread)))
    for name, values in compared.items():
        frame[name] = np.nan
        frame.loc[tested, name] = values
    return judge(frame)


def judge(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame of ``compare`` with its p-values corrected together, and the verdicts that follow."""
    found = frame.assign(q_value=adjusted_p_values(frame["p_value"]))
    real = found["q_value"] <= FALSE_DISCOVERY_RATE
    rising = found["share_now"].fillna(0) > found["share_before"].fillna(0)
    new = rising & (found["share_before"].fillna(0) < _NEW_BELOW * found["share_now"].fillna(0))
    chosen = np.select(
        [found["p_value"].isna(), ~real, new, rising], ["few", "steady", "new", "rising"], default="falling"
    )
    return found.assign(verdict=pd.array(chosen, dtype="str"))


def weekly(counts: ArrayLike, totals: ArrayLike, weeks: Weeks) -> pd.DataFrame:
    """The share of each thing in each week.

    Returns:
        One row per thing and week: ``thing`` (its row in ``counts``), ``week`` (its Monday), ``count``,
        ``total``, ``share`` (null in a week without anybody), its 95 % interval ``low high`` (Wilson), and
        ``recent``, whether it is one of those compared.
    """
    table, of = np.atleast_2d(np.asarray(counts, dtype=float)), np.asarray(totals, dtype=float)
    things, n = table.shape
    low, high = wilson_limits(table.ravel(), np.tile(of, things))
    return pd.DataFrame(
        {
            "thing": np.repeat(np.arange(things), n),
            "week": np.tile(pd.DatetimeIndex(weeks.starts).as_unit("us"), things),
            "count": table.ravel().astype(np.int64),
            "total": np.tile(of, things).astype(np.int64),
            "share": table.ravel() / np.where(np.tile(of, things) > 0, np.tile(of, things), np.nan),
            "low": low,
            "high": high,
            "recent": np.tile(np.arange(n) >= n - weeks.recent, things),
        }
    )


def _side(name: str, counts: Floats, totals: Floats) -> dict[str, object]:
    low, high = wilson_limits(counts, totals)
    return {
        f"count_{name}": counts.astype(np.int64),
        f"total_{name}": totals.astype(np.int64),
        f"share_{name}": counts / np.where(totals > 0, totals, np.nan),
        f"low_{name}": low,
        f"high_{name}": high,
    }


def _dispersion(counts: Floats, totals: Floats) -> Floats:
    """How much more the weeks of each thing differ among themselves than by chance; at least 1."""
    weeks = int((totals > 0).sum())
    if weeks < 2:
        return np.ones(len(counts))
    share = counts.sum(axis=1, keepdims=True) / totals.sum()
    expected = share * totals
    with np.errstate(divide="ignore", invalid="ignore"):
        each = (counts - expected) ** 2 / (expected * (1 - share))
    found = np.nansum(np.where(expected > 0, each, np.nan), axis=1) / (weeks - 1)
    seen = counts.sum(axis=1) >= LEAST_COUNT
    common = float(np.median(found[seen])) if seen.any() else 1.0
    return np.maximum(np.where(seen, found, common), max(common, 1.0))


def _ratios(
    now: Floats, before: Floats, n_now: Floats, n_before: Floats, spread: Floats
) -> dict[str, Floats]:
    worth, every = now / spread, (now + before) / spread
    share = n_now / (n_now + n_before)
    least, most = tails(worth, every, share)
    low, high = exact_limits(worth, every)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = n_before / n_now
        ratio = now / before * scale
        ends = low / (1 - low) * scale, high / (1 - high) * scale
    found = {"ratio": ratio, "ratio_low": ends[0], "ratio_high": ends[1]}
    known = {
        name: np.where((before > 0) | (name == "ratio_low"), value, np.nan) for name, value in found.items()
    }
    return known | {"p_value": np.minimum(2 * np.minimum(least, most), 1.0)}
