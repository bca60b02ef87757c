import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_lib.text.quality import asks

ASKING = """
cuánto cuesta el jean
cuanto vale
q precio tiene la blusa
en cuánto está el vestido
hola, tienen tenis blancos
buenas tardes, hay en Cali
oye dónde queda la tienda
donde esta mi pedido KJ-20418
cuándo llega mi pedido
cómo hago un cambio
como puedo pagar
qué tallas manejan
cuál es la política de devoluciones
a qué hora abren
hasta qué hora atienden hoy
quién me puede ayudar
puedo pagar con nequi
se puede contra entrega
me pueden ayudar
me das un cupón
porfa me pasas el link de pago
parce me regalas el número de la tienda
necesito saber si ya salió el pedido
quiero saber el estado de mi orden
busco un vestido midi
estoy buscando una chaqueta de jean
muéstrame unos jeans
quisiera información de los envíos
lo tienen en talla M
todavía queda la falda plisada
aceptan tarjeta
hacen envíos a Pasto
el domicilio cuánto vale
me quedó pequeño, lo puedo cambiar
vi una falda en insta, me la muestras
Gracias. Y cuándo llega
ya pagué. Dónde veo la factura
👋 hola tienen sale
sí, ¿en qué colores?
llega hoy?
eso es todo???
what is the price
hi, where is my order
hey do you have it in size M
can you help me
how much is shipping
is there a store in Cali
I need a blue jacket
I want to know when it arrives
ok thanks, could you check my order
""".strip().splitlines()

TELLING = """
hola
buenas tardes
qué más
quiubo
hola cómo estás
gracias
muchas gracias
listo, gracias
ok
dale
sí
no
no, gracias
ya pagué
ya pagué con nequi
quiero la M
soy talla 28
la azul
mi pedido KJ-20418 no ha llegado
me llegó roto el vestido
me cobraron dos veces
llevo una semana esperando
qué mal servicio
qué pena con ustedes
qué lindo
qué chévere el vestido
que tengas buen día
como te dije, es la roja
cuando llegue les aviso
cuando puedas me escribes
hay un problema con mi pago
hay que esperar
no hay problema
no quiero hablar con un bot
quien sabe
nadie responde
agrégalo al carrito
mi correo es [email]
mira https://koaj.co/p?id=20
KJ-20418
3
👍
😍😍
😡
ahorita no
de nada
vale, gracias
tienen razón
me sirve el lunes
thanks
thank you, have a nice day
I paid yesterday
it does not matter
yes please book it
that is all
what a lovely dress
doesn't matter
will do
""".strip().splitlines()


@pytest.mark.parametrize("text", ASKING)
def test_text_that_asks(text):
    assert asks(pd.Series([text])).tolist() == [True]


@pytest.mark.parametrize("text", TELLING)
def test_text_that_does_not_ask(text):
    assert asks(pd.Series([text])).tolist() == [False]


def test_null_and_empty_text_ask_nothing():
    assert asks(pd.Series([None, "", "  \n"])).tolist() == [False, False, False]


def test_index_of_the_texts_is_kept():
    asked = asks(pd.Series(["hola", "cuánto vale"], index=["m-2", "m-1"]))
    assert asked.to_dict() == {"m-2": False, "m-1": True}


def test_no_text_at_all_gives_an_empty_boolean_column():
    assert asks(pd.Series([], dtype="str")).dtype == bool


@given(st.text(max_size=60))
def test_question_mark_at_the_end_always_asks(text):
    assert asks(pd.Series([text + " ?"])).tolist() == [True]
