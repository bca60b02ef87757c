"""Where users are: one place a user, small places pooled, nothing to be had by subtraction."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telling import store_of

from analytics_lib.analysis.overview_places import places
from analytics_lib.analysis.overview_scope import Asked

WEEK = Asked(dt.date(2026, 3, 9), dt.date(2026, 3, 16))
REGIONS = {
    "Bogotá": "Bogotá D.C.",
    "Cali": "Valle del Cauca",
    "Buga": "Valle del Cauca",
    "Quito": "Pichincha",
}


def living(**users):
    """So many users with a conversation each in each city; ``unknown`` have none."""
    names = [city for city, n in users.items() for _ in range(n)]
    return store_of(
        *(
            (f"c{number:04}", "2026-03-09 10:00", [], {"user": f"u{number}", **place(city)})
            for number, city in enumerate(names)
        )
    )


def place(city):
    if city == "unknown":
        return {"city": None, "region": None, "country": None}
    country = "EC" if city == "Quito" else "CO"
    return {"city": city, "region": REGIONS.get(city), "country": country}


def shown(found):
    return dict(zip(found.rows["place"], found.rows["users"], strict=True))


def test_places_of_fewer_than_ten_are_pooled():
    found = places(living(Bogotá=30, Cali=10, Buga=9, Quito=4), WEEK)

    assert shown(found) == {"Bogotá": 30, "Cali": 10, "other": 13}
    assert (found.users, found.known, found.pooled) == (53, 53, 2)


def test_pool_that_would_be_small_itself_takes_in_the_next_place():
    found = places(living(Bogotá=30, Cali=12, Quito=4), WEEK)

    assert shown(found) == {"Bogotá": 30, "other": 16}


def test_nothing_is_told_of_few_users_in_all():
    found = places(living(Bogotá=5, Cali=2), WEEK)

    assert shown(found) == {"other": 7}
    assert found.regions.empty


def test_regions_and_countries_are_sums_of_what_is_shown():
    found = places(living(Bogotá=30, Cali=20, Buga=11, Quito=6, Tulcán=5), WEEK)

    assert dict(zip(found.regions["region"], found.regions["users"], strict=True)) == {
        "Valle del Cauca": 31,
        "Bogotá D.C.": 30,
    }
    assert found.countries[["country", "users"]].to_numpy().tolist() == [["CO", 61]]


def test_unknown_is_shown_and_is_no_place():
    found = places(living(Bogotá=30, unknown=20), WEEK)
    rows = found.rows.set_index("place")

    assert shown(found) == {"Bogotá": 30, "unknown": 20}
    assert rows["share"].to_dict() == {"Bogotá": 1.0, "unknown": pytest.approx(float("nan"), nan_ok=True)}
    assert (found.users, found.known) == (50, 30)


def test_user_who_moved_counts_once_where_the_newest_conversation_is():
    moved = [
        (f"{city}{number}", f"2026-03-{day} 10:00", [], {"user": f"u{number}", **place(city)})
        for number in range(12)
        for city, day in (("Bogotá", "09"), ("Cali", "10"), ("unknown", "11"))
    ]

    assert shown(places(store_of(*moved), WEEK)) == {"Cali": 12}


def test_place_of_the_user_stands_in_where_the_conversation_has_none():
    users = pd.DataFrame({"user_id": [f"u{n}" for n in range(12)], "city": "Cali", "country": "CO"})
    stories = [(f"c{n}", "2026-03-09 10:00", [], {"user": f"u{n}"}) for n in range(12)]

    assert shown(places(store_of(*stories, users=users), WEEK)) == {"Cali": 12}


def test_region_stands_for_a_place_whose_city_is_unknown():
    stories = [
        (f"c{n}", "2026-03-09 10:00", [], {"user": f"u{n}", "city": None, "region": "Meta", "country": "CO"})
        for n in range(12)
    ]
    found = places(store_of(*stories), WEEK)

    assert found.rows[["level", "place", "users"]].to_numpy().tolist() == [["region", "Meta", 12]]


@settings(max_examples=15)
@given(st.lists(st.integers(1, 25), min_size=1, max_size=5))
def test_no_shown_number_is_below_ten_unless_it_is_all_there_is(sizes):
    store = living(**{f"city{n}": size for n, size in enumerate(sizes)})
    found = places(store, WEEK)

    assert found.rows["users"].sum() == sum(sizes)
    assert found.rows["users"].min() >= 10 or len(found.rows) == 1
