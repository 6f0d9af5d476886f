"""What a ledger says of its jobs, without changing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import ParameterError
from workbench.ledger import changes
from workbench.ledger.database import Database
from workbench.ledger.job import COLUMNS, STATES, Job, job_of, key_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["Records"]

_BOUND = 64
_ATTEMPTS = 3


class Records:
    """The half of a `Ledger` that reads. The parameters are those of the whole."""

    def __init__(
        self, path: Path, *, bound: int = _BOUND, attempts: int = _ATTEMPTS, wait: float = 10.0
    ) -> None:
        if bound < 1 or attempts < 1:
            raise ParameterError("must be at least 1", subject="bound or attempts")
        self.path = path
        self.bound, self.attempts = bound, attempts
        self._database = Database(path, wait=wait)

    def close(self) -> None:
        """Close the file; it is opened again when it is needed."""
        self._database.close()

    def keyed(self, key: str, kind: str) -> Job | None:
        """Return the job that has a key, None where there is none.

        Raises
        ------
        ParameterError
            When it is no key, or that of a job of another kind.
        """
        if not key_of(key) or not self._database.exists:
            return None
        with self._database.reading() as connection:
            return changes.keyed(connection, key, kind)

    def look_for_room(self) -> None:
        """Refuse what would be refused in the end, before it is looked at closely.

        Raises
        ------
        QueueFull
            When `bound` jobs wait.
        """
        if self._database.exists:
            with self._database.reading() as connection:
                changes.look_for_room(connection, self.bound)

    def find(self, id: str) -> Job | None:  # noqa: A002
        """Return a job by its id, None when there is none."""
        if not changes.possible(id) or not self._database.exists:
            return None
        with self._database.reading() as connection:
            return changes.one(connection, "id", id)

    def jobs(self, *, states: Iterable[str] = (), limit: int = 100) -> list[Job]:
        """Return the latest jobs, the newest first.

        Raises
        ------
        ParameterError
            When there is no such state.
        """
        wanted = tuple(states)
        if not set(wanted) <= set(STATES):
            raise ParameterError(f"must be one of {', '.join(STATES)}", subject="state")
        if not self._database.exists:
            return []
        where = f"WHERE {changes.within(wanted)}" if wanted else ""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM jobs {where} ORDER BY number DESC LIMIT ?",  # noqa: S608
                (*wanted, max(0, limit)),
            ).fetchall()
        return [job_of(row) for row in rows]

    def counts(self) -> dict[str, int]:
        """Return how many jobs are in each state."""
        found = dict.fromkeys(STATES, 0)
        if self._database.exists:
            with self._database.reading() as connection:
                found |= dict(
                    connection.execute("SELECT state, count(*) FROM jobs GROUP BY state").fetchall()
                )
        return found
