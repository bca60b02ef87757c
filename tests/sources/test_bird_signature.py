import base64
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_lib.sources.bird_signature import SignatureError, verify

# The vector published with the description of the signature.
KEY = "secureSigningKey"
URL = "https://domain.com/webhook/bird"
BODY = b'{"service":"channels"}'
HEADERS = {
    "MessageBird-Signature": "LHecnncIcr4K7yrloYAwqo67bgZxxTTLdgShZrs7t3w=",
    "MessageBird-Request-Timestamp": "1719823259",
}
SENT = dt.datetime.fromtimestamp(1719823259, dt.UTC)


def refusal(headers=None, url=URL, body=BODY, key=KEY, now=SENT):
    with pytest.raises(SignatureError) as raised:
        verify(HEADERS if headers is None else headers, url, body=body, key=key, now=now)
    return raised.value.code


def test_published_vector_verifies_whatever_the_case_of_the_headers():
    lower = {name.lower(): value for name, value in HEADERS.items()}
    assert verify(HEADERS, URL, body=BODY, key=KEY, now=SENT) is None
    assert verify(lower, URL, body=BODY, key=KEY.encode(), now=SENT) is None


@pytest.mark.parametrize("name", HEADERS)
def test_missing_or_empty_header_is_named(name):
    with pytest.raises(SignatureError, match=name):
        verify({**HEADERS, name: " "}, URL, body=BODY, key=KEY, now=SENT)
    assert refusal({other: value for other, value in HEADERS.items() if other != name}) == "SIG_MISSING"


def test_other_key_address_body_or_timestamp_does_not_verify():
    assert refusal(key="anotherKey") == "SIG_MISMATCH"
    assert refusal(url="https://domain.com/webhook/bird?x=1") == "SIG_MISMATCH"
    assert refusal(headers={**HEADERS, "MessageBird-Request-Timestamp": "1719823260"}) == "SIG_MISMATCH"


def test_body_written_anew_does_not_verify():
    assert refusal(body=b'{"service": "channels"}') == "SIG_MISMATCH"


@pytest.mark.parametrize("signature", ["x", "ñ", "LHec", base64.b64encode(b"0" * 31).decode(), "=" * 44])
def test_what_is_no_signature_is_a_mismatch_and_no_crash(signature):
    assert refusal(headers={**HEADERS, "MessageBird-Signature": signature}) == "SIG_MISMATCH"


@given(st.text(min_size=1), st.text(min_size=1))
def test_no_other_header_ever_verifies(signature, timestamp):
    headers = {"MessageBird-Signature": signature, "MessageBird-Request-Timestamp": timestamp}
    assert refusal(headers=headers) in {"SIG_MISSING", "SIG_MISMATCH"}


def test_delivery_repeated_within_48_hours_is_accepted_and_an_older_one_refused():
    verify(HEADERS, URL, body=BODY, key=KEY, now=SENT + dt.timedelta(hours=48))
    assert refusal(now=SENT + dt.timedelta(hours=48, seconds=1)) == "TS_TOO_OLD"
