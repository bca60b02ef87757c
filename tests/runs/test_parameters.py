import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_notebooks import code, write_notebook

from analytics_lib.errors import RequestError
from analytics_lib.runs.parameters import Parameter, declared, default_parameters, resolve
from analytics_lib.runs.values import MISSING, SCALARS, Refused, ValueType, convert

CELL = """import datetime as dt
from typing import Literal

since: "date" = "2026-01-01"  # first day of the window
until: dt.date = "2026-02-01"
# how long a step is,
# as a calendar period
period: Literal["week", "month"] = "month"
channel: str | None = None
limit: int = 20
share: float = 1
deep: bool = False
stages: list[str] = ["a", "b"]
sku: str
"""


@pytest.fixture
def parameters(tmp_path):
    return declared(write_notebook(tmp_path / "tiny.ipynb", code(CELL, "parameters")))


def cell(tmp_path, source):
    return declared(write_notebook(tmp_path / "tiny.ipynb", code(source, "parameters")))


def test_declarations_are_read_without_running_them(parameters):
    assert [str(parameter) for parameter in parameters] == [
        'since: date = "2026-01-01"  # first day of the window',
        'until: date = "2026-02-01"',
        "period: 'week' or 'month' = \"month\"  # how long a step is, as a calendar period",
        "channel: str or null = null",
        "limit: int = 20",
        "share: float = 1.0",
        "deep: bool = false",
        'stages: list[str] = ["a", "b"]',
        "sku: str",
    ]


def test_notebook_without_the_cell_declares_nothing(tmp_path):
    assert declared(write_notebook(tmp_path / "tiny.ipynb", "x = 1")) == ()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1", r"line 1: expected `name: type = value`, found `x = 1`"),
        ("__import__('os').system('true')", "expected `name: type = value`"),
        ("X: int = 1", "'X' is not a parameter name"),
        ("x: int = open('/etc/passwd')", "line 1: x: malformed"),
        ("x: complex = 1", "the type `complex` is not one of"),
        ("x: int = 'many'", "'many' is not a whole number"),
        ("x: int | str = 1", "is not a type with None"),
        ("%matplotlib inline", "invalid syntax"),
    ],
)
def test_cell_that_is_no_declaration_is_refused_by_line(tmp_path, source, message):
    with pytest.raises(RequestError, match=message):
        cell(tmp_path, source)


def test_missing_notebook_is_refused_with_the_nearest_name(tmp_path):
    write_notebook(tmp_path / "conversations.ipynb", "x = 1")
    with pytest.raises(RequestError, match="Did you mean 'conversations'"):
        declared(tmp_path / "conversation.ipynb")


def test_defaults_stand_where_nothing_is_given(parameters):
    assert resolve(parameters, {"sku": "00123"}) == {
        "since": "2026-01-01",
        "until": "2026-02-01",
        "period": "month",
        "channel": None,
        "limit": 20,
        "share": 1.0,
        "deep": False,
        "stages": ["a", "b"],
        "sku": "00123",
    }


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("sku", "00123", "00123"),
        ("sku", "nan", "nan"),
        ("sku", "true", "true"),
        ("since", "2026-01-31", "2026-01-31"),
        ("since", dt.date(2026, 1, 31), "2026-01-31"),
        ("limit", "7", 7),
        ("share", "0.25", 0.25),
        ("share", 2, 2.0),
        ("deep", "true", True),
        ("period", "week", "week"),
        ("channel", "", None),
        ("channel", None, None),
        ("channel", "web", "web"),
        ("stages", "a, b", ["a", "b"]),
        ("stages", '["a, b"]', ["a, b"]),
        ("stages", "", []),
    ],
)
def test_value_is_read_by_its_declared_type(parameters, name, text, value):
    found = resolve(parameters, {"sku": "x", name: text})[name]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("sku", 123, "put it in quotes"),
        ("sku", False, "put it in quotes"),
        ("sku", "\ud83d", "half a character"),
        ("sku", None, "null is not text"),
        ("since", "2026-02-30", "is not a day"),
        ("since", "20260131", "such as 2026-01-31"),
        ("since", dt.datetime(2026, 1, 31, tzinfo=dt.UTC), "such as 2026-01-31"),
        ("limit", "1_000", "a whole number"),
        ("limit", "1.5", "a whole number"),
        ("limit", True, "a whole number"),
        ("share", "nan", "a finite number"),
        ("share", float("nan"), "a finite number"),
        ("share", float("inf"), "a finite number"),
        ("share", "1e999", "a finite number"),
        ("deep", "yes", "true or false"),
        ("deep", 1, "true or false"),
        ("period", "day", "'week' or 'month'"),
        ("stages", [1], "put it in quotes"),
        ("stages", "[1", "not a JSON list"),
    ],
)
def test_value_that_does_not_fit_is_refused(parameters, name, value, message):
    with pytest.raises(RequestError, match=message):
        resolve(parameters, {"sku": "x", name: value})


def test_all_problems_are_told_at_once_with_what_is_declared(parameters):
    with pytest.raises(RequestError) as refused:
        resolve(parameters, {"chanel": "web", "limit": "many", "import os; y": "1"})
    message = str(refused.value)
    assert message.startswith("4 problems with the parameters:")
    assert "unknown parameter 'chanel'. Did you mean 'channel'?" in message
    assert "unknown parameter 'import os; y'." in message
    assert "limit: 'many' is not a whole number, such as 28." in message
    assert "sku: no value given" in message
    assert "  limit: int = 20" in message


def test_number_and_truth_value_are_different_choices():
    choices = ValueType("literal", choices=(1, 2))
    assert convert("1", choices) == 1
    with pytest.raises(Refused):
        convert(True, choices)  # noqa: FBT003  # the value under test


@given(st.sampled_from([*SCALARS]), st.text())
def test_text_becomes_its_type_or_is_refused(kind, text):
    try:
        value = convert(text, ValueType(kind))
    except Refused:
        return
    assert convert(value, ValueType(kind)) == value


def test_yaml_file_sets_values_as_written(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text("since: 2026-01-01\nsku: '00123'\n")
    assert default_parameters(path) == {"since": dt.date(2026, 1, 1), "sku": "00123"}


def test_no_file_and_an_empty_file_set_nothing(tmp_path):
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    assert default_parameters(tmp_path / "empty.yaml") == {}
    assert default_parameters(tmp_path / "none.yaml") == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2\n", "line 2: 'a' is given twice"),
        ("a: {b: 1, b: 2}\n", "'b' is given twice"),
        ("- 1\n", "one mapping"),
        ("1: 2\n", "one mapping"),
        ("a: 1\n---\nb: 2\n", "single document"),
        ("a: !!python/object/apply:os.system ['true']\n", "could not determine a constructor"),
        ("a: &x [1]\nb: *x\n", "references"),
        ("a: {[1]: 2}\n", "a key is one plain value"),
        ("[" * 100_000, "cannot be read"),
        ("a: " + "[" * 50 + "]" * 50, "more than 50 values lie within each other"),
        ("\ta: 1\n", "cannot be read"),
        ("a: " + "x" * 1_000_001, "larger than"),
    ],
)
def test_yaml_that_says_two_things_or_does_something_is_refused(tmp_path, text, message):
    path = tmp_path / "tiny.yaml"
    path.write_text(text)
    with pytest.raises(RequestError, match=message):
        default_parameters(path)


def test_yaml_no_is_not_the_text_no(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text("country: no\n")
    declared_text = (Parameter("country", ValueType("str"), MISSING),)
    with pytest.raises(RequestError, match="put it in quotes"):
        resolve(declared_text, default_parameters(path))
