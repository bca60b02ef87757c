"""What users asked: the texts of a window and the weeks before it, and who wrote which of them.

Read are the conversations that started in the window or the weeks, whole, and every text their users typed or
tapped. Texts of one normal spelling are one text. Numbers stand for conversations, users and texts, so that
millions of messages stay small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.analysis.scope import known_before
from analytics_lib.analysis.topic_words import Names, names_of, telling_words
from analytics_lib.errors import RequestError
from analytics_lib.periods import local_moment, window
from analytics_lib.text.dialogue_acts import is_courtesy
from analytics_lib.text.masking import mask_column
from analytics_lib.text.normalize import normalise_column

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics_lib.analysis.trends import Weeks
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

DIMENSIONS = ("channel", "entry_point", "city", "region", "country", "segment")
OUTCOMES = ("purchase", "resolved", "escalated", "abandoned", "unknown")
Segment = tuple[str, str]

# A text longer than this tells its topic by its beginning.
_READ = 1_000

CONVERSATIONS = """
with grouped as (
    select
        conversation_id, user_id, started_local, csat,
        coalesce(ended_at < $as_of, false) as closed,
        case when ended_at < $as_of then coalesce(outcome, 'unknown') else 'open' end as outcome,
        coalesce(escalated_at < $as_of, false) as escalated,
        coalesce(case $dimension
            when 'channel' then channel
            when 'entry_point' then entry_point
            when 'city' then conversations.city
            when 'region' then conversations.region
            when 'country' then conversations.country
            when 'segment' then segment
            else 'all'
        end, 'unknown') as grouping
    from conversations left join users using (user_id)
    where started_local >= $since and started_local < $until and started_at < $as_of
),
chosen as (
    select * from grouped where grouping = $group and outcome = coalesce($outcome, outcome)
),
people as (
    select user_id, row_number() over (order by user_id) - 1 as person
    from (select distinct user_id from chosen) as each_user
)
select
    row_number() over (order by conversation_id) - 1 as number, conversation_id, person, started_local,
    closed, outcome, escalated, case when closed then csat end as csat
from chosen join people using (user_id)
order by number
"""

TEXTS = """
with written as (
    select substr(text, 1, $most) as text
    from messages
    where sender = 'user' and text is not null and sent_at < $as_of
        and conversation_id in (
            select conversation_id
            from conversations
            where started_local >= $since and started_local < $until and started_at < $as_of
        )
)
select text from written group by text order by text
"""

LINES = """
with written as (
    select conversation_id, substr(text, 1, $most) as text
    from messages
    where sender = 'user' and text is not null and sent_at < $as_of
        and conversation_id in (
            select conversation_id
            from conversations
            where started_local >= $since and started_local < $until and started_at < $as_of
        )
),
texts as (
    select text, row_number() over (order by text) - 1 as text_number from written group by text
),
chats as (
    select conversation_id, row_number() over (order by conversation_id) - 1 as chat_number
    from written
    group by conversation_id
)
select
    cast(text_number as int) as text_number, cast(chat_number as int) as chat_number,
    cast(count(*) as int) as messages
from written join texts using (text) join chats using (conversation_id)
group by text_number, chat_number
order by text_number, chat_number
"""

CHATS = """
select conversation_id
from messages
where sender = 'user' and text is not null and sent_at < $as_of
    and conversation_id in (
        select conversation_id
        from conversations
        where started_local >= $since and started_local < $until and started_at < $as_of
    )
