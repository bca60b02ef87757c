import re

import pytest
from page_files import HOSTILE, cell, error, figure, narration, output

from analytics_lib.dashboards.figures import dark_colour, dark_colours, for_both, plain_values
from analytics_lib.dashboards.pages import Page
from analytics_lib.dashboards.template import View, block, failed, failure_id, head, inner, message_page, tail

PAGE = Page("sales", (), {"es": "Ventas", "en": "Sales"}, {"es": "quien vende", "en": "whoever sells"})


def card(*outputs, tags=("page", "span-6", "row", "block-top")):
    return cell("x", *tags, outputs=outputs)


def test_card_stands_where_its_tags_say():
    assert '<section class="card span-6 row" id="block-top" data-block="top"' in block(card(), language="es")
    assert 'class="card span-12"' in block(card(tags=("page",)), language="es")


def test_cell_that_is_not_tagged_is_not_shown():
    assert block(card(output(plain="7"), tags=()), language="es") == ""
    assert inner(card(output(plain="7"), tags=()), language="es") == ""


def test_narration_becomes_heading_and_folded_note():
    html = block(card(narration(), output(html="<p>70</p>"), narration("kpis_limits")), language="es")
    assert '<h2 id="top-title">Salud del servicio</h2>' in html
    assert 'aria-labelledby="top-title"' in html
    assert "<summary>Cómo leerlo</summary><p>" in html
    assert "<summary>Límites</summary><p>" in html


def test_figure_can_be_read_without_seeing_it():
    html = block(card(figure()), language="es")
    assert 'role="img" aria-label="Users by channel"' in html
    assert "<td>web</td><td>1.200</td>" in html
    assert '<script type="application/json" id="chart-top-0">' in html


def test_block_and_its_inside_are_the_same():
    shown = card(narration(), figure())
    assert inner(shown, language="es").strip() in block(shown, language="es")


def test_card_without_anything_says_so():
    assert "No hay nada que mostrar" in block(card(), language="es")
    assert "There is nothing to show" in block(card(output(plain="  ")), language="en")


@pytest.mark.parametrize(
    "shown",
    [
        output(html=HOSTILE),
        output(markdown=HOSTILE),
        output(plain=HOSTILE),
        figure(title=HOSTILE),
        output(png='"><script>alert(1)</script>'),
        {"output_type": "stream", "name": "stdout", "text": HOSTILE},
    ],
)
def test_hostile_output_is_inert(shown):
    html = block(card(shown), language="es")
    visible = re.sub(r'<script type="application/json".*?</script>', "", html, flags=re.DOTALL)
    assert "<script" not in visible
    assert "<img src=x" not in html
    assert 'href="javascript' not in html
    assert ">49<" not in html


def test_failed_cell_says_where_to_look_and_nothing_else():
    broken = card(output(plain="7"), error(), tags=())
    html = block(broken, language="es", page="sales")
    assert failure_id(broken) in html
    assert 'href="/pages/sales"' in html
    assert "secret" not in html
    assert "KeyError" not in html
    assert 'href="/"' in failed(page="", failure="1234", language="en")


def test_head_and_tail_make_one_page_without_scripts_inside():
    facts = {"window": "1 ene 2026", "versions": "<b>messages</b> 3"}
    view = View(PAGE, {}, "en", "live", facts, notice="<i>full</i>")
    html = head(view) + block(card(figure()), language="en") + tail(view)
    assert html.startswith("<!doctype html>")
    assert html.endswith("</html>")
    assert re.findall(r"<script(?! type=.application/json)[^>]*>(.*?)</script>", html, re.DOTALL) == ["", ""]
    assert not re.search(r"<[^>]* on\w+=", html)
    assert "&lt;b&gt;messages&lt;/b&gt; 3" in html
    assert "&lt;i&gt;full&lt;/i&gt;" in html
    assert {link for link in re.findall(r'(?:src|href)="([^"]*)"', html) if link[:1] not in "/#"} == {
        "data:,"
    }


def test_message_is_escaped():
    assert "&lt;script&gt;" in message_page(title="No", text="<script>", language="es")


def test_ink_and_paper_change_places_and_hues_stay():
    assert dark_colour("white") == "#1d1d1d"
    assert int(dark_colour("#1B2330")[1:3], 16) > 180
    assert dark_colours('{"a": "#0072B2", "b": "#1B2330"}').keys() == {"#1B2330"}
    assert dark_colour("rgba(255, 255, 255, 0.8)") == "rgba(29, 29, 29, 0.8)"


def test_style_has_a_colour_for_each_page():
    assert for_both("color: #5A6676; white-space: nowrap") == (
        f"color: light-dark(#5A6676, {dark_colour('#5A6676')}); white-space: nowrap"
    )


def test_packed_numbers_are_read():
    assert plain_values({"dtype": "f8", "bdata": "AAAAAAAA8D8AAAAAAAD4fw=="}) == [1.0, None]
    assert plain_values({"dtype": "i1", "bdata": "AQIDBA==", "shape": "2, 2"}) == [[1, 2], [3, 4]]
    assert plain_values(None) == []
