"""Children that begin at once: forks of a process that has made the imports already.

Importing Papermill takes longer than many a notebook. The process that has done it (``template_process``)
starts with the first child and ends with this process. Where the system cannot fork that way, each child is
started as a program of its own: the same, only later.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import BinaryIO

_PROCESS = [sys.executable, "-m", "analytics_lib.runs.template_process"]
_CALL = (
    "import importlib, sys; module, _, name = sys.argv.pop(1).partition(':'); "
    "sys.exit(getattr(importlib.import_module(module), name)())"
)


class Child(Protocol):
    """A started process; ``subprocess.Popen`` is one."""

    pid: int

    def poll(self) -> int | None:
        """Its exit code, minus the signal's number where one ended it; null while it lives."""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code once it has ended; ``subprocess.TimeoutExpired`` if that takes longer."""


class _Wish(TypedDict):
    """What the template process is asked for."""

    target: str
    arguments: list[str]
    environment: dict[str, str]
    folder: str
    name: str


class Template:
    """Starts children that have imported ``modules`` already."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._command = [*_PROCESS, *modules]
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(
        self,
        target: str,
        *,
        name: str,
        environment: Mapping[str, str],
        log: BinaryIO,
        arguments: Sequence[str] = (),
        folder: Path | None = None,
    ) -> tuple[Child, socket.socket]:
        """A process that calls ``target``, in a session of its own.

        Args:
            target: ``module:function`` without arguments, giving an exit code.
            name: Of the process in the system's lists; at most 14 letters.
            environment: All of its environment.
            log: Where it prints.
            arguments: What ``sys.argv`` holds after the program.
            folder: Its working folder; null = this one.

        Returns:
            The process, and the other end of its standard input: once that is closed, the child knows that
            nobody waits for it any more.

        Raises:
            OSError: If no process could be started.
        """
        wish: _Wish = {
            "target": target,
            "arguments": list(arguments),
            "environment": dict(environment),
            "folder": str(folder or Path.cwd()),
            "name": name,
        }
        # A template that was killed is started once more.
        forked = self._fork(wish, log) or self._fork(wish, log) if hasattr(os, "pidfd_open") else None
        return forked or _spawned(wish, log)

    def prepare(self) -> None:
        """Begin with the imports now, so that the first child need not wait for them."""
        with self._lock:
            self._running()

    def close(self) -> None:
        """End the template process; its children live on."""
        with self._lock:
            if self._control and self._process:
                self._control.close()
                self._process.kill()
                self._process.wait()
            self._control = None

    def _fork(self, wish: _Wish, log: BinaryIO) -> tuple[Child, socket.socket] | None:
        """A fork and the way to it, or nothing where no template process gives one."""
        ours, theirs = socket.socketpair()
        with self._lock, theirs:
            try:
                control = self._running()
                socket.send_fds(control, [json.dumps(wish).encode()], [theirs.fileno(), log.fileno()])
                if _readable([ours, control]) is ours:
                    return _Forked(int(_line(ours)), ours), ours
            except OSError:
                pass
        ours.close()
        self.close()
        return None

    def _running(self) -> socket.socket:
        """The way to the template process, which is started where there is none."""
        if self._control is None:
            # One message is one wish, and its files come with it.
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._process = subprocess.Popen(
                    [*self._command[:3], str(theirs.fileno()), *self._command[3:]],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    # What is chosen at import must suit every child.
                    env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PLOTLY_RENDERER": "plotly_mimetype"},
                    start_new_session=True,
                )
            atexit.register(self.close)
        return self._control


class _Forked:
    """A child of the template process, which tells its number first and its exit code last."""

    def __init__(self, pid: int, connection: socket.socket) -> None:
        self.pid = pid
        self._connection = connection.dup()
        self._exit_code: int | None = None

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        if self._exit_code is None:
            if _readable([self._connection], timeout) is None:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            told = _line(self._connection)
            self._connection.close()
            # Without a word the template process was killed: the child ended too, nobody knows how.
            self._exit_code = int(told or 1)
        return self._exit_code


def _readable(sockets: Sequence[socket.socket], timeout: float | None = None) -> socket.socket | None:
    """The first of these with something to read, or whose other end is gone; null if none has it in time."""
    waiting = select.poll()
    for each in sockets:
        waiting.register(each, select.POLLIN)
    ready = {number for number, _ in waiting.poll(None if timeout is None else timeout * 1000)}
    return next((each for each in sockets if each.fileno() in ready), None)


def _line(connection: socket.socket) -> bytes:
    """What comes before the next end of a line; nothing if the other end is gone."""
    told = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while (byte := connection.recv(1)) not in (b"\n", b""):
            told += byte
    return bytes(told)


def _spawned(wish: _Wish, log: BinaryIO) -> tuple[Child, socket.socket]:
    """The same child as a program of its own."""
    ours, theirs = socket.socketpair()
    with theirs:
        child = subprocess.Popen(
            [sys.executable, "-c", _CALL, wish["target"], *wish["arguments"]],
            stdin=theirs.fileno(),
            stdout=log,
            stderr=subprocess.STDOUT,
            env=wish["environment"],
            cwd=wish["folder"],
            start_new_session=True,
        )
    return child, ours
