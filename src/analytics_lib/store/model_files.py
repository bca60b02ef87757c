"""Stored models on disk: text files in folders named by their hash, and one pointer to the current one.

    <folder>/<name>/current.json            which version is current; replaced in one step
    <folder>/<name>/<first 12 of sha256>/   model.json, its card, entry.json (what the pointer said of it)

A version's folder is complete when it gets its name, and the pointer moves only after that: whoever dies in
between leaves the old model current. Every text is checked against its hash when it is read.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import re
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analytics_lib.atomic import sync_folder, write_atomically
from analytics_lib.errors import ModelDamagedError, NotFoundError, RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MODEL, CARD, ENTRY, CURRENT = "model.json", "card.json", "entry.json", "current.json"
SHORT = 12
# A model is numbers of some hundred columns; what is larger was not written here.
LARGEST_BYTES = 64 * 1024 * 1024
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Entry:
    """One stored version.

    Attributes:
        number: 1 for the first that was published under the name, then rising.
        sha256: Of the model's text, and ``card_sha256`` of its card's.
        kind: What the text says it is, with the ``format`` of that kind.
        published_at: As the publisher said.
        library: Version of the library that wrote it.
    """

    name: str
    number: int
    sha256: str
    card_sha256: str
    kind: str
    format: int
    published_at: str
    library: str

    @property
    def version(self) -> str:
        """Name of its folder."""
        return self.sha256[:SHORT]


def home_of(folder: Path, name: str) -> Path:
    """The folder of the models of this name.

    Raises:
        RequestError: If the name is none, or leads elsewhere.
    """
    if not _NAME.fullmatch(name):
        raise RequestError(
            f"The model's name is {name!r}; it must be of small letters, digits and _, such as 'churn'."
        )
    home = folder / name
    if home.is_symlink():
        raise RequestError(
            f"{home} is a link to {home.readlink()}; models are kept in a folder of their own."
        )
    return home


def sha256_of(text: str) -> str:
    """SHA-256 of the text in UTF-8."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


@contextlib.contextmanager
def alone(home: Path) -> Iterator[None]:
    """One publisher at a time; the lock ends with the process, however it ends."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def current(home: Path) -> Entry | None:
    """What the pointer says, or nothing where no model was published.

    Raises:
        ModelDamagedError: If it cannot be read.
    """
    path = home / CURRENT
    return _entry(path, home.name) if path.exists() or path.is_symlink() else None


def history(home: Path) -> list[Entry]:
    """Every version whose folder can be read, the last published first."""
    found = []
    for path in home.glob(f"*/{ENTRY}"):
        with contextlib.suppress(ModelDamagedError):
            entry = _entry(path, home.name)
            if path.parent.name == entry.version:
                found.append(entry)
    return sorted(found, key=lambda entry: -entry.number)


def next_number(home: Path) -> int:
    """The number of the version to come."""
    return 1 + max((entry.number for entry in history(home)), default=0)


def read_model(home: Path, entry: Entry) -> str:
    """The text of a version, exactly as published.

    Raises:
        ModelDamagedError: If it is missing, larger than a model can be, not of the entry's hash or kind.
    """
    path = home / entry.version / MODEL
    text = _verified(path, entry.sha256)
    declared = declared_type(text, where=str(path))
    if declared != (entry.kind, entry.format):
        raise ModelDamagedError(
            f"{path} says it is {declared}, but {(entry.kind, entry.format)} was published."
        )
    return text


def declared_type(text: str, *, where: str) -> tuple[str, int]:
    """The kind and the format that a model's text says it has.

    Raises:
        ModelDamagedError: If it says none.
    """
    content = _object(text, where=where)
    kind, form = content.get("kind"), content.get("format")
    if not isinstance(kind, str) or not isinstance(form, int):
        raise ModelDamagedError(f"{where} names no kind and format, but {kind!r} and {form!r}.")
    return kind, form


def read_card(home: Path, entry: Entry) -> dict[str, Any]:
    """The card of a version.

    Raises:
        ModelDamagedError: If it is missing or not what was published.
    """
    path = home / entry.version / CARD
    return _object(_verified(path, entry.card_sha256), where=str(path))


def write_version(home: Path, entry: Entry, files: Mapping[str, str]) -> None:
    """Store a version whole, and then make it the current one.

    Raises:
        OSError: If the disk is full or the folder cannot be written; the current one is then what it was.
    """
    fresh = Path(tempfile.mkdtemp(prefix=f".{entry.version}-", dir=home))
    try:
        for name, text in {**files, ENTRY: _told(entry)}.items():
            write_atomically(fresh / name, text)
        fresh.chmod(0o755)
        _moved(fresh, home / entry.version)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    sync_folder(home)
    point(home, entry)


def point(home: Path, entry: Entry) -> None:
    """Make a stored version the current one, in one step."""
    write_atomically(home / CURRENT, _told(entry))


def remove(home: Path, entry: Entry) -> None:
    """Remove a version's folder."""
    shutil.rmtree(home / entry.version)
    sync_folder(home)


