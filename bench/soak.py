"""An hour of the operations page in minutes: does the memory of the server and of the browser stay flat?

    python bench/soak.py     in a project with a store and published pages (`make run`)

An hour is 720 refreshes. Three times over: the refreshes alone, on a copy of the store that gets a row every
36 of them, in this process (resident memory); over HTTP, by readers of four views (the server's resident
memory, its open files); in Chromium, whose clock runs faster and whose every figure differs from the one
before (heap after a forced collection, nodes of the document). The last line is JSON.
"""

from __future__ import annotations

import argparse
import datetime as dt
import http.client
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import psutil

from analytics_lib.analysis import operations
from analytics_lib.dashboards.ticks import Ticker
from analytics_lib.store import Store
from pages import OURS, served

if TYPE_CHECKING:
    from playwright.sync_api import Route

REFRESHES = 720
WARM = 120
SECONDS = 5
ROW_EVERY = 36
VIEWS = ("", "?channel=web", "?channel=whatsapp", "?language=en")
FASTER = 100
# A page's own clock, faster: it asks once the last answer has been drawn.
CLOCK = f"const slow = setInterval; window.setInterval = (f, ms) => slow(f, ms / {FASTER});"
FIGURE = '<script type="application/json"'


def main() -> None:
    """Let the hour pass three times and print what was found."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--store", default="data/store")
    asked.add_argument("--port", type=int, default=8951)
    given = asked.parse_args()
    found: dict[str, Any] = {"refreshes": REFRESHES, "alone": alone(Path(given.store))}
    with served([*OURS, "--port", str(given.port)], given.port, "/health") as server:
        found["server"] = over_http(server, given.port)
        found["browser"] = in_browser(server, given.port)
    for name, numbers in found.items():
        print(f"{name}: {numbers}")
    print(json.dumps(found))


def alone(store: Path) -> dict[str, float]:
    """Megabytes of this process after the first refreshes and after the last, while rows keep coming."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(shutil.copytree(store, Path(folder, "store")))
        begun = operations.now(Store.open(path)).as_of
        ticker, answers, after = Ticker(), set(), 0.0
        for at in range(REFRESHES):
            seen = begun + dt.timedelta(seconds=SECONDS * (at + 1))
            if at % ROW_EVERY == 0:
                add_row(path, at, seen)
            told = ticker.tick(path, {"language": "es"}, now=seen)
            answers.add(hash(json.dumps(told["blocks"], sort_keys=True)))
            after = megabytes() if at == WARM else after
        return {"mb_before": after, "mb_after": megabytes(), "answers": len(answers)}


def add_row(path: str, at: int, moment: dt.datetime) -> None:
    """One conversation that begins now."""
    row = {"conversation_id": f"soak-{at}", "user_id": "soak", "channel": "web", "started_at": moment}
    with Store.open(path) as store:
        store.append("conversations", pd.DataFrame([row]))


def over_http(server: psutil.Process, port: int) -> dict[str, float]:
    """Megabytes and open files of the server after the first refreshes and after the last."""
    before = (0.0, 0)
    for at in range(REFRESHES):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", f"/tick/operations{VIEWS[at % len(VIEWS)]}")
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status != http.HTTPStatus.OK:
            sys.exit(f"/tick answered {answer.status}")
        before = (megabytes(server), server.num_fds()) if at == WARM else before
    return {
        "mb_before": before[0], "mb_after": megabytes(server),
        "files_before": before[1], "files_after": server.num_fds(),
    }  # fmt: skip


def in_browser(server: psutil.Process, port: int) -> dict[str, float]:
    """Megabytes of the page's heap and its nodes after the first refreshes and after the last."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return {}
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # only where there is a browser

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        refreshes = Refreshes()
        page.add_init_script(CLOCK)
        page.route("**/live/operations", refreshes.hurry)
        page.route("**/tick/operations*", refreshes.differ)
        page.goto(f"http://127.0.0.1:{port}/live/operations")
        page.wait_for_selector(".main-svg")
        devtools = page.context.new_cdp_session(page)
        sizes = []
        for goal in (WARM, REFRESHES):
            while refreshes.given < goal:
                page.wait_for_timeout(100)
            devtools.send("HeapProfiler.collectGarbage")
            heap = devtools.send("Runtime.getHeapUsage")["usedSize"] / 2**20
            sizes.append((round(heap, 1), page.evaluate("document.querySelectorAll('*').length")))
        browser.close()
    (heap_before, nodes_before), (heap_after, nodes_after) = sizes
    return {
        "heap_mb_before": heap_before, "heap_mb_after": heap_after,
        "nodes_before": nodes_before, "nodes_after": nodes_after, "server_mb_after": megabytes(server),
    }  # fmt: skip


class Refreshes:
    """Answers of the server as a page gets them that has no time: each other than the last."""

    def __init__(self) -> None:
        self.given = 0
        self._answer: dict[str, Any] = {}

    def hurry(self, route: Route) -> None:
        """The page, which is to ask again at once."""
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace('data-seconds="5', 'data-seconds="0'))

    def differ(self, route: Route) -> None:
        """An answer of the server, asked for at every tenth time, with a figure of its own each time."""
        if self.given % 10 == 0:
            self._answer = route.fetch().json()
        self.given += 1
        blocks = {
            name: html.replace(">{", f'>{{"refresh": {self.given}, ') if FIGURE in html else html
            for name, html in self._answer["blocks"].items()
        }
        route.fulfill(json={**self._answer, "blocks": blocks})


def megabytes(process: psutil.Process | None = None) -> float:
    """Resident memory."""
    return round((process or psutil.Process()).memory_info().rss / 2**20, 1)


if __name__ == "__main__":
    main()
