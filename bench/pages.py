"""What a page costs: published, live in a warm kernel, and by plain Voilà on the same notebook.

    python bench/pages.py --page ai_performance     in a project with a store and published pages (`make run`)

Each server is a process of its own, asked over HTTP; readers take turns. A live page counts from the request
to the first figure in the stream and to the end. Memory is the proportional share (PSS) of the server and all
its children, before and after eight readers have opened the page and closed it. Twenty readers at once are
answered as the cap allows. In Chromium, where there is one, the first paint of a published page is timed and
its first drawn figure. The last line is JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import shutil
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator

READERS = 8
CROWD = 20
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
CHUNK = 65_536
# How a figure looks in each stream.
FIGURE = {"ours": b'<script type="application/json"', "voila": b"application/vnd.plotly.v1+json"}
OURS = [sys.executable, "-c", "from analytics_lib.cli import main; main()", "serve"]
# Voilà's defaults but for what the notebook needs to be found: this folder, so that data/store is there.
VOILA = [sys.executable, "-m", "voila", "--no-browser", "--port_retries=0"]


def main() -> None:
    """Measure both and print what was found."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--page", default="ai_performance")
    asked.add_argument("--runs", type=int, default=5)
    asked.add_argument("--port", type=int, default=8941)
    given = asked.parse_args()
    notebook = Path("outputs/pages/live", f"{given.page}.ipynb")
    with served([*OURS, "--port", str(given.port)], given.port, "/health") as server:
        snapshot = [one_page(given.port, f"/pages/{given.page}", b"<main")[1] for _ in range(given.runs)]
        ours = measured(server, given.port, f"/live/{given.page}", FIGURE["ours"], given.runs)
        answered = crowd(given.port, f"/live/{given.page}")
        painted = in_browser(f"http://127.0.0.1:{given.port}/pages/{given.page}", given.runs)
    copy = Path(f"bench-{given.page}.ipynb")
    try:
        copy.write_text(with_kernel(notebook.read_text()))
        port = given.port + 1
        with served([*VOILA, f"--port={port}", str(copy)], port, "/voila/static/favicon.ico") as server:
            voila = measured(server, port, "/", FIGURE["voila"], given.runs)
    finally:
        copy.unlink(missing_ok=True)
    told = {"page": given.page, "snapshot_seconds": middle(snapshot), "snapshot_in_browser": painted}
    print(json.dumps({**told, "live": ours, "answers_to_a_crowd": answered, "voila": voila}))


def with_kernel(notebook: str) -> str:
    """The notebook as plain Voilà needs it."""
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps({**json.loads(notebook), "metadata": {"kernelspec": spec}})


def measured(server: psutil.Process, port: int, path: str, figure: bytes, runs: int) -> dict[str, float]:
    """Medians over readers one after another, then what eight at a time leave behind."""
    one_page(port, path, figure)
    taken = [one_page(port, path, figure) for _ in range(runs)]
    before = memory_mb(server)
    with ThreadPoolExecutor(READERS) as pool:
        together = list(pool.map(lambda _: one_page(port, path, figure), range(READERS)))
    time.sleep(3)
    return {
        "first_figure_seconds": middle([first for first, _ in taken]),
        "whole_seconds": middle([whole for _, whole in taken]),
        f"whole_seconds_of_{READERS}_at_once": middle([whole for _, whole in together]),
        "server_mb": round(before),
        "mb_left_by_each_reader": round((memory_mb(server) - before) / READERS, 1),
        "processes": len(server.children(recursive=True)),
    }


def one_page(port: int, path: str, figure: bytes) -> tuple[float, float]:
    """Seconds to the first figure and to the end of a page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    with contextlib.closing(connection):
        began, first, read = time.perf_counter(), 0.0, b""
        connection.request("GET", path)
        answer = connection.getresponse()
        while part := answer.read1(CHUNK):
            read += part
            if not first and figure in read:
                first = time.perf_counter() - began
        whole = time.perf_counter() - began
    assert answer.status == http.HTTPStatus.OK, (answer.status, read[-500:])
    assert first, f"no figure in {path}: {read[-500:]!r}"
    return first, whole


def crowd(port: int, path: str) -> dict[str, int]:
    """How twenty readers at once are answered, by status."""
    with ThreadPoolExecutor(CROWD) as pool:
        statuses = list(pool.map(lambda _: status_of(port, path), range(CROWD)))
    return {str(status): statuses.count(status) for status in sorted(set(statuses))}


def status_of(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    with contextlib.closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status


def in_browser(url: str, runs: int) -> dict[str, float]:
    """Seconds from the navigation to the first paint and the first drawn figure, without a cache."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return {}
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # only where there is a browser

    paints, figures = [], []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(runs + 1):
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(url)
            page.wait_for_selector(".main-svg")
            figures.append(page.evaluate("performance.now()") / 1000)
            paints.append(page.evaluate(FIRST_PAINT) / 1000)
            page.close()
        browser.close()
    return {"first_paint_seconds": middle(paints[1:]), "first_figure_seconds": middle(figures[1:])}


def memory_mb(server: psutil.Process) -> float:
    """Of the server and all its children; a page that several share counts once."""
    return sum(each.memory_full_info().pss for each in [server, *server.children(recursive=True)]) / 2**20


def middle(seconds: list[float]) -> float:
    return round(statistics.median(seconds), 3)


@contextlib.contextmanager
def served(command: list[str], port: int, well: str) -> Iterator[psutil.Process]:
    """The process of a server that answers already."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            with (
                contextlib.suppress(OSError),
                contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as c,
            ):
                c.request("GET", well)
                c.getresponse().read()
                break
            time.sleep(0.2)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    main()
