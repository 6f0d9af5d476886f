"""What a notebook shows and handles: hand-written widgets, each over functions of the package.

>>> __all__
['Audition', 'Board', 'Clip', 'CueEditor', 'Form', 'LineBoard', 'Panel', 'Player', 'Stack', \
'SweepGrid', 'Tuner']
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.widgets.audition import Audition
    from workbench.widgets.board import Board
    from workbench.widgets.clip import Clip
    from workbench.widgets.cue_editor import CueEditor
    from workbench.widgets.form import Form
    from workbench.widgets.line_board import LineBoard
    from workbench.widgets.panel import Panel
    from workbench.widgets.player import Player
    from workbench.widgets.stack import Stack
    from workbench.widgets.sweep_grid import SweepGrid
    from workbench.widgets.tuner import Tuner

# The module of each name; importing one loads ipywidgets, so it waits for the first use.
_PUBLIC = {
    "Audition": "audition",
    "Board": "board",
    "Clip": "clip",
    "CueEditor": "cue_editor",
    "Form": "form",
    "LineBoard": "line_board",
    "Panel": "panel",
    "Player": "player",
    "Stack": "stack",
    "SweepGrid": "sweep_grid",
    "Tuner": "tuner",
}

__all__ = [
    "Audition",
    "Board",
    "Clip",
    "CueEditor",
    "Form",
    "LineBoard",
    "Panel",
    "Player",
    "Stack",
    "SweepGrid",
    "Tuner",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PUBLIC[name]}"), name)
