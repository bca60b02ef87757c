import html
import re
import shutil
from dataclasses import replace

import pytest
from tiny_notebooks import HOSTILE

from analytics_lib.runs.catalog import Surroundings, write_index
from analytics_lib.runs.job_page_trend import CellTime, cell_times, trend
from analytics_lib.runs.publish import publish
from analytics_lib.runs.record import RunRecord, write_record
from visiting import Visit

FILE = {
    "source": "chatbot",
    "file": f"day {HOSTILE} 3001234567.ndjson",
    "ingested_at": "2026-03-01T11:00:00+00:00",
    "records": 1250,
    "accepted": 1200,
    "duplicates": 47,
    "quarantined": 3,
    "codes": {"BAD_JSON": 2, "FUTURE": 1},
}


def record(day, status="succeeded", **fields):
    made = RunRecord("kpis", f"202603{day:02}T120000Z-00000000", status, f"2026-03-{day:02}T12:00:00+00:00")
    return replace(made, **fields)


@pytest.fixture
def write(tmp_path):
    def write(day, status="succeeded", **fields):
        made = record(day, status, **fields)
        (tmp_path / made.folder / "artifacts").mkdir(parents=True)
        write_record(tmp_path, made)
        (tmp_path / made.folder / "report.html").write_text("<main></main>")
        return made

    return write


@pytest.fixture
def page(tmp_path):
    """The page of the job, written with the index."""

    def page(**options):
        write_index(tmp_path, **options)
        return (tmp_path / "jobs/kpis.html").read_text()

    return page


def test_each_run_stands_beside_its_parameters_and_what_it_was_made_of(write, page):
    write(
        1,
        parameters={"until": "2026-03-01", "user_id": "0123456789abcdef" * 4, "api_token": "s3cr3t"},
        versions={"messages": 3, "users": 1},
        rows={"messages": 1200},
        notebook_hash="b" * 64,
        library_hash="a" * 64,
        lock_hash="c" * 64,
        seconds=12.34,
        peak_memory_mb=512.4,
        slot_at="2026-03-01T10:30:00+00:00",
    )
    text = page(language="en")
    for words in (
        'href="../runs/kpis/20260301T120000Z-00000000/report.html"',
        "messages version 3, 1,200 rows · users version 1",
        "b" * 12,
        "a" * 12,
        "c" * 12,
        "12.3 s",
        "512 MB",
        "1 Mar 2026, 05:30",
        "01234567…",
        "[secret]",
    ):
        assert words in text
    assert "s3cr3t" not in text
    assert "0123456789abcdef" not in text


def test_failed_run_says_why_and_where_without_private_data(write, page):
    write(1, "failed", reason="cell_error", error=f"{HOSTILE} of ana@example.com", failed_cell=2)
    text = page()
    assert "Una celda terminó en error (en la celda 2): &lt;script&gt;" in text
    assert "[email]" in text
    assert "ana@example.com" not in text


def test_all_runs_are_there_the_old_ones_on_a_line(write, page):
    for number in range(70):
        write(1 + number % 28, run=f"2026{number:04}", parameters={"note": HOSTILE, "limit": number})
    text = page()
    assert len(set(re.findall(r'<li id="2026(\d{4})"', text))) == 70
    assert "50 ejecuciones anteriores" in text
    assert "<script>alert" not in text
    assert "<img" not in text


def test_hostile_names_are_only_text(write, page):
    write(1, title=f"T{HOSTILE}", question=f"Q{HOSTILE}", reader=f"R{HOSTILE}", notebook_hash=HOSTILE)
    write(2, "failed", reason=HOSTILE, versions={HOSTILE: 1}, parameters={HOSTILE: HOSTILE})
    text = page(around=Surroundings(files=[FILE]))
    assert HOSTILE not in text
    assert "&lt;script&gt;" in text
    assert "script-src 'none'" in html.unescape(text)
    assert "http" not in text.replace("http-equiv", "")


def test_files_of_the_sources_are_counted_with_the_reasons_for_quarantine(write, page):
    write(1)
    text = page(around=Surroundings(files=[FILE]))
    row = " ".join(re.sub("<[^>]*>", " ", text.partition('class="files"')[2].partition("</li>")[0]).split())
    assert "chatbot · 1 mar 2026, 06:00" in row
    assert row.endswith(
        "1.250 registros = 1.200 aceptados + 47 repetidos + 3 en cuarentena (BAD_JSON 2, FUTURE 1)"
    )
    assert "3001234567" not in text
    assert "No hay archivos ingeridos" in page()


def test_page_is_written_again_only_if_something_on_it_changed(write, page, tmp_path):
    def stamp():
        return (tmp_path / "jobs/kpis.html").stat().st_ino

    good = write(1)
    page()
    first = stamp()
    page()
    assert stamp() == first
    page(around=Surroundings(files=[FILE]))
    second = stamp()
    assert second != first
    publish(tmp_path, good)
    page(around=Surroundings(files=[FILE]))
    assert stamp() != second


def test_page_of_a_job_that_is_gone_goes_too(write, page, tmp_path):
    write(1)
    page()
    write(2, job="other")
    shutil.rmtree(tmp_path / "runs/kpis")
    write_index(tmp_path)
    assert [path.name for path in (tmp_path / "jobs").iterdir()] == ["other.html"]


