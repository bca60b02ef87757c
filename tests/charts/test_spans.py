import pandas as pd
import pytest

from analytics_lib.charts.spans import durations, response_times
from analytics_lib.charts.style import SENDERS

_NAN = float("nan")
MARKS = ["p10_seconds", "p25_seconds", "median_seconds", "p75_seconds", "p90_seconds"]


def spent(*rows):
    return pd.DataFrame(rows, columns=["outcome", "conversations", "negative", "measured", *MARKS])


def waits(bot, agent, unanswered):
    rows = [("bot", *bot), ("agent", *agent), ("unanswered", unanswered, *[_NAN] * 5)]
    return pd.DataFrame(rows, columns=["replier", "stretches", *MARKS])


ALL = ("all", 102, 2, 100, 10, 60, 300, 600, 3600)
EVERY = waits((90, 1, 2, 3, 4, 5), (10, 30, 40, 60, 90, 200), 5)
NOBODY = waits((0, *[_NAN] * 5), (0, *[_NAN] * 5), 0)


def names(picture):
    return [text.get_text().replace("\u00a0", " ") for text in picture.axes[0].get_yticklabels()]


def heads(picture):
    return [text.get_text().replace("\u00a0", " ") for text in picture.texts]


def lines(picture):
    return [line.get_xdata().tolist() for line in picture.axes[0].lines]


def test_line_bar_and_dot_are_the_percentiles():
    assert lines(durations(spent(ALL))) == [[10, 3600], [60, 600], [300]]


def test_each_row_has_its_n_and_few_data_are_flagged():
    picture = durations(spent(ALL, ("purchase", 12, 0, 12, 1, 2, 3, 4, 5)))
    assert names(picture) == ["Todas\nn = 100", "Compra\nn = 12 (pocos datos)"]


def test_negative_durations_are_told_in_the_title():
    title, subtitle = heads(durations(spent(ALL)))
    assert title == "Cuánto duran las conversaciones"
    assert subtitle == "n = 100 conversaciones cerradas · 2 con duración negativa, excluidas"


def test_times_below_the_first_tick_are_drawn_on_it():
    picture = durations(spent(("all", 30, 0, 30, 0, 0, 0, 60, 300)))
    assert lines(picture) == [[1, 300], [1, 60], [1]]
    assert picture.axes[0].get_xticklabels()[0].get_text().replace("\u00a0", " ") == "≤ 1 s"
    assert "0 s" in [text.get_text().replace("\u00a0", " ") for text in picture.axes[0].texts]


def test_ticks_stand_apart_and_speak_in_units():
    texts = [
        text.get_text().replace("\u00a0", " ") for text in durations(spent(ALL)).axes[0].get_xticklabels()
    ]
    assert texts == ["5 s", "20 s", "1 min", "5 min", "20 min", "1 h"]


def test_axis_says_what_is_measured():
    assert durations(spent(ALL)).axes[0].get_xlabel() == "Duración (escala logarítmica)"
    english = response_times(EVERY, EVERY, language="en").axes[0]
    assert english.get_xlabel() == "Wait for the reply (log scale)"


def test_bot_and_agent_keep_their_colours():
    picture = response_times(EVERY, NOBODY)
    colours = [line.get_color() for line in picture.axes[0].lines if line.get_linewidth() == 11]
    assert colours == [SENDERS["bot"], SENDERS["agent"]]


def test_unanswered_waits_are_counted_and_not_drawn():
    picture = response_times(EVERY, NOBODY)
    assert heads(picture)[1] == "n = 105 esperas · sin respuesta: 5 (4,8 %)"
    assert names(picture)[0] == "Bot, cada respuesta\nn = 90"


def test_row_without_data_says_so():
    texts = [text.get_text() for text in response_times(EVERY, NOBODY).axes[0].texts]
    assert texts.count("Sin datos en esta ventana") == 2


@pytest.mark.parametrize("picture", [durations(spent()), response_times(NOBODY, NOBODY)])
def test_window_without_data_has_axes_and_says_so(picture):
    assert "Sin datos en esta ventana" in [text.get_text() for text in picture.axes[0].texts]
    assert picture.axes[0].get_xlabel()
    assert picture._repr_png_()


def test_hostile_outcome_is_drawn_as_text(hostile):
    picture = durations(spent(("unknown:" + hostile + "🛒", 30, 0, 30, 1, 2, 3, 4, 5)))
    assert picture._repr_png_()
    assert "<script>" in names(picture)[0].replace("\n", "")
