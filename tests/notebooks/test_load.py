"""The load forecast and the people it takes, as a run makes them."""

import pytest
from world import UNTIL, make_project, run_notebook

from analytics_lib.store import Store
from visiting import Visit

NOTEBOOK = "load"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    project, outputs = make_project(tmp_path_factory.mktemp("load")), tmp_path_factory.mktemp("outputs")
    return project, outputs, run_notebook(NOTEBOOK, project, outputs, as_of=str(UNTIL), horizon_days=1)


def test_run_records_the_forecast_of_the_store(run):
    project, _, record = run
    with Store.open(project / "data" / "store") as store:
        counted = store.query(
            "select date_diff('day', min(started_local)::date, date '2026-06-01') * 24 as hours "
            "from conversations where started_local < '2026-06-01'"
        ).iloc[0]

    assert record.status == "succeeded", record.error
    told = record.results
    assert record.results["as_of"] == "2026-06-01 00:00:00"
    assert told["ends_at"] == "2026-06-02 00:00:00"
    assert told["known_steps"] <= counted["hours"]
    assert told["known_steps"] > counted["hours"] - 24
    assert told["low"] <= told["expected"] <= told["high"]
    assert told["prophet_mase"] > 0
    assert told["origins"] >= 14
    assert told["staffing"]["staffing_reason"] == ""


def test_page_is_inert_and_fits_a_phone(run, browser):
    _, outputs, record = run
    visit = Visit(browser.new_page(viewport={"width": 380, "height": 900}))
    visit.page.goto((outputs.absolute() / record.folder / "report.html").as_uri())
    said = visit.page.locator("main").inner_text()

    assert visit.complaints == []
    assert {url.partition(":")[0] for url in visit.requests} <= {"file", "data"}
    assert "Cuándo será el pico de cada día" in said
    assert "Prophet" in said
    assert "Qué hacer con los turnos" in said
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 380
    visit.page.close()
