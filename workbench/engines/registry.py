"""Engines by name: the built-in ones and those of other packages, all by entry point."""

from __future__ import annotations

import threading
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from workbench.errors import EngineMissing, EngineNotFound, suggest

if TYPE_CHECKING:
    from workbench.engines.base import Synthesizer

__all__ = ["DEFAULT", "GROUP", "engine", "engines"]

GROUP = "workbench.engines"
DEFAULT = "espeak"

_loaded: dict[str, Synthesizer] = {}
_lock = threading.Lock()


def engines() -> tuple[str, ...]:
    """Return the names of the registered engines, sorted; none of them is loaded.

    Examples
    --------
    >>> "espeak" in engines()
    True
    """
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def engine(name: str) -> Synthesizer:
    """Return the engine of that name, one object for the whole process.

    Raises
    ------
    EngineNotFound
        When nothing of that name is registered.
    EngineMissing
        When what it needs is not installed.

    Examples
    --------
    >>> engine("espeak").name
    'espeak'
    """
    with _lock:
        if name not in _loaded:
            points = {point.name: point for point in entry_points(group=GROUP)}
            if name not in points:
                known = ", ".join(sorted(points))
                raise EngineNotFound(
                    "is not an engine",
                    subject=name,
                    cure=suggest(name, points) or f"the engines are {known}",
                )
            try:
                _loaded[name] = points[name].load()()
            except ImportError as error:
                raise EngineMissing(
                    f"needs a package that is not installed ({error.name or error})",
                    subject=name,
                    cure=f"pip install 'media-workbench[{name}]'",
                ) from error
        return _loaded[name]
