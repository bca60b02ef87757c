"""Who somebody is, without saying so: ids and phone numbers become keyed hashes.

A phone number is brought to E.164 first, so that every way of writing it gives one pseudonym. The hash is
HMAC-SHA-256 under a secret key: unsalted hashes of all Colombian mobiles can be tried out in minutes. Whoever
holds the key can link a known number to its pseudonym; the key is therefore kept apart from the data.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import tempfile
from typing import TYPE_CHECKING

import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from analytics_lib.errors import AnalyticsError

if TYPE_CHECKING:
    from pathlib import Path

KEY_FILE = "pseudonym.key"
_KEY_BYTES = 32
_PSEUDONYM_CHARACTERS = 32  # 128 bits: no two of a billion people share one by chance
_READABLE_BY_OTHERS = 0o077

_COLOMBIAN_MOBILE = re.compile(r"\+?(?:57)?(3\d{9})", re.ASCII)
_CHANNEL_PREFIX = re.compile(r"(?:whatsapp|wa|tel|sms|phone):(?://)?", re.IGNORECASE)
_CHANNEL_SUFFIX = re.compile(r"@(?:c\.us|s\.whatsapp\.net)\Z", re.IGNORECASE)
# As spreadsheets write a number of 7 to 16 digits; an id such as 5e10 is none.
_SCIENTIFIC = re.compile(r"[+-]?\d{1,3}(?:[.,]\d+[eE]\+?|[eE]\+)(?:0?[6-9]|1[0-5])", re.ASCII)
_PHONE_SHAPE = re.compile(r"\+?[\d\s().\-\u00a0\u2010-\u2015\u202a-\u202e]{7,30}")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_FLOAT_TAIL = re.compile(r"(\d{10,15})\.0+", re.ASCII)


class LossyPhoneError(AnalyticsError, ValueError):
    """A phone number was written in scientific notation: its last digits are lost and cannot be guessed."""


def normalise_identity(value: str) -> str:
    """One spelling for one identity: phone numbers in E.164 (``+573001234567``), other ids stripped.

    Understood are national and international forms, ``00`` for ``+``, numbers that a table stored as a
    fraction (``573001234567.0``), and the prefixes and suffixes of messaging platforms
    (``whatsapp:573…@c.us``). A number without ``+`` is a phone if it is valid in Colombia, or elsewhere with
    the plus put before it.

    Raises:
        LossyPhoneError: If the value is a number in scientific notation, such as ``5.73E+11``.
    """
    stripped = _INVISIBLE.sub("", value).strip()
    bare = _CHANNEL_SUFFIX.sub("", _CHANNEL_PREFIX.sub("", stripped, count=1))
    mobile = _COLOMBIAN_MOBILE.fullmatch(bare)
    if mobile:
        return "+57" + mobile.group(1)
    if _SCIENTIFIC.fullmatch(bare):
        raise LossyPhoneError(
            f"A number in scientific notation ({len(bare)} characters) has lost its last digits. "
            "Export the column as text and deliver it again."
        )
    bare = _FLOAT_TAIL.sub(r"\1", bare) if _FLOAT_TAIL.fullmatch(bare) else bare
    return (_e164(bare) if _PHONE_SHAPE.fullmatch(bare) else None) or stripped


def pseudonym(value: str, key: bytes) -> str:
    """The keyed hash of an identity: 32 hex characters of HMAC-SHA-256 over its normalised spelling.

    Raises:
        LossyPhoneError: As ``normalise_identity``.
    """
    return _digest(normalise_identity(value), key)


def pseudonym_column(values: pa.Array | pa.ChunkedArray, key: bytes) -> tuple[pa.Array, pa.Array]:
    """The pseudonyms of a column of identities, each distinct value hashed once.

    Args:
        values: Strings, nulls allowed.
        key: The secret key, from ``load_key``.

    Returns:
        The pseudonyms (null where the identity is null or lossy), and a boolean array that is true where a
        phone number was lossy (see ``LossyPhoneError``).
    """
    column = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    encoded = column.cast(pa.string()).dictionary_encode()
    hashed = pa.array(
        [_pseudonym_or_none(value, key) for value in encoded.dictionary.to_pylist()], pa.string()
    )
    pseudonyms = hashed.take(encoded.indices)
    lossy = pc.and_(pseudonyms.is_null(), column.is_valid())
    return pseudonyms, lossy


def load_key(folder: Path) -> tuple[bytes, str]:
    """The secret key of the pseudonyms, and its id; made at first use, readable by its owner alone.

    Returns:
        The key, and the first eight hex characters of its SHA-256, which may be stored beside the data.

    Raises:
        AnalyticsError: If others may read the key file, or it is no whole key.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / KEY_FILE
    if not path.exists():
        _create_key(path)
    mode = path.stat().st_mode
    if mode & _READABLE_BY_OTHERS:
        raise AnalyticsError(f"{path} has mode {mode & 0o777:o}; expected 600. Run: chmod 600 {path}")
    key = path.read_bytes()
    if len(key) < _KEY_BYTES:
        raise AnalyticsError(
            f"{path} holds {len(key)} bytes; a key has {_KEY_BYTES} at least. Restore it from your backup: "
            "with another key the same people get other pseudonyms."
        )
    return key, hashlib.sha256(key).hexdigest()[:8]


def _e164(bare: str) -> str | None:
    digits = "+" + bare.strip()[2:] if bare.strip().startswith("00") else bare
    attempts = ((digits, None),) if digits.startswith("+") else ((digits, "CO"), ("+" + digits, None))
    for text, region in attempts:
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None


def _pseudonym_or_none(value: str, key: bytes) -> str | None:
    try:
        return pseudonym(value, key)
    except LossyPhoneError:
        return None


def _digest(identity: str, key: bytes) -> str:
    return hmac.digest(key, identity.encode(), "sha256").hex()[:_PSEUDONYM_CHARACTERS]


def _create_key(path: Path) -> None:
    """Writes the key whole before it gets its name; of two processes at once the first wins."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".key-") as draft:  # mode 0600, O_EXCL
        draft.write(secrets.token_bytes(_KEY_BYTES))
        draft.flush()
        os.fsync(draft.fileno())
        try:
            os.link(draft.name, path)
        except FileExistsError:
            return
