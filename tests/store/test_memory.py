"""Stores over frames share an engine, and nothing else."""

import gc
from concurrent.futures import ThreadPoolExecutor

import pytest
from store_rows import frame, message

from analytics_lib.errors import RequestError
from analytics_lib.store import Store

COUNT = "select count(*) as n from messages"
DATABASES = "select count(*) as n from duckdb_databases() where database_name like 'frames%'"


def number(store, sql):
    return store.query(sql)["n"][0]


def writing(*ids):
    return Store.in_memory(messages=frame(*(message(name) for name in ids)))


def test_store_sees_its_own_rows_and_not_those_of_another():
    with writing("a") as one, writing("b", "c") as two, Store.in_memory() as none:
        assert [number(store, COUNT) for store in (one, two, none)] == [1, 2, 0]


def test_what_one_store_keeps_is_no_table_of_another():
    with writing("a") as one, writing("b") as two, one.kept("select 7 as n") as name:
        assert number(one, f"select n from {name}") == 7
        with pytest.raises(RequestError, match="does not exist"):
            two.query(f"select n from {name}")


def test_question_to_a_closed_store_is_refused():
    store = writing("a")
    store.close()
    store.close()
    with pytest.raises(RequestError, match="closed"):
        store.query(COUNT)


def test_rows_of_a_closed_store_are_given_back():
    with Store.in_memory() as watching:
        before = number(watching, DATABASES)
        with writing("a"):
            assert number(watching, DATABASES) == before + 1
        assert number(watching, DATABASES) == before


def test_rows_of_a_store_nobody_has_any_more_are_given_back_with_the_next():
    gc.collect()
    with Store.in_memory() as watching:
        before = number(watching, DATABASES)
        for _ in range(5):
            writing("a")
        gc.collect()
        with writing("b"):
            assert number(watching, DATABASES) == before + 1


def test_threads_may_make_ask_and_close_stores_at_once():
    def asked(size):
        with writing(*(f"m{place}" for place in range(size))) as store:
            return number(store, COUNT)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(asked, range(1, 17))) == list(range(1, 17))
