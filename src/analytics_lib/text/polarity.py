"""How positive or negative a Spanish message is, by rules over the words of the lexicon.

A clause ends at punctuation. In it the longest phrase wins, then single words, and each one's weight is

- turned around by a negation at most four words before it and not across *y*, *porque* and their like: a
  negated positive word is negative (x -0.8), a negated negative one only mildly positive (x -0.4). Two
  negations are one, as in Spanish (*no … nada*);
- strengthened or weakened by the words right before and after it (*muy*, *re*, *demasiado*; *un poco*,
  *algo*), and by CAPITALS and stretched letters (x 1.2). *Poco* alone turns a positive word around (*poco
  amable*);
- dropped, in part or whole, where it is asked or looked for and not said (*¿tienen algo más barato?*).

What stands before the last *pero* counts half, what stands after it half more. An emoji said again adds a
fifth, twice at most. Exclamation marks add a tenth each, three at most. The sum x becomes x / sqrt(x² + 15),
the squashing of VADER (Hutto & Gilbert, 2014), so that -1 and 1 are never passed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from analytics_lib.text.lexicon import spanish_lexicon

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from analytics_lib.text.lexicon import Entry, Lexicon

CLAUSE_ENDS = frozenset({",", "?", "!"})
_NEGATIONS = frozenset(
    ["no", "nunca", "jamas", "ni", "sin", "tampoco", "nada", "ningun", "ninguna", "ninguno", "not", "never"]
)
_JOINTS = ("y", "e", "o", "pero", "porque", "pues", "aunque", "sino", "embargo", "si", "and", "but")
_BARRIERS = CLAUSE_ENDS.union(_JOINTS)
_REACH = 4
_NEGATED_POSITIVE, _NEGATED_NEGATIVE = -0.8, -0.4

_LITTLE = frozenset({"poco", "poca", "pocos", "pocas"})
_LITTLE_GOOD = -0.6
_FARTHEST_SHIFT = 3
_AFTERTHOUGHTS = frozenset({"mucho", "muchisimo", "demasiado", "bastante", "full", "resto", "tanto", "poco"})
_LOUD = 1.2

_CONTRASTS = frozenset({"pero", "embargo", "but"})
_BEFORE_CONTRAST, _AFTER_CONTRAST = 0.5, 1.5
_REPEATED, _MOST_REPEATS = 0.2, 2
_EXCLAIMED, _MOST_EXCLAMATIONS = 0.1, 3
_SQUASH = 15.0

# A clause that looks for something begins with a wish, or with an offer that *algo* makes a question.
_WISHES = frozenset(
    ["quiero", "quisiera", "busco", "buscando", "necesito", "necesitaba", "muestrame", "muestreme"]
)
_OFFERS = frozenset(["tienen", "tienes", "tiene", "hay", "habra", "manejan", "venden", "tendran", "tendra"])
_SOME = frozenset(["algo", "algun", "alguna", "alguno", "algunos", "algunas", "mas"])
_TELLS = frozenset(["decir", "decirle", "decirles", "felicitar", "felicitarlos", "agradecer", "contarles"])
_OPENING_WORDS = 3
# Questions that blame: ¿por qué tan caro?
_REPROACHES = frozenset({"porque", "tan", "tanto", "tanta"})
_LONGEST_CLAUSE = 30  # words on either side; so that a wall of text costs no more than its length


class _Hit(NamedTuple):
    """A word or phrase of the lexicon, from the token ``start`` up to ``end``."""

    start: int
    end: int
    entry: Entry


def polarity(tokens: Sequence[str], loud: AbstractSet[str] = frozenset()) -> float:
    """The polarity of a message, -1 to 1; NaN if it holds nothing that the lexicon gives a weight.

    Args:
        tokens: The normalised words and emoji in order, with ``,``, ``?`` and ``!`` where a clause ends.
        loud: Those of the words that were written in capitals or with stretched letters.
    """
    lexicon = spanish_lexicon()
    if lexicon.starts.keys().isdisjoint(tokens):
        return math.nan
    hits = _hits(tokens, lexicon)
    if not any(hit.entry.weight for hit in hits):
        return math.nan
    total = _total(hits, tokens, lexicon.shifts, loud)
    total *= 1 + _EXCLAIMED * min(tokens.count("!"), _MOST_EXCLAMATIONS)
    return total / math.sqrt(total * total + _SQUASH)


def _hits(tokens: Sequence[str], lexicon: Lexicon) -> list[_Hit]:
    """What the lexicon knows of the message, from left to right; nothing overlaps."""
    hits: list[_Hit] = []
    place, starts, singles = 0, lexicon.starts, lexicon.singles
    following = [*tokens[1:], ""]
    for start, token in enumerate(tokens):
        if start < place or token not in starts:
            continue
        lengths = starts[token].get(following[start], ())
        # Most words that may begin a phrase, such as *no* and *me*, begin none here.
        if not lengths and token not in singles:
            continue
        hit = _longest(tokens, start, (*lengths, 1), lexicon)
        if hit and not _only_strengthens(hit, tokens, lexicon):
            hits.append(hit)
            place = hit.end
    return hits


def _longest(tokens: Sequence[str], start: int, lengths: Iterable[int], lexicon: Lexicon) -> _Hit | None:
    """The longest entry that begins at this token and has one of these lengths, longest first."""
    opens = start == 0 or tokens[start - 1] in CLAUSE_ENDS
    for length in lengths:
        end = min(start + length, len(tokens))
        key = tokens[start] if length == 1 else " ".join(tokens[start:end])
        entry = (_at_opening(key, tokens, end, lexicon) if opens else None) or lexicon.anywhere.get(key)
        if entry:
            return _Hit(start, end, entry)
    return None


def _at_opening(key: str, tokens: Sequence[str], end: int, lexicon: Lexicon) -> Entry | None:
    """What a phrase means at the beginning of a clause, or as the whole of it."""
    whole = end >= len(tokens) or tokens[end] in CLAUSE_ENDS
    return (lexicon.alone.get(key) if whole else None) or lexicon.opening.get(key)


def _only_strengthens(hit: _Hit, tokens: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether the word is no praise but strengthens the next: *bien bonito*, *super feo*."""
    if hit.end - hit.start > 1 or tokens[hit.start] not in lexicon.shifts or hit.end >= len(tokens):
        return False
    following = lexicon.anywhere.get(tokens[hit.end])
    return following is not None and following.negatable and following.weight != 0


