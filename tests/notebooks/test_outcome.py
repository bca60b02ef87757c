"""How conversations will end, as a run makes it, and what the review of one takes from it."""

import pytest
from world import make_project, run_notebook

from analytics_lib.analysis import conversations
from analytics_lib.models.outcome_page import outlook
from analytics_lib.store import Store
from outcome_worlds import simulated
from visiting import Visit

NOTEBOOK = "outcome"
TABLES = ("users", "conversations", "messages", "actions", "events", "orders")
ALL = {name: f"select * from {name}" for name in TABLES}  # names of tables

BOUGHT = "select min(conversation_id) as one from conversations where outcome = 'purchase'"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    made = make_project(tmp_path_factory.mktemp("outcome"))
    _, drawn = simulated(900, seed=11)
    with Store.open(made / "data" / "store") as store:
        for name in TABLES:
            store.append(name, drawn.query(ALL[name]).dropna(axis=1, how="all"))
    return made


@pytest.fixture(scope="module")
def run(project, tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    return outputs, run_notebook(NOTEBOOK, project, outputs, models_path="data/models")


def test_run_trains_publishes_and_records_what_it_found(run, project):
    _, record = run
    results = record.results

    assert record.status == "succeeded", record.error
    assert record.results["source"] == "first"
    assert results["reason"] == ""
    assert results["auc"] > results["auc_state"]
    assert results["counts"]["conversations"] == 1_201
    assert results["cost"] <= min(results["cost_of_none"], results["cost_of_all"])
    assert list((project / "data" / "models" / "outcome").glob("*/card.md"))


def test_a_run_that_keeps_no_model_uses_the_kept_one_and_leaves_it_as_it_is(run, project, tmp_path):
    before = {file: file.stat().st_mtime_ns for file in (project / "data" / "models").rglob("*.json")}
    again = run_notebook(NOTEBOOK, project, tmp_path)

    assert again.status == "succeeded", again.error
    assert (again.results["source"], again.results["model_age_days"]) == ("used", 0)
    assert again.results["judged"] == run[1].results["judged"]
    assert {file: file.stat().st_mtime_ns for file in before} == before


def test_review_takes_its_turning_points_and_probability_from_the_published_model(run, project):
    with Store.open(project / "data" / "store") as store:
        bought = store.query(
            "select min(conversation_id) as one from conversations where outcome = 'purchase'"
        )
        chosen = bought["one"].iloc[0]
        told = outlook(store, chosen, folder=project / "data" / "models", as_of=None)
        review = conversations.review(store, chosen, outlook=told)

    assert review.business.foreseen_conversion == 1
    assert "turning_point" in set(review.key_moments["kind"])
    assert outlook(store, chosen, folder=project / "data" / "none", as_of=None) is None


def test_page_is_inert_and_names_nobody(run, project, browser):
    outputs, record = run
    visit = Visit(browser.new_page(viewport={"width": 380, "height": 900}))
    visit.page.goto((outputs.absolute() / record.folder / "report.html").as_uri())
    said = visit.page.locator("main").inner_text()
    with Store.open(project / "data" / "store") as store:
        users = store.query("select distinct user_id from conversations")["user_id"]

    assert visit.dialogs == []
    assert visit.complaints == []
    assert {url.partition(":")[0] for url in visit.requests} <= {"file", "data"}
    assert "Qué conversaciones atender" in said
    assert not [user for user in users if user in visit.page.content()]
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 380
    visit.page.close()
