import re
from types import SimpleNamespace

import pandas as pd
import pytest

from analytics_lib.charts.facts import facts

NAN = float("nan")
NONE = "\N{EN DASH} | "
METADATA = {
    "channel": "whatsapp",
    "started_local": pd.Timestamp("2026-08-08 07:50"),
    "entry_point": "ad",
    "city": "Cali",
    "outcome": "purchase",
    "resolved": True,
    "csat": 4,
    "nps": 0,
    "duration_seconds": 481.0,
    "messages": 17,
    "user_messages": 8,
    "bot_messages": 9,
    "agent_messages": 0,
    "turns": 8,
}
RECOGNITION = {
    "detections": 8,
    "scored": 8,
    "mean_confidence": 0.612,
    "low_confidence": 2,
    "fallbacks": 0,
    "reviewed": 3,
    "correct": 1,
}
NOTHING_KNOWN = dict.fromkeys(RECOGNITION, NAN) | {"detections": 0, "scored": 0, "reviewed": 0}


def frame(columns, *rows):
    return pd.DataFrame(rows, columns=columns.split())


@pytest.fixture
def facts_of():
    """Text of each fact by its name, a `` | `` between value and note; parts of the review can be given."""

    def facts_of(language="es", *, metadata=(), recognition=RECOGNITION, **parts):
        written = {
            "main": "es",
            "sentiment": pd.DataFrame({"sentiment": [0.5] * 7}),
            "mean_sentiment": 0.5,
            "sentiment_trend": -0.3,
            "bot_quality": frame("measure count n value detail", ("address", 1, 8, 0.125, "tu 7, usted 1")),
        }
        served = {
            "waits": frame(
                "replier replies first_seconds median_seconds longest_seconds longest_position",
                ("bot", 8, 2.0, 2.5, 125.0, 4),
            ),
            "recognition": pd.Series(recognition),
            "actions": frame(
                "name calls succeeded failed unknown", ("pay", 5, 3, 1, 1), ("buscar", 1, 1, 0, 0)
            ),
            "escalation": None,
        }
        worth = {
            "products": frame("product_id product category stage", ("p1", "Jean", "jeans", None)),
            "stage": "cart_added",
            "orders": frame("order_id"),
            "revenue": NAN,
            "currency": None,
            "comparable": frame("measure value low high n", ("conversion", 0.42, 0.38, 0.47, 312)),
            "foreseen_conversion": NAN,
        }
        review = SimpleNamespace(
            timeline=SimpleNamespace(conversation=pd.DataFrame({"conversation_id": ["c1"]})),
            metadata=pd.Series({**METADATA, **dict(metadata)}, dtype=object),
            language=SimpleNamespace(**{name: parts.get(name, part) for name, part in written.items()}),
            performance=SimpleNamespace(**{name: parts.get(name, part) for name, part in served.items()}),
            business=SimpleNamespace(**{name: parts.get(name, part) for name, part in worth.items()}),
        )
        html = facts(review, language=language).html
        rows = re.findall(r"<tr><td[^>]*>(.*?)</td><td>(.*?)</td></tr>", html.replace("<br>", " | "))
        return {name: re.sub(r"<[^>]+>", "", value).replace("\u00a0", " ") for name, value in rows}

    return facts_of


def test_what_is_known_is_told_in_words_and_units(facts_of):
    found = facts_of()
    assert found["Canal"] == "WhatsApp"
    assert found["Inicio"] == "8 ago 2026, 07:50"
    assert found["Resultado"] == "Compra"
    assert found["Satisfacción (CSAT)"] == "4 de 5"
    assert found["Recomendación (NPS)"] == "0 de 10"
    assert found["Duración"] == "8 min 1 s"
    assert found["Mensajes"] == "17 | Cliente 8, Bot 9, Agente 0"
    assert found["Idioma"] == "español"


def test_every_share_says_of_how_many(facts_of):
    found = facts_of()
    assert found["Textos que cambian de trato"] == "1 de 8 (12,5 %) | tú 7, usted 1"
    assert found["Mensajes con confianza &lt; 0,7"] == "2 de 8 (25,0 %)"
    assert found["Mensajes sin intención reconocida"] == "0 de 8 (0,0 %)"
    assert found["Aciertos, según revisión"] == "1 de 3 (33,3 %)"
    assert found["Ánimo medio del cliente"] == "positivo +0,5 | n = 7 mensajes del cliente"
    assert found["Comparables: terminan en compra"] == (
        "42,0 % (intervalo del 95 %: 38,0 % a 47,0 %) | "
        "n = 312 conversaciones comparables; observado: no hay un modelo publicado"
    )


