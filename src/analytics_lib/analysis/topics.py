"""What users ask, in topics told by their words: how often, by whom, more than before or not.

A message belongs to one topic (see ``topic_model``). Courtesy asks nothing and is counted apart. A message
without a telling word is ``unknown``; one whose words are no topic's is ``other``. Both are counted and
belong to no topic. Topics are learned from the window and the weeks before it together, so that a week is
measured with the same topics as the one before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.analysis.topic_messages import presence
from analytics_lib.analysis.topic_model import TopicModel, document_counts, learn
from analytics_lib.analysis.topic_words import may_name
from analytics_lib.analysis.trends import compare, weekly
from analytics_lib.metrics.intervals import wilson_limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.analysis.topic_messages import Asked

    Ints = NDArray[np.int64]

OTHER, UNKNOWN, COURTESY = "other", "unknown", "courtesy"
EXAMPLES_EACH = 3
_LONGEST_EXAMPLE = 160


@dataclass(frozen=True)
class Topics:
    """Topics and where they are.

    Attributes:
        rows: One row per topic of the window, the most frequent first, then ``other`` and ``unknown`` where
            there are any: ``topic`` (its words, with `` · `` between them), ``words`` (a list of at most
            three; kinds of words in braces, see ``topic_words``), ``messages``, ``share`` (of the messages
            that ask something), ``conversations``, ``users``, ``user_share`` (of the users who asked
            something) with its 95 % interval ``low high`` (Wilson), ``examples`` (at most three texts,
            masked and without given names, the most frequent first).
        names: The topics in the model's order; also those of nobody in the window.
        of_text: For each text the number of its topic in ``names``; -1 other, -2 unknown, -3 courtesy.
        messages: Messages of users in the window with a text.
        courtesy: Those of them that are mere courtesy.
        users: Who asked something in the window.
        covered: By number of topics tried the share that belongs to one (see ``topic_model``).
    """

    rows: pd.DataFrame
    names: tuple[str, ...]
    of_text: Ints
    messages: int
    courtesy: int
    users: int
    covered: dict[int, float]


def topics(asked: Asked) -> Topics:
    """The topics of what was asked; no row where nobody wrote."""
    written = np.bincount(asked.lines["text"], weights=asked.lines["messages"], minlength=len(asked.texts))
    model = learn(document_counts(asked.texts, written.astype(np.int64)))
    names = tuple(" · ".join(words) for words in model.labels)
    of_text = _of_text(asked, model)
    lines = asked.window_lines
    topic = of_text[lines["text"].to_numpy()]
    asks = topic > -3
    rows, users = _rows(lines[asks].assign(topic=topic[asks]), names, model)
    total = int(lines["messages"].sum())
    rows = rows.assign(examples=pd.Series(_examples(asked, rows["number"], of_text), dtype=object))
    return Topics(
        rows=rows.drop(columns="number"),
        names=names,
        of_text=of_text,
        messages=total,
        courtesy=total - int(lines.loc[asks, "messages"].sum()),
        users=users,
        covered=dict(model.covered),
    )


def growth(asked: Asked, found: Topics) -> tuple[pd.DataFrame, pd.DataFrame]:
    """How each topic grew against its own weeks before, and its weeks.

    Counted are users: of those who asked something in a week, those who asked of the topic.

    Returns:
        The first with one row per topic, what moved most surely first: ``topic`` and the columns of
        ``trends.compare``. The second with one row per topic and week: ``topic`` and the columns of
        ``trends.weekly`` without ``thing``. Both without rows where there is no full week.
    """
    counts, totals = topic_weeks(asked, found)
    if not len(totals):
        empty = compare(np.zeros((0, 1)), np.zeros(1), recent=1)
        return empty.assign(topic=[]), pd.DataFrame(columns=["topic", "week", "share"])
    names = pd.Series(found.names, dtype="str")
    compared = compare(counts, totals, recent=asked.weeks.recent)
    compared.insert(0, "topic", names)
    weeks = weekly(counts, totals, asked.weeks)
    weeks.insert(0, "topic", names.iloc[weeks["thing"].to_numpy()].reset_index(drop=True))
    order = compared.sort_values(["p_value", "count_now"], ascending=[True, False], kind="stable")
    return order.reset_index(drop=True), weeks.drop(columns="thing")


def topic_weeks(asked: Asked, found: Topics) -> tuple[Ints, Ints]:
    """Users of each topic (rows) and week (columns), and all who asked something by week."""
    lines = asked.placed
    topic = found.of_text[lines["text"].to_numpy()]
    week, person = lines["week"].to_numpy(), lines["person"].to_numpy()
    inside = (week >= 0) & (topic > -3)
    weeks = len(asked.weeks.starts)
    seen, _ = presence(week[inside], person[inside])
    placed = inside & (topic >= 0)
    cells, _ = presence(topic[placed] * max(weeks, 1) + week[placed], person[placed])
    counts = np.bincount(cells, minlength=len(found.names) * weeks).reshape(len(found.names), weeks)
    return counts, np.bincount(seen, minlength=weeks)


def _of_text(asked: Asked, model: TopicModel) -> Ints:
    words, courtesy = asked.texts["words"], asked.texts["courtesy"].to_numpy(dtype=bool)
    # What the model was not given has no telling word but a number or a name.
    number = np.array([model.topics.get(each, -2) for each in words], dtype=np.int64)
    return np.where(courtesy, -3, number)


def _rows(lines: pd.DataFrame, names: tuple[str, ...], model: TopicModel) -> tuple[pd.DataFrame, int]:
    grouped = lines.groupby("topic")
    counted = grouped.agg(
        messages=("messages", "sum"), conversations=("conversation", "nunique"), users=("person", "nunique")
    )
    users = int(lines["person"].nunique())
    # Topics by how often they were asked, then what belongs to none.
    order = counted.assign(none=-counted.index.to_numpy().clip(max=0)).sort_values(
        ["none", "messages"], ascending=[True, False], kind="stable"
    )
    numbers = order.index.to_numpy(dtype=np.int64)
    low, high = wilson_limits(order["users"].to_numpy(dtype=float), np.full(len(order), float(users)))
    rows = pd.DataFrame(
        {
            "number": numbers,
            "topic": pd.array([_name(number, names) for number in numbers.tolist()], dtype="str"),
            "words": [list(model.labels[number]) if number >= 0 else [] for number in numbers],
            "messages": order["messages"].to_numpy(dtype=np.int64),
            "share": order["messages"].to_numpy(dtype=float) / max(int(order["messages"].sum()), 1),
            "conversations": order["conversations"].to_numpy(dtype=np.int64),
            "users": order["users"].to_numpy(dtype=np.int64),
            "user_share": order["users"].to_numpy(dtype=float) / max(users, 1),
            "low": low,
            "high": high,
        }
    )
    return rows, users


def _name(number: int, names: tuple[str, ...]) -> str:
    return names[number] if number >= 0 else {-1: OTHER, -2: UNKNOWN}[number]


def _examples(asked: Asked, numbers: pd.Series, of_text: Ints) -> list[list[str]]:
    """The most frequent texts of each topic in the window, of different words each and without a name."""
    lines = asked.window_lines
    written = np.bincount(lines["text"], weights=lines["messages"], minlength=len(asked.texts))
    texts = asked.texts.assign(topic=of_text, written=written)
    named = texts["words"].map(may_name).to_numpy(dtype=bool)
    texts = texts[(texts["written"] > 0) & ~named]
    texts = texts.sort_values(["written", "number"], ascending=[False, True])
    return [_first_texts(texts[texts["topic"] == number]) for number in numbers]


def _first_texts(texts: pd.DataFrame) -> list[str]:
    different = texts.drop_duplicates("words") if len(texts) and texts["words"].map(bool).any() else texts
    return [text[:_LONGEST_EXAMPLE] for text in different["text"].head(EXAMPLES_EACH)]
