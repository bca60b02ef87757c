"""A model's life on disk: published if it is not worse, loaded only if it is what was published.

What is worse is told by ``registry_rule``; where the files lie, by ``store/model_files.py``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from importlib import metadata
from typing import TYPE_CHECKING, Any

import pandas as pd

from analytics_lib.errors import ModelDamagedError, RequestError
from analytics_lib.models.registry_rule import (
    Decision,
    Holdout,
    Verdict,
    decision,
    judged,
    log_losses,
    losses_of,
)
from analytics_lib.store import model_files
from analytics_lib.store.model_files import Entry

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from analytics_lib.models.card import Card

__all__ = ["Decision", "Holdout", "Stored", "load", "log_losses", "prune", "publish", "stored", "versions"]


@dataclass(frozen=True)
class Stored:
    """A model that was loaded.

    Attributes:
        text: Exactly as published.
        card: What was said of it then.
        warning: Why it is not the current one, or written by another version of the library; null mostly.
    """

    text: str
    entry: Entry
    card: dict[str, Any]
    warning: str | None


def publish(
    folder: Path, name: str, model_json: str, card: Card, *, holdout: Holdout, published_at: str
) -> Decision:
    """Make the model the current one of its name, unless the hold-out says that it is worse.

    Two publishers come one after the other: each is measured against what is current when its turn comes.

    Args:
        folder: Of all models.
        name: Small letters, digits and _.
        model_json: A JSON object with ``kind`` and ``format`` among its keys, such as ``Logit.to_json()``.
        card: What the model is; the decision is added to it.
        holdout: On which both are measured.
        published_at: The moment up to which it knows, ISO 8601. Where the current one knows more, it
            stays: it may have learned from the hold-out.

    Raises:
        RequestError: If the name is none, or losses are not one finite number a row.
        ModelDamagedError: If the text names no kind and format.
        OSError: If the disk is full; the current model is then what it was.
    """
    home = model_files.home_of(folder, name)
    kind, form = model_files.declared_type(model_json, where="The model's text")
    losses = losses_of(holdout, model_json)
    with model_files.alone(home):
        model_files.sweep(home)
        before = _last_good(home)
        verdict = _verdict(holdout, losses, before, model_json, published_at)
        if verdict.outcome == "kept" and before:
            model_files.point(home, before.entry)
            return decision(verdict, holdout, losses, before.entry)
        sha256, number = model_files.sha256_of(model_json), model_files.next_number(home)
        entry = Entry(name, number, sha256, "", kind, form, published_at, library_version())
        return _written(home, decision(verdict, holdout, losses, entry), model_json, card)


def load(folder: Path, name: str, *, kind: str | None = None, fallback: bool = False) -> Stored:
    """The current model, checked against what was published.

    Args:
        folder: Of all models.
        name: Under which it was published.
        kind: What it has to be; null = anything.
        fallback: Take the last good earlier version where the current one is damaged; ``warning`` says so.

    Raises:
        NotFoundError: If nothing was published under the name.
        ModelDamagedError: If a file is missing, changed, swapped or of another kind; with ``fallback`` only
            if no version is good.
        RequestError: If the name is none.
    """
    home = model_files.home_of(folder, name)
    try:
        return _stored(home, _pointed(home, folder), kind)
    except ModelDamagedError as error:
        earlier = _earlier(home, kind) if fallback else None
        if earlier is None:
            raise
        return replace(earlier, warning=f"An earlier model stands in: {error}")


def stored(folder: Path, entry: Entry, *, kind: str) -> Stored:
    """One version, checked against what was published.

    Raises:
        ModelDamagedError: If a file is missing, changed, swapped or of another kind.
    """
    return _stored(model_files.home_of(folder, entry.name), entry, kind)


def versions(folder: Path, name: str) -> pd.DataFrame:
    """What was published under the name and is still there.

    Returns:
        One row a version, the newest first: ``version number published_at kind current problem`` (null where
        its files are good).

    Raises:
        RequestError: If the name is none.
    """
    home = model_files.home_of(folder, name)
    try:
        now = model_files.current(home)
    except ModelDamagedError:
        now = None
    rows = [
        (one.version, one.number, one.published_at, one.kind, one == now, _problem(home, one))
        for one in model_files.history(home)
    ]
    return pd.DataFrame(rows, columns=["version", "number", "published_at", "kind", "current", "problem"])


def prune(folder: Path, name: str, *, keep: int) -> list[str]:
    """Remove all but the newest versions and the current one.

    Args:
        folder: Of all models.
        name: Of the model.
        keep: How many stay, 1 or more; damaged ones do not count.

    Returns:
        The versions that were removed.

    Raises:
        RequestError: If ``keep`` is below 1, or the name is none.
        ModelDamagedError: If the pointer cannot be read: what is current is then unknown, and all stay.
    """
    if keep < 1:
        raise RequestError(f"keep is {keep}; at least 1 version has to stay.")
    home = model_files.home_of(folder, name)
    if not home.is_dir():
        raise model_files.missing(folder, name)
    with model_files.alone(home):
        now = model_files.current(home)
        good = [one for one in model_files.history(home) if _problem(home, one) is None]
        spare = [one for one in good[keep:] if one != now]
        for entry in spare:
            model_files.remove(home, entry)
    return [entry.version for entry in spare]


def library_version() -> str:
    """Of this library."""
    return metadata.version("analytics-lib")


def _verdict(
    holdout: Holdout, losses: NDArray[np.float64], before: Stored | None, text: str, published_at: str
) -> Verdict:
    if before and before.text == text:
        return Verdict("kept", "It is the current model itself.", current=float(losses.mean()))
    if before and before.entry.published_at > published_at:
        # It may have learned from the rows that would judge it.
        return Verdict("kept", f"The current model is of {before.entry.published_at}, later than this one.")
    return judged(holdout, losses, before.text if before else None)


def _pointed(home: Path, folder: Path) -> Entry:
    """What the pointer says."""
    entry = model_files.current(home)
    if entry is None and not model_files.history(home):
        raise model_files.missing(folder, home.name)
    if entry is None:
        raise ModelDamagedError(f"{home / model_files.CURRENT} is missing, though versions are there.")
    return entry


def _written(home: Path, decision: Decision, text: str, card: Card) -> Decision:
    said = {key: value for key, value in asdict(decision).items() if key != "entry"}
    full = replace(
        card, decision=said, version=decision.entry.version, published_at=decision.entry.published_at
    )
    told = full.to_json()
    entry = replace(decision.entry, card_sha256=model_files.sha256_of(told))
    files = {model_files.MODEL: text, model_files.CARD: told, "card.md": full.markdown()}
    model_files.write_version(home, entry, files)
    return replace(decision, entry=entry)


def _last_good(home: Path) -> Stored | None:
    """The current model, or the newest before it that can be read."""
    try:
        entry = model_files.current(home)
        return _stored(home, entry, None) if entry else _earlier(home, None)
    except ModelDamagedError as error:
        earlier = _earlier(home, None)
        return replace(earlier, warning=str(error)) if earlier else None


def _earlier(home: Path, kind: str | None) -> Stored | None:
    good = (one for one in model_files.history(home) if _problem(home, one, kind) is None)
    entry = next(good, None)
    return _stored(home, entry, kind) if entry else None


def _problem(home: Path, entry: Entry, kind: str | None = None) -> str | None:
    try:
        _stored(home, entry, kind)
    except ModelDamagedError as error:
        return str(error)
    return None


def _stored(home: Path, entry: Entry, kind: str | None) -> Stored:
    text = model_files.read_model(home, entry)
    if kind is not None and entry.kind != kind:
        raise ModelDamagedError(
            f"{home / entry.version / model_files.MODEL} holds a model of kind {entry.kind!r}; expected "
            f"{kind!r}."
        )
    return Stored(text, entry, model_files.read_card(home, entry), None)
