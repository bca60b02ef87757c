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

from typing import TYPE_CHECKING

import pandas as pd

from analytics_lib.analysis.detectors import NEGATIVE
from analytics_lib.analysis.key_moments import LONG_SILENCE_SECONDS
from analytics_lib.analysis.reading import FALLBACKS
from analytics_lib.analysis.scans import CALLED, CHECKOUTS, CLOSER, COMPLAINING, SCAN

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from analytics_lib.store import Store

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
    scanned = _scan(store, bounds, lasting=_LASTING, talkative=_TALKATIVE, unhappy=_UNHAPPY, unsure=_UNSURE)
    lasting, talkative = _of(scanned, "lasting"), _of(scanned, "talkative")
    called = store.query(CALLED, called=_CALLED, **bounds)
    unhappy = _unhappy(store, bounds, scanned)
    closer = _look(store, bounds, lasting, talkative=talkative, called=called, unhappy=unhappy, depth=depth)
    unsold = store.query(CHECKOUTS, candidates=2 * depth, quiet_since=quiet_since, **bounds)
    found = [closer, unsold, _longer_waits(store, bounds, lasting, closer, depth)]
    return sorted({name for frame in found for name in frame["conversation_id"]})


def _of(scanned: pd.DataFrame, *kinds: str) -> pd.DataFrame:
    return scanned[scanned["kind"].isin(kinds)]


def _unhappy(store: Store, bounds: Mapping[str, object], scanned: pd.DataFrame) -> pd.DataFrame:
    """Those whose mood is looked at closer; all texts are searched only where many lack a sentiment."""
    if len(_of(scanned, "unscored")) < _UNSURE:
        return _of(scanned, "unhappy", "unsure", "unscored")
    complaining = store.query(COMPLAINING, complaining=_UNSURE, bad_words=BAD_WORDS, **bounds)
    return pd.concat([_of(scanned, "unhappy"), complaining])


def _longer_waits(
    store: Store, bounds: Mapping[str, object], lasting: pd.DataFrame, closer: pd.DataFrame, depth: int
) -> pd.DataFrame:
    """The longest waits of all, where those in the conversations that last longest may not be they.

    Only a conversation that lasts as long as the shortest of the waits found can hold a longer one.
    """
    waits = closer.loc[closer["kind"] == "wait", "seconds"]
    least = (
        max(LONG_SILENCE_SECONDS, float(waits.min()))
        if len(waits) == _spared(depth)
        else LONG_SILENCE_SECONDS
    )
    if len(lasting) < _LASTING or lasting["seconds"].min() < least:
        return lasting[:0]
    more = _scan(store, bounds, at_least=least, lasting=_EVERY)
    return _look(store, bounds, more, depth=depth)


def _scan(
    store: Store,
    bounds: Mapping[str, object],
    *,
    at_least: float = LONG_SILENCE_SECONDS,
    **limits: int,
) -> pd.DataFrame:
    """The first scan, so many of each kind; none of those not named in ``limits``."""
    none = dict.fromkeys(("lasting", "talkative", "unhappy", "unsure"), 0)
    return store.query(SCAN, at_least=at_least, **(none | limits), **bounds)


def _look(
    store: Store, bounds: Mapping[str, object], lasting: pd.DataFrame, *, depth: int, **others: pd.DataFrame
) -> pd.DataFrame:
    """The second scan; ``others`` are ``talkative``, ``called`` and ``unhappy``, none unless given."""
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
        for kind in ("lasting", "talkative", "called", "unhappy")
    }
    rules = {"fallbacks": sorted(FALLBACKS), "negative": NEGATIVE, "as_of": bounds["as_of"]}
    return store.query(CLOSER, **ids, **limits, **words, **rules)


def _spared(depth: int) -> int:
    """Some more than wanted: the close reading counts a few seconds that the scan does not."""
    return depth + depth // 4
