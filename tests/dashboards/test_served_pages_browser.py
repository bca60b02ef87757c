"""The project's own pages, served and looked at in a real browser: drawn, inert, filtered, kept fresh."""

import contextlib
import os
import re
import sys

import pandas as pd
import pytest
from serving import serving
from world import make_project, run_notebook

from analytics_lib.dashboards.pages import read_pages
from analytics_lib.dashboards.snapshot import publish_pages
from analytics_lib.store import Store
from visiting import Visit

SERVE = [sys.executable, "-c", "from analytics_lib.cli import main; main()", "serve", "--port", "0"]
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 380, "height": 800}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A store with a hostile conversation in it; one page has a snapshot, all can be computed live."""
    project = make_project(tmp_path_factory.mktemp("project"))
    with pytest.MonkeyPatch.context() as patched:
        for name in [name for name in os.environ if name.startswith("ANALYTICS_")]:
            patched.delenv(name)
        run_notebook("operations", project, project / "outputs")
        patched.chdir(project)
        publish_pages(project / "outputs", read_pages())
    return project


@pytest.fixture(scope="module")
def server(project):
    with serving(project, command=SERVE) as running:
        yield running


@contextlib.contextmanager
def visiting(browser, server, path, **looks):
    seen = Visit(browser.new_page(**{"viewport": WIDE} | looks))
    seen.page.set_default_timeout(60_000)
    seen.page.goto(server.address.rstrip("/") + path)
    seen.page.wait_for_selector(".main-svg")
    yield seen
    seen.page.close()


@pytest.mark.parametrize(
    ("name", "figures"), [("operations", 3), ("conversations", 9), ("ai_performance", 2), ("business", 8)]
)
def test_live_page_is_drawn_whole_and_inert(browser, server, name, figures):
    with visiting(browser, server, f"/live/{name}") as seen:
        seen.page.wait_for_function(
            "n => document.querySelectorAll('.js-plotly-plot .bglayer').length === n", arg=figures
        )
        seen.page.wait_for_selector("footer")
        assert seen.page.locator(".failed").count() == 0
        assert (seen.complaints, seen.dialogs) == ([], [])
        assert all(url.startswith((server.address, "data:")) for url in seen.requests)
        seen.page.set_viewport_size(PHONE)
        seen.page.wait_for_timeout(500)
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_figures_that_come_to_a_phone_one_after_another_are_as_wide_as_their_cards(browser, server):
    with visiting(browser, server, "/live/operations", viewport=PHONE) as seen:
        seen.page.wait_for_selector("footer")
        seen.page.wait_for_function("document.querySelectorAll('.chart .bglayer').length === 3")
        drawn = seen.page.eval_on_selector_all(
            ".chart", "charts => charts.map(one => [one.clientWidth, one.querySelector('svg').clientWidth])"
        )
    assert [card for card, _ in drawn] == [figure for _, figure in drawn]
    assert min(card for card, _ in drawn) > 300


def test_filter_is_in_the_address_and_the_address_restores_the_view(browser, server):
    with visiting(browser, server, "/live/ai_performance") as seen:
        seen.page.select_option("select[name=channel]", "web")
        seen.page.click("form.controls button[type=submit]")
        seen.page.wait_for_url(re.compile(r"/live/ai_performance\?.*channel=web"))
        address = seen.page.url
    with visiting(browser, server, address.replace(server.address.rstrip("/"), "")) as again:
        assert again.page.input_value("select[name=channel]") == "web"
        assert again.complaints == []


def test_language_switches_and_keeps_the_filter(browser, server):
    with visiting(browser, server, "/live/ai_performance?channel=web") as seen:
        assert seen.page.inner_text("h1") == "Qué entiende el bot"
        seen.page.click("nav.languages a[lang=en]")
        seen.page.wait_for_selector("html[lang=en] .main-svg")
        assert seen.page.inner_text("h1") == "What the bot understands"
        assert seen.page.input_value("select[name=channel]") == "web"


def test_snapshot_leads_to_the_live_page(browser, server):
    with visiting(browser, server, "/pages/operations") as seen:
        assert seen.page.locator(".state.snapshot").count() == 1
        assert server.health()["kernels"] == 0
        seen.page.click("form.controls button[type=submit]")
        seen.page.wait_for_selector(".state.live")
        seen.page.wait_for_selector(".main-svg")
        assert seen.complaints == []


def test_operations_changes_while_it_is_open_when_rows_are_ingested(browser, server, project):
    with visiting(browser, server, "/live/operations") as seen:
        seen.page.evaluate("window.stayed = true")
        before = seen.page.inner_text("[data-block=tiles]")
        add_conversations(project / "data/store", 7)
        seen.page.wait_for_function(
            "before => document.querySelector('[data-block=tiles]').innerText !== before", arg=before
        )
        assert seen.page.evaluate("window.stayed") is True
        assert seen.complaints == []


def add_conversations(folder, count):
    """So many begin in the minute after the last that the store knows."""
    with Store.open(folder) as store:
        last = store.query("select max(sent_at) as at from messages")["at"].iloc[0]
        started = pd.Timestamp(last) + pd.Timedelta(minutes=1)
        ids = [f"fresh-{number}" for number in range(count)]
        users = [f"{number:032d}" for number in range(count)]
        about = {"conversation_id": ids, "user_id": users}
        store.append("conversations", pd.DataFrame({**about, "channel": "web", "started_at": started}))
        store.append(
            "messages",
            pd.DataFrame(
                {
                    **about,
                    "message_id": ids,
                    "sent_at": started,
                    "sender": "user",
                    "kind": "text",
                    "text": "hola",
                }
            ),
        )
