import pytest
from tiny_notebooks import HOSTILE, code, write_notebook

from analytics_lib.runs.catalog import write_index
from analytics_lib.runs.publish import publish
from analytics_lib.runs.record import RunRecord
from analytics_lib.runs.report import render
from visiting import Visit


@pytest.fixture(scope="module", params=["run", "published"])
def visit(request, browser, full_run):
    outputs, record = full_run
    published = publish(outputs, record)
    write_index(outputs)
    folder = outputs / record.folder if request.param == "run" else published
    visit = Visit(browser.new_page(viewport={"width": 1280, "height": 900}))
    visit.page.goto((folder.absolute() / "report.html").as_uri())
    visit.page.wait_for_selector(".main-svg")
    visit.page.set_default_timeout(5000)
    yield visit
    visit.page.close()


def test_chart_is_drawn_without_the_internet(visit):
    assert visit.page.locator(".main-svg").count() >= 1
    assert {url.partition(":")[0] for url in visit.requests} <= {"file", "data"}
    assert visit.complaints == []


def test_hostile_texts_are_inert(visit):
    box = visit.page.locator(".bars path").last.bounding_box()
    visit.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    visit.page.wait_for_selector(".hoverlayer .hovertext")
    assert visit.dialogs == []
    assert visit.page.locator("main script:not([type='application/json'])").count() == 0
    assert visit.page.locator("[onclick], [onerror], [onload]").count() == 0
    links = visit.page.locator("main a").evaluate_all("links => links.map(link => link.href)")
    assert {link.partition("#")[2] for link in links} <= {"", "harmful-link"}
    assert not any(link.startswith(("javascript", "http")) for link in links)
    assert visit.page.locator("svg a").count() == 0


def test_hostile_texts_can_be_read(visit):
    assert visit.page.locator("pre", has_text=HOSTILE).count() >= 1
    assert visit.page.locator("td", has_text="<script>alert(1)</script>").count() == 1


def test_code_is_folded_but_there(visit):
    code = visit.page.locator("details.code").first
    assert not code.locator("pre").first.is_visible()
    code.locator("summary").click()
    assert code.locator("pre").first.is_visible()


def test_page_does_not_scroll_sideways_on_a_phone(visit):
    visit.page.set_viewport_size({"width": 375, "height": 700})
    visit.page.wait_for_timeout(500)
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 375


def test_catalogue_is_one_click_away_and_leads_back(visit):
    visit.page.set_viewport_size({"width": 1280, "height": 900})
    visit.page.click("nav a")
    visit.page.click("article h2 a")
    assert visit.page.url.endswith("published/conversations/report.html")
    assert visit.complaints == []


def test_link_to_a_message_scrolls_to_it(browser, tmp_path):
    said = "".join(f'<p id="message-{at}" style="height: 80px">{at}</p>' for at in range(1, 101))
    cell = code("chat")
    html = f'<a href="#message-90">message 90</a>{HOSTILE}<b id="report">x</b>{said}'
    cell["outputs"] = [{"output_type": "display_data", "data": {"text/html": html}, "metadata": {}}]
    write_notebook(tmp_path / "notebook.ipynb", cell)
    run = RunRecord("tiny", "20260301T120000Z-00000000", "succeeded", "2026-03-01T12:00:00+00:00")
    (tmp_path / "report.html").write_text(render(run, tmp_path), encoding="utf-8")
    visit = Visit(browser.new_page(viewport={"width": 400, "height": 700}))
    visit.page.goto((tmp_path / "report.html").as_uri())
    assert visit.page.locator("#message-90").bounding_box()["y"] > 700
    visit.page.click("text=message 90")
    assert 0 <= visit.page.locator("#message-90").bounding_box()["y"] < 200
    assert visit.page.locator("#report").count() == 0
    assert visit.dialogs == []
    visit.page.close()
