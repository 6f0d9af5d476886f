"""The ledger of jobs.

Status never looks at a file. In the server this replaces, it was guessed from a ``.tmp`` marker
beside the output: 147 of 164 polls said *ready* while the file was being written, and jobs that
failed stayed *processing* for ever.
"""

from __future__ import annotations

import math
import time
import uuid
from typing import TYPE_CHECKING, Any

from workbench.errors import FileGone, StorageError
from workbench.ledger import changes
from workbench.ledger.job import ENDED, Job, key_of, plain
from workbench.ledger.owner import gone
from workbench.ledger.records import Records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.errors import WorkbenchError

__all__ = ["Ledger"]

_LEASE = 30.0  # seconds a worker has a job before it must say that it is still there
_IN_PROCESS = 3600.0  # seconds; asked only where the process cannot be looked for


class Ledger(Records):
    """Jobs in a file, for any number of processes and threads.

    Every change is one transaction. A job ends once: who lost it cannot finish it.

    Parameters
    ----------
    path
        The file; it and its folder are made with the first job.
    bound
        Jobs that may wait.
    attempts
        How often a job is taken up when the process that does it ends.
    wait
        Seconds for which another writer is waited for.

    Raises
    ------
    StorageError
        From every method: when the file is no ledger, cannot be written, or is held by another
        program; `StorageFull` when there is no space.

    Examples
    --------
    >>> from workbench.ledger import owner_name
    >>> from workbench.storage.atomic import workspace
    >>> with workspace() as folder:
    ...     ledger = Ledger(folder / "jobs.sqlite")
    ...     job = ledger.submit("fonts", {})
    ...     ledger.finish(ledger.claim(owner_name()).id, owner_name(), {"fonts": []})
    ...     ledger.find(job.id).state
    ...     ledger.close()
    True
    'done'
    """

    # -- taking on ----------------------------------------------------------------------------

    def submit(
        self, kind: str, parameters: Mapping[str, Any], *, output: str = "", key: str = ""
    ) -> Job:
        """Take on a job that waits for a worker.

        Parameters
        ----------
        kind
            The operation.
        parameters
            Plain JSON values.
        output
            The id of the file it makes, which becomes its own.
        key
            The job that already has this key, whatever became of it, is returned instead.

        Raises
        ------
        QueueFull
            When `bound` jobs wait.
        ParameterError
            When the values cannot be kept.
        """
        return self._taken(kind, parameters, output=output, key=key, owner="")

    def start(
        self,
        kind: str,
        parameters: Mapping[str, Any],
        owner: str,
        *,
        output: str = "",
        key: str = "",
    ) -> Job:
        """Take on a job that runs at once in the process `owner`.

        No bound is asked for, and nobody else takes it up when that process ends: it is dead then.
        """
        return self._taken(kind, parameters, output=output, key=key, owner=owner)

    def _taken(
        self, kind: str, parameters: Mapping[str, Any], *, output: str, key: str, owner: str
    ) -> Job:
        values, key = plain(dict(parameters), "parameters"), key_of(key)
        name = output or f"job_{uuid.uuid4()}"
        now = time.time()
        with self._database.writing() as connection:
            if key and (found := changes.keyed(connection, key, kind)) is not None:
                return found
            if not owner:
                changes.look_for_room(connection, self.bound)
            if changes.one(connection, "id", name) is not None:
                raise StorageError("is another job's", subject=name, cure="take another id")
            connection.execute(
                "INSERT INTO jobs (id, kind, parameters, output, state, key, created, most) "
                "VALUES (?, ?, ?, ?, 'queued', ?, ?, ?)",
                (name, kind, values, output, key, now, 1 if owner else self.attempts),
            )
            if owner:
                changes.run(connection, name, owner, _IN_PROCESS)
            return changes.known(connection, name)

    def record(self, file_id: str) -> None:
        """Know of a file that is in the store: a job of kind ``upload`` that is done."""
        now = time.time()
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO jobs (id, kind, parameters, output, state, progress, key, "
                "most, created, started, finished) "
                "VALUES (?, 'upload', '{}', ?, 'done', 1, '', 1, ?, ?, ?)",
                (file_id, file_id, now, now, now),
            )

    def forget(self, file_id: str) -> bool:
        """Remove the job of a file that is no longer there; return whether there was one."""
        if not self._database.exists or not changes.possible(file_id):
            return False
        with self._database.writing() as connection:
            return connection.execute("DELETE FROM jobs WHERE id = ?", (file_id,)).rowcount > 0

    def prune(self, older: float) -> int:
        """Remove jobs that ended more than `older` seconds ago; return how many."""
        if not self._database.exists:
            return 0
        with self._database.writing() as connection:
            return connection.execute(
                f"DELETE FROM jobs WHERE {changes.within(ENDED)} AND finished < ?",  # noqa: S608 - marks
                (*ENDED, time.time() - older),
            ).rowcount

    # -- doing --------------------------------------------------------------------------------

    def claim(self, owner: str, *, lease: float = _LEASE) -> Job | None:
        """Give the job that has waited longest to `owner`; None when none waits."""
        first = "SELECT id FROM jobs WHERE state = 'queued' ORDER BY number LIMIT 1"
        if not self._database.exists:
            return None
        with self._database.reading() as connection:  # who finds nothing keeps nobody waiting
            if connection.execute(first).fetchone() is None:
                return None
        with self._database.writing() as connection:
            found = connection.execute(first).fetchone()
            if found is None:
                return None
            changes.run(connection, found[0], owner, lease)
            return changes.known(connection, found[0])

    def renew(self, owner: str, *, lease: float = _LEASE) -> int:
        """Say that `owner` still does its jobs; return how many it has."""
        with self._database.writing() as connection:
            return connection.execute(
                "UPDATE jobs SET lease = ?, until = ? WHERE state = 'running' AND owner = ?",
                (lease, time.time() + lease, owner),
            ).rowcount

    def progress(self, id: str, value: float, owner: str = "") -> bool:  # noqa: A002
        """Note the part of a running job that is done; it never goes back.

        Returns
        -------
        bool
            Whether the job still runs, and where an owner is named, whether it is still its.
        """
        part = min(1.0, max(0.0, value)) if math.isfinite(value) else 0.0
        with self._database.writing() as connection:
            return (
                connection.execute(
                    "UPDATE jobs SET progress = max(progress, ?) "
                    "WHERE id = ? AND state = 'running' AND (? = '' OR owner = ?)",
                    (part, id, owner, owner),
                ).rowcount
                > 0
            )

    def finish(self, id: str, owner: str, result: Any) -> bool:  # noqa: A002
        """End a job that is done.

        Returns
        -------
        bool
            False when it is no longer `owner`'s: then nothing was changed.

        Raises
        ------
        ParameterError
            When the result is not made of plain JSON values.
        """
        return self._end(id, owner, "done", result=plain(result, "result"))

    def fail(self, id: str, owner: str, error: WorkbenchError) -> bool:  # noqa: A002
        """End a job that failed; False when it is no longer `owner`'s."""
        return self._end(id, owner, "failed", error=plain(error.to_dict(), "error"))

    def cancelled(self, id: str, owner: str) -> bool:  # noqa: A002
        """End a job that was stopped; False when it is no longer `owner`'s."""
        return self._end(id, owner, "cancelled")

    def _end(
        self,
        id: str,  # noqa: A002
        owner: str,
        state: str,
        *,
        result: str | None = None,
        error: str | None = None,
    ) -> bool:
        with self._database.writing() as connection:
            row = connection.execute(
                "SELECT started, clock FROM jobs WHERE id = ? AND state = 'running' AND owner = ?",
                (id, owner),
            ).fetchone()
            if row is None:
                return False
            # Of the clock that is never set: the same process started it and ends it.
            finished = row[0] + max(0.0, time.monotonic() - row[1])
            connection.execute(
                "UPDATE jobs SET state = ?, finished = ?, result = ?, error = ?, "
                "progress = iif(? = 'done', 1.0, progress) WHERE id = ?",
                (state, finished, result, error, state, id),
            )
            return True

    def cancel(self, id: str) -> Job:  # noqa: A002
        """Stop a job: at once while it waits; while it runs, its worker is to do it.

        Raises
        ------
        FileGone
            When there is no such job.
        """
        if self.find(id) is None:
            raise FileGone("is no job", subject=str(id))
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE jobs SET state = 'cancelled', finished = max(created, ?) "
                "WHERE id = ? AND state = 'queued'",
                (time.time(), id),
            )
            connection.execute(
                "UPDATE jobs SET wanted = 1 WHERE id = ? AND state = 'running'", (id,)
            )
            return changes.known(connection, id)

    # -- when a process ended -----------------------------------------------------------------

    def release(self, owner: str, *, blame: bool = True, how: str = "") -> list[Job]:
        """Take its jobs from a process that has ended; return them as they are now.

        They wait again; or are `cancelled`, when that was wanted; or `dead`, when they have been
        taken up as often as may be.

        Parameters
        ----------
        owner
            The process.
        blame
            False when the process was ended on purpose: then the attempt does not count.
        how
            It ended, where that is known: ``by SIGSEGV``.
        """
        if not self._database.exists:
            return []
        with self._database.writing() as connection:
            rows = connection.execute(
                "SELECT id FROM jobs WHERE state = 'running' AND owner = ?", (owner,)
            ).fetchall()
            return [changes.released(connection, name, blame=blame, how=how) for (name,) in rows]

    def recover(self, *, blame: bool = True) -> list[Job]:
        """Take up the jobs whose process has ended, or does not answer from another machine.

        A process of this machine is looked for; only where that cannot be done, a lease that is
        over tells. So setting the clock takes no job from a process that works on it.

        Parameters
        ----------
        blame
            False when the attempt is not to count.
        """
        if not self._database.exists:
            return []
        with self._database.reading() as connection:
            running = changes.owners(connection)
        known = {owner: gone(owner) for owner, _, _, _ in running}
        now = time.time()
        if not any(
            changes.over(known[owner], until, lease, now) for owner, _, until, lease in running
        ):
            return []
        freed = []
        with self._database.writing() as connection:
            for owner, name, until, lease in changes.owners(connection):
                if owner in known and changes.over(known[owner], until, lease, now):
                    if known[owner] is None and until - now > lease:
                        # The clock was set back: the lease counts from now on.
                        connection.execute(
                            "UPDATE jobs SET until = ? WHERE id = ?", (now + lease, name)
                        )
                    else:
                        freed.append(changes.released(connection, name, blame=blame))
        return freed
