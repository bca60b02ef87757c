"""The sequences of events that a page shows, or why there are none.

A page is to say that its source records no events, not to fail: what cannot be answered is an empty frame,
and ``missing`` says for want of what.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.analysis import patterns
from analytics_lib.errors import NotEnoughDataError, RequestError
from analytics_lib.periods import window
from analytics_lib.schema import FUNNEL_STAGES

if TYPE_CHECKING:
    from analytics_lib.analysis.topic_messages import Segment
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

EVENTS = """
select count(*) as events
from events
where occurred_local >= $since and occurred_local < $until and conversation_id is not null
"""

NAMED = "select count(*) as events from events where name = $name"


@dataclass(frozen=True)
class Sequences:
    """Frames of ``patterns``, with conversations as units.

    Attributes:
        frequent: As ``patterns.sequential_patterns``.
        tells: As ``patterns.tells``.
        drop_off: As ``patterns.drop_off_patterns``.
        success: As ``patterns.success_patterns``.
        outcome: The event the last three are about.
        missing: ``events`` where the window has none, ``outcome`` where nobody or everybody reached it; else
            empty.
    """

    frequent: pd.DataFrame
    tells: pd.DataFrame
    drop_off: pd.DataFrame
    success: pd.DataFrame
    outcome: str
    missing: str

    @property
    def telling(self) -> list[dict[str, object]]:
        """The confirmed tells: the pattern, whose it is (``buyers``, ``leavers``), and its lift."""
        if self.tells.empty:
            return []
        sure = self.tells[self.tells["verdict"].isin(["buyers", "leavers"]) & self.tells["part_of"].isna()]
        return [
            {"pattern": list(row["pattern"]), "verdict": row["verdict"], "lift": row["flow_lift"]}
            for row in sure.to_dict("records")
        ]


def sequences(
    store: Store, *, since: Moment, until: Moment, outcome: str, segment: Segment | None = None
) -> Sequences:
    """The sequences of the conversations of a window.

    Args:
        store: Read: ``events conversations users``.
        since: Start of the window.
        until: Its end, excluded.
        outcome: Name of an event.
        segment: Only conversations of this dimension and value.

    Raises:
        RequestError: If there are events, but none anywhere of the outcome's name, or none of the segment.
    """
    none = pd.DataFrame()
    if not int(store.query(EVENTS, **window(since, until))["events"].iloc[0]):
        return Sequences(none, none, none, none, outcome, "events")
    frequent = patterns.sequential_patterns(store, since=since, until=until, segment=segment)
    try:
        return Sequences(
            frequent,
            patterns.tells(store, outcome=outcome, since=since, until=until, segment=segment),
            patterns.drop_off_patterns(store, outcome=outcome, since=since, until=until, segment=segment),
            patterns.success_patterns(store, outcome=outcome, since=since, until=until, segment=segment),
            outcome,
            "",
        )
    except NotEnoughDataError:
        return Sequences(frequent, none, none, none, outcome, "outcome")
    except RequestError:
        # A name that exists, but not among these conversations, is an outcome that nobody reached.
        if outcome not in FUNNEL_STAGES and not int(store.query(NAMED, name=outcome)["events"].iloc[0]):
            raise
        return Sequences(frequent, none, none, none, outcome, "outcome")
