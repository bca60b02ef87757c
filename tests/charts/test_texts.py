import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_lib.charts.texts import cut, for_matplotlib, for_page, for_plotly, inert


def test_short_text_is_kept_whole():
    assert cut("hola", 4, "es") == "hola"


def test_long_text_is_cut_and_tells_its_length():
    assert cut("x" * 1_000_000, 3, "es") == "xxx… (1.000.000 caracteres)"
    assert cut("x" * 1_000_000, 3, "en") == "xxx… (1,000,000 characters)"


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("ab👩\u200d👧cd", 4, "ab"),  # a family joined of two
        ("ab👍🏽cd", 3, "ab"),  # a thumb and its skin
        ("abe\u0301cd", 3, "ab"),  # e and its accent
        ("abcd", 3, "abc"),
    ],
)
def test_no_character_is_cut_in_two(text, limit, kept):
    assert cut(text, limit, "es").partition("…")[0] == kept


def test_pile_of_marks_without_end_is_cut_all_the_same():
    assert len(cut("e" + "\u0301" * 5000, 100, "es")) < 130


@given(st.text())
def test_text_on_a_page_holds_no_tag_and_reads_as_it_was(text):
    shown = for_page(text).removeprefix("<bdi>").removesuffix("</bdi>")
    assert "<" not in shown
    assert html.unescape(shown) == text


@given(st.text())
def test_text_for_plotly_holds_no_tag_no_formula_and_turns_nothing_around(text):
    shown = for_plotly(text)
    assert not set("<>$\n\u202e\u2067") & set(shown)


def test_text_for_plotly_is_wrapped():
    assert for_plotly("uno dos tres", width=8) == "uno dos<br>tres"


def test_what_the_font_cannot_draw_becomes_a_box():
    assert for_matplotlib("año 🛒\u202e$x$") == "año □$x$"


def test_joined_emoji_stays_joined_in_plotly():
    assert for_plotly("👩\u200d👧\tx") == "👩\u200d👧 x"


def test_inert_text_keeps_letters_and_spells_out_marks():
    assert inert("Año 2") == "Año 2"
    assert inert("*a*<b>") == "&#42;a&#42;&#60;b&#62;"


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_inert_text_reads_as_it_was_given(text):
    assert html.unescape(inert(text)) == text
