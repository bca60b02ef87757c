"""What the bot understands as a run makes it: with the hostile conversation, and where no intent is known."""

import pytest
from world import UNTIL, make_project, run_notebook

from analytics_lib.store import Store
from visiting import Visit

NOTEBOOK = "ai_performance"
WHOLE = {"since": "2025-01-01", "until": str(UNTIL)}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return make_project(tmp_path_factory.mktemp("ai"))


@pytest.fixture(scope="module")
def hostile_run(project, tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    return outputs, run_notebook(NOTEBOOK, project, outputs, failing_intents=50, examples_each=10, **WHOLE)


def test_run_counts_the_detections_of_the_store(hostile_run, project):
    _, record = hostile_run
    with Store.open(project / "data" / "store") as store:
        counted = store.query(
            "select count(*) as n, count(true_intent) as reviewed from messages where sender = 'user' "
            "and intent is not null"
        ).iloc[0]

    assert record.status == "succeeded", record.error
    assert record.results["detections"] == counted["n"]
    assert record.results["reviewed"] == counted["reviewed"]
    assert 0 < record.results["calibration_error"] < 1


def test_hostile_intent_is_inert_and_the_page_has_no_complaint(hostile_run, browser):
    outputs, record = hostile_run
    visit = Visit(browser.new_page(viewport={"width": 400, "height": 900}))
    visit.page.goto((outputs.absolute() / record.folder / "report.html").as_uri())
    visit.page.wait_for_selector(".main-svg")

    assert visit.dialogs == []
    assert visit.complaints == []
    assert {url.partition(":")[0] for url in visit.requests} <= {"file", "data"}
    assert "<i>greeting</i>" in record.results["by_intent"]
    assert visit.page.locator("main i:has-text('greeting'), [onerror]").count() == 0
    assert "<i>greeting</i>" in visit.page.locator("main").text_content()
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 400
    visit.page.close()


def test_source_without_intents_is_an_answer_and_no_failure(project, tmp_path):
    record = run_notebook(NOTEBOOK, project, tmp_path, since="2020-01-01", until="2020-02-01")
    page = (tmp_path / record.folder / "report.html").read_text(encoding="utf-8")

    assert record.status == "succeeded", record.error
    assert record.results["detections"] == 0
    assert "no hay ninguna intención detectada" in page
    assert "Nadie ha revisado las intenciones" in page


def test_page_can_be_made_in_english(project, tmp_path):
    record = run_notebook(NOTEBOOK, project, tmp_path, language="en", **WHOLE)
    page = (tmp_path / record.folder / "report.html").read_text(encoding="utf-8")

    assert record.status == "succeeded", record.error
    assert "messages reviewed by a person" in page
