"""One person, one pseudonym; a damaged number is refused; the key belongs to its owner alone."""

import hashlib
import hmac
import re
import stat
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_lib.errors import AnalyticsError
from analytics_lib.text.identity import (
    KEY_FILE,
    LossyPhoneError,
    load_key,
    normalise_identity,
    pseudonym,
    pseudonym_column,
)

KEY = b"0123456789abcdef0123456789abcdef"
SPELLINGS = [
    "3001234567",
    "573001234567",
    "+573001234567",
    "+57 300 123 4567",
    "+57 (300) 123-4567",
    "00573001234567",
    "0057 300 123 4567",
    "whatsapp:573001234567@c.us",
    "573001234567@s.whatsapp.net",
    "wa:+573001234567",
    "tel:+57-300-123-4567",
    "573001234567.0",
    " \u202a+57 300 1234567\u202c ",
]


@pytest.mark.parametrize("value", SPELLINGS)
def test_every_spelling_of_a_mobile_is_one_identity(value):
    assert normalise_identity(value) == "+573001234567"


@pytest.mark.parametrize("value", ["+34 612 34 56 78", "0034612345678", "34612345678", "wa:34612345678"])
def test_foreign_number_keeps_its_country(value):
    assert normalise_identity(value) == "+34612345678"


@pytest.mark.parametrize(
    "value",
    ["c0ffee-1234", "12345", "1234567890", "5e10", "123e4567-e89b-12d3", "user@shop.co", "120363@g.us"],
)
def test_other_ids_are_only_stripped(value):
    assert normalise_identity(f"  {value}\n") == value


@pytest.mark.parametrize(
    "value", ["5.73E+11", "5.73001234567e+11", "5,73E+11", "5E+11", "wa:5.73E+11", "57.3E10"]
)
def test_scientific_notation_is_refused(value):
    with pytest.raises(LossyPhoneError, match="as text") as refusal:
        normalise_identity(value)
    assert isinstance(refusal.value, ValueError)
    assert value not in str(refusal.value)


@given(st.integers(0, 999_999_999))
def test_spelling_does_not_change_the_pseudonym(rest):
    number = f"3{rest:09d}"
    spellings = {number, "57" + number, "+57" + number, f"whatsapp:57{number}@c.us"}
    assert len({pseudonym(spelling, KEY) for spelling in spellings}) == 1


def test_pseudonym_is_the_keyed_hash_of_the_e164_form():
    expected = hmac.new(KEY, b"+573001234567", hashlib.sha256).hexdigest()[:32]
    assert pseudonym("300 123 4567", KEY) == expected


def test_other_key_gives_other_pseudonym():
    assert pseudonym("3001234567", KEY) != pseudonym("3001234567", KEY[::-1])


@pytest.mark.parametrize("chunked", [False, True])
def test_column_keeps_nulls_and_marks_lossy_values(chunked):
    values = pa.array(["3001234567", None, "5.73E+11", "+573001234567", "abc"])
    pseudonyms, lossy = pseudonym_column(pa.chunked_array([values]) if chunked else values, KEY)
    mobile = pseudonym("3001234567", KEY)
    assert pseudonyms.to_pylist() == [mobile, None, None, mobile, pseudonym("abc", KEY)]
    assert lossy.to_pylist() == [False, False, True, False, False]


def test_empty_column_stays_empty():
    pseudonyms, lossy = pseudonym_column(pa.array([], pa.string()), KEY)
    assert (len(pseudonyms), len(lossy)) == (0, 0)


def test_key_is_made_once_and_for_its_owner_alone(tmp_path):
    key, key_id = load_key(tmp_path / "keys")
    assert load_key(tmp_path / "keys") == (key, key_id)
    assert len(key) == 32
    assert re.fullmatch("[0-9a-f]{8}", key_id)
    assert key_id == hashlib.sha256(key).hexdigest()[:8]
    assert stat.S_IMODE((tmp_path / "keys" / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "keys").iterdir()] == [KEY_FILE]


def test_two_who_make_the_key_at_once_agree(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(load_key, [tmp_path / "keys"] * 8))
    assert len(set(keys)) == 1


def test_key_that_others_can_read_is_refused(tmp_path):
    load_key(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o640)
    with pytest.raises(AnalyticsError, match="mode 640; expected 600"):
        load_key(tmp_path)


def test_short_key_is_refused(tmp_path):
    load_key(tmp_path)
    (tmp_path / KEY_FILE).write_bytes(b"short")
    with pytest.raises(AnalyticsError, match="holds 5 bytes"):
        load_key(tmp_path)
