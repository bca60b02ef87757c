"""Pictures of the overview of conversations: what they show, what they say of nothing, what stays inert."""

import datetime as dt
import math

import pandas as pd
import pytest

from analytics_lib.charts import (
    overview,
    overview_agents,
    overview_answer,
    overview_lists,
    overview_moods,
)

NAN = float("nan")
WINDOW = {"since": dt.date(2026, 3, 9), "until": dt.date(2026, 3, 16)}


def busy(now=120, before=100, *, seen=True):
    rows = [("window", now, True), ("before", before, seen)]
    frame = pd.DataFrame(rows, columns=["side", "conversations", "seen"])
    return frame.assign(started=now, users=7, messages=1_234)


def said(html):
    return html.html


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (busy(120, 100), "▲ +20,0\xa0% frente a las 100 del 2 mar al 8 mar 2026"),
        (busy(80, 100), "▼ \N{MINUS SIGN}20,0\xa0%"),
        (busy(100, 100), "= 0,0\xa0%"),
        (busy(5, 0), "Ninguna en la ventana anterior"),
        (busy(5, 3, seen=False), "Sin comparación"),
        (busy(0, 0, seen=False), "No hay conversaciones"),
    ],
)
def test_active_conversations_stand_against_the_window_before(frame, words):
    assert words in said(overview.activity(frame, **WINDOW))


def rate(value=0.6, low=0.5, high=0.7, n=40):
    return pd.Series(
        {"value": value, "low": low, "high": high, "numerator": 24, "denominator": n, "few": False}
    )


def test_gauge_shows_its_interval_its_n_and_the_target():
    figure = overview.resolution(rate(), target=0.65)
    gauge = figure.data[0].gauge

    assert figure.data[0].value == 60
    assert tuple(gauge.steps[0].range) == (50, 70)
    assert gauge.threshold.value == 65
    assert "50,0\xa0% a 70,0\xa0%" in figure.layout.annotations[0].text
    assert "24 de 40" in figure.layout.annotations[0].text


def test_gauge_of_nothing_known_says_so_and_shows_no_zero():
    figure = overview.resolution(rate(NAN, NAN, NAN, 0), target=0.65)

    assert not figure.data
    assert "De ninguna se sabe" in figure.layout.annotations[0].text


def lasting(*shares):
    edges = [0.0, 60.0, 120.0, 300.0]
    ends = [*edges[1:], NAN]
    return pd.DataFrame({"from_seconds": edges, "to_seconds": ends, "closed": 1, "share": shares})


def test_last_bar_is_hatched_since_it_holds_what_is_still_open():
    figure = overview.durations(lasting(0.1, 0.2, 0.3, 0.4), closed=3, open_now=1, median=(120.0, 60.0, NAN))

    assert list(figure.data[0].y) == [0.1, 0.2, 0.3, 0.4]
    assert list(figure.data[0].marker.pattern.shape) == ["", "", "", "/"]
    assert "y 1 abiertas" in figure.layout.title.text
    # The median stands at the edge between the second and the third bar; its upper limit is not known.
    assert figure.layout.shapes[0].x0 == 2
    assert "1\xa0min a \N{EN DASH}" in figure.layout.annotations[0].text


def paced(*rates, complete=True, freq="D"):
    moments = pd.date_range("2026-03-09", periods=len(rates), freq=freq)
    return pd.DataFrame({"moment": moments, "messages": rates, "rate": rates, "complete": complete})


def test_stretch_that_was_not_seen_whole_is_hollow():
    figure = overview.pace(paced(1, 2, complete=[True, False]), grain="day")

    assert list(figure.data[0].marker.symbol) == ["circle", "circle-open"]
    assert "por hora" in figure.layout.title.text


def test_minutes_are_told_in_messages_per_minute():
    figure = overview.pace(paced(*[1] * 1_440, freq="min"), grain="minute")

    assert "por minuto" in figure.layout.title.text
    assert list(figure.layout.xaxis.ticktext)[:2] == ["00:00", "05:00"]


def moods(*values, n=200, period=None):
    names = ("negative", "neutral", "positive")
    rows = [
        {
            "period": pd.NaT if period is None else pd.Timestamp(period),
            "mood": mood,
            "numerator": value * n,
            "denominator": n,
            "value": value,
            "low": value - 0.05,
            "high": value + 0.05,
            "few": n < 30,
            "complete": period is None,
        }
        for mood, value in zip(names, values, strict=True)
    ]
    return pd.DataFrame(rows)


