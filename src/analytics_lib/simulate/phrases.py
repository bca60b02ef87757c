"""What people write to a Colombian fashion shop: templates by intent, with slots in braces."""

SLOTS = {
    "{producto}": (
        "un jean skinny",
        "una camiseta oversize",
        "una chaqueta de jean",
        "un vestido midi",
        "unos tenis blancos",
        "una blusa manga larga",
        "un pantalón cargo",
        "una falda plisada",
        "un buzo con capota",
        "un outfit casual",
        "una pinta para un matri",
        "un crop top",
    ),
    "{talla}": ("XS", "S", "M", "L", "XL", "8", "10", "12", "28", "32", "38"),
    "{ciudad}": ("Bogotá", "Medellín", "Cali", "Barranquilla", "Bucaramanga", "Pasto", "Cartagena"),
    "{pedido}": ("KJ-20418", "KJ-88213", "KJ-50977", "KJ-31190", "KJ-76502", "#10023", "#99841"),
    "{valor}": ("39.900", "59.900", "89.900", "119.900", "149.900"),
}

USER = {
    "greeting": (
        "hola",
        "buenas",
        "buenos días",
        "buenas tardes",
        "hola, me ayudas?",
        "qué más",
        "quiubo",
        "hey",
    ),
    "search_product": (
        "estoy buscando {producto}",
        "tienen {producto}?",
        "muéstrame {producto}",
        "quiero ver {producto}",
        "qué tienen nuevo en {producto}",
        "vi en insta {producto}, me lo muestras?",
        "necesito {producto} bien bacano",
    ),
    "sizes": (
        "lo tienen en talla {talla}?",
        "qué tallas manejan?",
        "la {talla} es grande o pequeña?",
        "soy talla {talla}, me quedará?",
        "quiero la {talla}",
        "me pasas la guía de tallas? normalmente uso {talla}",
    ),
    "price": (
        "cuánto cuesta?",
        "qué precio tiene?",
        "en cuánto está {producto}?",
        "cuánto vale {producto}",
        "está en {valor}?",
        "price?",
        "eso está re caro, no hay más barato?",
    ),
    "availability": (
        "hay en {ciudad}?",
        "lo tienen disponible en la tienda de {ciudad}?",
        "todavía queda {producto}?",
        "cuándo vuelve a llegar {producto}?",
        "hay unidades en talla {talla}?",
        "agrégalo al carrito si hay",
    ),
    "promotions": (
        "tienen sale?",
        "qué promociones hay hoy?",
        "el descuento aplica para {producto}?",
        "hay 2x1?",
        "me das un cupón?",
        "sigue la promo de {valor}?",
    ),
    "shipping": (
        "hacen envíos a {ciudad}?",
        "cuánto se demora el envío a {ciudad}?",
        "el domicilio cuánto vale?",
        "envían fuera del país?",
        "llega antes del viernes a {ciudad}?",
    ),
    "order_status": (
        "dónde está mi pedido {pedido}?",
        "mi pedido {pedido} no ha llegado",
        "cuándo llega el pedido {pedido}",
        "me das el tracking de {pedido}?",
        "quiero saber el estado de mi orden {pedido}",
        "ya despacharon el {pedido}?",
    ),
    "returns": (
        "quiero devolver {producto}",
        "cómo hago un cambio de talla?",
        "me quedó pequeño, lo puedo cambiar por {talla}?",
        "cuál es la política de devoluciones?",
        "necesito cambiar el pedido {pedido}",
    ),
    "store_hours": (
        "a qué hora abren en {ciudad}?",
        "abren los domingos?",
        "dónde queda la tienda de {ciudad}?",
        "hasta qué hora atienden hoy?",
        "abren festivos en {ciudad}?",
    ),
    "complaint": (
        "qué mal servicio",
        "llevo una semana esperando el pedido {pedido} y nada",
        "me llegó roto {producto}",
        "esto es el colmo, nadie responde",
        "me cobraron dos veces el {pedido}",
        "pésimo, quiero poner una queja",
    ),
    "payment": (
        "puedo pagar con nequi?",
        "aceptan tarjeta de crédito?",
        "listo, quiero pagar",
        "me pasas el link de pago?",
        "se puede contra entrega en {ciudad}?",
        "pago por pse",
    ),
    "talk_to_person": (
        "quiero hablar con una persona",
        "me comunicas con un asesor?",
        "no quiero hablar con un bot",
        "un humano por favor",
        "asesor",
    ),
    "thanks": (
        "gracias",
        "muchas gracias",
        "mil gracias",
        "listo, gracias",
        "ok, thanks",
        "súper, gracias",
        "dale",
    ),
}

