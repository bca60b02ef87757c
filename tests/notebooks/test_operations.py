"""Operations as a run makes it, on a small world: what it records is what the store holds."""

import datetime as dt
import json
import re

import pytest
from world import make_project, run_notebook

from analytics_lib.analysis.operations import read_moment
from analytics_lib.dashboards.layout import place_of
from analytics_lib.dashboards.template import inner
from analytics_lib.dashboards.ticks import Ticker
from analytics_lib.metrics import health_score
from analytics_lib.store import Store
from visiting import Visit

NOTEBOOK = "operations"
MOMENT = "2026-05-20T16:30"
WAITING = """
select count(*) as waiting
from conversations
where escalated_at <= $at and not exists (
    select 1 from messages
    where messages.conversation_id = conversations.conversation_id and sender = 'agent' and sent_at <= $at
)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return make_project(tmp_path_factory.mktemp("operations"))


@pytest.fixture(scope="module")
def afternoon(project, tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    return outputs, run_notebook(NOTEBOOK, project, outputs, as_of=MOMENT)


def test_run_records_what_the_store_holds(afternoon, project):
    _, record = afternoon
    at = read_moment(MOMENT)
    with Store.open(project / "data" / "store") as store:
        begun = store.query("select started_local as at from conversations")["at"]
        health = health_score(store, since=at.date(), until=at, as_of=at)
        waiting = store.query(WAITING, at=at - dt.timedelta(minutes=5))["waiting"].iloc[0]

    assert record.status == "succeeded", record.error
    assert record.results["values"]["conversations"] == int(
        begun.between("2026-05-20", "2026-05-20 16:30").sum()
    )
    assert record.results["values"]["health_score"] == pytest.approx(health.value)
    assert record.results["values"]["queue_depth"] == waiting
    assert record.results["missing"] == []


def test_page_shows_its_pictures_without_a_complaint(afternoon, browser):
    outputs, record = afternoon
    visit = Visit(browser.new_page(viewport={"width": 380, "height": 900}))
    visit.page.goto((outputs.absolute() / record.folder / "report.html").as_uri())
    visit.page.wait_for_selector(".main-svg")
    shown = visit.page.locator("main").inner_text()

    assert visit.dialogs == []
    assert visit.complaints == []
    assert {url.partition(":")[0] for url in visit.requests} <= {"file", "data"}
    assert "Clientes activos" in shown
    assert "No hay alertas configuradas" in shown
    assert visit.page.locator(".js-plotly-plot").count() == 3
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 380
    visit.page.close()


def settled(html):
    """The card with its figures' keys in order: a notebook that is written to a file sorts them."""

    def in_order(figure):
        return json.dumps(json.loads(figure[0]), sort_keys=True)

    return re.sub(r'(?<=">)\{.*?\}(?=</script>)', in_order, html, flags=re.DOTALL)


def test_tick_draws_the_cards_that_the_notebook_does(afternoon, project):
    outputs, record = afternoon
    executed = json.loads((outputs / record.folder / "notebook.ipynb").read_text(encoding="utf-8"))
    cards = {
        place.name: inner(cell, language="es") for cell in executed["cells"] if (place := place_of(cell))
    }
    ticked = Ticker().tick(str(project / "data" / "store"), {"as_of": MOMENT}, now=read_moment(MOMENT))[
        "blocks"
    ]

    assert ticked.keys() == cards.keys()
    assert [name for name in cards if settled(ticked[name]) != settled(cards[name])] == []
