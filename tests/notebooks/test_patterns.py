"""What people ask, as a run makes it."""

import pytest
from world import UNTIL, make_project, run_notebook

from analytics_lib.store import Store
from visiting import Visit

NOTEBOOK = "patterns"
WHOLE = {"since": "2025-12-01", "until": str(UNTIL)}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return make_project(tmp_path_factory.mktemp("patterns"))


@pytest.fixture(scope="module")
def whole(project, tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    return outputs, run_notebook(NOTEBOOK, project, outputs, recent_weeks=4, **WHOLE)


def test_run_counts_the_messages_of_the_store(whole, project):
    _, record = whole
    with Store.open(project / "data" / "store") as store:
        written = store.query(
            "with begun as (select conversation_id from conversations where started_local >= '2025-12-01') "
            "select count(*) as n from messages join begun using (conversation_id) "
            "where sender = 'user' and text is not null"
        )["n"].iloc[0]

    assert record.status == "succeeded", record.error
    assert record.results["messages"] == written
    assert sum(record.results["by_topic"].values()) == written - record.results["courtesy"]
    assert record.results["missing"] == ""


def test_page_is_inert_and_without_a_complaint(whole, browser):
    outputs, record = whole
    visit = Visit(browser.new_page(viewport={"width": 400, "height": 900}))
    visit.page.goto((outputs.absolute() / record.folder / "report.html").as_uri())
    visit.page.wait_for_selector(".main-svg")

    assert visit.dialogs == []
    assert visit.complaints == []
    assert {url.partition(":")[0] for url in visit.requests} <= {"file", "data"}
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 400
    visit.page.close()
