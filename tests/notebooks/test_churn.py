"""Who is due to leave, as a run makes it, publishes its model and shows it."""

import pytest
from world import UNTIL, make_project, run_notebook

from analytics_lib.models import registry
from analytics_lib.models.churn import ChurnModel
from analytics_lib.store import Store
from churn_world import ChurnWorld
from visiting import Visit

NOTEBOOK = "churn"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    made = make_project(tmp_path_factory.mktemp("churn"))
    with Store.open(made / "data" / "store") as store:
        for table, frame in ChurnWorld(1_200, seed=4, until=UNTIL).frames().items():
            store.append(table, frame)
    return made


@pytest.fixture(scope="module")
def run(project, tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    return outputs, run_notebook(NOTEBOOK, project, outputs, as_of=str(UNTIL), models_path="data/models")


def test_run_records_those_due_and_publishes_its_model(run, project):
    _, record = run
    with Store.open(project / "data" / "store") as store:
        due = store.query(
            "select count(distinct user_id) as n from messages "
            "where sender = 'user' and sent_local >= '2026-04-02' and sent_local < '2026-06-01'"
        )["n"][0]
    told = record.results
    stored = registry.load(project / "data" / "models", "churn_contact_720h", kind="churn")

    assert record.status == "succeeded", record.error
    assert record.results["due"] == due
    assert (told["reason"], told["source"]) == ("", "first")
    assert told["once"] + told["repeat"] == due
    assert told["roc_auc"] > 0.6
    # Nothing in it knows the future, so rows at random promise no more than later ones.
    assert told["random_gap_low"] < 0.05
    assert told["alarms"] == []
    assert told["campaign"] > told["hold_out"] > 0
    assert told["value_at_risk"] > 0
    assert ChurnModel.from_json(stored.text).asked.test_cutoff.date().isoformat() == "2026-05-02"
    assert set(stored.card["data"]["tables"]) >= {"conversations", "messages", "orders"}


def test_page_is_inert_and_names_nobody(run, project, browser):
    outputs, record = run
    visit = Visit(browser.new_page(viewport={"width": 380, "height": 900}))
    visit.page.goto((outputs.absolute() / record.folder / "report.html").as_uri())
    said, content = visit.page.locator("main").inner_text(), visit.page.content()
    with Store.open(project / "data" / "store") as store:
        users = store.query("select distinct user_id from conversations")["user_id"]

    assert visit.dialogs == []
    assert visit.complaints == []
    assert {url.partition(":")[0] for url in visit.requests} <= {"file", "data"}
    assert "Con quiénes se arriesga más" in said
    assert not [user for user in users if user in content]
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 380
    visit.page.close()
