"""A batch in a few lines of HTML, for the end of a notebook's cell."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from workbench.production.report.row import ORDER, rows_of, state_of
from workbench.production.report.totals import Totals
from workbench.production.report.wording import counted, in_line, lasting, said, sized

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from workbench.ledger import Job
    from workbench.production.report.row import Row

__all__ = ["by_need", "facts", "next_steps", "rows_html", "summary_html", "tally"]

_SHOWN = 10  # jobs that are named
_COMMAND = 20_000  # letters
_LEFT = ' style="text-align:left"'
_COLUMNS = ("row", "job", "state", "what went wrong")


def tally(totals: Totals) -> str:
    """Return how many jobs there are of which state, the good news first.

    Examples
    --------
    >>> from workbench.production.report.row import Row
    >>> tally(Totals.of([Row(id="1", name="", state=s) for s in ("dead", "done")]))
    '1 done, 1 dead'
    """
    order = ("done", "running", "queued", "failed", "dead", "cancelled")
    parts = [f"{totals.states[state]:,} {state}" for state in order if totals.states.get(state)]
    return ", ".join(parts) or "no jobs"


def facts(totals: Totals) -> list[tuple[str, str]]:
    """Return what a batch came to: a number, and what it is of."""
    told = [(lasting(totals.wall), "from begin to end")]
    if totals.left:
        told[0] = (lasting(totals.wall), "so far")
        told.append((f"about {lasting(totals.left)}", "left"))
    if totals.cpu is not None:
        told.append((lasting(totals.cpu), "of processors"))
    if totals.media:
        told.append((lasting(totals.media), "of media made"))
    if totals.rtf is not None:
        told.append((f"{totals.rtf:.2f}", "seconds of work for a second of media"))
    if totals.bytes:
        told.append((sized(totals.bytes), "of files"))
    return told


def next_steps(totals: Totals, *, command: str = "", alive: bool | None = None) -> list[str]:
    """Return what there is to do, a sentence each, as HTML.

    Parameters
    ----------
    totals
        Of the batch.
    command
        The command that runs it, where that is known.
    alive
        Whether anybody works on it; None where that cannot be known.
    """
    again = _typed(command)
    broken = totals.states["failed"] + totals.states["dead"]
    steps = []
    if totals.states["running"] or totals.states["queued"]:
        if alive:
            steps.append("It is under way: this page tells how it was when it was written.")
        else:
            steps.append(f"To go on, run the batch again; what is done is not made again{again}")
    if broken:
        which = "That one" if broken == 1 else f"These {broken:,}"
        only = f" {which} alone{_typed(f'{command} --only-failed')}" if command else ""
        steps.append(f"Mend what went wrong below, then run the batch again{again}{only}")
    if totals.states["cancelled"]:
        stopped = counted(totals.states["cancelled"], "job")
        was = "was" if totals.states["cancelled"] == 1 else "were"
        steps.append(f"{stopped} {was} stopped: to make up for it, run the batch again{again}")
    if totals.warned:
        something = counted(totals.warned, "job")
        steps.append(f"{something} did something differently from what was asked: see below.")
    if not steps and totals.jobs:
        steps.append("Everything is there; nothing is to be done.")
    return steps


def _typed(command: str) -> str:
    """Return a command as the end of a sentence: on a line of its own, to be copied whole."""
    return f": <code>{escape(in_line(command, _COMMAND))}</code>" if command else "."


def summary_html(jobs: Iterable[Job], *, most: int = _SHOWN, report: str = "") -> str:
    """Return a small table of a batch: its totals, and the jobs that went wrong.

    Parameters
    ----------
    jobs
        As the ledger tells of them.
    most
        How many jobs are named.
    report
        The address of the page that tells more, as the notebook sees it.

    Examples
    --------
    >>> from workbench.ledger import Job
    >>> page = summary_html([Job(id="job_1", kind="notebook", state="failed",
    ...     parameters={"name": "<talk>", "row": 2}, error={"problem": "is empty"})])
    >>> "1 failed" in page, "&lt;talk&gt;" in page, "is empty" in page
    (True, True, True)
    """
    more = f'<p><a href="{escape(report)}">The whole report</a></p>' if report else ""
    return rows_html(rows_of(jobs), most=most) + more


def rows_html(rows: Sequence[Row], *, most: int = _SHOWN) -> str:
    """Return the same of rows."""
    totals = Totals.of(rows)
    parts = " · ".join(f"{value} {what}" for value, what in facts(totals))
    wrong = by_need(row for row in rows if row.state in {"dead", "failed", "cancelled"})
    head = f"<p><b>{escape(tally(totals))}</b> <small>{escape(parts)}</small></p>"
    if not wrong:
        return head
    body = "".join(
        f"<tr><td{_LEFT}>{row.row or ''}</td><td{_LEFT}>{said(row.name, 80)}</td>"
        f"<td{_LEFT}>{escape(row.state)}</td><td{_LEFT}>{said(row.problem)}</td></tr>"
        for row in wrong[:most]
    )
    more = f"<p>and {len(wrong) - most} more</p>" if len(wrong) > most else ""
    names = "".join(f"<th{_LEFT}>{name}</th>" for name in _COLUMNS)
    return f"{head}<table><tr>{names}</tr>{body}</table>{more}"


def by_need(rows: Iterable[Row]) -> Sequence[Row]:
    """Return rows with those first that a reader is to see first."""
    place = {state: number for number, state in enumerate(ORDER)}
    return sorted(rows, key=lambda row: place.get(state_of(row), 0))
