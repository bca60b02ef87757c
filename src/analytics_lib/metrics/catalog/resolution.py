"""How conversations end: the ladder from contained to resolved for good, and the other ends."""

from __future__ import annotations

from analytics_lib.metrics.catalog.expressions import ALONE, DURABLE, KNOWN, MATURE, QUIET
from analytics_lib.metrics.metric import Metric

# The bot's only message is a greeting, and a greeting is no answer.
_ASSUMED = (
    f"closed and bot_messages > 1 and {ALONE} and resolved is null "
    f"and coalesce(outcome, '') <> 'abandoned' and last_sender = 'bot' and {QUIET}"
)
_FIRST = f"resolved is not null and is_first_contact and {MATURE}"

RESOLUTION = (
    Metric(
        name="resolution_rate",
        question="Of the closed conversations whose result is known, how many met the customer's need?",
        label={"es": "Tasa de resolución", "en": "Resolution rate"},
        unit="share",
        kind="share",
        table="conversations",
        numerator=f"count(*) filter (where {KNOWN} and resolved)",
        denominator=f"count(*) filter (where {KNOWN})",
        better="higher",
        source="the contract's flag",
    ),
    Metric(
        name="containment_rate",
        question="Of the closed conversations the bot spoke in, how many did no person of the shop enter?",
        label={"es": "Contención", "en": "Containment rate"},
        unit="share",
        kind="share",
        table="conversations",
        numerator=f"count(*) filter (where closed and bot_messages > 0 and {ALONE})",
        denominator="count(*) filter (where closed and bot_messages > 0)",
        better="higher",
        source="Rasa",
        note="Not resolution: who gives up is contained too.",
    ),
    Metric(
        name="assumed_resolution_rate",
        question="Of the closed conversations the bot spoke in, how many ended with its answer, unopposed?",
        label={"es": "Resolución supuesta", "en": "Assumed resolution rate"},
        unit="share",
        kind="share",
        table="conversations",
        numerator=f"count(*) filter (where {_ASSUMED})",
        denominator=f"count(*) filter (where closed and bot_messages > 0 and {QUIET})",
        better="higher",
        source="Intercom Fin (intercom.com/help/en/articles/8205718-fin-resolutions)",
        note="Of those whose result nobody told; a greeting alone is no answer. Known after 24 hours.",
    ),
    Metric(
        name="autonomous_resolution_rate",
        question="Of the closed conversations whose result is known, how many did the bot resolve alone?",
        label={"es": "Resolución autónoma", "en": "Autonomous resolution rate"},
        unit="share",
        kind="share",
        table="conversations",
        numerator=f"count(*) filter (where {KNOWN} and resolved and {ALONE})",
        denominator=f"count(*) filter (where {KNOWN})",
        better="higher",
        without=("messages",),
        source="Chatwoot Captain (chatwoot/chatwoot#15425); the denominator is every known result",
    ),
    Metric(
        name="durable_resolution_rate",
        question="Of the conversations resolved long enough ago, after how many did nobody come back soon?",
        label={"es": "Resolución duradera", "en": "Durable resolution rate"},
        unit="share",
        kind="share",
        table="conversations",
        numerator=f"count(*) filter (where resolved and {MATURE} and {DURABLE})",
        denominator=f"count(*) filter (where resolved and {MATURE})",
        better="higher",
        source="Chatwoot: closed 7 days or more; Dialogflow CX: no call-back within 24 hours",
        parameters={"within_days": 7},
        note="Within 7 days unless bound otherwise; younger conversations are left out.",
    ),
    Metric(
        name="reopen_rate",
        question="Of the conversations resolved long enough ago, after how many did the user come back soon?",
        label={"es": "Tasa de regreso", "en": "Reopen rate"},
        unit="share",
        kind="share",
        table="conversations",
        numerator=f"count(*) filter (where resolved and {MATURE} and not {DURABLE})",
        denominator=f"count(*) filter (where resolved and {MATURE})",
        better="lower",
        source="1 less the durable resolution rate",
        parameters={"within_days": 7},
        note="Within 7 days unless bound otherwise; younger conversations are left out.",
    ),
    Metric(
        name="first_contact_resolution",
        question="Of the first contacts about an issue, how many were resolved without another one soon?",
        label={"es": "Resolución en el primer contacto", "en": "First contact resolution"},
        unit="share",
        kind="share",
        table="conversations",
        numerator=(
            f"count(*) filter (where {_FIRST} and resolved "
            "and coalesce(next_issue_contact_at > ended_at + $within_days * interval 1 day, true))"
        ),
        denominator=f"count(*) filter (where {_FIRST})",
        better="higher",
        source="Freshservice (support.freshservice.com 50000004904), Medallia, Call Centre Helper (7 days)",
        parameters={"within_days": 7, "families": []},
        note=(
            "An issue is the user and the main intent of the conversation. First contacts of the first 7 "
            "days of the data, whose past is unseen, and those that ended less than 7 days ago are left out; "
            "for these see first_contact_curve. So are those of which nobody knows if they were resolved."
        ),
    ),
    Metric(
        name="abandonment_rate",
        question="Of the closed conversations whose outcome is known, how many did the user give up?",
        label={"es": "Abandono", "en": "Abandonment rate"},
        unit="share",
        kind="share",
        table="conversations",
        numerator="count(*) filter (where closed and outcome = 'abandoned')",
        denominator="count(*) filter (where closed and outcome is not null)",
        better="lower",
    ),
    Metric(
        name="unclassifiable_share",
        question="Of the closed conversations, of how many does nobody know how they ended?",
        label={"es": "Sin clasificar", "en": "Unclassifiable share"},
        unit="share",
        kind="share",
        table="conversations",
        numerator="count(*) filter (where closed and resolved is null and outcome is null)",
        denominator="count(*) filter (where closed)",
        better="lower",
        source="ours; shown beside the ladder of resolution",
    ),
    Metric(
        name="escalation_rate",
        question="Of the closed conversations, in how many was a person called in?",
        label={"es": "Escalamiento", "en": "Escalation rate"},
        unit="share",
        kind="share",
        table="conversations",
        numerator="count(*) filter (where closed and escalated_at is not null)",
        denominator="count(*) filter (where closed)",
        better="lower",
        source="Chatwoot, Rasa",
        note="By `escalation_reason`, those without a reason are `unknown`.",
    ),
)
