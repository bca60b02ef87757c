"""Which hours a window is compared with, and what they weigh."""

import datetime as dt

import pandas as pd
import pytest

from analytics_lib.analysis.driver_windows import choose_baseline, day_kind
from analytics_lib.errors import NotEnoughDataError, RequestError

# 2026: 1 March is a Sunday; 15 and 31 March are paydays, 23 March is a holiday.
KNOWN = (pd.Timestamp("2026-01-01"), pd.Timestamp("2026-06-01"))


def baseline(since, until, *, given=(None, None), known=KNOWN):
    return choose_baseline((since, until), given, known=known, what="csat")


def weight_by_day(found):
    days = found.weights.groupby(found.weights.index.normalize()).sum() / 24
    return {f"{day:%m-%d}": round(float(weight), 6) for day, weight in days.items()}


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (dt.date(2026, 3, 15), "payday"),
        (dt.date(2026, 2, 28), "payday"),
        (dt.date(2026, 3, 30), "ordinary"),
        (dt.date(2026, 3, 23), "holiday"),
        (dt.date(2026, 12, 25), "holiday"),
    ],
)
def test_day_is_a_holiday_a_payday_or_ordinary(day, kind):
    assert day_kind(day) == kind


def test_tuesday_and_wednesday_are_compared_with_those_of_the_four_weeks_before():
    found = baseline(dt.date(2026, 3, 10), dt.date(2026, 3, 12))

    assert (found.since, found.until) == (pd.Timestamp("2026-02-10"), pd.Timestamp("2026-03-10"))
    assert weight_by_day(found) == dict.fromkeys(
        ("02-10", "02-11", "02-17", "02-18", "02-24", "02-25", "03-03", "03-04"), 0.25
    )
    assert (found.days, found.compared_days, found.special_days) == (2, 8, 0)


def test_weights_sum_to_the_hours_of_the_window_and_keep_its_hours_of_the_day():
    zone = dt.timezone(dt.timedelta(hours=-5))
    since = dt.datetime(2026, 3, 9, 8, tzinfo=zone)
    found = baseline(since, since + dt.timedelta(hours=36))
    by_hour = found.weights.groupby([found.weights.index.day_of_week, found.weights.index.hour]).sum()

    assert found.weights.sum() == pytest.approx(36)
    assert by_hour.to_dict() == pytest.approx(
        {**{(0, hour): 1 for hour in range(8, 24)}, **{(1, hour): 1 for hour in range(20)}}
    )


def test_ordinary_sunday_leaves_the_payday_sunday_out():
    # The Sundays before 29 March are 1, 8, 15 (payday) and 22 March.
    found = baseline(dt.date(2026, 3, 29), dt.date(2026, 3, 30))

    assert weight_by_day(found) == dict.fromkeys(("03-01", "03-08", "03-22"), round(1 / 3, 6))
    assert (found.special_days, found.other_kind_days) == (0, 0)


def test_payday_without_one_of_its_weekday_is_compared_with_ordinary_days_and_counted():
    # No payday among the Tuesdays before 31 March.
    found = baseline(dt.date(2026, 3, 31), dt.date(2026, 4, 1))

    assert weight_by_day(found) == dict.fromkeys(("03-03", "03-10", "03-17", "03-24"), 0.25)
    assert (found.special_days, found.other_kind_days, found.other_weekday_days) == (1, 1, 0)


def test_holiday_is_compared_with_the_holidays_of_its_weekday():
    # Mondays: 18 May is a holiday; before 8 June also 1 June is ordinary, 25 May too.
    found = baseline(dt.date(2026, 6, 8), dt.date(2026, 6, 9), known=(KNOWN[0], pd.Timestamp("2026-07-01")))

    assert weight_by_day(found) == {"05-18": 1.0}
    assert (found.special_days, found.other_kind_days) == (1, 0)


def test_two_weeks_are_compared_with_eight():
    found = baseline(dt.date(2026, 5, 4), dt.date(2026, 5, 18))

    assert (found.until - found.since).days == 56


def test_fewer_weeks_do_where_the_data_begin_later_and_none_is_said_with_the_day_it_works():
    known = (pd.Timestamp("2026-03-01"), KNOWN[1])
    assert baseline(dt.date(2026, 3, 16), dt.date(2026, 3, 23), known=known).since == pd.Timestamp(
        "2026-03-02"
    )

    with pytest.raises(NotEnoughDataError, match="works for windows from 2026-03-08 on"):
        baseline(dt.date(2026, 3, 5), dt.date(2026, 3, 12), known=known)


def test_given_baseline_is_weighed_by_the_weekdays_of_the_window():
    # A Saturday against Friday, Saturday and Sunday: only the Saturday counts.
    found = baseline(
        dt.date(2026, 3, 21), dt.date(2026, 3, 22), given=(dt.date(2026, 3, 6), dt.date(2026, 3, 9))
    )

    assert found.given
    assert weight_by_day(found) == {"03-07": 1.0}


def test_given_baseline_without_the_weekday_uses_what_it_has_and_counts_it():
    found = baseline(
        dt.date(2026, 3, 21), dt.date(2026, 3, 22), given=(dt.date(2026, 3, 3), dt.date(2026, 3, 5))
    )

    assert weight_by_day(found) == {"03-03": 0.5, "03-04": 0.5}
    assert found.other_weekday_days == 1


@pytest.mark.parametrize(
    ("bounds", "given", "said"),
    [
        ((dt.date(2026, 3, 3), dt.date(2026, 3, 3)), (None, None), "is empty"),
        ((dt.date(2026, 3, 3), dt.date(2026, 3, 4)), (dt.date(2026, 2, 1), None), "give both of its bounds"),
        (
            (dt.date(2026, 3, 3), dt.date(2026, 3, 6)),
            (dt.date(2026, 3, 1), dt.date(2026, 3, 4)),
            "overlap",
        ),
        (
            (dt.date(2026, 3, 3), dt.datetime(2026, 3, 4, 12, 30, tzinfo=dt.UTC)),
            (None, None),
            "07:30:00 lies within an hour",
        ),
    ],
)
def test_impossible_windows_are_refused_with_what_to_do(bounds, given, said):
    with pytest.raises(RequestError, match=said):
        baseline(*bounds, given=given)


def test_window_after_the_data_is_not_answered_yet():
    with pytest.raises(NotEnoughDataError, match="the data end with 2026-06-01"):
        baseline(dt.date(2026, 5, 30), dt.date(2026, 6, 2))


def test_given_baseline_before_the_data_is_not_answered():
    with pytest.raises(NotEnoughDataError, match="baseline_since of 2026-01-01 or later"):
        baseline(dt.date(2026, 3, 3), dt.date(2026, 3, 4), given=(dt.date(2025, 12, 1), dt.date(2026, 1, 1)))


def test_weekday_matches_on_every_day_of_a_long_window():
    found = baseline(dt.date(2026, 4, 20), dt.date(2026, 5, 1))
    weekdays = found.weights.groupby(found.weights.index.day_of_week).sum() / 24
    wanted = pd.Series(pd.date_range("2026-04-20", "2026-04-30").day_of_week).value_counts()

    assert weekdays.to_dict() == pytest.approx(wanted.to_dict())
