"""What users say of the service, and in what mood they write."""

from __future__ import annotations

from analytics_lib.metrics.metric import Better, Metric

_MOODS: tuple[tuple[str, str, str, Better], ...] = (
    ("negative", "negativo", "sentiment <= -0.1", "lower"),
    ("neutral", "neutro", "sentiment > -0.1 and sentiment < 0.1", "neither"),
    ("positive", "positivo", "sentiment >= 0.1", "higher"),
)

SATISFACTION = (
    Metric(
        name="csat",
        question="Of those who answered the survey from 1 to 5, how many gave 4 or 5?",
        label={"es": "Satisfacción (CSAT)", "en": "Satisfaction (CSAT)"},
        unit="share",
        kind="share",
        table="conversations",
        numerator="count(*) filter (where csat >= 4)",
        denominator="count(csat)",
        better="higher",
        source="Delighted (help.delighted.com/article/240), Intercom",
        note="Those who answer are a minority and not like the others: see csat_response_rate.",
    ),
    Metric(
        name="csat_mean",
        question="What did those who answered the survey from 1 to 5 give, on average?",
        label={"es": "Nota media (1 a 5)", "en": "Mean rating (1 to 5)"},
        unit="score",
        kind="mean",
        table="conversations",
        numerator="sum(csat)",
        denominator="count(csat)",
        better="higher",
    ),
    Metric(
        name="csat_response_rate",
        question="Of the closed conversations, after how many was the survey answered?",
        label={"es": "Respuesta a la encuesta", "en": "Survey response rate"},
        unit="share",
        kind="share",
        table="conversations",
        numerator="count(csat) filter (where closed)",
        denominator="count(*) filter (where closed)",
        better="higher",
        note="The contract does not know which surveys were sent, so closed conversations stand for them.",
    ),
    Metric(
        name="nps",
        question="Percent of recommendations of 9 or 10 less percent of 0 to 6?",
        label={"es": "Recomendación (NPS)", "en": "Recommendation (NPS)"},
        unit="points",
        kind="nps",
        table="conversations",
        numerator="count(*) filter (where nps >= 9) - count(*) filter (where nps <= 6)",
        denominator="count(nps)",
        squares="count(*) filter (where nps >= 9 or nps <= 6)",
        better="higher",
        source="cybaea.net/Journal/2016/01/14/NPS-confidence-intervals-stats",
    ),
    *(
        Metric(
            name=f"{name}_sentiment_share",
            question=f"Of the user messages with a known mood, how many are {name}?",
            label={"es": f"Ánimo {spanish}", "en": f"{name.capitalize()} mood"},
            unit="share",
            kind="share",
            table="messages",
            numerator=f"count(*) filter (where sender = 'user' and {condition})",
            denominator="count(sentiment) filter (where sender = 'user')",
            better=better,
            source="ours: negative to -0.1, positive from 0.1",
        )
        for name, spanish, condition, better in _MOODS
    ),
    Metric(
        name="unknown_sentiment_share",
        question="Of the texts users wrote, of how many is the mood not known?",
        label={"es": "Ánimo desconocido", "en": "Unknown mood"},
        unit="share",
        kind="share",
        table="messages",
        numerator="count(*) filter (where written and sentiment is null)",
        denominator="count(*) filter (where written)",
        source="ours; shown beside the three moods",
        note="Only what the source stores is counted; texts are not scored here.",
    ),
)