def test_what_a_model_gave_a_purchase_stands_in_place_of_the_observed_share(facts_of):
    found = facts_of(foreseen_conversion=0.25)

    assert (
        found["Probabilidad de compra"] == "25,0 % | la que daba el modelo tras el último turno por decidir"
    )
    assert "Comparables: terminan en compra" not in found


def test_actions_of_unknown_result_count_neither_way(facts_of):
    assert facts_of()["Acciones que funcionaron"] == "4 de 5 (80,0 %) | fallaron: pay (1)"


def test_wait_leads_to_the_longest(facts_of):
    found = facts_of()
    assert found["Espera por el bot"] == (
        "mediana 2,5 s; primera 2 s; la más larga 2 min 5 s (mensaje 4) | n = 8 respuestas"
    )
    assert found["Espera por una persona"] == NONE + "ninguna persona escribió"


def test_person_who_wrote_but_answered_nothing_is_told_from_nobody(facts_of):
    found = facts_of(metadata={"agent_messages": 2})
    assert found["Espera por una persona"] == NONE + "no respondió a ningún mensaje"


def test_share_that_buys_says_nothing_of_a_conversation_that_bought(facts_of):
    found = facts_of(stage="purchase_completed")
    said = "esta ya compró, y por eso también todas sus comparables"
    assert found["Comparables: terminan en compra"] == NONE + said


@pytest.mark.parametrize(
    ("wait", "written", "said", "waited"),
    [
        (
            125.0,
            1,
            "la persona escribió 2 min 5 s después",
            "escribió tras un mensaje del bot: ver la escalada",
        ),
        (NAN, 0, "ninguna persona escribió", "ninguna persona escribió"),
    ],
)
def test_escalation_says_when_why_and_after_what(facts_of, wait, written, said, waited):
    called = {
        "seconds": 133.0,
        "reason": "queja",
        "turns_before": 8,
        "failures_before": 1,
        "wait_seconds": wait,
    }
    found = facts_of(escalation=pd.Series(called), metadata={"agent_messages": written})
    assert found["Escalada a una persona"] == f"tras 2 min 13 s: queja | tras 8 turnos y 1 falla; {said}"
    assert found["Espera por una persona"] == NONE + waited


def test_nobody_called_in_is_a_no(facts_of):
    assert facts_of()["Escalada a una persona"] == "no"


def test_open_conversation_has_no_end_yet(facts_of):
    missing = {"outcome": None, "resolved": None, "csat": NAN, "duration_seconds": NAN}
    found = facts_of(metadata=missing)
    assert {found[name] for name in ("Resultado", "Resuelta", "Duración")} == {NONE + "sigue abierta"}
    assert found["Satisfacción (CSAT)"] == NONE + "sigue abierta"
    assert (
        facts_of(metadata={"nps": NAN})["Recomendación (NPS)"] == NONE + "el cliente no respondió la encuesta"
    )


def test_end_the_source_does_not_give_is_not_called_open(facts_of):
    assert facts_of(metadata={"outcome": None})["Resultado"] == NONE + "la fuente no lo da"


