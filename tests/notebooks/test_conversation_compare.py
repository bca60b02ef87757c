"""Two groups side by side as a run makes them: by outcome, by period, and where the data cannot say."""

import pytest
from world import UNTIL, make_project, run_notebook

from analytics_lib.store import Store
from visiting import Visit

NOTEBOOK = "conversation_compare"
WHOLE = {"since": "2025-01-01", "until": str(UNTIL)}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return make_project(tmp_path_factory.mktemp("compare"))


@pytest.fixture(scope="module")
def by_outcome(project, tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    return outputs, run_notebook(NOTEBOOK, project, outputs, first="abandoned", **WHOLE)


def test_groups_by_outcome_are_counted_as_in_the_store(by_outcome, project):
    _, record = by_outcome
    with Store.open(project / "data" / "store") as store:
        outcomes = store.query("select outcome, count(*) as n from conversations group by outcome")
    counts = outcomes.set_index("outcome")["n"]

    assert record.status == "succeeded", record.error
    assert record.results["conversations"] == {"first": counts["abandoned"], "second": counts["resolved"]}
    assert set(record.results["wait_difference_seconds"]) <= {"bot", "agent"}
    assert record.results["compared"] > 20


def test_page_shows_its_pictures_without_a_complaint(by_outcome, browser):
    outputs, record = by_outcome
    visit = Visit(browser.new_page(viewport={"width": 1280, "height": 900}))
    visit.page.goto((outputs.absolute() / record.folder / "report.html").as_uri())
    visit.page.wait_for_selector(".main-svg")
    shown = visit.page.locator("main").inner_text()

    assert visit.dialogs == []
    assert visit.complaints == []
    assert {url.partition(":")[0] for url in visit.requests} <= {"file", "data"}
    assert "Abandonada" in shown
    assert "no una causa" in shown
    assert visit.page.locator(".js-plotly-plot").count() == 5
    visit.page.close()


def test_periods_are_compared_in_english(project, tmp_path):
    record = run_notebook(
        NOTEBOOK, project, tmp_path, compare="period", split_at="2026-04-01", language="en", **WHOLE
    )
    page = (tmp_path / record.folder / "report.html").read_text(encoding="utf-8")

    assert record.status == "succeeded", record.error
    assert (record.results["first"], record.results["second"]) == ("after", "before")
    assert "Before Apr 1, 2026" in page


def test_group_without_conversations_is_an_answer_and_no_failure(project, tmp_path):
    record = run_notebook(NOTEBOOK, project, tmp_path, since="2020-01-01", until="2020-02-01")
    page = (tmp_path / record.folder / "report.html").read_text(encoding="utf-8")

    assert record.status == "succeeded", record.error
    assert record.results["conversations"] == {"first": 0, "second": 0}
    assert "no hay ninguna conversación en el grupo «Escalada»" in page


def test_unknown_outcome_is_a_wrong_request(project, tmp_path):
    record = run_notebook(NOTEBOOK, project, tmp_path, first="escaleted")

    assert record.status == "failed"
    assert "known here: purchase, resolved, escalated, abandoned" in record.error
