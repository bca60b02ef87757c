"""Which kept model may answer a question: whole, of its kind, and without knowledge from ``as_of`` on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from analytics_lib.errors import ModelDamagedError, RequestError
from analytics_lib.models import registry
from analytics_lib.periods import utc_moment
from analytics_lib.store import model_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from analytics_lib.periods import Moment

Model = TypeVar("Model")
Missing = Literal["", "none", "later", "other", "damaged"]
# Published as of a day: midnight in the business time zone.
_DATE_LENGTH = len("2026-01-31")


@dataclass(frozen=True)
class Usable(Generic[Model]):
    """A kept model that may answer, or why there is none.

    Attributes:
        model: Null where none may.
        missing: Empty, or why none may: ``none`` is kept, all know ``later`` days than those asked about, it
            answers an ``other`` question, all are ``damaged``.
        problem: What is wrong with a damaged one, whether an earlier one stands in or not; empty mostly.
    """

    model: Model | None
    missing: Missing = ""
    problem: str = ""


def usable(
    home: tuple[Path | None, str],
    *,
    kind: str,
    as_of: Moment,
    read: Callable[[str], Model],
    fits: Callable[[Model], bool] = lambda _: True,
) -> Usable[Model]:
    """The model that was in use at a moment: the newest kept one that knows nothing from there on.

    Args:
        home: The folder of all models (null = nothing is kept), and the name of this one.
        kind: What it has to be.
        as_of: Nothing from here on may be known to it.
        read: Of a model's text, a model.
        fits: Whether a model answers the question asked.

    Raises:
        RequestError: If the name is none.
    """
    folder, name = home
    if folder is None:
        return Usable(None, "none")
    until, missing = utc_moment(as_of), "none"
    entries, problem = _newest_first(folder, name)
    for entry in entries:
        try:
            if _moment(entry.published_at) > until:
                missing = "later"
                continue
            model = read(registry.stored(folder, entry, kind=kind).text)
        except ModelDamagedError as error:
            missing, problem = "damaged", problem or str(error)
            continue
        return Usable(model, "", problem) if fits(model) else Usable(None, "other", problem)
    return Usable(None, missing, problem)  # type: ignore[arg-type]  # one of the words above


def _newest_first(folder: Path, name: str) -> tuple[list[model_files.Entry], str]:
    """The versions, the current one first, and what is wrong with the pointer to it."""
    home = model_files.home_of(folder, name)
    try:
        now, problem = model_files.current(home), ""
    except ModelDamagedError as error:
        now, problem = None, str(error)
    listed = [entry for entry in model_files.history(home) if entry != now]
    return ([now] if now else []) + listed, problem


def _moment(text: str) -> dt.datetime:
    try:
        day = dt.date.fromisoformat(text) if len(text) == _DATE_LENGTH else dt.datetime.fromisoformat(text)
        return utc_moment(day)
    except (ValueError, RequestError) as error:
        raise ModelDamagedError(f"A kept model is of {text!r}, which is no moment.") from error
