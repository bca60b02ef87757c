import datetime as dt
import re

import pandas as pd
import pytest

from analytics_lib.charts.answers import Limits, advice, answer

_NAN = float("nan")
WINDOW = {"since": dt.date(2026, 3, 2), "until": dt.date(2026, 3, 9)}
LIMITS = Limits(unanswered=0.05, abandoned=0.4, bot_p90=10, agent_p90=300)
KNOWN = {"first_message": pd.Timestamp("2026-01-01"), "last_message": pd.Timestamp("2026-03-08 22:00")}


def overview(conversations=40, **more):
    counts = {"conversations": conversations, "demand": 39, "users": 30, "messages": 1000, "with_agent": 10}
    return pd.Series({**counts, **KNOWN, **more}, dtype=object)


def ended(*rows):
    rows = [*rows, ("open", 3, _NAN), ("unknown", 2, _NAN)]
    return pd.DataFrame(rows, columns=["outcome", "conversations", "share"])


def waits(bot=(90, 2.0, 5.0), agent=(8, 60.0, 400.0), unanswered=2):
    rows = [("bot", *bot), ("agent", *agent), ("unanswered", unanswered, _NAN, _NAN)]
    return pd.DataFrame(rows, columns=["replier", "stretches", "median_seconds", "p90_seconds"])


def said(*frames, **options):
    return answer(*frames, **WINDOW, **options).text.replace("\u00a0", " ")


def signals(*frames, limits=LIMITS):
    """What to do, by signal; and what stands out."""
    html = advice(*frames, limits=limits).html.replace("\u00a0", " ")
    rows = re.findall(r"<tr( style[^>]*)?>((?:<td.*?</td>)+)</tr>", html)
    return {
        re.findall(r"<td[^>]*>(.*?)</td>", row)[0]: (bool(bold), *re.findall(r"<td[^>]*>(.*?)</td>", row)[1:])
        for bold, row in rows
    }


def test_every_share_comes_with_its_denominator():
    text = said(overview(), ended(("resolved", 25, 0.714286), ("abandoned", 10, 0.285714)), waits())
    assert (
        "**Del 2 mar al 8 mar 2026 empezaron 40 conversaciones de 30 usuarios**, con 1.000 mensajes" in text
    )
    assert "en 10 (25,0 %) una persona de la tienda" in text
    assert "De las 35 cerradas con resultado conocido, 71,4 % terminaron como" in text
    assert "3 siguen abiertas y de 2 no se sabe el resultado" in text
    assert "2 s por el bot (n = 90) y 1 min por un agente (n = 8)" in text
    assert "De 100 esperas, 2 (2,0 %) quedaron sin respuesta" in text


def test_window_that_begins_before_the_data_says_so():
    late = overview(first_message=pd.Timestamp("2026-03-05"))
    assert "solo conoce mensajes desde el 5 mar 2026" in said(late, ended(), waits())
    assert "solo conoce" not in said(overview(), ended(), waits())


def test_window_without_data_says_what_the_store_knows():
    text = said(overview(0), ended(), waits((0, _NAN, _NAN), (0, _NAN, _NAN), 0))
    assert text.startswith("**Sin datos: del 2 mar al 8 mar 2026 no empezó ninguna conversación.**")
    assert "del 1 ene 2026 al 8 mar 2026" in text
    nothing = overview(0, first_message=pd.NaT, last_message=pd.NaT)
    assert "de ningún día" in said(nothing, ended(), waits())


def test_unknown_outcomes_and_unanswered_waits_have_their_sentence():
    text = said(overview(), ended(), waits((0, _NAN, _NAN), (0, _NAN, _NAN), 4))
    assert "De ninguna se conoce el resultado" in text
    assert "Nadie respondió: de 4 esperas, 4 (100,0 %)" in text
    nobody = said(overview(), ended(), waits((0, _NAN, _NAN), (0, _NAN, _NAN), 0))
    assert "Ningún cliente esperó" in nobody


def test_english_answer_speaks_english():
    text = said(overview(), ended(("resolved", 35, 1.0)), waits(), language="en")
    assert text.startswith("**From Mar 2 to Mar 8, 2026, 30 users started 40 conversations**")


def test_hostile_outcome_is_inert_in_markdown(hostile):
    text = said(overview(), ended((hostile, 35, 1.0)), waits())
    assert not set("<[") & set(text)


def test_signal_above_its_threshold_says_what_to_do():
    found = signals(
        ended(("abandoned", 50, 0.5), ("resolved", 50, 0.5)), waits((90, 2.0, 5.0), (30, 60.0, 400.0))
    )
    bold, what, value, limit, n = found["Conversaciones abandonadas"]
    assert (bold, value, limit, n) == (True, "50,0 %", "&gt; 40,0 %", "100")
    assert what.startswith("Buscar en qué paso se van")
    assert found["Espera del bot (p90)"][:2] == (False, "dentro del umbral")
    assert found["Espera de agentes (p90)"][0]


def test_value_at_its_threshold_is_within_it():
    found = signals(ended(("abandoned", 40, 0.4), ("resolved", 60, 0.6)), waits())
    assert found["Conversaciones abandonadas"][:2] == (False, "dentro del umbral")


@pytest.mark.parametrize(("n", "few"), [(19, True), (20, False)])
def test_few_data_decide_nothing(n, few):
    found = signals(ended(), waits(agent=(n, 60.0, 400.0)))
    assert (found["Espera de agentes (p90)"][1] == "pocos datos para decidir") is few


def test_signal_without_data_is_a_dash():
    found = signals(ended(), waits((0, _NAN, _NAN), (0, _NAN, _NAN), 0))
    assert {row[1:3] for row in found.values()} == {("sin datos", "\N{EN DASH}")}
