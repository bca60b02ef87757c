"""Cohorts as a run makes them, on a small world."""

import pytest
from world import make_project, run_notebook

from analytics_lib.store import Store
from visiting import Visit

NOTEBOOK = "cohorts"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return make_project(tmp_path_factory.mktemp("cohorts"))


@pytest.fixture(scope="module")
def weekly(project, tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    return outputs, run_notebook(NOTEBOOK, project, outputs, period="week", by="segment")


def test_everybody_who_wrote_before_the_running_week_is_in_a_cohort(weekly, project):
    _, record = weekly
    with Store.open(project / "data" / "store") as store:
        messages = store.query("select user_id, sender, sent_local from messages")
    # The world ends on Sunday, 31 May 2026: the week that runs on the day after has just begun.
    wrote = messages[(messages["sender"] == "user") & (messages["sent_local"] < "2026-06-01")]

    assert record.status == "succeeded", record.error
    assert record.results["users"] == wrote["user_id"].nunique()
    assert record.results["active"][-1] == wrote[wrote["sent_local"] >= "2026-05-25"]["user_id"].nunique()
    assert record.results["retention"][0] == 1
    assert record.results["pooled_users"] == sorted(record.results["pooled_users"], reverse=True)


def test_page_shows_its_pictures_without_a_complaint(weekly, browser):
    outputs, record = weekly
    visit = Visit(browser.new_page(viewport={"width": 400, "height": 900}))
    visit.page.goto((outputs.absolute() / record.folder / "report.html").as_uri())
    visit.page.wait_for_selector(".main-svg")

    assert visit.dialogs == []
    assert visit.complaints == []
    assert {url.partition(":")[0] for url in visit.requests} <= {"file", "data"}
    assert "Qué se ve y qué hacer" in visit.page.locator("main").inner_text()
    assert visit.page.locator(".js-plotly-plot").count() == 8
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 400
    visit.page.close()
