from charted_journeys import matrix

from analytics_lib.charts.steps import step_cells, steps

THREE = {"a": [10, 0, 0], "b": [0, 6, 1], "ended": [0, 4, 9]}


def words(drawn):
    return [text.get_text() for text in drawn.axes[0].texts if text.get_text()]


def ticks(axis):
    return [tick.get_text() for tick in axis.get_ticklabels()]


def test_cells_are_the_shares_of_all_journeys_in_percent():
    assert words(steps(matrix(**THREE))) == ["100", "60", "10", "40", "90"]


def test_ended_is_the_last_row_and_each_column_says_how_many_reach_it():
    axes = steps(matrix(**THREE)).axes[0]

    assert ticks(axes.yaxis) == ["a", "b", "ya terminó"]
    assert ticks(axes.xaxis) == ["1", "2", "3"]
    assert ticks(axes.child_axes[0].xaxis) == ["10", "6", "1"]


def test_steps_that_nobody_reaches_are_not_drawn():
    assert list(step_cells(matrix(a=[5, 0], ended=[0, 5])).columns) == [1]


def test_share_below_half_a_percent_is_a_point_and_not_a_zero():
    drawn = steps(matrix(a=[999, 0], b=[0, 1], c=[1, 500], ended=[0, 499]))

    assert words(drawn) == ["100", "·", "·", "50", "50"]


def test_events_beyond_fourteen_are_one_row():
    events = {f"e{place:02d}": [100 - place] for place in range(20)}
    cells = step_cells(matrix(**events, ended=[0]))

    assert list(cells.index)[-2:] == ["other", "ended"]
    assert cells.loc["other", 1] == sum(100 - place for place in range(14, 20))
    assert cells[1].sum() == sum(100 - place for place in range(20))


def test_window_without_journeys_says_so():
    assert words(steps(matrix(ended=[0]))) == ["Sin datos en esta ventana"]


def test_picture_says_its_n_and_its_axes_in_both_languages():
    es, en = (steps(matrix(**THREE), unit="user", language=language) for language in ("es", "en"))

    assert "n = 10\u00a0usuarios" in es.texts[1].get_text()
    assert es.axes[0].get_xlabel() == "Paso del recorrido"
    assert en.axes[0].get_ylabel() == "Event"


def test_hostile_name_is_drawn_as_the_text_it_is(hostile):
    drawn = steps(matrix(**{hostile: [3], "$\\href{x}{y}$": [2], "ended": [0]}))
    name, *_ = drawn.axes[0].get_yticklabels()

    assert name.get_text().startswith("<script>alert(1)")
    assert drawn._repr_png_().startswith(b"\x89PNG")
