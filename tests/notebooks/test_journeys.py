"""Where customers go, as a run makes it: on a small world in which somebody calls events by harmful names."""

import pandas as pd
import pytest
from world import UNTIL, make_project, run_notebook

from analytics_lib.store import Store
from visiting import Visit

NOTEBOOK = "journeys"
HOSTILE = '<script>alert("event")</script>'
HALF_YEAR = {"since": "2025-12-01", "until": str(UNTIL)}
PURCHASES = """
select count(distinct conversation_id) as journeys, count(*) as events
from events where occurred_local >= '2025-12-01' and occurred_local < '2026-06-01'
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    project = make_project(tmp_path_factory.mktemp("journeys"))
    with Store.open(project / "data" / "store") as store:
        store.append("events", _hostile_events())
    return project


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


@pytest.fixture(scope="module")
def half_year(project, tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    # A source that no event is called: the improvement cannot be simulated, and the page goes on.
    return outputs, run_notebook(NOTEBOOK, project, outputs, source="cart_adde", **HALF_YEAR)


def test_counts_are_those_of_the_store(half_year, project):
    _, record = half_year
    with Store.open(project / "data" / "store") as store:
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
