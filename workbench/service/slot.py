"""A place for a worker: starts one, hears it, buries it, and starts the next."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import JobError, StorageError, WorkbenchError
from workbench.ledger.offspring import MARK, end_marked
from workbench.ledger.owner import owner_of
from workbench.processors import share
from workbench.service.lines import Lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.ledger import Job, Ledger

__all__ = ["Slot", "environment"]

log = logging.getLogger(__name__)

_ROOT = Path(__file__).parents[2]
_START = 120.0  # seconds a worker gets to load what all jobs need
_AT_START = 3  # deaths at the start in a row, after which something is wrong
_KILLED = 0.3  # of such a death
_BY_KILL = "by SIGKILL"
_LAST_WORDS = 0.2  # seconds a process gets to end that has closed its connection
_PAUSES = (5.0, 10.0, 20.0, 40.0, 60.0)  # seconds between the starts that follow
_SECRETS = {"AUTH_TOKENS"}  # what opens the server is nothing to whoever works for it


def environment(workers: int) -> dict[str, str]:
    """Return the environment of one of some workers, with its share of the processors."""
    paths = [str(_ROOT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    kept = {name: value for name, value in os.environ.items() if name not in _SECRETS}
    return {**kept, **share(workers), "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}


class Slot:
    """A place for a worker.

    Parameters
    ----------
    ledger
        Where the jobs are.
    settings
        What a worker is told when it starts.
    variables
        Its environment.
    mark
        By which it and what it starts are known; see `workbench.ledger.offspring`.
    tell
        Called with the id of a job and what happened to it: ``progress`` or ``ended``.
    freed
        Called when jobs wait again whose worker ended.
    broken
        Called when no worker starts here, with the reason, and with None when one does.
    """

    def __init__(
        self,
        ledger: Ledger,
        settings: Mapping[str, Any],
        variables: Mapping[str, str],
        *,
        mark: str,
        tell: Callable[[str, str], None],
        freed: Callable[[], None],
        broken: Callable[[Slot, WorkbenchError | None], None],
    ) -> None:
        self._ledger, self._settings, self._variables = ledger, settings, variables
        self._tell, self._freed, self._broken = tell, freed, broken
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: Lines | None = None
        self._mark = mark
        self._ready = False
        self._how = ""
        self._watch = threading.Timer(_START, self._closing.is_set)  # of no worker yet
        self._reason: WorkbenchError | None = None
        self.owner = ""
        """The worker, as the ledger names it."""
        # The system ends a child with the thread that started it, so this one stays.
        self._thread = threading.Thread(target=self._stay, name="worker slot", daemon=True)

    @property
    def pid(self) -> int | None:
        """The process that is there now."""
        with self._lock:
            return None if self._process is None else self._process.pid

    @property
    def ready(self) -> bool:
        """Whether a worker is there that takes jobs."""
        return self._ready

    def start(self) -> None:
        """Start a worker, without waiting for it."""
        self._thread.start()

    def send(self, **message: Any) -> None:
        """Tell the worker something, without waiting."""
        lines = self._lines
        if lines is not None:
            lines.send(**message)

    def close(self) -> None:
        """Let the worker end when it is done with its job, and start no other."""
        self._closing.set()
        self.send(do="stop")

    def join(self, seconds: float) -> bool:
        """Wait until there is no worker; return whether that is so."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, seconds))
        return not self._thread.is_alive()

    def kill(self, owner: str = "") -> None:
        """End the worker at once with all that it started; only `owner`, if one is named."""
        with self._lock:
            if self._process is not None and owner in {"", self.owner}:
                self._end(self._process)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        # It was not waited for yet, so its number is nobody else's.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError, PermissionError):  # Popen.kill waits for it
            os.kill(process.pid, signal.SIGKILL)
        end_marked(self._mark)

    # -- the thread ---------------------------------------------------------------------------

    def _stay(self) -> None:
        deaths = 0.0
        while not self._closing.is_set():
            try:
                self._begin()
                self._hear()
            except OSError as error:
                log.error("no worker can be started: %s", error.strerror)  # noqa: TRY400
                self._reason = JobError("no worker can be started", subject="server")
            was_ready, self._ready = self._ready, False
            self._bury()
            # Whom somebody else killed may have done well.
            deaths = 0 if was_ready else deaths + (_KILLED if self._how == _BY_KILL else 1.0)
            if deaths >= _AT_START and not self._closing.is_set():
                self._broken(self, self._reason)
                self._closing.wait(_PAUSES[min(int(deaths) - _AT_START, len(_PAUSES) - 1)])

    def _begin(self) -> None:
        ours, theirs = socket.socketpair()
        command = ["-P", "-m", "workbench.service.worker", str(theirs.fileno()), str(os.getpid())]
        self._reason = JobError(
            "a worker ended while it started", subject="server", cure="look into the server's log"
        )
        with theirs:
            try:
                process = subprocess.Popen(
                    [sys.executable, *command],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,  # Ctrl-C is for the parent
                    env={**self._variables, MARK: self._mark},
                )
            except BaseException:
                ours.close()
                raise
        lines = Lines(ours)
        # Not among the arguments, which everybody may read: a store's URL may hold a secret. And
        # before others can send: a worker takes what comes first for its settings.
        lines.send(**self._settings)
        with self._lock:
            self._process, self._lines = process, lines
            self.owner = owner_of(process.pid)
        if self._closing.is_set():
            lines.send(do="stop")
        self._watch = threading.Timer(_START, self._late, (self.owner,))
        self._watch.daemon = True
        self._watch.start()

    def _late(self, owner: str) -> None:
        """End a worker that hangs while it starts."""
        if not self._ready:
            log.error("a worker was not ready after %.0f s, and is ended", _START)
            self.kill(owner)

    def _hear(self) -> None:
        lines = self._lines
        while lines is not None and (messages := lines.read()) is not None:
            for message in messages:
                match message.get("event"):
                    case "ready":
                        self._ready = True
                        self._watch.cancel()
                        self._broken(self, None)
                    case "broken":
                        self._reason = WorkbenchError.from_dict(message.get("error") or {})
                    case "progress" | "ended" as event:
                        self._tell(str(message.get("id", "")), event)

    def _bury(self) -> None:
        """See to it that nothing is left of a worker that has ended, and free its jobs."""
        with self._lock:
            process, lines = self._process, self._lines
            if process is None:
                return
            self._watch.cancel()
            self._how = _ended(process.pid)
            self._end(process)  # or it has only closed its end
            process.wait()
            self._process = self._lines = None
        if lines is not None:
            lines.close()
        freed = self._released()
        for job in freed:
            log.warning("job %s lost its worker and is %s now", job.id, job.state)
            if job.ended:
                self._tell(job.id, "ended")
        if any(not job.ended for job in freed):
            self._freed()

    def _released(self) -> list[Job]:
        until = time.monotonic() + 5.0
        while True:
            try:
                blame = not self._closing.is_set()
                return self._ledger.release(self.owner, blame=blame, how=self._how)
            except StorageError as error:
                log.warning("the jobs of a worker that ended cannot be freed: %s", error)
                if time.monotonic() > until or self._closing.wait(1.0):
                    return []  # whoever looks for jobs without a process finds them


def _ended(pid: int) -> str:
    """Return how a child has ended, without taking its number from it."""
    until = time.monotonic() + _LAST_WORDS
    if not hasattr(os, "waitid"):  # macOS, before Python 3.13: it cannot be told without waiting
        return ""
    try:
        while (found := os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)) is None:
            if time.monotonic() > until:
                return ""
            time.sleep(0.005)
    except ChildProcessError:  # the program around us waits for all its children
        return ""
    if found.si_code == os.CLD_EXITED:
        return f"with status {found.si_status}"
    with contextlib.suppress(ValueError):
        return f"by {signal.Signals(found.si_status).name}"
    return f"by signal {found.si_status}"
