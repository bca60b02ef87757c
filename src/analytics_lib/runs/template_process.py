"""A process that has imported what others need and lets each begin as a fork of itself.

It starts with ``python -m analytics_lib.runs.template_process FD MODULE…``: a socket that it inherited, and
what to import first. Each message there is one wish, JSON with two open files beside it: the connection to
whoever wants the child, and where the child prints. It is single-threaded, holds no engine and no kernel
socket, and ends with the process that started it.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import random
import selectors
import socket
import sys
import tempfile
import time
import traceback
from typing import Any

LONGEST_WISH = 2**18
_FILES = 2
_SET_NAME = 15


def main() -> int:
    """Import, then fork at every wish until whoever started this process is gone."""
    control = socket.socket(fileno=int(sys.argv[1]))
    for module in sys.argv[2:]:
        importlib.import_module(module)
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.data is not None:
                    _report(selector, key)
                elif not _fulfil(selector, control):
                    return 0


def _fulfil(selector: selectors.BaseSelector, control: socket.socket) -> bool:
    """Fork a child as the next message asks; False at its end."""
    message, files, _, _ = socket.recv_fds(control, LONGEST_WISH, _FILES)
    if not message:
        return False
    pid = os.fork()
    if pid == 0:
        # Never back into this loop, whatever happens.
        os._exit(_child(json.loads(message), files))
    connection, log = files
    os.close(log)
    selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, connection))
    return True


def _report(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    """Tell whoever wanted the child how it ended; its number, it has told itself."""
    pid, connection = key.data
    selector.unregister(key.fileobj)
    os.close(key.fd)
    _send(connection, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    os.close(connection)


def _send(connection: int, number: int) -> None:
    # Whoever wanted the child may be gone: then nobody waits for the number.
    with contextlib.suppress(BrokenPipeError):
        os.write(connection, f"{number}\n".encode())


def _child(wish: dict[str, Any], files: list[int]) -> int:
    """Become what is wanted: the exit code."""
    try:
        _take_place(wish, files)
        module, _, function = wish["target"].partition(":")
        return int(getattr(importlib.import_module(module), function)() or 0)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001  # as the interpreter does it for any program
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _take_place(wish: dict[str, Any], files: list[int]) -> None:
    os.setsid()
    connection, log = files
    for source, target in ((connection, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    # The connections of other children among them: each must see its end when its own supervisor is gone.
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    # A fork keeps the environment that it began with in the eyes of others: the name tells whose it is.
    ctypes.CDLL(None).prctl(_SET_NAME, wish["name"].encode(), 0, 0, 0)
    _send(0, os.getpid())
    os.environ.clear()
    os.environ.update(wish["environment"])
    time.tzset()
    tempfile.tempdir = None  # or it would stay what it was before TMPDIR changed
    os.chdir(wish["folder"])
    sys.argv = ["", *wish["arguments"]]
    # Forks of one process would otherwise draw the same numbers.
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


if __name__ == "__main__":
    sys.exit(main())
