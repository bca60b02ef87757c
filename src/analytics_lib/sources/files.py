"""Opening delivered files safely: regular files only, gzip told by its bytes, unpacked size bounded."""

from __future__ import annotations

import contextlib
import errno
import glob
import gzip
import hashlib
import io
import os
import stat
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING

from analytics_lib.errors import FileRefusedError, RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_GZIP = b"\x1f\x8b"
_BLOCK = 4 * 1024 * 1024
_MAX_RATIO = 250
_RATIO_FROM = 64 * 1024 * 1024
_MAX_UNPACKED = 64 * 1024**3


def expand(patterns: Sequence[str]) -> list[Path]:
    """The files that paths, folders and globs name, sorted, each once.

    Raises:
        RequestError: If a pattern names nothing.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        path = Path(pattern)
        if os.path.isdir(pattern):  # noqa: PTH112 - false for a name that is too long, where Path raises
            matches = sorted(child for child in path.iterdir() if not child.is_dir() and child.name[0] != ".")
        elif os.path.lexists(path):
            matches = [path]
        else:
            named = map(Path, sorted(glob.glob(pattern, recursive=True)))  # noqa: PTH207
            matches = [match for match in named if not match.is_dir()]
        if not matches:
            raise RequestError(
                f"{pattern!r} names no file. Give a file, a folder or a pattern such as 'in/*.gz'."
            )
        found.update(dict.fromkeys(matches))
    return list(found)


def sha256(path: Path) -> str:
    """Hash of the file's bytes as they lie on disk."""
    with _open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """The file's content, unpacked if its bytes say it is gzip, whatever its name says.

    Raises:
        FileRefusedError: BAD_NAME, NOT_REGULAR, TRUNCATED_GZIP, CORRUPT_GZIP, NOT_GZIP or TOO_LARGE; the gzip
            reasons may only show when the last byte has been read.
    """
    with _open_regular(path) as file:
        packed = file.read(2) == _GZIP
        file.seek(0)
        if not packed:
            yield file
            return
        size = os.fstat(file.fileno()).st_size
        with gzip.GzipFile(fileobj=file) as unpacked, _gzip_errors(path):
            yield io.BufferedReader(_Bounded(unpacked, size, path), _BLOCK)


class _Bounded(io.RawIOBase):
    """A stream that refuses to unpack without end."""

    def __init__(self, source: gzip.GzipFile, packed_size: int, path: Path) -> None:
        self._source = source
        self._limit = min(_MAX_UNPACKED, max(_RATIO_FROM, packed_size * _MAX_RATIO))
        self._path = path
        self._total = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._source.read(len(buffer))
        buffer[: len(data)] = data
        self._total += len(data)
        if self._total > self._limit:
            raise FileRefusedError(
                "TOO_LARGE",
                f"{self._path.name} unpacks to more than {self._limit:,} bytes, over {_MAX_RATIO} times its "
                "size. Deliver it unpacked, or in parts.",
            )
        return len(data)


def _open_regular(path: Path) -> io.BufferedReader[io.FileIO]:
    if any(ord(character) < 32 or ord(character) == 127 for character in path.name):
        raise FileRefusedError("BAD_NAME", f"{path.name!r} holds control characters. Rename the file.")
    if any("\ud800" <= character <= "\udfff" for character in path.name):
        raise FileRefusedError("BAD_NAME", f"{path.name!r} is not UTF-8. Rename the file.")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise RequestError(f"There is no file {path.name!r}.") from error
    except OSError as error:
        code = "BAD_NAME" if error.errno == errno.ENAMETOOLONG else "NOT_REGULAR"
        reason = "it is a symbolic link" if error.errno == errno.ELOOP else error.strerror
        raise FileRefusedError(code, f"{path.name!r} cannot be opened as a file: {reason}.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileRefusedError(
            "NOT_REGULAR", f"{path.name!r} is a pipe, a device or a folder, not a regular file."
        )
    return io.BufferedReader(io.FileIO(descriptor, "rb"), _BLOCK)


@contextlib.contextmanager
def _gzip_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except EOFError as error:
        if _lacks_only_trailer(path):
            reason = "has lost the checksum at its end"
            code = "CORRUPT_GZIP"
        else:
            reason, code = "ends before its data does", "TRUNCATED_GZIP"
        raise FileRefusedError(
            code, f"{path.name} {reason}. Nothing of it was stored; deliver it again."
        ) from error
    except gzip.BadGzipFile as error:
        code = "NOT_GZIP" if "Not a gzipped" in str(error) else "CORRUPT_GZIP"
        raise FileRefusedError(
            code, f"{path.name} is damaged ({error}). Nothing of it was stored; deliver it again."
        ) from error
    except zlib.error as error:
        raise FileRefusedError(
            "CORRUPT_GZIP", f"{path.name} is damaged ({error}). Nothing of it was stored; deliver it again."
        ) from error


def _lacks_only_trailer(path: Path) -> bool:
    """Whether the data of the last member are whole and only its checksum is cut off.

    With a wrong checksum put in its place, whole data fail the check and cut data do not get that far.
    """
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    with _open_regular(path) as file:
        try:
            while block := file.read(_BLOCK // 64) or unpacker.unconsumed_tail:
                unpacker.decompress(block)
                while unpacker.eof:
                    block, unpacker = unpacker.unused_data, zlib.decompressobj(zlib.MAX_WBITS | 16)
                    unpacker.decompress(block)
            unpacker.decompress(bytes(8))
        except zlib.error as error:
            return "data check" in str(error) or "length check" in str(error)
    return unpacker.eof