def test_full_disk_leaves_the_page_of_before(write, page, tmp_path, monkeypatch):
    write(1)
    before = page()
    write(2)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("analytics_lib.atomic.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        page()
    assert (tmp_path / "jobs/kpis.html").read_text() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.html", "jobs", "runs"]


def test_cell_is_slow_from_twice_its_median_and_half_a_second_more():
    usual = [record(day, cells=[1.0, 0.1], notebook_hash="n") for day in (1, 2, 3)]
    last = record(4, cells=[2.0, 0.3], notebook_hash="n")
    assert cell_times([*usual, last])[last.run] == [CellTime(1, 2.0, 1.0), CellTime(2, 0.3, 0.1)]
    assert [cell.is_slow for cell in cell_times([*usual, last])[last.run]] == [True, False]
    assert not CellTime(1, 1.9, 1.0).is_slow


def test_median_is_of_good_and_earlier_runs_of_the_same_notebook():
    runs = [
        record(1, cells=[1.0], notebook_hash="n"),
        record(2, cells=[2.0], notebook_hash="n"),
        record(3, "failed", cells=[90.0, 90.0], failed_cell=2, notebook_hash="n"),
        record(4, cells=[90.0], notebook_hash="other"),
        record(5, cells=[9.0], notebook_hash="n"),
        record(6, cells=[50.0], notebook_hash="n"),
    ]
    found = cell_times(runs)
    assert found[runs[2].run] == [CellTime(1, 90.0, None)]
    assert found[runs[4].run] == [CellTime(1, 9.0, None)]
    assert found[runs[5].run] == [CellTime(1, 50.0, 2.0)]


def test_slow_cell_is_marked_and_the_rule_is_said(write, page):
    for day in (1, 2, 3):
        write(day, cells=[1.0, 1.0], seconds=5.0)
    write(4, cells=[1.0, 61.5], seconds=66.0)
    text = page()
    assert "celda 2 lenta: 1 min 2 s, mediana 1,0 s" in text
    assert "al menos el doble de su mediana" in text
    assert text.count('class="slowly"') == 1
    assert "Celdas lentas: 2" in text


def test_trend_goes_from_left_to_right_and_larger_is_higher():
    runs = [record(day, seconds=value) for day, value in ((1, 10.0), (2, None), (3, 40.0), (4, 20.0))]
    found = trend(runs, lambda run: run.seconds)
    assert [point.x for point in found.points] == [3, 50, 97]
    assert [point.y for point in found.points] == [109.5, 12.0, 77.0]
    assert found.ticks == [(0, 142.0), (10, 109.5), (20, 77.0), (30, 44.5), (40, 12.0)]
    assert found.median == 20


@pytest.mark.parametrize("values", [[], [1.0], [None, 1.0]])
def test_one_run_is_no_trend(values):
    assert trend([record(1, seconds=value) for value in values], lambda run: run.seconds) is None


@pytest.mark.parametrize("values", [[0.0, 0.0], [0.04, 0.01], [7300.0, 1.0]])
def test_trend_of_any_size_has_few_lines(values):
    found = trend([record(1, seconds=value) for value in values], lambda run: run.seconds)
    assert 2 <= len(found.ticks) <= 6
    assert all(0 <= point.y <= found.height for point in found.points)


@pytest.mark.parametrize("width", [400, 1200])
def test_pages_fit_the_screen_ask_for_nothing_and_need_no_script(browser, tmp_path, write, width):
    long_name = "x" * 300
    for day in range(1, 29):
        status = "failed" if day % 9 == 0 else "succeeded"
        write(
            day,
            status,
            title=f"T {long_name} {HOSTILE}",
            parameters={"note": long_name},
            versions=dict.fromkeys(("messages", "conversations", "events", "orders"), day),
            seconds=day * 1.5,
            cells=[0.1, day * 1.0],
            error=long_name,
            reason="cell_error" if status == "failed" else None,
        )
    write_index(tmp_path, around=Surroundings(files=[{**FILE, "file": long_name}]))
    visit = Visit(browser.new_page(viewport={"width": width, "height": 900}, java_script_enabled=False))
    for name in ("index.html", "jobs/kpis.html"):
        visit.page.goto((tmp_path / name).as_uri())
        assert visit.page.locator("main").bounding_box()["width"] <= width
        overflow = visit.page.locator("h1, h2, article, .strip, .plot, .runs > li, dl").evaluate_all(
            "all => all.filter(one => one.getBoundingClientRect().right > window.innerWidth + 1).length"
        )
        assert overflow == 0
    assert {url.partition(":")[0] for url in visit.requests} <= {"file", "data"}
    assert (visit.complaints, visit.dialogs) == ([], [])
    visit.page.close()


def test_mark_of_a_run_leads_to_its_report(browser, tmp_path, write):
    write(1)
    write(2, "failed", reason="cell_error")
    write_index(tmp_path)
    visit = Visit(browser.new_page(viewport={"width": 400, "height": 900}))
    visit.page.goto((tmp_path / "index.html").as_uri())
    box = visit.page.locator(".strip a").last.bounding_box()
    assert min(box["width"], box["height"]) >= 24
    visit.page.click(".strip li:last-child a")
    assert visit.page.url.endswith("runs/kpis/20260302T120000Z-00000000/report.html")
    visit.page.go_back()
    visit.page.click(".more a")
    assert visit.page.url.endswith("jobs/kpis.html")
    visit.page.click("nav a")
    assert visit.page.url.endswith("index.html#kpis")
    visit.page.close()
