import dataclasses
import json

import pytest
from tiny_notebooks import HOSTILE, code, markdown, write_notebook

from analytics_lib.runs.labels import LABELS
from analytics_lib.runs.record import REASONS, RunRecord
from analytics_lib.runs.report import data_facts, data_until, render
from analytics_lib.runs.text import plain

RUN = RunRecord("tiny", "20260301T120000Z-00000000", "succeeded", "2026-03-01T12:00:00+00:00")


@pytest.fixture
def page(tmp_path):
    def page(*cells, record=RUN):
        write_notebook(tmp_path / "notebook.ipynb", *cells)
        return render(record, tmp_path)

    return page


def shown(data, source="x", **output):
    cell = code(source)
    cell["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}, **output}]
    return cell


@pytest.mark.parametrize(
    ("results", "last"),
    [
        ({"as_of": "2026-03-01"}, "2026-02-28"),
        ({"as_of": "2026-03-01T05:00:00+00:00"}, "2026-02-28"),
        ({"as_of": "2026-03-01T05:00:01+00:00"}, "2026-03-01"),
        ({"until": "2026-02-01", "as_of": "2026-03-01"}, "2026-01-31"),
        ({"until": "soon"}, "None"),
    ],
)
def test_data_reach_to_the_last_day_before_their_end_on_the_clock_of_the_business(results, last):
    record = dataclasses.replace(RUN, results=results, time_zone="America/Bogota")
    assert str(data_until(record)) == last


def test_banner_of_a_moment_just_before_midnight_names_its_day():
    record = dataclasses.replace(
        RUN, results={"as_of": "2026-11-01T04:59:01+00:00"}, time_zone="America/Bogota"
    )
    assert data_facts(record)["as_of"] == "31 oct 2026"


def test_banner_says_what_the_numbers_rest_on(full_run):
    outputs, record = full_run
    html = (outputs / record.folder / "report.html").read_text()
    for words in (
        "1 ene 2026 \N{EN DASH} 31 ene 2026",
        "1 mar 2026, 07:00",
        "messages 3",
        record.run,
        "correcto",
    ):
        assert words in html


def test_every_code_cell_of_a_run_was_timed(full_run):
    _, record = full_run
    assert len(record.cells) == 7
    assert all(seconds >= 0 for seconds in record.cells)
    assert 0 < sum(record.cells) <= record.seconds


def test_page_is_small_and_loads_only_what_lies_beside_it(full_run):
    outputs, record = full_run
    html = (outputs / record.folder / "report.html").read_text()
    assert len(html) < 300_000
    assert html.count("<script defer src=") == 2
    assert "../../../assets/plotly.min.js" in html
    assert (outputs / "assets/plotly.min.js").stat().st_size > 1_000_000


def test_hostile_text_is_escaped_wherever_it_stands(full_run):
    outputs, record = full_run
    html = (outputs / record.folder / "report.html").read_text()
    assert "<script>alert" not in html
    assert "<img" not in html
    assert "javascript:alert" not in html.replace("\\href{javascript:alert(4)}", "").partition("<main")[0]


def test_page_without_figures_needs_no_plotly(page):
    assert "plotly.min.js" not in page(markdown("# a"))


def test_output_of_standard_error_is_folded_with_the_code(full_run):
    outputs, record = full_run
    html = (outputs / record.folder / "report.html").read_text()
    assert '<pre class="wrapped">red\n</pre>' in html


def test_same_run_gives_the_same_bytes(page):
    cells = (markdown("# a"), shown({"text/html": "<b>a</b>"}))
    assert page(*cells) == page(*cells)


def test_text_in_double_braces_is_only_text(page):
    html = page(markdown("{{ ''.__class__ }}"), shown({"text/plain": "{{ 7 * 7 }}"}))
    assert "{{ 7 * 7 }}" in html
    assert "{{ &#x27;&#x27;.__class__ }}" in html or "{{ ''.<strong>class</strong> }}" in html


def test_picture_cannot_smuggle_markup(page):
    html = page(shown({"image/png": '"><script>alert(1)</script>'}))
    assert "<script>alert" not in html


@pytest.mark.parametrize("kind", ["application/javascript", "image/svg+xml", "text/latex"])
def test_active_outputs_are_shown_as_their_text(page, kind):
    html = page(shown({kind: HOSTILE, "text/plain": "<plain>"}))
    assert HOSTILE not in html
    assert "&lt;plain&gt;" in html


def test_failed_run_leads_to_its_cell(page):
    record = RunRecord(
        "tiny", "r", "failed", RUN.started_at, reason="cell_error", error="KeyError: <b>", failed_cell=2
    )
    html = page(code("x = 1"), code("y"), record=record)
    assert '<a href="#cell-2">Celda 2</a>' in html
    assert 'id="cell-2"' in html
    assert "KeyError: &lt;b&gt;" in html


def test_page_speaks_english_on_request(page):
    record = RunRecord("tiny", "r", "succeeded", RUN.started_at, language="en")
    assert "About this report" in page(markdown("# a"), record=record)


def test_every_label_exists_in_both_languages_and_every_reason_has_one():
    assert all(set(words) == {"es", "en"} for words in LABELS.values())
    assert set(REASONS) <= set(LABELS)


def test_colours_and_control_characters_of_a_terminal_are_dropped():
    assert plain("\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07\x00 ok\n") == "red link ok\n"


def test_figure_is_kept_as_data(full_run):
    outputs, record = full_run
    html = (outputs / record.folder / "report.html").read_text()
    text = html.partition('<script type="application/json"')[2].partition(">")[2].partition("</script>")[0]
    assert json.loads(text)["data"][0]["type"] == "bar"
