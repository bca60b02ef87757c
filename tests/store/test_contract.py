"""A frame is held against the contract row by row: kept whole, or refused with the first reason."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from store_rows import NOON, at, conversation, frame, message

from analytics_lib.errors import ContractError
from analytics_lib.schema import EVERY_TABLE
from analytics_lib.store.contract import arrow_schema, check
from analytics_lib.store.frames import to_arrow

MESSAGES = EVERY_TABLE["messages"]


def checked(*rows, table="messages"):
    return check(EVERY_TABLE[table], to_arrow(frame(*rows))[0], naive_zone="UTC", local_zone="America/Bogota")


def test_kept_rows_have_the_columns_of_the_contract_in_its_order():
    given = pd.DataFrame([message("m1")])[
        ["kind", "sender", "sent_at", "user_id", "conversation_id", "message_id"]
    ]
    kept = check(MESSAGES, to_arrow(given)[0], naive_zone="UTC", local_zone="UTC").rows
    assert kept.schema == arrow_schema(MESSAGES)


def test_kept_and_refused_rows_are_all_rows():
    done = checked(message("m1"), message("m2", confidence=2), message("m3"), message(""), message("m5"))
    assert done.kept.tolist() == [0, 2, 4]
    assert done.rows["message_id"].to_pylist() == ["m1", "m3", "m5"]
    assert {position: reason[:2] for position, reason in done.refused.items()} == {
        1: ("OUT_OF_RANGE", "confidence"),
        3: ("MISSING_FIELD", "message_id"),
    }


@pytest.mark.parametrize("absent", [None, float("nan"), "", pd.NA])
def test_required_value_that_is_absent_refuses_its_row(absent):
    assert checked(message("m1", sender=absent), message("m2")).refused == {
        0: ("MISSING_FIELD", "sender", "sender is required")
    }


def test_time_that_cannot_be_read_is_the_reason_and_not_its_absent_twin():
    assert checked(message("m1", sent_at="ayer"), message("m2")).refused == {
        0: ("BAD_TIME", "sent_at", "'ayer' is not a value of type at")
    }


def test_refusal_says_what_was_given_and_what_is_allowed():
    done = checked(conversation("c1", csat=6), conversation("c2", csat="seis"), table="conversations")
    assert done.refused[0] == ("OUT_OF_RANGE", "csat", "6 is outside 1 to 5")
    assert done.refused[1] == ("BAD_TYPE", "csat", "'seis' is not a value of type int")


def test_value_beyond_an_open_end_is_fine_and_below_its_start_is_not():
    row = {"action_id": "a", "conversation_id": "c", "started_at": NOON, "name": "stock"}
    done = checked({**row, "duration_ms": 1e9}, {**row, "duration_ms": -1}, table="actions")
    assert done.kept.tolist() == [0]
    assert done.refused[1][2] == "-1.0 is outside 0 to any"


def test_personal_data_in_a_refused_value_is_masked():
    (reason,) = checked(message("m1", confidence="llame al +57 300 123 4567")).refused.values()
    assert reason[2] == "'llame al [phone]' is not a value of type float"


def test_flags_of_kept_rows_are_counted():
    done = checked(message("m1", text="a\0b", confidence=np.nan), message("m2", confidence=np.inf))
    assert dict(done.flags) == {"NUL_TEXT": 1, "NUM_RANGE": 1}


def test_objects_and_lists_become_sorted_json():
    row = {"order_id": "o", "user_id": "u", "ordered_at": at(0), "amount": 1, "currency": "COP"}
    done = checked(
        {**row, "items": [{"b": 1, "a": 2}], "extra": {"d": "ñ", "c": np.array([1, 2])}}, table="orders"
    )
    assert done.rows.select(["items", "extra"]).to_pylist() == [
        {"items": '[{"a":2,"b":1}]', "extra": '{"c":[1,2],"d":"ñ"}'}
    ]


def test_half_an_emoji_is_replaced_and_counted():
    data, flags = to_arrow(frame(message("m1", text="hola \ud83d"), message("m2", text="\U0001f600")))
    assert data["text"].to_pylist() == ["hola \ufffd", "\U0001f600"]
    assert dict(flags) == {"SURROGATE": 1}


def test_index_of_a_frame_is_no_column():
    rows = frame(message("m1")).set_index(pd.Index([7], name="position"))
    assert "position" not in to_arrow(rows)[0].column_names


@pytest.mark.parametrize("given", [[message("m1")], {"message_id": ["m1"]}, None])
def test_what_is_no_frame_is_refused(given):
    with pytest.raises(ContractError, match="Expected a DataFrame; given was a"):
        to_arrow(given)


def test_column_that_stands_twice_or_has_no_name_is_refused():
    for columns in (["a", "a"], ["a", 0]):
        with pytest.raises(ContractError, match="different texts"):
            to_arrow(pd.DataFrame([[1, 2]], columns=columns))


def test_rows_in_several_chunks_are_one_column():
    part = to_arrow(frame(message("m1")))[0]
    done = check(MESSAGES, pa.concat_tables([part, part, part[:0]]), naive_zone="UTC", local_zone="UTC")
    assert done.rows.num_rows == 2
