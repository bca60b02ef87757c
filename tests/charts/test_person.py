"""The pictures and sentences of one person, on a person told by hand; one of them means harm."""

from types import SimpleNamespace

import pandas as pd
import pytest

from analytics_lib.charts import (
    person,
    person_advice,
    person_answer,
    person_facts,
    person_habits,
    person_list,
    person_satisfaction,
    person_tables,
)

_NAN = float("nan")
_AT = pd.Timestamp("2026-04-25 10:00")
_IDS = {"message_id": None, "action_id": None, "event_id": None, "order_id": None}


def trend(n=0, mean=_NAN, slope=_NAN, low=_NAN, high=_NAN):
    return SimpleNamespace(n=n, mean=mean, slope=slope, low=low, high=high)


def trouble(kind="abandoned_cart", at=_AT, **more):
    row = {"kind": kind, "at_local": at, "conversation_id": "c1", **_IDS, "name": None, "n": 1, "value": _NAN}
    return {**row, "product_id": None, "product": None, "text": None, **more}


def step(rule="remind_of_cart", **more):
    return {"rank": 1, "rule": rule, **trouble(**more)}


def order(amount=50.0, at="2026-04-20 09:00", kind="purchase"):
    row = {"order_id": "o1", "ordered_local": pd.Timestamp(at), "conversation_id": None, "kind": kind}
    return {**row, "amount": amount, "currency": "COP", "items": 1}


def talk(name="c1", csat=_NAN, outcome="resolved", channel="whatsapp"):
    times = {"started_local": _AT - pd.Timedelta(hours=1), "last_local": _AT}
    row = {"conversation_id": name, "channel": channel, **times, "outcome": outcome, "csat": csat}
    return {**row, "own_messages": 2, "messages": 4}


def frame(rows, like):
    return pd.DataFrame(rows, columns=list(like))


def journey(troubles=(), steps=(), orders=(), talks=(), known=("orders", "csat"), **more):
    talks_frame, orders_frame = frame(talks, talk()), frame(orders, order())
    by_currency = (
        [("COP", len(orders), sum(row["amount"] for row in orders), 50.0, 0, 0.0, 50.0)] if orders else []
    )
    columns = ["currency", "purchases", "amount", "mean_amount", "refunds", "refunded", "net"]
    purchases = SimpleNamespace(
        orders=orders_frame,
        by_currency=pd.DataFrame(by_currency, columns=columns),
        count=len(orders) if "orders" in known else None,
        per_30_days=float(len(orders)),
        median_days_between=_NAN,
        recency_days=11.0 if orders else _NAN,
    )
    satisfied = SimpleNamespace(
        conversations=pd.DataFrame(
            columns=["conversation_id", "started_local", "csat", "sentiment", "scored"]
        ),
        csat=trend(),
        sentiment=trend(),
        mean_sentiment=_NAN,
        scored=0,
    )
    facts = {
        "segment": None,
        "city": None,
        "first_local": _AT,
        "last_local": _AT,
        "days": 1,
        "conversations": len(talks),
        "messages": 4,
        "own_messages": 2,
        "events": 0,
    }
    parts = {
        "user_id": "0123456789abcdef",
        "since": pd.Timestamp("2026-04-01"),
        "until": pd.Timestamp("2026-05-01"),
        "known": frozenset(known),
        "person": pd.Series(facts, dtype="object"),
        "channels": pd.DataFrame(
            [(name, 1, 2, 1.0, _AT) for name in talks_frame["channel"].unique()],
            columns=["channel", "conversations", "own_messages", "share", "last_local"],
        ),
        "times": pd.DataFrame(columns=["weekday", "hour", "days", "share"]),
        "preferences": pd.DataFrame(columns=["kind", "value", "name", "occasions", "share", "bought"]),
        "pain_points": frame(troubles, trouble()),
        "satisfaction": satisfied,
        "purchases": purchases,
        "stages": pd.DataFrame(
            columns=["stage", "position", "events", "conversations", "first_local", "last_local"]
        ),
        "conversations": talks_frame,
        "events": pd.DataFrame(columns=["event_id", "conversation_id", "occurred_local", "name", "product"]),
        "recommendations": frame(steps, step()),
    }
    return SimpleNamespace(**{**parts, **more})


