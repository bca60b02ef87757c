"""One person's journey, as a run makes it: of somebody whose texts mean harm."""

from world import make_project, run_notebook

from visiting import Visit

NOTEBOOK = "user_journey"
HOSTILE_USER = "u" * 32


def test_page_of_a_hostile_person_shows_all_without_a_complaint(tmp_path, browser):
    project = make_project(tmp_path)
    record = run_notebook(NOTEBOOK, project, tmp_path / "outputs", user=HOSTILE_USER[:8])
    visit = Visit(browser.new_page(viewport={"width": 1280, "height": 900}))
    visit.page.goto((tmp_path.absolute() / "outputs" / record.folder / "report.html").as_uri())
    visit.page.wait_for_selector(".main-svg")
    shown = visit.page.locator("main").inner_text()

    assert record.status == "succeeded", record.error
    assert (record.results["conversations"], record.results["own_messages"]) == (1, 3)
    assert record.results["worth_a_look"][0] != "most_active"
    assert visit.dialogs == []
    assert visit.complaints == []
    assert {url.partition(":")[0] for url in visit.requests} <= {"file", "data"}
    assert HOSTILE_USER[:8] in shown
    assert HOSTILE_USER not in shown
    assert visit.page.locator(".js-plotly-plot").count() == 3
    visit.page.close()
