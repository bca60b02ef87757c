"""Why a record was quarantined, a file refused or a row flagged: one code each, never changing meaning."""

QUARANTINE_CODES = {
    "BAD_JSON": "the line is not JSON, or is cut off",
    "BAD_ENCODING": "the bytes are not UTF-8",
    "NUL_BYTE": "the line holds a raw NUL byte",
    "TOO_LARGE": "the record is larger than 1 MiB",
    "TOO_DEEP": "the record nests deeper than 64 levels",
    "NOT_OBJECT": "the record is not a JSON object",
    "BAD_TYPE": "a value cannot be cast to its column's type without loss",
    "OUT_OF_RANGE": "a number lies outside the range its column allows",
    "MISSING_FIELD": "a required value is missing",
    "BAD_TIME": "a time cannot be read, or there is none",
    "FUTURE": "a time lies more than a day after the ingest",
    "TS_RANGE": "a time lies outside the years 2000 to 2100",
    "PHONE_LOSSY": "a phone number was damaged by scientific notation",
    "UNKNOWN_SHAPE": "the record is of no kind this source knows",
    "LEFT_OUT": "the source's mapping leaves this record out on purpose; not counted as bad",
}
FILE_CODES = {
    "TRUNCATED_GZIP": "the gzip file ends before its data",
    "CORRUPT_GZIP": "the gzip file fails its checksum",
    "NOT_GZIP": "the file holds something else after or instead of gzip data",
    "BAD_PARQUET": "the file is not readable Parquet",
    "BAD_ENCODING": "the file as a whole is not UTF-8",
    "BAD_NAME": "the file's name holds control characters, or names no table where it should",
    "NOT_REGULAR": "a link, a device or a pipe, not a regular file",
    "TOO_LARGE": "the file unpacks to more than is allowed",
    "TOO_MANY_BAD": "more of its records are bad than the source allows",
}
FLAG_CODES = {
    "SURROGATE": "half an emoji was replaced by U+FFFD",
    "NUL_TEXT": "an escaped NUL was replaced by U+FFFD",
    "DUP_KEY": "a key stood twice in one object; the last was taken",
    "NUM_RANGE": "NaN, infinity or a number too large became null",
    "NAIVE_TIME": "a time without a zone was taken in the source's zone",
    "SKEW": "an end up to 5 s before its start was set to the start",
    "NEG_DURATION": "an end before its start was kept; averages leave it out",
    "UNKNOWN_VALUE": "a value outside the known ones was kept as unknown:<value>",
    "EXTRA_FIELD": "fields the mapping does not know were kept in extra",
    "CONFLICT": "rows of one key differed though nothing says which is newer; the greater content was kept",
}
