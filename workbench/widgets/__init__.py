"""What a notebook shows and handles: hand-written widgets, each over functions of the package.

>>> sorted(__all__)
['Clip', 'Player']
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.widgets.clip import Clip
    from workbench.widgets.player import Player

# The module of each name; importing one loads ipywidgets, so it waits for the first use.
_PUBLIC = {"Clip": "workbench.widgets.clip", "Player": "workbench.widgets.player"}

__all__ = ["Clip", "Player"]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)
