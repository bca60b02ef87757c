import math

import pytest
from small_world import aware, chats, counted, memory, number, said, shares

D = "2026-03-02 "


def answers(**columns):
    """Closed conversations, each of another user, with the answers given."""
    name, values = next(iter(columns.items()))
    rows = (
        {"at": D + "10:00", "end": D + "11:00", "user_id": f"u{i}", name: one} for i, one in enumerate(values)
    )
    return memory(conversations=chats(*rows))


def test_csat_is_the_share_of_4_and_5_among_answers():
    assert counted(answers(csat=[5, 4, 4, 3, 2, 1, None, None]), "csat") == (3, 6, 0.5)


def test_csat_mean_is_over_the_answers():
    assert counted(answers(csat=[5, 4, 3, None]), "csat_mean") == (12, 3, 4)


def test_csat_without_an_answer_is_null():
    for name in ("csat", "csat_mean", "nps"):
        numerator, denominator, value = counted(answers(csat=[None, None]), name)
        assert (numerator, denominator, str(value)) == (0, 0, "nan")


def test_csat_of_none_satisfied_is_zero():
    assert counted(answers(csat=[3, 1]), "csat") == (0, 2, 0)


def test_response_rate_is_of_the_closed_conversations():
    assert counted(answers(csat=[5, 1, None, None]), "csat_response_rate") == (2, 4, 0.5)


@pytest.mark.parametrize("name", ["csat", "nps"])
def test_answer_in_a_conversation_the_source_never_closes_counts(name):
    store = memory(conversations=chats({"at": D + "10:00", "csat": 5, "nps": 10}))
    assert counted(store, name)[:2] == (1, 1)


def test_answer_in_a_conversation_that_ends_after_as_of_is_not_known():
    store = memory(conversations=chats({"at": D + "10:00", "end": D + "12:00", "csat": 5}))
    assert counted(store, "csat", as_of=aware(D + "11:00"))[1] == 0


def test_csat_has_wilsons_limits():
    row = number(answers(csat=shares((5, 8), (1, 2))), "csat")
    assert (row["value"], row["low"], row["high"]) == pytest.approx((0.8, 0.490162, 0.943318), abs=1e-6)


def test_none_satisfied_has_wilsons_limits_too():
    row = number(answers(csat=[1] * 10), "csat")
    assert (row["low"], row["high"]) == pytest.approx((0, 0.277533), abs=1e-6)


def test_nps_is_promoters_less_detractors_in_points():
    row = number(answers(nps=shares((9, 20), (10, 30), (7, 10), (8, 20), (0, 5), (6, 15))), "nps")
    assert (row["numerator"], row["denominator"], row["value"]) == (30, 100, 30)
    assert (row["value"] - row["low"], row["high"] - row["value"]) == pytest.approx(
        (15.3078, 15.3078), abs=1e-4
    )


def test_nps_of_equal_thirds_is_0_and_still_uncertain():
    row = number(answers(nps=shares((10, 100), (8, 100), (3, 100))), "nps")
    assert (row["value"], row["low"], row["high"]) == pytest.approx((0, -9.2394, 9.2394), abs=1e-4)


@pytest.mark.parametrize(("answer", "points"), [(6, -100), (7, 0), (8, 0), (9, 100)])
def test_nps_bounds_of_the_three_groups(answer, points):
    row = number(answers(nps=[answer]), "nps")
    assert row["value"] == points
    assert -100 <= row["low"] <= row["value"] <= row["high"] <= 100


def test_nps_of_users_who_repeat_is_less_sure():
    # Ten users of ten answers each, all of one mind: as much as ten answers say.
    rows = (
        {"at": D + "10:00", "end": D + "11:00", "user_id": f"u{user}", "nps": 10 if user < 5 else 8}
        for user in range(10)
        for _ in range(10)
    )
    row = number(memory(conversations=chats(*rows)), "nps")
    # V = 10/9 · (5·5² + 5·5²) / 100² = 1/36, half = 1.96 · 100 / 6.
    assert (row["value"], row["high"] - row["value"]) == pytest.approx((50, 1.959964 * 100 / 6), abs=1e-3)


def moods(*values, sender="user"):
    return memory(messages=said(*({"at": D + "10:00", "sender": sender, "sentiment": one} for one in values)))


@pytest.mark.parametrize(
    ("mood", "count"),
    [("negative", 2), ("neutral", 3), ("positive", 2)],
    ids=["negative", "neutral", "positive"],
)
def test_moods_are_shares_of_the_scored_messages(mood, count):
    store = moods(-1, -0.1, -0.09, 0, 0.09, 0.1, 1, None)
    assert counted(store, f"{mood}_sentiment_share") == (count, 7, count / 7)


def test_unknown_mood_is_shown_apart():
    assert counted(moods(-1, None, 0.5, None), "unknown_sentiment_share") == (2, 4, 0.5)


def test_mood_of_the_bot_does_not_count():
    assert counted(moods(1, sender="bot"), "positive_sentiment_share")[1] == 0


def test_few_answers_are_flagged_below_30():
    assert number(answers(csat=[5] * 29), "csat")["few"]
    assert not number(answers(csat=[5] * 30), "csat")["few"]


def test_few_replaces_no_number():
    row = number(answers(csat=[5, 1]), "csat")
    assert not any(math.isnan(row[name]) for name in ("value", "low", "high"))
