import pandas as pd
from telling import at

from analytics_lib.analysis.key_moments import key_moments
from analytics_lib.analysis.reading import read_messages
from analytics_lib.analysis.timeline import timelines

END = "2026-03-02 11:00"
KNOWN = pd.Timestamp("2026-03-10T00:00Z")


def minute(number, second=0):
    return f"2026-03-02 10:{number:02}:{second:02}"


def told(*said):
    """One message a minute, as (sender, text)."""
    return [(sender, minute(place), text) for place, (sender, text) in enumerate(said)]


def moments(store, *names, **more):
    found = timelines(store, list(names or ("a",)), read=read_messages)
    return key_moments(found, found.messages, **{"known_until": KNOWN, **more})


def at_positions(frame, kind):
    return frame.loc[frame["kind"] == kind, "position"].tolist()


def closed(said, **more):
    return ("a", minute(0), said, {"end": END, **more})


def test_request_for_a_person_stands_at_its_message(tell):
    found = moments(tell(closed(told(("user", "hola"), ("bot", "¡Hola!"), ("user", "quiero un asesor")))))

    assert at_positions(found, "escalation_request") == [3]
    assert found.loc[found["kind"] == "escalation_request", "message_id"].item() == "a-00002"


def test_speaking_to_the_person_who_has_come_calls_nobody(tell):
    said = told(("user", "asesor"), ("agent", "Hola, soy Ana"), ("user", "oye asesor"))
    assert at_positions(moments(tell(closed(said))), "escalation_request") == [1]


def test_question_asked_again_points_back_to_the_first_time(tell):
    said = told(
        ("user", "dónde está mi pedido KJ-20418?"),
        ("bot", "Estos son nuestros horarios."),
        ("user", "pero donde esta mi pedido??"),
    )
    found = moments(tell(closed(said)))

    repeated = found[found["kind"] == "repeated_question"]
    assert repeated[["position", "related"]].to_numpy().tolist() == [[3, 1]]


def test_same_question_about_another_product_is_no_repetition(tell):
    said = told(
        ("user", "cuánto cuesta el jean skinny?"),
        ("bot", "Cuesta $ 99.900."),
        ("user", "cuánto cuesta el vestido midi?"),
    )
    assert at_positions(moments(tell(closed(said))), "repeated_question") == []


def test_thanks_and_greetings_are_never_repeated_questions(tell):
    said = told(
        ("user", "hola"), ("bot", "¡Hola!"), ("user", "hola"), ("user", "gracias"), ("user", "gracias")
    )
    assert at_positions(moments(tell(closed(said))), "repeated_question") == []


def test_bot_saying_the_same_after_the_user_wrote_is_a_loop(tell):
    said = told(
        ("bot", "Elige una opción del menú"),
        ("user", "mi pedido no llega"),
        ("bot", "Elige una opción del menú."),
        ("user", "ninguna me sirve"),
        ("bot", "ELIGE UNA OPCIÓN DEL MENÚ"),
    )
    loops = moments(tell(closed(said)))
    loops = loops[loops["kind"] == "bot_loop"]
    assert loops[["position", "related"]].to_numpy().tolist() == [[3, 1], [5, 3]]


def test_same_words_after_something_was_done_are_no_loop_and_after_a_failure_are_one(tell):
    said = told(
        ("user", "hay citas el lunes?"),
        ("bot", "Ese día ya está lleno"),
        ("user", "y el martes?"),
        ("bot", "Ese día ya está lleno"),
        ("user", "y el jueves?"),
        ("bot", "Ese día ya está lleno"),
    )
    times = [at(minute(2, 30)), at(minute(4, 30))]
    actions = pd.DataFrame(
        {
            "action_id": ["x", "y"],
            "conversation_id": ["a", "a"],
            "started_at": times,
            "name": ["book", "book"],
            "succeeded": [True, False],
        }
    )
    assert at_positions(moments(tell(closed(said), actions=actions)), "bot_loop") == [6]


def test_bot_sending_one_text_twice_in_a_row_is_no_loop(tell):
    said = told(("user", "tienen jeans?"), ("bot", "Mira estas opciones"), ("bot", "Mira estas opciones"))
    assert at_positions(moments(tell(closed(said))), "bot_loop") == []