BUTTONS = {
    "greeting": "Empezar",
    "search_product": "Ver productos",
    "sizes": "Guía de tallas",
    "price": "Ver precio",
    "availability": "Ver disponibilidad",
    "promotions": "Promociones",
    "shipping": "Envíos",
    "order_status": "Mi pedido",
    "returns": "Cambios y devoluciones",
    "store_hours": "Horarios",
    "complaint": "Tengo un problema",
    "payment": "Pagar",
    "talk_to_person": "Hablar con un asesor",
    "thanks": "Gracias",
}

OPENERS = (
    "hola, ",
    "buenas, ",
    "parce, ",
    "qué pena, ",
    "porfa, ",
    "oye ",
    "veci, ",
    "hi, ",
    "uy ",
    "amigaa ",
)
CLOSERS = (
    " porfa",
    " 🙏",
    " 😊",
    " 😍😍",
    " gracias",
    " please",
    " asap",
    ", qué chévere",
    " bacano",
    " jaja",
    " 🙄",
    "!!",
    " xq lo necesito ya",
    "\nmil gracias",
)

BOT = {
    "greeting": (
        "¡Hola! Soy tu asistente. ¿En qué te ayudo?",
        "¡Bienvenido! ¿Buscas algo o tienes un pedido?",
    ),
    "search_product": (
        "Mira estas opciones de {producto} 👗",
        "Tenemos {producto} desde $ {valor}. ¿Cuál te gusta?",
        "Esto es lo más nuevo en {producto}.",
    ),
    "sizes": (
        "Está disponible en talla {talla}. ¿La quieres?",
        "Esta es la guía de tallas. Te sugiero la {talla}.",
    ),
    "price": ("El precio es $ {valor}.", "Está en $ {valor} y hoy el envío es gratis."),
    "availability": (
        "Sí, hay unidades en {ciudad}.",
        "Quedan pocas unidades en talla {talla}. ¿Lo agrego al carrito?",
    ),
    "promotions": (
        "Hoy hay 30 % en referencias seleccionadas.",
        "Con el cupón KOAJ10 tienes 10 % de descuento.",
    ),
    "shipping": (
        "El envío a {ciudad} tarda de 2 a 5 días hábiles.",
        "El envío cuesta $ 9.900 a todo el país.",
    ),
    "order_status": ("Tu pedido {pedido} va en camino 🚚", "El pedido {pedido} está en preparación."),
    "returns": (
        "Tienes 30 días para cambios. ¿Lo recogemos o lo llevas a la tienda?",
        "Inicié el cambio de {pedido}.",
    ),
    "store_hours": (
        "En {ciudad} atendemos de 10 a. m. a 8 p. m.",
        "Los festivos abrimos de 11 a. m. a 6 p. m.",
    ),
    "complaint": ("Lamento lo ocurrido. ¿Me cuentas qué pasó con tu pedido?", "Siento mucho la molestia 😔"),
    "payment": (
        "Este es tu enlace de pago seguro.",
        "Puedes pagar con tarjeta, PSE, Nequi o contra entrega.",
    ),
    "talk_to_person": (
        "¿Quieres que te comunique con un asesor?",
        "Claro, dime primero tu número de pedido.",
    ),
    "thanks": ("¡Con gusto! ¿Algo más?", "¡A ti! Que tengas un lindo día 💛"),
    "fallback": (
        "No te entendí bien, ¿me lo dices de otra forma?",
        "Perdón, no comprendí. ¿Puedes elegir una opción?",
    ),
}
HANDOVER = ("Te comunico con un asesor, un momento por favor.", "Un asesor seguirá la conversación.")
AGENT_HELLO = ("Hola, soy tu asesora. Ya reviso tu caso.", "Buenas, te saluda tu asesor. ¿En qué te ayudo?")
AGENT = (
    "Dame un momento y verifico en el sistema.",
    "Listo, ya quedó solucionado.",
    "¿Me confirmas el número de pedido?",
    "El reembolso llega en 5 días hábiles.",
    "Te acabo de enviar la guía al correo.",
    "Qué pena con usted, ya lo estamos gestionando.",
)

# Texts that try something: a page or a sheet that shows them must stay inert.
HOSTILE = (
    "<script>alert('hola')</script>",
    "<img src=x onerror=alert(1)>",
    '=HYPERLINK("http://example.com/robo","clic aquí")',
    "+57;=1+1",
    "\u202egnirts\u202c precio \u2067mixto\u2069",
    "'; drop table orders; --",
    "{{7*7}} ${7*7}",
)
