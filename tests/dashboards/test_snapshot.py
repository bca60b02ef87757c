import json
import shutil

import pytest
from page_files import HOSTILE, cell, figure, narration, notebook, output

from analytics_lib.dashboards.pages import read_pages
from analytics_lib.dashboards.snapshot import MOST_BYTES, publish_pages, read_list
from analytics_lib.errors import RequestError
from analytics_lib.runs.jobs import ScheduledJob


@pytest.fixture
def published(project):
    """Publish the project's pages; what was written anew, by file name."""
    project.write_notebook("sales")
    project.write_pages(sales={})

    def published(**given):
        pages = read_pages(project.file, project.notebooks)
        return [path.name for path in publish_pages(project.outputs, pages, **given)]

    return published


def test_page_is_made_of_the_published_run(project, published):
    record = project.run("sales", narration(), figure())
    assert published() == ["sales.es.html"]
    html = (project.outputs / "pages/sales.es.html").read_text()
    for words in (
        "Título sales",
        "quien vende",
        "28 feb 2026",
        "1 mar 2026, 07:00",
        "America/Bogota",
        record.run,
    ):
        assert words in html
    assert {path.name for path in (project.outputs / "pages").iterdir()} == {
        ".lock",
        "assets",
        "index.en.html",
        "index.es.html",
        "live",
        "pages.json",
        "sales.es.html",
    }


def test_one_more_page_is_a_line_and_a_tag(project, published):
    project.write_notebook("returns", notebook(cell('language: str = "es"', "parameters"), cell("x", "page")))
    project.write_pages(sales={}, returns={"controls": []})
    project.run("returns", output(markdown="**12** came back"))
    assert "returns.es.html" in published()
    assert "Título returns" in (project.outputs / "pages/index.es.html").read_text()
    assert (project.outputs / "pages/live/returns.ipynb").is_file()


def test_page_is_not_made_again_until_something_changes(project, published):
    project.run("sales", figure())
    assert published() == ["sales.es.html"]
    assert published() == []
    project.run("sales", figure(), started_at="2026-03-02T12:00:00+00:00")
    assert published() == ["sales.es.html"]
    project.write_pages(sales={"title": {"es": "Otro", "en": "Other"}})
    assert published() == ["sales.es.html"]


def test_each_language_needs_a_run_of_its_own(project, published):
    project.run("sales", output(markdown="hola"))
    project.run("sales", output(markdown="hello"), job="sales_en", language="en")
    jobs = [ScheduledJob("sales_en", "sales", "0 0 * * *", "UTC")]
    assert published(jobs=jobs) == ["sales.es.html", "sales.en.html"]
    assert "hello" in (project.outputs / "pages/sales.en.html").read_text()
    assert read_list(project.outputs)["sales"]["languages"].keys() == {"es", "en"}


def test_newest_of_run_and_job_wins_and_a_job_may_have_its_own_window(project, published):
    project.run("sales", output(markdown="old"))
    started = "2026-03-02T12:00:00+00:00"
    project.run("sales", output(markdown="new"), job="sales_daily", started_at=started, until="2026-03-02")
    published(jobs=[ScheduledJob("sales_daily", "sales", "0 0 * * *", "UTC")])
    assert "new" in (project.outputs / "pages/sales.es.html").read_text()


@pytest.mark.parametrize("parameters", [{"channel": "web"}, {"until": "2020-01-01"}])
def test_run_that_a_person_filtered_is_no_page(project, published, parameters):
    project.run("sales", figure(), **parameters)
    assert published() == []


def test_run_that_is_not_published_is_no_page(project, published):
    project.run("sales", figure(), published=False)
    assert published() == []


def test_page_of_two_notebooks_waits_for_both(project, published):
    project.write_notebook("visits")
    project.write_pages(sales={"notebooks": ["sales", "visits"]})
    project.run("sales", output(markdown="first"))
    assert published() == []
    project.run("visits", output(markdown="second"), started_at="2026-03-02T12:00:00+00:00")
    assert published() == ["sales.es.html"]
    html = (project.outputs / "pages/sales.es.html").read_text()
    assert html.index("first") < html.index("second")
    # The older of the two says how fresh the page is.
    assert "1 mar 2026, 07:00" in html


def test_page_stays_when_its_run_folder_is_swept(project, published):
    record = project.run("sales", output(markdown="kept"))
    published()
    shutil.rmtree(project.outputs / record.folder)
    project.write_pages(sales={"title": {"es": "Otro", "en": "Other"}})
    assert published() == []
    assert "kept" in (project.outputs / "pages/sales.es.html").read_text()
    assert "sales.es.html" not in published()
    assert 'href="/pages/sales"' in (project.outputs / "pages/index.es.html").read_text()


def test_page_that_is_no_more_is_removed(project, published):
    project.run("sales", figure())
    published()
    project.write_notebook("visits")
    project.write_pages(visits={})
    published()
    assert not (project.outputs / "pages/sales.es.html").exists()
    assert not (project.outputs / "pages/live/sales.ipynb").exists()


def test_page_above_its_size_is_refused_and_the_old_one_stays(project, published):
    project.run("sales", output(markdown="small"))
    published()
    project.run("sales", output(plain="x" * MOST_BYTES), started_at="2026-03-02T12:00:00+00:00")
    with pytest.raises(RequestError, match="at most 1,000,000 are published"):
        published()
    assert "small" in (project.outputs / "pages/sales.es.html").read_text()


def test_gallery_says_what_is_there_and_what_is_not_yet(project, published):
    project.write_notebook("visits")
    project.write_pages(sales={"title": {"es": HOSTILE[:60], "en": "Sales"}}, visits={})
    project.run("sales", output(html=f"<p>{HOSTILE}</p>"), figure(title=HOSTILE))
    published()
    html = (project.outputs / "pages/index.es.html").read_text()
    assert html.count("<article") == 2
    assert "Datos hasta 28 feb 2026" in html
    assert "Sin publicar todavía" in html
    assert html.count('<svg class="thumbnail"') == 1
    assert "<script>alert" not in html
    assert "<img" not in html


def test_live_notebook_has_no_outputs(project, published):
    published()
    live = json.loads((project.outputs / "pages/live/sales.ipynb").read_text())
    assert [cell["cell_type"] for cell in live["cells"]] == ["markdown", "code", "code", "code", "code"]
    assert all(cell.get("outputs", []) == [] for cell in live["cells"])
