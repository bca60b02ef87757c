"""What the conversations bring, and what they cost."""

from __future__ import annotations

from analytics_lib.metrics.catalog.expressions import COST, DEMAND, DURABLE, MATURE
from analytics_lib.metrics.metric import Metric
from analytics_lib.schema import FUNNEL_STAGES

_STAGES_ES = (
    *("conversación iniciada", "interés mostrado", "productos vistos", "producto elegido", "talla elegida"),
    *("carrito lleno", "pago iniciado", "compra terminada"),
)
_COST = f"sum({COST})"

# Before the first dated rate nobody knows what a conversation cost.
_PRICED = "rate_conversation is not null"


def _steps(place: int, stage: str, spanish: str) -> tuple[Metric, Metric]:
    before, words = f"stage >= {place - 1}", stage.replace("_", " ")
    conversion = Metric(
        name=f"step_conversion_rate_{stage}",
        question=f"Of the conversations that came to the stage before, how many came to {words}?",
        label={"es": f"Paso a {spanish}", "en": f"Step to {words}"},
        unit="share",
        kind="share",
        table="conversations",
        numerator=f"count(*) filter (where stage >= {place})",
        denominator=f"count(*) filter (where {before})",
        better="higher",
        owner="sales",
        group="business",
        note="By the furthest stage a conversation came to, whatever the order; open ones may still go on.",
    )
    drop_off = Metric(
        name=f"drop_off_rate_{stage}",
        question=f"Of the conversations that came to the stage before, how many did not come to {words}?",
        label={"es": f"Pérdida antes de {spanish}", "en": f"Lost before {words}"},
        unit="share",
        kind="share",
        table="conversations",
        numerator=f"count(*) filter (where {before} and stage < {place})",
        denominator=f"count(*) filter (where {before})",
        better="lower",
        owner="sales",
        group="business",
        source="1 less the step conversion rate",
        note=conversion.note,
    )
    return conversion, drop_off


BUSINESS = (
    Metric(
        name="conversion_rate",
        question="Of the conversations a user wrote in, how many led to a purchase?",
        label={"es": "Conversión", "en": "Conversion rate"},
        unit="share",
        kind="share",
        table="conversations",
        numerator=f"count(*) filter (where {DEMAND} and stage = 8)",
        denominator=f"count(*) filter (where {DEMAND})",
        better="higher",
        owner="sales",
        group="business",
        without=("messages",),
        note="Conversations, not users. A purchase is the event purchase_completed.",
    ),
    *(
        metric
        for place, (stage, spanish) in enumerate(zip(FUNNEL_STAGES, _STAGES_ES, strict=True), start=1)
        if place > 1
        for metric in _steps(place, stage, spanish)
    ),
    Metric(
        name="time_to_conversion",
        question="How long after the start do those who buy complete the purchase, half of the time at most?",
        label={"es": "Tiempo hasta la compra", "en": "Time to conversion"},
        unit="seconds",
        kind="quantile",
        table="conversations",
        numerator=(
            "case when purchased_at >= started_at "
            "then date_diff('microsecond', started_at, purchased_at) / 1000000.0 end"
        ),
        better="lower",
        minimum_n=20,
        owner="sales",
        group="business",
        note="Of those who bought; while others are still deciding it is too short.",
    ),
    Metric(
        name="orders",
        question="How many orders were placed?",
        label={"es": "Pedidos", "en": "Orders"},
        unit="orders",
        kind="count",
        table="orders",
        numerator="count(*) filter (where amount >= 0)",
        minimum_n=0,
        better="higher",
        owner="sales",
        group="business",
    ),
    Metric(
        name="refunds",
        question="How much was paid back?",
        label={"es": "Devoluciones", "en": "Refunds"},
        unit="money",
        kind="total",
        table="orders",
        numerator="-sum(amount) filter (where amount < 0)",
        minimum_n=0,
        better="lower",
        owner="sales",
        group="business",
    ),
    Metric(
        name="revenue",
        question="How much was ordered, refunds taken off?",
        label={"es": "Ingresos", "en": "Revenue"},
        unit="money",
        kind="total",
        table="orders",
        numerator="sum(amount)",
        minimum_n=0,
        better="higher",
        owner="sales",
        group="business",
    ),
    Metric(
        name="direct_revenue",
        question="How much was ordered in a conversation?",
        label={"es": "Ingresos en conversaciones", "en": "Revenue in conversations"},
        unit="money",
        kind="total",
        table="orders",
        numerator="sum(amount) filter (where conversation_id is not null)",
        minimum_n=0,
        better="higher",
        owner="sales",
        group="business",
        note="An upper bound of what the conversations brought; only a hold-out shows what they added.",
    ),
    Metric(
        name="influenced_revenue",
        question="How much was ordered by users who had a conversation in the 7 days before?",
        label={"es": "Ingresos influidos", "en": "Influenced revenue"},
        unit="money",
        kind="total",
        table="orders",
        numerator="sum(amount) filter (where influenced)",
        minimum_n=0,
        better="higher",
        owner="sales",
        group="business",
        parameters={"influence_days": 7},
        note="An upper bound of what the conversations brought; only a hold-out shows what they added.",
    ),
    Metric(
        name="revenue_per_conversation",
        question="What does a conversation a user wrote in bring, on average?",
        label={"es": "Ingresos por conversación", "en": "Revenue per conversation"},
        unit="money",
        kind="mean",
        table="conversations",
        numerator=f"sum(coalesce(paid, 0)) filter (where {DEMAND})",
        denominator=f"count(*) filter (where {DEMAND})",
        better="higher",
        owner="sales",
        group="business",
        without=("messages",),
        note="Orders placed in the conversation; conversations without an order count as 0.",
    ),
    *(
        Metric(
            name=name,
            question=question,
            label=label,
            unit="money",
            kind="mean",
            table="conversations",
            numerator=f"{_COST} filter (where {when})",
            denominator=f"{per} filter (where {when}{only})",
            better="lower",
            owner="sales",
            group="business",
            source="ours: messages, minutes of agents and platform by the dated rates of params/rates.yaml",
            parameters={"within_days": 7, "rates": None},
            note=(
                "An agent's time runs from the first to the last message, one minute at least. Measured once "
                "rates are given; conversations from before the first rate are left out."
            ),
        )
        for name, question, label, per, when, only in (
            (
                "cost_per_resolution",
                "What do closed conversations cost for each one that was resolved for good?",
                {"es": "Costo por resolución", "en": "Cost per resolution"},
                "count(*)",
                f"{MATURE} and {_PRICED}",
                f" and resolved and {DURABLE}",
            ),
            (
                "cost_per_order",
                "What do closed conversations cost for each order placed in one?",
                {"es": "Costo por pedido", "en": "Cost per order"},
                "sum(coalesce(sales, 0))",
                f"closed and {_PRICED}",
                "",
            ),
        )
    ),
)
