import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_lib.errors import RequestError
from analytics_lib.simulate import phrases
from analytics_lib.text.quality import typos

STAR = Path(__file__).parents[4] / "shared/data/conversations-star/star_dialogues_early.jsonl.gz"

RIGHT = """
¡Hola, parce! Bienvenido a KOAJ 👋
Cuéntame qué prenda estás buscando hoy.
Dame tu número de celular y te contacto por WhatsApp.
Muéstrame una foto de la etiqueta, porfa.
Agrégalo al carrito y págalo con Nequi, Daviplata o Addi.
Pídelo antes de las 12 m. y te llega mañana en Medellín.
Te comunico con un asesor; por favor, espera un momentico.
Tienes envíos gratis por compras desde $ 150.000.
Escríbenos a servicio@koaj.co o entra a www.koaj.co/cambios.
Tu guía de Servientrega es 2087345921.
Puedes recoger el pedido en Unicentro, Chapinero o Suba.
¿Quieres el jean skinny en talla 28 o el mom fit en la 30?
El buzo con capota oversize está agotado en vinotinto.
Tenemos blusas, camibusos, joggers y chaquetas tipo biker.
Aprovecha el 2x1 en leggings y crop tops este fin de semana.
Redime tu bono en nuestras tiendas de Bogotá, Cali y Barranquilla.
Los domicilios tardan entre 2 y 5 días hábiles en Pasto y Cúcuta.
Revisa el tallaje en nuestra guía de medidas.
¡Qué chévere! Ese outfit te va a quedar bacano.
¿Deseas factura electrónica a nombre de tu empresa con NIT?
Ingresa el código que te enviamos por SMS.
Haz clic en el enlace de pago: https://pagos.koaj.co/x7Yq
Confírmame tu dirección, barrio y ciudad.
Elige una opción: 1. Mis pedidos 2. Cambios y devoluciones 3. Tiendas
No pudimos procesar tu tarjeta. Inténtalo de nuevo o usa PSE.
Te enviaremos la rotulación para que devuelvas el paquete.
Lamentamos el inconveniente; ya escalamos tu caso al área encargada.
Déjame verificarlo en el sistema y te aviso.
¿Me regalas tu cédula y el correo con que hiciste la compra?
La pretina elástica se ajusta sin apretar.
Esta referencia es de algodón, licra y poliéster.
Podrás rastrearlo desde la app cuando lo despachemos.
Recuérdame tu talla y te busco opciones.
Con mucho gusto, Valentina. Que tengas un lindo día.
Andrea, tu pedido KJ-20418 ya salió de bodega.
Leidy te acompañará en el proceso.
Nequi ya confirmó tu pago.
Ahorita no hay unidades en la tienda de Envigado.
Tranquila, veci, ya te colaboramos.
¡Listo, parcera! Quedaste inscrita en el sorteo.
Gracias por preferirnos, vuelve pronto.
Nuestros horarios son de lunes a sábado, de 10 a. m. a 8 p. m.
Contáctanos si necesitas reprogramar la entrega.
Vos sabés que podés cambiarlo cuando querás.
Contame qué necesitás y te ayudo.
Estamos presentando intermitencias con la pasarela de pagos.
Los tenis blancos vienen en tallas 35 a 40.
Pruébatelo en tienda y, si no te queda, lo cambiamos.
¿Lo prefieres estampado, unicolor o a rayas?
Síguenos en Instagram y TikTok: @koajoficial #KOAJ
El reembolso se verá reflejado en tu extracto en 8 días hábiles.
Comuníquese con nuestra línea 601 7420 000.
Indíquenos su número de documento, por favor.
Disculpe la demora; ya le estamos colaborando.
Aquí están los Términos y Condiciones.
PROMO BLACK WEEK: 50% DCTO
Jajaja, qué bueno leerte 😄
Te quedó debiendo $ 9.900 el sistema.
Selecciona el color: fucsia, beige, camel, terracota o verde militar.
El vestido midi plisado llegó en todas las tallas.
Las bermudas y los shorts no tienen cambio si les quitaste la etiqueta.
""".strip().splitlines()

