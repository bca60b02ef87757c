"""The business at a glance as a run makes it: of a whole world, before it began, of little of it."""

import pytest
from world import UNTIL, make_project, run_notebook

from analytics_lib.store import Store
from visiting import Visit

NOTEBOOK = "kpis"
WINDOW = {"since": "2026-05-01", "until": str(UNTIL)}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return make_project(tmp_path_factory.mktemp("kpis"))


@pytest.fixture(scope="module")
def month(project, tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    return outputs, run_notebook(NOTEBOOK, project, outputs, **WINDOW)


def test_run_records_the_counts_of_the_window(month, project):
    _, record = month
    with Store.open(project / "data" / "store") as store:
        starts = store.query("select started_local from conversations")["started_local"]

    assert record.status == "succeeded", record.error
    assert record.results["values"]["conversations"] == int((starts >= "2026-05-01").sum())
    assert 0 < record.results["health"] < 1
    assert len(record.results["first_contact_resolution"]) == 30


def test_page_shows_card_and_pictures_without_a_complaint(month, browser):
    outputs, record = month
    visit = Visit(browser.new_page(viewport={"width": 400, "height": 900}))
    visit.page.goto((outputs.absolute() / record.folder / "report.html").as_uri())
    visit.page.wait_for_selector(".main-svg")
    shown = visit.page.locator("main").inner_text()

    assert visit.dialogs == []
    assert visit.complaints == []
    assert {url.partition(":")[0] for url in visit.requests} <= {"file", "data"}
    assert "Salud del servicio" in shown
    assert "Escalera de resolución" in shown
    assert visit.page.locator(".js-plotly-plot").count() == 3
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 400
    visit.page.close()


def test_window_of_nothing_is_an_answer_in_english_and_no_failure(project, tmp_path):
    record = run_notebook(NOTEBOOK, project, tmp_path, since="2020-01-01", until="2020-01-02", language="en")
    page = (tmp_path / record.folder / "report.html").read_text(encoding="utf-8")

    assert record.status == "succeeded", record.error
    assert "no data" in page
    assert "No conversation started in this window" in page


def test_conversations_alone_are_measured_and_the_rest_is_said(project, tmp_path):
    alone = Store.open(tmp_path / "alone")
    with Store.open(project / "data" / "store") as store:
        for table in ("conversations", "messages"):
            rows = store.query(f"select * from {table}")
            kept = rows.drop(columns=[name for name in rows if name.endswith("_local")])
            alone.append(table, kept.assign(**dict.fromkeys({"intent", "true_intent"} & set(kept), None)))
    record = run_notebook(NOTEBOOK, project, tmp_path, store_path=tmp_path / "alone", **WINDOW)
    page = (tmp_path / record.folder / "report.html").read_text(encoding="utf-8")

    assert record.status == "succeeded", record.error
    assert {"fallback_rate", "revenue", "error_rate", "queue_depth"} <= set(record.results["missing"])
    assert "el almacén no tiene pedidos" in page
    assert "la fuente no dice qué intención entendió el bot" in page
