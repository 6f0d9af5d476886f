"""A pool of workers for a test, and what is said of its jobs."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Self

from workbench.ledger import Job, Ledger
from workbench.service.pool import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Pooled", "alive", "operations", "pooled", "within"]


def operations(name: str = "faults.work:OPERATIONS") -> dict[str, str]:
    """The variables by which a process finds operations of the tests."""
    paths = [path for path in sys.path if path]
    return {"WORKBENCH_OPERATIONS": name, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}


def within(seconds: float, condition: Any) -> bool:
    """Whether something becomes true in so many seconds."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - asked very often
            return file.read().rpartition(b")")[2].split()[0] not in {b"Z", b"X"}
    except OSError:
        return False


class Pooled:
    """A ledger and a pool; hears what the pool tells."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.path = folder / "jobs.sqlite"
        self.ledger = Ledger(self.path, bound=1000)
        self.pool = WorkerPool(str(folder), self.path, **options)
        self.heard: list[tuple[str, str]] = []
        self._news = threading.Condition()
        self.pool.listen(self._hear)

    def __enter__(self) -> Self:
        self.pool.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.close(2.0)
        self.ledger.close()

    def _hear(self, job_id: str, event: str) -> None:
        with self._news:
            self.heard.append((job_id, event))
            self._news.notify_all()

    def submit(self, kind: str, **parameters: Any) -> Job:
        job = self.ledger.submit(kind, parameters)
        self.pool.wake()
        return job

    def ended(self, job: Job, seconds: float = 30.0) -> Job:
        """Wait until the pool says that a job has ended; return it."""
        with self._news:
            told = self._news.wait_for(lambda: (job.id, "ended") in self.heard, seconds)
        found = self.ledger.find(job.id)
        assert told, found
        assert found is not None
        assert found.ended
        return found

    def done(self, kind: str, **parameters: Any) -> Job:
        return self.ended(self.submit(kind, **parameters))

    def running(self, kind: str, **parameters: Any) -> Job:
        """Submit a job and wait until it runs."""
        job = self.submit(kind, **parameters)
        assert within(20, lambda: self.find(job).state == "running"), self.find(job)
        return self.find(job)

    def find(self, job: Job) -> Job:
        found = self.ledger.find(job.id)
        assert found is not None
        return found

    def cancel(self, job: Job) -> None:
        """As the server does it."""
        self.ledger.cancel(job.id)
        self.pool.cancel(job.id)


@contextlib.contextmanager
def pooled(folder: Path, **options: Any) -> Iterator[Pooled]:
    """A pool whose workers have all ended afterwards, and what they started as well."""
    before = os.environ.copy()
    os.environ.update(operations())
    try:
        with Pooled(folder, **options) as pool:
            yield pool
    finally:
        os.environ.clear()
        os.environ.update(before)
    assert pool.pool.pids == []
