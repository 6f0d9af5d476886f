"""The processes that do the jobs of a ledger.

Work never runs in the process that answers requests: in the old server 45 jobs on its request
threads kept ``/health`` waiting for 17 s. A worker that crashes, hangs or grows takes one job with
it, at most, and is replaced.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import JobError, ParameterError, StorageError
from workbench.ledger import Ledger, owner_name
from workbench.ledger.offspring import MARK
from workbench.service.slot import Slot, environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.errors import WorkbenchError

__all__ = ["WorkerPool"]

log = logging.getLogger(__name__)

_WARDEN = Path(__file__).with_name("warden.py")
_LATE = 1.2  # seconds a job that is to end gets before its process is killed
_JOBS = 200  # after which a worker is replaced: what libraries leak does not add up
_LIMIT = Path("/sys/fs/cgroup/memory.max")  # of the container
_SHARE = 0.8  # of the machine's memory, for all workers together


class WorkerPool:
    """Some worker processes.

    Parameters
    ----------
    store_where
        The store, as `open_store` takes it.
    ledger_path
        The file of the ledger.
    workers
        How many processes.
    private
        Whether URLs may lead to private addresses.
    quota
        Bytes the store may hold.
    files
        The ledger in which files are noted that jobs make besides their output, where that is not
        the jobs' own.
    jobs
        After how many a worker is replaced.
    memory
        Bytes above which a worker is replaced after its job; None for a share of the machine's.
    """

    def __init__(
        self,
        store_where: str,
        ledger_path: Path,
        *,
        workers: int = 2,
        private: bool = False,
        quota: int | None = None,
        files: Path | None = None,
        jobs: int = _JOBS,
        memory: int | None = None,
    ) -> None:
        if workers < 1 or jobs < 1:
            raise ParameterError("must be at least 1", subject="workers or jobs")
        self._ledger = Ledger(ledger_path)
        self._settings = {
            "store": store_where,
            "ledger": str(ledger_path),
            "private": private,
            "quota": quota,
            "files": None if files is None else str(files),
            "memory": memory or _memory(workers),
        }
        self._workers, self._jobs = workers, jobs
        self._lock = threading.Lock()
        self._slots: list[Slot] = []
        self._listeners: list[Callable[[str, str], None]] = []
        self._reasons: dict[Slot, WorkbenchError] = {}
        self._closed = False
        self._mark = secrets.token_hex(8)
        self._warden: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the workers, without waiting for them. Jobs wait meanwhile."""
        with self._lock:
            if self._closed or self._slots:
                return
            self._guard()
            variables = environment(self._workers)
            self._slots = [
                Slot(
                    self._ledger,
                    # Not all are replaced at once: it takes a second, in which the others work.
                    self._settings | {"jobs": self._jobs + number * (self._jobs // 4)},
                    variables,
                    mark=f"{self._mark}-{number}",
                    tell=self._tell,
                    freed=self.wake,
                    broken=self._broken,
                )
                for number in range(self._workers)
            ]
        for slot in self._slots:
            slot.start()

    def _guard(self) -> None:
        """Start who ends the workers should this process be gone and they stuck."""
        arguments = [str(os.getpid()), f"{MARK}={self._mark}-"]
        try:
            self._warden = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_WARDEN), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            log.warning("there is no warden for the workers: %s", error.strerror)

    @property
    def pids(self) -> list[int]:
        """The processes of the workers."""
        return [pid for slot in self._slots if (pid := slot.pid) is not None]

    @property
    def ready(self) -> int:
        """How many workers take jobs."""
        return sum(slot.ready for slot in self._slots)

    @property
    def problem(self) -> WorkbenchError | None:
        """Why no worker starts, None while there is one or may soon be one."""
        with self._lock:
            if self._slots and len(self._reasons) == len(self._slots):
                return next(iter(self._reasons.values()))
            return None

    def listen(self, callback: Callable[[str, str], None]) -> None:
        """Call a function with the id of a job and ``progress`` or ``ended``, from any thread."""
        with self._lock:
            self._listeners = [*self._listeners, callback]

    def wake(self) -> None:
        """Say that a job waits; returns at once."""
        if self.problem is not None:
            threading.Thread(target=self._refuse, name="refusing jobs", daemon=True).start()
            return
        for slot in self._slots:
            slot.send(do="wake")

    def cancel(self, job_id: str) -> bool:
        """Stop a job that runs here; return whether it does.

        It is interrupted, and its process is killed when it does not end.
        """
        job = self._ledger.find(job_id)
        for slot in self._slots:
            if job is not None and job.state == "running" and job.owner == slot.owner:
                slot.send(do="cancel", id=job_id)
                timer = threading.Timer(_LATE, self._kill, (slot, job.owner, job_id))
                timer.daemon = True
                timer.start()
                return True
        return False

    def close(self, grace: float = 3.0) -> None:
        """End the workers within `grace` seconds.

        Jobs get half of that to end; then they are broken off, and wait for the next server.
        """
        with self._lock:
            self._closed = True
            slots = list(self._slots)
        until = time.monotonic() + grace
        for slot in slots:
            slot.close()
        _joined(slots, until - grace / 2)
        for slot in slots:
            slot.send(do="now")
        _joined(slots, until - grace / 8)
        for slot in slots:
            slot.kill()
        _joined(slots, time.monotonic() + 5.0)
        warden, self._warden = self._warden, None
        if warden is not None:
            warden.kill()
            warden.communicate()
        self._ledger.close()

    # -- what the slots tell ------------------------------------------------------------------

    def _tell(self, job_id: str, event: str) -> None:
        for listener in self._listeners:
            try:
                listener(job_id, event)
            except Exception:
                log.exception("a listener of the worker pool failed")

    def _kill(self, slot: Slot, owner: str, job_id: str) -> None:
        try:
            job = self._ledger.find(job_id)
        except StorageError as error:
            log.warning("it cannot be seen whether a job has ended: %s", error)
            return
        if job is not None and job.state == "running" and job.owner == owner:
            log.warning("job %s did not end by itself, and is ended", job_id)
            slot.kill(owner)

    def _broken(self, slot: Slot, reason: WorkbenchError | None) -> None:
        with self._lock:
            before = self._reasons.pop(slot, None)
            if reason is not None:
                self._reasons[slot] = reason
        if reason is not None and before is None:
            log.error("no worker starts: %s", reason)
        if self.problem is not None:
            self._refuse()

    def _refuse(self) -> None:
        """Fail all jobs that wait: nobody would ever do them."""
        owner = owner_name()
        while (problem := self.problem) is not None and not self._closed:
            try:
                job = self._ledger.claim(owner)
                if job is None:
                    return
                error = JobError(
                    f"no worker starts ({problem.problem})", subject=job.kind, cure=problem.cure
                )
                self._ledger.fail(job.id, owner, error)
            except StorageError as error:
                log.warning("jobs that nobody can do cannot be ended: %s", error)
                return
            self._tell(job.id, "ended")


def _joined(slots: list[Slot], until: float) -> None:
    for slot in slots:
        slot.join(until - time.monotonic())


def _memory(workers: int) -> int:
    """Return how much a worker may hold between two jobs."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        return 1 << 62
    with contextlib.suppress(OSError, ValueError):  # "max", or no such thing
        total = min(total, int(_LIMIT.read_text(encoding="ascii")))
    return int(total * _SHARE / workers)
