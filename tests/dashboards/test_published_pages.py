import pandas as pd
import pytest
from page_files import figure

from analytics_lib.cli.published_pages import refresh_pages
from analytics_lib.dashboards.choices import known_choices
from analytics_lib.store import Store


@pytest.fixture
def at_root(project, monkeypatch):
    """The project with one run, as the command line finds it."""
    monkeypatch.chdir(project.notebooks.parent)
    monkeypatch.setenv("ANALYTICS_OUTPUTS", "outputs")
    monkeypatch.setenv("ANALYTICS_STORE", "no_store")
    project.write_notebook("sales")
    project.run("sales", figure())
    return project


def test_pages_are_written_where_the_project_keeps_its_outputs(at_root, capsys):
    at_root.write_pages(sales={})
    refresh_pages()
    assert (at_root.outputs / "pages/sales.es.html").is_file()
    assert "sales.es.html" in capsys.readouterr().out


def test_wrong_file_of_pages_is_said_and_costs_nothing(at_root, capsys):
    at_root.write_pages(sales={"controls": ["chanel"]})
    refresh_pages()
    assert "Did you mean 'channel'?" in capsys.readouterr().err
    assert not (at_root.outputs / "pages").exists()


def test_project_without_pages_has_none(at_root, capsys):
    refresh_pages()
    assert capsys.readouterr() == ("", "")


def test_viewers_choose_from_what_the_data_hold_most_frequent_first():
    at = pd.Timestamp("2026-03-01", tz="UTC")
    users = pd.DataFrame({"user_id": ["a", "b", "c"], "segment": ["new", None, None]})
    talks = pd.DataFrame({"conversation_id": ["1", "2", "3"], "user_id": ["a", "a", "b"], "started_at": at})
    with Store.in_memory(conversations=talks.assign(channel=["web", "fax", "web"]), users=users) as store:
        choices = known_choices(store)
    assert choices["channel"] == ["web", "fax"]
    assert choices["segment"] == ["unknown", "new"]
    assert "city" in choices["by"]
