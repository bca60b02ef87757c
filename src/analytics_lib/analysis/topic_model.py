"""Topics from words alone: non-negative matrix factorisation of TF-IDF, the same answer every time.

Each different set of telling words is a document, weighed by the square root of how often it was written.
Words and pairs of neighbouring words that occur in three documents or more are its features. Every topic is a
list of weighted features (Lee and Seung 1999). A document belongs to the topic most like it, if the cosine of
the two is 0.2 or more, else to none: that a text shares one common word with a topic makes it no question of
that topic. Starting values come from a singular value decomposition (NNDSVD: Boutsidis and Gallopoulos 2008)
with a fixed seed.

Topics are learned from the 5,000 most frequent documents; all the others are put to the most alike too.
How many topics: of 8, 16 and 24 the fewest to which 80 % of what was written belongs, or else 24.
"""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer

from analytics_lib.analysis.topic_words import NAME, NUMBER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, TypeAlias

    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    # A sparse matrix of SciPy, which ships no types.
    Sparse: TypeAlias = Any

CANDIDATES = (8, 16, 24)
LEAST_COVERED = 0.8
LEAST_ALIKE = 0.2
_LEAST_DOCUMENTS, _MOST_FEATURES = 3, 3_000
_LEARNED_FROM = 5_000
_LABEL_WORDS = 3
_STEPS, _TOLERANCE = 60, 1e-3
# A feature with less than this share of the strongest says little of a topic.
_WEAK = 0.12
# Words that no topic is about.
_SILENT = frozenset({NUMBER, NAME})

Words = tuple[str, ...]


@dataclass(frozen=True)
class TopicModel:
    """Topics that were learned.

    Attributes:
        labels: The strongest words of each topic, a tuple; different for each.
        topics: Of each document the number of its topic; -1 where it belongs to none.
        covered: By number of topics tried, the share of what was written that belongs to one.
    """

    labels: tuple[Words, ...]
    topics: Mapping[Words, int]
    covered: Mapping[int, float]


def learn(documents: Mapping[Words, int], *, candidates: Sequence[int] = CANDIDATES) -> TopicModel:
    """Topics of documents.

    Args:
        documents: How often each set of telling words was written.
        candidates: Numbers of topics that are tried, ascending; those with fewer than three documents or
            features a topic are not.

    Returns:
        No topic where there is no document; of few documents as many topics as there are, at most the first
        of ``candidates``.
    """
    ordered = sorted(documents, key=lambda words: (-documents[words], words))
    counts = np.array([documents[words] for words in ordered], dtype=float)
    names = _names(ordered)
    if not names:
        return TopicModel((), dict.fromkeys(ordered, -1), {})
    vectors = TfidfVectorizer(analyzer=features, vocabulary=names, sublinear_tf=True).fit_transform(ordered)
    most = min(len(ordered), len(names))
    tried = [n for n in candidates if 3 * n <= most] or [min(most, candidates[0])]
    covered: dict[int, float] = {}
    for n in tried:
        components = _components(vectors[:_LEARNED_FROM], counts[:_LEARNED_FROM], n)
        topic = _most_alike(vectors, components)
        covered[n] = float(counts[topic >= 0].sum() / counts.sum())
        if covered[n] >= LEAST_COVERED:
            break
    return TopicModel(_labels(components, names), dict(zip(ordered, topic.tolist(), strict=True)), covered)


def features(words: Words) -> list[str]:
    """Its words, but numbers and names, and its pairs of neighbouring words."""
    pairs = [f"{first} {second}" for first, second in pairwise(words) if not {first, second} <= _SILENT]
    return [word for word in words if word not in _SILENT] + [pair for pair in pairs if NAME not in pair]


def document_counts(texts: pd.DataFrame, messages: NDArray[np.int64]) -> dict[Words, int]:
    """How often each set of telling words was written; courtesy and texts without any are left out.

    Args:
        texts: ``words courtesy`` of each text.
        messages: How often each was written.
    """
    sums: Counter[Words] = Counter()
    for words, courtesy, n in zip(texts["words"], texts["courtesy"], messages.tolist(), strict=True):
        if n and not courtesy and features(words):
            sums[words] += n
    return dict(sums)


def _names(documents: Sequence[Words]) -> list[str]:
    """The features that occur in three documents or more (of very few documents in a third), sorted."""
    seen = Counter(feature for words in documents for feature in set(features(words)))
    least = min(_LEAST_DOCUMENTS, max(len(documents) // 3, 1))
    known = sorted((name for name, n in seen.items() if n >= least), key=lambda name: (-seen[name], name))
    return sorted(known[:_MOST_FEATURES])


def _components(vectors: Sparse, counts: Floats, topics: int) -> Floats:
    """The weight of each feature in each topic."""
    weighed = vectors.multiply(np.sqrt(counts)[:, None]).tocsr()
    model = NMF(topics, init="nndsvd", random_state=0, max_iter=_STEPS, tol=_TOLERANCE)
    # Where the fit is perfect, its error is the root of a rounding below 0.
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        # Topics are settled long before the last digits are.
        warnings.simplefilter("ignore", ConvergenceWarning)
        found: Floats = model.fit(weighed).components_
    return found


def _most_alike(vectors: Sparse, components: Floats) -> NDArray[np.int64]:
    """The topic with the largest cosine to each document; -1 where none is alike."""
    lengths = np.linalg.norm(components, axis=1, keepdims=True)
    alike = np.asarray(vectors @ (components / np.where(lengths > 0, lengths, 1.0)).T)
    return np.where(alike.max(axis=1) >= LEAST_ALIKE, alike.argmax(axis=1), -1).astype(np.int64)


def _labels(components: Floats, names: Sequence[str]) -> tuple[Words, ...]:
    labels: list[Words] = []
    for weights in components:
        order = [int(n) for n in np.argsort(-weights, kind="stable") if weights[n] > _WEAK * weights.max()]
        label = _label([names[n] for n in order]) or ("?",)
        while label in labels:
            label = (*label, "+")
        labels.append(label)
    return tuple(labels)


def _label(ordered: Sequence[str]) -> Words:
    """The first words that do not repeat each other; a pair takes the place of a word of its own."""
    chosen: list[str] = []
    for name in ordered:
        parts = set(name.split())
        if any(parts <= set(other.split()) for other in chosen):
            continue
        alone = [other for other in chosen if set(other.split()) < parts]
        if alone:
            place = chosen.index(alone[0])
            chosen = [other for other in chosen if other not in alone]
            chosen.insert(place, name)
        elif len(chosen) < _LABEL_WORDS:
            chosen.append(name)
    return tuple(chosen[:_LABEL_WORDS])
