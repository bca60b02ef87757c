"""How often the detectors find what was planted, and how often they find something else."""

import pandas as pd

from analytics_lib.analysis.key_moments import TROUBLES, key_moments
from analytics_lib.analysis.reading import read_messages
from analytics_lib.analysis.timeline import timelines
from analytics_lib.simulate.troubles import planted_conversations
from analytics_lib.store import Store

KEY = ["conversation_id", "kind", "where"]


def planted_and_found(*, conversations, seed):
    """Two frames ``conversation_id kind where``: where is the message's id, of an action its second."""
    planted = planted_conversations(conversations=conversations, seed=seed)
    store = Store.in_memory(
        conversations=planted.conversations,
        messages=planted.messages,
        actions=planted.actions,
        events=planted.events,
    )
    told = timelines(store, planted.conversations["conversation_id"].tolist(), read=read_messages)
    known = planted.messages["sent_at"].max() + pd.Timedelta(days=2)
    moments = key_moments(told, told.messages, known_until=known)
    found = moments[moments["kind"].isin(TROUBLES)]
    seconds = told.actions.set_index("action_id")["seconds"]
    truth = planted.truth
    where = truth["message_id"].where(
        truth["message_id"].notna(), truth.get("action_id").map(seconds).astype(str)
    )
    at = found["message_id"].where(found["kind"] != "failed_action", found["seconds"].astype(str))
    return truth.assign(where=where)[KEY], found.assign(where=at)[KEY], told


def scores(truth, found):
    """One row per kind: planted, found, both, recall, precision."""
    both = truth.merge(found, on=KEY)
    counts = pd.DataFrame(
        {
            name: frame["kind"].value_counts()
            for name, frame in (("planted", truth), ("found", found), ("both", both))
        }
    ).fillna(0)
    return counts.assign(
        recall=counts["both"] / counts["planted"], precision=counts["both"] / counts["found"]
    )
