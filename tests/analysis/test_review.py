import pandas as pd
import pytest
from telling import at

from analytics_lib.analysis import conversations
from analytics_lib.errors import NotFoundError, RequestError
from analytics_lib.store import Store

START = "2026-03-02 10:00"


def minute(number, second=0):
    return f"2026-03-02 10:{number:02}:{second:02}"


def events(*names, conversation="a", product="p1"):
    return pd.DataFrame(
        {
            "event_id": [f"{conversation}-{place}" for place in range(len(names))],
            "user_id": "u1",
            "conversation_id": conversation,
            "occurred_at": [at(minute(place)) for place in range(len(names))],
            "name": names,
            "product_id": product,
        }
    )


def annotated(store, **columns):
    """The same store with columns of its messages replaced."""
    messages = store.query("select * from messages order by message_id").assign(**columns)
    return Store.in_memory(conversations=store.query("select * from conversations"), messages=messages)


def test_metadata_counts_messages_by_sender_and_turns(tell):
    said = [
        ("user", minute(0)),
        ("user", minute(1)),
        ("bot", minute(2)),
        ("user", minute(3)),
        ("agent", minute(9)),
    ]
    more = {"end": minute(20), "outcome": "resolved", "csat": 4, "channel": "whatsapp"}
    metadata = conversations.review(tell(("a", START, said, more)), "a").metadata

    assert metadata[["messages", "user_messages", "bot_messages", "agent_messages", "turns"]].tolist() == [
        *(5, 3, 1, 1, 2)
    ]
    assert metadata[["channel", "outcome", "csat"]].tolist() == ["whatsapp", "resolved", 4]
    assert (metadata["duration_seconds"], metadata["observed_seconds"], metadata["over"]) == (1200, 540, True)


def test_waits_are_told_apart_for_bot_and_agent(tell):
    said = [
        *[("user", minute(0)), ("bot", minute(0, 4))],
        *[("user", minute(1)), ("bot", minute(1, 10))],
        *[("user", minute(2)), ("agent", minute(7))],
    ]
    waits = conversations.review(tell(("a", START, said)), "a").performance.waits

    columns = ["replier", "replies", "first_seconds", "median_seconds", "longest_seconds", "longest_position"]
    assert waits[columns].to_numpy().tolist() == [["bot", 2, 4, 7, 10, 4], ["agent", 1, 300, 300, 300, 6]]


def test_recognition_counts_doubts_fallbacks_and_what_reviewers_say(tell):
    said = [("user", minute(place)) for place in range(4)]
    store = annotated(
        tell(("a", START, said)),
        intent=["price", "fallback", "sizes", None],
        confidence=[0.9, 0.3, 0.7, None],
        true_intent=["price", "shipping", None, None],
    )
    performance = conversations.review(store, "a").performance

    assert performance.recognition[["detections", "scored", "low_confidence", "fallbacks"]].tolist() == [
        3,
        3,
        1,
        2,
    ]
    assert performance.recognition[["reviewed", "correct"]].tolist() == [2, 1]
    assert performance.recognition["mean_confidence"] == pytest.approx(1.9 / 3)
    assert performance.low_confidence.to_numpy().tolist() == [[2, "fallback", 0.3, "shipping"]]


def test_recognition_is_unknown_where_the_source_says_nothing(tell):
    performance = conversations.review(tell(("a", START, [("user", minute(0))])), "a").performance

    assert performance.recognition["detections"] == 0
    assert performance.recognition[["low_confidence", "fallbacks", "correct"]].isna().all()


def test_actions_are_counted_by_name_and_result(tell):
    actions = pd.DataFrame(
        {
            "action_id": list("123"),
            "conversation_id": "a",
            "started_at": [at(minute(place)) for place in range(3)],
            "name": ["search", "search", "start_payment"],
            "succeeded": [True, None, False],
            "duration_ms": [100.0, 300.0, 50.0],
        }
    )
    store = tell(("a", START, [("user", minute(0))]), actions=actions)
    found = conversations.review(store, "a").performance.actions

    assert found.to_numpy().tolist() == [["search", 2, 1, 0, 1, 200.0], ["start_payment", 1, 0, 1, 0, 50.0]]


