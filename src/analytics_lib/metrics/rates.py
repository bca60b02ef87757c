"""What messages, agents and the platform cost: a dated table, since prices change."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analytics_lib.errors import RequestError
from analytics_lib.yaml_files import read_yaml

if TYPE_CHECKING:
    from pathlib import Path

_PRICES = ("agent_minute", "template_message", "conversation")


@dataclass(frozen=True)
class Rates:
    """Prices by the day they come into force.

    Attributes:
        currency: ISO 4217.
        rows: ``(since, agent_minute, template_message, conversation)``, the oldest first.
    """

    currency: str
    rows: tuple[tuple[dt.date, float, float, float], ...]

    def bound(self) -> list[str]:
        """As the value of the parameter ``rates`` of a metric."""
        return ["|".join(str(value) for value in row) for row in self.rows]


def load_rates(path: Path) -> Rates:
    """The rates of a file.

    Raises:
        RequestError: If it lacks the currency, a row lacks a day or a price, a price is below 0, or a day
            stands twice.
    """
    given = read_yaml(path)
    if not isinstance(given, dict) or not isinstance(given.get("currency"), str):
        raise RequestError(f"{path}: expected currency: and rates:, as in params/rates.yaml.")
    rows = [_row(path, number, row) for number, row in enumerate(given.get("rates") or [], start=1)]
    days = [row[0] for row in rows]
    if not rows or len(set(days)) < len(days):
        raise RequestError(f"{path}: expected one row of rates or more, each from another day; given {days}.")
    return Rates(given["currency"], tuple(sorted(rows)))


def _row(path: Path, number: int, row: object) -> tuple[dt.date, float, float, float]:
    if not isinstance(row, dict) or not isinstance(row.get("since"), dt.date):
        raise RequestError(f"{path}, rate {number}: since is {row!r}; expected a day such as 2026-01-01.")
    prices = [row.get(name) for name in _PRICES]
    for name, price in zip(_PRICES, prices, strict=True):
        if isinstance(price, bool) or not isinstance(price, int | float) or not 0 <= price < 1e12:
            raise RequestError(
                f"{path}, rate {number}: {name} is {price!r}; expected an amount of 0 or more."
            )
    agent, template, conversation = (float(str(price)) for price in prices)
    return row["since"], agent, template, conversation
