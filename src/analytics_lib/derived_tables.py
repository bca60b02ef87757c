"""Tables that no source gives: steps that queries of metrics share, and rows worked out ahead (``Derived``).

Their columns are declared like those of the contract, so that the queries that read them can be checked; the
queries that make them are in ``metrics`` and ``analysis``.
"""

from __future__ import annotations

from analytics_lib.table import Column, Table, identifier

_CONVERSATION = identifier("conversation_id", "the conversation")
_USER = identifier("user_id", "the person, as a keyed hash")
_PLACE = tuple(
    Column(name, "text", "of the conversation")
    for name in ("channel", "entry_point", "city", "region", "country")
)
_TALKED = (
    Column("messages", "int", "messages of anybody"),
    Column("user_messages", "int", "messages of the user"),
    Column("bot_messages", "int", "messages of the bot"),
    Column("agent_messages", "int", "messages of agents"),
    Column("templates", "int", "template messages"),
    Column("first_user_at", "at", "first message of the user"),
    Column("last_user_at", "at", "last message of the user"),
    Column("first_agent_at", "at", "first message of an agent"),
    Column("last_agent_at", "at", "last message of an agent"),
)

_BEGUN = (
    Column("started_at", "at", "first message"),
    Column("started_local", "local", "first message, on the wall clock"),
    Column("ended_at", "at", "when it was closed"),
)
_ENDED = (
    Column("outcome", "text", "how it ended"),
    Column("resolved", "bool", "whether the customer's need was met"),
    Column("csat", "int", "answer to the satisfaction survey"),
    Column("nps", "int", "answer to: would you recommend us?"),
    Column("escalated_at", "at", "when a person was called in"),
    Column("escalation_reason", "text", "why"),
)
_PRODUCT = (Column("product", "text", "its name"), Column("category", "text", "kind of product"))
_AMOUNT = (
    Column("amount", "float", "of an order; negative is a refund"),
    Column("currency", "text", "currency of the amount"),
)

_USER_NUMBER = Column("user_number", "int", "of the user, in order of ids", required=True)
_HOUR = Column("hour_local", "local", "start of the hour, on the wall clock", required=True)
_SEGMENT = Column("segment", "text", "of the user")

