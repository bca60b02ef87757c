r"""Whether a webhook delivery was signed by Bird.

``signature = base64(HMAC-SHA256(key, timestamp + "\n" + url + "\n" + SHA256(body)))``, after
docs.bird.com, Notifications API, Verifying a webhook. The body is the bytes received and the address is the
one that was registered: behind a proxy the request's own address differs, and a body written anew never
verifies.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
from typing import TYPE_CHECKING

from analytics_lib.errors import AnalyticsError

if TYPE_CHECKING:
    from collections.abc import Mapping

SIGNATURE_HEADER = "MessageBird-Signature"
TIMESTAMP_HEADER = "MessageBird-Request-Timestamp"
# Bird repeats a delivery for about a day under its first timestamp; a younger one is never refused for age.
MAX_AGE = dt.timedelta(hours=48)


class SignatureError(AnalyticsError):
    """A delivery is not proven to come from Bird, and is answered with 401.

    Attributes:
        code: ``SIG_MISSING``, ``SIG_MISMATCH`` or ``TS_TOO_OLD``.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


def verify(headers: Mapping[str, str], url: str, *, body: bytes, key: str | bytes, now: dt.datetime) -> None:
    """Return if the delivery is authentic and recent enough; deliveries repeated within 48 h are.

    Args:
        headers: Of the request, in any case.
        url: The address registered with the subscription: scheme, host, path, query.
        body: The bytes received.
        key: The signing key of the subscription.
        now: An aware datetime.

    Raises:
        SignatureError: ``SIG_MISSING`` without signature or timestamp, ``SIG_MISMATCH`` if they do not belong
            to this body, address and key, ``TS_TOO_OLD`` if it was first sent more than 48 h before ``now``.
    """
    given = {name.lower(): value.strip() for name, value in headers.items()}
    signature, timestamp = given.get(SIGNATURE_HEADER.lower()), given.get(TIMESTAMP_HEADER.lower())
    if not signature or not timestamp:
        missing = TIMESTAMP_HEADER if signature else SIGNATURE_HEADER
        raise SignatureError("SIG_MISSING", f"The header {missing} is missing; Bird always sends it.")
    expected = sign(timestamp, url, body=body, key=key)
    received = _decoded(signature)
    if len(received) != len(expected) or not hmac.compare_digest(received, expected):
        raise SignatureError(
            "SIG_MISMATCH",
            "The signature does not belong to this body, address and key. "
            "Check that the address is the registered one and the body the bytes received.",
        )
    _check_age(timestamp, now)


def sign(timestamp: str, url: str, *, body: bytes, key: str | bytes) -> bytes:
    """The 32 bytes that Bird sends in base64 as the signature of this delivery."""
    secret = key.encode() if isinstance(key, str) else key
    message = f"{timestamp}\n{url}\n".encode() + hashlib.sha256(body).digest()
    return hmac.new(secret, message, hashlib.sha256).digest()


def _decoded(signature: str) -> bytes:
    try:
        return base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):  # what is no base64 (or no ASCII) is no signature of ours
        return b""


def _check_age(timestamp: str, now: dt.datetime) -> None:
    if not (timestamp.isascii() and timestamp.isdigit()):
        raise SignatureError("SIG_MISMATCH", f"{TIMESTAMP_HEADER} is no number of seconds since 1970.")
    age = dt.timedelta(seconds=now.timestamp() - int(timestamp))
    if age > MAX_AGE:
        raise SignatureError("TS_TOO_OLD", f"First sent {age} ago; at most {MAX_AGE} are accepted.")
