"""What a notebook leaves behind: the results its last cell records, and files beside them.

The supervisor of a run names the run's folder in an environment variable. Without it, an analyst is at work
in JupyterLab: results are shown, files go to a scratch folder, and the same cells run unchanged.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import os
import re
from pathlib import Path

from analytics_lib.atomic import write_atomically
from analytics_lib.config import load_settings
from analytics_lib.errors import RequestError

RUN_FOLDER_VARIABLE = "ANALYTICS_RUN_FOLDER"
RESULTS_FILE = "results.json"

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def record_results(**results: object) -> dict[str, Json] | None:
    """Record what this run found; called once, in the notebook's last cell.

    A run counts as succeeded only when its last cell has done this. Numbers of NumPy and pandas become plain
    ones, dates become ISO text, NaN and missing values become null (undefined).

    Returns:
        The results as recorded when a person runs the notebook, nothing inside a supervised run.

    Raises:
        RequestError: If a value is not a number, text, date, or a list or dict of these.
    """
    plain: dict[str, Json] = {name: to_json(value, name) for name, value in results.items()}
    folder = os.environ.get(RUN_FOLDER_VARIABLE)
    if folder is None:
        return plain
    write_atomically(Path(folder) / RESULTS_FILE, json.dumps(plain, ensure_ascii=False, indent=1))
    return None


def artifact_path(name: str) -> Path:
    """Where a notebook may write the file ``name``, such as a table to download, beside its report.

    Raises:
        RequestError: If the name is not a plain file name (letters, digits, ``. _ -``).
    """
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}", name):
        raise RequestError(
            f"{name!r} cannot name an artifact. Give a file name without folders, such as cohorts.csv."
        )
    given = os.environ.get(RUN_FOLDER_VARIABLE)
    folder = Path(given) / "artifacts" if given else _root() / load_settings().outputs / "scratch"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def _root() -> Path:
    """The project's root: the nearest folder above with a Makefile; else the working folder."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "Makefile").is_file()), here)


def to_json(value: object, name: str) -> Json:
    """The value as JSON knows it; ``name`` is what an error calls it.

    Raises:
        RequestError: If JSON has nothing for it.
    """
    # NumPy's and pandas' scalars carry `item` or `isoformat`; this module need not import either.
    scalar = value.item() if hasattr(value, "item") and getattr(value, "shape", ()) == () else value
    if scalar is None or isinstance(scalar, bool | int | str):
        return scalar
    if isinstance(scalar, float):
        return _finite(scalar, name)
    if isinstance(scalar, dict):
        return {str(key): to_json(item, f"{name}.{key}") for key, item in scalar.items()}
    if isinstance(scalar, list | tuple):
        return [to_json(item, f"{name}[{position}]") for position, item in enumerate(scalar)]
    return _date_or_refusal(scalar, name)


def _finite(number: float, name: str) -> float | None:
    if math.isinf(number):
        raise RequestError(f"The result {name} is infinite. Record null where a denominator is zero.")
    return None if math.isnan(number) else number


def _date_or_refusal(value: object, name: str) -> str | None:
    if type(value).__name__ in {"NaTType", "NAType"}:
        return None
    if isinstance(value, dt.date):
        return value.isoformat()
    raise RequestError(
        f"The result {name} is a {type(value).__name__}. Record numbers, texts, dates, or lists and dicts of "
        "them; a whole table goes to a file of artifact_path()."
    )