def test_courtesy_repeated_by_the_bot_is_no_loop(tell):
    said = told(("bot", "¡Con gusto! ¿Algo más?"), ("user", "no"), ("bot", "¡Con gusto! ¿Algo más?"))
    assert at_positions(moments(tell(closed(said))), "bot_loop") == []


def test_bot_that_did_not_understand_is_told_by_its_words(tell):
    said = told(
        ("user", "el color del sol"), ("bot", "No te entendí"), ("user", "no entiendo"), ("bot", "¿Talla?")
    )
    assert at_positions(moments(tell(closed(said))), "not_understood") == [2]


def test_conversation_left_at_a_bot_that_did_not_help_is_a_dead_end(tell):
    said = told(("user", "quiero factura electrónica"), ("bot", "Lo siento, no puedo ayudarte con eso"))
    assert at_positions(moments(tell(closed(said))), "dead_end") == [2]


def test_second_goodbye_to_a_second_thanks_is_no_dead_end(tell):
    said = told(
        ("user", "quiero el jean azul"),
        ("bot", "Reservado, disfruta tu compra"),
        ("user", "gracias"),
        ("bot", "Reservado, disfruta tu compra"),
    )
    assert at_positions(moments(tell(closed(said))), "dead_end") == []


def test_conversation_that_ends_on_an_answer_is_no_dead_end(tell):
    said = told(("user", "cuánto vale el envío?"), ("bot", "El envío cuesta $ 9.900 a todo el país."))
    assert at_positions(moments(tell(closed(said))), "dead_end") == []


def test_open_conversation_is_over_a_day_after_its_last_message_only(tell):
    store = tell(("a", minute(0), told(("user", "cuánto vale el envío?"))))

    at_once = moments(store, known_until=pd.Timestamp("2026-03-02T16:00Z"))
    a_day_later = moments(store, known_until=pd.Timestamp("2026-03-03T15:00Z"))
    assert at_positions(at_once, "unanswered_question") == []
    assert at_positions(a_day_later, "unanswered_question") == [1]


def test_unanswered_stretch_is_pointed_at_by_its_first_message(tell):
    said = told(("bot", "¡Hola!"), ("user", "oye"), ("user", "tienen jeans en talla 8?"), ("user", "??"))
    assert at_positions(moments(tell(closed(said))), "unanswered_question") == [2]


def test_last_thanks_needs_no_answer(tell):
    said = told(("user", "tienen jeans?"), ("bot", "Sí, mira estos"), ("user", "listo, mil gracias 🙏"))
    assert at_positions(moments(tell(closed(said))), "unanswered_question") == []


def test_silence_counts_while_the_user_waits_and_not_while_the_shop_does(tell):
    said = [
        ("user", minute(0), "tienen jeans?"),
        ("bot", minute(2), "Sí, mira estos"),
        ("user", minute(20), "me gusta el azul"),
        ("bot", minute(21, 59), "¿Qué talla?"),
    ]
    found = moments(tell(closed(said)))
    silences = found[found["kind"] == "long_silence"]
    assert silences[["position", "value"]].to_numpy().tolist() == [[2, 120.0]]


def test_first_greeting_wants_a_reply_and_thanks_do_not(tell):
    said = [
        ("user", minute(0), "hola"),
        ("bot", minute(5), "¡Hola!"),
        ("user", minute(6), "gracias"),
        ("bot", minute(12), "Con gusto"),
    ]
    assert at_positions(moments(tell(closed(said))), "long_silence") == [2]


def test_yes_to_what_the_bot_asked_wants_a_reply_and_no_does_not(tell):
    said = [
        ("user", minute(0), "quiero el jean azul"),
        ("bot", minute(1), "¿Lo reservo?"),
        ("user", minute(2), "sí"),
        ("bot", minute(6), "Reservado. ¿Quieres otra cosa?"),
        ("user", minute(7), "no, gracias"),
        ("bot", minute(12), "Feliz día"),
    ]
    assert at_positions(moments(tell(closed(said))), "long_silence") == [4]


