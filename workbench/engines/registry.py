"""Engines by name: the built-in ones and those of other packages, all by entry point."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from workbench.errors import (
    EngineMissing,
    EngineNotFound,
    ModelError,
    WorkbenchError,
    suggest,
)

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from workbench.engines.base import Synthesizer, Transcriber

__all__ = [
    "DEFAULT",
    "DEFAULT_TRANSCRIBER",
    "GROUP",
    "HOST",
    "TRANSCRIBERS",
    "engine",
    "engines",
    "transcriber",
    "transcribers",
]

GROUP = "workbench.engines"
TRANSCRIBERS = "workbench.transcribers"
HOST = "WORKBENCH_MODEL_HOST"
"""The environment variable that tells of a model host, see `workbench.engines.host`."""
DEFAULT = "espeak"
DEFAULT_TRANSCRIBER = "whisper"

Kind = TypeVar("Kind")


class _Shelf(Generic[Kind]):
    """The engines of one entry-point group, each made at its first use and then kept."""

    def __init__(self, group: str, noun: str) -> None:
        self._group = group
        self._noun = noun
        self.loaded: dict[str, Kind] = {}
        self._hosted: dict[tuple[str, str], Kind | None] = {}  # by host and name
        self._lock = threading.RLock()  # an engine may ask for another one while it is made

    def points(self) -> dict[str, EntryPoint]:
        from importlib.metadata import entry_points  # a third of the package's import time

        return {point.name: point for point in entry_points(group=self._group)}

    def get(self, name: str) -> Kind:
        with self._lock:
            if (host := os.environ.get(HOST, "")) and (there := self._there(host, name)):
                return there
            return self._here(name)

    def _here(self, name: str) -> Kind:
        if name not in self.loaded:
            points = self.points()
            if name not in points:
                known = ", ".join(sorted(points))
                raise EngineNotFound(
                    f"is not {self._noun}",
                    subject=name,
                    cure=suggest(name, points) or f"there are {known}",
                )
            self.loaded[name] = _made(name, points[name])
        return self.loaded[name]

    def _there(self, host: str, name: str) -> Kind | None:
        """Return what stands for an engine of a model host; None when it runs in this process."""
        if (host, name) not in self._hosted:
            from workbench.engines.host.stand_in import stand_in

            self._hosted[host, name] = stand_in(host, self._group, name, self._here)
        return self._hosted[host, name]


_voices: _Shelf[Synthesizer] = _Shelf(GROUP, "an engine")
_ears: _Shelf[Transcriber] = _Shelf(TRANSCRIBERS, "a recogniser")


def engines() -> tuple[str, ...]:
    """Return the names of the registered engines, sorted; none of them is loaded.

    Examples
    --------
    >>> "espeak" in engines()
    True
    """
    return tuple(sorted(_voices.points()))


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
    return _voices.get(name)


def transcribers() -> tuple[str, ...]:
    """Return the names of the registered recognisers, sorted; none of them is loaded.

    Examples
    --------
    >>> "whisper" in transcribers()
    True
    """
    return tuple(sorted(_ears.points()))


def transcriber(name: str = DEFAULT_TRANSCRIBER) -> Transcriber:
    """Return the recogniser of that name, one object for the whole process.

    Raises
    ------
    EngineNotFound, EngineMissing, ModelError
        As `engine`.

    Examples
    --------
    >>> transcriber("whisper").name
    'whisper'
    """
    return _ears.get(name)


def _made(name: str, point: EntryPoint) -> Any:
    try:
        return point.load()()
    except ImportError as error:
        raise EngineMissing(
            f"needs a package that is not installed ({error.name or error})",
            subject=name,
            cure=_install(point, error.name),
        ) from error
    except WorkbenchError:
        raise
    except Exception as error:  # a plug-in is somebody else's code
        raise ModelError(
            f"cannot be loaded ({type(error).__name__}: {error})",
            subject=name,
            cure=f"update or remove the package {_package(point)}",
        ) from error


def _install(point: EntryPoint, missing: str | None) -> str:
    """Return the command that brings what an engine needs: its extra, where it has one."""
    package = _package(point)
    extras = point.dist.metadata.get_all("Provides-Extra") if point.dist is not None else None
    if point.name in (extras or []):
        return f"pip install '{package}[{point.name}]'"
    return f"pip install {missing or package}"


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value.partition(":")[0]
