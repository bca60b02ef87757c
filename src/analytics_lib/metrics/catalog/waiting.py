"""How long users wait for the bot, and for a person."""

from __future__ import annotations

from analytics_lib.metrics.metric import Metric

WAITING = (
    Metric(
        name="average_response_time",
        question="How long does a user wait for the bot's reply, on average?",
        label={"es": "Tiempo medio de respuesta del bot", "en": "Bot's average response time"},
        unit="seconds",
        kind="mean",
        table="replies",
        numerator="sum(response_time_seconds) filter (where replier = 'bot')",
        denominator="count(*) filter (where replier = 'bot')",
        better="lower",
        source="Chatwoot: from when the customer began to wait",
        note="From the first message of a stretch. What nobody replied to is not in it: see unanswered_rate.",
    ),
    Metric(
        name="median_response_time",
        question="How long does a user wait for the bot's reply, half of the time at most?",
        label={"es": "Tiempo mediano de respuesta del bot", "en": "Bot's median response time"},
        unit="seconds",
        kind="quantile",
        table="replies",
        numerator="case when replier = 'bot' then response_time_seconds end",
        better="lower",
        minimum_n=20,
        source="Hyndman and Fan, type 7; interval Woodruff 1952",
    ),
    Metric(
        name="agent_response_time",
        question="How long does a user wait for an agent's reply, on average?",
        label={"es": "Tiempo medio de respuesta del agente", "en": "Agents' average response time"},
        unit="seconds",
        kind="mean",
        table="replies",
        numerator="sum(response_time_seconds) filter (where replier = 'agent')",
        denominator="count(*) filter (where replier = 'agent')",
        better="lower",
    ),
    Metric(
        name="unanswered_rate",
        question="Of the stretches of messages users wrote, how many did nobody reply to?",
        label={"es": "Sin respuesta", "en": "Unanswered rate"},
        unit="share",
        kind="share",
        table="replies",
        numerator="count(*) filter (where replier is null)",
        denominator="count(*)",
        better="lower",
        note="A goodbye nobody need answer counts too.",
    ),
    Metric(
        name="first_response_time",
        question="How long after a user's first message does anybody reply, on average?",
        label={"es": "Tiempo a la primera respuesta", "en": "First response time"},
        unit="seconds",
        kind="mean",
        table="replies",
        numerator="sum(response_time_seconds) filter (where is_first)",
        denominator="count(response_time_seconds) filter (where is_first)",
        better="lower",
    ),
    Metric(
        name="escalation_wait",
        question="How long does a user wait for the agent who was called, on average?",
        label={"es": "Espera del agente", "en": "Wait for an agent"},
        unit="seconds",
        kind="mean",
        table="conversations",
        numerator=(
            "sum(date_diff('microsecond', escalated_at, first_agent_at) / 1000000.0) "
            "filter (where first_agent_at >= escalated_at)"
        ),
        denominator="count(*) filter (where first_agent_at >= escalated_at)",
        better="lower",
        note="Who still waits, was never answered, or whom an agent had written to before is not in it.",
    ),
)
