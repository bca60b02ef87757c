"""Kernels of live pages: forks of a process that has imported what the pages need.

``WarmProvisioner`` is how Jupyter starts a kernel (registered in ``pyproject.toml``, chosen by the kernel's
specification); ``kernel_process`` is what runs in the fork.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import importlib.util
import json
import os
import signal
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil  # type: ignore[import-untyped]  # ships no types
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Unicode, default

from analytics_lib.dashboards.kernel_tree import descendants
from analytics_lib.runs.template import Child, Template
from analytics_lib.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jupyter_client.connect import KernelConnectionInfo

KERNEL_NAME = "python3"
LOG_VARIABLE = "ANALYTICS_KERNEL_LOG"
_TARGET = "analytics_lib.dashboards.kernel_process:main"
_SPEC = {
    # The command is what any kernel of Python is started with; of it the provisioner keeps the arguments.
    "argv": ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
    "display_name": "Python 3",
    "language": "python",
    "metadata": {"kernel_provisioner": {"provisioner_name": "analytics-warm"}},
}


class WarmSpecs(KernelSpecManager):
    """Knows the warm kernel and no other that may be installed."""

    folder = Unicode(help="Where the specification is written.").tag(config=True)

    @default("kernel_dirs")
    def _only_ours(self) -> list[str]:
        place = Path(self.folder) / "kernels" / KERNEL_NAME
        place.mkdir(parents=True, exist_ok=True)
        (place / "kernel.json").write_text(json.dumps(_SPEC), encoding="utf-8")
        return [str(place.parent)]

    @default("ensure_native_kernel")
    def _no_native(self) -> bool:
        return False


def imported_modules(notebooks: Iterable[Path]) -> list[str]:
    """The modules that the code of these notebooks imports and that can be found here, each once."""
    found: dict[str, None] = {}
    for path in notebooks:
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                found |= dict.fromkeys(_imports("".join(cell["source"])))
    return [name for name in found if _exists(name)]


def warm_up(notebooks: Iterable[Path]) -> None:
    """Start the process that kernels are forked from, with the imports of these notebooks made."""
    _template(tuple(imported_modules(notebooks))).prepare()


class WarmProvisioner(LocalProvisioner):
    """Starts a kernel as a fork; it and what it starts end together, and with the server."""

    process: WarmKernel | None = None  # type: ignore[assignment]  # whatever has these methods will do

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:  # noqa: ANN401  # Jupyter's
        """Fork the kernel; where that fails it is started as a program of its own."""
        environment: dict[str, str] = kwargs["env"]
        folder = Path(kwargs.get("cwd") or Path.cwd())
        # The first fork waits for the imports: other pages must not wait with it.
        self.process = await asyncio.to_thread(_start, cmd[cmd.index("-f") :], environment, folder)
        # A fork leads a session, and so a group, of its own.
        self.pid = self.pgid = self.process.pid
        self.cwd = folder
        return self.connection_info

    async def send_signal(self, signum: int) -> None:
        """Send it to the kernel's group; its end is that of whatever left the group as well."""
        ending = signum == signal.SIGKILL and self.process and self.process.poll() is None
        left = descendants(self.process.pid) if ending and self.process else []
        await super().send_signal(signum)
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


class WarmKernel:
    """What a provisioner asks of a process."""

    stdin = stdout = stderr = None

    def __init__(self, child: Child, held: contextlib.ExitStack) -> None:
        self.pid = child.pid
        self._child = child
        self._held = held

    def poll(self) -> int | None:
        """Its exit code; null while it lives."""
        return self._child.poll()

    def wait(self) -> int:
        """Its exit code, once it has ended; its temporary files go then."""
        code = self._child.wait()
        self._held.close()
        _ALIVE.discard(self)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal; nothing once it has ended, as by itself while a page was computed."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it now."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


_ALIVE: set[WarmKernel] = set()
_STARTING = threading.Lock()
_ENDING = threading.Event()


def end_kernels() -> None:
    """End all kernels of this process, those about to start among them; none starts any more."""
    _ENDING.set()
    with _STARTING:
        ending = list(_ALIVE)
    left = [process for kernel in ending for process in descendants(kernel.pid)]
    for kernel in ending:
        kernel.kill()
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    for kernel in ending:
        kernel.wait()


def _start(arguments: list[str], environment: dict[str, str], folder: Path) -> WarmKernel:
    # One at a time: they are forks of the same process anyway.
    with _STARTING, contextlib.ExitStack() as held, Path(environment[LOG_VARIABLE]).open("ab") as log:
        if _ENDING.is_set():
            raise ChildProcessError("No kernel starts any more: the server is ending.")
        # A kernel is killed and removes nothing, such as what its engine spilled.
        temporary = held.enter_context(temporary_folder("kernel"))
        child, line = _any_template().start(
            _TARGET,
            name="page-kernel",
            arguments=arguments,
            environment={**environment, "TMPDIR": str(temporary)},
            log=log,
            folder=folder,
        )
        held.enter_context(line)
        kernel = WarmKernel(child, held.pop_all())
        _ALIVE.add(kernel)
        return kernel


_TEMPLATES: list[Template] = []


def _any_template() -> Template:
    """The template that was warmed up last, else one that knows of no notebook."""
    return _TEMPLATES[-1] if _TEMPLATES else _template(())


@cache
def _template(modules: tuple[str, ...]) -> Template:
    template = Template([_TARGET.partition(":")[0], *modules])
    _TEMPLATES.append(template)
    return template


def _imports(source: str) -> list[str]:
    """Modules that a cell imports, submodules that it imports by name among them."""
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names


def _exists(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, AttributeError):
        # The part before the last dot is a module without others below it.
        return False
