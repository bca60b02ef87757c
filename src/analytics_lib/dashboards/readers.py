"""What every answer of the server has in common: who is let in, the headers, how errors are said."""

from __future__ import annotations

import html
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

import tornado.log
import tornado.web

from analytics_lib.charts.words import Language, say
from analytics_lib.dashboards.access import (
    COOKIE,
    Access,
    fits,
    names_this_machine,
    own_address,
    shown_token,
)
from analytics_lib.dashboards.store_news import StoreNews
from analytics_lib.dashboards.template import CONTENT_SECURITY_POLICY, fill, message_page

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from analytics_lib.dashboards.published_folder import PublishedFolder
    from analytics_lib.errors import AnalyticsError

_HEADERS = {
    "Content-Security-Policy": f"{CONTENT_SECURITY_POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # An address may hold a token once.
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
_BEFORE_NOTICE = '<form class="controls"'


@dataclass
class Served:
    """What the handlers share.

    Attributes:
        published: The pages.
        access: Who is let in.
        cap: How many live pages may be computed at the same time.
        now: The clock.
        project: Where kernels work: paths in notebooks start here.
        time_zone: Of the business.
        seconds: How long a live page may take.
        news: What is in the stores.
        live: How many live pages are being computed.
    """

    published: PublishedFolder
    access: Access
    cap: int
    now: Callable[[], dt.datetime]
    project: Path
    time_zone: str
    seconds: float = 60.0
    news: StoreNews = field(default_factory=StoreNews)
    live: int = 0


def set_headers(handler: tornado.web.RequestHandler) -> None:
    """The headers of every answer; the server's name is nobody's business."""
    handler.clear_header("Server")
    for name, value in _HEADERS.items():
        handler.set_header(name, value)


class Reader(tornado.web.RequestHandler):
    """A handler that answers only those who are let in, and says errors in words."""

    served: Served

    @property
    def language(self) -> Language:
        """What the address asks for; Spanish unless that is English."""
        # Bytes: what is no text at all must still be answered in a language.
        return "en" if self.request.query_arguments.get("language", [b"es"])[-1] == b"en" else "es"

    def set_default_headers(self) -> None:
        """The same for every answer."""
        set_headers(self)

    async def prepare(self) -> None:
        """Let the reader in, or end the request with a page that says how to get in."""
        access = self.served.access
        if access.loopback_only and not access.user_header and not names_this_machine(self.request):
            return self._refuse(say("server.wrong_host_text", self.language))
        if given := self.get_query_argument("token", ""):
            return self._enter(given, self._address_without_token())
        if not self._is_let_in(access):
            return self._ask_for_token()
        # Not Jupyter's as well: it would give every reader a made-up name, in a cookie.
        return None

    def _is_let_in(self, access: Access) -> bool:
        if access.user_header and self.request.headers.get(access.user_header, "").strip():
            return True
        if not access.token:
            return not access.user_header
        return self.get_signed_cookie(COOKIE) == b"1" or fits(shown_token(self.request), access.token)

    def _enter(self, given: str, address: str) -> None:
        token = self.served.access.token
        if token and not fits(given, token):
            return self._ask_for_token("server.wrong_token")
        if token:
            self.set_signed_cookie(COOKIE, "1", httponly=True, samesite="Lax")
        return self.redirect(own_address(address))

    def _address_without_token(self) -> str:
        kept = [pair for pair in parse_qsl(self.request.query) if pair[0] != "token"]
        return self.request.path + (f"?{urlencode(kept)}" if kept else "")

    def _ask_for_token(self, text: str = "server.not_let_in_text") -> None:
        self.set_status(403)
        told = {name: say(f"server.{name}", self.language) for name in ("token", "enter")}
        title, address = say("server.not_let_in_title", self.language), self._address_without_token()
        self.finish(
            fill(
                "login.html.j2",
                self.language,
                title=title,
                text=say(text, self.language),
                next=address,
                **told,
            )
        )

    def _refuse(self, text: str) -> None:
        self.set_status(403)
        title = say("server.not_let_in_title", self.language)
        self.finish(message_page(title=title, text=text, language=self.language))

    def say_wrong(self, problem: AnalyticsError) -> None:
        """A page that says what is wrong with the address."""
        self.set_status(400)
        title = say("server.wrong_title", self.language)
        self.finish(message_page(title=title, text=str(problem), language=self.language))

    def say_not_found(self) -> None:
        """A page that says that there is none."""
        self.write_error(404)

    def write_error(self, status_code: int, **_: object) -> None:
        """A page in words instead of a stack trace; of a failure, the code under which the log has it."""
        self.set_status(status_code)
        if status_code < 500:  # of HTTP
            kind, holes = "not_found", {}
        else:
            kind, holes = "failed", {"failure": self._failure}
        title = say(f"server.{kind}_title", self.language)
        text = say(f"server.{kind}_text", self.language, **holes)
        self.finish(message_page(title=title, text=text, language=self.language))

    def log_exception(
        self, typ: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        """In the log a failure has the code that the page shows."""
        if typ is None or value is None or isinstance(value, tornado.web.HTTPError):
            return
        told = "failure %s: %s %s"
        # By its path alone: an address may hold a token.
        where = (self._failure, self.request.method, self.request.path)
        tornado.log.app_log.error(told, *where, exc_info=(typ, value, tb))

    @property
    def _failure(self) -> str:
        self._code: str = getattr(self, "_code", "") or secrets.token_hex(4)
        return self._code

    def show_snapshot(self, name: str, notice: str = "") -> bool:
        """Answer with what was published last, a sentence on top of it; false if there is nothing."""
        path = self.served.published.any_snapshot(name, self.language)
        if path is None:
            return False
        text = path.read_text(encoding="utf-8")
        if notice:
            told = f'<p class="notice" role="status">{html.escape(notice)}</p>\n  '
            text = text.replace(_BEFORE_NOTICE, told + _BEFORE_NOTICE, 1)
        self.finish(text)
        return True
