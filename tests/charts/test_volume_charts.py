import pandas as pd
import pytest

from analytics_lib.charts.volume import volume, volume_by_hour

DAYS = pd.DataFrame(
    {
        "period": pd.to_datetime(["2026-03-02", "2026-03-03", "2026-03-04"]),
        "conversations": [1200, 0, 7],
        "users": [900, 0, 5],
        "messages": [9000, 0, 30],
        "complete": [True, True, False],
    }
)
WEEK = pd.DataFrame(
    [(weekday, hour, weekday * hour, 2, weekday * hour / 2) for weekday in range(1, 8) for hour in range(24)],
    columns=["weekday", "hour", "conversations", "days", "conversations_per_day"],
)


def heat(picture):
    """The values of the cells, row by row."""
    return picture.axes[0].collections[0].get_array().reshape(24, 7)


def test_bars_are_the_conversations_and_the_running_day_is_apart():
    complete, running = volume(DAYS).data
    assert list(complete.y) == [1200, 0]
    assert list(running.y) == [7]
    assert complete.marker.color != running.marker.color
    # 0.86 of a day each: a bar alone would be invisible.
    assert set(complete.width) | set(running.width) == {0.86 * 86_400_000}


def test_title_and_axes_say_what_is_drawn():
    figure = volume(DAYS)
    assert "Conversaciones iniciadas por día" in figure.layout.title.text
    assert "n = 1.207" in figure.layout.title.text
    assert figure.layout.xaxis.title.text == "Día"
    assert figure.layout.yaxis.title.text == "Conversaciones iniciadas"
    assert "Conversations started by day" in volume(DAYS, language="en").layout.title.text


def test_legend_is_there_only_where_a_day_is_incomplete():
    assert volume(DAYS).layout.showlegend
    assert not volume(DAYS[:2]).layout.showlegend


@pytest.mark.parametrize(("period", "days"), [("hour", 1 / 24), ("week", 7), ("month", 31)])
def test_bar_is_as_wide_as_its_period(period, days):
    first = volume(DAYS[:1], period=period).data[0]
    assert list(first.width) == pytest.approx([0.86 * 86_400_000 * days])


def test_window_without_data_says_so_on_its_axes():
    figure = volume(DAYS[:0])
    assert figure.layout.annotations[0].text == "Sin datos en esta ventana"
    assert figure.layout.xaxis.title.text == "Día"


def test_cells_are_the_means_by_hour_and_weekday():
    drawn = heat(volume_by_hour(WEEK))
    # Friday at 10: 5 * 10 / 2.
    assert drawn[10, 4] == 25
    assert drawn[0].tolist() == [0] * 7


def test_calendar_names_its_axes_and_its_busiest_hour():
    picture = volume_by_hour(WEEK)
    axes = picture.axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Día de la semana", "Hora del día")
    assert [text.get_text() for text in axes.get_xticklabels()] == [
        "lun",
        "mar",
        "mié",
        "jue",
        "vie",
        "sáb",
        "dom",
    ]
    title, subtitle = [text.get_text().replace("\u00a0", " ") for text in picture.texts]
    assert title == "Conversaciones iniciadas por día de la semana y hora"
    assert subtitle == "n = 7.728 conversaciones · hora pico: dom 23:00, 80,5 por hora (n = 2)"
    assert [patch.get_xy() for patch in axes.patches] == [(6, 23), (6, 23)]
    assert picture.axes[1].get_ylabel() == "Conversaciones por hora (promedio)"


def test_hour_that_the_window_does_not_hold_stays_blank():
    drawn = heat(volume_by_hour(WEEK[WEEK["weekday"] != 3]))
    assert drawn.mask[:, 2].all()
    assert not drawn.mask[:, 3].any()


def test_week_without_data_says_so_on_its_axes():
    picture = volume_by_hour(WEEK[:0])
    assert "Sin datos en esta ventana" in [text.get_text() for text in picture.axes[0].texts]
    assert picture.axes[0].get_ylabel() == "Hora del día"


def test_picture_shows_itself_without_pyplot():
    drawn = volume_by_hour(WEEK)._repr_png_()
    assert drawn.startswith(b"\x89PNG")
