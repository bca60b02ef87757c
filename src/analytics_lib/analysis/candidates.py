"""Which conversations of a window may be its worst, as far as a scan of its rows can tell.

Reading a million conversations closely takes many minutes; a scan takes seconds. So each reason to read one
has a measure here that a scan can take, and only the conversations at its top are read closely
(``worth_reading``). Two scans of the messages serve all of them: the first chooses by what costs little to
count (length, repeated intents, mean of the stored sentiment), the second reads the texts of these.

- Waits are exact but for the seconds before a "one moment, please", for which a quarter more are read: no
  wait is longer than its conversation.
- Checkouts are exact for conversations that were closed; of those that never were, some may be missed.
- Escalations: of those called in soonest after the start. Whether something had gone wrong before is told by
  a few words, so that some count as troubled that were not, and come last.
- Repeats: how often the user's longer words and the bot's texts come back, in the conversations in which the
  user's intents come back most, or without intents the user says most. A question asked again in other words,
  and answered otherwise each time, is not seen.
- Moods: the mean of the stored sentiment; a text without one is negative where it holds a strongly bad word.
  Those with one known message or none are looked at beside those with more.

Against reading all of 20,000 simulated conversations closely, the candidates held the 40 longest waits,
all 40 checkouts, 38 of the 40 lowest moods, 20 of the 40 with most repeats (many have equally many) and 22 of
the 27 needless escalations (the other five had asked for a person, in words that the close reading did not
know); the first twenty of the list were the same. Of a million, against a close reading of the 14,288 that
wider scans found: 22 of the 40 with most repeats, 31 of the 40 lowest moods, 24 of the 40 most needless
escalations (many are equally needless).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analytics_lib.analysis.closer_scan import CLOSER, MESSAGE_TEXTS
from analytics_lib.analysis.detectors import NEGATIVE
from analytics_lib.analysis.key_moments import LONG_SILENCE_SECONDS
from analytics_lib.analysis.performance import TOLD_REASONS
from analytics_lib.analysis.reading import FALLBACKS
from analytics_lib.analysis.scans import CALLED, CHECKOUTS, COMPLAINING, SCAN
from analytics_lib.analysis.signal_scans import CALLED_SIGNALS, CHECKOUTS_SIGNALS, SCAN_SIGNALS
from analytics_lib.analysis.signals import signals_known

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from analytics_lib.store import Store

    Bounds = Mapping[str, Any]

# All of these words are courtesies for `text.dialogue_acts` too, so that leaving them out never hides a wait.
COURTESY = (
    r"(?i)^[^\p{L}\p{N}?]*((gracias|muchas gracias|mil gracias|ok|okay|listo|dale|vale|perfecto|hola|chao|si"
    r"|sí|buenas|buenas tardes|buenas noches|buenos d[ií]as|thanks|thank you|hello|hi|bye)[^\p{L}\p{N}?]*)+$"
)
BAD_WORDS = (
    r"(?i)p[eé]sim|horr(ibl|oros)|terribl|decepci|frustr|\bmal[oa]s?\b|\bmal\b|\bpeor|fe[oa]s?\b|rot[oa]\b"
    r"|estaf|\brob(o|aron|an)\b|ladron|mentir|engañ|queja|reclam|molest|fastidi|rabia|asco|basura|porquer"
    r"|grosero|inepto|in[uú]til|nadie (me )?(responde|contesta|atiende)|nunca (me )?(lleg|respond|contest)"
    r"|no (me )?(sirve|funciona|ha llegado|lleg[oó])|defectuos|dañad|manchad|worst|awful|terrible|horrible"
    r"|\bbad\b|broken|scam|useless|disappoint|angry|rude|never arrived|waste"
)
BAD_WORD = -0.6
PERSON = (
    r"(?i)asesor|agente|operador|humano|persona|alguien|supervisor|gerente|representante|vendedor|encargad"
    r"|\bbot\b|robot|m[aá]quina|\bhuman\b|\bagent\b|representative|person\b|someone|manager|operator"
)

# So many go on to the second scan: of the longest lasting, of those with most intents repeated, the soonest
# escalated, those of lowest stored sentiment, and those with hardly any.
_LASTING = 2_000
_TALKATIVE = 10_000
_CALLED = 10_000
_UNHAPPY = 2_000
_UNSURE = 20_000
_EVERY = 2**62


class Scans(NamedTuple):
    """The queries that choose: which to look at closer, escalations, checkouts."""

    scan: str
    called: str
    checkouts: str


_ROWS = Scans(SCAN, CALLED, CHECKOUTS)
_SIGNALS = Scans(SCAN_SIGNALS, CALLED_SIGNALS, CHECKOUTS_SIGNALS)


class Candidates(NamedTuple):
    """Conversations that may be among the worst, and what was written in them.

    Attributes:
        conversation_ids: In order.
        messages: One row per message, ordered by ``(conversation_id, sent_at, message_id)``:
            ``conversation_id message_id sent_at sender kind text intent sentiment``.
    """

    conversation_ids: list[str]
    messages: pa.Table


def candidates(store: Store, bounds: Bounds, *, depth: int, quiet_since: dt.datetime | None) -> Candidates:
    """The conversations that may be among a window's ``depth`` worst by any reason.

    Args:
        store: Read: ``conversations``, ``messages``, ``actions``, ``events``, ``orders``, ``products``.
        bounds: The window, channel and moment of knowledge (see ``scope.bounds``).
        depth: How many are wanted a reason; rough measures give some times more, since not all prove true.
        quiet_since: An open conversation that started later cannot be over yet; null = none can.
    """
    scans = _SIGNALS if signals_known(store, bounds["as_of"]) else _ROWS
    kinds = {"lasting": _LASTING, "talkative": _TALKATIVE, "unhappy": _UNHAPPY, "unsure": _UNSURE}
    scanned = _scan(store, scans, bounds, **kinds)
    unsold = store.query(scans.checkouts, candidates=2 * depth, quiet_since=quiet_since, **bounds)
    lasting = _of(scanned, "lasting")
    chosen = {
        "talkative": _of(scanned, "talkative"),
        "called": store.query(scans.called, called=_CALLED, **bounds),
        "unhappy": _unhappy(store, bounds, scanned),
        "unsold": unsold,
    }
    closer = _look(store, bounds, lasting, depth=depth, **chosen)
    longer = _longer_waits(store, bounds, lasting, scans=scans, closer=closer, depth=depth)
    messages = _joined(closer, longer)
    names = {*messages["conversation_id"].unique().to_pylist(), *unsold["conversation_id"]}
    return Candidates(sorted(names), messages)


def _of(scanned: pd.DataFrame, *kinds: str) -> pd.DataFrame:
    return scanned[scanned["kind"].isin(kinds)]


def _unhappy(store: Store, bounds: Bounds, scanned: pd.DataFrame) -> pd.DataFrame:
    """Those whose mood is looked at closer; all texts are searched only where many lack a sentiment."""
    if len(_of(scanned, "unscored")) < _UNSURE:
        return _of(scanned, "unhappy", "unsure", "unscored")
    complaining = store.query(COMPLAINING, complaining=_UNSURE, bad_words=BAD_WORDS, **bounds)
    return pd.concat([_of(scanned, "unhappy"), complaining])


def _longer_waits(  # what was found, and what finds more
    store: Store, bounds: Bounds, lasting: pd.DataFrame, *, scans: Scans, closer: pa.Table, depth: int
) -> pa.Table | None:
    """The longest waits of all, where those in the conversations that last longest may not be they.

    Only a conversation that lasts as long as the shortest of the waits found can hold a longer one.
    """
    waits = closer.filter(pc.is_valid(closer["waited_seconds"])).group_by("conversation_id")
    seconds = waits.aggregate([("waited_seconds", "max")])["waited_seconds_max"]
    found_all = len(seconds) == _spared(depth)
    least = max(LONG_SILENCE_SECONDS, pc.min(seconds).as_py()) if found_all else LONG_SILENCE_SECONDS
    if len(lasting) < _LASTING or lasting["seconds"].min() < least:
        return None
    more = _scan(store, scans, bounds, at_least=least, lasting=_EVERY)
    return _look(store, bounds, more, depth=depth)


def _scan(
    store: Store,
    scans: Scans,
    bounds: Bounds,
    *,
    at_least: float = LONG_SILENCE_SECONDS,
    **limits: int,
) -> pd.DataFrame:
    """The first scan, so many of each kind; none of those not named in ``limits``."""
    none = dict.fromkeys(("lasting", "talkative", "unhappy", "unsure"), 0)
    return store.query(scans.scan, at_least=at_least, **(none | limits), **bounds)


def _look(
    store: Store, bounds: Bounds, lasting: pd.DataFrame, *, depth: int, **others: pd.DataFrame
) -> pa.Table:
    """The second scan; ``others`` are ``talkative called unhappy unsold``, none unless given."""
    words = {"courtesy": COURTESY, "person": PERSON, "bad_words": BAD_WORDS, "bad_word": BAD_WORD}
    limits = {
        "waits": _spared(depth),
        "repeats": 5 * depth,
        "escalations": 3 * depth,
        "sure": 2 * depth,
        "unsure": depth,
    }
    given = {"lasting": lasting, **others}
    ids = {
        f"{kind}_ids": given.get(kind, lasting[:0])["conversation_id"]
        for kind in ("lasting", "talkative", "called", "unhappy", "unsold")
    }
    rules = {"fallbacks": sorted(FALLBACKS), "told_reasons": sorted(TOLD_REASONS), "negative": NEGATIVE}
    # Where ingest has kept them, texts are read from one file in two thirds of the time.
    store.derived(MESSAGE_TEXTS, keep=False)
    return store.query_arrow(CLOSER, **ids, **limits, **words, **rules, as_of=bounds["as_of"])


def _joined(closer: pa.Table, more: pa.Table | None) -> pa.Table:
    """What both looks found, the messages of every conversation once."""
    rows = closer
    if more is not None:
        known = pc.is_in(more["conversation_id"], closer["conversation_id"].unique())
        rows = pa.concat_tables([closer, more.filter(pc.invert(known))])
        rows = rows.sort_by([(name, "ascending") for name in ("conversation_id", "sent_at", "message_id")])
    return rows.drop_columns("waited_seconds")


def _spared(depth: int) -> int:
    """Some more than wanted: the close reading counts a few seconds that the scan does not."""
    return depth + depth // 4
