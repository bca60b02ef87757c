"""Where things are and which clock the business keeps; each value can be set by an environment variable."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from analytics_lib.errors import RequestError


@dataclass(frozen=True)
class Settings:
    """The choices of one installation; paths are relative to the project's root.

    Attributes:
        time_zone: Business time zone (IANA name); calendar questions use its wall clock.
        store: Folder of the Delta tables.
        keys: Folder of the pseudonym key; never inside ``store``.
        inbox: Folder of the files that sources deliver.
        outputs: Folder of the runs and the published pages.
        memory_limit_gb: Memory that queries may use before they spill to disk.
    """

    time_zone: str = "America/Bogota"
    store: Path = Path("data/store")
    keys: Path = Path("data/keys")
    inbox: Path = Path("data/inbox")
    outputs: Path = Path("outputs")
    memory_limit_gb: float = 4.0


def load_settings() -> Settings:
    """The settings in force: the defaults, overridden by ``ANALYTICS_*`` environment variables.

    Raises:
        RequestError: If a variable holds an unknown time zone or a number that is none.
    """
    defaults = Settings()
    return Settings(
        time_zone=check_time_zone(os.environ.get("ANALYTICS_TIME_ZONE", defaults.time_zone)),
        store=Path(os.environ.get("ANALYTICS_STORE", defaults.store)),
        keys=Path(os.environ.get("ANALYTICS_KEYS", defaults.keys)),
        inbox=Path(os.environ.get("ANALYTICS_INBOX", defaults.inbox)),
        outputs=Path(os.environ.get("ANALYTICS_OUTPUTS", defaults.outputs)),
        memory_limit_gb=_positive_number("ANALYTICS_MEMORY_LIMIT_GB", defaults.memory_limit_gb),
    )


def pinned_versions() -> dict[str, int] | None:
    """The version of each table that the run this process belongs to was started on; None outside a run.

    Raises:
        RequestError: If the variable the runner sets holds something else.
    """
    given = os.environ.get("ANALYTICS_STORE_VERSIONS")
    if given is None:
        return None
    try:
        versions = {str(table): int(version) for table, version in json.loads(given).items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise RequestError(
            f'ANALYTICS_STORE_VERSIONS is {given[:200]!r}; expected JSON such as {{"messages": 3}}.'
        ) from error
    return versions


def check_time_zone(name: str) -> str:
    """The name itself, once it is known to be a time zone.

    Raises:
        RequestError: If the name is not in the IANA database.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"Unknown time zone {name!r}. Give an IANA name such as America/Bogota."
        raise RequestError(message) from error
    return name


def _positive_number(variable: str, default: float) -> float:
    given = os.environ.get(variable)
    if given is None:
        return default
    try:
        value = float(given)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise RequestError(f"{variable} is {given!r}; expected a number above 0, such as {default:g}.")
    return value
