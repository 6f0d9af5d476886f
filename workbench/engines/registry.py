"""Engines by name: the built-in ones and those of other packages, all by entry point."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from workbench.errors import (
    EngineMissing,
    EngineNotFound,
    ModelError,
    WorkbenchError,
    suggest,
)

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from workbench.engines.base import Synthesizer

__all__ = ["DEFAULT", "GROUP", "engine", "engines"]

GROUP = "workbench.engines"
DEFAULT = "espeak"

_loaded: dict[str, Synthesizer] = {}
_lock = threading.RLock()  # an engine may ask for another one while it is made


def engines() -> tuple[str, ...]:
    """Return the names of the registered engines, sorted; none of them is loaded.

    Examples
    --------
    >>> "espeak" in engines()
    True
    """
    return tuple(sorted(_points()))


def engine(name: str) -> Synthesizer:
    """Return the engine of that name, one object for the whole process.

    Raises
    ------
    EngineNotFound
        When nothing of that name is registered.
    EngineMissing
        When what it needs is not installed.
    ModelError
        When it fails while it is loaded.

    Examples
    --------
    >>> engine("espeak").name
    'espeak'
    """
    with _lock:
        if name not in _loaded:
            points = _points()
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
                    cure=_install(points[name], error.name),
                ) from error
            except WorkbenchError:
                raise
            except Exception as error:  # a plug-in is somebody else's code
                raise ModelError(
                    f"cannot be loaded ({type(error).__name__}: {error})",
                    subject=name,
                    cure=f"update or remove the package {_package(points[name])}",
                ) from error
        return _loaded[name]


def _install(point: EntryPoint, missing: str | None) -> str:
    """Return the command that brings what an engine needs: its extra, where it has one."""
    package = _package(point)
    extras = point.dist.metadata.get_all("Provides-Extra") if point.dist is not None else None
    if point.name in (extras or []):
        return f"pip install '{package}[{point.name}]'"
    return f"pip install {missing or package}"


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value.partition(":")[0]


def _points() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # a third of the package's import time

    return {point.name: point for point in entry_points(group=GROUP)}