def test_negative_goes_left_positive_right_and_neutral_is_written():
    rows = pd.concat([moods(0.3, 0.2, 0.5), moods(0.25, 0.25, 0.5, n=20, period="2026-03-09")])
    figure = overview_moods.moods(rows, period="week", texts=300)
    negative, positive = figure.data
    texts = [annotation.text for annotation in figure.layout.annotations]

    assert list(negative.x) == [-0.3, -0.25]
    assert list(positive.x) == [0.5, 0.5]
    # Whiskers reach from 25 to 35 percent on either side of 30.
    assert negative.error_x.array[0] == pytest.approx(0.05)
    assert "20\xa0%" in texts
    assert "sem. 9 mar*" in figure.layout.yaxis.ticktext[1]
    # 20 messages are few: the bar is pale.
    assert list(positive.marker.opacity) == [1.0, 0.35]


def test_no_known_mood_is_said():
    figure = overview_moods.moods(moods(0.3, 0.2, 0.5).head(0), period="week", texts=9)

    assert "De ningún mensaje" in figure.layout.annotations[0].text


def judged(*agents):
    """Each ``(id, n, value, differs)`` of one measure, limits 0.5 to 0.9."""
    rows = [
        {
            "agent_id": name,
            "conversations": n,
            "measure": "resolution",
            "n": n,
            "value": value,
            "low": value - 0.1,
            "high": value + 0.1,
            "team": 0.7,
            "team_n": 200,
            "limit_low": NAN if n < 20 else 0.5,
            "limit_high": NAN if n < 20 else 0.9,
            "few": n < 20,
            "differs": differs,
        }
        for name, n, value, differs in agents
    ]
    return pd.DataFrame(rows)


TEAM = judged(("abcdef123", 90, 0.7, False), ("bad000", 80, 0.4, True), ("few000", 5, 0.2, False))


def test_agents_who_differ_are_diamonds_and_those_with_few_conversations_hollow():
    same, apart = overview_agents.agents(TEAM).data

    assert list(same.marker.symbol) == ["circle", "circle-open"]
    assert list(same.y) == [0, 2]
    assert list(apart.marker.symbol) == ["diamond"]
    assert "por debajo del equipo" in apart.hovertext[0]
    assert "pocos datos" in same.hovertext[1]


def test_band_of_chance_is_drawn_for_the_judged_alone():
    bands = [shape for shape in overview_agents.agents(TEAM).layout.shapes if shape.type == "rect"]

    assert [(band.x0, band.x1) for band in bands] == [(0.5, 0.9)] * 2


def test_agent_is_told_by_six_letters_of_the_hash():
    figure = overview_agents.agents(TEAM)

    assert figure.layout.yaxis.ticktext[0] == "Agente abcdef"
    assert "abcdef1" not in figure.to_json()


def test_agent_that_differs_is_drawn_however_many_there_are():
    crowd = judged(*((f"a{n:05}", 200 - n, 0.7, n == 39) for n in range(40)))
    figure = overview_agents.agents(crowd)

    assert len(figure.layout.yaxis.ticktext) == 15
    assert figure.layout.yaxis.ticktext[-1] == "Agente a00039"
    assert "15 de 40" in figure.layout.title.text


def test_store_without_agents_says_so():
    figure = overview_agents.agents(TEAM.head(0))

    assert "Sin agentes" in figure.layout.annotations[0].text
    assert said(overview_agents.agent_table(TEAM.head(0))) == ""


def called(*counts):
    total = sum(n for _, n in counts)
    rows = [(name, n, total, n / total, 0.1, 0.9) for name, n in counts]
    return pd.DataFrame(rows, columns=["reason", "escalations", "total", "share", "low", "high"])


def test_reasons_are_bars_in_words_and_none_recorded_is_not_none():
    figure = overview_lists.reasons(called(("complaint", 3), ("unknown", 1)))
    none = [
        overview_lists.reasons(called(), recorded=known).layout.annotations[0].text for known in (True, False)
    ]

    assert list(figure.data[0].x) == [0.75, 0.25]
    assert list(figure.layout.yaxis.ticktext) == ["queja", "sin motivo<br>registrado"]
    assert none == ["Sin escalamientos en esta ventana", "La fuente no registra escalamientos"]


