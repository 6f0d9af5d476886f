"""The model host as seen by the process that starts it: begun, watched, begun again, ended."""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from workbench.engines.host.address import Address
from workbench.engines.host.line import Line
from workbench.engines.host.memory import bound
from workbench.engines.host.server import READY
from workbench.engines.registry import HOST
from workbench.errors import ModelError, ParameterError, StorageError
from workbench.storage.atomic import workspace

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["HostStatus", "ModelHost"]

log = logging.getLogger(__name__)

_ROOT = Path(__file__).parents[3]
_SCRIPT = (
    f"import sys; sys.path.append({str(_ROOT)!r}); "
    "from workbench.engines.host.server import main; main()"
)
_START = 120.0  # seconds it may take to listen
_LIVES = 60.0  # seconds after which an end is no longer taken for a failed start
_TRIES = 5  # starts one after the other that may fail
_SOCKET = 100  # bytes of a socket's path; macOS takes 103
_LAST = 300  # letters of what it said last that an error quotes


@dataclass(frozen=True, kw_only=True)
class HostStatus:
    """What a host does.

    Parameters
    ----------
    pid
        Its process; 0 when it does not run.
    models
        What is loaded, the longest unused first.
    loads
        How often something was loaded.
    calls, failures
        Questions that took a model, and answers that were errors.
    given_up
        Models that were given up because too much memory was taken.
    waiting
        Questions that nobody has begun to answer.
    rss
        Bytes of memory it is in.
    restarts
        How often it had to be started again.
    """

    pid: int = 0
    models: tuple[str, ...] = ()
    loads: int = 0
    calls: int = 0
    failures: int = 0
    given_up: int = 0
    waiting: int = 0
    rss: int = 0
    restarts: int = 0


class ModelHost:
    """A process that owns models and serves them to others; made by `start`.

    Examples
    --------
    >>> with ModelHost.start() as host:
    ...     sorted(host.variables()), host.status().models
    (['WORKBENCH_MODEL_HOST'], ())
    """

    def __init__(self, address: Address, *, memory: int, models: int) -> None:
        self._address = address
        self._setting = json.dumps({"memory": memory, "models": models})
        self._rooms = contextlib.ExitStack()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._restarts = 0
        self._errors: BinaryIO = cast("BinaryIO", tempfile.TemporaryFile("a+b"))  # noqa: SIM115
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(cls, *, memory: int | None = None, models: int = 3) -> ModelHost:
        """Start a host and wait until it listens; no model is loaded yet.

        Parameters
        ----------
        memory
            Bytes above which the model unused longest is given up; half of the machine's without.
        models
            How many models each engine keeps at once.

        Raises
        ------
        ModelError
            When it does not start, or there are no Unix sockets here.
        ParameterError
            When a number is none.
        """
        if not hasattr(socket, "AF_UNIX"):
            raise ModelError(
                "needs Unix sockets, which this system has not",
                subject="model host",
                cure="go on without it: each process loads its own models",
            )
        for name, value in (("memory", memory), ("models", models)):
            if value is not None and value < 1:
                raise ParameterError(f"must be 1 or more, not {value!r}", subject=name)
        with contextlib.ExitStack() as rooms:
            path = rooms.enter_context(workspace()) / "host"
            if len(os.fsencode(path)) > _SOCKET:
                raise StorageError(
                    "is too long a path for a socket", subject=str(path), cure="shorten TMPDIR"
                )
            address = Address(socket=str(path), token=secrets.token_urlsafe(24), owner=os.getpid())
            host = cls(address, memory=bound() if memory is None else memory, models=models)
            rooms.callback(host._errors.close)
            host._launch()
            host._rooms = rooms.pop_all()
        threading.Thread(target=host._supervise, name="model host", daemon=True).start()
        atexit.register(host.close)
        return host

    def variables(self) -> dict[str, str]:
        """Return the variables for the environment of those who are to use it."""
        return {HOST: self._address.text()}

    def status(self) -> HostStatus:
        """Return what it does; nothing but `restarts` while it does not run."""
        process = self._process
        if self._over.is_set() or process is None or process.poll() is not None:
            return HostStatus(restarts=self._restarts)
        try:
            with Line(self._address, "model host") as line:
                told: dict[str, Any] = line.ask({"method": "status"})[0]
        except ModelError:  # it ended just now
            return HostStatus(restarts=self._restarts)
        return HostStatus(**{**told, "models": tuple(told["models"]), "restarts": self._restarts})

    def close(self) -> None:
        """End it, whatever it does; harmless when called again, and in a fork of the owner."""
        if os.getpid() != self._address.owner or self._over.is_set():
            return
        with self._lock:  # not between a launch and its being known
            self._over.set()
            if self._process is not None:
                _end(self._process)
        self._rooms.close()
        atexit.unregister(self.close)

    def __enter__(self) -> ModelHost:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _launch(self) -> None:
        """Start the process and wait until it listens."""
        environment = {k: v for k, v in os.environ.items() if k != "EAGER_IMPORT"}
        process = subprocess.Popen(
            # -P: what lies in the working folder takes no part.
            [sys.executable, "-P", "-c", _SCRIPT, self._setting],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=0,
            start_new_session=True,  # Ctrl-C is for the owner
            env=environment | self.variables(),
        )
        outlet = cast("BinaryIO", process.stdout)
        with outlet:
            poll = select.poll()
            poll.register(outlet, select.POLLIN)
            said = outlet.read(len(READY)) if poll.poll(_START * 1000) else b""
        if said != READY:
            _end(process)
            raise ModelError(
                f"does not start; it last said: {self._said()}",
                subject="model host",
                cure="go on without it: each process loads its own models",
            )
        self._process = process

    def _supervise(self) -> None:
        """Start it again when it ends by itself."""
        failures, began = 0, time.monotonic()
        while (process := self._process) is not None:
            process.wait()
            failures = 0 if time.monotonic() - began > _LIVES else failures + 1
            if self._over.wait(min(0.1 * 2**failures, 5.0)):
                return
            log.warning("the model host ended (%s): it is started again", _how(process))
            with self._lock:
                if self._over.is_set():
                    return
                _end(process)
                self._restarts += 1
                began = time.monotonic()
                try:
                    self._launch()
                    continue
                except (ModelError, OSError) as error:
                    log.warning("the model host: %s", error)
                if failures >= _TRIES:
                    # Without a socket nobody waits for it any longer.
                    Path(self._address.socket).unlink(missing_ok=True)
                    return

    def _said(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1][-_LAST:] if lines else "nothing"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _how(process: subprocess.Popen[bytes]) -> str:
    status = process.returncode
    return signal.Signals(-status).name if status < 0 else f"status {status}"
