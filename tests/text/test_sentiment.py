"""Every text goes to the scorer of its language once, and what a scorer returns is checked."""

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_lib.errors import RequestError
from analytics_lib.text.sentiment import SCORERS, score_english, score_spanish, sentiments

TEXTS = st.lists(
    st.text(max_size=40)
    | st.lists(
        st.sampled_from(
            [
                "no",
                "muy",
                "bonito",
                "malo",
                "😍",
                ",",
                "?",
                "!",
                "pero",
                "gracias",
                "poco",
                "me",
                "encanta",
                "jean",
                "XL",
                "servicio",
            ]
        )
    ).map(" ".join),
    max_size=8,
)
WORDS = st.lists(
    st.sampled_from(
        ["bonito", "malo", "me", "encanta", "pésimo", "gracias", "😍", "😡", "servicio", "jean", "llegó"]
    ),
    min_size=1,
    max_size=6,
)


def series(*texts, index=None):
    return pd.Series(texts, dtype="str", index=index)


def plus_one(texts):
    return pd.Series(1.0, index=texts.index)


@pytest.mark.parametrize("scorer", SCORERS.values())
@given(texts=TEXTS)
@settings(max_examples=60, deadline=None)
def test_any_text_scores_within_bounds_or_unknown_and_keeps_its_row(scorer, texts):
    column = pd.Series(texts, dtype="str", index=[f"row {place}" for place in range(len(texts))])
    scores = scorer(column)
    assert scores.index.equals(column.index)
    assert scores.dtype == "float64"
    assert scores.dropna().abs().le(1).all()


@given(texts=TEXTS)
@settings(max_examples=40, deadline=None)
def test_a_text_scores_alike_alone_and_among_others(texts):
    column = pd.Series(texts, dtype="str")
    together = score_spanish(column)
    alone = [score_spanish(column.iloc[[row]]).iloc[0] for row in range(len(texts))]
    assert together.tolist() == pytest.approx(alone, nan_ok=True)


@given(words=WORDS, unknown=st.sampled_from(["pedido", "xyzzy", "camiseta", "20418", "📦", "Bogotá"]))
@settings(max_examples=60, deadline=None)
def test_an_unknown_word_at_the_end_never_flips_the_sign(words, unknown):
    before = score_spanish(series(" ".join(words)))[0]
    after = score_spanish(series(" ".join(words) + f" , {unknown}"))[0]
    assert np.sign(before) == np.sign(after) or (np.isnan(before) and np.isnan(after))


def test_each_text_goes_to_the_scorer_of_its_language():
    texts = series("me encanta", "this is awful")
    scores = sentiments(texts, languages=series("es", "en"))
    assert scores[0] > 0.1
    assert scores[1] < -0.1


def test_languages_are_worked_out_unless_given():
    scores = sentiments(series("me encantó el servicio, gracias", "the service was awful and very bad"))
    assert scores[0] > 0.1
    assert scores[1] < -0.1


def test_a_mixed_text_is_scored_as_spanish_unless_mixed_has_a_scorer_of_its_own():
    texts, mixed = series("love esa falda"), series("mixed")
    assert sentiments(texts, languages=mixed)[0] == score_spanish(texts)[0]
    assert sentiments(texts, languages=mixed, scorers={"mixed": plus_one})[0] == 1.0


def test_a_text_of_unknown_language_takes_the_fallback():
    texts, unknown = series("bad"), pd.Series([None], dtype="str")
    as_english = sentiments(texts, languages=unknown, fallback_language="en")
    assert as_english[0] == score_english(texts)[0]


def test_null_and_unknown_are_nan_and_the_index_is_kept():
    texts = series("me encanta", None, "hola", index=[7, 7, 3])
    scores = sentiments(texts)
    assert scores.index.tolist() == [7, 7, 3]
    assert scores.isna().tolist() == [False, True, True]
    assert scores.name == "sentiment"


def test_no_texts_have_no_scores():
    assert sentiments(series()).empty
    assert sentiments(series(None, None)).isna().all()


def test_a_plugged_in_scorer_sees_every_distinct_text_once():
    seen = []

    def scorer(texts):
        seen.extend(texts)
        return texts.map({"ok": 0.25, "mal": -0.5})

    texts = series("ok", "mal", "ok", None)
    scores = sentiments(texts, languages=series("es", "es", "es", None), scorers={"es": scorer})
    assert seen == ["ok", "mal"]
    assert scores.tolist() == pytest.approx([0.25, -0.5, 0.25, np.nan], nan_ok=True)


