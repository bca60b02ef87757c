"""How well the bot understands, and whether what it calls works."""

from __future__ import annotations

from analytics_lib.metrics.metric import Metric

_FALLBACK = (
    "(intent is null or lower(intent) in "
    "('fallback', 'unknown:fallback', 'default fallback intent', 'nlu_fallback', 'none'))"
)

AI = (
    Metric(
        name="detections",
        question="How many messages of users did the bot take for some intent?",
        label={"es": "Detecciones", "en": "Detections"},
        unit="messages",
        kind="count",
        table="messages",
        numerator="count(*) filter (where detected)",
        minimum_n=0,
        owner="bot",
        group="ai",
    ),
    Metric(
        name="mean_confidence",
        question="How sure was the bot of the intents it detected, on average?",
        label={"es": "Confianza media", "en": "Mean confidence"},
        unit="score",
        kind="mean",
        table="messages",
        numerator="sum(confidence) filter (where detected)",
        denominator="count(confidence) filter (where detected)",
        better="higher",
        owner="bot",
        group="ai",
    ),
    Metric(
        name="low_confidence_rate",
        question="Of the detections with a confidence, how many lie below 0.7?",
        label={"es": "Confianza baja", "en": "Low confidence rate"},
        unit="share",
        kind="share",
        table="messages",
        numerator="count(*) filter (where detected and confidence < 0.7)",
        denominator="count(confidence) filter (where detected)",
        better="lower",
        owner="bot",
        group="ai",
        source="ours; 0.7 itself is not low",
    ),
    Metric(
        name="fallback_rate",
        question="Of the texts users wrote, in how many did the bot recognise no intent?",
        label={"es": "No reconocidos", "en": "Fallback rate"},
        unit="share",
        kind="share",
        table="messages",
        numerator=f"count(*) filter (where written and {_FALLBACK})",
        denominator="count(*) filter (where written)",
        better="lower",
        owner="bot",
        group="ai",
        source="Rasa",
    ),
    Metric(
        name="intent_accuracy",
        question="Of the messages a reviewer labelled, of how many did the bot detect the true intent?",
        label={"es": "Aciertos de intención", "en": "Intent accuracy"},
        unit="share",
        kind="share",
        table="messages",
        numerator="count(*) filter (where sender = 'user' and intent = true_intent)",
        denominator="count(true_intent) filter (where sender = 'user')",
        better="higher",
        owner="bot",
        group="ai",
        note="Of the reviewed messages only; where doubtful ones were chosen it is lower than of all.",
    ),
    Metric(
        name="action_success_rate",
        question="Of the calls to systems behind the bot whose result is known, how many did what was asked?",
        label={"es": "Acciones con éxito", "en": "Action success rate"},
        unit="share",
        kind="share",
        table="actions",
        numerator="count(*) filter (where succeeded)",
        denominator="count(succeeded)",
        better="higher",
        owner="bot",
        group="ai",
    ),
)
