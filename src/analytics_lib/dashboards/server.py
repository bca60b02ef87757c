"""The server of the pages: Voilà on its own, with our addresses instead of its.

Of Voilà it keeps what runs a notebook and sends it cell by cell. The addresses by which a browser could reach
a kernel, list folders, read files or choose a template are not offered at all.
"""

from __future__ import annotations

import contextlib
import logging
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tornado.httpserver
import tornado.ioloop
import tornado.log
import tornado.netutil
import tornado.web
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets.config import Config
from voila.app import Voila  # type: ignore[import-untyped]  # ships no types

from analytics_lib.dashboards.handlers import Asset, Gallery, Health, Login, Nothing, Snapshot, Tick
from analytics_lib.dashboards.kernels import WarmSpecs, end_kernels, warm_up
from analytics_lib.dashboards.live import Live, prepare_notebook
from analytics_lib.dashboards.template import copy_assets
from analytics_lib.errors import RequestError
from analytics_lib.temporary import place_for_sockets, temporary_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from analytics_lib.dashboards.readers import Served

_NAME = r"([a-z][a-z0-9_]{0,63})"
_CULL_SECONDS = 60
# Of a page nothing can be chosen but its controls, and nothing read but its notebook.
_PAGES_ONLY = {
    "allow_template_override": "NO",
    "allow_theme_override": "NO",
    "file_allowlist": [],
    "extension_language_mapping": {},
    "http_header_envs": [],
    "prelaunch_hook": prepare_notebook,
    "preheat_kernel": False,
    "progressive_rendering": False,
    # So that our template hears of an error; it shows a code, never the traceback.
    "show_tracebacks": True,
    "attempt_fix_notebook": False,
    "multi_kernel_manager_class": AsyncMappingKernelManager,
    "kernel_spec_manager_class": WarmSpecs,
}
_HEADER_BYTES = 16_384
# The longest thing a reader can send is a token.
_BODY_BYTES = 16_384
_SECONDS_FOR_A_REQUEST = 20


class PageServer(Voila):  # type: ignore[misc]  # Any
    """Serves the published pages until it is told to stop."""

    served: Served
    on_ready: Callable[[int], None]
    port: int

    @property
    def config_file_paths(self) -> list[str]:
        """Nowhere: a file in the working folder must not change what is served."""
        return []

    def setup_template_dirs(self) -> None:
        """Our template, and no other that might be installed."""
        self.template_paths = [str(Path(__file__).parent / "voila")]
        self.static_paths: list[str] = []

    def init_settings(self) -> dict[str, Any]:
        """Voilà's, and ours."""
        settings: dict[str, Any] = super().init_settings()
        return {
            **settings,
            "cookie_secret": self.served.access.cookie_secret,
            "runtime_folder": Path(self.connection_dir),
            "default_handler_class": Nothing,
            "default_handler_args": {"served": self.served},
            "log_function": _log_failure,
        }

    def init_handlers(self) -> list[Any]:
        """All addresses there are."""
        ours = {"served": self.served}
        voila = {
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        return [
            (r"/", Gallery, ours),
            (rf"/pages/{_NAME}", Snapshot, ours),
            (rf"/live/{_NAME}", Live, ours | voila),
            (rf"/tick/{_NAME}", Tick, ours),
            (r"/assets/([a-z.]+)", Asset, ours | {"path": str(self.served.published.folder / "assets")}),
            (r"/health", Health, ours),
            (r"/login", Login, ours),
        ]

    def _handle_signal_stop(self, *_: object) -> None:
        raise KeyboardInterrupt

    def listen(self) -> None:
        """Take requests until a signal ends it; the port is this one or none."""
        try:
            sockets = tornado.netutil.bind_sockets(self.port, self.ip)
        except OSError as error:
            message = f"Cannot listen on {self.ip}:{self.port}: {error.strerror}. Give another --port."
            raise RequestError(message) from error
        server = tornado.httpserver.HTTPServer(
            self.app,
            max_header_size=_HEADER_BYTES,
            max_body_size=_BODY_BYTES,
            max_buffer_size=_HEADER_BYTES + _BODY_BYTES,
            body_timeout=_SECONDS_FOR_A_REQUEST,
            # Also how long the lines of a request may take to come.
            idle_connection_timeout=_SECONDS_FOR_A_REQUEST,
        )
        server.add_sockets(sockets)
        self.port = sockets[0].getsockname()[1]
        self.ioloop = tornado.ioloop.IOLoop.current()
        self.ioloop.add_callback(self.on_ready, self.port)
        try:
            self.ioloop.start()
        except KeyboardInterrupt:
            self.log.info("stopping")
        finally:
            server.stop()


def _log_failure(handler: tornado.web.RequestHandler) -> None:
    """Answers that failed, by their path alone: an address may hold a token."""
    if handler.get_status() >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(handler, Live):
        tornado.log.access_log.error("%s %s", handler.get_status(), handler.request.path)


def serve(served: Served, *, ip: str, port: int, on_ready: Callable[[int], None]) -> None:
    """Serve the pages until a signal ends it; no kernel stays behind.

    Args:
        served: The pages and how they are served.
        ip: The address to listen on.
        port: The port; 0 = any that is free.
        on_ready: Called with the port once readers can come.

    Raises:
        RequestError: If the port is taken or may not be listened on.
    """
    # Those of this library, whichever version published; a folder that may only be read keeps its own.
    with contextlib.suppress(OSError):
        copy_assets(served.published.folder / "assets")
    with temporary_folder("pages", parent=place_for_sockets()) as folder, contextlib.ExitStack() as ending:
        # Before their folder goes: those that are starting would write into what is left of it.
        ending.callback(end_kernels)
        app = PageServer(config=_config(served, folder, ip=ip, port=port), log_level=logging.ERROR)
        app.served, app.on_ready = served, on_ready
        app.initialize(argv=[])
        warm_up(served.published.live_notebooks())
        app.start()


def _config(served: Served, runtime: Path, *, ip: str, port: int) -> Config:
    """Voilà's settings, whatever its defaults become."""
    return Config(
        {
            "Voila": {
                "ip": ip,
                "port": port,
                "port_retries": 0,
                "open_browser": False,
                "root_dir": str(served.published.live_folder.resolve()),
                "connection_dir_root": str(runtime),
                # Readers are let in by our own handlers, before Voilà hears of them.
                "token": "",
                "auto_token": False,
            },
            "VoilaConfiguration": _PAGES_ONLY,
            "WarmSpecs": {"folder": str(runtime)},
            # A kernel that ended has failed its page: a new one would serve nobody.
            "KernelManager": {"transport": "ipc", "autorestart": False},
            # A live page ends its kernel itself; this is for one that a fault left behind.
            "MappingKernelManager": {
                "cull_idle_timeout": int(served.seconds) + _CULL_SECONDS,
                "cull_interval": _CULL_SECONDS,
                "cull_connected": True,
            },
            "VoilaExecutor": {"timeout": int(served.seconds), "startup_timeout": int(served.seconds)},
            "TemplateExporter": {"filters": {"page_block": "analytics_lib.dashboards.live.page_block"}},
        }
    )
