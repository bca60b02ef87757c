"""What a table of the contract is made of: columns with a type, a range and a meaning, and a primary key."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Type = Literal["id", "text", "json", "int", "float", "bool", "at", "local"]


@dataclass(frozen=True)
class Column:
    """One column: its type, whether it may be null, what it allows and what it means.

    Attributes:
        values: The known values of a closed vocabulary; ingest keeps others as ``unknown:<value>``.
        personal: ``id`` is replaced by a keyed hash at ingest, ``text`` is masked there.
    """

    name: str
    type: Type
    meaning: str
    required: bool = False
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] = ()
    personal: Literal["id", "text"] | None = None


@dataclass(frozen=True)
class Table:
    """One table: what a row is, its primary key, the moment it happened, its columns."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    event_time: str | None = None

    @cached_property
    def column(self) -> dict[str, Column]:
        """The columns by name."""
        return {column.name: column for column in self.columns}

    @property
    def local_time(self) -> str | None:
        """The wall-clock twin of the event time, if the table has one."""
        return self.event_time.removesuffix("_at") + "_local" if self.event_time else None


def identifier(name: str, meaning: str, **more: object) -> Column:
    """A required id."""
    return Column(name, "id", meaning, required=True, **more)  # type: ignore[arg-type]


def moment(name: str, meaning: str) -> tuple[Column, Column]:
    """A required moment and its wall-clock twin."""
    twin = name.removesuffix("_at") + "_local"
    return (
        Column(name, "at", meaning + " (UTC)", required=True),
        Column(
            twin,
            "local",
            f"`{name}` on the wall clock of the business; what calendar questions use",
            required=True,
        ),
    )