@pytest.fixture
def buyer():
    """A conversation, an order before it and a cart left in it, of which the shop should remind."""
    cart = {"event_id": "e1", "product_id": "p1", "product": "Botas", "value": 120.0}
    return journey([trouble(**cart)], [step(**cart)], [order()], [talk(csat=4.0)])


def test_answer_names_the_shortened_person_and_points_to_the_fact(buyer):
    text = person_answer.answer(buyer).text

    assert "01234567…".replace("…", "") in text
    assert "0123456789abcdef" not in text
    assert "[hecho 2](#message-2)" in text
    assert "1\u00a0compra" in text
    assert "11,0 días antes" in text


def test_answer_counts_only_what_the_store_records():
    clicks = person_answer.answer(journey(known=("events",))).text
    talks = person_answer.answer(journey(talks=[talk()], known=("conversations", "messages", "stages"))).text

    assert "0\u00a0eventos; estuvo activa" in clicks
    assert "conversaciones, " not in clicks
    assert "mensajes" not in clicks
    assert "no se sabe si algo le salió mal" in clicks
    assert "1\u00a0conversación y 2\u00a0mensajes suyos; estuvo activa" in talks
    assert "ningún problema" in talks


def test_recommendation_says_its_rule_and_leads_to_its_fact(buyer):
    shown = person_advice.recommendations(buyer).html

    assert "Recordarle el carrito: Botas" in shown
    assert '<a href="#message-2">hecho 2</a>' in shown
    assert "últimos 7 días" in shown
    table = person_facts.evidence_table(buyer, person_facts.facts_of(buyer), {2}, language="es").html
    assert 'id="message-2"' in table


def test_facts_are_numbered_in_order_of_time(buyer):
    assert [(fact.number, fact.kind) for fact in person_facts.facts_of(buyer)] == [
        (1, "order"),
        (2, "abandoned_cart"),
        (3, "csat"),
    ]


def test_facts_nobody_points_to_are_folded(buyer):
    table = person_facts.evidence_table(buyer, person_facts.facts_of(buyer), {2}, language="en").html

    assert table.index("message-2") < table.index("<details>") < table.index("message-1")
    assert "The other facts (2)" in table


def test_low_answer_leads_to_the_answer_of_its_conversation():
    found = journey(steps=[step("follow_up_escalation", value=1.0)], talks=[talk("c0", 5.0), talk("c1", 1.0)])

    assert (
        '<a href="#message-2">hecho 2</a>: <bdi>Encuesta: 1 de 5' in person_advice.recommendations(found).html
    )


def test_every_rule_has_its_words():
    for rule in person_facts.RULES:
        shown = person_advice.recommendations(journey(steps=[step(rule, value=3.0, name="x")])).html
        assert rule not in shown


def test_nothing_is_recommended_where_nothing_speaks_for_it():
    assert "no hay nada que recomendar" in person_advice.recommendations(journey()).html
    assert "Ninguna de las reglas" in person_answer.answer(journey()).text


def test_unknown_orders_are_not_said_to_be_none():
    assert "no registra pedidos" in person_answer.answer(journey(known=())).text
    assert "No compró nada" in person_answer.answer(journey()).text


def test_trend_is_told_apart_from_staying_the_same_by_its_interval():
    said = [
        person_answer.trend_words(trend(9, 3.0, slope, low, high), "en")
        for slope, low, high in ((0.5, -0.1, 1.1), (0.5, 0.1, 0.9), (-0.5, -0.9, -0.1))
    ]
    assert [words.split()[1] for words in said] == ["changes", "rises", "falls"]
    assert "six are needed" in person_answer.trend_words(trend(3, 3.0), "en")


@pytest.mark.parametrize(("days", "said"), [(9, "Son pocas horas"), (10, "Está más **los lunes** (100,0")])
def test_typical_time_is_told_from_ten_hours_on(days, said):
    times = pd.DataFrame([(1, 9, days, 1.0)], columns=["weekday", "hour", "days", "share"])
    assert said in person_answer.answer(journey(times=times)).text.replace("\u00a0", " ")