def asked(*topics):
    rows = [(name, 10, 0.5, 5, 0.5, [example]) for name, example in topics]
    columns = ["topic", "messages", "share", "users", "user_share", "examples"]
    return pd.DataFrame(rows, columns=columns)


def test_table_of_queries_shows_each_topic_with_an_example():
    html = said(
        overview_lists.query_table(asked(("envío", "¿cuánto?"), ("other", "x")), messages=30, courtesy=5)
    )

    assert "envío — «¿cuánto?»" in html
    assert "5 de pura cortesía y 10 en otros temas" in html


def failing(*rows):
    columns = ["intent", "lost_count", "lost_n", "lost_rate", "lost_low", "lost_high", "difference", "real"]
    return pd.DataFrame([(name, 30, 40, 0.75, 0.6, 0.86, 0.2, real) for name, real in rows], columns=columns)


OVERALL = pd.Series({"lost_rate": 0.5, "lost_n": 100.0})


def test_only_intents_told_apart_from_chance_are_listed():
    html = said(
        overview_lists.failing_list(failing(("returns", True), ("sizes", False)), OVERALL, detections=9)
    )

    assert "devoluciones" in html
    assert "tallas" not in html
    assert "+20,0 puntos" in html


@pytest.mark.parametrize(
    ("overall", "detections", "words"),
    [
        (OVERALL, 9, "Con ninguna intención"),
        (pd.Series({"lost_rate": NAN, "lost_n": 0.0}), 9, "de ninguna conversación se conoce el desenlace"),
        (pd.Series({"lost_rate": NAN, "lost_n": 0.0}), 0, "no dice qué intención"),
    ],
)
def test_list_without_intents_says_why(overall, detections, words):
    assert words in said(overview_lists.failing_list(failing(), overall, detections=detections))


def test_flow_and_funnel_of_nothing_recorded_are_a_sentence():
    nothing = pd.DataFrame({"path": [["other"]], "journeys": [0]})

    assert "Ningún evento" in said(overview_lists.flows(nothing))
    assert "no registra las etapas" in said(overview_lists.drop_off(pd.DataFrame(), **WINDOW))


def test_texts_of_others_stay_inert(hostile):
    one = judged((hostile, 90, 0.7, False))
    team = pd.concat([one.assign(measure=measure) for measure in overview_agents.MEASURES])
    pages = [
        said(overview_lists.query_table(asked((hostile, hostile)), messages=1, courtesy=0)),
        said(overview_lists.failing_list(failing((hostile, True)), OVERALL, detections=9)),
        said(overview_agents.agent_table(team)),
        str(overview_lists.reasons(called((hostile, 3))).to_plotly_json()),
        str(overview_agents.agents(team).to_plotly_json()),
        overview_answer.answer(busy(), rate(), 60.0, **WINDOW, filters=(None, hostile)).text,
    ]

    assert [page for page in pages if "<script" in page or "<img" in page] == []


def test_answer_says_numbers_with_their_denominators():
    text = overview_answer.answer(busy(), rate(), 635.0, **WINDOW, filters=("web", None)).text

    assert "9 mar al 15 mar 2026 (chat web)" in text
    assert "**120\xa0conversaciones activas**" in text
    assert "**60,0\xa0%** de las 40" in text
    assert "10\xa0min\xa035\xa0s" in text


def test_answer_of_an_empty_window_is_an_answer():
    text = overview_answer.answer(busy(0, 0), rate(NAN, NAN, NAN, 0), NAN, **WINDOW, language="en").text

    assert "No answer" in text


def test_advice_follows_the_thresholds_and_says_when_data_are_few():
    limits = overview_answer.Limits(resolution=0.65, negative=0.4, escalation=0.2)
    html = said(
        overview_answer.advice(
            rate(), moods(0.3, 0.2, 0.5, n=20), called(("complaint", 3)), started=0, apart=2, limits=limits
        )
    )

    assert "empezar por las intenciones" in html
    assert "pocos datos para decidir" in html
    assert "sin datos" in html
    assert "En 2 agentes" in html
    assert not math.isnan(limits["negative"])
