"""Notebooks that tests make: a cell or two for each widget, and what it shows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import nbformat

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.widgets.panel import Panel

_V4: Any = nbformat.v4

IMPORTS = "import workbench as wb\nfrom workbench import widgets"


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A widget, the code that shows it, and what is to be seen of it."""

    name: str
    code: str
    """The last line shows the widget, which it calls `name`; ``{clip}`` is a video's path."""
    root: str
    """Selects the widget in a page."""
    says: tuple[str, ...]
    """Texts that are seen when nothing runs."""
    media: str = "audio"
    """What is heard when nothing runs; empty for nothing."""
    picture: bool = True
    """Whether it has a picture when nothing runs."""
    state: int
    """The most bytes of widget state that a notebook keeps of it, above its code."""
    messages: tuple[dict[str, Any], ...] = ()
    """What Python sends to the page, one of each kind."""
    plays: bool = True
    """Whether it has a button that plays."""
    fixed: tuple[str, ...] = ()
    """Traits that stay what they were at first, or fit others that do."""

    def make(self, clip: Path) -> Panel:
        """Return the widget itself, in this process."""
        names: dict[str, Any] = {}
        exec(f"{IMPORTS}\n{self.code.format(clip=str(clip))}", names)  # noqa: S102 - ours, above
        made: Panel = names[self.name]
        return made


_MEDIA: tuple[dict[str, Any], ...] = (
    {"kind": "media", "ask": "x", "mime": "audio/mpeg", "part": 0, "parts": 1},
    {"kind": "refused", "ask": "x", "text": "98 MB is too much"},
)
_COMMANDS: tuple[dict[str, Any], ...] = (
    *_MEDIA,
    {"kind": "play"},
    {"kind": "pause"},
    {"kind": "seek", "time": 1.5},
)

# A batch as its ledger tells of it, one job done and one dead.
_BATCH = """import tempfile
from pathlib import Path
from workbench.errors import KernelDied
from workbench.ledger import BatchLedger, Entry, owner_name
from workbench.production.batch.task import Task
home = Path(tempfile.mkdtemp())
ledger = BatchLedger(home / 'batch.sqlite', attempts=1)
tasks = [
    Task(id=f'job_{{n}}', name=n, notebook='/n.ipynb', executed=f'/{{n}}.ipynb', folder='/')
    for n in ('talk', 'news')
]
ledger.enrol([Entry(id=t.id, kind='notebook', parameters=t.to_dict()) for t in tasks])
ledger.take(owner_name(), {{'job_talk'}})
ledger.finish('job_talk', owner_name(), {{}})
ledger.take(owner_name(), {{'job_news'}})
ledger.retry('job_news', owner_name(), KernelDied('its kernel died', subject='n, cell 2'), delay=0)
batch = wb.board(home)
batch"""

PIECES = (
    Piece(
        name="player",
        code="player = widgets.Player.of(wb.speak('Hello! Every word knows its time.'))\nplayer",
        root=".wb:has(> .wb-player audio):not(.wb-cues)",
        says=("Hello! Every word knows its time.",),
        state=16_000,
        messages=_COMMANDS,
    ),
    Piece(
        name="video",
        code="cues = wb.caption(wb.speak('Under a picture, too.'))\n"
        "video = widgets.Player.of({clip!r}, cues=cues)\nvideo",
        root=".wb:has(> .wb-player video)",
        says=("Under a picture, too.",),
        media="video",
        state=16_000,
        messages=_COMMANDS,
    ),
    Piece(
        name="stack",
        code="takes = {{str(rate): wb.speak('Fast or slow?', rate=rate) for rate in (120, 220)}}\n"
        "stack = widgets.Stack(takes)\nstack",
        root=".wb:has(> .wb-stack)",
        says=("Fast or slow?",),
        fixed=("rows",),
        state=40_000,
        messages=_COMMANDS,
    ),
    Piece(
        name="tuner",
        code="tuner = wb.tune('Welcome back to the channel.')\ntuner.generate()\ntuner",
        root=".wb-tuner",
        says=("Welcome back to the channel.",),
        state=80_000,
        messages=(
            *_MEDIA,
            {"kind": "exists", "name": "narrator"},
            {"kind": "sound", "uid": "x", "mime": "audio/wav"},
            {"kind": "audition", "voice": "es", "mime": "audio/wav"},
        ),
    ),
    Piece(
        name="grid",
        code="grid = widgets.SweepGrid(wb.sweep('Which pace?', rate=[120, 180, 240]))\ngrid",
        root=".wb-sweep",
        says=("Which pace?",),
        state=40_000,
        messages=_MEDIA,
    ),
    Piece(
        name="audition",
        code="takes = {{str(rate): wb.speak('Which is it?', rate=rate) for rate in (120, 220)}}\n"
        "audition = wb.audition(takes, rounds=4, seed=1)\naudition",
        root=".wb-audition",
        says=("0 of 4 trials answered",),
        media="",
        picture=False,
        state=2_000,
        messages=(*_MEDIA, {"kind": "play", "name": "B"}, {"kind": "pause"}),
    ),
    Piece(
        name="editor",
        code="spoken = wb.speak('First a caption.\\nThen another one.\\nAnd the last.')\n"
        "editor = wb.edit_captions(wb.caption(spoken), spoken)\neditor",
        root=".wb-cues",
        says=("Then another one.",),
        state=40_000,
        messages=(
            *_MEDIA,
            {"kind": "found", "ask": "x", "places": [[1, 0, 3]]},
            {"kind": "select", "id": 1},
            {"kind": "taken", "path": "a.srt", "text": "a.srt is there."},
            {"kind": "saved", "path": "a.srt"},
            {"kind": "preview", "ask": "x"},
        ),
    ),
    Piece(
        name="form",
        code="form = wb.form('captioned_short', fps=25)\nform",
        root=".wb:has(> .wb-form)",
        says=("the name of a preset",),
        media="",
        plays=False,
        picture=False,
        state=24_000,
        messages=_MEDIA,
    ),
    Piece(
        name="batch",
        code=_BATCH,
        root=".wb-jobs-board",
        says=("its kernel died",),
        media="",
        plays=False,
        picture=False,
        state=24_000,
        messages=_MEDIA,
    ),
    Piece(
        name="board",
        code="board = wb.review(wb.speak('It begins.\\nThen this happens.\\nIt ends.'))\nboard",
        root=".wb-board",
        says=("Then this happens.",),
        state=24_000,
        messages=(
            *_MEDIA,
            {"kind": "outlines", "uids": ["x"]},
            {"kind": "measures", "uid": "x", "cells": []},
            {"kind": "voices", "voices": []},
        ),
    ),
)


def book(path: Path, *cells: str) -> Path:
    """Write a notebook of these cells, which must end in ``.ipynb``, and return its path."""
    made: Any = _V4.new_notebook()
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    made.cells = [_cell(i, code) for i, code in enumerate(cells)]
    path.write_text(_V4.writes(made), encoding="utf-8")
    return path


def book_of(path: Path, *pieces: Piece, clip: Path) -> Path:
    """Write a notebook with a cell for each widget."""
    return book(path, IMPORTS, *(piece.code.format(clip=str(clip)) for piece in pieces))


def _cell(number: int, code: str) -> Any:
    cell = _V4.new_code_cell(code)
    cell.id = f"{number}-{hashlib.sha256(code.encode()).hexdigest()[:8]}"  # the same in every run
    return cell
