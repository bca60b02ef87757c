"""How templates are filled: texts are escaped, a missing value is an error, nothing of Python is in reach."""

from __future__ import annotations

import jinja2
import jinja2.sandbox


def environment(package: str) -> jinja2.Environment:
    """The templates of a package's folder ``templates``."""
    return jinja2.sandbox.SandboxedEnvironment(
        loader=jinja2.PackageLoader(package, "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
