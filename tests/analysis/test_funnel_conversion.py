"""How long a funnel takes while some are still on their way."""

import datetime as dt

import pandas as pd
import pytest
from funnel_by_loops import MARCH, journeys

from analytics_lib.analysis.funnels import time_to_convert


def days_later(user, days, start="2026-03-02 10:00"):
    """Enters, and gets through so many days later; none = not at all."""
    told = [(user, start, "a")]
    return told if days is None else [*told, (user, pd.Timestamp(start) + pd.Timedelta(days=days), "b")]


def test_curve_is_kaplan_meiers_with_those_still_on_their_way():
    # T = 1, 2, 2+, 3, 4+, 5 days, as of 12 March: Ŝ = 5/6, 4/6, 4/6·2/3, then 0.
    store = journeys(
        *days_later("u1", 1),
        *days_later("u2", 2),
        *days_later("u3", None, start="2026-03-10 10:00"),
        *days_later("u4", 3),
        *days_later("u5", None, start="2026-03-08 10:00"),
        *days_later("u6", 5),
    )

    found = time_to_convert(
        store, stages=["a", "b"], **MARCH, as_of=dt.datetime(2026, 3, 12, 15, tzinfo=dt.UTC)
    )

    assert (found.users, found.converted) == (6, 4)
    assert (found.curve["seconds"] / 86_400).tolist() == [0, 1, 2, 3, 5]
    assert found.curve["converted_rate"].tolist() == pytest.approx([0, 1 / 6, 2 / 6, 1 - 4 / 9, 1])
    assert found.curve["low"].iloc[1:4].tolist() == pytest.approx(
        [1 - 0.974714, 1 - 0.904434, 1 - 0.784908], abs=1e-5
    )
    assert found.curve["at_risk"].tolist() == [6, 6, 5, 3, 1]


def test_percentiles_of_all_come_later_than_those_of_converters_alone():
    store = journeys(
        *days_later("u1", 1),
        *days_later("u2", 2),
        *(one for user in range(2) for one in days_later(f"on{user}", None)),
    )

    found = time_to_convert(store, stages=["a", "b"], **MARCH, as_of=dt.date(2026, 3, 31))

    rows = found.percentiles.set_index("share")
    assert (rows.loc[0.5, "seconds"] / 86_400, rows.loc[0.5, "converters_seconds"] / 86_400) == (2, 1.5)
    assert pd.isna(rows.loc[0.75, "seconds"])
    assert rows.loc[0.75, "converters_seconds"] / 86_400 == 1.75


def test_limit_ends_the_watching_before_as_of_does():
    store = journeys(*days_later("u1", 1), *days_later("u2", None))

    found = time_to_convert(
        store, stages=["a", "b"], **MARCH, within=dt.timedelta(days=7), as_of=dt.date(2026, 3, 31)
    )

    assert (found.curve["seconds"] / 86_400).tolist() == [0, 1, 7]
    assert found.curve["converted_rate"].tolist() == [0, 0.5, 0.5]


def test_nobody_gives_an_empty_curve_and_no_percentile():
    found = time_to_convert(
        journeys(("u1", "2026-02-01", "a"), ("u1", "2026-02-01", "b")), stages=["a", "b"], **MARCH
    )

    assert (found.users, found.converted, len(found.curve)) == (0, 0, 0)
    assert found.percentiles[["seconds", "converters_seconds"]].isna().all(axis=None)