def sweep(home: Path) -> None:
    """Remove what publishers that died left; only while alone."""
    for path in home.glob(".*-*"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _told(entry: Entry) -> str:
    return json.dumps(asdict(entry), ensure_ascii=False, indent=1)


def _moved(fresh: Path, target: Path) -> None:
    """The folder under its name; an older one of the same model makes way."""
    away = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    if target.exists():
        target.rename(away / "old")
    fresh.rename(target)
    shutil.rmtree(away)


def _entry(path: Path, name: str) -> Entry:
    content = _object(_read(path), where=str(path))
    try:
        entry = Entry(**content)
    except TypeError as error:
        raise ModelDamagedError(f"{path} does not describe a model: {error}.") from error
    types = {"number": int, "format": int}
    for field, value in asdict(entry).items():
        if type(value) is not types.get(field, str):
            raise ModelDamagedError(f"{path} has {field} {value!r}, which cannot be.")
    if entry.name != name or not all(map(_SHA256.fullmatch, (entry.sha256, entry.card_sha256))):
        raise ModelDamagedError(
            f"{path} names the model {entry.name!r} with the hash {entry.sha256!r}; expected {name!r} and 64 "
            "hexadecimal digits."
        )
    return entry


def _object(text: str, *, where: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelDamagedError(f"{where} is not JSON: {error}.") from error
    if not isinstance(content, dict):
        raise ModelDamagedError(f"{where} holds a {type(content).__name__} where an object was expected.")
    return content


def _verified(path: Path, sha256: str) -> str:
    text = _read(path)
    found = sha256_of(text)
    if found != sha256:
        raise ModelDamagedError(
            f"{path} has the SHA-256 {found[:SHORT]}…, but {sha256[:SHORT]}… was published: the file was "
            "changed or swapped. Restore it, load with fallback=True, or train again."
        )
    return text


def _read(path: Path) -> str:
    """The file's text; a link is refused, as it leads to what nobody published."""
    try:
        if path.is_symlink() or path.parent.is_symlink():
            raise ModelDamagedError(f"{path} is a link; stored models are files of their own folder.")
        if path.stat().st_size > LARGEST_BYTES:
            raise ModelDamagedError(
                f"{path} has {path.stat().st_size} bytes; a model has at most {LARGEST_BYTES}."
            )
        # Not read_text: it would change line ends, and the hash is of the bytes.
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelDamagedError(f"{path} cannot be read: {error}.") from error


def known_names(folder: Path) -> list[str]:
    """Names with a published model."""
    return sorted(path.parent.name for path in folder.glob(f"*/{CURRENT}"))


def missing(folder: Path, name: str) -> NotFoundError:
    """What to say where nothing was published under the name."""
    known = ", ".join(known_names(folder)) or "none"
    return NotFoundError(
        f"No model {name!r} is published in {folder}; there are: {known}. Run its training notebook first."
    )