def test_escalation_tells_when_why_after_what_and_how_long_the_wait_was(tell):
    said = [
        *[("user", minute(0), "mi pedido no llega"), ("bot", minute(0, 5), "No te entendí")],
        *[("user", minute(1), "quiero un asesor"), ("bot", minute(1, 5), "Te comunico")],
        ("agent", minute(6), "Hola, soy Ana"),
    ]
    more = {"escalated_at": at(minute(1, 5)), "escalation_reason": "requested"}
    escalation = conversations.review(tell(("a", START, said, more)), "a").performance.escalation

    assert escalation[["seconds", "reason", "requested_position"]].tolist() == [65, "requested", 3]
    assert escalation[["turns_before", "failures_before", "needed"]].tolist() == [2, 1, True]
    assert escalation["wait_seconds"] == 295


def test_person_called_without_need_and_not_yet_there(tell):
    said = [("user", minute(0), "cuánto vale el envío?"), ("bot", minute(0, 5), "Cuesta $ 9.900")]
    review = conversations.review(tell(("a", START, said, {"escalated_at": at(minute(1))})), "a")

    assert review.performance.escalation["needed"] is False
    assert pd.isna(review.performance.escalation["wait_seconds"])
    assert review.opportunities["kind"].tolist() == ["avoid_escalation"]


def test_intents_flow_in_runs(tell):
    said = [("user", minute(place)) for place in range(4)]
    store = annotated(
        tell(("a", START, said)), intent=["price", "price", "sizes", "price"], confidence=[0.8, 0.6, 0.9, 1.0]
    )
    flow = conversations.review(store, "a").language.intents

    columns = ["intent", "first_position", "last_position", "messages", "mean_confidence"]
    assert flow[columns].to_numpy().tolist() == [
        ["price", 1, 2, 2, pytest.approx(0.7)],
        ["sizes", 3, 3, 1, 0.9],
        ["price", 4, 4, 1, 1.0],
    ]


def test_sentiment_of_the_source_is_kept_and_unknown_is_no_zero(tell):
    said = [("user", minute(place), "kj") for place in range(3)]
    store = annotated(tell(("a", START, said)), sentiment=[0.5, None, -0.3])
    language = conversations.review(store, "a").language

    assert language.sentiment[["position", "sentiment", "scored"]].to_numpy().tolist() == [
        [1, 0.5, False],
        [3, -0.3, False],
    ]
    assert language.mean_sentiment == pytest.approx(0.1)
    assert pd.isna(language.sentiment_trend)


def test_trend_is_the_last_third_less_the_first_and_needs_six(tell):
    said = [("user", minute(place), "kj") for place in range(6)]
    store = annotated(tell(("a", START, said)), sentiment=[0.5, 0.3, 0.0, 0.0, -0.2, -0.4])

    assert conversations.review(store, "a").language.sentiment_trend == pytest.approx(-0.3 - 0.4)


def test_bot_that_changes_its_form_of_address_is_told(tell):
    said = [
        *[("user", minute(0), "tienen jeans?"), ("bot", minute(1), "¿Qué talla quieres? Dime tu ciudad")],
        *[("user", minute(2), "la 8"), ("bot", minute(3), "Dígame usted su ciudad, por favor")],
    ]
    review = conversations.review(tell(("a", START, said, {"end": minute(9)})), "a")
    address = review.language.bot_quality.set_index("measure").loc["address"]

    assert (address["count"], address["n"]) == (1, 2)
    assert "keep_address" in review.opportunities["kind"].tolist()


def test_products_stage_order_and_revenue_come_from_events_and_orders(tell):
    orders = {"order_id": ["o"], "user_id": ["u1"], "conversation_id": ["a"], "ordered_at": [at(minute(5))]}
    store = tell(
        ("a", START, [("user", minute(0))], {"end": minute(9)}),
        events=events("conversation_started", "products_viewed", "cart_added"),
        products=pd.DataFrame({"product_id": ["p1"], "name": ["Jean skinny"], "category": ["jeans"]}),
        orders=pd.DataFrame(orders | {"amount": [99_900.0], "currency": ["COP"]}),
    )
    business = conversations.review(store, "a").business

    assert business.products[["product", "category", "stage"]].to_numpy().tolist() == [
        ["Jean skinny", "jeans", "cart_added"]
    ]
    assert (business.stage, business.revenue, business.currency) == ("cart_added", 99_900, "COP")


