"""Kernels for runs of notebooks that begin with what others wrote imported already: forks of one process.

A kernel imports pandas, scipy, seaborn and plotly for as long as most notebooks then work, and reads two
dictionaries of simplemma. Of the project nothing is imported ahead: what a notebook needs of it, it has to
name itself. ``test_by_hand`` and the tests of runs and of the command start kernels as programs of their own.
"""

import atexit
import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path

import pytest

from analytics_lib.runs.template import Template

_CLIENT = Path(__file__).with_name("warm_client.py")
_TARGET = "ipykernel.kernelapp:launch_new_instance"
_LONGEST = 2**20


@cache
def warm_specs():
    """A folder for ``JUPYTER_PATH`` whose kernel ``python3`` is a fork of this process's own template."""
    folder = Path(tempfile.mkdtemp(prefix="warm-"))  # a socket's path must be short
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(folder / "socket"))
    listening.listen()
    threading.Thread(target=_serve, args=(listening, _template()), daemon=True).start()
    spec = {
        "argv": [sys.executable, "-I", "-S", str(_CLIENT), str(folder / "socket"), "-f", "{connection_file}"],
        "display_name": "Python 3",
        "language": "python",
    }
    place = folder / "kernels" / "python3"
    place.mkdir(parents=True)
    (place / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    return folder


def _template():
    template = Template(["warm_imports"])
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", str(_CLIENT.parent), prepend=os.pathsep)
        template.prepare()
    return template


def _serve(listening, template):
    while True:
        client, _ = listening.accept()
        threading.Thread(target=_attend, args=(client, template), daemon=True).start()


def _attend(client, template):
    """Start the kernel that a client asks for; each of the two ends with the other."""
    message, (printed,), _, _ = socket.recv_fds(client, _LONGEST, 1)
    wish = json.loads(message)
    wish["folder"] = Path(wish["folder"])
    with open(printed, "ab") as log:  # noqa: PTH123  # a file that is open already
        kernel, line = template.start(_TARGET, name="warm-kernel", log=log, **wish)
    threading.Thread(target=_end_with, args=(client, kernel), daemon=True).start()
    with client, line, contextlib.suppress(OSError):
        client.sendall(f"{kernel.wait()}\n".encode())


def _end_with(client, kernel):
    with contextlib.suppress(OSError):
        client.recv(1)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(kernel.pid, signal.SIGKILL)