def _total(
    hits: Sequence[_Hit], tokens: Sequence[str], shifts: dict[str, float], loud: AbstractSet[str]
) -> float:
    """The sum of the weights, each as its place and neighbours make it."""
    contrast = max((place for place, token in enumerate(tokens) if token in _CONTRASTS), default=-1)
    times_said: dict[str, int] = {}
    total, earlier = 0.0, 0
    for hit in hits:
        weight = _weight(hit, tokens, earlier, shifts) if hit.entry.weight else 0.0
        if contrast >= 0:
            weight *= _BEFORE_CONTRAST if hit.start < contrast else _AFTER_CONTRAST
        if loud and not loud.isdisjoint(tokens[hit.start : hit.end]):
            weight *= _LOUD
        total += weight * _freshness(tokens[hit.start], times_said)
        earlier = hit.end
    return total


def _freshness(token: str, times_said: dict[str, int]) -> float:
    """What an emoji still adds when it was said before; a word counts whenever it is said."""
    if token.isalnum():
        return 1.0
    said = times_said[token] = times_said.get(token, 0) + 1
    return 1.0 if said == 1 else _REPEATED if said <= 1 + _MOST_REPEATS else 0.0


def _weight(hit: _Hit, tokens: Sequence[str], earlier: int, shifts: dict[str, float]) -> float:
    """The weight of a hit in its clause; ``earlier`` is where the hit before it ended."""
    weight, negatable, asked = hit.entry
    if asked < 1:
        weight *= _share_said(hit, tokens)
    if not (negatable and weight):
        return weight
    strength = _strength(hit, tokens, earlier, shifts)
    if not _is_negated(hit, tokens, earlier):
        return weight * strength
    # "No muy bueno" is no worse than "no bueno".
    weight *= min(strength, 1.0)
    return weight * (_NEGATED_POSITIVE if weight > 0 else _NEGATED_NEGATIVE)


def _strength(hit: _Hit, tokens: Sequence[str], earlier: int, shifts: dict[str, float]) -> float:
    """How far the words right before and after strengthen, weaken or turn around a hit."""
    strength = 1.0
    for place in range(hit.start - 1, max(earlier, hit.start - _FARTHEST_SHIFT) - 1, -1):
        word = tokens[place]
        if word not in shifts:
            break
        if word in _LITTLE and hit.entry.weight > 0 and tokens[max(place - 1, 0)] != "un":
            return strength * _LITTLE_GOOD
        strength *= shifts[word]
    if hit.end < len(tokens) and tokens[hit.end] in _AFTERTHOUGHTS:
        strength *= shifts[tokens[hit.end]]
    return strength


def _is_negated(hit: _Hit, tokens: Sequence[str], earlier: int) -> bool:
    for place in range(hit.start - 1, max(earlier, hit.start - _REACH) - 1, -1):
        if tokens[place] in _NEGATIONS:
            return True
        if tokens[place] in _BARRIERS:
            return False
    return False


def _share_said(hit: _Hit, tokens: Sequence[str]) -> float:
    """How much of a hit's weight is said, rather than asked or looked for."""
    start, end = hit.start, hit.end
    while start > max(0, hit.start - _LONGEST_CLAUSE) and tokens[start - 1] not in CLAUSE_ENDS:
        start -= 1
    while end < min(len(tokens), hit.end + _LONGEST_CLAUSE) and tokens[end] not in CLAUSE_ENDS:
        end += 1
    clause = tokens[start:end]
    if end < len(tokens) and tokens[end] == "?":
        blames = clause[:2] == ["por", "que"] or not _REPROACHES.isdisjoint(clause)
        return 1.0 if blames else hit.entry.asked
    sought = hit.entry.weight > 0 and hit.entry.asked == 0 and _looks_for(clause, hit.start - start)
    return 0.0 if sought else 1.0


def _looks_for(clause: Sequence[str], place: int) -> bool:
    """Whether the clause looks for what stands at this place of it."""
    opening = clause[: min(_OPENING_WORDS, place)]
    if not _OFFERS.isdisjoint(opening):
        return not _SOME.isdisjoint(clause)
    return not _WISHES.isdisjoint(opening) and _TELLS.isdisjoint(clause)
