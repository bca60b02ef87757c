"""The satisfaction of the silent, as a run makes it."""

import pytest
from world import UNTIL, make_project, run_notebook

from analytics_lib.store import Store
from visiting import Visit

NOTEBOOK = "satisfaction"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return make_project(tmp_path_factory.mktemp("satisfaction"))


@pytest.fixture(scope="module")
def run(project, tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    return outputs, run_notebook(NOTEBOOK, project, outputs, as_of=str(UNTIL))


def test_run_counts_answers_and_says_why_it_cannot_correct_them(run, project):
    _, record = run
    with Store.open(project / "data" / "store") as store, store.known_at(UNTIL) as known:
        counted = known.query(
            "select count(*) as closed, count(csat) as answered from conversations "
            "where ended_at <= timestamptz '2026-05-30 05:00:00+00'"
        ).iloc[0]

    assert record.status == "succeeded", record.error
    assert record.results["closed"] == counted["closed"]
    assert record.results["answered"] == counted["answered"]
    # 300 conversations are too few to learn from: nothing is made up.
    assert record.results["csat_corrected_value"] is None
    assert "needed" in record.results["reason"] or "needs" in record.results["reason"]
    assert record.results["csat_worst_value"] <= record.results["csat_raw_value"]


def test_page_is_inert_and_names_nobody(run, project, browser):
    outputs, record = run
    visit = Visit(browser.new_page(viewport={"width": 380, "height": 900}))
    visit.page.goto((outputs.absolute() / record.folder / "report.html").as_uri())
    with Store.open(project / "data" / "store") as store:
        users = store.query("select distinct user_id from conversations")["user_id"]

    assert visit.dialogs == []
    assert visit.complaints == []
    assert {url.partition(":")[0] for url in visit.requests} <= {"file", "data"}
    assert not [user for user in users if user in visit.page.content()]
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 380
    visit.page.close()
