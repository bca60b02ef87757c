"""The server of the pages from outside: what it shows, what it refuses, and that nothing stays behind."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pytest
from serving import MARKER, SHOWN, WORK, cell, make_project, serving

from analytics_lib.temporary import place_for_sockets, temporary_folder

LEAVES = """
import subprocess, tempfile
from IPython.display import HTML
place = tempfile.mkdtemp()
child = subprocess.Popen(["sleep", "240"], start_new_session=True).pid
"""
EVERYWHERE = "0.0.0.0"  # noqa: S104
ANALYTICS = [sys.executable, "-c", "from analytics_lib.cli import main; main()", "serve", "--port"]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    broken = (cell(WORK), cell('raise ValueError("secret of the store")', "page"), cell(SHOWN, "page"))
    endless = (cell('while True:\n    print("y" * 1000)', "page"),)
    gone = (cell("import os\nos._exit(3)", "page"), cell(SHOWN, "page"))
    leaving = (cell(LEAVES), cell('HTML(f"<p>hijo {child}, carpeta {place}</p>")', "page"))
    folder = tmp_path_factory.mktemp("project")
    pages = {"broken": broken, "endless": endless, "gone": gone, "leaving": leaving}
    return make_project(folder, shop=(), **pages)


@pytest.fixture(scope="module")
def server(project):
    with serving(project, cap=1, seconds=10) as running:
        yield running


@pytest.fixture(scope="module")
def open_server(project):
    """One that others can reach, by its command."""
    with serving(project, command=[*ANALYTICS, "0", "--ip", EVERYWHERE]) as running:
        running.token = running.address.partition("token=")[2]
        yield running


def wait_until(holds, seconds=60):
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert holds()


def held_by(process):
    """The temporary folders that a process made for itself and still holds."""
    files = [os.readlink(file) for file in Path(f"/proc/{process.pid}/fd").iterdir()]  # noqa: PTH115
    return [Path(file) for file in files if "analytics-tmp-" in file]


def kernels_of(process):
    return [
        child
        for child in psutil.Process(process.pid).children(recursive=True)
        if "page-kernel" in child.name()
    ]


def test_snapshot_is_shown_without_a_kernel(server):
    status, headers, text = server.ask("/pages/shop")
    assert (status, MARKER in text) == (200, True)
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")
    assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "DENY")
    assert "Server" not in headers


def test_gallery_is_the_first_page(server):
    assert server.ask("/")[2] == "<h1>Tableros</h1>"


def test_live_page_shows_what_its_address_asks_for_and_leaves_no_kernel(server):
    status, headers, text = server.ask("/live/shop?channel=web&since=2026-04-01")
    assert status == 200
    assert "Set-Cookie" not in headers
    assert "<p>canal web, desde 2026-04-01, idioma es</p>" in text
    assert text.rstrip().endswith("</html>")
    assert server.health() == {"status": "ok", "pages": 5, "live": 0, "cap": 1, "kernels": 0}


def test_live_page_speaks_the_language_asked_for(server):
    text = server.ask("/live/shop?language=en")[2]
    assert '<html lang="en"' in text
    assert "canal , desde None, idioma en" in text


def test_another_view_of_a_snapshot_is_computed_live(server):
    status, headers, _ = server.ask("/pages/shop?channel=web")
    assert (status, headers["Location"]) == (302, "/live/shop?channel=web")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("chanel=web", "Did you mean &#39;channel&#39;?"),
        ("channel=wab", "Did you mean &#39;web&#39;?"),
        ("since=yesterday", "&#39;yesterday&#39;"),
        ("since=2026-05-02&until=2026-05-01", "the window must begin before it ends"),
        ("channel=web&channel=whatsapp", "given 2 times"),
        ("store_path=/etc", "unknown"),
        ("template=zzz", "unknown"),
        ("channel=%00", "control characters"),
        ("channel=web%0Aimport%20os", "control characters"),
        ("seconds=nan", "&#39;nan&#39;"),
    ],
)
def test_wrong_filter_is_a_clear_page_and_no_kernel(server, query, told):
    status, _, text = server.ask(f"/live/shop?{query}")
    assert (status, told in text) == (400, True)
    assert "Traceback" not in text
    assert server.health()["kernels"] == 0


@pytest.mark.parametrize(
    "path",
    [
        "/pages/other",
        "/live/other",
        "/live/..%2F..%2Fnotebooks%2Fshop",
        "/pages/../../params/dashboards.yaml",
        "/assets/../shop.es.html",
        "/assets/%2e%2e/live/shop.ipynb",
        "/voila/render/shop.ipynb",
        "/voila/tree",
        "/voila/files/shop.ipynb",
        "/voila/api/contents/",
        "/voila/static/voila.js",
        "/voila/templates/lab/static/voila.js",
        "/api/kernels",
        "/api/contents",
        "/terminals/websocket/1",
        "/tick/shop",
        "/index.html",
    ],
)
def test_any_other_address_is_nothing(server, path):
    status, _, text = server.ask(path)
    assert status in (403, 404)
    assert "Traceback" not in text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_page_can_only_be_read(server, method):
    assert server.ask("/live/shop", method, body="x")[0] in (403, 404, 405)
    assert server.ask("/api/kernels", method, body="x")[0] in (403, 404, 405)


def test_no_websocket_to_a_kernel_is_opened_not_even_to_a_living_one(server):
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    reader = threading.Thread(target=server.ask, args=("/live/shop?seconds=4",))
    reader.start()
    wait_until(lambda: server.health()["kernels"] == 1)
    folders = Path("/tmp").glob("analytics-tmp-pages-*")  # noqa: S108
    ids = [path.stem.removeprefix("kernel-") for place in folders for path in place.glob("*/kernel-*.json")]
    assert ids
    for path in (*(f"/api/kernels/{name}/channels" for name in ids), "/voila/execution/x", "/voila/query/x"):
        assert server.ask(path, headers=upgrade)[0] == 404
    reader.join()


def test_reader_for_whom_there_is_no_room_sees_the_snapshot_and_why(server):
    first = threading.Thread(target=server.ask, args=("/live/shop?seconds=3",))
    first.start()
    wait_until(lambda: server.health()["live"] == 1)
    status, headers, text = server.ask("/live/shop")
    assert (status, headers["Retry-After"], MARKER in text) == (503, "5", True)
    assert "Ya se exploran en vivo 1 páginas a la vez" in text
    first.join()
    wait_until(lambda: server.health()["kernels"] == 0)
    assert server.ask("/live/shop")[0] == 200


def test_kernel_of_a_reader_who_leaves_ends(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", "/live/shop?seconds=9")
    wait_until(lambda: server.health()["kernels"] == 1)
    connection.close()
    wait_until(lambda: server.health()["kernels"] == 0 and server.health()["live"] == 0, seconds=5)


def test_page_that_takes_too_long_says_so_and_its_kernel_ends(server):
    status, _, text = server.ask("/live/shop?seconds=100")
    assert (status, 'href="/pages/shop' in text) == (200, True)
    assert "failure" in server.logged()
    wait_until(lambda: server.health()["kernels"] == 0)


def test_failing_cell_shows_a_code_and_no_traceback(server):
    status, _, text = server.ask("/live/broken")
    assert status == 200
    assert 'class="card failed' in text
    assert "secret of the store" not in text
    assert "Traceback" not in text
    assert "secret of the store" in server.logged()


def test_ended_server_leaves_no_kernel_and_no_file(project):
    with serving(project) as ended:
        reader = threading.Thread(target=ended.ask_in_vain, args=("/live/shop?seconds=30",))
        reader.start()
        wait_until(lambda: ended.health()["kernels"] == 1)
        kernels, folders = kernels_of(ended.process), held_by(ended.process)
        assert (len(kernels), len(folders)) == (1, 2)
        ended.process.send_signal(signal.SIGTERM)
        assert ended.process.wait(10) == 0
        assert not any(kernel.is_running() for kernel in kernels)
        assert not any(folder.exists() for folder in folders)
        reader.join()


def test_server_that_ends_while_a_kernel_starts_leaves_nothing_either(project):
    with serving(project) as ended:
        reader = threading.Thread(target=ended.ask_in_vain, args=("/live/shop?seconds=30",))
        reader.start()
        wait_until(lambda: ended.health()["live"] == 1)
        folders = held_by(ended.process)
    reader.join()
    assert folders
    assert not any(folder.exists() for folder in folders)


def test_killed_server_leaves_no_kernel_and_its_files_to_the_next(project):
    with serving(project) as killed:
        reader = threading.Thread(target=killed.ask_in_vain, args=("/live/shop?seconds=30",))
        reader.start()
        wait_until(lambda: killed.health()["kernels"] == 1)
        kernels, folders = kernels_of(killed.process), held_by(killed.process)
        os.kill(killed.process.pid, signal.SIGKILL)
        wait_until(lambda: not any(kernel.is_running() for kernel in kernels), seconds=5)
        reader.join()
    for place in (None, place_for_sockets()):
        with temporary_folder("next", parent=place):
            pass
    assert not any(folder.exists() for folder in folders)


def test_reader_from_elsewhere_needs_the_token_made_up_for_it(open_server):
    assert len(open_server.token) >= 24
    for path in ("/", "/pages/shop", "/live/shop", "/assets/page.css", "/pages/shop?token=another-token"):
        assert open_server.ask(path)[0] == 403
    for wrong in ({"Authorization": "Bearer wrong"}, {"Cookie": "pages=1"}, {"X-Forwarded-User": "eva"}):
        assert open_server.ask("/pages/shop", headers=wrong)[0] == 403
    known = {"Authorization": f"Bearer {open_server.token}"}
    assert open_server.ask("/pages/shop", headers=known)[0] == 200
    assert open_server.ask("/health")[0] == 200


def test_token_in_an_address_becomes_a_cookie(open_server):
    status, headers, _ = open_server.ask(f"/pages/shop?token={open_server.token}&language=es")
    assert (status, headers["Location"]) == (302, "/pages/shop?language=es")
    cookie = headers["Set-Cookie"]
    assert ("HttpOnly" in cookie, "SameSite=Lax" in cookie, open_server.token in cookie) == (
        True,
        True,
        False,
    )
    assert open_server.ask("/pages/shop", headers={"Cookie": cookie.partition(";")[0]})[0] == 200
    assert open_server.token not in open_server.logged()


def test_token_typed_into_the_page_leads_on_but_never_to_another_server(open_server):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for wanted, led_to in (
        ("/pages/shop", "/pages/shop"),
        ("//evil.example/x", "/x"),
        ("https://evil.example", "/"),
    ):
        said = f"token={open_server.token}&next={wanted}"
        status, headers, _ = open_server.ask("/login", "POST", form, said)
        assert (status, headers["Location"]) == (302, led_to)
    assert open_server.ask("/login", "POST", form, "token=wrong&next=/")[0] == 403


def test_on_this_machine_another_name_for_it_is_refused(server):
    assert server.ask("/pages/shop", headers={"Host": "evil.example"})[0] == 403
    assert server.ask("/pages/shop", headers={"Host": f"localhost:{server.port}"})[0] == 200


def test_taken_port_is_refused(project, server):
    again = [*ANALYTICS, str(server.port)]
    taken = subprocess.run(again, cwd=project, capture_output=True, text=True, timeout=60, check=False)
    assert taken.returncode == 2
    assert f"Cannot listen on 127.0.0.1:{server.port}" in taken.stderr


@pytest.mark.parametrize(
    "path", ["//evil.example/x?token=x", "//evil.example?token=x", "/\\evil.example?token=x"]
)
def test_no_address_leads_to_another_server(server, path):
    status, headers, _ = server.ask(path)
    assert status == 302
    assert headers["Location"] in ("/", "/x", "/evil.example")


@pytest.mark.parametrize(
    "wanted", ["http://[x", "/\\evil.example", "\t//evil.example", "%0d%0a//evil.example"]
)
def test_way_back_that_is_no_path_of_ours_does_no_harm(server, wanted):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, headers, _ = server.ask("/login", "POST", form, f"token=x&next={wanted}")
    assert status == 302
    assert headers["Location"] in ("/", "/evil.example")


def test_what_is_no_text_is_answered_in_words(server):
    assert server.ask("/?language=%ff")[0] == 200
    status, _, text = server.ask("/pages/%ff")
    assert (status, "Aquí no hay ninguna página" in text) == (404, True)


def test_whoever_watches_may_ask_for_the_head_alone(server):
    for path in ("/health", "/", "/pages/shop"):
        status, headers, text = server.ask(path, "HEAD")
        assert (status, text, "Server" in headers) == (200, "", False)
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_requests_sent_by_halves_hold_nobody_up(server):
    halves = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(100)]
    for half in halves:
        half.sendall(b"GET / HTTP/1.1\r\nHost: local")
    assert server.ask("/pages/shop")[0] == 200
    for half in halves:
        half.close()


def test_nothing_longer_than_a_token_is_taken(server):
    with socket.create_connection(("127.0.0.1", server.port)) as sender:
        sender.sendall(b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n")
        assert sender.recv(100).startswith(b"HTTP/1.1 400")


def test_kernel_ends_whenever_its_reader_leaves(server):
    for seconds in (0, 0.05, 0.2, 0.4, 0.8):
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", "/live/shop?seconds=9")
        time.sleep(seconds)
        connection.close()
        wait_until(lambda: server.health()["live"] == 0, seconds=8)
    assert server.health()["kernels"] == 0
    wait_until(lambda: not kernels_of(server.process), seconds=5)


def test_what_a_kernel_started_in_a_session_of_its_own_ends_with_it(server):
    told = re.search(r"hijo (\d+)", server.ask("/live/leaving")[2])
    wait_until(lambda: not psutil.pid_exists(int(told[1])), seconds=5)


def test_temporary_files_of_a_kernel_go_with_it(server):
    own = Path(re.search(r"carpeta ([^<]+)<", server.ask("/live/leaving")[2])[1]).parent
    assert own.parent == Path(tempfile.gettempdir())
    wait_until(lambda: not own.exists(), seconds=5)


def test_kernel_that_ended_by_itself_is_forgotten(server):
    assert 'class="card failed' in server.ask("/live/gone")[2]
    wait_until(lambda: server.health()["kernels"] == 0, seconds=5)


def test_notebook_that_prints_without_end_is_stopped_and_not_collected(server):
    status, _, text = server.ask("/live/endless")
    assert (status, 'class="card failed' in text, len(text) < 100_000) == (200, True, True)
    assert "a page shows" in server.logged()


def test_log_never_holds_a_token(open_server):
    for path in ("/pages/shop", "/live/nothing", "/pages/%ff", "/x"):
        open_server.ask(f"{path}?token={open_server.token}")
        open_server.ask(f"{path}?language=%ff&channel=%ff&token={open_server.token}")
    assert open_server.token not in open_server.logged()


def test_snapshot_is_shown_with_a_word_while_the_data_cannot_be_read(tmp_path):
    project = make_project(tmp_path, shop=())
    with serving(project) as server:
        (project / "data").rename(project / "moved")
        status, _, text = server.ask("/live/shop")
        assert (status, MARKER in text) == (503, True)
        assert "Se muestra lo último publicado" in text
        (project / "moved").rename(project / "data")
        assert server.ask("/live/shop")[0] == 200
