"""What goes wrong again and again: by kind, for every 1,000 conversations, and whether more than before.

``failed_action``: a system behind the bot did not do what was asked, by action and error. ``fallback``: the
bot recognised no intent. ``dead_end``: the conversation is closed and its last word is a bot's that did not
help. ``repeated``: the user wrote the same telling words again, by topic. A conversation counts once for each
issue it has. What a source does not record (actions, intents) has no row, which is not the same as 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics_lib.analysis.scope import known_before
from analytics_lib.analysis.topic_messages import presence
from analytics_lib.analysis.trends import compare, judge
from analytics_lib.metrics.intervals import wilson_limits
from analytics_lib.periods import window
from analytics_lib.text.dialogue_acts import says_cannot_help, says_not_understood
from analytics_lib.text.masking import mask_text
from analytics_lib.text.normalize import normalise_column

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from analytics_lib.analysis.topic_messages import Asked
    from analytics_lib.analysis.topics import Topics
    from analytics_lib.periods import Moment
    from analytics_lib.store import Store

    Ints = NDArray[np.int64]
    # Its kind, its name, its detail.
    Issue = tuple[str, str | None, str | None]

KINDS = ("failed_action", "fallback", "dead_end", "repeated")
_LONGEST_ERROR = 80

FAILED = """
with chosen as (
    select conversation_id
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
)
select conversation_id, name, coalesce(error, '') as error
from actions
where not succeeded and started_at < $as_of and conversation_id in (select conversation_id from chosen)
group by conversation_id, name, coalesce(error, '')
order by name, error, conversation_id
"""

FALLBACKS = """
with chosen as (
    select conversation_id
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of
)
select conversation_id
from messages
where sender = 'user' and sent_at < $as_of
    and lower(intent) in ('fallback', 'unknown:fallback', 'default fallback intent', 'nlu_fallback', 'none')
    and conversation_id in (select conversation_id from chosen)
group by conversation_id
order by conversation_id
"""

LAST_WORDS = """
with chosen as (
    select conversation_id
    from conversations
    where started_local >= $since and started_local < $until and started_at < $as_of and ended_at < $as_of
),
said as (
    select
        conversation_id, sender, substr(text, 1, 1000) as text,
        row_number() over (partition by conversation_id order by sent_at desc, message_id desc) as back
    from messages
    where sent_at < $as_of and conversation_id in (select conversation_id from chosen)
)
select conversation_id, text
from said
where back = 1 and sender = 'bot' and text is not null
order by conversation_id
"""

RECORDED = """
select
    (select count(*) from (select 1 as one from actions where succeeded is not null limit 1) as a) as actions,
    (select count(*) from (select 1 as one from messages where intent is not null limit 1) as m) as intents
