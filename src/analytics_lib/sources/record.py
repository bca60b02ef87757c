"""Reading nested raw records: where a value stands, when a record is refused, and what of it may be kept.

A path is dotted, ``sender.contact.id``; a number in it is a place in a list, ``recipients.0.type``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache

import orjson

from analytics_lib.errors import AnalyticsError

# Words in a field's name that announce a person, a secret or a link; such a field is not kept.
_PERSONAL_WORDS = frozenset(
    {
        *(
            "name",
            "names",
            "displayname",
            "username",
            "fullname",
            "profile",
            "birthday",
            "birthdate",
            "gender",
        ),
        *(
            "phone",
            "phonenumber",
            "number",
            "msisdn",
            "wa",
            "email",
            "mail",
            "address",
            "latitude",
            "longitude",
        ),
        *("identifier", "identifiers", "contact", "contacts", "document", "cedula", "nit"),
        *("url", "uri", "link", "href", "token", "key", "secret", "password"),
    }
)
# Words that announce who somebody is; the value below such a field may be an id of a person.
_PEOPLE = frozenset(
    ("user", "client", "customer", "agent", "worker", "contact", "participant", "from", "to", "author")
)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_HARMLESS = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\d([T ][\d:.]+(Z|[+-]\d\d:?\d\d)?)?",
    re.IGNORECASE,
)
_PERSONAL_TEXT = re.compile(r"://|www\.|\S@\S|\d(?:[\s().-]*\d){6,}")
_MAX_KEPT_CHARACTERS = 500
_MAX_SHOWN_CHARACTERS = 2_000
_MAX_KEPT_DEPTH = 4


class BadRecordError(AnalyticsError):
    """One raw record cannot become rows and goes to the quarantine.

    Attributes:
        code: The reason, one of the codes of ``codes.QUARANTINE_CODES``.
        detail: What was found and what was expected; never a value that could name a person.
        column: The contract column it failed on, if one.
    """

    def __init__(self, code: str, detail: str, column: str | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.column = column


def mapping(value: object) -> Mapping[str, object]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


@lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def value_at(record: object, path: str) -> object:
    """What stands at a dotted path; null where a step of it is missing."""
    value = record
    for step in _steps(path):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def first_value(record: object, *paths: str) -> object:
    """The first value that says something: null, ``""``, ``{}`` and ``[]`` do not."""
    for path in paths:
        value = value_at(record, path)
        if value is not None and value not in ("", {}, []):
            return value
    return None


def first_scalar(record: object, *paths: str) -> object:
    """As ``first_value``, passing over objects: where a field is either an object or the value itself."""
    for path in paths:
        value = value_at(record, path)
        if value is not None and not isinstance(value, dict) and value not in ("", []):
            return value
    return None


def first_word(record: object, *paths: str) -> str | None:
    """The first text at these paths, in lower case and trimmed: for the words of a closed vocabulary."""
    values = (first_value(record, path) for path in paths)
    return next((value.strip().lower() for value in values if isinstance(value, str) and value.strip()), None)


def without_nulls(row: Mapping[str, object]) -> dict[str, object]:
    """The entries that say something, as ``first_value`` has it; ``False`` and 0 do."""
    return {key: value for key, value in row.items() if value is not None and value not in ("", {}, [])}


def impersonal(value: object, depth: int = 0) -> object:
    """What of a raw value may be kept in ``extra``; null where nothing may.

    Left out are fields whose name announces a person, a place, a secret or a link, texts that hold a link, an
    e-mail address or a number as long as a telephone's, texts beyond 500 characters and what nests deeper
    than four levels. A name inside a free text is not recognised.
    """
    if depth > _MAX_KEPT_DEPTH:
        return None
    if isinstance(value, Mapping):
        kept = {
            str(key): impersonal(item, depth + 1) for key, item in value.items() if not _is_personal(str(key))
        }
        return without_nulls(kept) or None
    if isinstance(value, list):
        return [item for item in (impersonal(item, depth + 1) for item in value) if item is not None] or None
    return value if _is_harmless(value) else None


def shown(record: object) -> str:
    """The beginning of a raw record as the quarantine may keep it: what names a person is ``[withheld]``."""
    kept = _withheld(record, of_person=False)
    return json.dumps(kept, ensure_ascii=False, default=str)[:_MAX_SHOWN_CHARACTERS]


def shown_line(line: bytes) -> str:
    """As ``shown``, of a line of JSON; what is no JSON is kept as it stands."""
    try:
        return shown(orjson.loads(line))
    except orjson.JSONDecodeError:
        return line[:_MAX_SHOWN_CHARACTERS].decode("utf-8", "replace")


def _withheld(value: object, *, of_person: bool) -> object:
    if isinstance(value, Mapping):
        return {
            key: _withheld(item, of_person=of_person or _is_personal(key) or bool(_words(key) & _PEOPLE))
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_withheld(item, of_person=of_person) for item in value]
    return "[withheld]" if of_person and isinstance(value, str | int | float) else value


def _words(key: str) -> set[str]:
    return {word.lower() for word in _WORDS.findall(key)}


def _is_personal(key: str) -> bool:
    return any(word.lower() in _PERSONAL_WORDS for word in [key, *_WORDS.findall(key)])


def _is_harmless(value: object) -> bool:
    if isinstance(value, bool | None):
        return value is not None
    text = str(value)
    if len(text) > _MAX_KEPT_CHARACTERS:
        return False
    return bool(_HARMLESS.fullmatch(text)) or not _PERSONAL_TEXT.search(text)
