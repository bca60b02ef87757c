"""What is asked of a funnel: its stages, the window, how the stages have to follow, all of it checked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal, get_args

import pandas as pd

from analytics_lib.analysis.scope import known_before
from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.periods import Moment, check_period, window
from analytics_lib.schema import FUNNEL_STAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics_lib.store import Store

Mode = Literal["ordered", "any_order", "strict"]
ANY_EVENT = "*"
DIMENSIONS = ("channel", "entry_point", "city", "region", "country", "segment")
MOST_STAGES = 100
_MOST_LISTED = 20
_TICK = dt.timedelta(microseconds=1)

NAMES_AMONG = "select distinct name from events where list_contains($names, name)"
EVENT_NAMES = "select name, count(*) as events from events group by name order by events desc, name"
LAST_EVENT = "select max(occurred_at) as last_at from events"


@dataclass(frozen=True)
class Steps:
    """The stages of a funnel and how they have to follow one another.

    Attributes:
        stages: Names of events in their order; the first may be ``ANY_EVENT``.
        mode: ordered, any_order or strict.
        excluded: Events that may not lie between two matched stages.
        within: Counted from the anchor, the time in which stages count; null = without a limit.
    """

    stages: tuple[str, ...]
    mode: Mode
    excluded: tuple[str, ...]
    within: dt.timedelta | None

    @property
    def entry_names(self) -> tuple[str, ...]:
        """Names of the events by which a user enters; none = any event."""
        if self.mode == "any_order":
            return tuple(dict.fromkeys(self.stages))
        return () if self.stages[0] == ANY_EVENT else self.stages[:1]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the events that are looked at after the anchor, each once."""
        later = self.stages if self.mode == "any_order" else self.stages[1:]
        return tuple(dict.fromkeys((*later, *self.excluded)))


@dataclass(frozen=True)
class Asked:
    """A funnel's steps, and of whom: who entered in a window, as far as is known.

    Attributes:
        steps: The stages.
        since: Start of the window, on the wall clock.
        until: Its end, excluded; it bounds the anchor alone.
        as_of: Nothing at it or later is known, in UTC.
    """

    steps: Steps
    since: dt.datetime
    until: dt.datetime
    as_of: dt.datetime

    def entry(self, names: Sequence[str]) -> dict[str, object]:
        """The parameters that say who enters; ``names`` are those that codes stand for."""
        entry = self.steps.entry_names
        return {
            "since": self.since,
            "until": self.until,
            "as_of": self.as_of,
            "any_enters": not entry,
            "entry_codes": [place for place, name in enumerate(names) if name in entry],
        }


def ask(
    *,
    stages: Sequence[str],
    since: Moment,
    until: Moment,
    within: dt.timedelta | None = None,
    mode: str = "ordered",
    excluded: Sequence[str] = (),
    as_of: Moment | None = None,
) -> Asked:
    """The question, its parts checked by themselves; arguments as of ``funnels.funnel``.

    Raises:
        RequestError: If a stage, the mode, ``within``, ``excluded`` or the window is wrong.
    """
    steps = Steps(_names("stages", stages), _mode(mode), _names("excluded", excluded), _within(within))
    _check_stages(steps)
    _check_excluded(steps)
    bounds = window(since, until)
    return Asked(steps, bounds["since"], bounds["until"], known_before(as_of))


def check_split(by: str | None, period: str | None) -> None:
    """Refuse a dimension or a period that there is none of.

    Raises:
        RequestError: If it is unknown; the message lists those there are.
    """
    if by is not None and by not in DIMENSIONS:
        raise RequestError(
            f"A funnel cannot be told apart by {by!r}.{_hint(str(by), DIMENSIONS)} "
            f"Its dimensions: {', '.join(DIMENSIONS)}."
        )
    if period is not None:
        check_period(period)


def check_exist(store: Store, names: Sequence[str]) -> None:
    """Refuse names that no event has; asked of those that were not met, so that it costs nothing mostly.

    Raises:
        RequestError: If one is unknown; the message lists those there are.
        NotEnoughDataError: If the store holds no events at all.
    """
    if not names:
        return
    found = set(store.query(NAMES_AMONG, names=[*names, *FUNNEL_STAGES])["name"])
    # Where the shop's own stages are recorded, one that nobody has reached yet is a stage all the same.
    known = found | set(FUNNEL_STAGES) if found & set(FUNNEL_STAGES) else found
    unknown = [name for name in names if name not in known]
    if not unknown and found:
        return
    there = store.query(EVENT_NAMES)
    if there.empty:
        raise NotEnoughDataError(
            "A funnel counts rows of events, and none was ever ingested. Ingest events first."
        )
    if not unknown:
        return
    listed = ", ".join(there["name"].head(_MOST_LISTED))
    more = f" and {len(there) - _MOST_LISTED:,} more" if len(there) > _MOST_LISTED else ""
    raise RequestError(
        f"No event is called {unknown[0]!r}.{_hint(unknown[0], there['name'])} "
        f"The store holds {listed}{more}."
    )


def known_to(store: Store, asked: Asked) -> dt.datetime:
    """Up to when the journeys are known: ``as_of``, or where none was given just after the last event."""
    if asked.as_of < known_before(None):
        return asked.as_of
    last = store.query(LAST_EVENT)["last_at"].iloc[0]
    return asked.since.replace(tzinfo=dt.UTC) if pd.isna(last) else last.to_pydatetime() + _TICK


def _names(argument: str, given: Sequence[str]) -> tuple[str, ...]:
    plain: object = given
    if isinstance(plain, str) or not all(isinstance(name, str) for name in given):
        raise RequestError(f"{argument} is {given!r}; expected a list of names of events.")
    return tuple(given)


def _mode(mode: str) -> Mode:
    if mode not in get_args(Mode):
        raise RequestError(f"Unknown mode {mode!r}; expected one of {', '.join(get_args(Mode))}.")
    return mode  # type: ignore[return-value]  # narrowed by the check above


def _within(within: dt.timedelta | None) -> dt.timedelta | None:
    given: object = within
    if given is not None and not (isinstance(given, dt.timedelta) and given > dt.timedelta()):
        raise RequestError(f"within is {within!r}; expected a timedelta above 0, or none for no limit.")
    return within


def _check_stages(steps: Steps) -> None:
    if not 1 <= len(steps.stages) <= MOST_STAGES:
        raise RequestError(
            f"A funnel has 1 to {MOST_STAGES} stages; given were {len(steps.stages)}. Name the events in the "
            f"order they are expected in, such as {', '.join(FUNNEL_STAGES[:3])}."
        )
    if ANY_EVENT in steps.stages[1:] or (ANY_EVENT in steps.stages and steps.mode == "any_order"):
        raise RequestError(
            f"{ANY_EVENT!r} stands for any event and can only be the first stage of a funnel in order; given "
            f"were {list(steps.stages)} in mode {steps.mode!r}."
        )


def _check_excluded(steps: Steps) -> None:
    both = [name for name in steps.excluded if name in steps.stages]
    if both:
        raise RequestError(
            f"{both[0]!r} is a stage and cannot be excluded too. Leave it out of stages or of excluded."
        )


def _hint(name: str, known: Sequence[str] | pd.Series) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
