"""Look into the ledger of a batch again and again, and tell only what has changed."""

from __future__ import annotations

import contextlib
import os
import shlex
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.errors import ParameterError
from workbench.ledger import Ledger
from workbench.paths import user_path
from workbench.production.report.row import Row, row_of
from workbench.production.report.write import LEDGER, current, known_report, under_way

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from workbench.ledger import Job
    from workbench.production.report.totals import Totals

__all__ = ["News", "Watcher", "every_now_and_then", "ledger_path", "what_to_know"]

_ALL = 10_000_000  # jobs
_WHOLE = 15.0  # seconds after which everything is read, whatever seems to have changed
_ALIVE = 2.0  # seconds between two looks for the processes that do it
_YOUNG = 50_000_000  # nanoseconds; a file system's clock is that coarse
_SHORTEST, _LONGEST, _IDLE = 0.4, 2.0, 5.0  # seconds between two looks
_SLOWER = 1.5
_NEAR = 5  # other batches that are named


@dataclass(frozen=True, kw_only=True)
class News:
    """What a look found.

    Parameters
    ----------
    rows
        All jobs, in the order of the job file.
    changed
        Those that are not as they were.
    gone
        The ids of those that are no more.
    exists
        Whether there is a ledger.
    alive
        Whether anybody works on it; None where that cannot be known.
    begun
        Whether anybody ever has, as far as was seen.
    new
        Whether anything at all is other than before.
    """

    rows: tuple[Row, ...] = ()
    changed: tuple[Row, ...] = ()
    gone: tuple[str, ...] = ()
    exists: bool = False
    alive: bool | None = False
    begun: bool = False
    new: bool = False


