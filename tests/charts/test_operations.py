"""The pictures of the operations page: what they say, what they refuse to say, and that texts stay texts."""

import re

import pytest
import told_operations as now

from analytics_lib.charts import operations, operations_tiles, operations_top
from analytics_lib.runs.sanitize import clean_html


def text(shown):
    """What a reader reads of some HTML."""
    return " ".join(re.sub(r"<[^>]*>", " ", shown.html).replace("\u00a0", " ").split())


def test_tile_says_value_what_it_is_of_and_what_is_usual():
    shown = text(operations_tiles.tiles(now.told()))

    assert "Clientes activos 6 escribieron en los últimos 15 min · 4 abiertas con mensajes" in shown
    assert "Mensajes por minuto 6,0 0,10 por segundo" in shown
    assert "Conversaciones hoy 1.480" in shown
    assert "usual 990 (989 a 991) · ▲ más de lo usual" in shown
    assert "80 de 100 de hoy, cerradas y con resultado · 95 %: 70,0 a 90,0 %" in shown
    assert "usual 90,0 % · ▼ menos de lo usual" in shown


def test_number_that_is_not_recorded_is_a_dash_and_never_zero():
    told = now.told(tiles=now.tiles(queue_depth="samples", latency_p95="api_requests"))
    shown = text(operations_tiles.tiles(told))

    assert "En cola \N{EN DASH} no se registra: lecturas de las colas" in shown
    assert "Latencia de las API (p95) \N{EN DASH} no se registra: peticiones a las API" in shown
    assert "no se registra: lecturas de las colas" in text(operations_tiles.numbers(told))


def test_health_says_which_parts_are_missing():
    told = now.told(health=now.health(lacking=["csat"]))

    assert "falta: Satisfacción (CSAT)" in text(operations_tiles.tiles(told))
    assert "falta" not in text(operations_tiles.tiles(now.told()))


def test_spark_of_nothing_but_zeros_is_left_out():
    quiet = now.minutes().assign(messages=0, users=0)

    assert operations_tiles.tiles(now.told(minutes=quiet)).html.count("title=") == 2
    assert operations_tiles.tiles(now.told()).html.count("title=") == 4


def test_status_says_how_old_the_data_are_and_warns_where_they_are_stale():
    fresh, stale = now.told(), now.told(stale=True, behind_seconds=7200.0)
    never = now.told(stale=True, behind_seconds=now.NAN)

    assert "Datos hasta el 31 mar 2026, 12:00 · lo último llegó hace 14 s" in text(operations.status(fresh))
    assert "no están al día" not in text(operations.status(fresh))
    of_then = text(operations.status(now.told(behind_seconds=0.0)))
    assert ("Datos hasta el 31 mar 2026, 12:00" in of_then, "hace" in of_then) == (True, False)
    assert "lo último llegó hace 2 h" in text(operations.status(stale))
    assert "The data are not up to date" in text(operations.status(stale, language="en"))
    assert "en las 24 horas anteriores no llegó nada" in text(operations.status(never))


def test_status_names_the_audience_and_the_sources_that_are_silent():
    told = now.told(channel="whatsapp", sources=now.sources(silent=["messages"], unrecorded=["samples"]))
    shown = text(operations.status(told))

    assert "Solo WhatsApp" in shown
    assert "Mensajes sin datos nuevos desde hace 2 h" in shown
    assert "Lecturas de las colas no se registran" in shown


def test_answer_is_two_sentences_with_their_denominators():
    said = operations.answer(now.told()).text.replace("\u00a0", " ")

    assert "6 usuarios en los últimos 15 minutos y 1.480 conversaciones desde la medianoche" in said
    assert "Se resolvió 80,0 % de las 100" in said


def test_minute_without_messages_is_drawn_as_zero_and_the_running_one_hollow():
    line = operations.minutes(now.told()).data[0]

    assert list(line.y) == [0] * 59 + [3]
    assert [line.marker.color[0], line.marker.color[-1]] == ["#44546A", "white"]


