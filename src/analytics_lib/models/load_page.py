"""The forecast as a page asks for it: what is left open is filled in from the data.

Events are written in one line: ``madrugon=2026-06-10/2026-06-12, rebajas=2026-12-01/2026-12-03x1.8``: a name,
its first and last day, and after ``x`` what it multiplies demand by, where somebody knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pandas as pd

from analytics_lib.errors import RequestError
from analytics_lib.models.load_backtest import METHODS
from analytics_lib.models.load_calendar import Calendar, Event, read_events
from analytics_lib.models.load_forecast import forecast, forecast_by
from analytics_lib.models.load_history import Measure, history
from analytics_lib.models.load_scores import BUSIEST
from analytics_lib.periods import day_of

if TYPE_CHECKING:
    import datetime as dt

    from analytics_lib.models.load_result import Forecast
    from analytics_lib.store import Store

_EVENT = re.compile(r"\s*([^=,]+?)\s*=\s*(\d{4}-\d\d-\d\d)/(\d{4}-\d\d-\d\d)(?:x(\d+(?:\.\d+)?))?\s*")
_DAY = pd.Timedelta(days=1)
SHOWN_DAYS = 7
PROFILE_WEEKS = 8
_PART = ("part", "expected", "low", "high", "peak_at", "method", "mase")


@dataclass(frozen=True)
class Asked:
    """What a page is asked.

    Attributes:
        measure: conversations, messages or api_requests.
        by: The parts that are forecast each; empty = none.
        step: 15min, 30min, 1h or 1d.
        horizon: How far ahead, such as 7d.
        as_of: Nothing later is known, and the forecast begins here; null = after the last step that is over.
        calendar: Holidays, paydays, events.
        channel: Only this one; empty = all, and each by itself.
    """

    measure: Measure
    by: str
    step: str
    horizon: str
    as_of: dt.date | None
    calendar: Calendar
    channel: str = ""


@dataclass(frozen=True)
class Found:
    """What was found.

    Attributes:
        whole: The forecast of all together.
        parts: Of each part, the largest first; empty where not asked for.
    """

    whole: Forecast
    parts: dict[str, Forecast]


def choose(  # what, in which steps, how far, known up to when
    *,
    measure: str = "conversations",
    by: str = "channel",
    step: str = "1h",
    horizon: str = "7d",
    as_of: dt.date | str | None = None,
    calendar: Calendar | None = None,
    channel: str = "",
) -> Asked:
    """The question somebody asked; ``as_of`` is a date or its ISO text.

    Raises:
        RequestError: If the measure is none there is, or the day cannot be read.
    """
    if measure not in get_args(Measure):
        raise RequestError(f"Unknown measure {measure!r}. Expected one of {', '.join(get_args(Measure))}.")
    day = day_of(as_of, "as_of")
    return Asked(measure, by, step, horizon, day, calendar or Calendar(), channel)  # type: ignore[arg-type]  # checked


def days_of(country: str, *, paydays: str, events: str) -> Calendar:
    """Holidays, paydays and events as parameters write them.

    Args:
        country: ISO code; empty = no holidays.
        paydays: Days of the month, such as ``15 -1``; -1 = its last.
        events: See the module.

    Raises:
        RequestError: If a payday is no day of a month, or an event cannot be read.
    """
    try:
        paid = tuple(int(day) for day in paydays.split())
    except ValueError as error:
        raise RequestError(f"paydays is {paydays!r}; expected days such as '15 -1'.") from error
    wrong = [day for day in paid if not (-28 <= day <= 31 and day)]
    if wrong:
        raise RequestError(f"paydays holds {wrong[0]}; expected 1 to 31, or -1 for the last day of a month.")
    return Calendar(country or None, paid, events_of(events))


def events_of(text: str) -> tuple[Event, ...]:
    """Events written in one line (see the module); none of an empty text.

    Raises:
        RequestError: If a part cannot be read.
    """
    given = []
    for part in text.split(",") if text.strip() else []:
        read = _EVENT.fullmatch(part)
        if not read:
            raise RequestError(
                f"{part.strip()!r} is no event; expected such as rebajas=2026-12-01/2026-12-03, "
                "with x1.8 after it where the factor is known."
            )
        name, since, last, factor = read.groups()
        until = pd.Timestamp(last) + _DAY
        given.append({"name": name, "since": since, "until": until, "factor": factor and float(factor)})
    return read_events(given)


def read(store: Store, asked: Asked) -> Found:
    """The forecast of all together, and of each part, for which Prophet is not tried.

    Raises:
        RequestError: If the parts, the channel, the step or the horizon are none there are.
    """
    rows = {"measure": asked.measure, "step": asked.step, "as_of": asked.as_of}
    options = {"horizon": asked.horizon, "calendar": asked.calendar, "step": asked.step}
    if asked.channel:
        past = _of_channel(history(store, by="channel", **rows), asked.channel)  # type: ignore[arg-type]
    else:
        past = history(store, **rows)  # type: ignore[arg-type]  # each under its name
    whole = forecast(past, as_of=asked.as_of, **options)  # type: ignore[arg-type]  # likewise
    if not asked.by or asked.channel or past.empty or asked.measure == "api_requests":
        return Found(whole, {})
    each = history(store, by=asked.by, **rows)  # type: ignore[arg-type]  # likewise
    # Prophet would take a minute for a dozen parts; it is shown for all together.
    quick = [name for name in METHODS if not name.startswith("prophet")]
    parts = forecast_by(each, by=asked.by, as_of=asked.as_of, methods=quick, **options)  # type: ignore[arg-type]
    size = each.groupby(asked.by)["value"].sum().to_dict()
    return Found(whole, dict(sorted(parts.items(), key=lambda part: (-size[part[0]], part[0]))))


def _of_channel(rows: pd.DataFrame, channel: str) -> pd.DataFrame:
    known = sorted(rows["channel"].unique())
    if known and channel not in known:
        raise RequestError(f"There is no channel {channel!r} in the store; it has {', '.join(known)}.")
    found: pd.DataFrame = rows.loc[rows["channel"] == channel, ["at", "value"]]
    return found


def figures(found: Found, asked: Asked) -> dict[str, Any]:
    """The forecast in single numbers, for sentences and the record of the run; null where unknown."""
    made = found.whole
    frame, table = made.frame, made.backtest.set_index("method")
    chosen, scores, totals = table[table["chosen"]].iloc[0], table["mase"].to_dict(), totals_of(made)
    peak = made.peaks.sort_values("expected", ascending=False, kind="stable").iloc[0]
    return {
        "measure": asked.measure,
        "step": asked.step,
        # What the page rests on ends where the forecast begins.
        "as_of": str(frame["at"].iloc[0]),
        "ends_at": str(frame["at"].iloc[-1] + made.step),
        "expected": float(frame["expected"].sum()),
        "low": totals["low"],
        "high": totals["high"],
        "last_week": _whole(made.comparison["last_week"]),
        "last_year": _whole(made.comparison["last_year"]),
        "peak_at": str(peak["at"]),
        "peak_expected": float(peak["expected"]),
        "peak_low": float(peak["low"]),
        "peak_high": float(peak["high"]),
        "peak_probability": float(peak["probability"]),
        "method": made.method,
        "mase": _known(chosen["mase"]),
        "naive_mase": _known(scores.get("seasonal_naive", np.nan)),
        "prophet_mase": _known(scores.get("prophet", np.nan)),
        "bias": _known(chosen["bias"]),
        "wape": _known(chosen["wape"]),
        "coverage": _known(chosen["coverage_95"]),
        "coverage_low": _known(chosen["coverage_95_low"]),
        "coverage_high": _known(chosen["coverage_95_high"]),
        "coverage_n": int(chosen["coverage_95_n"]),
        "coverage_busy": _known(chosen["coverage_busy_95"]),
        "peak_hit": _known(chosen["peak_hit"]),
        "origins": int(chosen["origins"]),
        "known_steps": int(made.history["value"].notna().sum()),
        "notes": list(made.notes),
        "anomalies": int((made.anomalies["kind"] != "level_shift").sum()),
        "outages": int((made.anomalies["kind"] == "outage").sum()),
        "busiest_hours": BUSIEST,
    }


def totals_of(made: Forecast) -> dict[str, float]:
    """The 80 % interval of the sum over all steps, from paths: single intervals do not add up."""
    sums, expected = made.samples(2_000).sum(axis=1), float(made.frame["expected"].sum())
    low, high = np.quantile(sums, [0.1, 0.9])
    # Where the spread is by rule the sum of what is expected may lie at its edge; it is held inside.
    return {"low": min(float(low), expected), "high": max(float(high), expected)}


def _whole(values: pd.Series) -> float | None:
    """The sum, null unless every step is known."""
    return None if values.isna().any() else float(values.sum())


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def week(made: Forecast) -> pd.DataFrame:
    """What is usual by hour of the week: mean of the last eight weeks, without what no fit saw.

    Returns:
        One row an hour of the week: ``weekday`` (Monday 1 to Sunday 7) ``hour``,
        ``numerator`` (counted), ``denominator`` (such hours), ``value`` (mean an hour; null where none).
    """
    past = made.history.dropna(subset=["value"])
    past = past[~past["left_out"].astype(bool)]
    if len(past):
        past = past[past["at"] > past["at"].max() - PROFILE_WEEKS * 7 * _DAY]
    keys = pd.DataFrame(
        {
            "weekday": past["at"].dt.day_of_week + 1,
            "hour": past["at"].dt.hour,
            "day": past["at"].dt.normalize(),
            "value": past["value"],
        }
    )
    cells = keys.groupby(["weekday", "hour"])
    frame = pd.DataFrame({"numerator": cells["value"].sum(), "denominator": cells["day"].nunique()})
    grid = pd.MultiIndex.from_product([range(1, 8), range(24)], names=["weekday", "hour"])
    frame = frame.reindex(grid).reset_index()
    frame["value"] = frame["numerator"] / frame["denominator"]
    return frame


def shown(made: Forecast) -> pd.DataFrame:
    """The last week as it came, for the picture: ``at value left_out``."""
    past = made.history
    first = made.frame["at"].min() - SHOWN_DAYS * _DAY
    found: pd.DataFrame = past[past["at"] >= first].reset_index(drop=True)
    return found


def parts(found: Found) -> pd.DataFrame:
    """One row a part, the largest first.

    Returns:
        ``part expected low high`` (80 %) ``peak_at method mase``; ``coverage`` of its 95 % interval with
        ``coverage_low coverage_high`` and ``n`` (steps judged), null where none was.
    """
    rows = []
    for name, made in found.parts.items():
        chosen = made.backtest[made.backtest["chosen"]].iloc[0]
        peak = made.peaks.sort_values("expected", ascending=False, kind="stable").iloc[0]
        row = {"part": name, "expected": float(made.frame["expected"].sum()), **totals_of(made)}
        row |= {"peak_at": peak["at"], "method": made.method, "mase": chosen["mase"]}
        names = {"coverage": "", "coverage_low": "_low", "coverage_high": "_high", "n": "_n"}
        rows.append(row | {name: chosen[f"coverage_95{end}"] for name, end in names.items()})
    return pd.DataFrame(rows, columns=[*_PART, "coverage", "coverage_low", "coverage_high", "n"])
