import json
from dataclasses import replace

import pytest
from tiny_notebooks import HOSTILE, code, markdown, write_notebook

from analytics_lib.runs.failure import Change, changes, failure_message, last_good
from analytics_lib.runs.failure_private import private, shown_value
from analytics_lib.runs.record import RunRecord, write_record
from analytics_lib.runs.report import render

GOOD = RunRecord(
    "kpis",
    "20260228T120000Z-00000000",
    "succeeded",
    "2026-02-28T12:00:00+00:00",
    parameters={"until": "2026-02-28", "limit": 3},
    versions={"messages": 3, "users": 1},
    rows={"messages": 1200, "users": 74},
    library_hash="a" * 64,
    notebook_hash="b" * 64,
    lock_hash="c" * 64,
    time_zone="America/Bogota",
)
BAD = replace(
    GOOD,
    run="20260301T120000Z-00000000",
    status="failed",
    started_at="2026-03-01T12:00:00+00:00",
    reason="cell_error",
    error="KeyError: 'csat'",
    failed_cell=2,
)


def test_message_is_where_and_why_then_the_error_then_what_changed():
    bad = replace(
        BAD, parameters={"until": "2026-03-01", "limit": 3}, versions={"messages": 4, "users": 1}, rows={}
    )
    assert failure_message(bad, GOOD, language="en").splitlines() == [
        "kpis: failed in cell 2 (a cell raised an error), 1 Mar 2026, 07:00",
        "Error: KeyError: 'csat'",
        (
            "Since the last good run (28 Feb 2026, 07:00): "
            'until "2026-02-28" → "2026-03-01"; messages version 3 → version 4'
        ),
    ]


def test_message_speaks_the_language_of_the_run():
    assert failure_message(BAD, GOOD).splitlines()[2] == (
        "Desde el último bueno (28 feb 2026, 07:00): "
        "Nada: los mismos parámetros, datos, biblioteca, paquetes y cuaderno."
    )


def test_message_without_a_good_run_before_says_so():
    assert failure_message(BAD, None).endswith("ningún resultado bueno con qué comparar.")


@pytest.mark.parametrize(
    "error",
    ["", "a\nb\r\nc\x85d\u2028e\x0bf", "x" * 5000, "\x1b[31mred\x1b[0m\n\n\n", HOSTILE * 50],
)
def test_message_is_three_lines_whatever_the_error_holds(error):
    bad = replace(BAD, error=error, parameters={"note": error, "until": "x\ny"})
    lines = failure_message(bad, GOOD).splitlines()
    assert len(lines) == 3
    assert all(0 < len(line) <= 300 for line in lines)
    assert "\x1b" not in "".join(lines)


def test_message_tells_four_changes_and_counts_the_rest():
    bad = replace(BAD, parameters={f"p{number}": 1 for number in range(6)})
    # Six new ones, and the two that are gone.
    assert failure_message(bad, GOOD, language="en").endswith("p3 none → 1; and 4 more")


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("write to ana@example.com", "ana@example.com"),
        ("call +57 300 123 4567", "300 123 4567"),
        ("cédula 1020304050", "1020304050"),
        ("postgresql://ana:s3cr3t@db/x", "s3cr3t"),
        ("password=s3cr3t;x", "s3cr3t"),
        ("{'api_key': 's3cr3t'}", "s3cr3t"),
        ("Authorization: Bearer s3cr3t.s3cr3t", "s3cr3t"),
        ("key sk-abcdefghij0123456789", "abcdefghij0123456789"),
        ("AbCdEfGhIj0123456789AbCdEfGhIj0123456789AbCd", "0123456789"),
        ("user " + "0a" * 32, "0a" * 5),
        ("File /" + "ho" + "me/ana/project/x.py", "ana"),
        ("abc\u202edcba", "\u202e"),
    ],
)
def test_what_is_private_does_not_leave(text, hidden):
    assert hidden not in private(text)
    assert hidden not in failure_message(replace(BAD, error=text), GOOD)


def test_what_an_error_is_about_stays():
    text = "BinderException: column sent_at, 2026-03-01T12:00:00 of messages: 1.234 rows at version 12"
    assert private(text) == text


def test_parameter_named_like_a_secret_is_not_shown_but_its_change_is():
    assert shown_value("api_token", "abc") == "[secret]"
    assert shown_value("api_token", None) == "null"
    before, after = replace(GOOD, parameters={"api_token": "a"}), replace(BAD, parameters={"api_token": "b"})
    assert changes(after, before, language="en") == [
        Change("parameter", "api_token", "[secret]", "[secret] (changed)")
    ]


def test_changes_are_parameters_then_data_then_code():
    bad = replace(
        BAD,
        parameters={"until": "2026-03-01", "channel": None},
        versions={"messages": 4, "events": 0},
        rows={"messages": 0, "events": 5},
        library_hash="d" * 64,
        notebook_hash="e" * 64,
        lock_hash=None,
    )
    assert changes(bad, GOOD, language="es") == [
        Change("parameter", "until", '"2026-02-28"', '"2026-03-01"'),
        Change("parameter", "channel", None, "null"),
        Change("parameter", "limit", "3", None),
        Change("table", "messages", "versión 3, 1.200 filas", "versión 4, 0 filas"),
        Change("table", "events", None, "versión 0"),
        Change("table", "users", "versión 1", None),
        Change("library", "", "aaaaaaaa", "dddddddd"),
        Change("lock", "", "cccccccc", None),
        Change("notebook", "", "bbbbbbbb", "eeeeeeee"),
    ]


