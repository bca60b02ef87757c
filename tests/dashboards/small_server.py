"""A small server on this machine that gives out published pages as the real one does, policy and all."""

import contextlib
import http.server
import threading
import urllib.parse

from analytics_lib.dashboards.template import CONTENT_SECURITY_POLICY

KINDS = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css"}


@contextlib.contextmanager
def serving(folder, ticks=None):
    """The address of a server of a folder of pages; ``ticks`` gives the JSON for each question of a page."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            address = urllib.parse.urlsplit(self.path)
            language = urllib.parse.parse_qs(address.query).get("language", ["es"])[0]
            parts = address.path.strip("/").split("/")
            if parts[0] == "tick":
                self.answer(ticks().encode(), "application/json")
                return
            if parts[0] == "assets":
                path = folder / "assets" / parts[1]
            else:
                path = folder / f"{parts[1] if len(parts) > 1 else 'index'}.{language}.html"
            if not path.is_file():
                self.send_error(404)
                return
            self.answer(path.read_bytes(), KINDS[path.suffix])

        def answer(self, body, kind):
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
