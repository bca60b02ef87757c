"""What buyers are worth, as a run makes it."""

import pytest
from world import UNTIL, make_project, run_notebook

from analytics_lib.store import Store
from lifetime_buyers import drawn, orders_of
from visiting import Visit

NOTEBOOK = "lifetime_value"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    made = make_project(tmp_path_factory.mktemp("lifetime"))
    with Store.open(made / "data" / "store") as store:
        store.append("orders", orders_of(drawn(500, seed=3), until=UNTIL))
    return made


@pytest.fixture(scope="module")
def run(project, tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    return outputs, run_notebook(NOTEBOOK, project, outputs, until=str(UNTIL))


def test_run_records_the_buyers_of_the_store(run, project):
    _, record = run
    with Store.open(project / "data" / "store") as store:
        counted = store.query(
            "select count(distinct user_id) filter (where amount > 0) as buyers, "
            "count(*) filter (where amount > 0) as orders, count(*) filter (where amount < 0) as refunds "
            "from orders where ordered_local < '2026-06-01'"
        ).iloc[0]

    assert record.status == "succeeded", record.error
    assert record.results["buyers"] == counted["buyers"]
    assert record.results["orders"] == counted["orders"]
    assert record.results["refunds"] == counted["refunds"]
    assert record.results["reason"] == ""
    assert record.results["verdict"] in {"good", "unsure", "bad"}
    assert set(record.results["parameters"]) == {"bg_nbd", "mbg_nbd", "gamma_gamma"}
    assert record.results["expected_orders"] > 0


def test_page_is_inert_and_names_nobody(run, project, browser):
    outputs, record = run
    visit = Visit(browser.new_page(viewport={"width": 380, "height": 900}))
    visit.page.goto((outputs.absolute() / record.folder / "report.html").as_uri())
    said = visit.page.locator("main").inner_text()
    with Store.open(project / "data" / "store") as store:
        users = store.query("select distinct user_id from orders")["user_id"]

    assert visit.dialogs == []
    assert visit.complaints == []
    assert {url.partition(":")[0] for url in visit.requests} <= {"file", "data"}
    assert "De quiénes se espera más" in said
    assert not [user for user in users if user in visit.page.content()]
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 380
    visit.page.close()
