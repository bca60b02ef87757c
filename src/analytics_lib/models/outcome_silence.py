"""What silence says: the longer nobody has written since the last turn, the less likely some ends are.

By Bayes' rule, P(end | features, quiet for s) is proportional to P(end | features) times the share of turns,
in conversations with that end, after which it stayed quiet for s and the conversation was still open. A
conversation that is followed only turn by turn needs none of it; one that is looked at now does, since those
open at a moment are mostly those that stay quiet for long.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analytics_lib.models.outcome_rows import OUTCOMES

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

STEPS = (
    *(0, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 480, 720, 1_080, 1_500, 2_100, 2_700, 3_300, 3_540),
    *(5_400, 7_200, 14_400, 28_800, 57_600, 86_400),
)
# Fewer turns than these stayed quiet longer: from there on more silence says nothing new.
_FEWEST = 20
# As much as so many turns that say what all outcomes together say.
_RESERVE = 5.0


@dataclass(frozen=True)
class Silence:
    """Of each end, the share of turns after which it was quiet for so long.

    Attributes:
        seconds: From 0, rising.
        shares: One row for each of ``OUTCOMES``, one column for each of ``seconds``; above 0.
    """

    seconds: tuple[float, ...]
    shares: tuple[tuple[float, ...], ...]

    def scores(self, quiet_seconds: pd.Series | Floats) -> Floats:
        """What silence adds to the score of each end, centred: one row a row; 0 where it is unknown."""
        quiet = np.nan_to_num(np.asarray(quiet_seconds, dtype=float), nan=0.0)
        place = np.clip(np.searchsorted(self.seconds, quiet, side="right") - 1, 0, len(self.seconds) - 1)
        logs = np.log(np.array(self.shares))
        found: Floats = (logs - logs.mean(axis=0))[:, place].T
        return found


def learn(rows: pd.DataFrame) -> Silence:
    """From rows of ``outcome_rows.labelled_rows``."""
    quiet, outcome = rows["quiet_seconds"].to_numpy(), rows["outcome"].to_numpy()
    kept = [step for step in STEPS if step == 0 or (quiet > step).sum() >= _FEWEST]
    pooled = np.array([(quiet > step).mean() if step else 1.0 for step in kept])
    shares = []
    for name in OUTCOMES:
        own = quiet[outcome == name]
        longer = np.array([(own > step).sum() if step else own.size for step in kept])
        shares.append(tuple(((longer + _RESERVE * pooled) / (own.size + _RESERVE)).tolist()))
    return Silence(tuple(float(step) for step in kept), tuple(shares))
