import datetime as dt

import numpy as np
import pytest
from small_world import MARCH, chats, counted, instant, memory, said

from analytics_lib.metrics.first_contact import first_contact_curve
from analytics_lib.metrics.survival import kaplan_meier

KNOWN = {"as_of": dt.date(2026, 3, 31)}
DURATIONS, EVENTS = np.array([1.0, 2, 2, 3, 4, 5]), np.array([1, 1, 0, 1, 0, 1], dtype=bool)


def curve_at(*times):
    return kaplan_meier(DURATIONS, EVENTS, np.array(times, dtype=float))


def test_kaplan_meier_gives_the_published_curve():
    assert curve_at(0.5, 1, 2, 3, 4, 5).survival == pytest.approx(
        [1, 0.833333, 0.666667, 0.444444, 0.444444, 0], abs=1e-6
    )


def test_kaplan_meier_gives_the_published_limits():
    found = curve_at(1, 2, 3)
    assert found.low == pytest.approx([0.273123, 0.194617, 0.066187], abs=1e-6)
    assert found.high == pytest.approx([0.974712, 0.904434, 0.784908], abs=1e-6)


def test_kaplan_meier_knows_how_many_are_watched():
    assert curve_at(0, 1, 2, 3, 4, 5, 6).at_risk.tolist() == [6, 6, 5, 3, 2, 1, 0]


def test_order_does_not_matter():
    mixed = np.array([5, 0, 3, 1, 4, 2])
    again = kaplan_meier(DURATIONS[mixed], EVENTS[mixed], np.array([1.0, 2, 3]))
    assert again.survival.tolist() == curve_at(1, 2, 3).survival.tolist()


def issues(*waits, unresolved=0, known="2026-03-31"):
    """First contacts of as many users, resolved at noon of 10 March; each comes back after days, or never.

    A user told as ``(days,)`` is watched for that many: the conversation ends so long before ``known``.
    """
    rows, talks = [{"at": "2026-03-01 12:00", "end": "2026-03-01 12:30", "user_id": "somebody else"}], []
    for i, wait in enumerate(waits):
        end = (
            instant(known) - dt.timedelta(days=wait[0])
            if isinstance(wait, tuple)
            else instant("2026-03-10 12:00")
        )
        local = end.tz_localize(None) - dt.timedelta(hours=5)
        rows.append({"at": local - dt.timedelta(hours=1), "end": local, "user_id": f"u{i}", "resolved": True})
        if wait is not None and not isinstance(wait, tuple):
            rows.append({"at": local + dt.timedelta(days=wait), "user_id": f"u{i}"})
    rows += [
        {"at": "2026-03-10 11:00", "end": "2026-03-10 12:00", "user_id": f"v{i}", "resolved": False}
        for i in range(unresolved)
    ]
    talks = [
        {"conversation_id": f"c{i:03}", "at": row["at"], "user_id": row["user_id"], "intent": "envio"}
        for i, row in enumerate(rows)
    ]
    return memory(conversations=chats(*rows), messages=said(*talks))


def curve(store, **asked):
    return first_contact_curve(store, **{**MARCH, **KNOWN, **asked}).set_index("days")


def test_curve_is_the_published_one_times_the_resolved():
    # Six resolved first contacts, two not: a share of 0.75.
    found = curve(issues(1, 2, (2,), 3, (4,), 5, unresolved=2))
    expected = 0.75 * np.array([0.833333, 0.666667, 0.444444, 0.444444, 0])
    assert found["value"].loc[1:5].to_numpy() == pytest.approx(expected, abs=1e-6)
    assert (found["first_contacts"] == 8).all()


def test_curve_has_a_row_for_each_of_30_days():
    assert curve(issues(None)).index.tolist() == list(range(1, 31))


def test_nobody_who_came_back_leaves_the_share_resolved():
    found = curve(issues(None, None, None, unresolved=1))
    assert (found["value"] == 0.75).all()


def test_curve_never_rises():
    found = curve(issues(1, 1, 4, 9, None, (3,), (8,), unresolved=3))
    assert (found["value"].diff().dropna() <= 0).all()


def test_limits_hold_the_curve_within_0_to_1():
    found = curve(issues(1, 1, 4, 9, None, (3,), (8,), unresolved=3))
    assert (found["low"] >= 0).all()
    assert (found["low"] <= found["value"]).all()
    assert (found["value"] <= found["high"]).all()
    assert (found["high"] <= 1).all()


def test_recent_first_contacts_count_as_far_as_they_are_known():
    # The young one is watched for two days and at risk of no third.
    found = curve(issues(None, (2,)))
    assert found["at_risk"].loc[[1, 2, 3]].tolist() == [2, 2, 1]


def test_contact_after_as_of_is_not_known():
    assert (curve(issues(5), as_of=dt.date(2026, 3, 14))["value"] == 1).all()
    assert curve(issues(5), as_of=dt.date(2026, 3, 16))["value"].loc[[4, 5]].tolist() == [1, 0]


def test_without_a_first_contact_the_curve_is_null():
    lone = memory(
        conversations=chats({"at": "2026-03-01 12:00", "end": "2026-03-01 12:30", "resolved": True}),
        messages=said({"at": "2026-03-01 12:00", "intent": "envio"}),
    )
    found = curve(lone)
    assert found["value"].isna().all()
    assert (found["first_contacts"] == 0).all()


def test_where_none_was_resolved_the_curve_is_zero():
    found = curve(issues(unresolved=4))
    assert (found["value"] == 0).all()
    assert (found["first_contacts"] == 4).all()


def test_plain_form_agrees_where_everything_is_known():
    store = issues(1, 3, 6, 9, None, unresolved=5)
    numerator, denominator, value = counted(store, "first_contact_resolution", **KNOWN)
    assert (numerator, denominator) == (2, 10)
    assert curve(store)["value"].loc[7] == pytest.approx(value)
