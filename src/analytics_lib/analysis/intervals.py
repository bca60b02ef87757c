"""How sure a share is: Wilson's interval, widened where the same users were counted again and again."""

from __future__ import annotations

import math

Z_95 = 1.959963984540054


def wilson(numerator: float, denominator: float) -> tuple[float, float]:
    """The 95 % interval of a share after Wilson (1927); NaN without a denominator.

    Inside 0 to 1 and of use at ``numerator`` 0 too: centre ``(p + z²/2n) / (1 + z²/n)``, half width
    ``z √(p(1 - p)/n + z²/4n²) / (1 + z²/n)``.
    """
    if denominator <= 0:
        return math.nan, math.nan
    share, z2 = numerator / denominator, Z_95**2
    centre = share + z2 / (2 * denominator)
    half = Z_95 * math.sqrt(share * (1 - share) / denominator + z2 / (4 * denominator**2))
    scale = 1 + z2 / denominator
    return max((centre - half) / scale, 0.0), min((centre + half) / scale, 1.0)


def effective_size(share: float, *, total: int, users: int, squared_errors: float) -> float:
    """How many independent rows ``total`` rows of ``users`` users are worth for a share.

    ``total`` by the design effect of a ratio over users (linearised variance, survey sampling), never more
    than ``total``; the number of users where the share is 0 or 1 or there is one user.

    Args:
        share: The share p among the rows.
        total: Rows.
        users: Users who have any of them.
        squared_errors: Σ over users of (their successes - p times their rows)².
    """
    if users < 2 or not 0 < share < 1:
        return float(users)
    variance = users / (users - 1) * squared_errors / total**2
    return total / max(variance / (share * (1 - share) / total), 1.0)
