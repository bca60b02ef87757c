import datetime as dt
from dataclasses import replace

import pytest
from comparing import chat, groups_of, store_of

from analytics_lib import simulate
from analytics_lib.analysis.group_waits import response_times
from analytics_lib.analysis.groups import choose_groups
from analytics_lib.analysis.scope import choose_scope
from analytics_lib.config import Settings
from analytics_lib.ingest import Source, ingest
from analytics_lib.store import Store

UNTIL = dt.date(2026, 7, 1)


def waits(store, **asked):
    return response_times(store, groups_of(store, **asked)).set_index("replier")


def test_medians_are_by_replier_and_run_from_the_first_waiting_message():
    store = store_of(
        chat("u1", "escalated", ("user", 0), ("user", 3), ("bot", 5), ("user", 10), ("agent", 70)),
        chat("u2", "escalated", ("user", 0), ("bot", 7), ("bot", 9)),
        chat("u3", "resolved", ("user", 0), ("bot", 2)),
        chat("u4", "resolved", ("bot", 0), ("user", 10), ("bot", 14), ("user", 20)),
    )
    found = waits(store)

    assert (found.loc["bot", "first_median_seconds"], found.loc["bot", "first_replies"]) == (6, 2)
    assert (found.loc["bot", "second_median_seconds"], found.loc["bot", "second_replies"]) == (3, 2)
    assert found.loc["bot", "difference_seconds"] == 3
    assert found.loc["bot", "few"]
    assert not found.loc["bot", "real"]


def test_replier_of_one_group_only_has_no_difference():
    store = store_of(
        chat("u1", "escalated", ("user", 0), ("agent", 60)), chat("u2", "resolved", ("user", 0), ("bot", 2))
    )
    agent = waits(store).loc["agent"]

    assert agent["first_median_seconds"] == 60
    assert agent["second_replies"] == 0
    assert agent[["second_median_seconds", "difference_seconds", "low_seconds", "p_value"]].isna().all()
    assert not agent["real"]


def test_nobody_replied_gives_no_rows():
    store = store_of(chat("u1", "escalated", ("user", 0)), chat("u2", "resolved", ("user", 0)))
    assert waits(store).empty


def test_difference_of_many_users_is_real():
    slow = [chat(f"u{n}", "escalated", ("user", 0), ("bot", 8 + n % 3)) for n in range(30)]
    fast = [chat(f"v{n}", "resolved", ("user", 0), ("bot", 2 + n % 3)) for n in range(30)]
    bot = waits(store_of(*slow, *fast)).loc["bot"]

    assert bot["difference_seconds"] == 6
    assert 0 < bot["low_seconds"] <= 6 <= bot["high_seconds"]
    assert bot["real"]


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A simulated store around the release of a faster bot, and what was planted: (store, effect)."""
    folder = tmp_path_factory.mktemp("released")
    truth = simulate.write_world(folder / "world", conversations=6_000, seed=7, until=UNTIL)
    settings = replace(Settings(), store=folder / "store", keys=folder / "keys")
    now = dt.datetime.combine(UNTIL, dt.time(), tzinfo=dt.UTC)
    files = sorted((folder / "world").glob("*.ndjson"))
    ingest(Source(name="contract", time_zone="UTC"), files, now=now, settings=settings)
    with Store.open(settings.store) as store:
        yield store, truth.effect("faster_bot", "median_response_time")


def periods_around(store, day, *, weeks=3):
    scope = choose_scope(store, since=day - dt.timedelta(weeks=weeks), until=day + dt.timedelta(weeks=weeks))
    return choose_groups(store, scope, compare="period", split_at=day)


def test_planted_release_is_found_with_its_size(released):
    store, effect = released
    day = effect.since.date() + dt.timedelta(days=effect.since.hour >= 6)
    bot = response_times(store, periods_around(store, day)).set_index("replier").loc["bot"]
    size = bot["first_median_seconds"] / bot["second_median_seconds"]

    # Medians of skewed waits also move with the load of their hours; a world without the release lies at 1.
    assert size == pytest.approx(effect.ratio, abs=0.08)
    assert bot["high_seconds"] < 0
    assert bot["real"]


def test_periods_without_a_release_between_them_do_not_differ(released):
    store, effect = released
    calm = effect.since.date() - dt.timedelta(weeks=7)
    bot = response_times(store, periods_around(store, calm)).set_index("replier").loc["bot"]

    assert bot["first_median_seconds"] / bot["second_median_seconds"] == pytest.approx(1, abs=0.08)
