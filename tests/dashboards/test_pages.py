import json

import pytest
from page_files import PARAMETERS, cell, notebook, shown_notebook, values_of

from analytics_lib.dashboards.pages import merged, read_pages
from analytics_lib.errors import RequestError


def refusal(project):
    with pytest.raises(RequestError) as refused:
        read_pages(project.file, project.notebooks)
    return str(refused.value)


def test_page_knows_its_notebooks_and_their_values(project):
    project.write_notebook("sales")
    (project.params / "sales.yaml").write_text("channel: web\nlimit: 0.3\n")
    project.write_pages(sales={"parameters": {"limit": 0.1}, "refresh_seconds": 5})
    page = read_pages(project.file, project.notebooks)["sales"]
    assert page.notebooks == (project.notebooks / "sales.ipynb",)
    assert page.values["sales"]["channel"] == page.default("channel") == "web"
    assert page.values["sales"]["limit"] == 0.1
    assert page.refresh_seconds == 5
    assert page.default_language == "es"


def test_every_problem_is_told_at_once_with_its_line_and_a_suggestion(project):
    project.write_notebook("sales")
    project.file.write_text("""pages:
  sales:
    notebooks: [sales]
    title: {es: Ventas}
    audience: {es: todos, en: all}
    control: [since]
  Orders: {}
  visits:
    notebooks: [sale]
    title: {es: Visitas, en: Visits}
    audience: {es: todos, en: all}
    refresh_seconds: 0
""")
    told = refusal(project)
    assert "line 4: sales.title: expected a text in each of es, en" in told
    assert "line 6: sales.control: unknown key. Did you mean 'controls'?" in told
    assert "line 7: Orders: use a-z, 0-9 and _" in told
    assert "line 9: visits.notebooks: There is no notebook" in told
    assert "Did you mean 'sales'?" in told
    assert "line 12: visits.refresh_seconds: 0 is not from 1 to 3,600 seconds" in told


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ({"controls": ["chanel"]}, "none of its notebooks declares 'chanel'. Did you mean 'channel'?"),
        ({"controls": ["store_path"]}, "'store_path' is a path; no viewer may set where data are read."),
        ({"parameters": {"limit": "much"}}, "limit: 'much' is not a finite number"),
        ({"parameters": {"most": 1}}, "none of its notebooks declares 'most'."),
        ({"notebooks": []}, "expected at least one notebook."),
        ({"notebooks": ["../sales"]}, "'../sales' is no notebook's name"),
        ({"notebooks": ["sales", "sales"]}, "'sales' is there twice."),
    ],
)
def test_wrong_value_is_refused(project, page, told):
    project.write_notebook("sales")
    project.write_pages(sales=page)
    assert told in refusal(project)


@pytest.mark.parametrize(
    ("tags", "told"),
    [
        (["page", "span-5"], "unknown tag 'span-5'. Did you mean 'span-"),
        (["page", "blok-x"], "unknown tag 'blok-x'. Did you mean 'block-NAME'?"),
        (["page", "block-Top"], "'block-Top' names no block"),
        (["page", "span-3", "span-6"], "the tags span-3 and span-6 contradict each other"),
        (["span-3"], "the tag 'span-3' places a cell that is not shown; add the tag 'page'."),
        (["pages"], "unknown tag 'pages'. Did you mean 'page'?"),
        ([], "sales: no cell is tagged 'page'"),
    ],
)
def test_misspelt_tag_is_refused_with_its_cell(project, tags, told):
    project.write_notebook("sales", notebook(cell(PARAMETERS, "parameters"), cell("x", *tags)))
    project.write_pages(sales={})
    assert told in refusal(project)


def test_two_blocks_of_one_name_are_refused(project):
    twice = notebook(cell(PARAMETERS, "parameters"), *[cell(f"x{n}", "page", "block-a") for n in (1, 2)])
    project.write_notebook("sales", twice)
    project.write_pages(sales={})
    assert "sales, cell 3: the block 'a' is there twice." in refusal(project)


def test_control_declared_in_two_ways_is_refused(project):
    project.write_notebook("sales")
    project.write_notebook("visits", notebook(cell("since: int = 1", "parameters"), cell("x", "page")))
    project.write_pages(sales={"notebooks": ["sales", "visits"]})
    assert "its notebooks declare 'since' as date or null and int." in refusal(project)


def test_merged_notebook_runs_one_after_the_other_with_the_pages_values(project):
    project.write_notebook(
        "sales", shown_notebook("sales", {"output_type": "stream", "name": "stdout", "text": "x"})
    )
    project.write_notebook("visits")
    project.write_pages(sales={"notebooks": ["sales", "visits"], "parameters": {"channel": "it's"}})
    cells = merged(read_pages(project.file, project.notebooks)["sales"])["cells"]
    sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    assert [source.partition("\n")[0] for source in sources] == [
        'since: "date | None" = None  # first day',
        "# Values of this page",
        "sales = 1",
        "show(sales)",
        'since: "date | None" = None  # first day',
        "# Values of this page",
        "visits = 1",
        "show(visits)",
    ]
    assert values_of(sources[1])["channel"] == "it's"
    assert len({cell["id"] for cell in cells}) == len(cells)
    assert all(not cell.get("outputs") for cell in cells)


def test_file_that_is_not_there_is_said_to_be_missing(project):
    assert "There is no" in refusal(project)


def test_pages_of_the_project_are_right():
    pages = read_pages()
    assert {"ai_performance", "business"} <= pages.keys()
    for page in pages.values():
        assert json.dumps(merged(page))