def test_cart_that_was_left_is_an_opportunity_and_one_that_was_bought_is_not(tell):
    reached = ("conversation_started", "products_viewed", "cart_added")
    left = tell(("a", START, [("user", minute(0))], {"end": minute(9)}), events=events(*reached))
    bought = tell(
        ("a", START, [("user", minute(0))], {"end": minute(9)}), events=events(*reached, "purchase_completed")
    )
    found = conversations.review(left, "a").opportunities.set_index("kind")

    assert found.loc["recover_purchase", "name"] == "cart_added"
    assert "recover_purchase" not in conversations.review(bought, "a").opportunities["kind"].tolist()


def test_opportunities_are_ranked_by_weight_and_repetition(tell):
    loop = "Elige una opción del menú"
    said = [
        *[("user", minute(0), "mi pedido no llega"), ("bot", minute(1), loop)],
        *[("user", minute(2), "eso no me sirve"), ("bot", minute(3), loop)],
        *[("user", minute(4), "otra cosa"), ("bot", minute(5), loop)],
        ("user", minute(6), "dónde queda la tienda?"),
    ]
    found = conversations.review(tell(("a", START, said, {"end": minute(30)})), "a").opportunities
    shown = found.set_index("kind")

    # Unanswered: 10; the loop twice: 4 √2.
    assert shown.loc["answer_question", ["rank", "position", "n", "weight"]].tolist() == [1, 7, 1, 10]
    assert shown.loc["break_loop", ["rank", "position", "n"]].tolist() == [2, 4, 2]
    assert shown.loc["break_loop", "weight"] == pytest.approx(4 * 2**0.5)


def test_long_wait_for_a_person_weighs_more_than_a_short_one(tell):
    def weight(waited):
        said = [
            *[("user", minute(0), "quiero un asesor"), ("bot", minute(0, 5), "Te comunico, un momento")],
            ("agent", str(pd.Timestamp(minute(0, 5)) + pd.Timedelta(seconds=waited)), "Hola, soy Ana"),
        ]
        found = conversations.review(tell(("a", START, said)), "a").opportunities.set_index("kind")
        return found.loc["shorten_agent_wait", "weight"]

    # 4 at two minutes, once more for ten times as long.
    assert weight(120) == pytest.approx(4)
    assert weight(1_200) == pytest.approx(8)
    assert weight(12_000) == pytest.approx(12)


def test_doubt_about_a_courtesy_or_with_a_person_there_asks_for_no_training(tell):
    said = [
        *[("user", minute(0), "mi pedido no llega"), ("bot", minute(0, 5), "Va en camino")],
        *[("user", minute(0, 10), "dale, gracias"), ("bot", minute(0, 15), "Con gusto")],
        *[("agent", minute(0, 20), "Hola, soy Ana"), ("user", minute(0, 30), "me llegó roto")],
        ("agent", minute(0, 40), "Lo cambiamos"),
    ]
    doubts = [0.5, None, 0.5, None, None, 0.5, None]
    intents = ["order_status", None, "thanks", None, None, "complaint", None]
    store = annotated(tell(("a", START, said)), confidence=doubts, intent=intents)
    found = conversations.review(store, "a").opportunities
    trained = found.loc[found["kind"] == "train_intent", ["name", "position"]]

    assert trained.to_numpy().tolist() == [["order_status", 1]]


def test_unknown_conversation_is_refused_with_the_nearest_id(tell):
    with pytest.raises(NotFoundError, match=r"Did you mean 'a1'\?"):
        conversations.review(tell(("a1", START, [])), "a2")


def test_person_called_after_an_intent_was_not_found_was_needed(tell):
    said = [("user", minute(0), "kj"), ("bot", minute(0, 5), "Cuesta $ 9.900")]
    store = annotated(tell(("a", START, said, {"escalated_at": at(minute(1))})), intent=["fallback", None])

    assert conversations.review(store, "a").performance.escalation["needed"] is True


@pytest.mark.parametrize("reason", ["user_request", "complaint", "api_error", "payment_problem"])
def test_person_called_for_what_the_source_calls_a_need_was_needed(tell, reason):
    said = [("user", minute(0), "cuánto vale el envío?"), ("bot", minute(0, 5), "Cuesta $ 9.900")]
    called = {"escalated_at": at(minute(1)), "escalation_reason": reason}
    review = conversations.review(tell(("a", START, said, called)), "a")

    assert review.performance.escalation["needed"] is True
    assert "avoid_escalation" not in review.opportunities["kind"].tolist()


