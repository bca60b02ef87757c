import datetime as dt

import pytest

from analytics_lib.analysis.scope import bounds, choose_scope
from analytics_lib.errors import NotEnoughDataError, RequestError

MARCH = dt.date(2026, 3, 1)


def test_window_left_open_is_28_days_up_to_the_day_of_the_last_message(tell):
    store = tell(("a", "2026-03-01 10:00", [("user", "2026-03-01 10:00"), ("bot", "2026-03-30 23:59")]))
    scope = choose_scope(store)
    assert (scope["since"], scope["until"]) == (MARCH + dt.timedelta(2), dt.date(2026, 3, 31))


def test_window_left_open_ends_at_as_of(tell):
    scope = choose_scope(tell(), as_of="2026-03-29", channel="web")
    assert scope == {
        "since": MARCH,
        "until": dt.date(2026, 3, 29),
        "channel": "web",
        "as_of": dt.date(2026, 3, 29),
    }


def test_given_days_are_kept_and_an_empty_channel_means_all(tell):
    scope = choose_scope(tell(), since="2026-02-01", until=MARCH, channel="")
    assert (scope["since"], scope["until"], scope["channel"]) == (dt.date(2026, 2, 1), MARCH, None)


def test_empty_store_has_no_last_day(tell):
    with pytest.raises(NotEnoughDataError, match="no message yet"):
        choose_scope(tell())


def test_day_that_is_none_is_refused(tell):
    with pytest.raises(RequestError, match=r"since is '1/3/2026'; expected a day such as 2026-01-31"):
        choose_scope(tell(), since="1/3/2026", until=MARCH)


def test_window_that_runs_backwards_is_refused(tell):
    with pytest.raises(RequestError, match="is empty"):
        choose_scope(tell(), since=MARCH, until=MARCH)


def test_bounds_are_wall_clock_for_the_window_and_utc_for_as_of():
    found = bounds(since=MARCH, until=dt.date(2026, 3, 2), as_of=MARCH)
    assert found["since"] == dt.datetime(2026, 3, 1)  # noqa: DTZ001  # wall clock
    assert found["as_of"] == dt.datetime(2026, 3, 1, 5, tzinfo=dt.UTC)
