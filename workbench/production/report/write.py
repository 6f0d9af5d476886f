"""Write the report of a batch: `report.html` and `report.json`, each whole or not at all."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.disk import storage_error
from workbench.errors import StorageError
from workbench.ledger import Ledger
from workbench.ledger.owner import gone
from workbench.production.report.command import command_of
from workbench.production.report.page import page_html
from workbench.production.report.row import rows_of
from workbench.production.report.totals import Totals
from workbench.storage.atomic import write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from workbench.ledger import Job
    from workbench.production.report.row import Row

__all__ = [
    "LEDGER",
    "SCHEMA",
    "current",
    "known_report",
    "rewrite_report",
    "told_by",
    "under_way",
    "write_report",
]

SCHEMA = 1
"""The version of the fields of ``report.json``."""

LEDGER = "batch.sqlite"
"""The name of a batch's ledger in its folder."""

_ALL = 10_000_000  # jobs
_BETWEEN = 5.0  # seconds in which one who works takes the next job
_PAUSE = 65.0  # seconds; before another attempt it is a minute at most


def write_report(
    folder: Path,
    jobs: Sequence[Job],
    *,
    title: str,
    began: float | None = None,
    seconds: float | None = None,
    command: str = "",
) -> Path:
    """Write the report of some jobs and return the page's path.

    Parameters
    ----------
    folder
        Where ``report.html`` and ``report.json`` go.
    jobs
        As the ledger tells of them, in the order of their rows.
    title
        Of the batch.
    began, seconds
        When this run began and how long it took; else the jobs tell.
    command
        What runs the batch again; else that of the report that is there is kept.

    Raises
    ------
    StorageError
        When it cannot be written.

    Examples
    --------
    >>> from workbench.ledger import Job
    >>> from workbench.storage.atomic import workspace
    >>> with workspace() as folder:
    ...     job = Job(id="job_1", kind="notebook", parameters={"name": "talk"}, state="queued")
    ...     page = write_report(folder, [job], title="talks")
    ...     "talks: 1 queued" in page.read_text(encoding="utf-8")
    True
    """
    folder = folder.absolute()
    command = command or str(known_report(folder).get("command") or "")
    rows = rows_of(jobs)
    now = time.time()
    alive = under_way(rows, folder / LEDGER)
    totals = Totals.of(rows, began=began, seconds=seconds, now=now, alive=alive)
    values = {
        "schema": SCHEMA,
        "title": title,
        "written": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
        "command": command,
        "totals": totals.to_dict(),
        "jobs": [_values(row) for row in rows],
    }
    page = page_html(
        rows,
        totals,
        title=title,
        folder=folder,
        command=command,
        alive=alive,
        written=now,
    )
    path = folder / "report.html"
    try:
        # ASCII: halves of letters in the names of files stay what they are.
        write_bytes(folder / "report.json", json.dumps(values, indent=1).encode())
        write_bytes(path, page.encode("utf-8", "replace"))
    except OSError as error:
        raise storage_error(error, path) from error
    return path


def rewrite_report(folder: str | Path) -> Path:
    """Write the report of a batch again, from its ledger alone, also while it runs.

    Parameters
    ----------
    folder
        The folder of the batch.

    Raises
    ------
    StorageError
        When there is no ledger in it, or the report cannot be written.
    """
    home = Path(folder).absolute()
    if not (home / LEDGER).is_file():
        raise StorageError(f"has no {LEDGER}", subject=str(home), cure="give the folder of a batch")
    ledger = Ledger(home / LEDGER)
    try:
        jobs = ledger.jobs(limit=_ALL)
    finally:
        ledger.close()
    title = str(known_report(home).get("title") or home.name)
    return write_report(home, current(jobs, known_report(home)), title=title)


def current(latest: Iterable[Job], report: Mapping[str, Any]) -> list[Job]:
    """Return the jobs of a batch as it is now, in the order of their rows.

    Parameters
    ----------
    latest
        All that the ledger knows, the latest first. A job whose executed notebook is written by a
        later one is what the row was before somebody changed it.
    report
        The values of the last report, see `known_report`: a job that was there before it and that
        it leaves out was taken out of the job file.
    """
    told, written = told_by(report), 0.0
    with contextlib.suppress(KeyError, TypeError, ValueError):  # there is none
        written = datetime.fromisoformat(report["written"]).timestamp()
    found: dict[str, Job] = {}
    for job in latest:
        if not told or job.id in told or job.created >= written:
            found.setdefault(str(job.parameters.get("executed") or job.id), job)
    jobs = reversed(found.values())

    def place(job: Job) -> int:
        row = job.parameters.get("row")
        return row if isinstance(row, int) else 0

    return sorted(jobs, key=place)


def known_report(folder: Path) -> dict[str, Any]:
    """Return the values of the report in a folder; nothing where there is none to be read."""
    try:
        values = json.loads((folder / "report.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(values, dict) or values.get("schema") != SCHEMA:
        return {}
    jobs = values.get("jobs")
    whole = isinstance(jobs, list) and all(isinstance(job, dict) for job in jobs)
    return values if whole else {}


def told_by(report: Mapping[str, Any]) -> set[str]:
    """Return the ids of the jobs that a report tells of."""
    return {str(job.get("id")) for job in report.get("jobs", ())}


def under_way(rows: Iterable[Row], ledger: Path | None = None) -> bool | None:
    """Return whether anybody works on it; None where that cannot be known from here.

    A process that did some of the jobs may live on without doing more, such as a notebook whose
    batch was interrupted: while jobs wait and none runs, it counts only for a moment.

    Parameters
    ----------
    rows
        The jobs.
    ledger
        Where they are written down: the last change in it tells how long nobody did anything.
    """
    rows = list(rows)
    running = {row.owner for row in rows if row.state == "running" and row.owner}
    ended = [gone(owner) for owner in running or {row.owner for row in rows if row.owner}]
    waiting = [row for row in rows if row.state == "queued"]
    if not running and waiting:
        tried = any(row.error for row in waiting)  # it is tried again, after a pause
        if ledger is not None and _rested(ledger) > (_PAUSE if tried else _BETWEEN):
            ended = [one for one in ended if one is None]
        elif tried and not ended:
            return True
    if any(one is False for one in ended):
        return True
    return None if any(one is None for one in ended) else False


def _rested(ledger: Path) -> float:
    """Return for how many seconds nobody has written into a ledger."""
    times = [0.0]
    for path in (ledger, ledger.with_name(f"{ledger.name}-wal")):
        with contextlib.suppress(OSError):
            times.append(path.stat().st_mtime)
    return time.time() - max(times)


def _values(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "row": row.row,
        "state": row.state,
        "attempts": row.attempts,
        "progress": row.progress,
        "seconds": row.seconds,
        "cpu_seconds": row.cpu,
        "media_seconds": row.media,
        "notebook": row.notebook,
        "differs": dict(row.differs),
        "output": row.output,
        "outdated": row.outdated,
        "executed": row.executed,
        "files": [asdict(made) for made in row.files],
        "warnings": list(row.warnings),
        "error": _error(row),
        "again": command_of(row),
    }


def _error(row: Row) -> dict[str, Any] | None:
    """Return what went wrong; the number of a cell as one, also where a text was written."""
    cell = {} if row.cell is None else {"cell": row.cell}
    return {**row.error, **cell} if row.error else None
