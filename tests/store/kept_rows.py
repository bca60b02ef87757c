"""Messages of which rows can be made, and the files in which a store keeps such rows."""

import pandas as pd

from analytics_lib.store import derived

NOON = pd.Timestamp("2026-03-01T17:00:00Z")


def messages(conversation, *hours):
    """Messages of a user in one conversation, each so many hours after noon."""
    return pd.DataFrame(
        {
            "message_id": [f"{conversation}-{hour}" for hour in hours],
            "conversation_id": conversation,
            "user_id": "u1",
            "sent_at": [NOON + pd.Timedelta(hours=hour) for hour in hours],
            "sender": "user",
            "kind": "text",
        }
    )


def kept(root):
    """The files of kept rows of the store in a folder."""
    return sorted((root / derived.FOLDER).glob("*"))
