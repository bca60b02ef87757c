"""What Bird itself says of its conversations, folded from all the states that were delivered.

A thread is one conversation of the platform. Times are those of the platform's own clock.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# A customer's message opens the thread, so it is older than the thread; its time has whole seconds only.
OPENING_DELAY = pd.Timedelta(minutes=1)
_CLAIM = "message:"


class Thread(NamedTuple):
    """One conversation of the platform; what no state told is null.

    Attributes:
        began_at: When the platform says it began.
        changed_at: The newest state.
        turns: When it was found active or closed, in order of time.
        agents_at: When a person of the shop was found taking part.
        agent_id: The first of these persons.
    """

    conversation_id: str
    user_id: str | None
    channel: str | None
    channel_id: str | None
    began_at: pd.Timestamp | None
    changed_at: pd.Timestamp
    turns: list[tuple[pd.Timestamp, str]]
    agents_at: list[pd.Timestamp]
    agent_id: str | None
    entry_point: str | None

    @property
    def is_complete(self) -> bool:
        """Whether the states alone make a conversation: its customer and a status are known."""
        return self.user_id is not None and bool(self.turns)

    @property
    def started_at(self) -> pd.Timestamp:
        """When it began, else when it was first heard of."""
        if self.began_at is not None:
            return self.began_at
        return self.turns[0][0] if self.turns else self.changed_at

    @property
    def ended_at(self) -> pd.Timestamp | None:
        """The first state that found it closed and after which none found it active; null while open."""
        active = [moment for moment, status in self.turns if status == "active"]
        closed = [moment for moment, status in self.turns if status == "closed"]
        return min((moment for moment in closed if not active or moment >= active[-1]), default=None)

    def is_open_at(self, moment: pd.Timestamp) -> bool:
        """Whether a message of that moment belongs into it; one known only by its messages is never open."""
        if not self.turns or moment < self.started_at - OPENING_DELAY:
            return False
        last = [status for at, status in self.turns if at <= moment][-1:]
        reopened = any(
            status == "active" and moment < at <= moment + OPENING_DELAY for at, status in self.turns
        )
        return last != ["closed"] or reopened


class _State(NamedTuple):
    conversation_id: str
    updated_at: pd.Timestamp
    status: str
    user_id: str | None
    channel: str | None
    started_at: pd.Timestamp | None
    agent_id: str | None
    entry_point: str | None
    extra: dict[str, str]


def read_threads(states: pd.DataFrame) -> tuple[dict[str, Thread], dict[str, str]]:
    """The threads by id, and the thread of each message that a state names.

    Args:
        states: ``conversation_states`` rows, in any order.
    """
    told = sorted(_read(states), key=lambda state: (state.updated_at, state.conversation_id, state.status))
    by_thread: dict[str, list[_State]] = defaultdict(list)
    for state in told:
        by_thread[state.conversation_id].append(state)
    claims: dict[str, str] = {}
    # What a message says of itself goes before what a conversation says of its last message.
    for state in sorted(told, key=lambda state: not state.status.startswith(_CLAIM)):
        for message_id in _claimed(state):
            claims.setdefault(message_id, state.conversation_id)
    return {name: _thread(name, own) for name, own in sorted(by_thread.items())}, claims


def read_extra(extra: object) -> dict[str, str]:
    """The entries of an ``extra`` column's JSON text; none where it is null."""
    return dict(json.loads(extra)) if isinstance(extra, str) else {}


def _read(states: pd.DataFrame) -> Iterator[_State]:
    names = _State._fields
    known = states.reindex(columns=list(names)).astype(object)
    for row in known.where(known.notna(), None).itertuples(index=False, name=None):
        state = _State(*row)
        yield state._replace(extra=read_extra(state.extra))


def _claimed(state: _State) -> list[str]:
    if state.status.startswith(_CLAIM):
        return [state.status.removeprefix(_CLAIM)]
    last = state.extra.get("last_message_id")
    return [str(last)] if last else []


def _thread(conversation_id: str, states: list[_State]) -> Thread:
    """One thread of its states, oldest first: who and where as told last, what happened as told first."""
    newest_first = states[::-1]
    return Thread(
        conversation_id=conversation_id,
        user_id=_first(state.user_id for state in newest_first),
        channel=_first(state.channel for state in newest_first),
        channel_id=_first(state.extra.get("channel_id") for state in newest_first),
        began_at=min((state.started_at for state in states if state.started_at is not None), default=None),
        changed_at=newest_first[0].updated_at,
        turns=[(state.updated_at, state.status) for state in states if state.status in ("active", "closed")],
        agents_at=[
            state.updated_at for state in states if state.agent_id or state.extra.get("agent_present")
        ],
        agent_id=_first(state.agent_id for state in states),
        entry_point=_first(state.entry_point for state in states),
    )


def _first(values: Iterable[str | None]) -> str | None:
    return next((value for value in values if value), None)