"""


def common_issues(
    store: Store,
    asked: Asked,
    found: Topics,
    *,
    since: Moment,
    until: Moment,
    as_of: Moment | None = None,
) -> pd.DataFrame:
    """What goes wrong in the conversations that were read, the most frequent first.

    Args:
        store: Read: ``actions messages conversations``.
        asked: The conversations of the window and the weeks, as read with the same ``as_of``.
        found: Their topics.
        since: Start of the window.
        until: Its end, excluded.
        as_of: Nothing later is known.

    Returns:
        One row per issue with anybody in the window or the weeks: ``kind`` (of ``KINDS``), ``name`` (of the
        action, or the topic; else null), ``detail`` (the error, masked; else null); ``conversations`` of the
        window with it, ``total`` of the window (for ``dead_end`` the closed ones), ``per_thousand`` of them
        with its 95 % interval ``low high`` (Wilson); and the columns of ``trends.compare``, by conversations
        of the weeks, corrected over all issues together.
    """
    bounds = _bounds(asked, since=since, until=until)
    issues = _issues(store, {**bounds, "as_of": known_before(as_of)}, asked, found)
    if not issues:
        return _without_rows()
    frame = pd.DataFrame(list(issues), columns=["kind", "name", "detail"])
    frame["conversations"], frame["total"], compared = _counted(issues, asked)
    low, high = wilson_limits(*(frame[name].to_numpy(dtype=float) for name in ("conversations", "total")))
    share = frame["conversations"] / frame["total"].where(frame["total"] > 0)
    frame = frame.assign(per_thousand=1_000 * share, low=1_000 * low, high=1_000 * high)
    joined = pd.concat([frame, compared], axis=1)
    return joined.sort_values(["conversations", "kind", "name"], ascending=[False, True, True]).reset_index(
        drop=True
    )


def unrecorded(store: Store) -> list[str]:
    """Which kinds the store cannot tell, since no source records what they are counted by."""
    found = store.query(RECORDED).iloc[0]
    return [
        kind for kind, name in (("failed_action", "actions"), ("fallback", "intents")) if not int(found[name])
    ]


def _bounds(asked: Asked, *, since: Moment, until: Moment) -> dict[str, object]:
    """From the first to the last moment of the window and the weeks."""
    bounds = window(since, until)
    if asked.weeks.since is None or asked.weeks.until is None:
        return {**bounds}
    weeks = window(asked.weeks.since, asked.weeks.until)
    return {"since": min(bounds["since"], weeks["since"]), "until": max(bounds["until"], weeks["until"])}


def _issues(store: Store, known: dict[str, object], asked: Asked, found: Topics) -> dict[Issue, Ints]:
    """The conversations (numbers) with each issue."""
    number = pd.Series(asked.conversations["number"].to_numpy(), index=asked.conversations["conversation_id"])
    failed = store.query(FAILED, **known)
    failed = failed.assign(
        number=failed["conversation_id"].map(number),
        error=[mask_text(error)[:_LONGEST_ERROR] for error in failed["error"]],
    )
    issues: dict[Issue, Ints] = {
        ("failed_action", str(name), str(error) or None): _chosen(same["number"])
        for (name, error), same in failed.groupby(["name", "error"])
    }
    fallbacks = store.query(FALLBACKS, **known)["conversation_id"]
    issues[("fallback", None, None)] = _chosen(fallbacks.map(number))
    issues[("dead_end", None, None)] = _chosen(_dead_ends(store, known).map(number))
    issues |= {("repeated", name, None): chats for name, chats in _repeated(asked, found).items()}
    return {key: chats for key, chats in issues.items() if len(chats)}


def _dead_ends(store: Store, known: dict[str, object]) -> pd.Series:
    last = store.query(LAST_WORDS, **known)
    spelled = normalise_column(last["text"])
    lost = says_cannot_help(spelled) | says_not_understood(spelled)
    found: pd.Series = last["conversation_id"][lost.to_numpy()]
    return found


def _repeated(asked: Asked, found: Topics) -> dict[str, Ints]:
    """The conversations in which the same telling words were written twice or more, by topic."""
    lines = asked.lines
    same, _ = pd.factorize(asked.texts["words"])
    topic = found.of_text[lines["text"].to_numpy()]
    said = lines.assign(same=same[lines["text"].to_numpy()], topic=topic)[topic >= 0]
    times = said.groupby(["topic", "same", "conversation"], as_index=False)["messages"].sum()
    again = times[times["messages"] > 1]
    number, chat = presence(
        again["topic"].to_numpy(dtype=np.int64), again["conversation"].to_numpy(dtype=np.int64)
    )
    return {name: chat[number == place] for place, name in enumerate(found.names)}


def _chosen(numbers: pd.Series) -> Ints:
    """The conversations that were read; those of other segments are left out."""
    return np.unique(numbers.dropna().to_numpy(dtype=np.int64))


def _counted(issues: Mapping[Issue, Ints], asked: Asked) -> tuple[list[int], list[int], pd.DataFrame]:
    """Conversations of the window with each issue, all there are, and how the weeks compare."""
    rows, weeks = asked.conversations, len(asked.weeks.starts)
    week, inside = rows["week"].to_numpy(), rows["in_window"].to_numpy(dtype=bool)
    # How a conversation ends is known of closed ones only.
    every = {True: rows["closed"].to_numpy(dtype=bool), False: np.ones(len(rows), dtype=bool)}
    counted = [every[kind == "dead_end"] for kind, _, _ in issues]
    has = [
        np.isin(np.arange(len(rows)), chats) & known
        for chats, known in zip(issues.values(), counted, strict=True)
    ]
    by_week = np.array([np.bincount(week[(week >= 0) & each], minlength=weeks) for each in has])
    compared = []
    for of in every.values():
        same = [place for place, known in enumerate(counted) if known is of]
        totals = np.bincount(week[(week >= 0) & of], minlength=weeks)
        compared.append(compare(by_week[same], totals, recent=asked.weeks.recent).set_axis(same))
    here, total = ([int((each & inside).sum()) for each in some] for some in (has, counted))
    return here, total, judge(pd.concat([each for each in compared if len(each)]).sort_index())


def _without_rows() -> pd.DataFrame:
    names = ("kind", "name", "detail", "conversations", "total", "per_thousand", "low", "high")
    compared = compare(np.zeros((0, 1)), np.zeros(1), recent=1)
    return pd.concat([pd.DataFrame(columns=names), compared], axis=1)
