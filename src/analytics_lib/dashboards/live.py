"""A live page: Voilà runs the page's notebook in a warm kernel, block by block, and ends the kernel.

Nothing of a reader reaches the kernel but the checked values of the page's controls, as code that sets them.
Once the page is drawn no kernel is left behind it, so there is none that a reader could talk to.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from contextlib import aclosing
from http import HTTPStatus
from typing import TYPE_CHECKING

import nbformat
from tornado.log import app_log
from voila.notebook_renderer import NotebookRenderer  # type: ignore[import-untyped]  # ships no types
from voila.tornado.handler import TornadoVoilaHandler  # type: ignore[import-untyped]  # ships no types

from analytics_lib.charts.words import say
from analytics_lib.dashboards import template
from analytics_lib.dashboards.controls import inject
from analytics_lib.dashboards.handlers import asked
from analytics_lib.dashboards.kernels import KERNEL_NAME, LOG_VARIABLE
from analytics_lib.dashboards.readers import Reader
from analytics_lib.dashboards.store_news import live_facts
from analytics_lib.errors import AnalyticsError, RequestError

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from analytics_lib.dashboards.pages import Page
    from analytics_lib.dashboards.readers import Served

# What a kernel may know of the server's environment: where things are, and no secret.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV")
_KEPT_BEGINNING = "ANALYTICS_"
# Of one cell; a snapshot of a whole page may have a third of it.
_MOST_CHARACTERS = 3_000_000
_SECRET = "TOKEN"  # noqa: S105  # part of names


class Live(Reader, TornadoVoilaHandler):  # type: ignore[misc]  # Any
    """Computes a page for one reader."""

    view: template.View
    _computing: asyncio.Future[None] | None = None
    _left = False

    def initialize(self, served: Served, **kwargs: object) -> None:
        """Keep what all handlers share, and what Voilà needs."""
        self.served = served
        super().initialize(**kwargs)

    async def get(self, name: str) -> None:
        """Answer with the page, computed now; with what was published last where that cannot be."""
        page = self.served.published.pages.get(name)
        if page is None or self.served.published.live_notebook(name) is None:
            return self.say_not_found()
        try:
            news = await asyncio.to_thread(self.served.news.of, page)
        except AnalyticsError as problem:
            return self._say_failed(name, problem)
        if self._left:
            return None
        try:
            parameters = asked(self, page, news.choices)
        except RequestError as problem:
            return self.say_wrong(problem)
        if self.served.live >= self.served.cap:
            return self._say_full(name)
        facts = live_facts(
            news, now=self.served.now().isoformat(), time_zone=self.served.time_zone, language=self.language
        )
        self.view = template.View(
            page, parameters, self.language, state="live", facts=facts, choices=news.choices
        )
        self.served.live += 1
        self._computing = asyncio.ensure_future(self._stream(page))
        try:
            await self._computing
        except asyncio.CancelledError:
            # The reader has left: there is nobody to answer.
            self._finished = True
        finally:
            self.served.live -= 1
        return None

    def write_error(self, status_code: int, **told: object) -> None:
        """Of a failure before anything was sent: what was published last, and the code of the failure."""
        name = self.path_args[0] if self.path_args else ""
        notice = say("server.live_failed", self.language, failure=self._failure)
        if status_code < HTTPStatus.INTERNAL_SERVER_ERROR or not self.show_snapshot(name, notice):
            super().write_error(status_code, **told)

    def on_connection_close(self) -> None:
        """Compute no longer for a reader who has left."""
        self._left = True
        if self._computing:
            self._computing.cancel()

    def _say_full(self, name: str) -> None:
        self.set_status(503)
        self.set_header("Retry-After", "5")
        title = say("server.full_title", self.language)
        self._show_instead(name, title, say("server.full", self.language, cap=self.served.cap))

    def _say_failed(self, name: str, problem: AnalyticsError) -> None:
        """The data cannot be read now: what was published of them still can."""
        self.set_status(503)
        app_log.error("failure %s: %s: %s", self._failure, name, problem)
        title = say("server.failed_title", self.language)
        self._show_instead(name, title, say("server.live_failed", self.language, failure=self._failure))

    def _show_instead(self, name: str, title: str, notice: str) -> None:
        if not self.show_snapshot(name, notice):
            self.finish(template.message_page(title=title, text=notice, language=self.language))

    async def _stream(self, page: Page) -> None:
        """Send the page as it is computed; the kernel ends with it, however it ends."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        renderer = self._renderer(page)
        await renderer.initialize()
        kernels = self.kernel_manager
        kernel = await self._start_kernel()
        try:
            async with asyncio.timeout(self.served.seconds):
                await self._send(renderer, kernel)
        except TimeoutError:
            self.write(template.failed(page=page.name, failure=self._failure, language=self.language))
            self.write(template.tail(self.view))
            self.log.exception("failure %s: %s took over %s s", self._failure, page.name, self.served.seconds)
        finally:
            executor = getattr(renderer, "executor", None)
            if executor and executor.kc:
                executor.kc.stop_channels()
            await kernels.shutdown_kernel(kernel, now=True)

    async def _start_kernel(self) -> str:
        """The id of a kernel; half started it could not be ended, so a reader who leaves waits for it too."""
        kernels = self.kernel_manager
        starting = asyncio.ensure_future(
            kernels.start_kernel(
                kernel_name=KERNEL_NAME, cwd=str(self.served.project), env=self._kernel_environment()
            )
        )
        try:
            return str(await asyncio.shield(starting))
        except asyncio.CancelledError:
            await kernels.shutdown_kernel(await starting, now=True)
            raise

    async def _send(self, renderer: NotebookRenderer, kernel: str) -> None:
        parts = renderer.generate_content_generator(kernel, self.kernel_manager.get_kernel(kernel))
        async with aclosing(parts):
            async for part, _ in parts:
                if part.strip():
                    self.write(part)
                    await self.flush()

    def _renderer(self, page: Page) -> NotebookRenderer:
        return NotebookRenderer(
            request_handler=self,
            voila_configuration=self.voila_configuration,
            traitlet_config=self.traitlet_config,
            notebook_path=f"{page.name}.ipynb",
            template_paths=self.template_paths,
            config_manager=self.config_manager,
            contents_manager=self.contents_manager,
            base_url=self.base_url,
            kernel_spec_manager=self.kernel_spec_manager,
            page_config={},
            mathjax_config="",
            mathjax_url="",
        )

    def _kernel_environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if name in _KEPT or (name.startswith(_KEPT_BEGINNING) and _SECRET not in name)
        }
        return {
            **kept,
            "PLOTLY_RENDERER": "plotly_mimetype",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "IPYTHONDIR": str(self.settings["runtime_folder"] / "ipython"),
            LOG_VARIABLE: str(self.settings["runtime_folder"] / "kernels.log"),
        }


