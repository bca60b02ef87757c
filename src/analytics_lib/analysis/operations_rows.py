"""The rows of the one statement behind the page of operations, as small frames."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.analysis.differences import FALSE_DISCOVERY_RATE, adjusted_p_values
from analytics_lib.analysis.trends_tails import tails
from analytics_lib.metrics import CATALOG
from analytics_lib.metrics.intervals import wilson_limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analytics_lib.analysis.operations_ends import End

    Floats = NDArray[np.float64]

WEEKS = (1, 2, 3, 4)
MINUTES = 60
ISSUES = ("escalation", "failed_action", "fallback")
_NONE = {"requests": 0.0, "timed": 0.0}
LEAST_COUNT, LEAST_WEEKS = 10, 3
_API = ["at", "requests", "timed", "p50_ms", "p95_ms", "errors", "error_rate", "low", "high", "few"]


class Rows:
    """The rows of one moment, by their kind; of a kind without any, none."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._none = frame.iloc[:0]
        self._kinds = dict(iter(frame.groupby("kind", sort=False)))

    def __getitem__(self, kind: str) -> pd.DataFrame:
        return self._kinds.get(kind, self._none)

    def __contains__(self, kind: object) -> bool:
        return kind in self._kinds


def known_weeks(rows: Rows, day: dt.datetime) -> list[int]:
    """The weeks before that the store knows whole: a conversation is held from before their day began."""
    begun = rows["week"]
    known = set(begun.loc[begun["moment"] < day, "week"])
    return [week for week in WEEKS if week in known]


def by_week(found: pd.DataFrame, weeks: Sequence[int], *, column: str = "value") -> Floats:
    """The sum of this week's rows and of each of the others', 0 where nothing was counted."""
    counted = dict(found.groupby("week")[column].sum())
    return np.array([float(counted.get(week, 0.0)) for week in (0, *weeks)])


def verdicts(counts: Floats, totals: Floats | None = None) -> list[str]:
    """Whether counts of now are out of the ordinary, judged together.

    ``more`` (or ``less``) than usual is what is beyond every week before and too rare to be chance: two tails
    of the binomial distribution, given now and before together, with 5 % false discoveries (Benjamini and
    Hochberg 1995). Else ``same``; ``few`` under 10 in all or with under 3 weeks before.

    Args:
        counts: One row per thing: now, then each week before.
        totals: Of what they are counted, now and each week; null = they are held against each other as
            counts of equal times.
    """
    of = np.ones(counts.shape[1]) if totals is None else totals
    shares = counts / np.where(of > 0, of, np.nan)
    now, before = counts[:, 0], counts[:, 1:].sum(axis=1)
    least, most = tails(now, now + before, np.full(len(counts), of[0] / max(of.sum(), 1.0)))
    many = (now + before >= LEAST_COUNT) & (counts.shape[1] > LEAST_WEEKS) & (of > 0).all()
    p_values = np.where(many, np.minimum(2 * np.minimum(least, most), 1.0), np.nan)
    rare = adjusted_p_values(p_values) <= FALSE_DISCOVERY_RATE
    above = (shares[:, :1] > shares[:, 1:]).all(axis=1)
    below = (shares[:, :1] < shares[:, 1:]).all(axis=1)
    found = np.select([~many, rare & above, rare & below], ["few", "more", "less"], default="same")
    return [str(verdict) for verdict in found]


def minutes(rows: Rows, end: End) -> pd.DataFrame:
    """One row per minute of the hour that ends with the running one: ``at messages users complete``.

    A minute without a message is 0; ``complete`` is false for the one that still runs.
    """
    last = _minute(end.local - dt.timedelta(microseconds=1))
    at = pd.date_range(last - dt.timedelta(minutes=MINUTES - 1), last, freq="min").as_unit("us")
    counted = rows["minute"].set_index("moment")[["value", "n"]]
    counted = counted.reindex(at, fill_value=0.0)
    return pd.DataFrame(
        {
            "at": at,
            "messages": counted["value"].to_numpy().astype(np.int64),
            "users": counted["n"].to_numpy().astype(np.int64),
            "complete": at + pd.Timedelta(minutes=1) <= pd.Timestamp(end.local),
        }
    )


def queue(rows: Rows) -> pd.DataFrame:
    """One row per queue and minute it was read in: ``queue at depth readings``, in their order."""
    found = rows["queue"][["name", "moment", "value", "n"]]
    found = found.set_axis(["queue", "at", "depth", "readings"], axis="columns")
    return found.astype({"readings": np.int64}).sort_values(["queue", "at"], ignore_index=True)


