"""The ledger of a batch: jobs known by their content, tried again, made again when they changed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.ledger import changes
from workbench.ledger.job import COLUMNS, ENDED, Job, job_of, plain
from workbench.ledger.ledger import Ledger
from workbench.ledger.offspring import end_marked
from workbench.ledger.owner import gone, owner_name, process_of, stopped

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from workbench.errors import WorkbenchError

__all__ = ["RUNNER", "BatchLedger", "Entry"]

RUNNER = "WORKBENCH_RUNNER"
"""The variable in the environment of all that a runner of a batch starts: its process's name."""

_LEASE = 60.0  # seconds; asked where the runner's process cannot be looked for
_SILENT = 3 * _LEASE  # seconds without a sign of a runner whose process lives
_TOGETHER = 500  # ids in one question: SQLite's limit on marks is 999 in old versions


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A job to be enrolled.

    Parameters
    ----------
    id
        By content, so that the same work is the same job.
    kind
        The operation.
    parameters
        Plain JSON values.
    """

    id: str
    kind: str
    parameters: Mapping[str, Any]


class BatchLedger(Ledger):
    """A `Ledger` whose jobs are named by what they are, for any number of runners.

    A job that waits may have to wait until a moment: it is kept where a running job has the end of
    its lease.

    Examples
    --------
    >>> from workbench.ledger import owner_name
    >>> from workbench.storage.atomic import workspace
    >>> with workspace() as folder:
    ...     ledger = BatchLedger(folder / "batch.sqlite")
    ...     _ = ledger.enrol([Entry(id="job_1", kind="notebook", parameters={})])
    ...     job = ledger.take(owner_name(), {"job_1"})
    ...     ledger.finish(job.id, owner_name(), {})
    ...     again = ledger.enrol([Entry(id="job_1", kind="notebook", parameters={})])
    ...     again["job_1"].state
    ...     ledger.close()
    True
    'done'
    """

    def __init__(self, path: Path, *, attempts: int = 3, wait: float = 10.0) -> None:
        super().__init__(path, attempts=attempts, wait=wait)
        self._database.name = str(path)  # whoever runs a batch wants to know which
        self._signs: dict[str, tuple[float, float]] = {}

    def enrol(self, entries: Sequence[Entry], *, again: Collection[str] = ()) -> dict[str, Job]:
        """Take on jobs that are not known yet, all or none; return them as they are now.

        Parameters
        ----------
        entries
            The jobs, in their order.
        again
            Ids of jobs that are to wait once more if they have ended.
        """
        now = time.time()
        wanted = {entry.id for entry in entries}
        rows = [
            (entry.id, entry.kind, plain(dict(entry.parameters), "parameters"), now, self.attempts)
            for entry in entries
        ]
        with self._database.writing() as connection:
            connection.executemany(
                f"DELETE FROM jobs WHERE id = ? AND {changes.within(ENDED)}",  # noqa: S608 - marks
                [(name, *ENDED) for name in set(again) & wanted],
            )
            connection.executemany(
                "INSERT OR IGNORE INTO jobs (id, kind, parameters, output, state, key, created, "
                "most) VALUES (?, ?, ?, '', 'queued', '', ?, ?)",
                rows,
            )
            # Limits and the like may be others than when a job began to wait.
            connection.executemany(
                "UPDATE jobs SET parameters = ?, most = ? WHERE id = ? AND state = 'queued'",
                [(row[2], self.attempts, row[0]) for row in rows],
            )
        return self.of([entry.id for entry in entries])

    def of(self, ids: Sequence[str]) -> dict[str, Job]:
        """Return the jobs of some ids, in their order; those that are not known are left out."""
        found: dict[str, Job] = {}
        if not self._database.exists:
            return found
        with self._database.reading() as connection:
            for start in range(0, len(ids), _TOGETHER):
                some = ids[start : start + _TOGETHER]
                rows = connection.execute(
                    f"SELECT {COLUMNS} FROM jobs WHERE id IN ({', '.join('?' * len(some))})",  # noqa: S608
                    list(some),
                ).fetchall()
                found |= {job.id: job for job in map(job_of, rows)}
        return {name: found[name] for name in ids if name in found}

    def take(self, owner: str, among: Collection[str], ready: Collection[str] = ()) -> Job | None:
        """Give the first job of some that waits, and may be taken up by now, to `owner`.

        Parameters
        ----------
        owner
            Who takes it.
        among
            The jobs.
        ready
            Those of them that need not wait any longer, whatever the clock on the wall says.
        """
        # Of a clock that was set back, a pause longer than it was asked for is what is left.
        question = (
            "SELECT id, until IS NULL OR until <= :now OR until - :now > lease FROM jobs "
            "WHERE state = 'queued' ORDER BY number"
        )
        if not self._database.exists:
            return None

        def first() -> str | None:
            rows = connection.execute(question, {"now": time.time()})
            return next(
                (name for name, due in rows if name in among and (due or name in ready)), None
            )

        with self._database.reading() as connection:
            if first() is None:
                return None
        with self._database.writing() as connection:
            name = first()
            if name is None:
                return None
            changes.run(connection, name, owner, _LEASE)
            return changes.known(connection, name)

    def retry(self, id: str, owner: str, error: WorkbenchError, *, delay: float) -> Job | None:  # noqa: A002
        """Let a job that failed wait for another attempt, or be dead when it has had them all.

        Parameters
        ----------
        id
            The job.
        owner
            Who had it; nothing is changed and None returned when it is no longer its.
        error
            What went wrong; kept until it goes well.
        delay
            Seconds before it may be taken up.
        """
        told = plain(error.to_dict(), "error")
        with self._database.writing() as connection:
            row = connection.execute(
                "SELECT attempts, most, wanted FROM jobs "
                "WHERE id = ? AND state = 'running' AND owner = ?",
                (id, owner),
            ).fetchone()
            if row is None:
                return None
            attempts, most, wanted = row
            if attempts >= most or wanted:
                state = "cancelled" if wanted else "dead"
                connection.execute(
                    "UPDATE jobs SET state = ?, error = ?, finished = max(started, ?) WHERE id = ?",
                    (state, told, time.time(), id),
                )
            else:
                connection.execute(
                    "UPDATE jobs SET state = 'queued', error = ?, owner = '', progress = 0, "
                    "started = NULL, clock = NULL, lease = ?, until = ? WHERE id = ?",
                    (told, delay, time.time() + delay, id),
                )
            return changes.known(connection, id)

    def recover(self, *, blame: bool = False) -> list[Job]:
        """Take up the jobs of runners that have ended, after ending what these had started.

        A runner that was killed is not the fault of its jobs: their attempts do not count. One
        whose process lives has ended when it gives no sign for three leases, by a clock that
        nobody sets: it could not write down that it stopped.
        """
        if not self._database.exists:
            return []
        with self._database.reading() as connection:
            signs: dict[str, float] = {}
            for owner, _, until, _ in changes.owners(connection):
                signs[owner] = max(until, signs.get(owner, until))
        freed: list[Job] = []
        for owner, sign in signs.items():
            if gone(process_of(owner)):
                end_marked(process_of(owner), variable=RUNNER)
            elif not gone(owner) and not self._silent(owner, sign):
                continue
            freed += self.release(owner, blame=blame)
        return freed + super().recover(blame=blame)

    def _silent(self, owner: str, sign: float) -> bool:
        """Whether a part of another process of this machine has long ceased to renew its lease."""
        if owner == process_of(owner) or gone(owner) is None:
            return False
        last, since = self._signs.get(owner, (None, 0.0))
        if last != sign or stopped(owner):  # whose kernels work on
            self._signs[owner] = (sign, time.monotonic())
            return False
        return time.monotonic() - since > _SILENT and process_of(owner) != owner_name()