def test_what_the_data_cannot_say_is_a_dash_with_its_reason(facts_of):
    found = facts_of(
        main=None,
        sentiment=pd.DataFrame({"sentiment": []}),
        mean_sentiment=NAN,
        sentiment_trend=NAN,
        bot_quality=frame(
            "measure count n value detail", ("typos", 0, 0, NAN, None), ("readability", 0, 9, NAN, None)
        ),
        recognition=NOTHING_KNOWN,
        actions=frame("name calls succeeded failed unknown"),
        products=frame("product_id product category stage"),
        stage=None,
        comparable=frame("measure value low high n", ("satisfaction", NAN, NAN, NAN, 0)),
    )
    assert {name: value.removeprefix(NONE) for name, value in found.items() if value.startswith(NONE)} == {
        "Idioma": "ningún texto permite decirlo",
        "Ánimo medio del cliente": "ningún mensaje tiene palabras de ánimo conocidas",
        "Cambio del ánimo": "hacen falta seis mensajes de ánimo conocido",
        "Textos con errores": "no hay texto del bot en un idioma conocido",
        "Facilidad de lectura (0 a 100)": "el bot escribió muy pocas palabras",
        "Espera por una persona": "ninguna persona escribió",
        "Confianza media": "los datos no traen la confianza",
        "Mensajes con confianza &lt; 0,7": "los datos no traen la confianza",
        "Mensajes sin intención reconocida": "los datos no traen intenciones",
        "Aciertos, según revisión": "nadie revisó sus mensajes",
        "Acciones que funcionaron": "no hay acciones de resultado conocido",
        "Productos": "no se mostró ningún producto",
        "Paso más lejano": "los datos no traen pasos de compra",
        "Pedidos": "sin pedidos",
        "Ingreso": "sin pedidos",
        "Comparables: satisfechos (CSAT 4 o 5)": "no hay conversaciones comparables",
    }


def test_revenue_has_its_currency_or_the_reason_it_has_none(facts_of):
    one = frame("order_id", ("o1",))
    assert facts_of(orders=one, revenue=167_000.0, currency="COP")["Ingreso"] == "167.000 COP"
    assert facts_of(orders=one)["Ingreso"] == NONE + "pedidos en varias monedas"


def test_without_an_order_known_to_the_data_their_number_is_a_dash(facts_of):
    one = frame("order_id", ("o1",))
    assert facts_of()["Pedidos"] == NONE + "sin pedidos"
    assert facts_of(currency="COP")["Pedidos"] == "0"
    assert facts_of(orders=one)["Pedidos"] == "1"


@pytest.mark.parametrize(
    ("orders", "said"), [((), "sin pedidos, o en varias monedas"), (("o1",), "pedidos en varias monedas")]
)
def test_comparable_conversations_that_do_not_tell_a_measure_are_not_called_missing(facts_of, orders, said):
    unknown = [(measure, NAN, NAN, NAN, 0) for measure in ("revenue", "satisfaction")]
    comparable = frame("measure value low high n", ("conversion", 0.42, 0.38, 0.47, 312), *unknown)
    found = facts_of(comparable=comparable, orders=frame("order_id", *((each,) for each in orders)))
    assert found["Comparables: ingreso medio"] == NONE + said
    assert found["Comparables: satisfechos (CSAT 4 o 5)"] == NONE + "ninguna respondió la encuesta"


def test_reason_of_an_escalation_is_told_in_words(facts_of):
    called = {
        "seconds": 5.0,
        "reason": "api_error",
        "turns_before": 1,
        "failures_before": 1,
        "wait_seconds": NAN,
    }
    assert facts_of(escalation=pd.Series(called))["Escalada a una persona"].startswith(
        "tras 5 s: falla de un sistema | "
    )


def test_many_products_are_cut_short(facts_of):
    many = frame("product_id product category stage", *((f"p{n}", None, None, None) for n in range(7)))
    assert facts_of(products=many)["Productos"] == "p0, p1, p2, p3, p4 | y 2 más"


def test_hostile_texts_are_inert(facts_of, hostile):
    found = facts_of(
        metadata=dict.fromkeys(("channel", "entry_point", "city", "outcome"), hostile),
        actions=frame("name calls succeeded failed unknown", (hostile, 1, 0, 1, 0)),
        products=frame("product_id product category stage", ("p", hostile, None, None)),
        bot_quality=frame("measure count n value detail", ("typos", 1, 8, 0.125, hostile)),
        stage=hostile,
        orders=frame("order_id", ("o1",)),
        revenue=5.0,
        currency=hostile,
        comparable=frame("measure value low high n", ("revenue", 5.0, 4.0, 6.0, 9)),
    )
    named = (
        "Canal",
        "Entrada",
        "Ciudad",
        "Resultado",
        "Acciones que funcionaron",
        "Productos",
        "Textos con errores",
        "Ingreso",
        "Comparables: ingreso medio",
    )
    assert all("&lt;script&gt;" in found[name] for name in (*named, "Paso más lejano"))


def test_english_facts_speak_english(facts_of):
    found = facts_of("en")
    assert found["Duration"] == "8 min 1 s"
    assert found["Texts that change the form of address"] == "1 of 8 (12.5%) | tú 7, usted 1"