def api(rows: Rows) -> tuple[pd.DataFrame, pd.Series]:
    """How the APIs served: one row a quarter of an hour with any request, and the last hour as a whole."""
    counted = rows["errors"].set_index("moment")[["value", "n"]]
    frame = counted.set_axis(["errors", "requests"], axis="columns").astype(float)
    for kind in ("p50", "p95"):
        frame[f"{kind}_ms"] = rows[kind].set_index("moment")["value"].astype(float)
    frame["timed"] = rows["p95"].set_index("moment")["n"].astype(float)
    frame = frame.rename_axis("at").reset_index().fillna({"timed": 0.0})
    frame["error_rate"] = frame["errors"] / frame["requests"]
    frame["low"], frame["high"] = wilson_limits(frame["errors"].to_numpy(), frame["requests"].to_numpy())
    frame["few"] = frame["timed"] < CATALOG["latency_p95"].minimum_n
    # Of the whole hour the moment is null.
    whole = frame["at"].isna()
    last = frame[whole].iloc[0] if whole.any() else pd.Series(dict.fromkeys(_API, np.nan) | _NONE)
    return frame.loc[~whole, _API].sort_values("at", ignore_index=True), last


def top(rows: Rows, weeks: Sequence[int], *, limit: int) -> pd.DataFrame:
    """What is asked for, looked at and going wrong in the last hour, beside the same hour of other weeks.

    Returns:
        Up to ``limit`` rows a list, the most frequent first: ``list`` (queries, products, issues), ``kind``
        (of ``ISSUES``; else that of the list), ``name``, ``count`` (conversations; of products users),
        ``of`` (conversations, or users, that talked in the hour), ``share``, ``usual`` (mean count of the
        same hour of other weeks), ``usual_share`` (of theirs; both null where no week is known) and
        ``verdict`` on the share (see ``verdicts``), judged within a list.
    """
    talks, users = by_week(rows["talking"], weeks), by_week(rows["talking"], weeks, column="n")
    lists = [
        _top("queries", rows["query"], talks, weeks),
        _top("products", rows["product"], users, weeks),
        _top("issues", pd.concat([rows[kind] for kind in ISSUES]), talks, weeks),
    ]
    return pd.concat([one.head(limit) for one in lists], ignore_index=True)


def _top(name: str, found: pd.DataFrame, talking: Floats, weeks: Sequence[int]) -> pd.DataFrame:
    # A reason that nobody gave is still a group.
    things = found["kind"].astype("str") + "|" + found["name"].fillna("").astype("str")
    codes, known = pd.factorize(things, sort=True)
    places = found["week"].map({week: place for place, week in enumerate([0, *weeks])}).fillna(-1)
    counts = np.zeros((len(known), len(weeks) + 2))
    # What is of no known week falls into the last column, which is cut off.
    np.add.at(counts, (codes, places.to_numpy(dtype=np.int64)), found["value"].to_numpy(dtype=float))
    counts = counts[:, :-1]
    # Who did not write in the hour may still be escalated in it.
    totals = np.maximum(talking, counts.max(axis=0, initial=0.0))
    frame = pd.DataFrame({"list": name, "count": counts[:, 0].astype(np.int64)}, index=range(len(known)))
    split = [str(thing).partition("|") for thing in known]
    frame["kind"], frame["name"] = ([each[place] for each in split] for place in (0, 2))
    frame["of"], frame["share"] = int(totals[0]), frame["count"] / max(totals[0], 1.0)
    frame["usual"] = counts[:, 1:].mean(axis=1) if weeks else np.nan
    frame["usual_share"] = counts[:, 1:].sum(axis=1) / (totals[1:].sum() or np.nan)
    frame["verdict"] = verdicts(counts, totals)
    here = frame[frame["count"] > 0]
    return here.sort_values(["count", "usual", "name"], ascending=[False, True, True])


def sources(rows: Rows, held: frozenset[str]) -> pd.DataFrame:
    """Each source with its last row: ``source recorded last_local``.

    The last row is null where the day before the end has none (of conversations three days).
    """
    found = rows["source"].set_index("name")["moment"]
    frame = pd.DataFrame({"source": found.index.astype("str"), "last_local": found.to_numpy()})
    frame["recorded"] = frame["source"].isin(held)
    return frame.sort_values("source", ignore_index=True)


def _minute(moment: dt.datetime) -> dt.datetime:
    return moment.replace(second=0, microsecond=0)
