"""One person's journey, as a run makes it: of somebody whose texts mean harm."""

import datetime as dt
from pathlib import Path

from world import make_store

from analytics_lib.runs.runner import Job, run
from analytics_lib.store import Store
from visiting import Visit

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "user_journey.ipynb"
NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
HOSTILE_USER = "u" * 32


def test_page_of_a_hostile_person_shows_all_without_a_complaint(tmp_path, browser):
    store_path = make_store(tmp_path / "world")
    with Store.open(store_path) as store:
        versions = store.versions
    job = Job("user_journey", NOTEBOOK, {"store_path": str(store_path), "user": HOSTILE_USER[:8]})
    record = run(job, outputs=tmp_path, versions=versions, now=lambda: NOON)
    visit = Visit(browser.new_page(viewport={"width": 1280, "height": 900}))
    visit.page.goto((tmp_path.absolute() / record.folder / "report.html").as_uri())
    visit.page.wait_for_selector(".main-svg")
    shown = visit.page.locator("main").inner_text()

    assert record.status == "succeeded", record.error
    assert (record.results["conversations"], record.results["own_messages"]) == (1, 3)
    assert record.results["worth_a_look"][0] != "most_active"
    assert visit.dialogs == []
    assert visit.complaints == []
    assert {url.partition(":")[0] for url in visit.requests} <= {"file", "data"}
    assert HOSTILE_USER[:8] in shown
    assert HOSTILE_USER not in shown
    assert visit.page.locator(".js-plotly-plot").count() == 3
    visit.page.close()
