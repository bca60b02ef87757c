"""What was said in two groups of conversations: key moments, and the words that mark each group.

Both are read from the messages of a sample of each group: the conversations whose hashed id comes first, so
that the same data always give the same sample and nobody chose it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pandas as pd

from analytics_lib.analysis.comparable import known_to
from analytics_lib.analysis.differences import (
    FALSE_DISCOVERY_RATE,
    SIDES,
    SMALL_N,
    adjusted_p_values,
    log_odds,
    share_differences,
    z_p_values,
)
from analytics_lib.analysis.groups import defines
from analytics_lib.analysis.key_moments import LONG_SILENCE_SECONDS, is_over, key_moments
from analytics_lib.analysis.reading import read_messages
from analytics_lib.analysis.timeline import Timeline, timelines
from analytics_lib.errors import RequestError
from analytics_lib.text.normalize import words as words_of
from analytics_lib.text.sentiment import SCORERS
from analytics_lib.yaml_files import read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analytics_lib.analysis.groups import Groups
    from analytics_lib.store import Store
    from analytics_lib.text.sentiment import Scorer

SAMPLE_SIZE = 1_500
# A word of fewer users may say more of them than of the group.
LEAST_USERS = 10
PRIOR_WORDS = 500.0
# How a conversation ends is unknown while it may go on.
_KINDS_OF_AN_END = ("dead_end", "unanswered_question")

SAMPLE = """
with grouped as (
    select
        conversation_id, user_id, started_local,
        case
            when $compare = 'channel' then channel
            when $compare = 'period' then case when started_local < $split_at then 'before' else 'after' end
            when ended_at is null or ended_at >= $as_of then 'open'
            else coalesce(outcome, 'unknown')
        end as grouping
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
        and channel = coalesce($channel, channel)
),
members as (
    select
        conversation_id, user_id, started_local,
        case when grouping = $first then 'first' else 'second' end as side
    from grouped
    where grouping in ($first, $second)
),
written as (
    select distinct conversation_id
    from messages
    where conversation_id in (select conversation_id from members) and sender = 'user' and sent_at < $as_of
),
shuffled as (
    select
        side, conversation_id, user_id,
        row_number() over (partition by side order by md5(conversation_id), conversation_id) as place
    from members
    where conversation_id in (select conversation_id from written)
)
select side, conversation_id, user_id
from shuffled
where place <= $sample
order by side, place
"""


@dataclass(frozen=True)
class Sample:
    """The conversations of two groups that were read.

    Attributes:
        members: One row per conversation: ``side`` (first, second), ``conversation_id``, ``user_id``.
        timeline: Theirs, the messages read (see ``reading.read_messages``).
        known_until: What the store knows ends here.
        groups: Which groups they are.
    """

    members: pd.DataFrame
    timeline: Timeline
    known_until: pd.Timestamp | None
    groups: Groups


def read_sample(
    store: Store, groups: Groups, *, sample: int = SAMPLE_SIZE, scorers: Mapping[str, Scorer] = SCORERS
) -> Sample:
    """At most ``sample`` conversations of each group, read.

    Args:
        store: Read: ``conversations``, ``messages``, ``actions``, ``events``, ``orders``, ``products``.
        groups: The two groups.
        sample: Most conversations of a group; those in which the user wrote, first by the md5 of their id.
        scorers: Sentiment scorer by language, for messages without a sentiment of the source's.

    Raises:
        RequestError: If ``sample`` is below 1.
    """
    if sample < 1:
        raise RequestError(f"sample is {sample}; expected at least 1 conversation a group.")
    members = store.query(SAMPLE, sample=sample, **groups.bounds())
    as_of = groups.scope["as_of"]
    read = partial(read_messages, scorers=scorers)
    told = timelines(store, members["conversation_id"].tolist(), as_of=as_of, read=read)
    return Sample(members, told, known_to(store, as_of=as_of), groups)


def moments(sample: Sample, *, long_silence_seconds: float = LONG_SILENCE_SECONDS) -> pd.DataFrame:
    """In which share of the sampled conversations each kind of key moment occurs.

    Steps of the purchase are left out (``groups.stages`` compares them), and so is the escalation where it is
    what tells the groups apart.

    What cannot be told is not counted as absent. Dead ends and unanswered questions are looked for only in
    conversations that are over (``key_moments.is_over``): their ``…_total`` leaves out those still open.
    Failed actions of a group of whose actions none has a known result are unknown, not 0.

    Args:
        sample: The conversations read.
        long_silence_seconds: From how many seconds on waiting is a long silence.

    Returns:
        One row per kind that occurs, as ``differences.share_differences``; shares are null where a group
        has no conversation to look at.
    """
    told = sample.timeline
    found = key_moments(
        told, told.messages, known_until=sample.known_until, long_silence_seconds=long_silence_seconds
    )
    given = ["purchase_step", *(["escalated"] if defines(sample.groups, "escalated") else [])]
    kinds = found.loc[~found["kind"].isin(given), ["conversation_id", "kind"]].drop_duplicates()
    return share_differences(_counts(_looked_at(sample, kinds.rename(columns={"kind": "name"}))))


def words(
    sample: Sample, *, least_users: int = LEAST_USERS, prior_words: float = PRIOR_WORDS
) -> pd.DataFrame:
    """Which words of the users mark each group.

    A user counts once for a word, however often and in however many conversations of a group they wrote it,
    so that one chatty user decides nothing. Words are normalised; stop words and numbers are left out.

    Args:
        sample: The conversations read.
        least_users: A word of fewer users, of both groups together, is left out.
        prior_words: Weight of the prior (see ``differences.log_odds``).

    Returns:
        One row per word, those of the first group first: ``word``; ``first_users second_users`` who wrote it,
        of ``first_total second_total`` who wrote any word; ``log_odds`` and ``z`` (above 0: of the first
        group), ``p_value`` (adjusted), ``real``. No row where a group wrote nothing.
    """
    said = _said(sample)
    users = said.drop_duplicates(["side", "user_id", "word"])
    counts = pd.crosstab(users["word"], users["side"]).reindex(columns=list(SIDES), fill_value=0)
    totals = [said.loc[said["side"] == side, "user_id"].nunique() for side in SIDES]
    ratio, z = log_odds(counts["first"], counts["second"], prior_words=prior_words)
    frame = pd.DataFrame(
        {
            "word": counts.index.astype("str"),
            "first_users": counts["first"].to_numpy(),
            "second_users": counts["second"].to_numpy(),
            "first_total": totals[0],
            "second_total": totals[1],
            "log_odds": ratio,
            "z": z,
        }
    )
    # Beside an empty group, no word belongs to one group more than to the other.
    enough = (frame["first_users"] + frame["second_users"] >= least_users) & (min(totals) > 0)
    frame = frame[enough].sort_values(["z", "word"], ascending=[False, True]).reset_index(drop=True)
    adjusted = adjusted_p_values(z_p_values(frame["z"]))
    real = (adjusted <= FALSE_DISCOVERY_RATE) & (min(totals) >= SMALL_N)
    return frame.assign(p_value=adjusted, real=real)


def _looked_at(sample: Sample, kinds: pd.DataFrame) -> pd.DataFrame:
    """One row per conversation and kind that it can tell of: its member, ``name`` and ``has`` (bool)."""
    told = pd.MultiIndex.from_frame(kinds[["conversation_id", "name"]])
    names = pd.DataFrame({"name": kinds["name"].unique()})
    every = sample.members.merge(names, how="cross")
    every = every.assign(has=pd.MultiIndex.from_frame(every[["conversation_id", "name"]]).isin(told))
    untold = every["name"].isin(_KINDS_OF_AN_END) & ~every["conversation_id"].isin(_over(sample))
    unrecorded = (every["name"] == "failed_action") & ~every["side"].isin(_sides_with_actions(sample))
    return every[~untold & ~unrecorded]


def _over(sample: Sample) -> list[str]:
    """The conversations that have ended (see ``key_moments.is_over``)."""
    last = sample.timeline.messages.groupby("conversation_id")["seconds"].max().to_dict()
    rows = sample.timeline.conversation.to_dict("records")
    return [
        row["conversation_id"]
        for row in rows
        if is_over(row, last.get(row["conversation_id"]), sample.known_until)
    ]


def _sides_with_actions(sample: Sample) -> set[str]:
    actions = sample.timeline.actions
    known = actions.loc[actions["succeeded"].notna(), "conversation_id"]
    return set(sample.members.loc[sample.members["conversation_id"].isin(known), "side"])


def _counts(looked_at: pd.DataFrame) -> pd.DataFrame:
    """What ``share_differences`` takes, from the conversations looked at for each ``name``."""
    users = looked_at.groupby(["side", "name", "user_id"])["has"].agg(conversations="sum", total="size")
    summed = users.assign(
        users=1,
        squares=users["conversations"] ** 2,
        products=users["conversations"] * users["total"],
        total_squares=users["total"] ** 2,
    )
    every = pd.MultiIndex.from_product([SIDES, looked_at["name"].unique()], names=["side", "name"])
    by_side: pd.DataFrame = summed.groupby(["side", "name"]).sum()
    return by_side.reindex(every, fill_value=0).reset_index()


def _said(sample: Sample) -> pd.DataFrame:
    """Every word of the users that can mark a group: ``side user_id word``, as often as it was written."""
    messages = sample.timeline.messages
    texts = messages.loc[(messages["sender"] == "user") & messages["normalised"].notna()]
    said = pd.Series([words_of(text) for text in texts["normalised"]], index=texts.index, dtype=object)
    spoken = texts[["conversation_id"]].assign(word=said)
    each = spoken.explode("word").dropna(subset="word")
    telling = each[each["word"].map(_can_mark).astype(bool)]
    return sample.members.merge(telling, on="conversation_id")[["side", "user_id", "word"]]


def _can_mark(word: str) -> bool:
    number_or_letter = any(letter.isdigit() for letter in word) or (len(word) == 1 and word.isalpha())
    return not number_or_letter and word not in _stop_words()


@cache
def _stop_words() -> frozenset[str]:
    lists = cast("dict[str, str]", read_yaml(Path(__file__).parent / "stop_words.yaml"))
    return frozenset(word for words_of_language in lists.values() for word in words_of_language.split())
