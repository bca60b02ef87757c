"""A published page in a real browser: drawn, inert, readable, and kept fresh."""

import contextlib
import json

import plotly.graph_objects as go
import pytest
from page_files import HOSTILE, Project, cell, figure, narration, output
from small_server import serving

from analytics_lib.dashboards.pages import read_pages
from analytics_lib.dashboards.snapshot import publish_pages
from analytics_lib.dashboards.template import View, block, head, inner, tail
from visiting import Visit

WEIGHTS = (0.2126, 0.7152, 0.0722)
WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 380, "height": 700}
TABLE = '<table><tr><td style="color:#1B2330;background-color:#F3F5F8">1.234</td></tr></table>'
NOW = "[document.querySelector('.n'), document.querySelector('.js-plotly-plot')]"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A project with two published pages; everything on one of them is hostile."""
    project = Project(tmp_path_factory.mktemp("project"))
    title = HOSTILE[:90]
    for name in ("sales", "hostile"):
        project.write_notebook(name)
    project.write_pages(
        sales={},
        hostile={"title": {"es": title, "en": title}, "audience": {"es": title, "en": title}},
    )
    project.run("sales", narration(), figure(), output(html=TABLE))
    bars = go.Bar(x=[HOSTILE, "b"], y=[1, 2], name=HOSTILE, hovertext=HOSTILE)
    shown = [figure(bars, title=HOSTILE), output(html=f"<h2>{HOSTILE}</h2>"), output(html=HOSTILE)]
    project.run("hostile", *shown, output(markdown=HOSTILE), output(plain=HOSTILE))
    read = read_pages(project.file, project.notebooks)
    publish_pages(project.outputs, read, choices={"channel": [HOSTILE]})
    return project


@pytest.fixture(scope="module")
def address(pages):
    with serving(pages.outputs / "pages") as address:
        yield address


@contextlib.contextmanager
def visiting(browser, url):
    seen = Visit(browser.new_page(viewport=WIDE, color_scheme="light"))
    seen.page.set_default_timeout(8000)
    seen.page.goto(url)
    yield seen
    seen.page.close()


@pytest.fixture(scope="module")
def sales(browser, address):
    """The page that the gallery leads to, drawn."""
    with visiting(browser, address) as seen:
        seen.page.click("text=Título sales")
        seen.page.wait_for_selector(".main-svg")
        yield seen


@pytest.fixture(scope="module")
def hostile(browser, address):
    with visiting(browser, f"{address}/pages/hostile") as seen:
        seen.page.wait_for_selector(".main-svg")
        yield seen


def test_gallery_leads_to_a_page_that_is_drawn_here(sales, address):
    assert sales.page.url == f"{address}/pages/sales"
    assert all(url.startswith((address, "data:")) for url in sales.requests)
    assert sales.complaints == []


def test_numbers_of_a_figure_are_a_click_away(sales):
    sales.page.click("details.numbers summary")
    assert sales.page.locator("details.numbers td", has_text="1.200").is_visible()


def test_hostile_texts_are_inert(hostile, address):
    box = hostile.page.locator(".bars path").last.bounding_box()
    hostile.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    hostile.page.wait_for_selector(".hoverlayer .hovertext")
    assert (hostile.dialogs, hostile.complaints) == ([], [])
    assert all(url.startswith((address, "data:")) for url in hostile.requests)
    assert "{{7*7}}" in hostile.page.inner_text("body")


def test_pages_hold_no_markup_of_others(browser, hostile, address):
    with visiting(browser, address) as gallery:
        for page in (hostile.page, gallery.page):
            assert page.locator("body script:not([type='application/json'])").count() == 0
            assert page.locator("[onclick], [onerror], [onload], img").count() == 0
            links = page.locator("a").evaluate_all(
                "links => links.map(link => link.getAttribute('href') || '')"
            )
            assert not any(link.startswith("javascript") for link in links)
        assert (gallery.dialogs, gallery.complaints) == ([], [])
        gallery.page.set_viewport_size(PHONE)
        assert gallery.page.evaluate("document.documentElement.scrollWidth") <= 380


def test_page_does_not_scroll_sideways_on_a_phone(sales, hostile):
    for page in (sales.page, hostile.page):
        page.set_viewport_size(PHONE)
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= 380
        page.set_viewport_size(WIDE)


def contrast(page, selector):
    """WCAG's contrast of a text with the first ground below it that is painted."""
    colours = page.locator(selector).first.evaluate("""element => {
        const text = getComputedStyle(element);
        const ink = element.namespaceURI.endsWith("svg") ? text.fill : text.color;
        let ground = element, paint = "rgba(0, 0, 0, 0)";
        while (ground && paint === "rgba(0, 0, 0, 0)") {
            paint = getComputedStyle(ground).backgroundColor; ground = ground.parentElement;
        }
        return [ink, paint].map(colour => colour.match(/[\\d.]+/g).slice(0, 3).map(Number));
    }""")
    lights = sorted(sum(w * linear(c / 255) for w, c in zip(WEIGHTS, rgb, strict=True)) for rgb in colours)
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def linear(channel):
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_is_readable_in_light_and_dark(sales, scheme):
    sales.page.emulate_media(color_scheme=scheme)
    sales.page.wait_for_timeout(300)
    for selector in (
        "h1",
        ".audience",
        "dd",
        "h2",
        "td[style]",
        ".xtick text",
        ".gtitle",
        "summary",
        ".primary",
    ):
        assert contrast(sales.page, selector) >= 4.5, selector


def test_chosen_theme_is_kept(sales):
    sales.page.emulate_media(color_scheme="light")
    sales.page.click("button.theme")
    sales.page.reload()
    sales.page.wait_for_selector(".main-svg")
    assert sales.page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert contrast(sales.page, ".xtick text") >= 4.5


def test_refresh_changes_only_what_is_new_and_says_when_it_fails(browser, pages, tmp_path):
    page = read_pages(pages.file, pages.notebooks)["sales"]
    page = type(page)(**{**vars(page), "refresh_seconds": 1.0})
    view = View(page, {}, "es", "live")

    def shown(users):
        drawn = figure(go.Bar(x=["web"], y=[users]))
        return cell(
            "x", "page", "block-now", outputs=[output(html=f"<p class='n'>{users}</p>{HOSTILE}"), drawn]
        )

    (tmp_path / "now.es.html").write_text(head(view) + block(shown(5), language="es") + tail(view))
    (tmp_path / "assets").symlink_to(pages.outputs / "pages/assets")
    answers = iter([json.dumps({"blocks": {"now": inner(shown(6), language="es")}})])
    ticks = serving(tmp_path, ticks=lambda: next(answers, "no JSON"))
    with ticks as address, visiting(browser, f"{address}/pages/now") as seen:
        seen.page.wait_for_selector(".main-svg")
        seen.page.evaluate(f"[window.text, window.plot] = {NOW}")
        seen.page.click("details.numbers summary")
        seen.page.wait_for_selector(".n:has-text('6')")
        seen.page.wait_for_function("document.querySelector('[data-figure]').data[0].y[0] === 6")
        assert seen.page.evaluate(f"text === {NOW}[0] && plot === {NOW}[1]")
        assert seen.page.locator("details.numbers").get_attribute("open") is not None
        seen.page.wait_for_selector("#stale:visible")
        assert (seen.dialogs, seen.complaints) == ([], [])


def test_form_sends_only_what_was_changed(sales, address):
    sales.page.fill("input[name=since]", "2026-01-01")
    with sales.page.expect_navigation():
        sales.page.click("button.primary")
    assert sales.page.url == f"{address}/live/sales?since=2026-01-01"
