"""Columns of texts: every distinct text is worked on once, since a bot says the same thing often."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def values_of(texts: pd.Series) -> list[str | None]:
    """The texts as plain values; None where there is none."""
    if isinstance(texts.dtype, pd.StringDtype) and texts.dtype.storage == "pyarrow":
        # Far faster than tolist(), which asks Arrow for one text after the other.
        values: list[str | None] = pa.array(texts, from_pandas=True).to_pylist()
        return values
    return [text if isinstance(text, str) else None for text in texts.tolist()]


def of_each(texts: pd.Series, work: Callable[[str], T], none: T) -> list[T]:
    """What the work gives for each text, in order; ``none`` where there is no text."""
    values = values_of(texts)
    known: dict[str | None, T] = {text: work(text) for text in dict.fromkeys(values) if text is not None}
    known[None] = none
    return [known[text] for text in values]
