"""Limits of what measure answers: by hand, with and without users who repeat."""

import math

import pytest
from small_world import chats, memory, number, said

D = "2026-03-02 "
Z = 1.959964


def wilson_by_hand(p, n):
    centre = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n * n)) / (1 + Z**2 / n)
    return centre - half, centre + half


def escalations(*users):
    """``(escalated, conversations)`` of each user, all closed."""
    rows = (
        {
            "at": D + "10:00",
            "end": D + "11:00",
            "user_id": f"u{user}",
            "escalated": D + "10:30" if i < y else None,
        }
        for user, (y, n) in enumerate(users)
        for i in range(n)
    )
    return memory(conversations=chats(*rows))


def limits(store, name="escalation_rate"):
    row = number(store, name)
    return row["low"], row["high"]


def test_users_with_one_conversation_each_have_wilsons_limits():
    assert limits(escalations(*[(1, 1)] * 8, *[(0, 1)] * 2)) == pytest.approx((0.490162, 0.943318), abs=1e-6)


def test_no_user_escalated_ten():
    assert limits(escalations(*[(0, 1)] * 10)) == pytest.approx((0, 0.277533), abs=1e-6)


def test_users_of_one_mind_count_once_each():
    # Ten users of ten conversations, five escalate always: V = 10/9 · 10 · 5² / 100² = 1/36,
    # deff = (1/36) / (0.25/100) = 100/9, n_eff = 9.
    assert limits(escalations(*[(10, 10)] * 5, *[(0, 10)] * 5)) == pytest.approx(
        wilson_by_hand(0.5, 9), abs=1e-5
    )


def test_users_who_differ_in_size_by_hand():
    # p = 4/8; errors 2 - 0.5·2, 2 - 0.5·4, 0 - 0.5·2: 1, 0, -1; V = 3/2 · 2 / 64 = 3/64,
    # deff = (3/64) / (1/32) = 1.5, n_eff = 8 / 1.5.
    assert limits(escalations((2, 2), (2, 4), (0, 2))) == pytest.approx(
        wilson_by_hand(0.5, 8 / 1.5), abs=1e-5
    )


def test_users_who_are_all_alike_do_not_make_it_surer_than_all_rows():
    # Every user escalates one of two: V = 0, and deff is at least 1.
    assert limits(escalations(*[(1, 2)] * 10)) == pytest.approx(wilson_by_hand(0.5, 20), abs=1e-5)


@pytest.mark.parametrize("share", [0, 1])
def test_share_of_0_or_1_is_as_sure_as_its_users(share):
    low, high = limits(escalations(*[(10 * share, 10)] * 10))
    assert (low, high) == pytest.approx(wilson_by_hand(share, 10), abs=1e-5)


def test_one_user_counts_once():
    assert limits(escalations((5, 10))) == pytest.approx(wilson_by_hand(0.5, 1), abs=1e-5)


def test_mean_of_one_user_has_no_limits():
    store = memory(conversations=chats({"at": D + "10:00", "end": D + "11:00"}))
    assert all(math.isnan(limit) for limit in limits(store, "duration"))


def test_mean_that_does_not_vary_is_sure():
    rows = ({"at": D + "10:00", "end": D + "11:00", "user_id": f"u{i}"} for i in range(30))
    assert limits(memory(conversations=chats(*rows)), "duration") == (3600, 3600)


def test_limits_of_a_mean_hold_it_and_lie_within_the_data():
    rows = ({"at": D + "10:00", "end": f"{D}10:{i:02}", "user_id": f"u{i}"} for i in range(1, 41))
    row = number(memory(conversations=chats(*rows)), "duration")
    # Mean 20.5 minutes; its standard error is √((40² - 1)/12 / 40) = 1.825 minutes.
    assert row["value"] == 1230
    assert (row["low"], row["high"]) == pytest.approx((1230 - Z * 109.5, 1230 + Z * 109.5), rel=0.03)


def test_mean_of_users_who_repeat_is_less_sure():
    def store(users):
        rows = (
            {"at": D + "10:00", "end": D + ("10:10" if i % 2 else "10:30"), "user_id": f"u{i % users}"}
            for i in range(200)
        )
        return memory(conversations=chats(*rows))

    repeated, alone = limits(store(20), "duration"), limits(store(200), "duration")
    # As much as 20 users say instead of 200: √10 times as wide.
    assert (repeated[1] - repeated[0]) / (alone[1] - alone[0]) == pytest.approx(math.sqrt(10), rel=0.15)


def test_counts_have_no_interval():
    store = memory(messages=said({"at": D + "10:00"}))
    assert all(math.isnan(limit) for limit in limits(store, "messages"))