def test_bot_that_answers_in_spanish_is_judged_by_its_spanish(tell):
    said = [
        *[("user", minute(0), "hi, do you ship to Miami?"), ("bot", minute(1), "Hola, ¿en qué te ayudo?")],
        ("user", minute(2), "could you tell me whether you ship to Miami?"),
        ("bot", minute(3), "No te entendí, ¿me lo dices de otra forma?"),
    ]
    language = conversations.review(tell(("a", START, said)), "a").language
    quality = language.bot_quality.set_index("measure")

    assert language.main == "en"
    assert quality.loc["typos", "count"] == 0
    assert quality.loc["address", "detail"].startswith("tu ")


def test_who_asks_in_vain_for_a_person_is_to_be_given_one_and_no_answer(tell):
    said = [
        *[("user", minute(0), "¿me comunicas con un asesor?"), ("bot", minute(1), "No te entendí")],
        *[("user", minute(2), "¿me comunicas con un asesor?"), ("bot", minute(3), "No te entendí")],
    ]
    kinds = conversations.review(tell(("a", START, said)), "a").opportunities["kind"].tolist()

    assert kinds[0] == "escalate_on_request"
    assert "answer_question" not in kinds


def test_question_put_off_and_then_not_understood_is_unanswered(tell):
    said = [
        *[("user", minute(0), "tienen jeans?"), ("bot", minute(1), "Dame un momento")],
        *[("bot", minute(2), "No te entendí"), ("user", minute(3), "y el envío cuánto vale?")],
        ("bot", minute(4), "Cuesta $ 9.900"),
    ]
    quality = conversations.review(tell(("a", START, said, {"end": minute(9)})), "a").language.bot_quality

    assert quality.set_index("measure").loc["unanswered", ["count", "n"]].tolist() == [1, 2]


def test_answer_after_not_understanding_clears_the_question(tell):
    said = [
        *[("user", minute(0), "tienen jeans?"), ("bot", minute(1), "No te entendí")],
        ("bot", minute(2), "Ah, sí: mira estos jeans"),
    ]
    quality = conversations.review(tell(("a", START, said, {"end": minute(9)})), "a").language.bot_quality

    assert quality.set_index("measure").loc["unanswered", ["count", "n"]].tolist() == [0, 1]


def test_refund_is_no_purchase(tell):
    order = {"order_id": ["o"], "user_id": ["u1"], "conversation_id": ["a"], "ordered_at": [at(minute(5))]}
    store = tell(
        ("a", START, [("user", minute(0))], {"end": minute(9)}),
        events=events("conversation_started", "cart_added"),
        orders=pd.DataFrame(order | {"amount": [-99_900.0], "currency": ["COP"]}),
    )
    assert conversations.review(store, "a").business.left_at == "cart_added"


def test_review_knows_nothing_later_than_as_of(tell):
    said = [
        ("user", minute(0), "tienen jeans?"),
        ("bot", minute(2), "Sí"),
        ("user", minute(30), "pésimo servicio"),
    ]
    later = {"end": minute(40), "outcome": "abandoned", "csat": 1, "escalated_at": at(minute(35))}
    known, told = tell(("a", START, said[:2])), tell(("a", START, said, later))
    as_of = at(minute(10)).to_pydatetime()
    before, after = (conversations.review(store, "a", as_of=as_of) for store in (known, told))

    assert before.metadata.to_dict() == after.metadata.to_dict()
    for part in ("key_moments", "opportunities"):
        pd.testing.assert_frame_equal(getattr(before, part), getattr(after, part))


def test_conversation_that_had_not_started_is_not_known(tell):
    with pytest.raises(NotFoundError, match="had not started by as_of"):
        conversations.review(tell(("a", START, [])), "a", as_of=at("2026-03-01").to_pydatetime())


def test_silence_that_long_is_no_silence_is_refused(tell):
    with pytest.raises(RequestError, match="expected more than 0"):
        conversations.review(tell(("a", START, [])), "a", long_silence_seconds=-5)


def test_open_conversation_is_over_a_day_before_as_of(tell):
    store = tell(("a", START, [("user", minute(0), "tienen jeans?")]))
    later = conversations.review(store, "a", as_of=at("2026-03-04").to_pydatetime())

    assert later.metadata["over"] is True
    assert later.key_moments["kind"].tolist() == ["unanswered_question"]