# A text, and the word that is misspelled in it.
MISSPELLED = """
Grasias por tu compra | Grasias
Tu pedidio va en camino | pedidio
Escribe tu direccion | direccion
¿Qué nesecitas? | nesecitas
Pide la devolusion | devolusion
Te ayudaré con el camvio | camvio
Tambien puedes pagar con tarjeta | Tambien
La camizeta está disponible | camizeta
Tenemos decuento en jeans | decuento
El envio es gratis | envio
Llega en 3 dias | dias
Por fabor espera | fabor
No entendi tu mensaje | entendi
Ya solucionamos el probema | probema
El reembolzo llega mañana | reembolzo
Tu codigo de descuento | codigo
El sistma no responde | sistma
Te comunico con un acesor | acesor
Las devoluciónes son gratis | devoluciónes
Disponible en la tineda | tineda
Tu numero de orden | numero
Confirma tu corréo | corréo
Puedes pagr en la tienda | pagr
Estamos verificnado tu caso | verificnado
Bienvendio a la tienda | Bienvendio
El pantalon azul | pantalon
La garantia es de 30 días | garantia
La chaketa está agotada | chaketa
Aprovehca la promoción | Aprovehca
Quedo atenta a tu respueta | respueta
El producto esta agotao | agotao
Nuestro orario es de 10 a 8 | orario
Revisa la guia de tallas | guia
Tienes que iniciar sesion | sesion
Lo entregmos el lunes | entregmos
Haz click en finalisar | finalisar
La proxima semana llega | proxima
La facura llega a tu correo | facura
""".strip().splitlines()

BOT = [text for texts in phrases.BOT.values() for text in texts]


@pytest.mark.parametrize("text", RIGHT)
def test_right_spanish_has_no_typo(text):
    assert typos(text, "es") == []


@pytest.mark.parametrize("text", [*BOT, *phrases.HANDOVER, *phrases.AGENT_HELLO, *phrases.AGENT])
def test_what_the_simulated_shop_says_has_no_typo(text):
    assert typos(text, "es") == []


@pytest.mark.parametrize("line", MISSPELLED)
def test_misspelled_spanish_word_is_found(line):
    text, word = line.split(" | ")
    assert typos(text, "es") == [word]


def test_several_typos_come_in_order_as_written():
    assert typos("Grasias por tu pedidio, grasias", "es") == ["Grasias", "pedidio", "grasias"]


@pytest.mark.parametrize(
    "text",
    [
        "Pagado con tarjeta de [persna] a [phone]",
        "Escribe a sopotre@koaj.co o mira www.kooaj.com/pedidio",
        "Código PEDIDIO10, ref. pedidio10 y #pedidio @pedidio",
        "La señora Pedidio vive en Pedidia",
        "PEDIDIO",
        "jajajaja holaaaaa mmmm jsjs",
        "Tenemos {productto}",
        "👗👟",
        "",
    ],
)
def test_masks_addresses_codes_names_shouts_and_laughter_are_no_typos(text):
    assert typos(text, "es") == []


def test_wall_of_letters_is_no_typo():
    assert typos("a" * 5 + "bc" * 10_000, "es") == []
    assert typos("<" * 20_000, "es") == []


def test_missing_accent_is_a_typo_where_no_such_word_is_written_without_it():
    assert typos("tambien", "es") == ["tambien"]
    assert typos("El esta aqui, se que si", "es") == ["aqui"]


@pytest.mark.parametrize(
    "text",
    [
        "Your order has shipped and will arrive on Friday.",
        "You can pay with Nequi or PSE.",
        "Which colour do you prefer: grey or beige?",
        "Track the car's delivery; it's on its way, y'all.",
    ],
)
def test_right_english_has_no_typo(text):
    assert typos(text, "en") == []


@pytest.mark.parametrize(
    "word", ["recieved", "mesage", "avaliable", "inconvinience", "accomodate", "successfuly"]
)
def test_misspelled_english_word_is_found(word):
    assert typos(f"The {word} one.", "en") == [word]


def test_language_without_a_dictionary_is_refused_by_name():
    with pytest.raises(RequestError, match=r"'fr'.*es, en"):
        typos("bonjour", "fr")


@given(st.text(max_size=60))
def test_every_typo_stands_in_the_text(text):
    assert all(word in text for word in typos(text, "es"))


@pytest.mark.skipif(not STAR.exists(), reason="the STAR conversations are not beside the project")
def test_typos_in_messages_that_people_wrote_in_english_are_few():
    with gzip.open(STAR, "rt", encoding="utf-8") as lines:
        dialogues = [json.loads(line) for _, line in zip(range(300), lines, strict=False)]
    texts = [
        event["Text"] for one in dialogues for event in one["Events"] if event["Action"] == "pick_suggestion"
    ]
    assert sum(len(typos(text, "en")) for text in texts) / len(texts) < 0.02
