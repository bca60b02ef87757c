"""The week's rhythm as a calendar."""

from topic_frames import NAN, hours_of

from analytics_lib.charts.week_hours import week_hours


def texts_of(drawn):
    return [text.get_text() for text in drawn.axes[0].texts]


def test_each_cell_writes_how_many_stand_behind_it():
    drawn = week_hours(
        hours_of((1, 9, 30.0, 60.0, False, False), metric="escalation_rate"), "escalation_rate"
    )
    assert texts_of(drawn) == ["60"]
    assert [text.get_text() for text in drawn.texts][1].startswith("en general 50,0\u00a0%, n = 60")


def test_peak_of_the_volume_is_framed():
    drawn = week_hours(
        hours_of((2, 9, 8.0, 4.0, False, False), (3, 9, 4.0, 4.0, False, False)), "conversations"
    )
    frame = drawn.axes[0].patches[-1]
    assert (frame.get_x(), frame.get_y()) == (1, 9)


def test_only_unusual_hours_of_a_rate_are_framed_and_few_ones_made_pale():
    cells = [(1, 9, 30.0, 60.0, False, True), (2, 9, 1.0, 2.0, True, False)]
    patches = week_hours(hours_of(*cells, metric="conversion_rate"), "conversion_rate").axes[0].patches
    assert {(patch.get_x(), patch.get_y()) for patch in patches if not patch.get_fill()} == {(0, 9)}
    assert (1, 9) in {(patch.get_x(), patch.get_y()) for patch in patches if patch.get_fill()}


def test_metric_that_was_not_measured_is_said_and_not_drawn():
    empty = hours_of((1, 1, NAN, NAN, True, False)).iloc[:0]
    assert "No se puede medir «Conversión por hora de la semana»" in week_hours(empty, "conversion_rate").html