def test_rows_that_only_one_run_counted_are_no_change():
    assert changes(replace(BAD, rows={}), GOOD, language="es") == []
    assert changes(BAD, replace(GOOD, rows={}, store_id=None), language="es") == []


def test_another_store_is_a_change_though_its_versions_are_the_same():
    assert [
        change.kind
        for change in changes(replace(BAD, store_id="1"), replace(GOOD, store_id="2"), language="es")
    ] == ["store"]


def saved(outputs, *records):
    for record in records:
        (outputs / record.folder).mkdir(parents=True)
        write_record(outputs, record)


def test_last_good_is_the_newest_that_succeeded_before(tmp_path):
    older = replace(GOOD, run="20260227T120000Z-00000000")
    later = replace(GOOD, run="20260302T120000Z-00000000")
    failed = replace(BAD, run="20260228T130000Z-00000000")
    saved(tmp_path, older, GOOD, failed, BAD, later)
    (tmp_path / "runs/kpis/.trash").mkdir()
    assert last_good(tmp_path / "runs/kpis", BAD) == GOOD
    assert last_good(tmp_path / "runs/kpis", older) is None
    assert last_good(tmp_path / "runs/other", BAD) is None


@pytest.fixture
def page(tmp_path):
    """The page of BAD, made from a notebook of three code cells whose second one failed."""

    def page(source="1 / 0", printed="", log="", before=(GOOD,), **fields):
        bad = replace(BAD, **fields)
        saved(tmp_path, *before, bad)
        cell = code(source)
        cell["outputs"] = [
            {"output_type": "stream", "name": "stdout", "text": printed},
            {"output_type": "error", "ename": "E", "evalue": HOSTILE, "traceback": ["of ana@example.com"]},
        ]
        folder = tmp_path / bad.folder
        write_notebook(
            folder / "notebook.ipynb",
            markdown("# a"),
            code("since = 1"),
            code("x", "injected-parameters"),
            cell,
            "y",
        )
        (folder / "log.txt").write_text(log)
        return render(bad, folder)

    return page


def test_page_shows_the_cell_that_failed_and_its_place(page):
    html = page(source="frame['csat']  # <b>")
    assert "Celda 2</a> de 3" in html
    above = html.partition("Qué cambió")[0]
    assert "La celda que falló: 2 de 3" in above
    assert "csat" in above.partition("La celda que falló")[2]
    assert "<b>" not in above.partition("<main")[2]


def test_page_shows_the_last_lines_of_output_and_log_without_private_data(page):
    printed = "".join(f"line {number}\n" for number in range(40)) + "of ana@example.com\n"
    html = page(printed=printed, log="début\n" * 5000 + "\x1b[31mended\x1b[0m token=s3cr3t " + HOSTILE)
    above = html.partition("Qué cambió")[0]
    assert "line 38\nline 39\nof [email]" in above
    assert "line 25\n" not in above
    assert "ended token=[secret] &lt;script&gt;" in above
    assert "s3cr3t" not in html
    assert "of [email]" in html.partition("Detalle técnico")[2]
    assert "ana@example.com" not in html


def test_page_says_what_changed_since_the_last_good_run(page):
    html = page(parameters={"until": HOSTILE, "limit": 3}, versions={"messages": 4, "users": 1})
    part = html.partition("Qué cambió")[2].partition("</section>")[0]
    assert '<a href="../20260228T120000Z-00000000/report.html">28 feb 2026, 07:00</a>' in part
    assert "&#34;2026-02-28&#34;" in part
    assert "&lt;script&gt;" in part
    assert "<script>" not in part
    assert "versión 3, 1.200 filas" in part
    assert "versión 4, 1.200 filas" in part
    assert "Sin cambio: parámetros (1) · tablas (1) · biblioteca · versiones de paquetes · cuaderno." in part


def test_page_says_that_nothing_changed_or_that_there_is_nothing_to_compare(page):
    assert "Nada: los mismos parámetros" in page()


def test_first_run_that_fails_has_nothing_to_be_compared_with(page):
    assert "ningún resultado bueno con qué comparar" in page(before=())


@pytest.mark.parametrize("status", ["timed_out", "cancelled", "lost", "a_new_one"])
def test_page_of_any_ending_can_be_made(page, status):
    assert "Qué cambió" in page(status=status, reason="a_new_reason", failed_cell=99, error=None)


def test_record_of_before_has_no_cells_and_no_rows(tmp_path):
    record = replace(GOOD, cells=[1.5], rows={"messages": 2})
    saved(tmp_path, record)
    path = tmp_path / record.folder / "run.json"
    told = json.loads(path.read_text())
    for name in ("cells", "rows", "store_id"):
        del told[name]
    path.write_text(json.dumps(told))
    found = last_good(tmp_path / "runs/kpis", BAD)
    assert (found.cells, found.rows, found.versions) == ([], {}, record.versions)
