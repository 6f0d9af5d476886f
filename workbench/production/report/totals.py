"""What a batch is as a whole: how many of what, how long, and how long still."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.ledger import ENDED, STATES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.production.report.row import Row

__all__ = ["Totals", "seconds_left"]

_PAUSE = 300.0  # seconds in which nobody did anything: what comes after is another run


@dataclass(frozen=True, kw_only=True)
class Totals:
    """The sums of a batch.

    Parameters
    ----------
    states
        How many jobs are in each state.
    warned
        How many of those that are done have warnings.
    began
        When it began last, in seconds since 1970; None before that.
    wall
        Seconds from then to the last end, or until now.
    work
        Seconds of all jobs together, as if one had done them.
    cpu
        Processor seconds; None where no job told.
    media
        Seconds of sound and video in the main files.
    rtf
        Real-time factor: seconds of work for a second of media; None without media.
    bytes
        Of all files.
    left
        Seconds that are left, None where there is nothing to tell from.

    Examples
    --------
    >>> from workbench.production.report.row import Row
    >>> rows = [Row(id=str(i), name="talk", state="done", started=0.0, finished=6.0, seconds=6.0,
    ...             media=12.0) for i in range(2)]
    >>> totals = Totals.of(rows)
    >>> totals.states["done"], totals.wall, totals.work, totals.media, totals.rtf
    (2, 6.0, 12.0, 24.0, 0.5)
    """

    states: dict[str, int]
    warned: int
    began: float | None
    wall: float
    work: float
    cpu: float | None
    media: float
    rtf: float | None
    bytes: int
    left: float | None

    @classmethod
    def of(
        cls,
        rows: Iterable[Row],
        *,
        began: float | None = None,
        seconds: float | None = None,
        now: float | None = None,
        alive: bool | None = None,
    ) -> Totals:
        """Return the totals of some rows.

        Parameters
        ----------
        rows
            The jobs.
        began, seconds
            When the run began and how long it took, where that is known better than from the jobs:
            they tell of the last time without a long pause in which some were done.
        now
            What time it is.
        alive
            False when nobody works on it any more: then time does not go on.
        """
        rows = list(rows)
        now = time.time() if now is None else now
        states = dict.fromkeys(STATES, 0)
        for row in rows:
            states[row.state] = states.get(row.state, 0) + 1
        starts = [row.started for row in rows if row.started is not None]
        ends = [
            row.finished for row in rows if row.finished is not None and row.started is not None
        ]
        first = began if began is not None else _last_begin(rows)
        goes_on = states["running"] and alive is not False
        last = now if goes_on else max([*ends, *starts], default=first)
        if seconds is None:
            seconds = 0.0 if first is None or last is None else max(0.0, last - first)
        playing = [row for row in rows if row.media and row.seconds is not None]
        media = sum(row.media or 0.0 for row in playing)
        spent = [row.cpu for row in rows if row.cpu is not None]
        return cls(
            states=states,
            warned=sum(row.state == "done" and bool(row.warnings) for row in rows),
            began=first,
            wall=seconds,
            work=sum(row.seconds or 0.0 for row in rows),
            cpu=sum(spent) if spent else None,
            media=media,
            rtf=sum(row.seconds or 0.0 for row in playing) / media if media else None,
            bytes=sum(made.bytes or 0 for row in rows for made in row.files),
            left=None if alive is False else seconds_left(rows),
        )

    @property
    def jobs(self) -> int:
        """How many there are."""
        return sum(self.states.values())

    @property
    def ended(self) -> int:
        """How many have ended, one way or another."""
        return sum(number for state, number in self.states.items() if state in ENDED)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {
            "jobs": self.jobs,
            "states": dict(self.states),
            "warned": self.warned,
            "began": self.began,
            "wall_seconds": round(self.wall, 3),
            "work_seconds": round(self.work, 3),
            "cpu_seconds": None if self.cpu is None else round(self.cpu, 3),
            "media_seconds": round(self.media, 3),
            "real_time_factor": None if self.rtf is None else round(self.rtf, 4),
            "bytes": self.bytes,
            "seconds_left": None if self.left is None else round(self.left, 1),
        }


def seconds_left(rows: Iterable[Row]) -> float | None:
    """Return how long the rest will take: as long as what ended took, so many at once as now.

    Returns
    -------
    float or None
        0 when nothing is left; None before the first end.

    Examples
    --------
    >>> from workbench.production.report.row import Row
    >>> done = Row(id="1", name="", state="done", started=0.0, finished=10.0, seconds=10.0)
    >>> half = [Row(id=n, name="", state="running", progress=0.5) for n in "23"]
    >>> waits = [Row(id=n, name="", state="queued") for n in "4567"]
    >>> seconds_left([done, *half, *waits])
    25.0
    """
    rows = list(rows)
    open_parts = [1.0 - row.progress for row in rows if row.state not in ENDED]
    if not open_parts:
        return 0.0
    # What was stopped or fell at its first line tells nothing of how long one takes.
    took = [row.seconds for row in rows if row.state == "done" and row.seconds is not None]
    if not took:
        return None
    at_once = sum(row.state == "running" for row in rows)
    if not at_once:
        ended = [row for row in rows if row.started is not None and row.finished is not None]
        span = max(row.finished or 0.0 for row in ended) - min(row.started or 0.0 for row in ended)
        at_once = round(sum(row.seconds or 0.0 for row in ended) / span) if span > 0 else 1
    return sum(open_parts) * (sum(took) / len(took)) / max(1, at_once)


def _last_begin(rows: Iterable[Row]) -> float | None:
    """Return when it began last: a batch that was done on two days has not taken two days."""
    spans = sorted(
        (row.started, math.inf if row.state == "running" else row.finished or row.started)
        for row in rows
        if row.started is not None
    )
    if not spans:
        return None
    begin, end = spans[0]
    for started, finished in spans[1:]:
        if started - end > _PAUSE:
            begin = started
        end = max(end, finished)
    return begin
