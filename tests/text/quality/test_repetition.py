import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_lib.text.normalize import normalise
from analytics_lib.text.quality import same_question, similarity

SAME = """
donde esta mi pedido KJ-20418? | mi pedido dónde está
dónde está mi pedido | donde esta mi pedidoo??
cuánto cuesta el envío a Cali? | cuanto vale el envio a cali
hola, cuánto cuesta el jean? | el jean cuanto vale porfa
tienen el jean en talla 28? | hay jeans talla 28
cuándo llega mi pedido? | mi pedido cuando llega??
no me ha llegado el pedido KJ-20418 | el pedido 20418 no ha llegado
cuál es la política de cambios? | politica de cambios por favor
a qué hora abren en Bogotá? | hora en que abren bogota
quiero hablar con un asesor | necesito un asesor!!
me comunicas con una persona? | quiero hablar con una persona
puedo pagar con nequi? | se puede pagar con Nequi
hacen envíos a Pasto? | envian a pasto?
cómo hago una devolución? | como devolver
quiero devolver un vestido | me gustaria devolver el vestido
la chaqueta negra está disponible? | esta disponible la chaqueta negra
aceptan tarjeta de crédito? | aceptan targeta de credito
qué promociones tienen hoy? | hay promociones?
me das el tracking de KJ-20418? | tracking del 20418 porfa
dónde queda la tienda de Cali? | la tienda de cali donde queda
ya despacharon mi pedido? | despacharon el pedido?
tienen blusas en talla M? | blusa talla m
cuánto se demora el envío a Medellín? | demora del envio a medellin
el descuento aplica para jeans? | aplica descuento en jeans
necesito la factura de mi compra | me envían la factura de la compra?
what is the price of the dress? | price of the dress please
where is my order 20418? | where's my order
do you ship to Cali? | can you ship to cali
can I return the shoes? | i want to return the shoes
cupón de descuento no funciona | no me funciona el cupon de descuento
hola? dónde está mi pedido | dónde está mi pedido
me cobraron dos veces | me cobraron dos veces!!! respondan
qué pasó? | que paso??
cuál es la diferencia entre el jean recto y el skinny? | diferencia entre jean skinny y recto
I don't want a refund, I want my parcel | I want my parcel, not a refund
can you show me the red coats? | I'm looking for red coats
sorry, where is the store in the east? | where is the store in the east
how do I proceed with the payment? | how do i proceed with the payment??
""".strip().splitlines()

DIFFERENT = """
cuánto cuesta el envío a Cali? | cuánto cuesta el envío a Bogotá?
hola | hola
gracias | muchas gracias
dónde está mi pedido KJ-20418? | dónde está mi pedido KJ-88213?
tienen el jean en talla 28? | tienen el jean en talla 30?
lo tienen en talla S? | lo tienen en talla M?
cuánto cuesta? | cuánto cuesta el envío?
cuánto vale la blusa? | cuánto vale la falda?
puedo pagar con nequi? | puedo pagar con tarjeta?
a qué hora abren? | a qué hora cierran?
abren los domingos? | abren los sábados?
quiero devolver el jean | quiero cambiar el jean
dónde queda la tienda? | dónde está mi pedido?
hay en negro? | hay en blanco?
qué tallas manejan? | qué promociones tienen?
cuándo llega mi pedido? | cuándo abren?
quiero hablar con un asesor | quiero ver un vestido
tienen tenis blancos? | tienen tenis negros?
hacen envíos a Pasto? | hacen envíos fuera del país?
cuál es el precio del buzo? | cuál es la talla del buzo?
ok | ok
sí | sí
hola | hola, cuánto cuesta el jean?
el descuento aplica para jeans? | el descuento aplica para blusas?
tienen ropa de hombre? | tienen ropa de mujer?
where is my order? | where is the store?
do you have it in size M? | do you have it in size L?
is it open on Monday? | is it open on Sunday?
can I pay with card? | can I pay with cash?
how much is the dress? | how much is shipping?
me quedó pequeño | me quedó grande
cuando abren? | cuanto cuesta?
👍 | 👍
next step please | next step please
can you give me more details? | more details please
no entiendo | sorry, no entiendo
el siguiente, por favor | siguiente
I don't know | I don't know
abren en la sede norte? | abren en la sede sur?
is the store in the east open? | is the store in the center open?
how much is the linen dress? | how much is the linen dress compared to the cotton one?
cuánto cuesta el jean recto? | compara el jean recto con el skinny
""".strip().splitlines()

