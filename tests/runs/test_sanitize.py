import json
import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_lib.runs.sanitize import clean_html, figure_to_json, markdown_to_html


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ("<script>alert(1)</script>a", "a"),
        ("<img src=x onerror=alert(1)>a", "a"),
        ("<b onclick=alert(1)>a</b>", "<b>a</b>"),
        ('<a href="javascript:alert(1)">a</a>', "<a>a</a>"),
        ('<a href="https://bird.com">a</a>', '<a href="https://bird.com">a</a>'),
        ('<b data-commandlinker-command="x">a</b>', "<b>a</b>"),
        ("<svg><script>alert(1)</script></svg>a", "a"),
        ("<iframe src=//x></iframe>a", "a"),
        ('<p style="position: fixed; color: red">a</p>', '<p style="color: red;">a</p>'),
        ("<style>p{}", ""),
        ("1 < 2", "1 &lt; 2"),
        ('<p id="message-12">a</p>', '<p id="message-12">a</p>'),
        ('<a href="#message-12">a</a>', '<a href="#message-12">a</a>'),
        ('<p id="cell-1">a</p>', "<p>a</p>"),
        ('<p id="message-">a</p>', "<p>a</p>"),
        ('<p id="message-1x">a</p>', "<p>a</p>"),
        ('<p id="message-1\n">a</p>', "<p>a</p>"),
        ('<p id="message-\u0661">a</p>', "<p>a</p>"),
        ('<p id=" message-1">a</p>', "<p>a</p>"),
        ('<b name="message-1" onclick="x">a</b>', "<b>a</b>"),
        ('<p href="https://bird.com">a</p>', "<p>a</p>"),
        ('<time datetime="2026-03-01" abbr="x">a</time>', '<time datetime="2026-03-01">a</time>'),
    ],
)
def test_only_what_is_listed_stays(html, clean):
    assert clean_html(html) == clean


def test_table_of_pandas_survives_without_its_style_sheet():
    html = clean_html(pd.DataFrame({"a": ["<script>"]})._repr_html_())
    assert "<td>&lt;script&gt;</td>" in html
    assert "vertical-align" not in html


@given(st.text(alphabet="<>/'\"= abimgsvonerrjcpt:&;!-", max_size=80))
def test_no_text_makes_an_active_element(text):
    html = clean_html(text).lower()
    assert not any(
        start in html for start in ("<script", "<img", "<svg", "<math", "<style", "<iframe", "<!--")
    )


def test_markdown_is_cleaned_too():
    html = markdown_to_html("**a** <script>alert(1)</script> [b](javascript:alert(1))\n\n|x|\n|-|\n|1|")
    assert "<strong>a</strong>" in html
    assert "script" not in html
    assert "<td>1</td>" in html


def test_figure_cannot_end_its_script_element_nor_hold_a_link():
    text = figure_to_json({"data": [{"name": "</script><A href='x'>a"}], "layout": {}, "config": {"x": 1}})
    assert "<" not in text
    assert json.loads(text) == {"data": [{"name": "</script>&lt;A href='x'>a"}], "layout": {}}


@given(st.text(alphabet="message-0123456789 xyé\u0661\n", max_size=12))
def test_no_other_id_stays(text):
    kept = re.findall(r'id="([^"]*)"', clean_html(f'<p id="{text}">a</p><p id="message-{text}">b</p>'))
    assert all(re.fullmatch("message-[0-9]+", name) for name in kept)


def test_marks_of_a_message_keep_their_look_and_their_place():
    said = (
        '<div id="message-3" style="border: 1px solid; color: red"><a href="#message-1">mensaje 1</a></div>'
    )
    assert clean_html(said) == said.replace("red", "red;")
