"""The first notebook as it is met: run unattended, and opened as a page."""

import pytest
from world import HOSTILE, UNTIL, make_project, run_notebook

from analytics_lib.store import Store
from visiting import Visit

NOTEBOOK = "conversations"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return make_project(tmp_path_factory.mktemp("notebook"))


@pytest.fixture(scope="module")
def hostile_run(project, tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    record = run_notebook(
        NOTEBOOK, project, outputs, conversation_id="hostile", since="2026-05-01", until=str(UNTIL)
    )
    return outputs, record


def test_run_succeeds_with_the_counts_of_the_window(hostile_run, project):
    _, record = hostile_run
    with Store.open(project / "data" / "store") as store:
        starts = store.query("select started_local from conversations")["started_local"]

    assert record.status == "succeeded", record.error
    assert record.results["conversations"] == int((starts >= "2026-05-01").sum())
    assert record.results["conversation_id"] == "hostile"
    assert record.versions["messages"] >= 0


def test_window_without_data_succeeds_and_says_so(project, tmp_path):
    record = run_notebook(NOTEBOOK, project, tmp_path, since="2020-01-01", until="2020-02-01")

    assert record.status == "succeeded", record.error
    assert record.results["conversations"] == 0


def test_hostile_conversation_is_inert_and_readable(hostile_run, browser):
    outputs, record = hostile_run
    visit = Visit(browser.new_page(viewport={"width": 1280, "height": 900}))
    visit.page.goto((outputs.absolute() / record.folder / "report.html").as_uri())
    visit.page.wait_for_selector(".main-svg")
    shown = visit.page.locator("main").inner_text()

    assert visit.dialogs == []
    assert visit.complaints == []
    assert {url.partition(":")[0] for url in visit.requests} <= {"file", "data"}
    assert visit.page.locator("[onerror], [onclick], main b:has-text('negrita')").count() == 0
    assert all(text in shown for text in (HOSTILE[0], HOSTILE[1], HOSTILE[2], "{{ 7*7 }}"))
    assert "1.000.000" in shown
    visit.page.close()


def test_megabyte_message_does_not_swell_the_page(hostile_run):
    outputs, record = hostile_run

    assert (outputs / record.folder / "report.html").stat().st_size < 1_500_000
