"""What a page says of drift."""

import pandas as pd

from analytics_lib.charts.drifted import drifted

COLUMNS = ["feature", "kind", "psi", "noise", "status", "n", "bin", "share_then", "share_now"]


def frame(*rows):
    return pd.DataFrame(list(rows), columns=COLUMNS)


def said(*rows):
    return drifted(frame(*rows), language="en").html.replace("\u00a0", "")


def test_what_moved_is_listed_with_its_size_and_where():
    text = said(
        ("score leaves", "score", 0.4, 0.01, "act", 1234, ">= 0.9", 0.1, 0.35),
        ("channel", "category", 0.12, 0.01, "watch", 1234, "web", 0.2, 0.3),
        ("hour", "number", 0.01, 0.01, "steady", 1234, "< 8", 0.1, 0.1),
    )

    assert "Probability: leaves" in text
    assert "0.40" in text
    assert "act (from 0.25)" in text
    assert "35.0%" in text
    assert "Channel" in text
    assert "Hour" not in text


def test_nothing_that_moved_is_a_sentence_with_its_n():
    text = said(("hour", "number", 0.01, 0.02, "steady", 99, "< 8", 0.1, 0.1))

    assert text == "<p>Nothing has moved since training (1 features and probabilities; n = 99).</p>"


def test_without_rows_nothing_is_said_to_be_steady():
    assert "no recent rows" in said()


def test_parts_of_the_data_are_inert():
    assert "<script>" not in said(
        ("channel", "category", 0.3, 0.01, "act", 9, "<script>alert(1)</script>", 0.1, 0.2)
    )
