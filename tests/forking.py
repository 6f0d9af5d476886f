"""Fork servers of a test, in a folder of their own, ended with it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_client.manager import KernelManager

from workbench.production.kernels import client
from workbench.production.kernels.places import FOLDER
from workbench.production.kernels.spec import KERNEL, spec_manager

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Talk", "eventually", "fork_servers", "gone", "kernel", "status", "stop"]

PATIENCE = 60.0


@contextlib.contextmanager
def fork_servers() -> Iterator[Path]:
    """Yield the folder of the sockets, which has no server yet; end all that were started."""
    before = os.environ.get(FOLDER)
    folder = Path(tempfile.mkdtemp(prefix="wbk-", dir="/tmp"))  # a socket's path is short
    os.environ[FOLDER] = str(folder)
    try:
        yield folder
    finally:
        stop(folder)
        if before is None:
            del os.environ[FOLDER]
        else:
            os.environ[FOLDER] = before
        shutil.rmtree(folder)


def stop(folder: Path) -> None:
    """End all servers of a folder, and wait until they are gone."""
    for found in status(folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(found["pid"], signal.SIGTERM)
        eventually(lambda found=found: gone(found["pid"]))


def status(folder: Path) -> list[dict[str, Any]]:
    """Ask all servers of a folder."""
    found = (client.ask(path, {"do": "status"}) for path in folder.glob("*.sock"))
    return [one for one in found if one is not None]


def gone(pid: int) -> bool:
    """Whether a process has ended, waited for or not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] in "ZX"


def eventually(true: Callable[[], object], what: str = "") -> Any:
    """Return what is true in the end; it need not be so yet."""
    until = time.monotonic() + PATIENCE
    while not (found := true()):
        assert time.monotonic() < until, what or "it did not come true"
        time.sleep(0.02)
    return found


class Talk:
    """A kernel, and what can be said to it."""

    def __init__(self, manager: Any, client: Any) -> None:
        self.manager = manager
        self.client = client
        self.process = manager.provisioner.process
        self.pid: int = manager.provisioner.pid

    def run(self, code: str) -> str:
        """Run code; return what its last line is worth, or what it printed."""
        seen: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            match message["msg_type"]:
                case "execute_result":
                    seen.append(content["data"]["text/plain"])
                case "stream":
                    seen.append(content["text"])
                case "error":
                    seen.append(f"{content['ename']}: {content['evalue']}")

        self.client.execute_interactive(code, output_hook=hear, timeout=PATIENCE)
        return "".join(seen)


@contextlib.contextmanager
def kernel(*preload: str, **launch: Any) -> Iterator[Talk]:
    """Yield a forked kernel; launch arguments are those of `subprocess.Popen`."""
    manager = KernelManager(kernel_name=KERNEL, kernel_spec_manager=spec_manager(preload))
    manager.start_kernel(**launch)
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=PATIENCE)
        yield Talk(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
