"""Why a number moved, as a run makes it: with a driver, without one, and where it cannot be asked."""

import datetime as dt

import pytest
from world import UNTIL, make_project, run_notebook

from analytics_lib.store import Store
from visiting import Visit

NOTEBOOK = "drivers"
# The 300 conversations of this world are few: half a year is compared with itself.
HALVES = {
    "since": "2026-03-02",
    "until": "2026-05-25",
    "baseline_since": "2025-12-08",
    "baseline_until": "2026-03-02",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return make_project(tmp_path_factory.mktemp("drivers"))


@pytest.fixture(scope="module")
def halves(project, tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    return outputs, run_notebook(NOTEBOOK, project, outputs, metric="resolution_rate", **HALVES)


def test_change_is_recorded_with_the_counts_of_the_store(halves, project):
    _, record = halves
    with Store.open(project / "data" / "store") as store:
        chats = store.query("select started_local, resolved from conversations where ended_at is not null")
    known = chats[chats["resolved"].notna() & (chats["started_local"] >= "2026-03-02")]
    known = known[known["started_local"] < "2026-05-25"]

    assert record.status == "succeeded", record.error
    assert record.results["denominator1"] == len(known)
    assert record.results["numerator1"] == int(known["resolved"].sum())
    assert record.results["change"] == pytest.approx(record.results["value1"] - record.results["value0"])
    assert record.results["given"] is True


def test_page_shows_its_picture_without_a_complaint(halves, browser):
    outputs, record = halves
    visit = Visit(browser.new_page(viewport={"width": 1280, "height": 900}))
    visit.page.goto((outputs.absolute() / record.folder / "report.html").as_uri())
    visit.page.wait_for_selector(".main-svg")
    shown = visit.page.locator("main").inner_text()

    assert visit.dialogs == []
    assert visit.complaints == []
    assert {url.partition(":")[0] for url in visit.requests} <= {"file", "data"}
    assert "no una causa probada" in shown
    assert visit.page.locator(".js-plotly-plot").count() == 1
    visit.page.close()


def test_defaults_ask_for_the_last_complete_week_in_english_too(project, tmp_path):
    record = run_notebook(NOTEBOOK, project, tmp_path, language="en", until=str(UNTIL - dt.timedelta(days=1)))

    assert record.status == "succeeded", record.error
    assert record.results["metric"] == "escalation_rate"
    assert record.results["days"] == 7


def test_metric_that_cannot_be_split_is_a_wrong_request(project, tmp_path):
    record = run_notebook(NOTEBOOK, project, tmp_path, metric="revenue", **HALVES)

    assert record.status == "failed"
    assert "revenue is a total" in record.error