class Watcher:
    """What is known of a ledger.

    A ledger that nobody wrote to is not opened: its files tell. What the last report leaves out was
    taken out of the job file. While jobs only advance, those
    that run are read and no others.

    Parameters
    ----------
    path
        The ledger.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ledger = Ledger(path)
        self._log = path.with_name(f"{path.name}-wal")
        self._report = path.with_name("report.json")
        self._files: tuple[tuple[int, int, int], ...] | None = None
        self._counts: dict[str, int] = {}
        self._rows: dict[str, Row] = {}
        self._read = -_WHOLE
        self._looked = -_ALIVE
        self._begun = False
        self._last = News()

    def close(self) -> None:
        """Let go of the file."""
        self._ledger.close()

    def look(self, *, whole: bool = False) -> News:
        """Return what there is to tell since the last look.

        Parameters
        ----------
        whole
            Read everything, whatever seems to have changed.

        Raises
        ------
        StorageError
            When the file is no ledger or cannot be read.
        """
        now = time.monotonic()
        files = self._state()
        exists = files is not None
        changed: dict[str, Row] = {}
        gone: set[str] = set()
        if whole or files != self._files:
            before = self._rows
            told = files is None or self._files is None or files[-1] != self._files[-1]
            rows = self._now(now, whole=whole or told) if exists else {}
            changed = {name: row for name, row in rows.items() if before.get(name) != row}
            gone = before.keys() - rows.keys()
            self._rows, self._files = rows, files
        alive = self._last.alive
        if whole or changed or gone or now - self._looked >= _ALIVE:
            self._looked = now
            alive = under_way(self._rows.values(), self.path)
            self._begun = exists and (self._begun or any(map(_begun, self._rows.values())))
        new = bool(changed or gone or exists != self._last.exists or alive != self._last.alive)
        self._last = News(
            rows=tuple(self._rows.values()),
            changed=tuple(changed.values()),
            gone=tuple(gone),
            exists=exists,
            alive=alive,
            begun=self._begun,
            new=new,
        )
        return self._last

    def _state(self) -> tuple[tuple[int, int, int], ...] | None:
        """Return what changes when somebody writes; None when there is no ledger."""
        found = []
        for path in (self.path, self._log, self._report):
            try:
                state = path.stat()
            except OSError:
                found.append((0, 0, 0))
                continue
            # What was written a moment ago may be written again at the same moment.
            young = time.time_ns() - state.st_mtime_ns < _YOUNG
            found.append(
                (state.st_ino, state.st_size, time.time_ns() if young else state.st_mtime_ns)
            )
        return None if not found[0][0] else tuple(found)

    def _now(self, now: float, *, whole: bool) -> dict[str, Row]:
        counts = self._ledger.counts()
        if not whole and counts == self._counts and now - self._read < _WHOLE:
            running = self._ledger.jobs(states=("running",), limit=_ALL)
            known = {name for name, row in self._rows.items() if row.state == "running"}
            if {job.id for job in running} == known:
                return self._rows | {job.id: row_of(job) for job in running}
        self._counts, self._read = counts, now
        jobs = current(self._ledger.jobs(limit=_ALL), known_report(self._report.parent))
        return {job.id: self._row(job) for job in jobs}

    def _row(self, job: Job) -> Row:
        """Return the row of a job; that of one which has ended is the one from before."""
        old = self._rows.get(job.id)
        same = (
            old is not None
            and job.ended
            and (old.state, old.finished)
            == (
                job.state,
                job.finished,
            )
        )
        return old if old is not None and same else row_of(job)


def every_now_and_then(
    look: Callable[[], News | None], wake: threading.Event, ended: Callable[[News], bool]
) -> None:
    """Look until there is nobody to look for, more seldom while nothing changes.

    Parameters
    ----------
    look
        Called again and again until it returns None.
    wake
        Set to look at once.
    ended
        Whether the batch rests, so that there is little to be seen.
    """
    rest = _SHORTEST
    while True:
        news = look()
        if news is None:
            return
        longest = _IDLE if ended(news) else _LONGEST
        rest = _SHORTEST if news.new else min(longest, rest * _SLOWER)
        if wake.wait(rest):
            wake.clear()
            rest = _SHORTEST


def ledger_path(where: object) -> Path:
    """Return the ledger that somebody means: by itself, its path, its folder, or what has one.

    Raises
    ------
    ParameterError
        When it is nothing of the kind.

    Examples
    --------
    >>> ledger_path("out/talks").as_posix()
    'out/talks/batch.sqlite'
    """
    if isinstance(where, Ledger):
        return where.path
    found = getattr(where, "folder", where)
    if not isinstance(found, str | os.PathLike):
        raise ParameterError(
            f"must be the folder of a batch, not {type(where).__name__}",
            subject="board",
            cure="give the folder that `workbench batch` writes to, such as out/jobs",
        )
    path = user_path(found)
    return path if path.is_file() else path / LEDGER


def what_to_know(news: News, totals: Totals, path: Path) -> str:
    """Return what a person has to know before they wait for nothing."""
    if not news.exists:
        return _nothing(path)
    left = totals.jobs - totals.ended
    stopped = totals.states["cancelled"]
    if not left and stopped:
        were = "job was" if stopped == 1 else "jobs were"
        return f"{stopped:,} {were} stopped. To make up for it, run the batch again."
    if not left or news.alive:
        return ""
    if not news.begun:
        return "Nobody has begun with it yet."
    if news.alive is None:
        return "It is done on another machine: whether somebody is at work there cannot be seen."
    lost = totals.states["running"]
    gone = ", and whoever worked on it has ended" if lost else ""
    verb = "job is" if left == 1 else "jobs are"
    return f"Stopped: {left:,} {verb} left{gone}. Run the batch again: it goes on where it was."


def _nothing(path: Path) -> str:
    """Return that no batch is where one was looked for, and where some are."""
    folder = path.absolute().parent
    told = f"There is no batch in {folder} yet: no {path.name} is there."
    with contextlib.suppress(OSError):
        near = [*{*folder.glob(f"*/{LEDGER}"), *folder.parent.glob(f"*/{LEDGER}")}]
        # The one that somebody meant is likely the last.
        near.sort(key=lambda found: found.stat().st_mtime, reverse=True)
        if near:
            names = ", ".join(str(found.parent) for found in near[:_NEAR])
            return f"{told} Batches near it: {names}. When one begins here, it is shown."
    return (
        f"{told} When one begins there, it is shown here: "
        f"workbench batch JOBS.csv --folder {shlex.quote(str(folder))}"
    )


def _begun(row: Row) -> bool:
    waited = row.state in {"queued", "cancelled"}  # anybody can cancel what nobody has begun
    return not waited or bool(row.owner or row.attempts or row.error)
