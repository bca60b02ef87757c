import re

import pandas as pd

from analytics_lib.charts.pages import narrate, table

FRAME = pd.DataFrame(
    {
        "outcome": ["resolved", "unknown:<script>", None],
        "conversations": [1200, 3, 0],
        "share": [0.5, float("nan"), 0.0],
        "median_seconds": [200.0, float("nan"), 2.5],
        "complete": [True, False, True],
    }
)


def cells(html):
    return [re.sub(r"<[^>]+>", "", cell).replace("\u00a0", " ") for cell in re.findall(r"<td.*?</td>", html)]


def test_values_are_written_in_their_units_and_the_unknown_is_a_dash():
    found = cells(table(FRAME, title="table.outcomes", language="es").html)
    assert found[:5] == ["Resuelta", "1.200", "50,0 %", "3 min 20 s", "sí"]
    assert found[5:10] == ["unknown:&lt;script&gt;", "3", "\N{EN DASH}", "\N{EN DASH}", "no"]
    assert found[10:] == ["", "0", "0,0 %", "2,5 s", "sí"]


def test_columns_are_named_in_words():
    html = table(FRAME, title="table.outcomes", language="en").html
    heads = [re.sub(r"<[^>]+>", "", head) for head in re.findall(r"<th.*?</th>", html)]
    assert heads == ["Outcome", "Conversations", "Share", "Median", "Complete"]
    assert "<caption>Outcomes</caption>" in html


def test_long_table_is_folded_under_its_caption():
    long = pd.DataFrame({"period": pd.date_range("2026-03-01", periods=13), "conversations": range(13)})
    html = table(long, title="table.volume", language="es").html
    assert html.startswith("<details><summary>Volumen por día</summary>")
    assert cells(html)[:2] == ["1 mar 2026", "0"]


def test_empty_table_keeps_its_heads():
    html = table(FRAME[:0], title="table.outcomes", language="es").html
    assert "Resultado" in html
    assert cells(html) == []


def test_narration_is_a_heading_and_paragraphs():
    html = narrate("limits", "es").html
    assert html.startswith("<h2>Límites</h2><p>")
    assert html.count("<p>") == 4
    assert "<strong>Cómo leer.</strong>" in narrate("hours", "es").html
