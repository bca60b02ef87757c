from urllib.parse import parse_qs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from page_files import Project, cell, notebook, values_of

from analytics_lib.dashboards.controls import address, form_fields, from_address, inject
from analytics_lib.dashboards.pages import merged, read_pages
from analytics_lib.errors import RequestError


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("project"))
    project.write_notebook("sales")
    only_channel = notebook(cell('channel: str = "web"', "parameters"), cell("visits", "page"))
    project.write_notebook("visits", only_channel)
    project.write_pages(sales={"notebooks": ["sales", "visits"]})
    return read_pages(project.file, project.notebooks)["sales"]


def test_address_sets_controls_in_their_types(page):
    query = {"since": ["2026-01-01"], "until": ["2026-02-01"], "channel": ["web"], "language": ["en"]}
    assert from_address(page, query) == {
        "since": "2026-01-01",
        "until": "2026-02-01",
        "channel": "web",
        "language": "en",
    }


def test_empty_field_of_a_form_is_not_given(page):
    assert from_address(page, {"since": [""], "channel": [" "]}) == {}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"chanel": ["web"]}, "'chanel': unknown. Did you mean 'channel'?"),
        ({"limit": ["0.1"]}, "'limit': unknown."),
        ({"store_path": ["/etc"]}, "'store_path': unknown."),
        ({"channel": ["web", "web"]}, "'channel': given 2 times; give it once."),
        ({"since": ["yesterday"]}, "'since': 'yesterday' is not a day"),
        ({"since": ["0001-01-01"]}, "is not a day from 2000 to 2099"),
        ({"language": ["fr"]}, "'fr' is not 'es' or 'en'"),
        ({"since": ["2026-02-01"], "until": ["2026-02-01"]}, "the window must begin before it ends"),
        ({"channel": ["x" * 101]}, "101 characters; at most 100"),
        ({"channel": ["we\nb"]}, "it holds control characters"),
        ({"channel": ["we\u202eb"]}, "it holds control characters"),
        ({"channel": ["wbe"]}, "'wbe' is not one of web, whatsapp. Did you mean 'web'?"),
        ({"x\n<script>": ["1"]}, "'x\\n<script>': unknown."),
    ],
)
def test_wrong_address_is_refused(page, query, told):
    with pytest.raises(RequestError) as refused:
        from_address(page, query, choices={"channel": ["web", "whatsapp"]})
    assert told in str(refused.value)
    assert "May be set: since, until, channel, language." in str(refused.value)


def test_every_problem_of_an_address_is_told_at_once(page):
    with pytest.raises(RequestError, match=r"2 problem\(s\)"):
        from_address(page, {"sinse": ["x"], "until": ["x"]})


def test_address_is_sorted_and_leaves_defaults_out(page):
    assert (
        address(page, {"until": "2026-02-01", "since": "2026-01-01"}) == "since=2026-01-01&until=2026-02-01"
    )
    assert address(page, {"language": "es", "channel": "", "since": None}) == ""


@settings(max_examples=40)
@given(st.text(st.characters(blacklist_categories=("C", "Z")), min_size=1, max_size=100))
def test_view_comes_back_from_its_address(page, channel):
    parameters = {"channel": channel, "language": "en"}
    query = parse_qs(address(page, parameters), keep_blank_values=True)
    assert from_address(page, query) == parameters


def test_form_offers_what_the_data_hold(page):
    since, _, channel = form_fields(
        page, {"since": "2026-01-01"}, language="es", choices={"channel": ["web"]}
    )
    assert (since.label, since.kind, since.value) == ("Desde", "date", "2026-01-01")
    assert channel.kind == "select"
    assert channel.choices == (("", "Todos"), ("web", "chat web"))


def test_value_that_is_no_choice_any_more_stays_in_the_form(page):
    channel = form_fields(page, {"channel": "fax"}, language="en", choices={"channel": ["web"]})[-1]
    assert ("fax", "fax") in channel.choices
    assert channel.value == "fax"


def test_each_notebook_gets_what_it_declares_behind_its_own_values(page):
    hostile = '\'; import os #\n"""'
    cells = inject(merged(page), {"since": "2026-01-01", "channel": hostile})["cells"]
    injected = [(at, cell["source"]) for at, cell in enumerate(cells) if "injected-parameters" in tags(cell)]
    assert [source.count("since") for _, source in injected] == [1, 0]
    for at, source in injected:
        assert cells[at - 1]["source"].startswith("# Values of this page")
        assert values_of(source)["channel"] == hostile


def tags(cell):
    return cell["metadata"].get("tags", [])


def test_nothing_is_injected_twice(page):
    once = inject(merged(page), {"channel": "web"})
    assert len(inject(once, {"channel": "fax"})["cells"]) == len(once["cells"])


@pytest.mark.parametrize("parameters", [{"os": "x"}, {"since": "x"}, {"x\nimport os": 1}])
def test_injected_values_are_checked_again(page, parameters):
    with pytest.raises(RequestError):
        inject(merged(page), parameters)
