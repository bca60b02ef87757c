"""How shares of journeys become a frame: the same columns in every answer that counts journeys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analytics_lib.analysis.journey_counts import Ints, Shares
    from analytics_lib.analysis.journey_events import Journeys


def shares_frame(journeys: Journeys, groups: Ints, keys: Mapping[str, object], own: Shares) -> pd.DataFrame:
    """``by`` (if asked), the columns of the keys, ``journeys users share low high total_journeys …``."""
    labels = np.array(journeys.labels, dtype=object)
    columns: dict[str, object] = {journeys.column: labels[groups]} if journeys.column else {}
    columns |= {**keys, "journeys": own.counts, "users": own.users, **own.columns()}
    columns |= {"total_journeys": own.totals, "total_users": own.total_users, "size": own.sizes}
    return pd.DataFrame(columns)