group by conversation_id
order by conversation_id
"""

PRODUCTS = "select distinct name from products where name is not null"
CITIES = """
select city from conversations where city is not null
union
select city from users where city is not null
"""


@dataclass(frozen=True)
class Asked:
    """What users wrote.

    Attributes:
        conversations: One row per conversation: ``number`` (from 0), ``conversation_id``, ``person`` (number
            of its user, from 0), ``closed``, ``outcome`` (``open``, ``unknown`` …), ``escalated``, ``csat``
            (null where not answered), ``week`` (of ``weeks``, -1 for none), ``in_window``.
        texts: One row per distinct text in its normal spelling: ``number`` (from 0), ``text`` (one of its
            spellings, masked), ``words`` (its telling words, a tuple), ``courtesy``.
        lines: One row per text and conversation: ``text``, ``conversation`` (their numbers), ``messages``.
        weeks: The weeks that are compared.
    """

    conversations: pd.DataFrame
    texts: pd.DataFrame
    lines: pd.DataFrame
    weeks: Weeks

    @property
    def window_lines(self) -> pd.DataFrame:
        """The lines of conversations that started in the window, with their ``person``."""
        return self.placed[self.placed["in_window"].to_numpy()]

    @property
    def placed(self) -> pd.DataFrame:
        """The lines with ``person week in_window`` of their conversation."""
        of = self.conversations.iloc[self.lines["conversation"].to_numpy()]
        return self.lines.assign(**{name: of[name].to_numpy() for name in ("person", "week", "in_window")})


def read_asked(  # a window, its weeks, and which conversations of them
    store: Store,
    *,
    since: Moment,
    until: Moment,
    weeks: Weeks,
    segment: Segment | None = None,
    outcome: str | None = None,
    as_of: Moment | None = None,
) -> Asked:
    """The texts of users in conversations that started in the window or in one of the weeks.

    Args:
        store: Read: ``conversations messages users products``.
        since: Start of the window.
        until: Its end, excluded.
        weeks: Those that are compared with each other.
        segment: Only conversations of this dimension and value, such as ``("channel", "whatsapp")``;
            unknown values are ``unknown``.
        outcome: Only conversations that ended so.
        as_of: Nothing later is known.

    Raises:
        RequestError: If the window is empty, or the dimension or the outcome is none there is.
    """
    bounds = window(since, until)
    if weeks.since is not None and weeks.until is not None:
        bounds = window(min(since, weeks.since, key=local_moment), max(until, weeks.until, key=local_moment))
    known: dict[str, object] = {**bounds, "as_of": known_before(as_of)}
    chats = store.query(CONVERSATIONS, **known, **segment_bounds(segment, outcome))
    inside = window(since, until)
    conversations = chats.assign(
        week=weeks.number(chats["started_local"]),
        in_window=chats["started_local"].ge(inside["since"]) & chats["started_local"].lt(inside["until"]),
    ).drop(columns="started_local")
    texts, lines = _read_lines(store, conversations, known)
    return Asked(conversations, texts, lines, weeks)


def segment_bounds(segment: Segment | None, outcome: str | None = None) -> dict[str, object]:
    """A segment and an outcome as parameters of a query: ``dimension group outcome``.

    Raises:
        RequestError: If the dimension or the outcome is none there is.
    """
    if segment is not None and segment[0] not in DIMENSIONS:
        raise RequestError(f"Unknown dimension {segment[0]!r}; expected one of {', '.join(DIMENSIONS)}.")
    if outcome is not None and outcome not in OUTCOMES:
        raise RequestError(f"Unknown outcome {outcome!r}; expected one of {', '.join(OUTCOMES)}, or none.")
    dimension, group = segment or ("", "all")
    return {"dimension": dimension, "group": group, "outcome": outcome}


def _read_lines(
    store: Store, conversations: pd.DataFrame, known: dict[str, object]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Texts in their normal spelling, and which conversation has which."""
    written = store.query_arrow(TEXTS, most=_READ, **known)["text"]
    lines = store.query_arrow(LINES, most=_READ, **known).to_pandas()
    chats = store.query(CHATS, **known)["conversation_id"]
    numbers = pd.Series(np.arange(len(conversations)), index=conversations["conversation_id"])
    place = chats.map(numbers).fillna(-1).to_numpy(dtype=np.int64)[lines["chat_number"].to_numpy()]
    kept = lines[place >= 0].assign(conversation=place[place >= 0])
    spelled = normalise_column(pd.Series(written.to_pandas(), dtype="str"))
    codes, uniques = pd.factorize(spelled, sort=True)
    joined = kept.assign(text=codes[kept["text_number"].to_numpy()])
    used, text = np.unique(joined["text"].to_numpy(), return_inverse=True)
    first = np.full(len(uniques), -1)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    texts = _texts(
        store, pd.Series(uniques[used], dtype="str"), mask_column(written.take(first[used])).to_pylist()
    )
    grouped = joined.assign(text=text).groupby(["text", "conversation"], as_index=False)["messages"].sum()
    return texts, grouped


def _texts(store: Store, spelled: pd.Series, shown: list[str]) -> pd.DataFrame:
    names = known_names(store)
    said = pd.Series(telling_words(spelled.tolist(), names=names), index=spelled.index, dtype=object)
    return pd.DataFrame(
        {
            "number": np.arange(len(spelled)),
            "text": pd.array(shown, dtype="str"),
            "words": said,
            "courtesy": is_courtesy(spelled),
        }
    )


def known_names(store: Store) -> Names:
    """The words of products and cities in the store."""
    return names_of(store.query(PRODUCTS)["name"].tolist(), store.query(CITIES)["city"].tolist())


def presence(
    first: NDArray[np.int64], second: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The different pairs of two columns of numbers."""
    if not len(first):
        return first, second
    width = int(second.max()) + 1
    pairs = np.unique(first * width + second)
    return pairs // width, pairs % width
