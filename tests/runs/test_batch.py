"""Several runs side by side: in order, so many at once, and all ended when a person interrupts."""

import threading
import time

import pytest

from analytics_lib.runs.batch import few_at_a_time


def test_answers_come_in_the_order_of_the_items_whichever_ends_first():
    def work(seconds, _stopping):
        time.sleep(seconds)
        return seconds

    assert few_at_a_time(work, [0.2, 0.0, 0.1], at_once=3) == [0.2, 0.0, 0.1]


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_never_more_than_so_many_are_worked_on_at_once(at_once):
    lock, running, most = threading.Lock(), 0, 0

    def work(_item, _stopping):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        with lock:
            running -= 1

    few_at_a_time(work, range(6), at_once=at_once)
    assert most == at_once


def test_an_interrupt_tells_those_under_way_and_begins_no_other():
    begun, told = [], []

    def work(item, stopping):
        begun.append(item)
        if item == "interrupts":
            raise KeyboardInterrupt
        if stopping.wait(10):
            told.append(item)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        few_at_a_time(work, ["interrupts", "goes on", "waits for its turn", "waits too"], at_once=2)
    assert sorted(told) == sorted(set(begun) - {"interrupts"})
    assert "waits too" not in begun


def test_no_item_is_no_work():
    assert few_at_a_time(lambda _item, _stopping: 1, [], at_once=2) == []
