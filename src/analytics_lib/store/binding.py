"""Values on their way into a statement: plain Python ones, since the driver knows no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping


def bound(parameters: Mapping[str, object]) -> dict[str, object]:
    """The values by name; numpy scalars, pandas times and arrays of them as what they stand for."""
    return {name: _plain(value) for name, value in parameters.items()}


def _plain(value: object) -> object:
    """A bound value as a plain Python one; the driver knows no numpy scalars and no pandas times."""
    if isinstance(value, np.ndarray | pd.Series | pd.Index):
        column = pd.Series(value)
        value = column.tolist()
        if isinstance(column.dtype, pd.StringDtype):  # plain already: ids come in tens of thousands
            return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if isinstance(value, pd.Timestamp):
        return value.floor("us").to_pydatetime()
    if isinstance(value, np.timedelta64):
        return pd.Timedelta(value).to_pytimedelta()
    return value.item() if isinstance(value, np.generic) else value
