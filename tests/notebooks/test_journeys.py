"""Where customers go, as a run makes it: on a small world in which somebody calls events by harmful names."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from world import UNTIL, make_store

from analytics_lib.runs.runner import Job, run
from analytics_lib.store import Store
from visiting import Visit

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "journeys.ipynb"
NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
HOSTILE = '<script>alert("event")</script>'
HALF_YEAR = {"since": "2025-12-01", "until": str(UNTIL)}
PURCHASES = """
select count(distinct conversation_id) as journeys, count(*) as events
from events where occurred_local >= '2025-12-01' and occurred_local < '2026-06-01'
"""


@pytest.fixture(scope="module")
def store_path(tmp_path_factory):
    path = make_store(tmp_path_factory.mktemp("journeys"))
    with Store.open(path) as store:
        store.append("events", _hostile_events())
    return path


def _hostile_events():
    """Forty conversations of one user that go from a harmful name to a link and back."""
    start = pd.Timestamp("2026-05-20T15:00:00Z")
    names = [HOSTILE, '<a href="javascript:alert(1)">x</a>', HOSTILE]
    rows = [
        {
            "event_id": f"hostile-{talk}-{place}",
            "user_id": "u" * 32,
            "conversation_id": f"hostile-{talk}",
            "occurred_at": start + pd.Timedelta(place, "min"),
            "name": name,
        }
        for talk in range(40)
        for place, name in enumerate(names)
    ]
    return pd.DataFrame(rows)


def run_notebook(store_path, outputs, **parameters):
    with Store.open(store_path) as store:
        versions = store.versions
    job = Job("journeys", NOTEBOOK, {"store_path": str(store_path), **parameters})
    return run(job, outputs=outputs, versions=versions, now=lambda: NOON)


@pytest.fixture(scope="module")
def half_year(store_path, tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    # A source that no event is called: the improvement cannot be simulated, and the page goes on.
    return outputs, run_notebook(store_path, outputs, source="cart_adde", **HALF_YEAR)


def test_counts_are_those_of_the_store(half_year, store_path):
    _, record = half_year
    with Store.open(store_path) as store:
        counted = store.query(PURCHASES).iloc[0]

    assert record.status == "succeeded", record.error
    assert record.results["journeys"] == counted["journeys"]
    # Each event is left for the next one or for the end, and each journey enters its first.
    assert record.results["transitions"] == counted["events"] + counted["journeys"]
    assert record.results["ends"][HOSTILE] == 40
    assert record.results["repeated"][HOSTILE] == 40
    assert record.results["compared"][0] == "whatsapp"


def test_improvement_that_cannot_be_simulated_is_said_in_words(half_year):
    _, record = half_year

    assert "cart_added" in record.results["what_if"]


def test_page_shows_its_pictures_and_nothing_harmful_happens(half_year, browser):
    outputs, record = half_year
    visit = Visit(browser.new_page(viewport={"width": 400, "height": 900}))
    visit.page.goto((outputs.absolute() / record.folder / "report.html").as_uri())
    visit.page.wait_for_selector(".main-svg")
    shown = visit.page.locator("main").inner_text()

    assert visit.dialogs == []
    assert visit.complaints == []
    assert {url.partition(":")[0] for url in visit.requests} <= {"file", "data"}
    assert visit.page.locator(".js-plotly-plot").count() == 4
    assert visit.page.locator("main script:not([type='application/json'])").count() == 0
    assert visit.page.locator("main a[href^='javascript']").count() == 0
    assert "No se simula" in shown
    assert "Lo que más se repite: <script>" in shown
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 400
    visit.page.close()
