"""Why a number moved, asked of a world that knows: its outage and its bug come first, a quiet week none."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from analytics_lib.analysis.drivers import drivers
from analytics_lib.metrics import CATALOG
from analytics_lib.store import Store

READ = ("conversations", "messages", "events", "users", "actions", "api_requests", "probes")
LAST_STEP = CATALOG["step_conversion_rate_purchase_completed"]


@pytest.fixture(scope="module")
def planted(stored_world):
    """(truth, store) of the world."""
    truth, frames, _ = stored_world
    with Store.in_memory(**{name: frames[name] for name in READ}) as store:
        yield truth, store


def during(truth, name, metric):
    effect = truth.effect(name, metric)
    return {"since": effect.since, "until": effect.until}


def test_outage_is_the_first_driver_of_escalation_and_explains_it(planted):
    truth, store = planted
    metric = CATALOG["escalation_rate"]
    found = drivers(store, metric, **during(truth, "api_outage", "escalation_rate"))

    # Planted: three times the usual, in all channels, while the systems fail.
    assert found.value1 / found.value0 == pytest.approx(3, rel=0.3)
    assert (found.first["dimension_1"], found.first["group_1"]) == ("systems", "failing")
    assert found.first["explained"] == pytest.approx(found.change)


def test_outage_is_the_first_driver_of_its_whole_week(planted):
    truth, store = planted
    effect = truth.effect("api_outage", "escalation_rate")
    monday = effect.since.date() - dt.timedelta(days=effect.since.weekday())
    found = drivers(store, CATALOG["escalation_rate"], since=monday, until=monday + dt.timedelta(days=7))

    assert (found.first["dimension_1"], found.first["group_1"]) == ("systems", "failing")
    assert found.first["explained_low"] < found.change < found.first["explained_high"]


def test_checkout_bug_is_the_first_driver_of_the_last_step(planted):
    truth, store = planted
    window = during(truth, "checkout_bug", "step_conversion_rate purchase_completed")
    found = drivers(store, LAST_STEP, **window).first

    assert (found["dimension_1"], found["group_1"]) == ("channel", "instagram")
    # Planted: 0.4 of the usual.
    assert found["value1"] / found["value0"] == pytest.approx(0.4, abs=0.2)
    assert found["explained"] < 0


@pytest.mark.parametrize("metric", ["escalation_rate", "conversion_rate", "resolution_rate"])
def test_quiet_week_has_no_driver(planted, metric):
    truth, store = planted
    effect = truth.effect("checkout_bug", "step_conversion_rate purchase_completed")
    # After the bug and four weeks more, before the release of the faster bot.
    since = (effect.until.astimezone(ZoneInfo("America/Bogota")) + dt.timedelta(days=28)).date()
    release = truth.effect("faster_bot", "conversion_rate").since.date()
    found = drivers(store, CATALOG[metric], since=since, until=min(since + dt.timedelta(days=7), release))

    assert found.first is None