def test_who_is_told_to_wait_goes_on_waiting(tell):
    said = [
        ("user", minute(0), "dónde está mi pedido?"),
        ("agent", minute(1), "Un momento, voy a verificar."),
        ("agent", minute(8), "Ya salió."),
        ("user", minute(15), "gracias"),
    ]
    assert at_positions(moments(tell(closed(said))), "long_silence") == [3]


def test_hello_into_the_silence_ends_it_and_the_wait_goes_on(tell):
    said = [("user", minute(0), "tienen jeans?"), ("user", minute(5), "hola?"), ("bot", minute(9), "Sí")]
    assert at_positions(moments(tell(closed(said))), "long_silence") == [2, 3]


def test_wait_for_the_person_called_in_is_a_silence(tell):
    said = [
        ("user", minute(0), "quiero un asesor"),
        ("bot", minute(0, 2), "Te comunico con un asesor."),
        ("agent", minute(9), "Hola, soy tu asesora"),
    ]
    assert at_positions(moments(tell(closed(said))), "long_silence") == [3]


def test_failed_action_stands_at_the_message_before_it(tell):
    actions = pd.DataFrame(
        {
            "action_id": ["x", "y", "z"],
            "conversation_id": "a",
            "started_at": [at(minute(1, 30)), at(minute(1, 40)), at(minute(1, 50))],
            "name": ["start_payment", "search", "search"],
            "succeeded": [False, True, None],
        }
    )
    found = moments(tell(closed(told(("user", "pagar"), ("bot", "Un momento"))), actions=actions))
    failed = found[found["kind"] == "failed_action"]
    assert failed[["position", "name", "seconds"]].to_numpy().tolist() == [[2, "start_payment", 90.0]]


def test_mood_that_turns_bad_and_stays_so_is_a_fall(tell):
    store = tell(closed(told(*[("user", f"mensaje número {n}") for n in range(5)])))
    found = timelines(store, ["a"], read=read_messages)

    def turning(*sentiment):
        read = found.messages.assign(sentiment=sentiment)
        frame = key_moments(found, read, known_until=KNOWN)
        falls = frame[frame["kind"] == "sentiment_fall"]
        return list(zip(falls["position"], falls["value"].round(6), strict=True))

    # Before: mean of 0.4 and 0.6; from the turn on: mean of -0.8, 0.2 and -0.6.
    assert turning(0.4, 0.6, -0.8, 0.2, -0.6) == [(3, 0.9)]
    # The first message tells what is wrong; from its -0.2 and 0.4 to a mean of -0.8.
    assert turning(-0.2, 0.4, -0.8, -0.8, -0.8) == [(3, 0.9)]
    assert turning(-0.7, -0.3, -0.8, -0.8, -0.8) == []  # never good
    assert turning(-0.7, None, -0.8, -0.8, -0.8) == []  # no worse than it began
    assert turning(0.4, 0.6, -0.8, 0.9, 0.9) == []  # mended
    assert turning(0.4, 0.6, -0.2, 0.1, 0.1) == []  # one mild word


def test_steps_of_a_purchase_count_once_and_the_escalation_stands_at_its_moment(tell):
    names = ["conversation_started", "products_viewed", "products_viewed", "cart_added", "coupon_seen"]
    events = pd.DataFrame(
        {
            "event_id": list("12345"),
            "user_id": "u1",
            "conversation_id": "a",
            "occurred_at": [at(minute(place)) for place in range(5)],
            "name": names,
        }
    )
    more = {"escalated_at": at(minute(4)), "escalation_reason": "payment"}
    found = moments(tell(closed(told(("user", "hola")), **more), events=events))

    assert found["kind"].tolist() == ["purchase_step", "purchase_step", "escalated"]
    assert found["name"].tolist() == ["products_viewed", "cart_added", "payment"]


def test_moments_of_several_conversations_are_kept_apart(tell):
    said = told(("user", "dónde está mi pedido?"), ("bot", "Estos son los horarios"))
    store = tell(closed(said), ("b", minute(0), said, {"end": END}))

    assert at_positions(moments(store, "a", "b"), "repeated_question") == []


def test_conversation_without_messages_has_no_moments(tell):
    found = moments(tell(closed([])))

    assert found.empty
    assert found.columns[:4].tolist() == ["conversation_id", "kind", "seconds", "position"]
