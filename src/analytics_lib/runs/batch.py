"""Several runs, a few at a time: what becomes of one never costs another its turn."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
R = TypeVar("R")


def few_at_a_time(work: Callable[[T, threading.Event], R], items: Sequence[T], *, at_once: int) -> list[R]:
    """What ``work`` makes of each item, in their order, with ``at_once`` of them worked on side by side.

    Args:
        work: Called in a thread with an item and an event. Once the event is set, somebody wants all of it to
            end, and ``work`` is expected to come to one soon.
        items: Begun in this order.
        at_once: So many at the same time.

    Raises:
        KeyboardInterrupt: If a person interrupts; those under way have ended then, the others never began.
    """
    stopping = threading.Event()
    with ThreadPoolExecutor(at_once) as pool:
        begun = [pool.submit(work, item, stopping) for item in items]
        try:
            return [each.result() for each in begun]
        except BaseException:
            stopping.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