def test_timeline_has_a_lane_for_each_kind_of_thing(buyer):
    figure = person.timeline(buyer)

    assert list(figure.layout.yaxis.ticktext) == ["Encuesta", "Pedidos", "Carrito abandonado", "WhatsApp"]
    assert sum(len(trace.x) for trace in figure.data) == 4
    assert figure.layout.xaxis.title.text == "Fecha (hora local)"


def test_person_without_anything_gives_empty_axes():
    assert (
        "Sin datos" in person.timeline(journey()).to_json() or person.timeline(journey()).layout.annotations
    )
    assert person_habits.likes(journey().preferences).layout.annotations
    assert person_habits.hours(journey().times)
    assert person_satisfaction.satisfaction(journey().satisfaction).layout.annotations
    assert "No hay problemas" in person_facts.evidence_table(journey(), [], set(), language="es").html
    assert person_tables.tables(journey()).html == ""


def test_ticks_are_few_whether_a_minute_or_a_year_is_shown():
    start = pd.Timestamp("2026-03-02 10:07")
    for span in ("1min", "5h", "2D", "10D", "365D"):
        values, texts = person.time_ticks(start, start + pd.Timedelta(span), "es")
        assert 1 <= len(values) == len(texts) <= 5


def test_preferences_show_five_of_each_kind_and_their_share():
    rows = [("product", f"p{n}", f"Bota {n}", 9 - n, 0.5, 0) for n in range(7)]
    rows += [("intent", "sizes", None, 3, 1.0, None)]
    columns = ["kind", "value", "name", "occasions", "share", "bought"]
    figure = person_habits.likes(pd.DataFrame(rows, columns=columns))

    assert list(figure.data[0].x) == [9, 8, 7, 6, 5, 3]
    assert list(figure.layout.yaxis.ticktext)[:2] == ["<b>Productos</b>", "Bota 0"]


def test_satisfaction_draws_its_line_only_where_a_slope_is_known():
    times = pd.date_range("2026-04-01", periods=6)
    known = pd.DataFrame(
        {"conversation_id": "c", "started_local": times, "csat": 3.0, "sentiment": 0.1, "scored": 2}
    )
    satisfied = SimpleNamespace(
        conversations=known, csat=trend(6, 3.0, 0.0, -1.0, 1.0), sentiment=trend(6, 0.1)
    )
    modes = [(trace.yaxis, trace.mode) for trace in person_satisfaction.satisfaction(satisfied).data]

    assert modes.count(("y", "lines")) == 2
    assert modes.count(("y2", "lines")) == 1


def test_list_marks_the_person_of_the_page_and_shortens_every_id():
    rows = [
        ("a" * 32, "cart_left", 2.0, "cart_left, most_active", _AT, 3, 1),
        ("b" * 32, "gone_quiet", 40.5, "gone_quiet", _AT, 1, 3),
    ]
    columns = ["user_id", "reason", "value", "reasons", "last_local", "conversations", "purchases"]
    shown = person_list.people(pd.DataFrame(rows, columns=columns), shown="b" * 32).html

    assert "a" * 9 not in shown
    assert shown.count("la de esta página") == 1
    assert "hace 40,5 días" in shown
    assert "También: <bdi>muy activa</bdi>" in shown
    assert "Nadie hizo nada" in person_list.people(pd.DataFrame(columns=columns)).html


def test_hostile_texts_and_names_are_inert(hostile):
    cart = {
        "event_id": "e1",
        "product_id": hostile,
        "product": hostile,
        "text": hostile,
        "conversation_id": hostile,
    }
    found = journey(
        [trouble(**cart), trouble("failed_action", name=hostile, text=hostile)],
        [step(**cart)],
        [{**order(), "currency": hostile}],
        [talk(hostile, 3.0, channel=hostile)],
        user_id=hostile,
    )
    found.person["city"] = hostile
    pages = [
        person_answer.answer(found).text,
        person_advice.recommendations(found).html,
        person_facts.evidence_table(found, person_facts.facts_of(found), {1}, language="es").html,
        person_tables.tables(found).html,
    ]
    figure = person.timeline(found)
    drawn = [text for trace in figure.data for text in trace.hovertext]
    drawn += [*figure.layout.yaxis.ticktext, figure.layout.title.text]
    assert [page for page in [*pages, *drawn] if "<script" in page or "<img" in page] == []
    assert [text for text in drawn if "$" in text] == []
