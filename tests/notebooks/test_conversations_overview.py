"""The overview of conversations as a run makes it: of a world, of nobody, of a source that tells little."""

import ast
import json

import pytest
from world import ROOT, UNTIL, make_project, run_notebook

from analytics_lib.store import Store
from visiting import Visit

NOTEBOOK = "conversations_overview"
WINDOW = {"since": "2026-05-01", "until": str(UNTIL)}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return make_project(tmp_path_factory.mktemp("overview"))


@pytest.fixture(scope="module")
def month(project, tmp_path_factory):
    outputs = tmp_path_factory.mktemp("outputs")
    return outputs, run_notebook(NOTEBOOK, project, outputs, **WINDOW)


def test_run_records_the_counts_of_the_window(month, project):
    _, record = month
    with Store.open(project / "data" / "store") as store:
        counted = store.query(
            "select count(*) as started, count(escalated_at) as called from conversations "
            "where started_local >= '2026-05-01'"
        ).iloc[0]
        active = store.query(
            "select count(distinct conversation_id) as n from messages where sent_local >= '2026-05-01'"
        )["n"].iloc[0]

    assert record.status == "succeeded", record.error
    assert record.results["started"] == counted["started"]
    assert record.results["conversations"] == active
    assert sum(record.results["escalations"].values()) == counted["called"]
    assert record.results["agents_apart"] == 0


def test_page_shows_every_chart_without_a_complaint(month, browser):
    outputs, record = month
    visit = Visit(browser.new_page(viewport={"width": 380, "height": 900}))
    visit.page.goto((outputs.absolute() / record.folder / "report.html").as_uri())
    visit.page.wait_for_selector(".main-svg")
    said = visit.page.locator("main").inner_text()

    assert visit.dialogs == []
    assert visit.complaints == []
    assert {url.partition(":")[0] for url in visit.requests} <= {"file", "data"}
    assert "conversaciones activas" in said
    assert "Lo que más preguntan" in said
    # Messages, gauge, durations, flow, funnel, moods, map, reasons, agents.
    assert visit.page.locator(".js-plotly-plot").count() == 9
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 380
    visit.page.close()


def test_cells_of_the_page_stand_in_their_rows_cheap_ones_first():
    cells = json.loads((ROOT / "notebooks" / f"{NOTEBOOK}.ipynb").read_text(encoding="utf-8"))["cells"]
    tagged = [tags for cell in cells if "page" in (tags := cell["metadata"].get("tags", []))]
    blocks = [next(tag for tag in tags if tag.startswith("block-")) for tags in tagged]

    assert blocks == [
        *("block-active", "block-resolution", "block-durations"),
        *("block-flow", "block-drop-off", "block-moods", "block-map"),
        *("block-people", "block-needs"),
    ]
    assert [name for name, tags in zip(blocks, tagged, strict=True) if "row" in tags] == [
        *("block-active", "block-flow", "block-moods", "block-people"),
    ]


def shown(store_path, monkeypatch, **parameters):
    """What the notebook's cells show, as one text, run one after the other without a kernel."""
    outputs, names = [], {}
    monkeypatch.setattr("IPython.display.display", lambda *each, **_: outputs.extend(each))
    for cell in json.loads((ROOT / "notebooks" / f"{NOTEBOOK}.ipynb").read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            *body, last = ast.parse("".join(cell["source"])).body
            asked = isinstance(last, ast.Expr)
            code = compile(ast.Module(body if asked else [*body, last], []), NOTEBOOK, "exec")
            exec(code, names)  # noqa: S102  # the project's own notebook
            if asked:
                value = compile(ast.Expression(last.value), NOTEBOOK, "eval")
                outputs.append(eval(value, names))  # noqa: S307  # the project's own notebook
            names |= {"store_path": str(store_path), **parameters} if "store" not in names else {}
    return "\n".join(str(getattr(each, "to_plotly_json", lambda one=each: vars(one))()) for each in outputs)


def test_source_that_tells_little_is_shown_and_the_rest_is_said(project, tmp_path, monkeypatch):
    """Without events, places, agents, moods, intents and escalations; of a channel, in English."""
    unknown = {
        "city",
        "region",
        "country",
        "agent_id",
        "escalated_at",
        "escalation_reason",
        "sentiment",
        "intent",
    }
    with Store.open(project / "data" / "store") as store, Store.open(tmp_path / "alone") as alone:
        for table in ("conversations", "messages"):
            rows = store.query(f"select * from {table}")
            kept = rows.drop(columns=[name for name in rows if name.endswith("_local")])
            alone.append(table, kept.assign(**dict.fromkeys(unknown & set(kept), None)))
    text = shown(tmp_path / "alone", monkeypatch, **WINDOW, channel="web", language="en")

    for words in (
        "texts read here",
        "No event of these conversations is recorded",
        "The source does not record the stages of the funnel",
        "The source does not say where they are",
        "The source records no escalations",
        "No agents recorded",
        "The source does not say what intent the bot understood",
    ):
        assert words in text


def test_channel_of_nobody_is_an_answer_and_no_failure(project, monkeypatch):
    chosen = {"channel": "telegram", "segment": "unknown"}
    text = shown(project / "data" / "store", monkeypatch, **WINDOW, **chosen)

    assert "Sin respuesta: del" in text
    assert "Sin datos en esta ventana" in text
