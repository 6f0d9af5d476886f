"""Notebooks that tests make: a cell or two for each widget, and what it shows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import nbformat

if TYPE_CHECKING:
    from pathlib import Path

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
    """Texts that its static twin shows."""
    media: str = "audio"
    state: int
    """The most bytes of widget state that a notebook keeps of it, above its code."""


PIECES = (
    Piece(
        name="player",
        code="player = widgets.Player.of(wb.speak('Hello! Every word knows its time.'))\nplayer",
        root=".wb-player:has(audio)",
        says=("Hello! Every word knows its time.",),
        state=16_000,
    ),
    Piece(
        name="video",
        code="cues = wb.caption(wb.speak('Under a picture, too.'))\n"
        "video = widgets.Player.of({clip!r}, cues=cues)\nvideo",
        root=".wb-player:has(video)",
        says=("Under a picture, too.",),
        media="video",
        state=16_000,
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
