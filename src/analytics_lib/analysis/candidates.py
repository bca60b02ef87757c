"""Which conversations of a window may be its worst, as far as a scan of its rows can tell.

Reading a million conversations closely takes many minutes; a scan takes a second. So each reason to read one
has a measure here that a scan can take, and only the conversations at its top are read closely
(``worth_reading``). Two scans of the messages serve all of them: the first chooses by what costs little to
count (length, number of messages, mean sentiment), the second looks closer at these.

- Waits are exact but for the seconds before a "one moment, please": no wait is longer than its conversation.
- Checkouts are exact for conversations that were closed; of those that never were, some may be missed.
- Escalations: of those called in soonest after the start. Whether something had gone wrong before is told by
  a few words, so that some count as troubled that were not, and come last.
- Repeats: how often the user's longer words and the bot's texts come back, in the conversations in which the
  user says most. A question asked again in other words, and answered otherwise each time, is not seen.
- Moods: the mean of the stored sentiment; a text without one is negative where it holds a strongly bad word.

Against reading all of 20,000 simulated conversations closely, the candidates held 39 of the 40 longest waits,
all 40 checkouts, 37 of the 40 lowest moods, 20 of the 40 with most repeats (many have equally many) and 23 of
the 28 needless escalations; the first twenty of the list were the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics_lib.analysis.detectors import NEGATIVE
from analytics_lib.analysis.key_moments import LONG_SILENCE_SECONDS
from analytics_lib.analysis.reading import FALLBACKS
from analytics_lib.analysis.scans import (
    BAD_WORD,
    BAD_WORDS,
    CALLED,
    CHECKOUTS,
    CLOSER,
    COURTESY,
    PERSON,
    SCAN,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    import pandas as pd

    from analytics_lib.store import Store

# So many go on to the second scan: of the longest lasting, the most talkative, the soonest escalated.
_LASTING = 2_000
_TALKATIVE = 20_000
_CALLED = 10_000
_EVERY = 2**62
_KINDS = ("lasting", "talkative", "unhappy")


def candidates(
    store: Store, bounds: Mapping[str, object], *, depth: int, quiet_since: dt.datetime | None
) -> list[str]:
    """The conversations that may be among a window's ``depth`` worst by any reason, in order of their ids.

    Args:
        store: Read: ``conversations``, ``messages``, ``actions``, ``events``, ``orders``, ``products``.
        bounds: The window, channel and moment of knowledge (see ``scope.bounds``).
        depth: How many are wanted a reason; rough measures give some times more, since not all prove true.
        quiet_since: An open conversation that started later cannot be over yet; null = none can.
    """
    scanned = _scan(store, bounds, lasting=_LASTING, talkative=_TALKATIVE, unhappy=4 * depth)
    lasting, talkative, unhappy = (scanned[scanned["kind"] == kind] for kind in _KINDS)
    called = store.query(CALLED, called=_CALLED, **bounds)
    closer = _look(store, bounds, lasting, talkative=talkative, called=called, depth=depth)
    unsold = store.query(CHECKOUTS, candidates=2 * depth, quiet_since=quiet_since, **bounds)
    found = [closer, unhappy, unsold, _longer_waits(store, bounds, lasting, closer, depth)]
    return sorted({name for frame in found for name in frame["conversation_id"]})


def _longer_waits(
    store: Store, bounds: Mapping[str, object], lasting: pd.DataFrame, closer: pd.DataFrame, depth: int
) -> pd.DataFrame:
    """The longest waits of all, where those in the conversations that last longest may not be they.

    Only a conversation that lasts as long as the shortest of the waits found can hold a longer one.
    """
    waits = closer.loc[closer["kind"] == "wait", "seconds"]
    least = max(LONG_SILENCE_SECONDS, float(waits.min())) if len(waits) == depth else LONG_SILENCE_SECONDS
    if len(lasting) < _LASTING or lasting["seconds"].min() < least:
        return lasting[:0]
    more = _scan(store, bounds, at_least=least, lasting=_EVERY)
    return _look(store, bounds, more, depth=depth)


def _scan(
    store: Store,
    bounds: Mapping[str, object],
    *,
    lasting: int,
    at_least: float = LONG_SILENCE_SECONDS,
    talkative: int = 0,
    unhappy: int = 0,
) -> pd.DataFrame:
    words = {"bad_words": BAD_WORDS, "bad_word": BAD_WORD}
    limits = {"lasting": lasting, "talkative": talkative, "unhappy": unhappy}
    return store.query(SCAN, at_least=at_least, **limits, **words, **bounds)


def _look(
    store: Store, bounds: Mapping[str, object], lasting: pd.DataFrame, *, depth: int, **others: pd.DataFrame
) -> pd.DataFrame:
    """The second scan; ``others`` are the ``talkative`` and the ``called``, none unless given."""
    words = {"courtesy": COURTESY, "person": PERSON, "fallbacks": sorted(FALLBACKS), "negative": NEGATIVE}
    limits = {"waits": depth, "repeats": 5 * depth, "escalations": 3 * depth}
    none = lasting[:0]
    ids = {
        "lasting_ids": lasting["conversation_id"],
        "talkative_ids": others.get("talkative", none)["conversation_id"],
        "called_ids": others.get("called", none)["conversation_id"],
    }
    return store.query(CLOSER, as_of=bounds["as_of"], **ids, **limits, **words)
