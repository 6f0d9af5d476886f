"""How jupyter_client gets a forked kernel: under a kernelspec's name, whoever asks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import subprocess
from typing import TYPE_CHECKING, Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Enum, List, Unicode

from workbench.errors import StorageError
from workbench.production.kernels.client import Forked, fork
from workbench.production.kernels.limits import memory_limit
from workbench.production.kernels.names import checked
from workbench.production.kernels.places import Kind, can_fork, folder, kernel_sockets

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ForkProvisioner"]

log = logging.getLogger(__name__)

_LAUNCHER = ["-m", "ipykernel_launcher"]
_KNOWN = {"env", "cwd", "stdin", "stdout", "stderr", "independent", "extra_arguments", "kernel_id"}


class ForkProvisioner(LocalProvisioner):
    """Kernels from a fork server, and stock ones where nothing can be forked.

    Its traits come from ``metadata.kernel_provisioner.config`` of the kernelspec.
    """

    preload: List[str] = List(Unicode(), help="What the server loads once for all kernels")
    transport = Enum(
        ("ipc", "tcp"), default_value="ipc", help="How clients talk to the kernel on this machine"
    )

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Let client and kernel talk by files that only this user can open, instead of ports."""
        manager = self.parent
        if can_fork() and self.transport == "ipc" and manager and manager.transport == "tcp":
            with contextlib.suppress(StorageError):  # told when the kernel is launched
                manager.ip = kernel_sockets()
                manager.transport, manager.cache_ports = "ipc", False
        return dict(await super().pre_launch(**kwargs))

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork the kernel, or start it as any other when that cannot be."""
        forked = await asyncio.to_thread(self._fork, list(cmd), kwargs)
        if forked is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.process = forked  # type: ignore[assignment]  # it has the methods that are used
        self.pid = self.pgid = forked.pid  # it leads a session of its own
        self.cwd = kwargs.get("cwd") or os.getcwd()  # noqa: PTH109 - as the base class keeps it
        return self.connection_info

    async def wait(self) -> int | None:
        """Wait for the end of the kernel."""
        process: Any = self.process
        if not isinstance(process, Forked):
            return await super().wait()
        while (code := process.poll()) is None:  # noqa: ASYNC110 - a thread could not give up
            await asyncio.sleep(0.01)
        self.process = None
        if process.reason:
            log.warning("the kernel was ended: %s", process.reason)
        return code

    def _fork(self, cmd: list[str], kwargs: dict[str, Any]) -> Forked | None:
        where = cmd.index("-m") if "-m" in cmd else -1
        if not can_fork() or cmd[where : where + 2] != _LAUNCHER or set(kwargs) - _KNOWN:
            return None
        env = dict(kwargs.get("env") or os.environ)
        if not kwargs.get("independent"):
            env["JPY_PARENT_PID"] = str(os.getpid())
        with contextlib.ExitStack() as stack:
            try:
                entrance = stack.enter_context(_file(kwargs.get("stdin"), 0))
                out = stack.enter_context(_file(kwargs.get("stdout"), 1))
                errors = kwargs.get("stderr")
                both = errors == subprocess.STDOUT
                error_file = out if both else stack.enter_context(_file(errors, 2))
                folder()
            except (StorageError, ValueError) as error:
                log.warning("the kernel is not forked: %s", error)
                return None
            return fork(
                Kind.of(cmd[:where], checked(self.preload), env),
                argv=["ipykernel_launcher", *cmd[where + 2 :]],
                env=env,
                cwd=str(kwargs.get("cwd") or os.getcwd()),  # noqa: PTH109
                files=(entrance, out, error_file),
                memory=memory_limit(env),
                sockets=self.parent.ip if self.parent and self.parent.transport == "ipc" else "",
            )


@contextlib.contextmanager
def _file(given: Any, number: int) -> Iterator[int]:
    """Yield the descriptor that `subprocess.Popen` would give to a child for one of its streams."""
    if given == subprocess.PIPE:
        raise ValueError("a pipe for its streams was asked for")
    if given == subprocess.DEVNULL or (given is None and number == 0):
        opened = os.open(os.devnull, os.O_RDWR)
        try:
            yield opened
        finally:
            os.close(opened)
    elif given is None:
        yield number
    else:
        yield given if isinstance(given, int) else given.fileno()
