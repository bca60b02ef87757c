"""Frames and plain rows hold the same."""

import datetime as dt

import pandas as pd
import pytest

from analytics_lib.analysis.rows import frame_of, records


@pytest.mark.parametrize("times", [1, 100])
def test_rows_are_those_that_pandas_gives(times):
    frame = pd.DataFrame(
        {
            "text": pd.array(["hola", None], dtype="str"),
            "place": pd.array([1, None], dtype="Int64"),
            "share": [0.5, None],
            "at": pd.to_datetime(["2026-03-02 10:00", None]),
            "day": [dt.date(2026, 3, 2), None],
            "told": [True, False],
        }
    )
    frame = pd.concat([frame] * times)
    ours, theirs = records(frame), frame.to_dict("records")
    assert [[*map(repr, row.items())] for row in ours] == [[*map(repr, row.items())] for row in theirs]


def test_columns_have_the_types_they_were_promised():
    frame = frame_of([("a", None, 1), ("b", 2, 3)], {"name": "str", "place": "Int64", "n": None})
    assert [str(kind) for kind in frame.dtypes] == ["str", "Int64", "int64"]
    assert frame["place"].tolist() == [pd.NA, 2]


@pytest.mark.parametrize(("kind", "found"), [("str", "str"), ("float64", "float64"), (None, "object")])
def test_column_without_rows_keeps_its_type_and_one_without_a_type_is_of_objects(kind, found):
    assert str(frame_of([], {"name": kind})["name"].dtype) == found
