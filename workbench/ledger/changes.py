"""What happens to rows of the ledger, each within a transaction that is open."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from workbench.errors import FileGone, JobError, ParameterError, QueueFull
from workbench.ledger.job import COLUMNS, Job, job_of, plain

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection

__all__ = [
    "keyed",
    "known",
    "look_for_room",
    "one",
    "over",
    "owners",
    "possible",
    "released",
    "run",
    "within",
]


def one(connection: sqlite3.Connection, column: str, value: str) -> Job | None:
    """Return the job that has a value in its column ``id`` or ``key``."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM jobs WHERE {column} = ?",  # noqa: S608 - a name of ours
        (value,),
    ).fetchone()
    return None if row is None else job_of(row)


def keyed(connection: sqlite3.Connection, key: str, kind: str) -> Job | None:
    """Return the job that has a key, None where there is none.

    Raises
    ------
    ParameterError
        When it is that of a job of another kind.
    """
    job = one(connection, "key", key)
    if job is not None and job.kind != kind:
        raise ParameterError(
            f"is that of a job of another kind, {job.kind}",
            subject="Idempotency-Key",
            cure="use a key of its own for each piece of work",
        )
    return job


def look_for_room(connection: sqlite3.Connection, bound: int) -> None:
    """Refuse another job where as many wait as may.

    Raises
    ------
    QueueFull
        When they do.
    """
    (waiting,) = connection.execute("SELECT count(*) FROM jobs WHERE state = 'queued'").fetchone()
    if waiting >= bound:
        raise QueueFull(
            f"{waiting} jobs wait already, and no more may",
            subject="queue",
            cure="try again in a while",
        )


def known(connection: sqlite3.Connection, name: str) -> Job:
    """Return a job by its id.

    Raises
    ------
    FileGone
        When there is none.
    """
    job = one(connection, "id", name)
    if job is None:
        raise FileGone("is no job", subject=name)
    return job


def run(connection: sqlite3.Connection, name: str, owner: str, lease: float) -> None:
    """Give a job that waits to a process."""
    now = time.time()
    connection.execute(
        "UPDATE jobs SET state = 'running', owner = ?, attempts = attempts + 1, progress = 0, "
        "wanted = 0, started = max(created, ?), clock = ?, lease = ?, until = ? WHERE id = ?",
        (owner, now, time.monotonic(), lease, now + lease, name),
    )


def released(connection: sqlite3.Connection, name: str, *, blame: bool, how: str = "") -> Job:
    """Take a job from the process that had it, and return it as it is then."""
    wanted, attempts, most = connection.execute(
        "SELECT wanted, attempts, most FROM jobs WHERE id = ?", (name,)
    ).fetchone()
    end: tuple[Any, ...] = (time.time(), name)
    if wanted:
        connection.execute(
            "UPDATE jobs SET state = 'cancelled', finished = max(started, ?) WHERE id = ?", end
        )
    elif blame and attempts >= most:
        times = "" if attempts == 1 else f" {attempts} times"
        last = f"{', the last time' if times else ''} {how}" if how else ""
        error = JobError(
            f"the process that did it ended{times}{last}",
            subject=name,
            cure="look into the log of the server, and whether its memory suffices",
        )
        connection.execute(
            "UPDATE jobs SET state = 'dead', error = ?, finished = max(started, ?) WHERE id = ?",
            (plain(error.to_dict(), "error"), *end),
        )
    else:
        connection.execute(
            "UPDATE jobs SET state = 'queued', owner = '', progress = 0, started = NULL, "
            "clock = NULL, lease = NULL, until = NULL, attempts = attempts - ? WHERE id = ?",
            (0 if blame else 1, name),
        )
    return known(connection, name)


def owners(connection: sqlite3.Connection) -> list[tuple[str, str, float, float]]:
    """Return owner, id, end of the lease and its length of each job that runs."""
    return connection.execute(
        "SELECT owner, id, until, lease FROM jobs WHERE state = 'running'"
    ).fetchall()


def over(ended: bool | None, until: float, lease: float, now: float) -> bool:  # noqa: FBT001
    """Return whether a job is to be looked after.

    Parameters
    ----------
    ended
        Whether its process has ended, None where that cannot be known.
    until, lease
        When its lease ends, and how long it was given.
    now
        What time it is.

    Examples
    --------
    >>> over(None, 30.0, 30.0, 31.0), over(None, 30.0, 30.0, 29.0), over(False, 30.0, 30.0, 1e9)
    (True, False, False)
    """
    if ended is not None:
        return ended
    return now >= until or until - now > lease  # or the clock was set back


def within(states: Collection[str]) -> str:
    """Return the condition that a state is one of some."""
    return f"state IN ({', '.join('?' * len(states))})"


def possible(name: object) -> bool:
    """Return whether something from outside can be an id at all."""
    return isinstance(name, str) and name.isascii()
