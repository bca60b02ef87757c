"""Journeys of a real web shop, beside an independent reading of its file."""

import csv
import datetime as dt
import gzip
import itertools
from collections import Counter, defaultdict
from pathlib import Path

import pandas as pd
import pytest

from analytics_lib.analysis import journeys
from analytics_lib.errors import NotEnoughDataError
from analytics_lib.store import Store

FILE = Path(__file__).parents[3] / "shared" / "data" / "journeys-simple-shop" / "simple-onlineshop.csv.gz"
WINDOW = {"since": dt.date(2019, 11, 1), "until": dt.date(2020, 5, 1)}


@pytest.fixture(scope="module")
def clicks():
    """``(user, event, time)`` of every click; ``lost`` marks were appended later and are none."""
    if not FILE.exists():
        pytest.skip(f"{FILE.name} is not here; the data lie in ../shared/data beside the project")
    with gzip.open(FILE, "rt", encoding="utf-8") as file:
        return [tuple(row) for row in list(csv.reader(file))[1:] if row[1] != "lost"]


@pytest.fixture(scope="module")
def shop(clicks):
    frame = pd.DataFrame(clicks, columns=["user_id", "name", "occurred_local"])
    local = pd.to_datetime(frame["occurred_local"], format="ISO8601")
    frame = frame.assign(
        occurred_local=local, occurred_at=(local + pd.Timedelta(hours=5)).dt.tz_localize("UTC")
    )
    return Store.in_memory(events=frame.assign(event_id=[f"e{n}" for n in range(len(frame))]))


@pytest.fixture(scope="module")
def pairs(shop):
    frame = journeys.transitions(shop, unit="user", **WINDOW)
    return {(row["source"], row["target"]): row for row in frame.to_dict("records")}


def test_the_file_is_32283_clicks_of_3751_users(clicks):
    assert (len(clicks), len({user for user, _, _ in clicks})) == (32_283, 3_751)


def test_a_pause_of_half_an_hour_makes_6454_sessions(shop):
    found = journeys.sessions(shop, gap=dt.timedelta(minutes=30), **WINDOW)
    assert len(found) == 6_454
    assert found["events"].sum() == 32_283


def test_from_the_cart_to_the_delivery_share_and_reach_are_two_numbers(pairs):
    pair = pairs["cart", "delivery_choice"]
    assert (round(pair["share"], 4), round(pair["reach"], 4)) == (0.6768, 0.7048)
    assert (pair["users"], pair["source_users"]) == (1_356, 1_924)


def test_from_the_catalogue_to_the_cart_share_and_reach_are_two_numbers(pairs):
    pair = pairs["catalog", "cart"]
    assert (round(pair["share"], 4), round(pair["reach"], 4)) == (0.1335, 0.3667)
    assert (pair["users"], pair["source_users"]) == (1_324, 3_611)


def test_the_users_of_every_event_are_those_of_the_file(clicks, pairs):
    who = defaultdict(set)
    for user, event, _ in clicks:
        who[event].add(user)
    found = {source: row["source_users"] for (source, _), row in pairs.items()}
    assert found == {event: len(users) for event, users in who.items() if event in found}
    assert {"catalog", "cart", "payment_choice", "payment_done"} <= found.keys()


def test_transitions_of_every_pair_are_those_of_the_file(clicks, pairs):
    ways = defaultdict(list)
    for user, event, time in clicks:
        ways[user].append((time, event))
    expected = Counter()
    for way in ways.values():
        names = [event for _, event in sorted(way)]
        expected.update(itertools.pairwise(names))
    assert {pair: row["transitions"] for pair, row in pairs.items()} == expected


def test_clicks_without_a_conversation_are_no_journeys_of_conversations(shop):
    assert journeys.transitions(shop, **WINDOW).empty


def test_the_chain_of_sessions_gives_back_706_payments_in_6454(shop):
    found = journeys.what_if(
        shop,
        source="cart",
        target="delivery_choice",
        improvement=0.05,
        unit="session",
        outcome="payment_done",
        **WINDOW,
    )
    assert (found.conversions, found.journeys) == (706, 6_454)
    assert found.grid["conversion"][0] == pytest.approx(706 / 6_454)


def test_what_users_do_after_the_catalogue_is_no_chain(shop):
    """Of their visits to the catalogue more buy than the chain says: it depends on what they did before."""
    with pytest.raises(NotEnoughDataError, match="of 13,425 were observed"):
        journeys.what_if(
            shop,
            source="catalog",
            target="cart",
            improvement=0.05,
            unit="user",
            outcome="payment_done",
            **WINDOW,
        )
