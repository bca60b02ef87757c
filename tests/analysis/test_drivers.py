"""Why a rate moved: on stores small enough to check by hand, and what is refused."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from telling import at

from analytics_lib.analysis.differences import adjusted_p_values
from analytics_lib.analysis.driver_dimensions import choose_dimensions, read_dimensions
from analytics_lib.analysis.drivers import drivers
from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.metrics import CATALOG, measure
from analytics_lib.store import Store

RATE = CATALOG["resolution_rate"]
# A Monday; the four Mondays before are the baseline, none of them a holiday or a payday.
MONDAY = dt.date(2026, 2, 23)
WINDOW = {"since": MONDAY, "until": MONDAY + dt.timedelta(days=1)}
TABLES = {"conversations", "messages", "actions", "events", "orders"}


def conversations(day, resolved, total, *, users=None, **columns):
    """``total`` closed conversations of a day, the first ``resolved`` resolved, each of another user."""
    place = "-".join([f"{day:%m%d}", *map(str, columns.values())])
    start = pd.Timestamp(day) + pd.Timedelta(hours=10)
    return pd.DataFrame(
        {
            "conversation_id": [f"{place}-{number}" for number in range(total)],
            "user_id": [f"u{place}-{number % (users or total)}" for number in range(total)],
            "started_at": [at(str(start))] * total,
            "started_local": [start] * total,
            "ended_at": [at(str(start + pd.Timedelta(minutes=5)))] * total,
            "resolved": [number < resolved for number in range(total)],
            "outcome": ["resolved" if number < resolved else "abandoned" for number in range(total)],
            "channel": "web",
            **columns,
        }
    )


def store_with(*frames):
    return Store.in_memory(conversations=pd.concat(frames, ignore_index=True))


def by_channel(after, *, before=((30, 60), (20, 40))):
    """A store in which WhatsApp and Instagram have so many resolved of all, on Mondays before and after."""
    days = [(MONDAY - dt.timedelta(weeks=week), before) for week in range(1, 5)] + [(MONDAY, after)]
    return store_with(
        *(
            conversations(day, *counts, channel=channel)
            for day, groups in days
            for channel, counts in zip(("whatsapp", "instagram"), groups, strict=True)
        )
    )


def row(found, **names):
    rows = found.rows
    for column, value in names.items():
        rows = rows[rows[column] == value]
    return rows.iloc[0]


def test_change_is_that_of_the_windows_with_the_counts_of_both():
    # Before, four times 50 of 100; after, 30 of 60 and 4 of 40.
    found = drivers(by_channel(((30, 60), (4, 40))), RATE, **WINDOW)

    assert (found.numerator0, found.denominator0, found.n0) == (50, 100, 400)
    assert (found.numerator1, found.denominator1) == (34, 100)
    assert (found.value0, found.value1) == (0.5, 0.34)
    assert found.change == pytest.approx(-0.16)
    assert found.low < -0.16 < found.high < 0


def test_broken_channel_is_the_first_driver_and_explains_all():
    found = drivers(by_channel(((30, 60), (4, 40))), RATE, **WINDOW)

    assert (found.first["dimension_1"], found.first["group_1"]) == ("channel", "instagram")
    assert found.first["explained"] == pytest.approx(-0.16)
    assert found.first["explained_low"] < -0.16 < found.first["explained_high"] < 0
    assert (found.first["value0"], found.first["value1"]) == (0.5, 0.1)
    assert not row(found, group_1="whatsapp")["real"]


def test_mix_and_rate_are_those_of_the_textbook():
    # Weights .6 and .4 become .4 and .6, rates .7 and .5 become .7 and .45 (definitions: R .62 to .55).
    store = by_channel(((28, 40), (27, 60)), before=((42, 60), (20, 40)))
    found = drivers(store, RATE, **WINDOW)
    whatsapp, instagram = (row(found, group_1=name) for name in ("whatsapp", "instagram"))

    # R̄ = .585; mix -.2 (.7 - .585) and .2 (.475 - .585); rate .5 · 0 and .5 · -.05.
    assert (whatsapp["mix"], instagram["mix"]) == pytest.approx((-0.023, -0.022))
    assert (whatsapp["rate"], instagram["rate"]) == pytest.approx((0, -0.025))
    assert whatsapp["contribution"] + instagram["contribution"] == pytest.approx(found.change)


def test_contributions_of_every_dimension_and_pair_sum_to_the_change():
    days = [MONDAY - dt.timedelta(weeks=week) for week in range(5)]
    store = store_with(
        *(
            conversations(
                day,
                6 + 3 * (day == MONDAY) * (city == "Cali"),
                15,
                channel=channel,
                city=city,
                country=country,
            )
            for day in days
            for channel in ("web", "instagram")
            for city, country in (("Cali", "CO"), ("Quito", "EC"), ("Lima", "PE"))
        )
    )
    found = drivers(store, RATE, **WINDOW, dimensions=["channel", "city"])
    sums = (
        found.rows.fillna({"dimension_2": ""}).groupby(["dimension_1", "dimension_2"])["contribution"].sum()
    )

    assert len(sums) == 3
    assert sums.to_numpy() == pytest.approx([found.change] * 3)


def test_change_in_all_channels_alike_has_no_driver():
    # Half of them before, a tenth after, in both.
    found = drivers(by_channel(((6, 60), (4, 40))), RATE, **WINDOW)

    assert found.high < 0
    assert found.first is None
    assert (found.rows["q_value"] <= 0.05).any()


def test_part_of_a_channel_comes_before_the_channel():
    groups = [("whatsapp", "nuevo", 20), ("whatsapp", "vip", 20), ("web", "nuevo", 20), ("web", "vip", 2)]
    days = [MONDAY - dt.timedelta(weeks=week) for week in range(5)]
    store = store_with(
        *(
            conversations(day, resolved if day == MONDAY else 20, 40, channel=channel, entry_point=entry)
            for day in days
            for channel, entry, resolved in groups
        )
    )
    found = drivers(store, RATE, **WINDOW, dimensions=["channel", "entry_point"])

    assert (found.first["group_1"], found.first["group_2"]) == ("web", "vip")
    assert found.first["explained"] == pytest.approx(0.25 * (0.05 - 0.5))


def test_hours_of_failing_systems_explain_what_all_channels_share():
    store = by_channel(((6, 60), (4, 40)))
    start = pd.Timestamp(MONDAY) + pd.Timedelta(hours=10)
    probes = pd.DataFrame(
        [
            {"endpoint": "/health", "probed_at": at(str(when)), "probed_local": when, "ok": ok}
            for shift, ok in ((0, False), *((7 * week, True) for week in range(1, 5)))
            for when in (
                start - pd.Timedelta(days=shift) + pd.Timedelta(minutes=minute) for minute in range(0, 60, 15)
            )
        ]
    )
    store = Store.in_memory(conversations=store.query("select * from conversations"), probes=probes)
    found = drivers(store, RATE, **WINDOW)

    assert (found.first["dimension_1"], found.first["group_1"]) == ("systems", "failing")
    assert found.first["explained"] == pytest.approx(found.change)
    # Its arrival is the driver; that the other hours are gone says the same.
    assert found.rows["real"].sum() == 1


def test_same_question_has_the_same_answer_twice():
    store = by_channel(((30, 60), (4, 40)))
    first, second = (drivers(store, RATE, **WINDOW) for _ in range(2))

    pd.testing.assert_frame_equal(first.rows, second.rows, check_exact=True)
    assert first.overall == second.overall


def test_small_groups_and_those_beyond_the_limit_are_pooled():
    sizes = {"Cali": 60, "Lima": 50, "Quito": 40, "Tunja": 10}
    days = [MONDAY - dt.timedelta(weeks=week) for week in range(5)]
    store = store_with(
        *(
            conversations(day, 5, size // (1 if day == MONDAY else 4), city=city)
            for day in days
            for city, size in sizes.items()
        )
    )
    all_large = drivers(store, RATE, **WINDOW, dimensions=["city"]).rows
    two = drivers(store, RATE, **WINDOW, dimensions=["city"], limit=2).rows

    assert set(all_large["group_1"]) == {"Cali", "Lima", "Quito", "(other)"}
    assert set(two["group_1"]) == {"Cali", "Lima", "(other)"}
    assert two.set_index("group_1").loc["(other)", "denominator1"] == 50
    assert two.set_index("group_1").loc[["(other)"], "p_value"].isna().all()


def test_dimension_that_tells_nothing_apart_gives_no_rows():
    found = drivers(
        store_with(*(conversations(MONDAY - dt.timedelta(weeks=week), 20, 40) for week in range(5))),
        RATE,
        **WINDOW,
    )

    assert found.rows.empty
    assert found.first is None
    assert found.change == 0


def test_q_values_give_dimensions_four_fifths_of_the_weight():
    # Of m tested in all, m_1 of a dimension and m_2 of a pair: p m_1 / .8 m and p m_2 / .2 m, then as usual.
    groups = [(channel, entry) for channel in ("whatsapp", "web") for entry in ("ad", "qr")]
    days = [MONDAY - dt.timedelta(weeks=week) for week in range(5)]
    store = store_with(
        *(
            conversations(
                day,
                (12 if channel == "web" else 22) + 3 * (entry == "ad"),
                40,
                channel=channel,
                entry_point=entry,
            )
            for day in days
            for channel, entry in groups
        )
    )
    rows = drivers(store, RATE, **WINDOW, dimensions=["channel", "entry_point"]).rows
    pair = rows["dimension_2"].notna()
    tested = rows["p_value"].notna()
    sizes = np.where(pair, (pair & tested).sum() / 0.2, (~pair & tested).sum() / 0.8)
    weighed = rows["p_value"] * sizes / tested.sum()

    assert rows["q_value"].to_numpy() == pytest.approx(adjusted_p_values(weighed.clip(upper=1)), nan_ok=True)


def test_mean_is_split_like_a_share_and_matches_its_measure():
    store = by_channel(((30, 60), (4, 40)))
    found = drivers(store, CATALOG["duration"], **WINDOW)
    measured = measure(store, CATALOG["duration"], **WINDOW)

    assert found.value1 == measured["value"].iloc[0] == 300
    assert found.change == 0


def test_nps_is_in_points():
    days = [MONDAY - dt.timedelta(weeks=week) for week in range(5)]
    store = store_with(*(conversations(day, 0, 40, nps=10 if day < MONDAY else 0) for day in days))
    found = drivers(store, CATALOG["nps"], **WINDOW)

    assert (found.value0, found.value1, found.change) == (100, -100, -200)


@pytest.mark.parametrize("name", ["conversations", "median_response_time", "revenue", "peak_concurrency"])
def test_what_is_no_ratio_is_refused_with_those_that_are(name):
    with pytest.raises(RequestError, match=f"{name} is a .* Those that can: .*resolution_rate"):
        drivers(by_channel(((30, 60), (4, 40))), CATALOG[name], **WINDOW)


@pytest.mark.parametrize("name", ["outcome", "escalation_reason", "agent_id"])
def test_what_follows_from_the_outcome_explains_nothing(name):
    with pytest.raises(RequestError, match=f"{name} cannot explain resolution_rate"):
        drivers(by_channel(((30, 60), (4, 40))), RATE, **WINDOW, dimensions=[name])


def test_column_the_metric_counts_by_is_no_dimension_of_it():
    chosen = choose_dimensions(CATALOG["fallback_rate"], None, held=TABLES)

    assert ("channel",) in chosen
    assert ("intent",) not in chosen


def test_unknown_and_repeated_dimensions_are_refused():
    store = by_channel(((30, 60), (4, 40)))
    with pytest.raises(RequestError, match="cannot be told apart by 'chanel'"):
        drivers(store, RATE, **WINDOW, dimensions=["chanel"])
    with pytest.raises(RequestError, match="names one twice"):
        drivers(store, RATE, **WINDOW, dimensions=["channel", "channel"])


def test_dimensions_are_read_from_a_list_in_a_text():
    assert read_dimensions(" channel, city ,") == ["channel", "city"]
    assert read_dimensions("") is None


def test_window_in_which_nothing_is_counted_is_not_answered():
    store = by_channel(((30, 60), (4, 40)))
    with pytest.raises(NotEnoughDataError, match="csat counts nothing in the baseline"):
        drivers(store, CATALOG["csat"], **WINDOW)


def test_nothing_after_as_of_is_known():
    store = by_channel(((30, 60), (4, 40)))
    with pytest.raises(NotEnoughDataError, match="the data end with 2026-02-23"):
        drivers(store, RATE, **WINDOW, as_of=MONDAY)


def test_real_drivers_are_told_with_what_they_explain():
    found = drivers(by_channel(((30, 60), (4, 40))), RATE, **WINDOW)

    assert found.real["group_1"].tolist() == ["instagram"]
    assert found.real["explained"].tolist() == pytest.approx([-0.16])
