"""What was planted, so that every question asked of the sample data can be held against the answer."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from analytics_lib.simulate.effects import Effect


@dataclass(frozen=True)
class Truth:
    """What a world was made of.

    Attributes:
        seed: Its seed.
        since: First local day.
        until: Day after the last.
        parameters: Every planted size, by the names of ``world.Parameters``.
        effects: The planted effects.
        rows: Rows written, by table.
        facts: What was counted while making it, such as ``mean_satisfaction`` of all closed conversations.
        tables: Finer truth, written as Parquet: funnel calendar confusions effects conversations
            behaviours.
    """

    seed: int
    since: dt.date
    until: dt.date
    parameters: Mapping[str, Any]
    effects: tuple[Effect, ...]
    rows: Mapping[str, int]
    facts: Mapping[str, float]
    tables: Mapping[str, pd.DataFrame]

    def effect(self, name: str, metric: str) -> Effect:
        """One effect by its name and metric."""
        return next(effect for effect in self.effects if (effect.name, effect.metric) == (name, metric))

    def write(self, folder: Path) -> None:
        """Writes ``truth.json`` and one Parquet file a table."""
        folder.mkdir(exist_ok=True)
        plain = {
            name: getattr(self, name) for name in ("seed", "since", "until", "rows", "facts", "parameters")
        }
        plain["effects"] = [asdict(effect) for effect in self.effects]
        options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
        (folder / "truth.json").write_bytes(orjson.dumps(plain, option=options))
        for name, frame in self.tables.items():
            frame.to_parquet(folder / f"{name}.parquet", index=False)
