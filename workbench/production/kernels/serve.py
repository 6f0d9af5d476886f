"""The process of a fork server: ``python -m workbench.production.kernels.serve``."""

from __future__ import annotations

import gc
import os
import socket
import sys
from pathlib import Path

from workbench.production.kernels import processes
from workbench.production.kernels.places import IDLE, Kind, sweep
from workbench.production.kernels.server import Server
from workbench.wording import one_line

__all__ = ["main"]

_IDLE = 10.0  # minutes


def main(arguments: list[str]) -> int:
    """Load, listen and serve; in a forked child, be a kernel.

    Parameters
    ----------
    arguments
        The kind, the path of the socket, and the descriptor that is told when it is there.
    """
    kind, path, told = Kind.from_json(arguments[0]), Path(arguments[1]), int(arguments[2])
    if os.fork():  # nobody waits for a server: it belongs to no client
        os._exit(0)
    os.setsid()
    report = os.fdopen(told, "w", encoding="utf-8")
    here = str(Path.cwd())
    if sys.path and sys.path[0] in {"", here}:  # `-m` put it there
        del sys.path[0]
    os.chdir("/")
    processes.adopt()
    from workbench.production.kernels import child, preload

    try:
        loaded = preload.load(kind.preload)
    except Exception as error:  # noqa: BLE001 - whatever it is, the client tells the person
        preload.told(report, error)
        return 1
    gc.collect()
    gc.freeze()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        sweep(path.parent)
        path.unlink(missing_ok=True)
        listener.bind(str(path))
        listener.listen(64)
        server = Server(listener, path, kind, idle=_idle())
        report.write('{"ready": true}')
        report.close()
        request = server.run()
    if request is None:
        return 0
    del server
    return child.become(request, loaded)


def _idle() -> float:
    try:
        return 60.0 * float(os.environ.get(IDLE) or _IDLE)
    except ValueError as error:
        sys.stderr.write(f"{IDLE}: {one_line(str(error))}\n")
        return 60.0 * _IDLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
