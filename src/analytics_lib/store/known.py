"""What was known at a moment: which rows of each table were there, and which of their columns were told.

A row is known from its own moment on, a column from the moment at which it is learned; what has the very
moment asked about is still to come. Rules are data: a condition for the row, and one for each column that
is learned later than its row. A column without a condition is known with its row.

- *conversations* are there from ``started_at``; the end, the outcome and ``resolved`` once they ended;
  ``csat`` and ``nps`` 48 h after that, since answers arrive up to 48 h late; the escalation and its reason
  once they were escalated; ``agent_id`` once escalated or ended.
- *messages* are there from ``sent_at``; ``status`` and ``true_intent`` are told later, at a moment that
  nobody wrote down, and so never.
- *actions* are there from ``started_at``; what became of them once they had finished (``started_at`` +
  ``duration_ms``). Of one without a duration nobody knows when it finished: it is taken to be at once.
- *events*, *orders*, *api_requests*, *samples*, *probes* are there from their own moment, whole.
- *users* are there from ``first_seen_at``, those without one always; *products* always: a catalogue has no
  moment.
- *conversation_states* and *ingested_files* are there from when they were written; *quarantine* never is.

Every ``updated_at`` is null unless earlier, and every ``extra`` is null, since what a source adds has no
moment. What stays without a moment (``users.segment`` and the place of a user, ``products``, and of a
conversation its channel, entry point and place, taken as known from its start) is an attribute: it is
taken as it stands in the store today. A row that its source changed later (``updated_at``) is shown with
its newest values: older ones are not kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from analytics_lib.schema import Table

_ENDED = "ended_at < known_until()"
_ANSWERED = "ended_at + interval 48 hour <= known_until()"
_ESCALATED = "escalated_at < known_until()"
# As doubles: they hold microseconds exactly until the year 2255, and no duration overflows them.
_FINISHED = (
    "duration_ms is null or epoch_us(started_at)::double + round(duration_ms * 1000) "
    "< epoch_us(known_until())::double"
)
_NEVER = "false"


@dataclass(frozen=True)
class Known:
    """When the rows of one table and their columns are known; conditions over its columns.

    Attributes:
        row: Whether a row was there at all.
        columns: Of the columns learned later than their row, whether each was learned.
    """

    row: str = "true"
    columns: Mapping[str, str] = field(default_factory=dict)


KNOWN: dict[str, Known] = {
    "conversations": Known(
        "started_at < known_until()",
        {
            "ended_at": _ENDED,
            "outcome": _ENDED,
            "resolved": _ENDED,
            "escalated_at": _ESCALATED,
            "escalation_reason": _ESCALATED,
            "agent_id": f"{_ESCALATED} or {_ENDED}",
            "csat": _ANSWERED,
            "nps": _ANSWERED,
        },
    ),
    "messages": Known("sent_at < known_until()", {"status": _NEVER, "true_intent": _NEVER}),
    "actions": Known(
        "started_at < known_until()",
        {"succeeded": _FINISHED, "duration_ms": _FINISHED, "error": _FINISHED},
    ),
    "events": Known("occurred_at < known_until()"),
    "orders": Known("ordered_at < known_until()"),
    "products": Known(),
    "users": Known("first_seen_at is null or first_seen_at < known_until()"),
    "api_requests": Known("requested_at < known_until()"),
    "samples": Known("sampled_at < known_until()"),
    "probes": Known("probed_at < known_until()"),
    "conversation_states": Known("updated_at < known_until()"),
    "quarantine": Known(_NEVER),
    "ingested_files": Known("ingested_at < known_until()"),
}
_EVERYWHERE = {"updated_at": "updated_at < known_until()", "extra": _NEVER}


def moment_macro(as_of: dt.datetime) -> str:
    """The statement that gives the conditions their moment."""
    return f"create macro known_until() as timestamptz '{as_of.isoformat(sep=' ', timespec='microseconds')}'"


def as_known(table: Table, source: str) -> str:
    """The SELECT of what was known of a table's rows, which ``source`` gives with their casts."""
    rule = KNOWN[table.name]
    learned = {**_EVERYWHERE, **rule.columns}
    columns = ", ".join(
        f'case when {learned[c.name]} then "{c.name}" end as "{c.name}"'
        if c.name in learned and c.name not in table.key
        else f'"{c.name}"'
        for c in table.columns
    )
    # Conditions name the columns of the rows, not those given out.
    return f"select {columns} from ({source}) as told where {rule.row}"
