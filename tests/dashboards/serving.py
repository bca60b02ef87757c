"""A tiny project with one published page, and its server as a process of its own."""

import contextlib
import http.client
import json
import os
import subprocess
import sys

import pandas as pd

from analytics_lib.dashboards.pages import merged, read_pages
from analytics_lib.dashboards.template import View, copy_assets, head, tail
from analytics_lib.store import Store

PARAMETERS = """\
store_path: str = "data/store"  # folder of the store
since: "date | None" = None  # first day
until: "date | None" = None  # the day after the last
channel: str = ""  # only this channel
language: "Literal['es', 'en']" = "es"  # of the page
seconds: float = 0.0  # how long the work takes
"""
WORK = "import time\nfrom IPython.display import HTML\ntime.sleep(seconds)"
SHOWN = 'HTML(f"<p>canal {channel}, desde {since}, idioma {language}</p>")'
PAGES = "pages:\n"
PAGE = """\
  {name}:
    notebooks: [{name}]
    title: {{es: La tienda, en: The shop}}
    audience: {{es: quien vende, en: whoever sells}}
    controls: [since, until, channel, language, seconds]
"""
MARKER = "Lo último publicado de La tienda"


def cell(source, *tags):
    return {
        "cell_type": "code",
        "id": f"c{abs(hash(source)) % 10**8}",
        "metadata": {"tags": list(tags)},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def write_notebook(path, *cells):
    notebook = {"cells": [cell(PARAMETERS, "parameters"), *cells], "metadata": {}}
    path.write_text(json.dumps({**notebook, "nbformat": 4, "nbformat_minor": 5}))


def make_project(folder, **pages):
    """The project's folder, its pages published: each of these cells, or saying what its address asks for."""
    for name in ("notebooks", "params", "outputs/pages/live"):
        (folder / name).mkdir(parents=True)
    for name, cells in pages.items():
        shown = cells or (cell(WORK), cell(SHOWN, "page", "block-filters"))
        write_notebook(folder / f"notebooks/{name}.ipynb", *shown)
    listed = PAGES + "".join(PAGE.format(name=name) for name in pages)
    (folder / "params/dashboards.yaml").write_text(listed)
    started = pd.Timestamp("2026-05-01 15:00", tz="UTC")
    with Store.open(folder / "data/store") as store:
        rows = [("c1", "u1", "whatsapp"), ("c2", "u2", "web")]
        store.append(
            "conversations",
            pd.DataFrame(rows, columns=["conversation_id", "user_id", "channel"]).assign(started_at=started),
        )
    pages = read_pages(folder / "params/dashboards.yaml", folder / "notebooks")
    published = folder / "outputs/pages"
    for name, page in pages.items():
        view = View(page, facts={"run_at": "hoy"})
        (published / "live" / f"{name}.ipynb").write_text(json.dumps(merged(page)))
        (published / f"{name}.es.html").write_text(f"{head(view)}<p>{MARKER}</p>{tail(view)}")
    (published / "index.es.html").write_text("<h1>Tableros</h1>")
    copy_assets(published / "assets")
    return folder


class Server:
    """A running server and how to ask it."""

    def __init__(self, process, address, log):
        self.process, self.address, self.log = process, address, log
        self.port = int(address.split(":")[2].split("/")[0])

    def ask(self, path, method="GET", headers=None, body=None):
        """The answer's status, headers and text; nothing is followed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()

    def ask_in_vain(self, path):
        """Ask for what the server does not live to answer."""
        with contextlib.suppress(http.client.HTTPException, ConnectionError):
            self.ask(path)

    def health(self):
        return json.loads(self.ask("/health")[2])

    def logged(self):
        return self.log.read_text()


SERVE = """
import datetime as dt, json, sys
from pathlib import Path
from analytics_lib.dashboards import access, pages, published_folder, readers, server
given = json.loads(sys.argv[1])
served = readers.Served(
    published=published_folder.PublishedFolder(Path("outputs/pages"), pages.read_pages()),
    access=access.choose_access(given["ip"], token=given["token"]),
    cap=given["cap"], seconds=given["seconds"], project=Path.cwd(), time_zone="America/Bogota",
    now=lambda: dt.datetime(2026, 6, 1, 15, tzinfo=dt.UTC),
)
server.serve(
    served, ip=given["ip"], port=0, on_ready=lambda port: print(f"http://127.0.0.1:{port}/", flush=True)
)
"""


@contextlib.contextmanager
def serving(project, *, ip="127.0.0.1", token="", cap=8, seconds=60, command=None):
    """The server of a project, ended by SIGTERM."""
    given = json.dumps({"ip": ip, "token": token, "cap": cap, "seconds": seconds})
    log = project / "serve.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command or [sys.executable, "-c", SERVE, given],
            cwd=project,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "PYTHONWARNINGS": "default"},
        )
    try:
        address = process.stdout.readline().decode().strip()
        assert address, log.read_text()
        yield Server(process, address, log)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        process.stdout.close()