_ALL = (
    Table(
        "numbered",
        "one conversation in which a user wrote in the window, and its user, as numbers",
        ("conversation_id",),
        (
            _CONVERSATION,
            _USER,
            Column("first_at", "at", "first message of the user"),
            Column("number", "int", "of the conversation, in order of ids", required=True),
            Column("user_number", "int", "of the user, likewise", required=True),
        ),
    ),
    Table(
        "talks",
        "what was written in one conversation, of a user with a conversation in the window",
        ("conversation_id",),
        (_CONVERSATION, *_TALKED),
    ),
    Table(
        "intents",
        "what one conversation was about, of a user with a conversation in the window",
        ("conversation_id",),
        (
            _CONVERSATION,
            Column(
                "intent",
                "text",
                "its most frequent intent that is neither greeting nor fallback, or its family",
            ),
        ),
    ),
    Table(
        "first_periods",
        "one user, by any activity of theirs",
        ("user_id",),
        (_USER, Column("first_period", "text", "when they first came: start of the period, wall clock")),
    ),
    Table(
        "numbered_events",
        "one event, its user, conversation and name as numbers, in the order (occurred_at, event_id)",
        ("place",),
        (
            Column("place", "int", "of the event in that order, from 0", required=True),
            Column("person", "int", "of its user, in order of ids", required=True),
            Column("chat", "int", "of its conversation, likewise; null without one"),
            Column("code", "int", "of its name, likewise", required=True),
            Column("occurred_at", "at", "when it happened", required=True),
            Column("occurred_local", "local", "when it happened, on the wall clock", required=True),
        ),
    ),
    Table(
        "event_people",
        "one user who has an event",
        ("person",),
        (Column("person", "int", "number of the user, in order of ids", required=True), _USER, _SEGMENT),
    ),
    Table(
        "event_chats",
        "one conversation that has an event",
        ("chat",),
        (Column("chat", "int", "number of the conversation, in order of ids", required=True), *_PLACE),
    ),
    Table(
        "waiters",
        "one conversation in which a user wrote, and its user, as numbers",
        ("number",),
        (
            Column("number", "int", "of the conversation, in order of users and ids", required=True),
            _USER_NUMBER,
            _CONVERSATION,
            _USER,
            Column("is_shared", "bool", "whether several users wrote in it; the first by id counts"),
            *_PLACE,
            _SEGMENT,
        ),
    ),
    Table(
        "waits",
        "one stretch of messages of a user, with the reply of the bot or an agent",
        ("number", "sent_at"),
        (
            Column("number", "int", "of the conversation among ``waiters``", required=True),
            Column("user_number", "int", "of its user, likewise", required=True),
            Column("sent_at", "at", "when its first message was sent", required=True),
            Column("sent_local", "local", "the same on the wall clock", required=True),
            Column("is_first", "bool", "whether it begins with the user's first message"),
            Column("replier", "text", "bot or agent; null where nobody replied"),
            Column("response_time_seconds", "float", "until the reply"),
        ),
    ),
    Table(
        "conversation_facts",
        "one conversation, with all that other tables tell about it",
        ("conversation_id",),
        (
            _CONVERSATION,
            _USER,
            _USER_NUMBER,
            *_PLACE,
            Column("agent_id", "id", "the person of the shop who took over"),
            *_BEGUN,
            *_ENDED,
            *_TALKED,
            Column("intent", "text", "its most frequent intent that is neither greeting nor fallback"),
            Column("last_sender", "text", "who had the last word, of those ended without a known result"),
            Column("stage", "int", "the furthest stage of the funnel, from 1"),
            Column("purchased_at", "at", "first purchase"),
            Column("paid", "float", "amounts of its orders and refunds"),
            Column("sales", "int", "its orders"),
            Column("refunds", "int", "its refunds"),
            Column("next_contact_at", "at", "when its user wrote again after its end, about anything"),
            Column("contact_at", "at", "first message of the user; null where the user wrote none"),
            Column("issue_before_at", "at", "end of the latest contact before about the same issue"),
            Column("next_issue_contact_at", "at", "when its user wrote again about the same issue"),
        ),
    ),
    Table(
        "message_sums",
        "what one user and those who answer wrote in one conversation in one hour",
        ("user_id", "hour_local"),
        (
            _USER,
            _USER_NUMBER,
            _HOUR,
            *_PLACE,
            Column("messages", "int", "messages of anybody"),
            Column("negative", "int", "messages of the user with a polarity of -0.1 or less"),
            Column("neutral", "int", "those between -0.1 and 0.1"),
            Column("positive", "int", "those of 0.1 or more"),
            Column("scored", "int", "those with a polarity"),
            Column("written", "int", "texts of the user"),
            Column("unscored", "int", "those without a polarity"),
            Column("fallbacks", "int", "those the bot took for nothing it knows"),
            Column("detections", "int", "messages of the user with an intent"),
            Column("weighed", "int", "those with a confidence"),
            Column("unsure", "int", "those with a confidence below 0.7"),
            Column("confidence", "float", "sum of their confidences"),
            Column("reviewed", "int", "messages of the user a reviewer read"),
            Column("recognised", "int", "those whose intent is the reviewer's"),
        ),
    ),
    Table(
        "action_sums",
        "the calls of the bot for one conversation in one hour",
        ("user_id", "hour_local"),
        (
            _USER,
            Column("user_number", "int", "of the user, in order of ids"),
            _HOUR,
            *_PLACE,
            Column("judged", "int", "calls of which it is known whether they did what was asked"),
            Column("succeeded", "int", "those that did"),
        ),
    ),
    Table(
        "conversation_signals",
        "one conversation, with what a scan for the worst counts in it",
        ("conversation_id",),
        (
            _CONVERSATION,
            Column("channel", "text", "of the conversation"),
            *_BEGUN,
            Column("escalated_at", "at", "when a person was called in"),
            Column("first_at", "at", "first message of anybody; null without any"),
            Column("last_at", "at", "last message of anybody"),
            Column("user_messages", "int", "messages of the user"),
            Column("intents_again", "int", "how often an intent of the user came back, about"),
            Column("known", "int", "messages of the user with a sentiment"),
            Column("sentiment", "float", "mean of these"),
            Column("failed_at", "at", "start of the first action that failed"),
            Column("initiated", "bool", "whether a purchase was begun; null without such an event"),
            Column("completed", "bool", "whether one was completed; likewise"),
            Column("agreed", "float", "the most that was about to be paid"),
            Column("carried", "float", "what the cart was worth"),
            Column("bought", "bool", "whether an order of more than nothing was placed"),
        ),
    ),
    Table(
        "message_texts",
        "one message",
        ("message_id",),
        (
            _CONVERSATION,
            identifier("message_id", "the message"),
            Column("sent_at", "at", "when it was sent"),
            *(Column(name, "text", "of the message") for name in ("sender", "kind", "text", "intent")),
            Column("sentiment", "float", "as the source gives it, -1 to 1"),
        ),
    ),
    Table(
        "product_names",
        "one product",
        ("product_id",),
        (identifier("product_id", "the product"), *_PRODUCT),
    ),
    Table(
        "conversation_orders",
        "one order placed in a conversation",
        ("order_id",),
        (
            _CONVERSATION,
            identifier("order_id", "the order"),
            Column("ordered_at", "at", "when it was placed"),
            Column("ordered_local", "local", "the same on the wall clock"),
            *_AMOUNT,
        ),
    ),
)

DERIVED_TABLES: dict[str, Table] = {table.name: table for table in _ALL}
