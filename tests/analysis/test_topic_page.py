"""Everything a page on what people ask shows: against what was planted, and where a source records little."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from recovery import read_world
from sklearn.metrics import adjusted_mutual_info_score
from topic_asking import chat, store_of

from analytics_lib import simulate
from analytics_lib.analysis.topic_messages import known_names
from analytics_lib.analysis.topic_model import document_counts, learn
from analytics_lib.analysis.topic_page import choose, read
from analytics_lib.analysis.topic_words import telling_words
from analytics_lib.errors import RequestError
from analytics_lib.store import Store
from analytics_lib.text.normalize import normalise_column

UNTIL = dt.date(2026, 7, 1)
BOUGHT = "purchase_completed"


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """(what was planted, frames by table) of a world in which the outage shows."""
    folder = tmp_path_factory.mktemp("world")
    truth = simulate.write_world(folder, conversations=6_000, seed=7, until=UNTIL)
    return truth, read_world(folder)


def test_topics_agree_with_what_the_simulated_customers_meant(simulated):
    """Words alone do not give intents back, but come well above chance; a greeting is no question."""
    _, frames = simulated
    messages = frames["messages"]
    user = messages[(messages["sender"] == "user") & messages["text"].notna()]
    normal = normalise_column(user["text"].astype("str"))
    texts = sorted(set(normal))
    shop = Store.in_memory(products=frames["products"][["product_id", "name"]])
    said = dict(zip(texts, telling_words(texts, names=known_names(shop)), strict=True))
    frame = pd.DataFrame({"words": [said[text] for text in texts], "courtesy": False})
    counts = normal.value_counts().reindex(texts).to_numpy(dtype=np.int64)
    model = learn(document_counts(frame, counts))
    reviewed = user.assign(words=normal.map(said))[user["true_intent"].notna()]
    reviewed = reviewed[~reviewed["true_intent"].isin(["greeting", "thanks"])]
    topic = reviewed["words"].map(lambda words: model.topics.get(words, -2))
    inside = topic >= 0
    table = pd.crosstab(topic[inside], reviewed.loc[inside, "true_intent"])

    assert len(reviewed) > 1_000
    assert inside.mean() > 0.6
    assert table.max(axis=1).sum() / inside.sum() > 0.6  # purity; the largest intent alone gives 0.3
    assert adjusted_mutual_info_score(reviewed.loc[inside, "true_intent"], topic[inside]) > 0.4


def test_planted_outage_is_found_among_the_issues_and_nothing_else_moves(simulated):
    truth, frames = simulated
    outage = truth.effect("api_outage", "escalation_rate")
    monday = outage.since.date() - dt.timedelta(days=outage.since.weekday())
    store = Store.in_memory(
        **{name: frames[name] for name in ("conversations", "messages", "actions", "users")}
    )
    page = read(
        store, choose(store, since=str(monday), until=str(monday + dt.timedelta(days=7))), outcome=BOUGHT
    )
    moved = page.issues[page.issues["verdict"].isin(["new", "rising"])]

    assert len(moved) >= 2
    assert set(moved["detail"]) == {"service unavailable (503)"}
    assert set(page.moved["topics"] + page.moved["products"]) == set()


def test_source_of_texts_alone_says_what_it_does_not_record():
    store = store_of(*[chat("2026-04-10", f"u{n}", "puedo pagar con tarjeta") for n in range(5)])
    page = read(store, choose(store), outcome=BOUGHT)

    assert page.topics.users == 5
    assert page.sequences.missing == "events"
    assert page.unrecorded == ["failed_action", "fallback"]
    assert page.ends_worse == []
    assert page.sequences.telling == []
    assert page.moved == {"topics": [], "words": [], "products": [], "failed_actions": []}


def test_outcome_that_nobody_reached_leaves_only_the_frequent_sequences():
    at = pd.Timestamp("2026-04-10 12:00", tz="UTC")
    rows = [
        {
            "event_id": f"e{n}{name}",
            "user_id": f"u{n}",
            "conversation_id": f"c{n:04}",
            "occurred_at": at,
            "name": name,
        }
        for n in range(5)
        for name in ("cart_added", "purchase_initiated")
    ]
    chats = [chat("2026-04-10", f"u{n}", "puedo pagar con tarjeta") for n in range(5)]
    late = chat("2026-04-20", "bought", "puedo pagar con tarjeta")
    bought = {"event_id": "z", "user_id": "bought", "conversation_id": "c0005", "name": BOUGHT}
    bought["occurred_at"] = pd.Timestamp("2026-04-20 12:00", tz="UTC")
    store = store_of(*chats, late, events=pd.DataFrame([*rows, bought]))
    page = read(store, choose(store, since="2026-04-01", until="2026-04-15"), outcome=BOUGHT)

    assert page.sequences.missing == "outcome"
    assert page.sequences.frequent["units_total"].iloc[0] == 5


def test_outcome_that_no_event_has_is_a_wrong_request():
    at = pd.Timestamp("2026-04-10 12:00", tz="UTC")
    one = {
        "event_id": "e",
        "user_id": "u",
        "conversation_id": "c0000",
        "occurred_at": at,
        "name": "cart_added",
    }
    store = store_of(chat("2026-04-10", "u", "puedo pagar con tarjeta"), events=pd.DataFrame([one]))
    with pytest.raises(RequestError, match="Did you mean 'cart_added'"):
        read(store, choose(store), outcome="cart_aded")


def test_half_a_segment_is_a_wrong_request():
    store = store_of(chat("2026-04-10", "u", "puedo pagar con tarjeta"))
    with pytest.raises(RequestError, match="dimension is 'channel' and value ''; expected both"):
        choose(store, dimension="channel")
    assert choose(store, dimension="channel", value="web").segment == ("channel", "web")
