"""Print every problem of the project's SQL, one a line; exit with 1 where there is one."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from analytics_lib.portability.project import check_project


def main() -> int:
    """The exit status: 0 where all SQL is portable, 1 otherwise. Reads the project in the working folder."""
    checked, problems = check_project(Path("src/analytics_lib"), Path("params/sources"))
    for problem in problems:
        click.echo(str(problem))
    click.echo(f"{checked} SQL constants checked, {len(problems)} problems.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
