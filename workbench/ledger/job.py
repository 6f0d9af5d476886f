"""A job, and which way it may go.

::

    queued ──> running ──> done
      │  ^       │  ├────> failed
      │  └───────┘  ├────> dead         its process ended, as often as may be
      └─────────────┴────> cancelled
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import ParameterError, one_line, shown

if TYPE_CHECKING:
    import sqlite3

__all__ = [
    "COLUMNS",
    "ENDED",
    "STATES",
    "TRANSITIONS",
    "Job",
    "job_of",
    "key_of",
    "plain",
]

TRANSITIONS: dict[str, frozenset[str]] = {
    "queued": frozenset({"running", "cancelled"}),
    "running": frozenset({"queued", "done", "failed", "cancelled", "dead"}),
    "done": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
    "dead": frozenset(),
}
"""The states, and to which each may change. The database itself refuses any other change."""

STATES = tuple(TRANSITIONS)
"""All states, in the order in which a job may reach them."""

ENDED = frozenset(state for state, following in TRANSITIONS.items() if not following)
"""The states in which nothing more happens to a job."""

COLUMNS = (
    "id, kind, parameters, output, state, progress, error, result, key, attempts, created, "
    "started, finished, owner, wanted"
)
_KEY = 255  # letters


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as the ledger told of it.

    Parameters
    ----------
    id
        That of the file it makes, or ``job_`` and a UUID.
    kind
        The operation; ``upload`` for a file that somebody brought.
    parameters
        Of the operation, plain JSON values.
    output
        The id of the file it makes, empty for none.
    state
        One of `STATES`.
    progress
        The part that is done, 0 to 1.
    error
        ``WorkbenchError.to_dict()`` of what went wrong.
    result
        What the operation told, plain JSON values.
    key
        The caller's own name for it, by which a second submit is known.
    attempts
        How often a process took it up.
    created, started, finished
        Seconds since 1970. ``finished - started`` is right even when the clock was set meanwhile.
    owner
        The process that does it or did it last.
    cancelling
        Whether it runs and somebody wants it stopped.

    Examples
    --------
    >>> Job(id="job_1", kind="fonts", parameters={}, state="queued").ended
    False
    """

    id: str
    kind: str
    parameters: dict[str, Any]
    output: str = ""
    state: str
    progress: float = 0.0
    error: dict[str, str] | None = None
    result: Any = None
    key: str = ""
    attempts: int = 0
    created: float = 0.0
    started: float | None = None
    finished: float | None = None
    owner: str = ""
    cancelling: bool = False

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state in ENDED

    @property
    def seconds(self) -> float | None:
        """How long the last attempt took; None before its end, or when there was none."""
        if self.finished is None or self.started is None:
            return None
        return self.finished - self.started


def job_of(row: sqlite3.Row | tuple[Any, ...]) -> Job:
    """Return the job of a row of `COLUMNS`."""
    (id_, kind, parameters, output, state, progress, error, result, key, *rest) = row
    attempts, created, started, finished, owner, wanted = rest
    return Job(
        id=id_,
        kind=kind,
        parameters=json.loads(parameters),
        output=output,
        state=state,
        progress=progress,
        error=None if error is None else json.loads(error),
        result=None if result is None else json.loads(result),
        key=key,
        attempts=attempts,
        created=created,
        started=started,
        finished=finished,
        owner=owner,
        cancelling=bool(wanted) and state == "running",
    )


def plain(value: object, subject: str) -> str:
    """Return a value as JSON.

    Raises
    ------
    ParameterError
        When it is no JSON value: an object, a number that is not finite, a circle.
    """
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ParameterError(
            f"is not made of plain values ({one_line(str(error), limit=100)})",
            subject=subject,
            cure="use numbers, texts, lists and dictionaries",
        ) from None


def key_of(key: object) -> str:
    """Return an idempotency key that can be kept.

    Raises
    ------
    ParameterError
        When it is no text, too long, or has letters that no header can carry.
    """
    if not isinstance(key, str) or len(key) > _KEY or not (key.isascii() and key.isprintable()):
        raise ParameterError(
            f"must be at most {_KEY} printable ASCII letters, not {shown(key, limit=40)}",
            subject="idempotency key",
        )
    return key
