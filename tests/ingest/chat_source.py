"""A source of whole conversations: one record is a conversation, three messages and an event."""


def rows(record, options):
    number, version = record["number"], record["version"]
    ids = {"conversation_id": f"c{number}", "user_id": f"u{number % 97}"}
    day = f"2026-0{1 + number % 5}-1{number % 10}T10"
    at = {"updated_at": f"2026-06-0{version}T00:00:00Z"}
    messages = [
        (
            "messages",
            ids
            | at
            | {
                "message_id": f"m{number}-{n}",
                "sent_at": f"{day}:0{n}:00Z",
                "sender": "user",
                "kind": "text",
            },
        )
        for n in range(3)
    ]
    head = ids | at | {"channel": "web", "started_at": f"{day}:00:00Z", "csat": version}
    event = ids | {"event_id": f"e{number}", "occurred_at": f"{day}:00:00Z", "name": "conversation_started"}
    return [("conversations", head), ("events", event), *messages]
