"""The board: how a batch is getting on, from this process or another, as its ledger tells it."""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets as t

from workbench.errors import FileGone, ParameterError, WorkbenchError, one_line, shown
from workbench.ledger import ENDED, STATES, BatchLedger, Ledger
from workbench.production.report.summary import rows_html
from workbench.production.report.totals import Totals
from workbench.production.report.wording import in_line, lasting
from workbench.production.report.write import known_report
from workbench.widgets import board_jobs
from workbench.widgets.board_watch import (
    News,
    Watcher,
    every_now_and_then,
    ledger_path,
    what_to_know,
)
from workbench.widgets.panel import Panel, clip_state, front, style

if TYPE_CHECKING:
    import os

    from workbench.production.report.row import Row
    from workbench.progress import Report
    from workbench.widgets.clip import Clip
    from workbench.widgets.outputs import Bundle

__all__ = ["Board", "board"]

_CLIPS = 16  # that are kept for the page
_TWIN = 10.0  # seconds between two twins of a batch that is under way
_NAMED = 50  # jobs in the twin


class Board(Panel):
    """How a batch is getting on.

    It looks into the batch's ledger, whoever writes there: a batch of this notebook, of a terminal
    or of another machine with the same folder. It shows what runs, what went wrong and what was
    made, and can stop all of it or one job.

    Parameters
    ----------
    where
        The folder of the batch; or its ledger, by its path or itself; or what has a ``folder``,
        such as a batch's result.

    Raises
    ------
    ParameterError
        When `where` is nothing of the kind.
    StorageError
        When the file is no ledger.

    Attributes
    ----------
    title, folder
        Of the batch.
    counts
        How many jobs are in each state.
    part
        Of the whole that is done, 0 to 1.
    left
        Seconds that are left, None before there is anything to tell from.
    note
        What a person should know: that there is no batch yet, that nobody works on it.

    Examples
    --------
    >>> from workbench.ledger import Ledger
    >>> from workbench.storage.atomic import workspace
    >>> with workspace() as folder:
    ...     ledger = Ledger(folder / "batch.sqlite")
    ...     job = ledger.submit("notebook", {"name": "talk", "row": 2})
    ...     with Board(folder) as board:
    ...         board
    ...         job = board.cancel(job.id)
    ...         board.wait(10)
    ...         board
    ...     ledger.close()
    Board(1 queued)
    True
    Board(1 cancelled)
    """

    _esm = front("board_list.js", "board_job.js", "board.js")
    _css = style("board.css")

    title = t.Unicode().tag(sync=True)
    folder = t.Unicode().tag(sync=True)
    counts = t.Dict().tag(sync=True)
    part = t.Float(0.0).tag(sync=True)
    left = t.Float(None, allow_none=True).tag(sync=True)
    facts = t.Unicode().tag(sync=True)
    note = t.Unicode().tag(sync=True)
    again = t.Unicode().tag(sync=True)

    _from_page: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, where: str | os.PathLike[str] | Ledger | object) -> None:
        self._ledger = BatchLedger(ledger_path(where))
        self._watcher = Watcher(self._ledger.path)
        self._rows: dict[str, Row] = {}
        self._news = News()
        self._looking = threading.RLock()  # what is told of later is sent later
        self._wake = threading.Event()
        self._clips: dict[str, Clip] = {}
        self._drawn = 0.0
        self._over = False
        self._trouble = ""
        self._told = threading.Condition()
        super().__init__(
            title=in_line(self._ledger.path.absolute().parent.name),
            folder=in_line(str(self._ledger.path.parent), 1000),
            counts=dict.fromkeys(STATES, 0),
        )
        try:
            self.refresh()
        except BaseException:
            self.close()
            raise
        # The thread has no hold of the widget, which may go.
        me, watcher, wake = weakref.ref(self), self._watcher, self._wake
        threading.Thread(target=_watch, args=(me, watcher, wake), daemon=True).start()

    def __repr__(self) -> str:
        parts = [f"{number} {state}" for state, number in self.counts.items() if number]
        return f"Board({', '.join(parts) or 'no jobs'})"

    def __enter__(self) -> Board:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- from Python --------------------------------------------------------------------------

    @property
    def jobs(self) -> tuple[Row, ...]:
        """The jobs as they were when last looked at, in the order of the job file."""
        return self._news.rows

    @property
    def failures(self) -> tuple[Row, ...]:
        """Those that failed or are dead."""
        return tuple(row for row in self.jobs if row.state in {"failed", "dead"})

    @property
    def ended(self) -> bool:
        """Whether there is a batch and all its jobs have ended."""
        return bool(self.jobs) and all(row.state in ENDED for row in self.jobs)

    def refresh(self) -> None:
        """Look now.

        Raises
        ------
        StorageError
            When the ledger cannot be read.
        """
        self._look(whole=True)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all jobs have ended; return whether that is so.

        Parameters
        ----------
        timeout
            The most seconds it takes. It also ends, early, when the batch was stopped or whoever
            worked on it is gone: nothing would come. `note` says so.
        """
        end = None if timeout is None else time.monotonic() + timeout
        self._wake.set()
        with self._told:
            while not self.ended and not self._over and not self._forsaken:
                rest = None if end is None else end - time.monotonic()
                if rest is not None and rest <= 0:
                    break
                self._told.wait(1.0 if rest is None else min(1.0, rest))
        return self.ended

    def cancel(self, id: str | None = None) -> None:  # noqa: A002 - as the ledger calls it
        """Stop a job, or all that have not ended: at once what waits; what runs, its worker stops.

        Raises
        ------
        FileGone
            When there is no such job.
        """
        if id is not None:
            if id not in self._rows:
                raise FileGone("is no job of this batch", subject=shown(id))
            self._ledger.cancel(id)
            self._ledger.recover()  # whoever was killed stops nothing any more
            self.refresh()
            return
        self.refresh()
        self._do("stopping the batch", self._cancel_all)
        self.refresh()

    def close(self) -> None:
        """End looking, and the widget."""
        if "_told" not in self.__dict__:  # it was refused before it began
            super().close()
            return
        self._over = True
        self._wake.set()
        with self._told:
            self._told.notify_all()
        self._ledger.close()
        super().close()

    # -- looking ------------------------------------------------------------------------------

    @property
    def _forsaken(self) -> bool:
        """Whether somebody worked on it and does not any more."""
        return self._news.alive is False and self._news.begun

    def _look(self, *, whole: bool = False) -> News:
        with self._looking:
            news = self._watcher.look(whole=whole)
            if self._trouble and self.error == self._trouble:
                self.error = ""  # it was read after all
            self._trouble = ""
            before, self._news = self._news, news
            if news.new or whole:
                self._rows = {row.id: row for row in news.rows}
                self._tell(news, before)
        if news.new:
            with self._told:
                self._told.notify_all()
        return news

    def _lost(self, error: Exception) -> None:
        """Say that nothing could be seen; the next look may be luckier."""
        self._failed(error)
        self._trouble = self.error

    def _tell(self, news: News, before: News) -> None:
        totals = Totals.of(news.rows, alive=news.alive)
        done = sum(1.0 if row.state in ENDED else row.progress for row in news.rows)
        facts = [f"{lasting(totals.wall)} so far" if not self.ended else lasting(totals.wall)]
        if totals.media:
            facts.append(f"{lasting(totals.media)} of media")
        rests = self.ended or self._forsaken or not before.exists
        report = known_report(self._ledger.path.parent) if rests else {}
        with self.hold_sync():
            self.title = in_line(str(report.get("title") or self.title))
            self.counts = dict(totals.states)
            self.part = done / len(news.rows) if news.rows else 0.0
            self.left = totals.left
            self.facts = " · ".join(facts) if totals.began else ""
            self.again = in_line(str(report.get("command") or self.again), 20_000)
            self.note = in_line(what_to_know(news, totals, self._ledger.path), 2000)
        if self._heard and (news.changed or news.gone):
            now = time.time()
            lines = [board_jobs.line(row, now) for row in news.changed]
            self.send({"kind": "rows", "whole": False, "rows": lines, "gone": list(news.gone)})
        self._renew()
        if self.ended or time.monotonic() - self._drawn > _TWIN:
            self._drawn = time.monotonic()
            self.output.flush_soon()

    # -- from the page ------------------------------------------------------------------------

    def _handle(self, kind: str, content: dict[str, Any]) -> None:
        if kind == "rows?":
            with self._looking:
                now = time.time()
                lines = [board_jobs.line(row, now) for row in self.jobs]
                self.send({"kind": "rows", "whole": True, "rows": lines, "gone": []})
        elif kind == "job?":
            self._aside(self._send_job, self._row(content))
        elif kind == "play?":
            self._aside(self._send_file, self._row(content), content.get("file"))
        elif kind == "cancel":
            self.cancel(self._row(content).id)
        elif kind == "cancel all":
            self._work("stopping the batch", self._cancel_all, lambda _: self.refresh())
        else:
            super()._handle(kind, content)

    def _row(self, content: dict[str, Any]) -> Row:
        row = self._rows.get(str(content.get("id")))
        if row is None:
            raise ParameterError(f"there is no job {shown(content.get('id'))} here", subject="job")
        return row

    def _aside(self, task: Any, *given: object) -> None:
        """Read files in a thread: the kernel has other work."""

        def run() -> None:
            with self._telling():
                task(*given)

        threading.Thread(target=run, daemon=True).start()

    def _send_job(self, row: Row) -> None:
        self.send({"kind": "job", **board_jobs.detail(row)})

    def _send_file(self, row: Row, number: object) -> None:
        about = {"id": row.id, "file": number}
        try:
            if board_jobs.kind_of(row, number) == "picture":
                mime, data = board_jobs.picture(row, number)
                self.send({"kind": "picture", "mime": mime, **about}, buffers=[data])
                return
            clip = board_jobs.clip_of(row, number)
        except WorkbenchError as error:
            self.send({"kind": "no file", "text": str(error), **about})
            return
        self._clips[clip.uid] = clip
        for old in list(self._clips)[:-_CLIPS]:
            self._clips.pop(old, None)
        state = clip_state(clip)
        peaks = state.pop("peaks")
        self.send({"kind": "clip", "clip": state, **about}, buffers=[peaks])

    def _cancel_all(self, report: Report, cancel: threading.Event) -> None:
        rows = [row for row in self.jobs if row.state not in ENDED]
        # What waits first, the last of it first: else those who do it take what comes free.
        rows.sort(key=lambda row: (row.state == "running", -row.created, -row.row))
        for number, row in enumerate(rows):
            if cancel.is_set():
                return
            with contextlib.suppress(FileGone):
                self._ledger.cancel(row.id)
            report((number + 1) / len(rows))
        self._ledger.recover()  # whoever was killed stops nothing any more

    def _clip(self, uid: str) -> Clip:
        return self._clips.get(uid) or super()._clip(uid)

    # -- without a kernel ---------------------------------------------------------------------

    def still(self) -> Bundle:
        """Return a line about the batch."""
        return {"text/plain": one_line(f"Board of {self.title}: {self!r}")}, {}

    def twin(self) -> str:
        """Return the totals and what went wrong, as static HTML."""
        from html import escape

        inside = rows_html(self.jobs, most=_NAMED) if self.jobs else f"<p>{escape(self.note)}</p>"
        return f'<div class="wb-twin wb-{self.uid}"><p>{escape(self.title)}</p>{inside}</div>'


def board(where: str | os.PathLike[str] | Ledger | object) -> Board:
    """Return the board of a batch: live, from its ledger, whoever works on it.

    Parameters
    ----------
    where
        As `Board` takes it: the folder of a batch.
    """
    return Board(where)


def _watch(me: weakref.ref[Board], watcher: Watcher, wake: threading.Event) -> None:
    """Look until the board is closed or gone."""

    def look() -> News | None:
        panel = me()
        if panel is None or panel._over:  # noqa: SLF001 - a part of the board
            return None
        try:
            return panel._look()  # noqa: SLF001
        except Exception as error:  # noqa: BLE001 - nobody else would hear of it
            panel._lost(error)  # noqa: SLF001
            return News()

    def rests(news: News) -> bool:
        return not news.exists or all(row.state in ENDED for row in news.rows)

    try:
        every_now_and_then(look, wake, rests)
    finally:
        watcher.close()
