import re

import pandas as pd
import pytest

from analytics_lib.charts.reading_list import reading_list

ROW = {
    "conversation_id": "c1",
    "reason": "longest_wait",
    "value": 742.0,
    "position": 4,
    "reasons": "longest_wait, most_repeats",
    "started_local": pd.Timestamp("2026-08-08 07:50"),
    "channel": "whatsapp",
    "outcome": "escalated",
    "messages": 17,
}


def listed(*rows):
    return pd.DataFrame([{**ROW, **row} for row in rows], columns=list(ROW))


def cells(html):
    rows = re.findall(r"<tr.*?</tr>", html.html.replace("<br>", " | "))[1:]
    found = [re.findall(r"<td>(.*?)</td>", row) for row in rows]
    return [[re.sub(r"<[^>]+>", "", cell).replace("\u00a0", " ") for cell in row] for row in found]


def test_first_conversation_is_the_one_shown_below_and_says_why_to_read_it():
    found = cells(
        reading_list(listed({}, {"conversation_id": "c2", "outcome": None, "reasons": "longest_wait"}))
    )
    assert found == [
        [
            "1",
            "c1 | ▼ se muestra abajo | WhatsApp · 8 ago 2026 · 17 mensajes · Escalada",
            "Espera más larga: 12 min 22 s (mensaje 4) | también: Más repeticiones",
        ],
        [
            "2",
            "c2 | WhatsApp · 8 ago 2026 · 17 mensajes · Sin resultado conocido",
            "Espera más larga: 12 min 22 s (mensaje 4)",
        ],
    ]


def test_conversation_somebody_chose_is_marked_instead():
    found = cells(reading_list(listed({}, {"conversation_id": "c2"}), shown="c2"))
    assert ["se muestra abajo" in row[1] for row in found] == [False, True]
    elsewhere = cells(reading_list(listed({}), shown="c9"))
    assert not any("se muestra abajo" in row[1] for row in elsewhere)


@pytest.mark.parametrize(
    ("reason", "value", "said"),
    [
        ("most_repeats", 3, "Más repeticiones: 3 repeticiones"),
        ("lost_at_checkout", 129_900, "Compra perdida al pagar: 129.900"),
        ("lowest_sentiment", -0.62, "Ánimo más bajo: negativo \N{MINUS SIGN}0,6"),
        ("escalated_without_need", 1, "Escalada sin necesidad: 1 turno"),
        ("lost_at_checkout", float("nan"), "Compra perdida al pagar"),
    ],
)
def test_each_reason_tells_its_size_in_its_unit(reason, value, said):
    frame = listed({"reason": reason, "reasons": reason, "value": value, "position": None})
    assert cells(reading_list(frame))[0][2] == said


def test_cart_is_told_in_its_currency_where_that_is_known():
    frame = listed({"reason": "lost_at_checkout", "reasons": "lost_at_checkout", "value": 129_900})
    assert "129.900 COP (mensaje 4)" in cells(reading_list(frame, currency="COP"))[0][2]


def test_conversation_that_is_still_open_is_not_called_one_of_unknown_result():
    frame = listed({"outcome": None}, {"outcome": None}).assign(closed=[False, True])
    first, second = (row[1] for row in cells(reading_list(frame)))
    assert first.endswith("· Sigue abierta")
    assert second.endswith("· Sin resultado conocido")


def test_message_to_look_at_is_a_link_only_where_the_page_shows_it():
    html = reading_list(listed({}, {"conversation_id": "c2"})).html
    assert html.count('<a href="#message-4">mensaje\u00a04</a>') == 1
    assert html.count("mensaje\u00a04") == 2
    assert "mensaje\u00a0" not in reading_list(listed({"position": pd.NA})).html


def test_empty_list_is_said():
    assert "Ninguna conversación de la ventana" in reading_list(listed()).html


def test_hostile_texts_are_inert(hostile):
    names = ("conversation_id", "reason", "channel", "outcome")
    html = reading_list(listed({**dict.fromkeys(names, hostile), "reasons": f"{hostile}, x{hostile}"})).html
    assert set(re.findall(r"<(\w+)", html)) <= {
        *("table", "thead", "tbody", "tr", "th", "td", "span", "strong", "br", "bdi", "a")
    }
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 5


def test_english_list_speaks_english():
    assert (
        cells(reading_list(listed({}), language="en"))[0][2]
        == "Longest wait: 12 min 22 s (message 4) | also: Most repeats"
    )
