"""Journeys asked of a world that knows: its checkout bug is a loop on one channel for two weeks."""

import datetime as dt

import numpy as np
import pytest
import recovery

from analytics_lib.analysis import journeys
from analytics_lib.store import Store

BOUND = 4.0
READ = ("conversations", "events", "users")


@pytest.fixture(scope="module")
def planted(stored_world):
    """(planted effect on loops, store) of the world."""
    truth, frames, _ = stored_world
    with Store.in_memory(**{name: frames[name] for name in READ}) as store:
        yield truth.effect("checkout_bug", "loop_rate purchase_initiated"), store


def of_channels(rows, channel, **cell):
    """The rows of one cell: (the channel's, those of the others)."""
    for name, value in cell.items():
        rows = rows[rows[name] == value]
    return rows[rows["channel"] == channel].iloc[0], rows[rows["channel"] != channel]


def test_while_the_bug_lasts_its_channel_goes_back_from_the_checkout_to_the_cart(planted):
    bug, store = planted
    moves = journeys.transitions(store, since=bug.since, until=bug.until, by="channel")
    hit, others = of_channels(moves, bug.value, source="purchase_initiated", target="cart_added")

    assert hit["low"] > others["share"].max()
    assert hit["reach"] > 5 * others["reach"].max()


def begun_again(row, rate):
    """Standard errors between the checkouts begun again in a row and this rate of them."""
    of_these = np.arange(row["total_journeys"]) < row["journeys"]
    return recovery.z_score(of_these, np.full(len(of_these), rate))


def test_checkouts_begun_again_are_as_many_as_planted(planted):
    bug, store = planted
    again = journeys.loops(store, since=bug.since, until=bug.until, by="channel")
    hit, others = of_channels(again, bug.value, event="purchase_initiated")

    assert hit["low"] > 0.02
    assert abs(begun_again(hit, 0.02 * bug.ratio)) < BOUND
    assert begun_again(hit, 0.02) > BOUND
    assert all(abs(begun_again(row, 0.02)) < BOUND for _, row in others.iterrows())


@pytest.mark.parametrize("weeks_later", [-6, 2])
def test_before_and_after_the_bug_two_of_a_hundred_checkouts_are_begun_again(planted, weeks_later):
    bug, store = planted
    since = bug.since + dt.timedelta(weeks=weeks_later)
    again = journeys.loops(store, since=since, until=since + dt.timedelta(weeks=6), by="channel")
    again = again[again["event"] == "purchase_initiated"]

    assert set(again["channel"]) == {"instagram", "web", "whatsapp"}
    assert all(abs(begun_again(row, 0.02)) < BOUND for _, row in again.iterrows())