WORDS = [
    "pedido",
    "talla",
    "28",
    "s",
    "cali",
    "jean",
    "donde",
    "hola",
    "envio",
    "enviio",
    "20418",
    "mi",
    "azul",
    "siguiente",
    "detalles",
]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join) | st.text(max_size=30)


def pair(line):
    first, second = line.split(" | ")
    return normalise(first), normalise(second)


@pytest.mark.parametrize("line", SAME)
def test_same_question_in_other_words(line):
    assert same_question(*pair(line))


@pytest.mark.parametrize("line", DIFFERENT)
def test_another_question(line):
    assert not same_question(*pair(line))


def test_equal_texts_are_entirely_similar_even_if_they_ask_nothing():
    assert similarity("hola", "hola") == 1.0
    assert similarity("", "") == 1.0


def test_order_and_courtesy_change_nothing():
    assert similarity("hola donde esta mi pedido", "mi pedido donde esta por favor gracias") == 1.0


def test_one_letter_wrong_is_forgiven():
    assert similarity("tienen chaquetas de cuero", "tienen chaqetas de cuero") == 1.0


def test_little_word_typed_in_a_hurry_still_says_nothing():
    assert similarity("buzo con capota para mi", "buzo cno capota paar mi") == 1.0


def test_short_word_with_another_letter_is_another_word():
    assert similarity("tela fria", "tela lisa") == 0.5


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("donde esta mi pedido 20418 que pague ayer", "donde esta mi pedido 88213 que pague ayer"),
        ("tienen la falda plisada negra talla s", "tienen la falda plisada negra talla m"),
        ("cuanto demora el envio de mi pedido a cali", "cuanto demora el envio de mi pedido a bogota"),
    ],
)
def test_another_order_size_or_place_is_at_most_half_similar(first, second):
    assert similarity(first, second) == 0.5


def test_number_given_only_once_costs_little():
    # donde (0.5) and pedido (1) twice, the number (0.3) once: 1 - 0.3 / 3.3
    assert similarity("donde esta mi pedido kj 20418", "mi pedido donde esta") == pytest.approx(1 - 0.3 / 3.3)


def test_nothing_in_common_is_zero():
    assert similarity("tienen chaquetas", "donde queda") == 0.0
    assert similarity("20418", "1 4 jean 7 azul") == 0.0


def test_cuando_is_not_a_misspelled_cuanto():
    assert similarity("cuando llega", "cuanto llega") < 1


def test_apostrophe_s_is_no_size():
    assert same_question(normalise("where's my order"), normalise("where is my order in size S")) is False
    assert similarity(normalise("where's my order"), normalise("where is my order")) == 1.0


def test_walls_of_text_are_compared_quickly():
    first = " ".join(
        f"palabra{letter}{other}" for letter in "abcdefghijkl" for other in "abcdefghijklmnopqrstuv"
    )
    assert similarity(first, first.replace("palabra", "renglon")) == 0.0


@given(TEXTS, TEXTS)
def test_similarity_is_symmetric_and_a_share(first, second):
    value = similarity(first, second)
    assert 0.0 <= value <= 1.0
    assert value == pytest.approx(similarity(second, first), abs=1e-12)


@given(TEXTS, TEXTS)
def test_same_question_is_symmetric(first, second):
    assert same_question(first, second) == same_question(second, first)
