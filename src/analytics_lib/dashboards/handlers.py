"""The addresses that need no kernel: gallery, snapshots, refreshes, files, health, the way in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import tornado.web

from analytics_lib.dashboards import ticks
from analytics_lib.dashboards.controls import address, from_address
from analytics_lib.dashboards.readers import Reader, set_headers
from analytics_lib.dashboards.store_news import store_path
from analytics_lib.errors import AnalyticsError, RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analytics_lib.dashboards.pages import Page
    from analytics_lib.dashboards.readers import Served


_MOST_FIELDS = 50


class Handler(Reader):
    """A handler of ours."""

    def initialize(self, served: Served) -> None:
        """Keep what all handlers share."""
        self.served = served


def asked(
    handler: Reader, page: Page, choices: Mapping[str, Sequence[str]] | None = None
) -> dict[str, object]:
    """What the address of a request sets of the page's controls; see ``controls.from_address``.

    Raises:
        RequestError: As there, and if the address sets more than any page has.
    """
    # As it was sent: the server's own reading of it leaves out what must be refused.
    try:
        query = parse_qs(handler.request.query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise RequestError(
            f"The address sets more than {_MOST_FIELDS} values; no page has so many."
        ) from error
    return from_address(page, query, choices=choices)


class Gallery(Handler):
    """The list of pages."""

    def get(self) -> None:
        """Answer with the list as it was published."""
        path = self.served.published.gallery(self.language)
        if path is None:
            return self.say_not_found()
        self.finish(path.read_text(encoding="utf-8"))
        return None

    head = get


class Snapshot(Handler):
    """A page as it was published: no kernel, no question to the data."""

    def get(self, name: str) -> None:
        """Answer with the snapshot; another view than the page's own is computed live."""
        page = self.served.published.pages.get(name)
        if page is None:
            return self.say_not_found()
        try:
            parameters = asked(self, page)
        except RequestError as problem:
            return self.say_wrong(problem)
        own = address(page, {key: value for key, value in parameters.items() if key != "language"}) == ""
        if own and self.served.published.snapshot(name, self.language):
            self.show_snapshot(name)
            return None
        if self.served.published.live_notebook(name) is None:
            return self.say_not_found()
        query = address(page, parameters)
        return self.redirect(f"/live/{name}{'?' if query else ''}{query}")

    head = get


class Tick(Handler):
    """The new numbers of a page that refreshes."""

    async def get(self, name: str) -> None:
        """Answer with the blocks of the page as they are now; readers of one view share the work."""
        page = self.served.published.pages.get(name)
        if page is None or not page.refresh_seconds or self.served.published.live_notebook(name) is None:
            return self.say_not_found()
        try:
            self.finish(await asyncio.to_thread(self._answer, page))
        except AnalyticsError as problem:
            self.set_status(400 if isinstance(problem, RequestError) else 503)
            self.finish({"error": str(problem)})
        return None

    def _answer(self, page: Page) -> dict[str, Any]:
        parameters = asked(self, page, self.served.news.of(page).choices)
        values = {**next(iter(page.values.values())), **parameters}
        return ticks.tick(store_path(page), values, now=self.served.now())


class Health(tornado.web.RequestHandler):
    """Whether the server is well, for whoever watches it; it tells nothing about the data."""

    def initialize(self, served: Served) -> None:
        """Keep what all handlers share."""
        self.served = served

    def set_default_headers(self) -> None:
        """As all answers have them."""
        set_headers(self)

    def get(self) -> None:
        """Answer with how many pages there are, how many are computed live, and how many may be."""
        published = self.served.published
        kernels = len(self.settings["kernel_manager"].list_kernel_ids())
        shown = sum(published.any_snapshot(name, "es") is not None for name in published.pages)
        self.finish(
            {
                "status": "ok",
                "pages": shown,
                "live": self.served.live,
                "cap": self.served.cap,
                "kernels": kernels,
            }
        )

    head = get


class Asset(Reader, tornado.web.StaticFileHandler):
    """A script or style that the pages share."""

    def initialize(self, served: Served, path: str) -> None:  # type: ignore[override]
        """Keep what all handlers share, and the folder of the files."""
        self.served = served
        tornado.web.StaticFileHandler.initialize(self, path)

    def get_cache_time(self, *_: object) -> int:
        """How long a browser may keep it without asking: a new version has the same name."""
        return 0


class Login(Handler):
    """The way in for somebody who types the token."""

    async def prepare(self) -> None:
        """Anybody may knock."""

    def get(self) -> None:
        """Ask for the token."""
        self._ask_for_token()

    def post(self) -> None:
        """Let in whoever knows the token, to the page that was asked for first."""
        self._enter(self.get_body_argument("token", ""), self.get_body_argument("next", "/"))


class Nothing(Handler):
    """Any other address."""

    def get(self, *_: str) -> None:
        """Say that there is no such page."""
        self.say_not_found()

    post = put = delete = patch = head = options = get
