"""The funnel as a run makes it, on a small world."""

import pytest
from world import make_project, run_notebook

from analytics_lib.schema import FUNNEL_STAGES
from analytics_lib.store import Store
from visiting import Visit

NOTEBOOK = "funnel"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return make_project(tmp_path_factory.mktemp("funnel"))


@pytest.fixture(scope="module")
def spring(project, tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    return outputs, run_notebook(NOTEBOOK, project, outputs, since="2026-03-02", by="segment")


def test_users_who_entered_are_those_of_the_store(spring, project):
    _, record = spring
    with Store.open(project / "data" / "store") as store:
        events = store.query("select user_id, name, occurred_local from events")
    entered = events[(events["name"] == FUNNEL_STAGES[0]) & (events["occurred_local"] >= "2026-03-02")]

    assert record.status == "succeeded", record.error
    assert record.results["stages"] == list(FUNNEL_STAGES)
    assert record.results["users"][0] == record.results["entered"] == entered["user_id"].nunique()
    assert record.results["users"] == sorted(record.results["users"], reverse=True)


def test_page_shows_its_pictures_without_a_complaint(spring, browser):
    outputs, record = spring
    visit = Visit(browser.new_page(viewport={"width": 1280, "height": 900}))
    visit.page.goto((outputs.absolute() / record.folder / "report.html").as_uri())
    visit.page.wait_for_selector(".main-svg")
    shown = visit.page.locator("main").inner_text()

    assert visit.dialogs == []
    assert visit.complaints == []
    assert {url.partition(":")[0] for url in visit.requests} <= {"file", "data"}
    assert "Donde más se pierde" in shown
    assert visit.page.locator(".js-plotly-plot").count() == 5
    visit.page.close()