def prepare_notebook(handler: Live, *, notebook: NotebookNode, cwd: str) -> NotebookNode:  # noqa: ARG001  # Voilà's
    """The notebook with the reader's values in it and with what comes before and after its blocks."""
    prepared: NotebookNode = nbformat.from_dict(inject(notebook, handler.view.parameters))  # type: ignore[no-untyped-call]
    prepared.metadata = nbformat.from_dict(  # type: ignore[no-untyped-call]
        {
            "kernelspec": {"name": KERNEL_NAME, "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
            "page_head": template.head(handler.view),
            "page_tail": template.tail(handler.view),
            "page_name": handler.view.page.name,
            "page_language": handler.view.language,
        }
    )
    return prepared


def page_block(cell: NotebookNode, page: str, language: str) -> str:
    """The block of a cell that has run; what Voilà's template calls for each."""
    if cell["cell_type"] != "code":
        return ""
    if failure := template.failure_id(cell):
        error = next(output for output in cell["outputs"] if output["output_type"] == "error")
        app_log.error("failure %s: %s: %s", failure, page, "\n".join(error["traceback"]))
    block = template.block(cell, language=language, page=page)
    if len(block) > _MOST_CHARACTERS:
        failure = secrets.token_hex(4)
        app_log.error("failure %s: %s: a cell shows %s characters", failure, page, len(block))
        return template.failed(page=page, failure=failure, language=language)
    return block
