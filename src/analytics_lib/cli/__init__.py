"""What a person types: ``analytics COMMAND``. Exit status 0 = done, 1 = it failed, 2 = the request was wrong.

The clock is read here (``project.now``) and handed down; nothing below knows what time it is.
"""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import click

from analytics_lib.cli import data, jobs, pages, runs, slots, store
from analytics_lib.errors import AnalyticsError, ContractError, RequestError

if TYPE_CHECKING:
    from types import FrameType


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """The analytics workspace: bring data in, run notebooks, see what ran."""


for module in (data, store, runs, jobs, slots, pages):
    for command in module.COMMANDS:
        cli.add_command(command)


def main() -> None:
    """Run the command line; what is refused is said in a line or two, without a stack trace."""
    # A service is ended by SIGTERM: what runs is then written down as when a person interrupts.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        cli(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except AnalyticsError as error:
        click.echo(f"analytics: {error}", err=True)
        sys.exit(2 if isinstance(error, RequestError | ContractError) else 1)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
