"""Every KPI, defined once. ``docs/metrics.md`` is written from here."""

from __future__ import annotations

from difflib import get_close_matches
from typing import NoReturn

from analytics_lib.errors import RequestError
from analytics_lib.metrics.catalog.ai import AI
from analytics_lib.metrics.catalog.business import BUSINESS
from analytics_lib.metrics.catalog.infrastructure import INFRASTRUCTURE
from analytics_lib.metrics.catalog.resolution import RESOLUTION
from analytics_lib.metrics.catalog.satisfaction import SATISFACTION
from analytics_lib.metrics.catalog.volume import VOLUME
from analytics_lib.metrics.catalog.waiting import WAITING
from analytics_lib.metrics.metric import Metric


class Catalog(dict[str, Metric]):
    """Metrics by name; an unknown name is refused with the nearest ones."""

    def __missing__(self, name: object) -> NoReturn:
        """Refuse a name that is not there.

        Raises:
            RequestError: Always; it names what exists.
        """
        near = get_close_matches(str(name), self, n=3)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise RequestError(f"There is no metric {name!r}.{hint} There are: {', '.join(self)}.")


_EVERY = (*VOLUME, *RESOLUTION, *SATISFACTION, *WAITING, *AI, *BUSINESS, *INFRASTRUCTURE)
CATALOG = Catalog((metric.name, metric) for metric in _EVERY)
