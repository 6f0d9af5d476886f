"""The page of a report: HTML that needs neither a network nor a script to be read."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.production.report.command import command_of
from workbench.production.report.failure import failed_cell
from workbench.production.report.links import url_of
from workbench.production.report.players import Captions, files_html, link
from workbench.production.report.row import ORDER, state_of, telling, told
from workbench.production.report.summary import by_need, facts, next_steps, tally
from workbench.production.report.wording import counted, lasting, said
from workbench.storage.receipt import receipt_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.production.report.row import Row
    from workbench.production.report.totals import Totals

__all__ = ["page_html"]

_HERE = Path(__file__).parent
_READ = 50  # kept notebooks that are looked into; the others are linked
_LETTERS = 400_000  # of cells and tracebacks, shared by those that are shown
_MOST, _LEAST = 8_000, 1_000  # of one of them
_COMMAND = 4_000
_VALUES = 160  # letters of the parameters in one row
_CARDS = 200  # failures with a card of their own
_NAMED = 10  # jobs beside a warning
_HEADS = ("row", "job", "state", "time", "tries", "what sets it apart", "files")


def page_html(
    rows: Sequence[Row],
    totals: Totals,
    *,
    title: str,
    folder: Path,
    command: str = "",
    alive: bool | None = None,
    written: float,
) -> str:
    """Return the whole page.

    Parameters
    ----------
    rows, totals
        The jobs, in the order of the job file, and their sums.
    title
        Of the batch.
    folder
        Where the page will lie: outputs are linked as they are seen from there.
    command
        What runs the batch.
    alive
        Whether anybody works on it; None where that cannot be known.
    written
        When, in seconds since 1970.
    """
    style, script = _asset("report.css"), _asset("report.js")
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' file: data:; "
        f"media-src 'self' file: data:; script-src 'sha256-{_hash(script)}'; base-uri 'none'; "
        "form-action 'none'"
    )
    ordered = by_need(rows)
    broken = [row for row in ordered if row.state in {"dead", "failed"}]
    moment = datetime.fromtimestamp(written, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{said(title, 200)}: {escape(tally(totals))}</title><style>{style}</style></head>",
        f"<body><header><h1>{said(title, 200)}</h1>{_head(totals)}",
        "".join(
            f'<p class="next">{step}</p>'
            for step in next_steps(totals, command=command, alive=alive)
        ),
        "</header><main>",
        _failures(broken, str(folder)),
        _warnings([row for row in rows if state_of(row) == "warnings"]),
        _table(ordered, str(folder), {row.id for row in broken[:_CARDS]}),
        f"</main><footer>Written {moment}. ",
        'The same as values: <a href="report.json">report.json</a>.</footer>',
        f"<script>{script}</script></body></html>\n",
    ]
    return "".join(parts)


def _head(totals: Totals) -> str:
    bar = "".join(
        f'<span class="{state}" style="flex:{totals.states[state]}"></span>'
        for state in ("done", "running", "dead", "failed", "cancelled", "queued")
        if totals.states.get(state)
    )
    values = "".join(
        f"<div><dt>{what}</dt><dd>{escape(value)}</dd></div>" for value, what in facts(totals)
    )
    return (
        f'<p class="tally">{escape(tally(totals))}</p>'
        f'<div class="bar" aria-hidden="true">{bar}</div><dl>{values}</dl>'
    )


def _failures(broken: Sequence[Row], folder: str) -> str:
    if not broken:
        return ""
    room = max(_LEAST, min(_MOST, _LETTERS // len(broken)))
    cards = [
        _card(row, folder, room if number < _READ else 0)
        for number, row in enumerate(broken[:_CARDS])
    ]
    rest = len(broken) - _CARDS
    more = f"<p>and {counted(rest, 'job')} more: they are in the table.</p>" if rest > 0 else ""
    return f"<section><h2>What went wrong</h2>{''.join(cards)}{more}</section>"


def _card(row: Row, folder: str, room: int) -> str:
    kept = row.error.get("failed", "")
    cell = failed_cell(kept, row.cell, most=room) if room and kept else None
    number = cell.number if cell is not None and cell.number is not None else row.cell
    tries = counted(row.attempts, "attempt")
    about = [_place(row), tries, lasting(row.seconds)]
    parts = [
        f'<article id="{_anchor(row)}"><h3>{_badge(row)} {said(row.name, 200)}',
        f" <small>{escape(' · '.join(filter(None, about)))}</small></h3>",
        _problem(row),
    ]
    if row.outdated:
        parts.append(f"<p>{link(row.output, folder)} is of an earlier run.</p>")
    if number is not None or cell is not None:
        where = "The cell" if number is None else f"Cell {number}"
        there = link(kept, folder, "in the kept notebook") if kept else ""
        parts.append(f'<p class="cell">{where} {there}</p>')
    elif kept:
        parts.append(f"<p>{link(kept, folder, 'The kept notebook')}</p>")
    if cell is not None:
        parts.append(f'<pre dir="auto">{_block(cell.source)}</pre>')
        if cell.traceback:
            parts.append(
                f"<details><summary>Traceback</summary><pre>{_block(cell.traceback)}</pre></details>"
            )
    command = command_of(row)
    if command:
        if len(command) > (_COMMAND if room else _LEAST):
            command = "too long for this page: `again` of this job in report.json"
        parts.append(
            "<details><summary>Run just this one again</summary>"
            f"<pre>{_block(command)}</pre></details>"
        )
    return f"{''.join(parts)}</article>"


def _problem(row: Row) -> str:
    error = row.error
    subject = error.get("subject", "")
    told_subject = f"<b>{said(subject, 200)}</b>: " if subject else ""
    advice = error.get("cure", "")
    cure = f'<p class="cure">{said(advice, 1000)}</p>' if advice else ""
    problem = said(error.get("problem") or "failed without a word", 1000)
    known = telling(error.get("code", ""))
    code = f" <code>{said(known, 60)}</code>" if known else ""
    return f'<p class="problem">{told_subject}{problem}{code}</p>{cure}'


def _warnings(rows: Sequence[Row]) -> str:
    """Return what was done differently, each once, with the jobs that it befell."""
    if not rows:
        return ""
    befell: dict[str, list[Row]] = {}
    for row in rows:
        for text in dict.fromkeys(row.warnings[:5]):
            befell.setdefault(text, []).append(row)
    items = "".join(
        f"<li>{said(text)} <small>{_named(some)}</small></li>"
        for text, some in list(befell.items())[:_CARDS]
    )
    more = f"<li>and {len(befell) - _CARDS} more</li>" if len(befell) > _CARDS else ""
    return f'<section><h2>Done, with warnings</h2><ul class="warnings">{items}{more}</ul></section>'


def _named(rows: Sequence[Row]) -> str:
    names = [f"<b>{said(row.name, 120)}</b> {_place(row)}".rstrip() for row in rows[:_NAMED]]
    rest = f" and {counted(len(rows) - _NAMED, 'job')} more" if len(rows) > _NAMED else ""
    return f"{', '.join(names)}{rest}"


def _table(rows: Sequence[Row], folder: str, carded: set[str]) -> str:
    heads = "".join(f"<th><span>{head}</span></th>" for head in _HEADS)
    captions = Captions()
    body = "\n".join(_line(row, folder, captions, row.id in carded) for row in rows)
    states = dict.fromkeys(state_of(row) for row in rows)
    choices = "".join(f"<option>{escape(state)}</option>" for state in ORDER if state in states)
    return (
        f'<section><h2>All jobs</h2><p class="tools" hidden><label>Find <input type="search" '
        'id="find" placeholder="name, value or file"></label> <label>Show <select id="state">'
        f'<option value="">all states</option>{choices}</select></label> '
        '<output id="count"></output></p><div class="wide"><table id="jobs"><thead>'
        f"<tr>{heads}</tr></thead><tbody>\n{body}\n</tbody></table></div></section>"
    )


def _line(row: Row, folder: str, captions: Captions, carded: bool) -> str:  # noqa: FBT001
    state = state_of(row)
    name = said(row.name, 120)
    if carded:
        name = f'<a href="#{_anchor(row)}">{name}</a>'
    apart = ", ".join(
        f"{key} = {told(value)}" for key, value in row.differs.items() if key != "output"
    )
    problem = f"<p>{said(row.problem)}</p>" if row.error and not carded else ""
    time = lasting(row.seconds)
    if row.state == "running":
        time = f"{row.progress:.0%}".replace("%", " %")
    return (
        f'<tr class="{escape(state)}"><td>{row.row or ""}</td><td>{name}{problem}</td>'
        f'<td>{_badge(row)}</td><td data-v="{row.seconds or 0:.3f}">{time}</td>'
        f"<td>{row.attempts}</td><td>{said(apart, _VALUES)}</td>"
        f"<td>{_opened(row, folder, captions)}</td></tr>"
    )


def _opened(row: Row, folder: str, captions: Captions) -> str:
    """Return the files of a job and what tells how they were made, behind a click."""
    if row.state != "done":
        return ""
    parts = [files_html(row, folder, captions)]
    more = []
    if row.executed:
        more.append(link(row.executed, folder, "executed notebook"))
    if row.files and url_of(row.files[0].path, folder):
        receipt = str(receipt_path(Path(row.files[0].path)))
        if any(made.path == receipt for made in row.files):
            more.append(link(receipt, folder, "receipt"))
    if more:
        parts.append(f"<p>{' · '.join(more)}</p>")
    inside = "".join(parts)
    if not inside:
        return ""
    return f"<details><summary>{counted(len(row.files), 'file')}</summary>{inside}</details>"


def _badge(row: Row) -> str:
    state = state_of(row)
    word = {"warnings": "done"}.get(state, state)
    word = "stopping" if row.cancelling else word
    return f'<span class="state {escape(state)}">{escape(word)}</span>'


def _place(row: Row) -> str:
    return f"row {row.row}" if row.row else ""


def _anchor(row: Row) -> str:
    return f"j-{hashlib.sha256(row.id.encode('utf-8', 'replace')).hexdigest()[:12]}"


def _block(text: str) -> str:
    """Return a text of several lines as HTML; marks that turn it around are to be seen."""
    return "\n".join(
        said(line, len(line) * 12 + 1) for line in text.replace("\t", "    ").split("\n")
    )


@cache
def _asset(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8").strip()


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
