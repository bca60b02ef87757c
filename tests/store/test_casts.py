"""Every value is cast without loss or marked; nothing is guessed."""

import datetime as dt
import decimal

import pyarrow as pa
import pytest

from analytics_lib.store.casts import cast

FAILS = object()
NOON = dt.datetime(2024, 5, 12, 12, tzinfo=dt.UTC)
WALL = dt.datetime(2024, 5, 12, 7)  # noqa: DTZ001 - a wall clock has no zone
STRUCT = pa.struct([("a", pa.int64())])


def outcome(to, values, kind=None):
    """Each value as cast, FAILS where it was marked; and the flags counted."""
    column = pa.array(values, kind)
    done = cast(to, column, naive_zone="America/Bogota")
    assert len(done.values) == len(done.failed) == len(values)
    pairs = zip(done.values.to_pylist(), done.failed, strict=True)
    return [FAILS if failed else value for value, failed in pairs], dict(+done.flags)


@pytest.mark.parametrize(
    ("to", "kind", "given", "expected"),
    [
        ("int", pa.string(), "9", 9),
        ("int", pa.string(), " +9 ", 9),
        ("int", pa.string(), "-9", -9),
        ("int", pa.string(), "9.0", 9),
        ("int", pa.string(), "9.5", FAILS),
        ("int", pa.string(), "1e3", FAILS),
        ("int", pa.string(), "many", FAILS),
        ("int", pa.string(), "", None),
        ("int", pa.string(), ".", FAILS),
        ("int", pa.string(), "999999999999999999", 999_999_999_999_999_999),
        ("int", pa.string(), "9999999999999999999", FAILS),
        ("int", pa.float64(), 7.0, 7),
        ("int", pa.float64(), 1.5, FAILS),
        ("int", pa.float64(), 1e300, FAILS),
        ("int", pa.float64(), 2.0**63, FAILS),
        ("int", pa.int8(), 7, 7),
        ("int", pa.uint64(), 2**63 - 1, 2**63 - 1),
        ("int", pa.uint64(), 2**63, FAILS),
        ("int", pa.bool_(), True, FAILS),
        ("float", pa.string(), "1.5", 1.5),
        ("float", pa.string(), "+.5", 0.5),
        ("float", pa.string(), "-1e-3", -0.001),
        ("float", pa.string(), "1,5", FAILS),
        ("float", pa.string(), "nan", None),
        ("float", pa.string(), "nano", FAILS),
        ("float", pa.string(), " ", None),
        ("float", pa.int64(), 3, 3.0),
        ("float", pa.decimal128(5, 2), decimal.Decimal("1.25"), 1.25),
        ("float", pa.bool_(), True, FAILS),
        ("bool", pa.bool_(), False, False),
        ("bool", pa.string(), "TRUE", True),
        ("bool", pa.string(), "0", False),
        ("bool", pa.string(), "yes", FAILS),
        ("bool", pa.string(), "", None),
        ("bool", pa.int64(), 1, True),
        ("bool", pa.int64(), 2, FAILS),
        ("bool", pa.float64(), 1.0, True),
        ("bool", pa.float64(), 0.5, FAILS),
        ("text", pa.string(), "ñ", "ñ"),
        ("text", pa.large_string(), "ñ", "ñ"),
        ("text", pa.int64(), 573001234567, "573001234567"),
        ("id", pa.float64(), 573001234567.0, FAILS),
        ("text", pa.bool_(), True, FAILS),
        ("text", pa.binary(), b"a", FAILS),
        ("text", pa.list_(pa.string()), ["a"], FAILS),
        ("json", pa.string(), '{"b": 1, "a": [true, null]}', '{"a":[true,null],"b":1}'),
        ("json", pa.string(), "hola", FAILS),
        ("json", pa.string(), "NaN", FAILS),
        ("json", pa.int64(), 5, "5"),
        ("at", pa.string(), "2024-05-12T12:00:00Z", NOON),
        ("at", pa.string(), "2024-05-12 07:00", NOON),
        ("at", pa.int64(), 1_715_515_200, NOON),
        ("at", pa.timestamp("ns", "America/Bogota"), NOON, NOON),
        ("at", pa.date32(), dt.date(2024, 5, 12), NOON - dt.timedelta(hours=7)),
        ("at", pa.string(), "2024-02-30", FAILS),
        ("at", pa.bool_(), True, FAILS),
        ("at", pa.binary(), b"2024", FAILS),
        ("at", STRUCT, {"a": 1}, FAILS),
        ("local", pa.timestamp("ns"), WALL, WALL),
        ("local", pa.timestamp("us", "America/Bogota"), NOON, WALL),
        ("local", pa.string(), "2024-05-12 07:00", WALL),
        ("local", pa.string(), "ayer", FAILS),
        ("local", pa.bool_(), True, FAILS),
    ],
)
def test_value_is_cast_without_loss_or_marked(to, kind, given, expected):
    assert outcome(to, [given, None], kind)[0] == [expected, None]


@pytest.mark.parametrize("to", ["id", "text", "json", "int", "float", "bool", "at", "local"])
def test_column_of_nothing_stays_nothing(to):
    assert outcome(to, [None, None], pa.null()) == ([None, None], {})


@pytest.mark.parametrize("to", ["int", "float"])
def test_nan_and_infinity_become_null_and_are_counted(to):
    given = [1.0, float("nan"), float("inf"), float("-inf")]
    assert outcome(to, given) == ([1, None, None, None], {"NUM_RANGE": 3})


def test_number_too_large_for_a_float_becomes_null_and_is_counted():
    assert outcome("float", ["1e400", "1"]) == ([None, 1.0], {"NUM_RANGE": 1})


def test_nul_in_a_text_is_replaced_and_counted():
    assert outcome("text", ["a\0b", "c"]) == (["a\ufffdb", "c"], {"NUL_TEXT": 1})


def test_times_without_a_zone_are_counted():
    assert outcome("at", ["2024-05-12 07:00", "2024-05-12T12:00Z"]) == ([NOON, NOON], {"NAIVE_TIME": 1})


def test_categories_are_cast_as_what_they_stand_for():
    column = pa.array(["7", "x", "7", None]).dictionary_encode()
    done = cast("int", column, naive_zone="UTC")
    assert (done.values.to_pylist(), done.failed.tolist()) == (
        [7, None, 7, None],
        [False, True, False, False],
    )
