"""Why a rate moved: its change between two windows, split by every dimension and pair of dimensions.

A rate of all conversations moves because groups of them have become more or fewer (mix) or because the rate
within a group has changed (rate). ``driver_split`` has the arithmetic, ``driver_windows`` how the baseline is
matched, ``driver_evidence`` how sure it all is, ``driver_dimensions`` what may explain what.

The first driver is the most specific real explanation: the group that, held as it was, takes away most of the
change beyond its share of the conversations. A change that hits every channel alike is no channel's doing,
however large one of them is; one that hits a part of a channel is that part's, and only if it differs from
the rest of the channel. What comes first is where to look, and no proof of a cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pandas as pd

from analytics_lib.analysis.driver_dimensions import choose_dimensions, parts_of
from analytics_lib.analysis.driver_groups import Groups, Rows, grouped, lay_out
from analytics_lib.analysis.driver_split import ratio
from analytics_lib.analysis.driver_table import NUMBERS, ranked, table
from analytics_lib.analysis.driver_windows import Baseline, choose_baseline
from analytics_lib.config import load_settings
from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.metrics import CATALOG
from analytics_lib.metrics.facts import FACTS
from analytics_lib.metrics.pairs import RATIOS, pairs
from analytics_lib.metrics.question import ask, check_metric, spans
from analytics_lib.periods import local_moment

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from analytics_lib.metrics import Metric
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

LIMIT = 12
_DRIVER = (
    *("dimension_1", "group_1", "dimension_2", "group_2"),
    *("explained", "explained_low", "explained_high"),
)


@dataclass(frozen=True)
class Drivers:
    """What moved a metric.

    Attributes:
        metric: The metric.
        since: First moment of the window, on the wall clock.
        until: The first after it.
        baseline: What the window is compared with, and how well it matches.
        numerator0: Of the baseline, weighed so that its days are the window's.
        denominator0: Likewise.
        n0: The denominator of the baseline as counted, unweighed.
        numerator1: Of the window.
        denominator1: Likewise.
        value0: The metric in the baseline.
        value1: The metric in the window.
        change: ``value1 - value0``.
        low: Lower end of its 95 % interval.
        high: Upper end.
        rows: One row per dimension or pair and group, by ``rank``; see ``drivers``.
    """

    metric: Metric
    since: dt.datetime
    until: dt.datetime
    baseline: Baseline
    numerator0: float
    denominator0: float
    n0: float
    numerator1: float
    denominator1: float
    value0: float
    value1: float
    change: float
    low: float
    high: float
    rows: pd.DataFrame

    @property
    def overall(self) -> dict[str, object]:
        """Everything but the rows, plain: the metric by name, the baseline by its bounds and counts."""
        ours = {
            name: value for name, value in vars(self).items() if name not in ("metric", "baseline", "rows")
        }
        theirs = {
            name: value
            for name, value in vars(self.baseline).items()
            if name not in ("weights", "since", "until")
        }
        bounds = {"baseline_since": self.baseline.since, "baseline_until": self.baseline.until}
        return {"metric": self.metric.name, **ours, **bounds, **theirs}

    @property
    def real(self) -> pd.DataFrame:
        """What explains the change, the first driver first: its group, and what it explains with limits."""
        return self.rows.loc[self.rows["real"], list(_DRIVER)]

    @property
    def first(self) -> pd.Series | None:
        """The first driver; none where nothing explains the change better than chance."""
        real = self.rows[self.rows["real"]]
        return None if real.empty else real.iloc[0]


def drivers(  # noqa: PLR0913  # a metric, its two windows, and how its change is split
    store: Store,
    metric: Metric,
    *,
    since: Moment,
    until: Moment,
    baseline_since: Moment | None = None,
    baseline_until: Moment | None = None,
    dimensions: Sequence[str] | None = None,
    as_of: Moment | None = None,
    limit: int = LIMIT,
) -> Drivers:
    """The change of a metric between a window and its baseline, by every dimension and pair of dimensions.

    Outcomes and what follows from them (``outcome``, ``escalation_reason``, ``agent_id``, the status or error
    of a call) are no dimensions here: they are the outcome told another way. See ``driver_dimensions``.

    Args:
        store: Read: the tables of the metric's fact; of conversations also ``actions api_requests probes``.
        metric: A ratio whose parts add up over users: of kind ``share``, ``mean`` or ``nps``.
        since: Start of the window, a day or a full hour.
        until: Its end, excluded.
        baseline_since: Start of the baseline; null = the weeks before the window, see ``driver_windows``.
        baseline_until: Its end, excluded.
        dimensions: By which; null = by all that may explain the metric.
        as_of: Nothing later is known.
        limit: Of each dimension so many groups are kept, the largest; the others are pooled as ``(other)``.

    Returns:
        The overall change and ``rows``, for each dimension or pair all its groups: ``dimension_1 group_1``,
        ``dimension_2 group_2`` (null for a single dimension); of the baseline (weighed like the window) and
        the window ``numerator0 denominator0 value0``, ``numerator1 denominator1 value1`` (null where nothing
        was counted) and ``n0``, the baseline's denominator as counted; ``mix``, ``rate``, ``contribution``
        (their sum; over the groups of a dimension contributions sum to the change) with its 95 % interval
        ``low`` ``high``; ``explained``, what of the change goes away if the group is held as it was, with
        ``explained_low explained_high``, and ``specific``, that beyond an even share (see ``driver_split``).
        ``p_value`` of the group having moved by chance, null for what was pooled or has too little beside it,
        and ``q_value``, corrected for all rows tested (Benjamini and Hochberg 1995); ``special_p_value`` of
        having moved otherwise than the rest by chance, for a pair also than the rest of each of its two
        groups, the largest of the three; ``real``: q at most 5 %, special likewise among those, the interval
        of ``explained`` leaves out 0, and ``explained`` and ``specific`` point the same way. ``rank`` from 1:
        real ones in the direction of the change, the most specific first, then real ones against it, then the
        rest by ``p_value``. Values are in the metric's unit, shares 0 to 1.

    Raises:
        RequestError: If the metric is no such ratio, or a window or a dimension is wrong.
        NotEnoughDataError: If the data do not reach over both windows, or nothing was counted in one of them.
    """
    _check_metric(metric)
    held = spans(store)["rows_of"]
    wanted = choose_dimensions(metric, dimensions, held=set(held.index[held > 0]))
    baseline = _baseline(store, metric, (since, until), (baseline_since, baseline_until), as_of)
    window = local_moment(since), local_moment(until)
    zone = ZoneInfo(load_settings().time_zone)
    found = pairs(
        store,
        metric,
        since=min(baseline.since, window[0]).replace(tzinfo=zone),
        until=max(baseline.until, window[1]).replace(tzinfo=zone),
        by=[names[0] for names in wanted if len(names) == 1],
        period="hour",
        parts=parts_of(metric),
        as_of=as_of,
    )
    rows = lay_out(found, baseline.weights, since=pd.Timestamp(window[0]), until=pd.Timestamp(window[1]))
    _check_counted(metric, rows)
    laid = list(grouped(rows, wanted, limit=limit, minimum_n=metric.minimum_n))
    return _result(metric, window, baseline, rows, laid)


def _check_metric(metric: Metric) -> None:
    if metric.kind not in RATIOS:
        able = ", ".join(name for name, other in CATALOG.items() if other.kind in RATIOS)
        raise RequestError(
            f"{metric.name} is a {metric.kind}, which is no sum over groups and cannot be split. "
            f"Those that can: {able}."
        )


def _baseline(
    store: Store,
    metric: Metric,
    bounds: tuple[Moment, Moment],
    given: tuple[Moment | None, Moment | None],
    as_of: Moment | None,
) -> Baseline:
    fact = FACTS[metric.table]
    check_metric(store, metric, ask(store, since=bounds[0], until=bounds[1], as_of=as_of))
    held = spans(store).loc[fact.reads[0]]
    first = held["first_local"].floor("D").to_pydatetime()
    end = (held["last_local"].floor("D") + pd.Timedelta(days=1)).to_pydatetime()
    known = (first, end if as_of is None else min(end, local_moment(as_of)))
    return choose_baseline(bounds, given, known=known, what=metric.name)


def _check_counted(metric: Metric, rows: Rows) -> None:
    for side, n in (("baseline", rows.counts.n0), ("window", rows.counts.n1)):
        if not n.sum() > 0:
            raise NotEnoughDataError(
                f"{metric.name} counts nothing in the {side}: its denominator is 0 there. Choose a longer "
                "window, or one in which it is known."
            )


def _result(
    metric: Metric,
    window: tuple[dt.datetime, dt.datetime],
    baseline: Baseline,
    rows: Rows,
    laid: list[Groups],
) -> Drivers:
    scale = 100.0 if metric.kind == "nps" else 1.0
    total = rows.counts.summed()
    value0, value1 = (float(scale * ratio(y, n)) for y, n in ((total.y0, total.n0), (total.y1, total.n1)))
    found, (low, high) = table(laid, rows, scale=scale, minimum_n=metric.minimum_n)
    return Drivers(
        metric=metric,
        since=window[0],
        until=window[1],
        baseline=baseline,
        **dict(zip(NUMBERS, (float(number) for number in total), strict=False)),
        n0=float(rows.counted.sum()),
        value0=value0,
        value1=value1,
        change=value1 - value0,
        low=low,
        high=high,
        rows=ranked(found, value1 - value0),
    )
