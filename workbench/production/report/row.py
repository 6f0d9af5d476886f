"""A job as a report shows it, whatever version of the package wrote it into the ledger."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from workbench.errors import JobError, WorkbenchError
from workbench.production.hiding import MARK, is_secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workbench.ledger import Job

__all__ = ["ORDER", "Made", "Row", "differing", "row_of", "rows_of", "state_of", "telling", "told"]

ORDER = ("dead", "failed", "cancelled", "warnings", "running", "queued", "done")
"""What a reader is to see first. Done jobs that have something to say come before the others."""

_DIGITS = 10  # of a cell's number: more than Python reads is no number
_STATE = 3  # size, time and digest of a file


@dataclass(frozen=True, kw_only=True)
class Made:
    """A file that a job made.

    Parameters
    ----------
    path
        Absolute, or an address in a store.
    bytes
        Its size, None where nobody wrote it down.
    sha256
        Its digest, empty where nobody wrote it down.
    """

    path: str
    bytes: int | None = None
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A job.

    Parameters
    ----------
    id, state, attempts, progress, owner, cancelling, created, started, finished
        As `workbench.ledger.Job` has them.
    name
        For people.
    row
        Where it stands in the job file, 0 where it is in none.
    seconds
        How long its last attempt took; None before its end.
    cpu, media
        Processor seconds, and seconds of media in the main file; None where not known.
    notebook, output, executed, folder, timeout, limit
        As its task has them.
    values
        The parameters that were given.
    differs
        Those of them that are not the same in all rows.
    files
        What it made, the main file first, without the executed notebook.
    warnings
        What was done differently from what was asked.
    error
        What went wrong last: ``code``, ``subject``, ``problem``, ``cure``, ``cell``, ``failed``.
    """

    id: str
    name: str
    row: int = 0
    state: str
    attempts: int = 0
    progress: float = 0.0
    owner: str = ""
    cancelling: bool = False
    created: float = 0.0
    started: float | None = None
    finished: float | None = None
    seconds: float | None = None
    cpu: float | None = None
    media: float | None = None
    notebook: str = ""
    output: str = ""
    executed: str = ""
    folder: str = ""
    timeout: float | None = None
    limit: float | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    differs: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[Made, ...] = ()
    warnings: tuple[str, ...] = ()
    error: Mapping[str, str] = field(default_factory=dict)

    @property
    def problem(self) -> str:
        """What went wrong and what to do about it, on one line; empty when nothing did."""
        return str(WorkbenchError.from_dict(self.error)) if self.error else ""

    @property
    def outdated(self) -> bool:
        """Whether its main file is there and is of an earlier run, while this one failed."""
        if self.state not in {"dead", "failed", "cancelled"} or not self.output:
            return False
        try:
            return Path(self.output).stat().st_mtime < (self.started or self.created)
        except (OSError, ValueError):  # it is not there, or no path
            return False

    @property
    def cell(self) -> int | None:
        """The number in the brackets beside the cell that failed, where it is known."""
        number = self.error.get("cell", "")
        known = number.isascii() and number.isdigit() and len(number) < _DIGITS
        return int(number) if known else None


def state_of(row: Row) -> str:
    """Return what a row is shown under: its state, or ``warnings``.

    Examples
    --------
    >>> state_of(Row(id="job_1", name="talk", state="done", warnings=("no font",)))
    'warnings'
    """
    return "warnings" if row.state == "done" and row.warnings else row.state


def rows_of(jobs: Iterable[Job]) -> tuple[Row, ...]:
    """Return jobs as rows, in their order.

    Examples
    --------
    >>> from workbench.ledger import Job
    >>> jobs = [Job(id=n, kind="notebook", parameters={"values": {"speed": s, "voice": "es"}},
    ...             state="queued") for n, s in (("job_1", 1.0), ("job_2", 1.1))]
    >>> [dict(row.differs) for row in rows_of(jobs)]
    [{'speed': 1.0}, {'speed': 1.1}]
    """
    jobs = list(jobs)
    differs = differing([_mapping(job.parameters.get("values")) for job in jobs])
    return tuple(row_of(job, differs) for job in jobs)


def differing(values: list[Mapping[str, Any]]) -> frozenset[str]:
    """Return the names of parameters that are not the same everywhere."""
    if not values:
        return frozenset()
    names = {name for each in values for name in each}
    first = values[0]
    return frozenset(
        name
        for name in names
        if any(name not in each or each[name] != first.get(name) for each in values)
    )


def row_of(job: Job, differs: Iterable[str] = ()) -> Row:
    """Return one job as a row.

    Parameters
    ----------
    job
        The job. What is not as expected in it is left out: a report is no place to fail.
    differs
        Names of the parameters that set rows apart.
    """
    task, result = job.parameters, _mapping(job.result)
    values = _mapping(task.get("values"))
    output = str(result.get("output") or task.get("output") or "")
    executed = str(result.get("executed") or task.get("executed") or "")
    number = task.get("row")
    wanted = frozenset(differs)
    return Row(
        id=job.id,
        name=str(task.get("name") or PurePath(output).stem or job.id),
        row=number if isinstance(number, int) else 0,
        state=job.state,
        attempts=job.attempts,
        progress=job.progress,
        owner=job.owner,
        cancelling=job.cancelling,
        created=job.created,
        started=job.started,
        finished=job.finished,
        seconds=job.seconds,
        cpu=_number(result.get("cpu")),
        media=_number(result.get("media")),
        notebook=str(task.get("notebook") or ""),
        output=output,
        executed=executed,
        folder=str(task.get("folder") or ""),
        timeout=_number(task.get("timeout")),
        limit=_number(task.get("limit")),
        values=values,
        differs={
            name: MARK if is_secret(name, value) else value
            for name, value in values.items()
            if name in wanted
        },
        files=_made(result, output, executed),
        warnings=_texts(result.get("warnings")),
        error=_error(job.error),
    )


def _made(result: Mapping[str, Any], output: str, executed: str) -> tuple[Made, ...]:
    states = _mapping(result.get("states"))
    paths = dict.fromkeys([*_texts(result.get("files")), *states])
    files = []
    for path in paths:
        state = states.get(path)
        size, digest = None, ""
        if isinstance(state, list) and len(state) >= _STATE:
            size = state[0] if isinstance(state[0], int) else None
            digest = str(state[2])
        if path != executed:
            files.append(Made(path=path, bytes=size, sha256=digest))
    return tuple(sorted(files, key=lambda made: made.path != output))


def _error(value: object) -> Mapping[str, str]:
    error = {str(name): str(text) for name, text in _mapping(value).items()}
    kept = f"see {error.get('failed')}"  # which is shown, and linked, anyway
    if error.get("cure", "").endswith(kept):
        error["cure"] = error["cure"].removesuffix(kept).removesuffix("; ")
    return error


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def telling(code: str) -> str:
    """Return the code of an error where it tells anything: that a job failed is known."""
    return "" if code == JobError.code else code


def told(value: object) -> str:
    """Return a parameter's value as text.

    Examples
    --------
    >>> told("a b"), told(1.5), told(["a", 2]), told(True)
    ('a b', '1.5', '["a", 2]', 'true')
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
