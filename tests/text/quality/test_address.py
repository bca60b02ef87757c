import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_lib.text.quality import address_forms


def forms(text):
    return tuple(address_forms(pd.Series([text])).iloc[0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("¿Quieres que te comunique con un asesor?", 2),  # quieres, te
        ("Claro, dime primero tu número de pedido.", 2),  # dime, tu
        ("Cuéntame qué buscas", 2),
        ("cuentame tu talla", 2),
        ("Puedes pagar con Nequi", 1),
        ("Elige una opción", 1),
        ("Listo, escribe el código", 1),
        ("No olvides tu factura", 2),
        ("¿Ya recibiste el paquete?", 1),
        ("Podrás cambiarlo en 30 días", 1),
        ("¡A ti! Que tengas un lindo día", 2),
        ("TU PEDIDO VA EN CAMINO", 1),
    ],
)
def test_words_that_address_as_tu(text, words):
    assert forms(text) == (words, 0, 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Qué pena con usted", 1),
        ("¿En qué le puedo ayudar?", 1),
        ("¿Desea algo más?", 1),
        ("¿Qué talla prefiere?", 1),
        ("Por favor escriba su número de cédula", 2),  # escriba, su
        ("Dígame su nombre", 2),
        ("digame en que le ayudo", 2),
        ("Elija una opción:\n1. Pedidos", 1),
        ("Si desea un cambio, comuníquese con nosotros", 2),
        ("¿Puede indicarme su correo?", 2),
        ("Puede pagar con tarjeta", 1),
        ("No se preocupe", 1),
    ],
)
def test_words_that_address_as_usted(text, words):
    assert forms(text) == (0, words, 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Vos sabés", 2),
        ("¿Querés otro color?", 1),
        ("Decime la talla", 1),
        ("contame qué necesitás", 2),
        ("¿Podés esperar?", 1),
        ("Mirá los nuevos", 1),
    ],
)
def test_words_that_address_as_vos(text, words):
    assert forms(text) == (0, 0, words)


@pytest.mark.parametrize(
    "text",
    [
        "El envío cuesta $ 9.900",
        "El pedido puede tardar dos días",
        "Puede tardar dos días",
        "¿Se puede pagar con Nequi?",
        "mi mamá quiere su plata",
        "tiene un costo de $ 9.900",
        "Un asesor le escribirá",
        "Compra confirmada",
        "Entre 2 y 5 días",
        "¿Revisa el sistema?",
        "detrás, además, jamás, después, a través",
        "cuando el asesor confirme, avisamos",
        "el bot no tiene la respuesta",
        "está disponible",
        "",
        "👍",
    ],
)
def test_words_about_somebody_else_address_nobody(text):
    assert forms(text) == (0, 0, 0)


def test_te_and_tu_go_with_vos_where_the_text_says_vos():
    assert forms("¿Querés que te ayude con tu pedido?") == (0, 0, 3)


def test_accent_tells_vos_from_tu():
    assert forms("tienes la guía") == (1, 0, 0)
    assert forms("tenés la guía") == (0, 0, 1)


def test_mixed_address_counts_on_both_sides():
    assert forms("Tienes un cupón. ¿Desea usarlo?") == (1, 1, 0)


def test_null_addresses_nobody_and_the_index_is_kept():
    found = address_forms(pd.Series([None, "usted"], index=["b", "a"]))
    assert found.loc["b"].tolist() == [0, 0, 0]
    assert found.loc["a"].tolist() == [0, 1, 0]


def test_no_texts_give_the_three_columns():
    assert list(address_forms(pd.Series([], dtype="str")).columns) == ["tu", "usted", "vos"]


@given(st.text(max_size=80))
def test_never_more_words_than_the_text_has(text):
    assert 0 <= sum(forms(text)) <= len(text)