def test_every_queue_has_a_line_of_its_own_and_the_longest_are_shown():
    figure = operations.queue(now.told(queue=now.queue(*((f"q{n}", float(n)) for n in range(7)))))

    assert [line.name for line in figure.data] == ["q6", "q5", "q4", "q3", "q2"]
    assert len({line.line.dash for line in figure.data}) == 5
    assert operations.queue_name('{"queue":"agents"}', "es") == "agentes"


def test_quarter_of_few_requests_is_hollow():
    figure = operations.api(now.told())

    assert [line.name for line in figure.data] == ["p95", "p50"]
    assert figure.data[0].marker.color == ("#D55E00", "white")


@pytest.mark.parametrize(("draw", "part"), [(operations.queue, "queue"), (operations.api, "api")])
def test_line_without_data_says_so_and_one_never_recorded_says_that(draw, part):
    empty = now.told(**{part: getattr(now.told(), part).iloc[:0]})

    assert draw(empty).layout.annotations[0].text == "Sin datos en estas horas"
    assert draw(now.told(recorded=set())).layout.annotations[0].text == "No se registra"
    assert operations.minutes(now.told(recorded=set())).layout.annotations[0].text == "No se registra"


def test_list_says_count_share_and_what_is_more_than_usual():
    told = now.told(
        top=now.top(("queries", "query", "price", 7, "more"), ("queries", "query", "x_y", 1, "same"))
    )

    assert text(operations_top.top(told, "queries")) == (
        "de 10 conversaciones de la última hora precio 7 70,0 % · usual 25,0 % · ▲ más de lo usual"
        " x_y 1 10,0 % · usual 25,0 %"
    )


def test_issue_is_named_by_its_kind():
    rows = [
        ("issues", "escalation", "complaint", 3, "same"),
        ("issues", "escalation", "", 2, "same"),
        ("issues", "failed_action", "check_stock", 2, "same"),
        ("issues", "fallback", "", 1, "same"),
    ]
    shown = text(operations_top.top(now.told(top=now.top(*rows)), "issues"))

    for name in (
        "Escalada: queja",
        "Escalada: sin motivo",
        "Falló: consultar existencias",
        "El bot no entendió",
    ):
        assert name in shown


def test_empty_list_and_unrecorded_one_say_different_things():
    nothing = now.told(top=now.top().iloc[:0])
    unrecorded = now.told(top=now.top().iloc[:0], recorded=set())

    assert text(operations_top.top(nothing, "queries")) == "Nadie preguntó nada en la última hora."
    assert text(operations_top.top(unrecorded, "queries")) == "No se sabe: intenciones no se registran."
    assert text(operations_top.top(nothing, "issues")).startswith("En la última hora no falló nada")


def test_panel_of_alerts_says_that_there_are_none():
    assert text(operations_top.alerts()).startswith("No hay alertas configuradas.")
    assert text(operations_top.alerts(language="en")).startswith("No alerts are configured.")


def test_names_that_mean_harm_stay_text(hostile):
    rows = [("queries", "query", hostile, 1, "same"), ("products", "product", hostile, 1, "same")]
    rows += [("issues", kind, hostile, 1, "same") for kind in ("escalation", "failed_action")]
    told = now.told(top=now.top(*rows), segment=hostile, queue=now.queue(("a", 1.0)).assign(queue=hostile))
    shown = [operations_top.top(told, name).html for name in ("queries", "products", "issues")]
    shown.append(operations.status(told).html)

    assert not [part for part in shown if "<script" in part or "<img" in part]
    assert all("&lt;script&gt;" in part for part in shown)
    assert "<script" not in operations.queue(told).to_json().replace("\\u003c", "<")


def test_report_lets_all_of_it_through():
    told = now.told()
    shown = [operations_tiles.tiles(told), operations_tiles.numbers(told), operations.status(told)]
    shown += [*(operations_top.top(told, name) for name in ("queries", "issues")), operations_top.alerts()]

    for one in shown:
        before, after = (re.sub(r"[\s;]", "", html) for html in (one.html, clean_html(one.html)))
        assert before == after
