"""``analytics serve``: the published pages, for people who never open a notebook."""

from __future__ import annotations

import os
from pathlib import Path

import click

from analytics_lib.cli.project import now
from analytics_lib.config import load_settings

_DEFAULT_PORT = 8765


@click.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=_DEFAULT_PORT, show_default=True)
@click.option("--ip", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 = all.")
@click.option("--cap", type=click.IntRange(1, 64), default=8, show_default=True, help="Live pages at a time.")
@click.option(
    "--user-header",
    default="",
    help="Let in whom a proxy names by this header, which the proxy must overwrite. Instead of a token.",
)
def serve(port: int, ip: str, cap: int, user_header: str) -> None:
    """Serve the published pages until Ctrl-C.

    On this machine alone anybody may read. Beyond it a token is asked for: the one in ANALYTICS_PAGES_TOKEN,
    or one made up now and printed with the address.
    """
    # Voilà and all below it: only this command waits for its import.
    from analytics_lib.dashboards.access import TOKEN_VARIABLE, choose_access  # noqa: PLC0415
    from analytics_lib.dashboards.pages import read_pages  # noqa: PLC0415
    from analytics_lib.dashboards.published_folder import PublishedFolder  # noqa: PLC0415
    from analytics_lib.dashboards.readers import Served  # noqa: PLC0415
    from analytics_lib.dashboards.server import serve as serve_pages  # noqa: PLC0415

    settings = load_settings()
    access = choose_access(ip, token=os.environ.get(TOKEN_VARIABLE, ""), user_header=user_header)
    served = Served(
        published=PublishedFolder(settings.outputs / "pages", read_pages()),
        access=access,
        cap=cap,
        now=now,
        project=Path.cwd(),
        time_zone=settings.time_zone,
    )

    def say_address(taken: int) -> None:
        token = f"?token={access.token}" if access.token else ""
        click.echo(f"http://{ip}:{taken}/{token}")

    serve_pages(served, ip=ip, port=port, on_ready=say_address)


COMMANDS = (serve,)