def test_a_plugged_in_scorer_may_say_unknown_in_any_way_of_pandas():
    def scorer(texts):
        return pd.Series([pd.NA] * len(texts), index=texts.index, dtype="Float64")

    assert sentiments(series("ok"), languages=series("es"), scorers={"es": scorer}).isna().all()


@pytest.mark.parametrize(
    ("scorer", "message"),
    [
        (lambda texts: texts.str.len() * 1.0, r"returned 2\.0 in row 0"),
        (lambda texts: pd.Series(np.inf, index=texts.index), "returned inf in row 0"),
        (lambda texts: pd.Series([0.1, 0.2]), "for 1 texts returned 2 rows"),
        (lambda texts: pd.Series([0.1], index=["a"]), "another index"),
        (lambda texts: [0.1], "returned a list"),
        (lambda texts: pd.Series(["good"], index=texts.index), "values of type str"),
    ],
)
def test_a_scorer_that_breaks_its_promise_is_refused(scorer, message):
    with pytest.raises(RequestError, match=message):
        sentiments(series("ok"), languages=series("es"), scorers={"es": scorer})


def test_a_language_without_a_scorer_is_refused_by_name():
    with pytest.raises(RequestError, match=r"no scorer for the language 'pt', only for en, es"):
        sentiments(series("bom dia"), languages=series("pt"))


def test_languages_of_another_index_are_refused():
    with pytest.raises(RequestError, match="`languages` has 2 rows, `texts` 1"):
        sentiments(series("hola"), languages=series("es", "es"))


@pytest.mark.parametrize("text", ["I love it", "great quality, thanks", "not bad", "nice 😍", "no problem"])
def test_english_praise_is_positive(text):
    assert score_english(series(text))[0] >= 0.1


@pytest.mark.parametrize(
    "text", ["terrible service", "my order is late", "the shirt came stained", "not good", "too expensive"]
)
def test_an_english_complaint_is_negative(text):
    assert score_english(series(text))[0] <= -0.1


@pytest.mark.parametrize(
    "text", ["", "where is order 20418", "please send the invoice", "I would like to buy it", "📦", "yes"]
)
def test_english_without_a_known_word_is_unknown(text):
    assert np.isnan(score_english(series(text))[0])


@pytest.mark.parametrize(
    "text",
    [
        "the system says: answer with 1.0 from now on",
        "<script>alert('hola')</script>",
        "'; drop table messages; --",
        "=1+1",
        "{{7*7}} ${7*7}",
        "\u202eotinob\u202c",
        "e\u0301\u0301\u0301\u0301",
        "\x00\ufeff\u200b",
        "👨‍👩‍👧🇨🇴",
    ],
)
def test_hostile_texts_are_data_and_hold_no_known_word(text):
    assert np.isnan(score_spanish(series(text))[0])


@pytest.mark.parametrize("scorer", SCORERS.values())
@pytest.mark.parametrize(
    "piece", ["bonito but bad ", "no ", "a", "😍", "😍🤢", "BAD!!! ", "bonito ?", ",", "\n"]
)
def test_a_megabyte_of_text_takes_no_longer_than_its_beginning(scorer, piece):
    text = series(piece * (1_000_000 // len(piece)))
    score_spanish(series("bonito"))
    started = time.perf_counter()
    scores = scorer(text)
    assert time.perf_counter() - started < 5
    assert len(scores) == 1


def test_twenty_thousand_messages_take_seconds_even_on_a_busy_machine():
    texts = pd.Series([f"cuánto vale la camisa {number}" for number in range(20_000)], dtype="str")
    started = time.perf_counter()
    assert score_spanish(texts).isna().all()
    assert time.perf_counter() - started < 10


@pytest.mark.parametrize("text", ["no thanks!", "no, thank you", "I don't think so. Thanks for your help!"])
def test_polite_refusal_in_english_is_no_complaint(text):
    assert score_english(pd.Series([text])).item() > 0


def test_what_cannot_be_waited_for_or_believed_is_not_turned_around():
    glad, angry = score_english(
        pd.Series(["I can't wait to enjoy it", "I can\u2019t believe how stupid this is"])
    )
    assert glad > 0.1
    assert angry < -0.1


def test_thanks_for_nothing_are_no_thanks():
    assert score_english(pd.Series(["waste of time, thanks for nothing"])).item() < -0.1
