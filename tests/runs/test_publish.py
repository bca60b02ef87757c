import itertools
import json
import multiprocessing
import shutil
from dataclasses import replace

import pytest

from analytics_lib.errors import RequestError
from analytics_lib.runs.publish import publish, published_record
from analytics_lib.runs.record import RunRecord, write_record

PAGE = '<head><a href="../../../index.html"></head><main>"../../../ {number}{filler}</main>'


def make_run(outputs, number, *, status="succeeded"):
    record = RunRecord("tiny", f"20260301T120000Z-{number:08}", status, "2026-03-01T12:00:00+00:00")
    (outputs / record.folder / "artifacts").mkdir(parents=True)
    write_record(outputs, record)
    page = PAGE.format(number=number, filler="x" * 200_000)
    (outputs / record.folder / "report.html").write_text(page)
    (outputs / record.folder / "artifacts/table.csv").write_text("a,b")
    return record


def read_until_told(outputs, stop, problems):
    """Open the published files over and over, noting whatever is missing, torn or of two runs."""
    while not stop.is_set():
        folder = outputs / "published/tiny"
        try:
            page = (folder / "report.html").read_text()
            json.loads((folder / "run.json").read_text())
        except (OSError, ValueError) as error:
            problems.put(repr(error))
            continue
        if not page.endswith("x</main>") or len(page) < 200_000:
            problems.put(f"torn: {len(page)}")


def test_reader_never_sees_a_missing_or_torn_file_during_100_publishes(tmp_path):
    records = [make_run(tmp_path, number) for number in range(10)]
    publish(tmp_path, records[0])
    context = multiprocessing.get_context("spawn")
    stop, problems = context.Event(), context.Queue()
    reader = context.Process(target=read_until_told, args=(tmp_path, stop, problems))
    reader.start()
    for record in itertools.islice(itertools.cycle(records), 100):
        publish(tmp_path, record)
    stop.set()
    reader.join()
    assert problems.empty(), problems.get()


def test_published_folder_holds_page_record_and_artifacts(tmp_path):
    folder = publish(tmp_path, make_run(tmp_path, 1))
    assert {path.name for path in folder.iterdir()} == {"report.html", "run.json", "artifacts"}
    assert (folder / "artifacts/table.csv").read_text() == "a,b"
    assert published_record(tmp_path, "tiny").run == "20260301T120000Z-00000001"


def test_links_of_the_page_fit_its_new_place_and_its_text_stays(tmp_path):
    page = (publish(tmp_path, make_run(tmp_path, 1)) / "report.html").read_text()
    assert 'href="../../index.html"' in page
    assert '<main>"../../../ 1' in page


def test_only_the_folder_before_is_kept(tmp_path):
    for number in range(5):
        publish(tmp_path, make_run(tmp_path, number))
    kept = sorted(path.name[:32] for path in (tmp_path / "published").glob(".tiny-2*"))
    assert kept == [".tiny-20260301T120000Z-00000003-", ".tiny-20260301T120000Z-00000004-"]


def test_project_can_be_moved_with_what_it_published(tmp_path):
    publish(tmp_path / "here", make_run(tmp_path / "here", 1))
    shutil.move(tmp_path / "here", tmp_path / "there")
    assert (tmp_path / "there/published/tiny/report.html").exists()


@pytest.mark.parametrize("status", ["running", "failed", "timed_out", "lost", "cancelled"])
def test_only_success_is_published(tmp_path, status):
    good = publish(tmp_path, make_run(tmp_path, 1))
    with pytest.raises(RequestError, match=f"is {status}"):
        publish(tmp_path, make_run(tmp_path, 2, status=status))
    assert "1x" in (good / "report.html").read_text()


def test_publication_that_fails_leaves_nothing_behind(tmp_path):
    record = make_run(tmp_path, 1)
    publish(tmp_path, record)
    with pytest.raises(FileNotFoundError):
        publish(tmp_path, replace(record, run="20260301T120000Z-gone"))
    assert len(list((tmp_path / "published").glob(".tiny-2*"))) == 1
    assert published_record(tmp_path, "tiny") == record


def test_link_among_the_artifacts_is_not_followed(tmp_path):
    record = make_run(tmp_path, 1)
    (tmp_path / record.folder / "artifacts/key").symlink_to("/etc/hostname")
    assert not (publish(tmp_path, record) / "artifacts/key").exists()
