import pandas as pd
import pytest

from analytics_lib.charts.outcomes import outcomes
from analytics_lib.charts.style import OUTCOMES

_NAN = float("nan")
COLUMNS = ["outcome", "conversations", "share", "low", "high"]
FRAME = pd.DataFrame(
    [
        ("resolved", 80, 0.8, 0.7, 0.87),
        ("purchase", 20, 0.2, 0.13, 0.3),
        ("open", 3, _NAN, _NAN, _NAN),
        ("unknown", 1, _NAN, _NAN, _NAN),
    ],
    columns=COLUMNS,
)


def test_bars_are_the_shares_with_their_intervals():
    bar = outcomes(FRAME).data[0]
    assert list(bar.x) == [0.8, 0.2]
    assert list(bar.y) == ["Resuelta", "Compra"]
    assert list(bar.error_x.array) == pytest.approx([0.07, 0.1])
    assert list(bar.error_x.arrayminus) == pytest.approx([0.1, 0.07])


def test_an_outcome_has_its_own_colour():
    assert list(outcomes(FRAME).data[0].marker.color) == [OUTCOMES["resolved"], OUTCOMES["purchase"]]
    assert len(set(OUTCOMES.values())) == len(OUTCOMES)


def test_title_counts_the_closed_and_tells_the_others_apart():
    text = outcomes(FRAME).layout.title.text.replace("<br>", " ").replace("\u00a0", " ")
    text = text.replace('</span> <span style="font-size:13px">', " ")
    assert "n = 100 conversaciones cerradas con resultado" in text
    assert "3 abiertas y 1 sin resultado" in text


def test_few_conversations_are_flagged():
    few = FRAME.assign(conversations=[20, 9, 0, 0])
    assert "(pocos datos)" in outcomes(few).layout.title.text.replace("<br>", " ")
    assert "pocos" not in outcomes(FRAME).layout.title.text


def test_axes_speak_words_and_no_tick_lies_beyond_all():
    figure = outcomes(FRAME)
    assert figure.layout.xaxis.title.text == "Parte de las cerradas (%)"
    assert figure.layout.yaxis.title.text == "Resultado"
    assert max(figure.layout.xaxis.tickvals) == 1


def test_window_without_data_says_so():
    figure = outcomes(FRAME[2:])
    assert figure.layout.annotations[0].text == "Sin datos en esta ventana"


def test_hostile_outcome_is_inert(hostile):
    figure = outcomes(pd.DataFrame([("unknown:" + hostile, 50, 1.0, 0.9, 1.0)], columns=COLUMNS))
    shown = figure.data[0].y[0] + figure.data[0].hovertext[0].replace("<b>", "").replace("</b>", "")
    assert "<" not in shown.replace("<br>", "")
    assert "$" not in shown
