"""What a tick costs and tells: one question for all who look at the same view, none while nothing came."""

import datetime as dt
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from small_world import aware, chats, said

from analytics_lib.analysis import operations
from analytics_lib.dashboards.layout import place_of
from analytics_lib.dashboards.ticks import BLOCKS, Ticker
from analytics_lib.errors import NotFoundError, RequestError
from analytics_lib.store import Store

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "operations.ipynb"
NOON = aware("2026-03-31 12:00")


@pytest.fixture
def path(tmp_path):
    with Store.open(tmp_path / "store") as store:
        store.append("conversations", chats({"at": "2026-03-31 11:40"}).drop(columns="started_local"))
        store.append("messages", said({"at": "2026-03-31 11:59"}).drop(columns="sent_local"))
    return str(tmp_path / "store")


class Counted:
    """Asks as the page does, and keeps count."""

    def __init__(self):
        self.times, self.asking = 0, threading.Lock()

    def __call__(self, store, **asked):
        with self.asking:
            self.times += 1
        return operations.now(store, **asked)


@pytest.fixture
def counted():
    return Counted()


def later(seconds):
    return NOON + dt.timedelta(seconds=seconds)


def test_blocks_are_those_of_the_notebook_in_its_order():
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]

    assert [place.name for cell in cells if (place := place_of(cell))] == list(BLOCKS)


def test_many_viewers_of_one_view_cost_one_question(path, counted):
    ticker = Ticker(ask=counted)
    with ThreadPoolExecutor(8) as viewers:
        answers = list(viewers.map(lambda _: ticker.tick(path, {"language": "es"}, now=NOON), range(16)))

    assert counted.times == 1
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["as_of"] == "2026-03-31T16:59:00.000001+00:00"
    assert answers[0]["stale"] is False


def test_views_of_other_parameters_are_asked_for_apart(path, counted):
    ticker = Ticker(ask=counted)
    shown = [
        ticker.tick(path, {"channel": channel}, now=NOON)["blocks"]["status"]
        for channel in ("web", "whatsapp")
    ]

    assert counted.times == 2
    assert ["chat web" in html for html in shown] == [True, False]


def test_nothing_is_asked_while_no_rows_came_but_the_age_goes_on(path, counted):
    ticker = Ticker(ask=counted)
    first, second = (ticker.tick(path, {}, now=later(seconds)) for seconds in (0, 3600))

    assert counted.times == 1
    assert (first["stale"], second["stale"]) == (False, True)
    assert "hace 1\N{NO-BREAK SPACE}h" in second["blocks"]["status"]
    unchanged = [name for name in BLOCKS if first["blocks"][name] == second["blocks"][name]]
    assert unchanged == [name for name in BLOCKS if name != "status"]


def test_new_rows_are_seen_once_the_answer_is_old(path, counted):
    ticker = Ticker(fresh_seconds=5, ask=counted)
    before = ticker.tick(path, {}, now=NOON)
    with Store.open(path) as store:
        new = said({"at": "2026-03-31 11:59:30", "message_id": "new", "user_id": "u2"})
        store.append("messages", new.drop(columns="sent_local"))
    same, after = (ticker.tick(path, {}, now=later(seconds)) for seconds in (4, 5))

    assert same == before
    assert counted.times == 2
    assert after["as_of"] > before["as_of"]
    assert "2 usuarios" in after["blocks"]["status"].replace("\N{NO-BREAK SPACE}", " ")


def test_answer_can_be_sent_as_it_is_in_either_language(path):
    answer = Ticker().tick(
        path, {"language": "en", "store_path": path, "as_of": "2026-03-31T12:00"}, now=NOON
    )

    assert json.loads(json.dumps(answer))["blocks"].keys() == BLOCKS.keys()
    assert "Active customers" in answer["blocks"]["tiles"]
    assert "Messages per minute" in answer["blocks"]["minutes"]


def test_wrong_view_is_refused_and_the_next_right_one_answered(path):
    ticker = Ticker()
    with pytest.raises(RequestError, match="Unknown channel 'fax'"):
        ticker.tick(path, {"channel": "fax"}, now=NOON)
    with pytest.raises(NotFoundError, match="no store"):
        ticker.tick(path + "-gone", {}, now=NOON)
    assert ticker.tick(path, {"channel": "web"}, now=NOON)["blocks"]
